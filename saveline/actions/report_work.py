"""What the stage report says of who does the work, gathered: more of some histories, and support cases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.known import Basis
from saveline.core import support as answering
from saveline.core.customers import year_before
from saveline.core.moments import later
from saveline.core.people import People
from saveline.core.periods import Period, end_of
from saveline.core.promises import unsure
from saveline.core.records import known
from saveline.core.stories import Story
from saveline.core.support import Support
from saveline.core.work import Work, work
from saveline.core.workspace import Workspace
from saveline.store import load, support


def work_of(basis: Basis, told: Sequence[Story]) -> Work:
    """Of ``told``, the deals of the period; of one that is not over, up to this moment, or to when it was known: no day
    is counted before it has passed. Of deals that rested, a history is read only where the clocks do not say enough.

    Of a slice of accounts support is that of these, and how much people have to do in all it does not tell.
    """
    desk, conn, workspace, people, period, sieve = basis
    so_far = desk.now(conn) + timedelta(microseconds=1)  # what happens at this very moment has happened
    period = replace(period, end=max(period.start, min(period.end, period.known, so_far)))
    asked = unsure(told, period.start, period.end)
    records = load.records(conn, asked) if asked else {}
    more = {i: [r.event for r in known(some, period.end, period.known)] for i, some in records.items()}
    answered = _support(conn, workspace, people, period, sieve.accounts)
    found = work(told, workspace, people, period, more=more, support=answered)
    return found if sieve.accounts is None else replace(found, loads=(), over=())


def _support(
    conn: Connection, workspace: Workspace, people: People, period: Period, accounts: Collection[int] | None
) -> Support | None:
    """How support answered in the period and in the twelve months up to its end; nothing where no case is known."""
    calendar, target = people.calendar(None), workspace.first_response
    last = calendar.local(period.end).date() - timedelta(days=1)
    year = end_of(year_before(last), workspace.zone)
    cases = support.cases(conn, min(year, period.start), period.known)
    if accounts is not None:
        cases = [case for case in cases if case.account_id in accounts]
    if not cases:
        return None

    def answer_by(opened: datetime) -> datetime:
        assert target is not None
        return later(target, opened, calendar)

    return answering.support(cases, period.start, year, period.end, answer_by if target is not None else None)
