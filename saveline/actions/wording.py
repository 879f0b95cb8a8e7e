"""From a claimed notice to a message: the facts around it, gathered for a whole batch, and its words."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b

from msgspec import DecodeError
from msgspec.structs import replace
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from saveline.actions import reachable
from saveline.actions.desk import Desk
from saveline.actions.picturing import pictures_for, within
from saveline.actions.reports import kept
from saveline.core.attention import BUNDLE, OF_TASKS
from saveline.core.blocks import Page, plain
from saveline.core.delivery import Queued, unwanted
from saveline.core.errors import Invalid
from saveline.core.notices import address_of
from saveline.core.play import Play
from saveline.core.pressing import UPDATE
from saveline.core.report import StageReport
from saveline.files import shipped
from saveline.notify.buttons import buttons
from saveline.notify.invitations import invitation
from saveline.notify.matter import Matter
from saveline.notify.message import Act, Outgoing
from saveline.notify.mime import NOTICE
from saveline.notify.render import Form, Worded, Wording
from saveline.notify.view import view
from saveline.store import attention, outbox, views
from saveline.store.rows import decode_json
from saveline.store.views import Background

log = logging.getLogger(__name__)

FORMS: tuple[Form, ...] = ("html", "text", "slack")


class Facts:
    """The facts behind a batch of notices at one moment, read in a fixed number of queries."""

    def __init__(self, desk: Desk, conn: Connection, notices: Sequence[Queued]) -> None:
        self._desk, self.now = desk, desk.now(conn)
        self.people = desk.people(conn)
        self.lost = {place: mark.reason for place, mark in reachable.lost(desk, conn, self.people).items()}
        self._members = attention.members(conn, [i for n in notices for i in members_of(n)])
        self._background = _background(conn, [*notices, *self._members.values()])
        self._plays = self._compiled(conn, self._background)

    def matter(self, notice: Queued) -> Matter:
        """What one notice is about. Raises whatever is wrong with its own row or its deal's, and nothing of others'."""
        matter = self._alone(notice)
        if notice.kind != BUNDLE:
            return matter
        said, left_out = self._sifted([self._members[i] for i in members_of(notice) if i in self._members])
        return replace(matter, members=said, left_out=left_out)

    def _sifted(self, members: Sequence[Queued]) -> tuple[list[Matter], dict[int, tuple[str, str | None]]]:
        """What a bundle says, and what not: what is no longer wanted, and of several about one task all but the last.
        One that cannot be worded goes on its own again: it must not keep the others back."""
        said: dict[tuple[int, ...], Matter] = {}
        left_out: dict[int, tuple[str, str | None]] = {}
        for member in sorted(members, key=lambda m: (m.at, m.id)):
            try:
                matter = self._alone(member)
                reason = unwanted(member, matter.about.get("news"), matter.deal, self.people)
                if reason is None:
                    view(matter)
            except SQLAlchemyError:
                raise
            except Exception:
                log.exception("notice %s could not be worded in its bundle", member.id)
                left_out[member.id] = ("queued", None)
                continue
            if reason is not None:
                left_out[member.id] = ("cancelled", reason)
                continue
            about = (member.deal_id, member.task_no) if member.kind in OF_TASKS else (member.id,)
            before = said.pop(about, None)
            if before is not None:
                left_out[before.notice.id] = ("missed", "a later one about the same goes out instead")
            said[about] = matter
        return list(said.values()), left_out

    def _alone(self, notice: Queued) -> Matter:
        about = decode_json(notice.about)
        known = self._background or self._read_alone(notice)
        deal, account = known.deals.get(notice.deal_id, (None, None))
        return Matter(
            notice=notice,
            about=about,
            workspace=self._desk.workspace,
            people=self.people,
            now=self.now,
            deal=deal,
            account=account,
            play=self._plays.get(deal.play_hash) if deal else None,
            steps=known.steps.get(notice.deal_id, ()),
            others=[known.deals[i] for i in known.digests.get(notice.person_id, ()) if notice.kind == "digest"],
            report=self._report(about["report"]) if notice.kind == "stage_report" else None,
            links=self._desk.links,
            wording=self._desk.wording,
        )

    def _read_alone(self, notice: Queued) -> Background:
        with self._desk.reading() as conn:
            found = views.background(conn, [notice])
            self._plays |= self._compiled(conn, found)
        return found

    def _report(self, key: str) -> StageReport | None:
        with self._desk.reading() as conn:
            return kept(conn, key)

    def _compiled(self, conn: Connection, known: Background | None) -> dict[str, Play]:
        """A version that cannot be compiled any more costs the message its reasons, not the reader the message."""
        found = {}
        for hash_ in {deal.play_hash for deal, _ in known.deals.values()} if known else ():
            with suppress(Invalid):
                found[hash_] = self._desk.play(conn, hash_)
        return found


def members_of(notice: Queued) -> list[int]:
    """The notices that a bundle says; none for any other."""
    if notice.kind != BUNDLE:
        return []
    with suppress(DecodeError, AttributeError, TypeError):
        return [i for i in decode_json(notice.about).get("members", ()) if isinstance(i, int)]
    return []


def _background(conn: Connection, notices: Sequence[Queued]) -> Background | None:
    """The facts for all of them at once; None where one of them cannot be read, so that each is read alone then."""
    try:
        return views.background(conn, notices)
    except SQLAlchemyError:
        raise
    except Exception:
        log.exception("a batch of notices could not be read; reading them one by one")
        return None


@lru_cache(maxsize=1)
def templates() -> Wording:
    """The shipped templates, compiled once a process: compiling costs 46 times what printing does."""
    return Wording(shipped.folder("templates"))


def message(matter: Matter, forms: Collection[Form]) -> Outgoing:
    """The notice as a message. Raises whatever is wrong with the facts or a template."""
    notice, person = matter.notice, matter.reader
    seen, pictures = view(matter), pictures_for(matter, forms)
    shown = {f"cid:{p.cid}" for p in pictures}
    if "pictures" in seen:
        seen["pictures"] = {key: src for key, src in seen["pictures"].items() if src in shown}
    worded = (matter.wording or templates()).words(notice.kind, seen, forms)
    return Outgoing(
        to=address_of(notice.channel, person, matter.workspace),
        subject=worded.subject,
        # From columns that never change: every attempt has them, and no other installation.
        id=f"{NOTICE}{notice.id}.{_mark(matter)}",
        thread=f"deal-{matter.deal.id}.{_digest(matter, matter.deal.opened_at)}" if matter.deal else "",
        at=matter.now,
        text=worded.text,
        html=worded.html,
        slack=worded.slack,
        again=notice.in_doubt,
        notice_id=notice.id,
        language=matter.tongue.code,
        unsubscribe=seen["unsubscribe"],
        acts=tuple(Act(a["verb"], a["button"], a["url"]) for a in seen["acts"] if a["url"]),
        buttons=buttons(matter) if "slack" in forms else (),
        changes=str(matter.about.get("ref", "")) if notice.kind == UPDATE else "",
        invitation=invitation(matter, seen) if "html" in forms else "",
        pictures=tuple(pictures),
    )


def report_markdown(page: Page) -> str:
    """A report as Markdown, for a terminal or Prefect's page."""
    return templates().page("stage_report", {"report": plain(page)})


def _mark(matter: Matter) -> str:
    """What makes the message's id one that only its reader knows; where nothing is signed, one of its own at least."""
    notice = matter.notice
    if matter.links is not None:
        return matter.links.mark(notice.id)
    return _digest(matter, notice.kind, notice.at, notice.person_id, notice.channel)


def _digest(matter: Matter, *parts: object) -> str:
    return blake2b("|".join(map(str, (matter.workspace.company, *parts))).encode(), digest_size=6).hexdigest()


def preview(
    desk: Desk, notice_id: int, forms: Collection[Form] = FORMS, *, language: str = "", pictured: bool = False
) -> Worded:
    """What a notice would say if it were sent now, in all forms, in its reader's language or another; ``pictured`` with
    its pictures in the page.

    Raises UnknownNotice.
    """
    with desk.reading() as conn:
        notice = outbox.notice(conn, notice_id)
        facts = Facts(desk, conn, [notice])
    matter = replace(facts.matter(notice), language=language)
    return looked_at(matter, forms, pictured=pictured)


def looked_at(matter: Matter, forms: Collection[Form], *, pictured: bool) -> Worded:
    """A notice in words; ``pictured`` with its pictures in the page."""
    worded = (matter.wording or templates()).words(matter.notice.kind, view(matter), forms)
    return replace(worded, html=within(worded.html, pictures_for(matter, FORMS))) if pictured else worded
