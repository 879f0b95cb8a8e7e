"""Mails that come in: an answer becomes a comment or finishes its task, a mail that came back marks its reader.

Each is acted on once: what came of it is kept under its key in the transaction of the change, and only then is the mail
moved away. Whoever dies in between finds the mail again, and the key, and only moves it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, TypeAlias

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from saveline.actions import bounces
from saveline.actions.desk import Desk
from saveline.actions.presses import Press, press_within
from saveline.actions.tasks import TaskRef
from saveline.core import answers as forms
from saveline.core.checkin import KIND
from saveline.core.decide.draft import Case, Draft
from saveline.core.delivery import Queued
from saveline.core.errors import Missing, Refusal, UnknownNotice
from saveline.core.facts import Doer, Fact
from saveline.core.intents import Comment, Done, Intent
from saveline.core.notices import Notice, hour_number
from saveline.core.phrases import count, shortened
from saveline.faults import crash_point
from saveline.notify import imap, incoming
from saveline.notify.imap import Inbox
from saveline.notify.incoming import Letter, Unreadable
from saveline.notify.links import VALID
from saveline.settings import expand
from saveline.store import inbound, outbox, unreachable

log = logging.getLogger(__name__)

SOURCE: Final = "mail"
MOST: Final = 200
"""Mails in a pass."""
LONGEST_COMMENT: Final = 8_000
DONE_WORDS: Final = frozenset({"done", "erledigt"})
"""What completes a task, alone in the first line."""

What: TypeAlias = Literal["done", "comment", "answered", "bounce", "delayed", "automatic", "unmatched", "repeated"]


class Handled(Fact, frozen=True):
    """What became of a mail, and why in words. ``what`` is ``answered`` where its sender is told that it did not do
    what they wanted."""

    what: What
    words: str = ""


class MailRead(Fact, frozen=True):
    """What a pass did: mails by what became of them, and the words about those that could not be matched."""

    counts: Mapping[str, int] = {}
    unmatched: tuple[str, ...] = ()

    def __add__(self, other: MailRead) -> MailRead:
        return MailRead(dict(Counter(self.counts) + Counter(other.counts)), self.unmatched + other.unmatched)


def read_mail(desk: Desk, *, most: int = MOST) -> MailRead:
    """Look into the mailbox and deal with what lies there. Nothing where no mailbox is set. Raises MailboxDown."""
    replies = desk.workspace.replies
    if replies is None:
        return MailRead()
    done = MailRead()
    with imap.opened(mailbox_url(replies.url)) as inbox:
        for uid in inbox.uids()[:most]:
            done += _one(desk, inbox, uid)
    return done


def mailbox_url(url: str) -> str:
    """The URL with its secrets. Raises MailboxDown, naming what the environment does not have."""
    try:
        return expand(url)
    except KeyError as missing:
        raise imap.MailboxDown(f"the environment has no {missing.args[0]}") from None


def _one(desk: Desk, inbox: Inbox, uid: str) -> MailRead:
    raw = inbox.read(uid)
    if not raw:
        return MailRead()  # another worker has moved it
    try:
        handled = handle(desk, raw)
    except SQLAlchemyError:
        raise
    except Exception as error:  # one mail that cannot be dealt with must not keep those behind it
        log.exception("a mail could not be dealt with")
        handled = Handled("unmatched", f"it could not be dealt with: {type(error).__name__}")
    crash_point("mail_acted")
    inbox.put_away(uid, imap.UNMATCHED if handled.what == "unmatched" else imap.DONE)
    crash_point("mail_moved")
    return MailRead({handled.what: 1}, (handled.words,) if handled.what == "unmatched" else ())


def handle(desk: Desk, raw: bytes) -> Handled:
    """Deal with one mail."""
    trust = desk.workspace.replies.trust if desk.workspace.replies else ""
    try:
        letter = incoming.read(raw, trust)
    except Unreadable as error:
        return Handled("unmatched", f"it cannot be read: {error}")
    if letter.report is not None:
        return _returned(desk, letter)
    if letter.automatic:
        return Handled("automatic", letter.automatic)
    return _answered(desk, letter, trust)


def _returned(desk: Desk, letter: Letter) -> Handled:
    report = letter.report
    assert report is not None
    with desk.writing() as conn:
        notice = _ours(desk, conn, report.marks)
        if notice is None:
            return Handled("unmatched", "a delivery report about no mail of ours")
        now = desk.now(conn)
        before = inbound.remember(conn, SOURCE, letter.key, now)
        if before is not None:
            return Handled("repeated", before)
        words = bounces.bounced(desk, conn, notice, report, now)
        if words is None:
            inbound.settle(conn, SOURCE, letter.key, "about another address")
            return Handled("unmatched", "a delivery report about an address to which that notice was not sent")
        inbound.settle(conn, SOURCE, letter.key, words)
    return Handled("bounce" if report.failed else "delayed" if report.action == "delayed" else "automatic", words)


def _answered(desk: Desk, letter: Letter, trust: str) -> Handled:
    with desk.writing() as conn:
        notice = _ours(desk, conn, letter.marks)
        if notice is None:
            return Handled("unmatched", "it answers no mail of ours")
        person = desk.people(conn).by_id.get(notice.person_id)
        if person is None or person.email.casefold() != letter.sender:
            return Handled("unmatched", f"it is not from whom notice {notice.id} went to")
        if trust and incoming.standing(letter) != "passed":
            return Handled("unmatched", f"the mail server does not say that it is from {person.name}")
        if not person.active:
            return Handled("unmatched", f"{person.name} has left")
        if not letter.text and not letter.attachments:
            return Handled("unmatched", "it says nothing")
        now = desk.now(conn)
        before = inbound.remember(conn, SOURCE, letter.key, now)
        if before is not None:
            return Handled("repeated", before)
        unreachable.reached(conn, person.id, notice.channel_name)
        handled = _act(desk, conn, letter, notice, now)
        inbound.settle(conn, SOURCE, letter.key, handled.words)
    return handled


def _ours(desk: Desk, conn: Connection, marks: tuple[incoming.Mark, ...]) -> Queued | None:
    """The notice that the first genuine mark names, if it is not too old to be answered."""
    links = desk.links
    for number, mark in marks if links is not None else ():
        if links is not None and links.is_mark(number, mark):
            try:
                notice = outbox.notice(conn, number)
            except UnknownNotice:
                return None
            return notice if desk.now(conn) < notice.at + VALID else None
    return None


# --- what an answer does ----------------------------------------------------------------------------------------------


_OF_MANY: Final = "It was an answer to a message that is about more than one task."
_OF_NO_DEAL: Final = {KIND: "The monthly question is answered by its five numbers only: your mail was not counted."}


def _act(desk: Desk, conn: Connection, letter: Letter, notice: Queued, now: datetime) -> Handled:
    by = Doer(notice.person_id, "email")
    if not notice.deal_id:
        _tell(conn, notice, _OF_NO_DEAL.get(notice.kind, _OF_MANY), now)
        return Handled("answered", "an answer to what is about no single deal")
    ref = TaskRef(notice.deal_id, notice.task_no)

    def pressed(intent: Intent) -> str:
        return press_within(desk, conn, Press(SOURCE, letter.key, ref, by, intent), now).words

    wanted, rest = _wants_done(letter.text)
    refused = ""
    if wanted:
        try:
            _one_word_will_do(desk.locked(conn, ref.deal_id), ref.no)
            words = pressed(Done())
        except Refusal as refusal:  # deciding comes before writing: nothing has changed
            refused = str(refusal)
        else:
            below = _with_attachments(rest, letter.attachments)
            if below:
                pressed(Comment(below))
            return Handled("done", words)
    words = pressed(Comment(_with_attachments(letter.text, letter.attachments)))
    if refused:
        _tell(conn, notice, refused, now)
    return Handled("answered" if refused else "comment", words)


def _wants_done(text: str) -> tuple[bool, str]:
    """Whether the first line says that it is done, and what follows it."""
    first, _, rest = text.partition("\n")
    return first.strip(" .!*_\t✓✅👍").casefold() in DONE_WORDS, rest.strip()


def _one_word_will_do(case: Case, no: int) -> None:
    """Raises Missing where there is no one task, where it can end in more than one way, or must be answered for."""
    if not no:
        raise Missing("That mail is about the deal as a whole, not about one task.")
    draft = Draft(case)
    task = draft.task(no)
    plan = draft.plan(task)
    if task.closed:
        return  # deciding says by whom and when
    if plan is None or len(plan.outcomes) > 1:
        raise Missing(f"“{draft.name_of(task)}” can end in more than one way, so one word is not enough.")
    _, missing = forms.check(plan.asks(plan.outcomes[0]), {})
    if missing:
        raise Missing(f"“{draft.name_of(task)}” asks for answers, so one word is not enough.")


def _with_attachments(text: str, attachments: int) -> str:
    """The text, and that there was more in the mail, which is not kept."""
    body = shortened(text, LONGEST_COMMENT)
    if not attachments:
        return body
    were = "was" if attachments == 1 else "were"
    return f"{body}\n\n({count(attachments, 'attachment')} {were} in the mail and not kept.)".strip()


def _tell(conn: Connection, notice: Queued, why: str, now: datetime) -> None:
    """Queue an answer to the sender, with the way to the form. At most one an hour about a task to a person: should a
    machine ever answer our answers, that is all it gets."""
    about = {"news": "mail_answer", "why": why}
    answer = Notice("news", now, notice.person_id, notice.channel, notice.task_no, hour_number(now), about)
    outbox.add(conn, notice.deal_id, [answer], now)
