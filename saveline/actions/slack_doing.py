"""What members of Slack do with buttons and modals: who they are, whether the button still means anything, and the act.

Each act is one transaction: the press is remembered, the member found, the task as it is now looked at, the intent
decided and written, and the posts that it makes out of date queued to be changed. A button gives no right: it names the
notice that was sent, and whoever pressed it may what :mod:`saveline.core.decide.authorize` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TypeAlias

from sqlalchemy.engine import Connection

from saveline.actions.checkin import SAID, answer
from saveline.actions.desk import Desk
from saveline.actions.presses import Press, press_of
from saveline.actions.tasks import TaskRef
from saveline.actions.unsubscribing import unsubscribe
from saveline.core import checkin
from saveline.core.decide.authorize import authorize
from saveline.core.decide.draft import Case, Draft
from saveline.core.delivery import Queued
from saveline.core.errors import (
    AnswersRefused,
    GateHolds,
    Missing,
    Refusal,
    TaskTaken,
    UnknownDeal,
    UnknownNotice,
    UnknownWord,
)
from saveline.core.facts import Doer, Fact, Person
from saveline.core.intents import (
    Answered,
    Cannot,
    Claim,
    Comment,
    Done,
    HandOver,
    Help,
    Intent,
    Seen,
    Snooze,
    Wait,
)
from saveline.core.people import Duty, People
from saveline.core.play import TaskPlan
from saveline.core.pressing import TO_HOLDERS
from saveline.notify import slack_modals
from saveline.notify.channels.blocks import Block
from saveline.notify.languages import tongue
from saveline.notify.slack_modals import Opened
from saveline.notify.slack_payloads import Kept, Pushed, Submitted, Target
from saveline.store import load, outbox

SOURCE: Final = "slack"
_OTHER_VERSION: Final = "This button is of another version of Saveline. Nothing was changed."


class Say(Fact, frozen=True):
    """Tell whoever pressed, and nobody else. ``acted``: something has changed."""

    words: str
    acted: bool = False


class Closed(Fact, frozen=True):
    """Say it in the place of the message with the button."""

    headline: str
    words: str


class Show(Fact, frozen=True):
    """Open a modal."""

    view: Block


class Beside(Fact, frozen=True):
    """The modal stays open, with words beside its questions."""

    errors: Mapping[str, str]


class Instead(Fact, frozen=True):
    """The modal says this in the place of its questions."""

    view: Block


class Stranger(Fact, frozen=True):
    """Somebody whom people.yaml does not know by this id."""

    user: str


Reaction: TypeAlias = Say | Closed | Show | Beside | Instead | Stranger


def pushed(desk: Desk, push: Pushed) -> Reaction:
    """A button was pushed: act, or ask first. A refusal is said, and changes nothing."""
    if push.verb in (checkin.KIND, checkin.ENOUGH):
        return _checked_in(desk, push)
    try:
        direct = _DIRECT.get(push.verb)
        if direct is None and push.verb not in (*slack_modals.ASKS, "done"):
            return Say(_OTHER_VERSION)
        if direct is None:
            asked = _ask(desk, push)
            if asked is not None:
                return asked
        intent = direct or Done(push.target.outcome or None)
        return _act(desk, push.user, push.key, push.target, intent)
    except Refusal as refusal:
        return Say(str(refusal))


def _checked_in(desk: Desk, push: Pushed) -> Reaction:
    """An answer to the monthly question, or no more of it. It is no press as others are: nothing remembers it."""
    with desk.reading() as conn:
        person = member(desk.people(conn), push.user)
        try:
            notice = outbox.notice(conn, push.target.notice_id)
        except UnknownNotice as refusal:
            return Say(str(refusal))
    if person is None:
        return Stranger(push.user)
    if notice.kind != checkin.KIND or notice.person_id != person.id or not person.active:
        return Say("This question is somebody else's. Nothing was counted.")
    words = tongue(person.language or desk.workspace.language)
    headline = words.say((desk.workspace.pulse or checkin.Question()).words)
    if push.verb == checkin.ENOUGH:
        unsubscribe(desk, person.id, checkin.KIND)
        return Closed(headline, words.say("You will not be asked again. Who looks after Saveline here can undo that."))
    if push.target.outcome not in map(str, checkin.SCALE):
        return Say(_OTHER_VERSION)
    became = answer(desk, notice.ordinal, person.id, int(push.target.outcome))
    return Closed(headline, words.say(SAID[became]))


def submitted(desk: Desk, sent: Submitted) -> Reaction:
    """A modal was sent. What is wrong with an answer stands beside its question; other refusals take the place of the
    questions, and what had been typed stands below them."""
    try:
        with desk.reading() as conn:
            intent = slack_modals.intent_of(sent, desk.people(conn))
        return _act(desk, sent.user, sent.key, sent.target, intent)
    except AnswersRefused as refusal:
        return _beside(desk, sent, refusal.problems)
    except (Missing, UnknownWord, GateHolds) as refusal:
        return _beside(desk, sent, [str(refusal)])
    except Refusal as refusal:
        return Instead(slack_modals.told(str(refusal), sent.answers))


_LATER: Final = datetime.max.replace(tzinfo=UTC)
_LIKE: Final[Mapping[str, Intent]] = {
    "done": Done(),
    "decide": Done(),
    "hand_over": HandOver(0),
    "snooze": Snooze(_LATER, ""),
    "wait": Wait(_LATER, ""),
    "help": Help(),
    "cannot": Cannot(""),
    "comment": Comment(""),
}
"""What a modal will come to, before it is filled in: whether they may is known by then."""
_DIRECT: Final[Mapping[str, Intent]] = {"seen": Seen(), "claim": Claim(), "answered": Answered()}


def _act(desk: Desk, user: str, key: str, target: Target, intent: Intent) -> Say | Stranger:
    """One transaction. Raises a Refusal, which leaves the press unused; so does a stranger's."""

    def made(conn: Connection) -> Press:
        person = member(desk.people(conn), user)
        if person is None:
            raise _Unknown
        return Press(SOURCE, key, _meant(desk, conn, target, person, intent), Doer(person.id, "slack"), intent)

    try:
        pressed = press_of(desk, SOURCE, key, made)
    except _Unknown:
        return Stranger(user)
    return Say(pressed.words, acted=not pressed.repeated)


class _Unknown(Exception):
    """Ends the transaction of somebody whom nobody knows."""


def _ask(desk: Desk, push: Pushed) -> Reaction | None:
    """The modal of a button; None where there is nothing to be asked. Whoever may not is refused before they type."""
    with desk.reading() as conn:
        now, people = desk.now(conn), desk.people(conn)
        person = member(people, push.user)
        if person is None:
            return Stranger(push.user)
        intent = _LIKE[push.verb]
        ref = _meant(desk, conn, push.target, person, intent)
        case = _case(desk, conn, ref, people)
        plan = _allowed(case, ref, person, intent, now)
        draft, outcome = Draft(case), push.target.outcome
        if outcome and plan is not None and outcome not in plan.outcomes:  # the play has changed since
            raise UnknownWord(f"an outcome of “{draft.name_of(draft.task(ref.no))}”", outcome, plan.outcomes)
        if not slack_modals.needed(push.verb, outcome, plan):
            return None
        task = draft.task(ref.no)
        seen = Opened(draft.name_of(task), case.account.name, desk.workspace, people, person, task, plan, now)
        kept = Kept(push.verb, str(push.target), push.where)
        return Show(slack_modals.modal(kept, outcome, seen))


def _allowed(case: Case, ref: TaskRef, person: Person, intent: Intent, now: datetime) -> TaskPlan | None:
    """What the play asks of a task that may be acted on. Raises a Refusal."""
    draft = Draft(case)
    authorize(draft, ref.no, person, intent, now)
    task = draft.task(ref.no) if isinstance(intent, Comment) else draft.open_task(ref.no)
    return draft.plan(task)


def _meant(desk: Desk, conn: Connection, target: Target, person: Person, intent: Intent) -> TaskRef:
    """The task that a button is about. Raises UnknownNotice, UnknownDeal, and TaskTaken where the button went to
    somebody who has the task no more: what they see in it is out of date."""
    ref, notice = _named(conn, target)
    if notice and notice.kind in TO_HOLDERS and notice.person_id and not isinstance(intent, Comment):
        case = _case(desk, conn, ref, desk.people(conn))
        task = case.deal.task(ref.no)
        if task is not None and task.state == "open" and task.assignee_id not in (notice.person_id, person.id):
            raise TaskTaken(task.title, case.people.name(task.assignee_id))
    return ref


def _named(conn: Connection, target: Target) -> tuple[TaskRef, Queued | None]:
    """The task that a button names, and the notice by which it does, if by one. Raises UnknownNotice."""
    if not target.notice_id:
        return TaskRef(target.deal_id, target.no), None
    notice = outbox.notice(conn, target.notice_id)
    return TaskRef(notice.deal_id, notice.task_no), notice


def _case(desk: Desk, conn: Connection, ref: TaskRef, people: People) -> Case:
    """The deal as it is, to be looked at only. Raises UnknownDeal."""
    found = load.deals(conn, [ref.deal_id])
    if not found:
        raise UnknownDeal(ref.deal_id)
    return desk.case(conn, people, *found[0], Duty())


def _beside(desk: Desk, sent: Submitted, problems: tuple[str, ...] | list[str]) -> Beside | Instead:
    """Words beside the questions they are about."""
    plan: TaskPlan | None = None
    if sent.verb == "done":
        with desk.reading() as conn, suppress(UnknownNotice, UnknownDeal):
            ref, _ = _named(conn, sent.target)
            case = _case(desk, conn, ref, desk.people(conn))
            task = case.deal.task(ref.no)
            plan = Draft(case).plan(task) if task is not None else None
    asked = [q for q in slack_modals.questions(sent.verb, sent.target.outcome, plan) if q in sent.answers]
    errors = slack_modals.beside(sent.verb, asked or list(sent.answers), problems)
    return Beside(errors) if errors else Instead(slack_modals.told("; ".join(problems), sent.answers))


def member(people: People, user: str) -> Person | None:
    """Whom people.yaml knows by this Slack id; leavers too, whom everything refuses by name."""
    return next((p for p in people.by_id.values() if p.slack_id == user and user), None)


def introduction(desk: Desk, user: str, email: str) -> str:
    """What a stranger is told: how to be known here, and whom to ask. ``email`` is what Slack knows of them, or ''."""
    with desk.reading() as conn:
        people, now = desk.people(conn), desk.now(conn)
    known = people.by_email.get(email.casefold()) if email else None
    line = f"`slack: {user}`"
    found = desk.steward(people, now)
    steward = found.name if found else "whoever looks after Saveline here"
    if known is not None:
        where = f"{known.name} ({known.email}) stands in people.yaml without this Slack account"
        return f"I do not know yet that this is you: {where}. Ask {steward} to write {line} there, then press again."
    return (
        f"I do not know you yet, so nothing was changed. Ask {steward} to add you to people.yaml with {line}, "
        "then press again."
    )
