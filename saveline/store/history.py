"""History for reports, and the reports themselves as they were built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Account, Deal, Fact
from saveline.core.periods import Period
from saveline.core.records import Record, was_known, written
from saveline.store import load, remembered
from saveline.store.bulk import Read
from saveline.store.rows import DEAL, EVENT, table

REPORT: Final = table(models.Report)
LATE_SECONDS: Final = 3600
"""From how late on an event has a place in the index of late ones."""
_CHUNK: Final = 500

_LAST = Read(
    sa.select(DEAL.c.id, DEAL.c.account_id, EVENT.c.at, EVENT.c.late_s, DEAL.c.state).join(
        EVENT, sa.and_(EVENT.c.deal_id == DEAL.c.id, EVENT.c.seq == DEAL.c.seq)
    ),
    DEAL.c.id,
)
"""Deals with their accounts, when the last of their events happened, how many seconds later it was written, and the
deals' states."""


class Past(Fact, frozen=True):
    """What a report is built from: the deals that ``moved``, whose histories :func:`records` reads, those that ``rest``
    as they stand since before the period, and by deal the account."""

    moved: Sequence[int]
    rest: Sequence[Deal]
    accounts: Mapping[int, Account]


def of_period(conn: Connection, period: Period, *, closed_tasks: bool = True) -> Past:
    """Of every deal that was open or watched at some time in the period, or of which something of an earlier time
    became known in it. Accounts are as they were known then.

    A deal to which nothing has happened since the period began is what its row says: its history is not read; and
    without ``closed_tasks``, if it is closed, neither are its tasks.
    """
    moved, closed, running = list[int](), list[int](), list[int]()
    owners = {}
    for deal_id, account_id, at, late_s, state in _LAST.rows(conn, _concerned(conn, period)):
        rests = was_known(at, late_s, period.start, period.start)
        (moved if not rests else closed if state == "closed" else running).append(deal_id)
        owners[deal_id] = account_id
    rest = [deal for some in batched(running) for deal in load.alone(conn, some, tasks=True)]
    rest += [deal for some in batched(closed) for deal in load.alone(conn, some, tasks=closed_tasks)]
    known = remembered.known_accounts(conn, sorted(set(owners.values())), period.known)
    return Past(moved, rest, {deal_id: known[account_id] for deal_id, account_id in owners.items()})


def records(
    conn: Connection, deals: Sequence[int], *, reminders: bool = True
) -> Iterator[Mapping[int, Sequence[Record]]]:
    """The histories of deals, with or without ``reminders``, those of some of them at a time."""
    return (load.records(conn, some, reminders=reminders) for some in batched(deals))


def batched(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The ids some at a time: what is read of them at once stays small."""
    return (ids[i : i + _CHUNK] for i in range(0, len(ids), _CHUNK))


def moved_since(conn: Connection, deals: Sequence[int], before: datetime, by: datetime) -> set[int]:
    """Those of them to which something happened that had not happened ``before`` a moment, or was not written ``by``
    another: their rows do not say what was known then."""
    return {
        row[0] for some in batched(deals) for row in _LAST.rows(conn, some) if not was_known(row[2], row[3], before, by)
    }


def _concerned(conn: Connection, period: Period) -> list[int]:
    # An hour earlier than the period, because of what was written up to an hour late; what was later has an index.
    start = period.start - timedelta(seconds=LATE_SECONDS)
    lived = sa.select(DEAL.c.id).where(
        DEAL.c.opened_at < period.end,
        sa.or_(
            DEAL.c.closed_at.is_(None),
            DEAL.c.closed_at >= start,
            DEAL.c.watch_until >= start,
            DEAL.c.left_at >= start,
        ),
    )
    return sorted({*conn.execute(lived).scalars(), *written_since(conn, start, period.end)})


def written_since(conn: Connection, since: datetime, before: datetime) -> set[int]:
    """The deals to which something happened ``before`` a moment that was written more than an hour late, at or after
    ``since``."""
    lateness = EVENT.c.late_s >= sa.literal_column(str(LATE_SECONDS))
    longest = conn.execute(sa.select(sa.func.max(EVENT.c.late_s)).where(lateness)).scalar() or 0
    late = sa.select(EVENT.c.deal_id, EVENT.c.at, EVENT.c.late_s).where(
        lateness, EVENT.c.at < before, EVENT.c.at >= since - timedelta(seconds=longest)
    )
    return {d for d, at, late_s in conn.execute(late) if written(at, late_s) >= since}


def keep_report(conn: Connection, key: str, start: datetime, end: datetime, built_at: datetime, value: str) -> None:
    """Keep a report under its key, in place of an earlier one."""
    conn.execute(sa.delete(REPORT).where(REPORT.c.key == key))
    row = {"key": key, "starts_at": start, "ends_at": end, "built_at": built_at, "value": value}
    conn.execute(sa.insert(REPORT), row)


def kept_report(conn: Connection, key: str) -> str | None:
    value: str | None = conn.execute(sa.select(REPORT.c.value).where(REPORT.c.key == key)).scalar()
    return value
