"""Why something is as it is, read from the history: nothing is written."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef
from saveline.actions.wording import Facts
from saveline.core.changes import Event
from saveline.core.decide.draft import Case
from saveline.core.errors import UnknownDeal
from saveline.core.why import deal as of_deal
from saveline.core.why.lines import Why
from saveline.core.why.notice import why_notice
from saveline.core.why.task import why_task
from saveline.notify import reasons
from saveline.store import load, outbox


def task(desk: Desk, ref: TaskRef) -> Why:
    """Raises UnknownDeal, UnknownTask, and Invalid where the deal's version of its play cannot be compiled any more."""
    with desk.reading() as conn:
        case, events = told(desk, conn, ref.deal_id)
        return why_task(case, events, ref.no)


def deal(desk: Desk, deal_id: int) -> Why:
    """Raises UnknownDeal, and Invalid where its version of the play cannot be compiled any more."""
    with desk.reading() as conn:
        return of_deal.why_deal(*told(desk, conn, deal_id))


def notice(desk: Desk, notice_id: int) -> Why:
    """Raises UnknownNotice."""
    with desk.reading() as conn:
        found = outbox.notice(conn, notice_id)
        matter = Facts(desk, conn, [found]).matter(found)
    return why_notice(found, desk.workspace, matter.people, reasons.why(matter))


def told(desk: Desk, conn: Connection, deal_id: int) -> tuple[Case, tuple[Event, ...]]:
    """A deal's case and its whole history."""
    found = load.deals(conn, [deal_id])
    if not found:
        raise UnknownDeal(deal_id)
    (deal, account), people = found[0], desk.people(conn)
    play = desk.play(conn, deal.play_hash)
    case = Case(desk.workspace, people, play, account, deal, desk.duty(conn, people, play.picks))
    return case, tuple(load.history(conn, [deal_id])[deal_id])
