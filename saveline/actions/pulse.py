"""How our own people feel beside how their customers fare, as it was known when a period ended."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from saveline.actions.known import Known
from saveline.core.periods import Period, end_of
from saveline.core.pulse import Pulse, teams
from saveline.core.workspace import Workspace
from saveline.evidence.correlation import link
from saveline.store import pulse as store

MONTHS = 12


def feelings(conn: Connection, period: Period, workspace: Workspace, known: Known) -> Pulse:
    """The month in which the period ends, and the twelve up to it."""
    answers = store.felt(conn, _months(period, workspace.zone), period.end, period.known)
    found, few = teams(answers, kept_by_department(known))
    pairs = [(t.year_mean, t.kept / t.accounts) for t in found if t.year_mean is not None and t.accounts]
    names = tuple((d.key, d.name) for d in workspace.departments)
    return Pulse(found, few, link(pairs), names)


def _months(period: Period, zone: str) -> list[datetime]:
    """When each begins, the last one first."""
    last = (period.end.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)).date()
    at = 12 * last.year + last.month - 1
    firsts = [date(n // 12, n % 12 + 1, 1) for n in range(at, at - MONTHS, -1)]
    return [end_of(first - timedelta(days=1), zone) for first in firsts]


def kept_by_department(known: Known) -> dict[str, tuple[int, int]]:
    """By the department of a deal's owner: the accounts with such a deal, and those of them that still pay."""
    courses, last = known.paid.all, known.year[1]
    by: dict[str, set[int]] = {}
    for case in known.lived:
        department = known.departments.get(case.owner_id or 0)
        if department is not None:
            by.setdefault(department, set()).add(case.account.id)
    return {key: (len(ids), sum(i in courses and courses[i].on(last) > 0 for i in ids)) for key, ids in by.items()}
