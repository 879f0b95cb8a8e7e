"""A link that somebody has opened: what it names, who reads it, and the facts behind its page."""

from __future__ import annotations

from datetime import datetime

from fastapi import HTTPException
from sqlalchemy.engine import Connection

from saveline.actions import why
from saveline.actions.desk import Desk
from saveline.core.changes import Event
from saveline.core.decide.draft import Case
from saveline.core.errors import HasLeft, UnknownDeal, UnknownNotice
from saveline.core.facts import Deal, Doer, Fact, Person, Task
from saveline.notify.links import Expired, Forged, Grant, Links, Purpose
from saveline.store import outbox

FORGED = (
    "This link was not made here, or a part of it is missing. Open it from your message again: nothing was changed."
)
OLD = "This link is too old. The newest message about it has a fresh one: nothing was changed."


class TooOld(HTTPException):
    """The link was ours and its time is over; whoever it was for can have a new one."""

    def __init__(self, grant: Grant) -> None:
        super().__init__(410, OLD)
        self.grant = grant


class Visit(Fact, frozen=True):
    """``reader`` is nobody where the link came in a message to a room. ``kind`` is the kind of that message."""

    grant: Grant
    token: str
    now: datetime
    reader: Person | None
    kind: str = ""
    deal_id: int = 0
    task_no: int = 0

    @property
    def by(self) -> Doer:
        return Doer(self.grant.person_id, "web")


class Scene(Fact, frozen=True):
    """What stands around a visit: the case of its deal and the deal's whole history."""

    visit: Visit
    case: Case
    events: tuple[Event, ...]
    links: Links | None = None

    @property
    def deal(self) -> Deal:
        return self.case.deal

    @property
    def task(self) -> Task | None:
        return self.deal.task(self.visit.task_no)

    @property
    def here(self) -> datetime:
        return self.local(self.visit.now)

    def page_of(self, task: Task) -> str:
        """The reader's own page of another task, on this server; '' for nobody. The same link the whole day."""
        if self.links is None or self.visit.reader is None:
            return ""
        return own_page(self.links, self.deal.id, task.no, self.visit.reader, self.here)

    def local(self, at: datetime) -> datetime:
        """A moment in the reader's zone."""
        return self.case.people.calendar(self.visit.grant.person_id or None).local(at)


def own_page(links: Links, deal_id: int, no: int, reader: Person, here: datetime) -> str:
    """A reader's page of a task, from another of their pages: under whatever name the server was reached. ``here`` is
    now in their zone; a page that is loaded again does not give out another link."""
    since = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return links.to_task(deal_id, no, reader.id, since).removeprefix(links.url)


def opened(desk: Desk, conn: Connection, purpose: Purpose, token: str) -> Visit:
    """Who opens what. Raises answers of 401 for what is not ours and 410 for what is too old, and HasLeft."""
    now = desk.now(conn)
    grant = _read(desk, purpose, token, now)
    reader = desk.people(conn).by_id.get(grant.person_id)
    if grant.person_id and (reader is None or not reader.active):
        raise HasLeft(reader.name if reader else "Somebody unknown")
    if not grant.notice_id:
        return Visit(grant, token, now, reader, "", grant.deal_id, grant.task_no)
    try:
        notice = outbox.notice(conn, grant.notice_id)
    except UnknownNotice:
        raise HTTPException(410, OLD) from None
    no = notice.task_no if purpose == "task" else 0
    return Visit(grant, token, now, reader, notice.kind, notice.deal_id, no)


def _read(desk: Desk, purpose: Purpose, token: str, now: datetime) -> Grant:
    links = desk.links
    if links is None:
        raise HTTPException(404, "This desk has no pages.")
    try:
        return links.read(purpose, token, now)
    except Forged:
        raise HTTPException(401, FORGED) from None
    except Expired as error:
        raise TooOld(error.grant) from None


def scene(desk: Desk, conn: Connection, visit: Visit) -> Scene:
    """The facts of the visit's deal. Raises UnknownDeal."""
    if not visit.deal_id:
        raise UnknownDeal(visit.deal_id)
    case, events = why.told(desk, conn, visit.deal_id)
    return Scene(visit, case, events, desk.links)
