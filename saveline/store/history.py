"""History for reports, and the reports themselves as they were built."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.changes import Event
from saveline.core.facts import Account, Fact
from saveline.core.periods import Period
from saveline.store import load, remembered
from saveline.store.bulk import Read
from saveline.store.rows import DEAL, EVENT, table

REPORT: Final = table(models.Report)
LATE_SECONDS: Final = 3600
"""From how late on an event has a place in the index of late ones."""
_CHUNK: Final = 2_000

_LATE = Read(
    sa.select(EVENT.c.deal_id, EVENT.c.seq, EVENT.c.at, EVENT.c.late_s).where(EVENT.c.late_s > sa.literal_column("0")),
    EVENT.c.deal_id,
)
_OWNERS = Read(sa.select(DEAL.c.id, DEAL.c.account_id), DEAL.c.id)


class Past(Fact, frozen=True):
    """What a report is built from, by deal: its events, its account, and which events were ``written`` late: when."""

    events: Mapping[int, list[Event]]
    accounts: Mapping[int, Account]
    written: Mapping[int, Mapping[int, datetime]]


def of_period(conn: Connection, period: Period) -> Past:
    """Of every deal that was open or watched at some time in the period, or of which something of an earlier time
    became known in it. Accounts are as they were known then."""
    ids = _concerned(conn, period)
    events: dict[int, list[Event]] = {}
    written: dict[int, dict[int, datetime]] = {}
    for i in range(0, len(ids), _CHUNK):
        events.update(load.history(conn, ids[i : i + _CHUNK]))
        for deal_id, seq, at, late_s in _LATE.rows(conn, ids[i : i + _CHUNK]):
            written.setdefault(deal_id, {})[seq] = at + timedelta(seconds=late_s)
    owners = {row[0]: row[1] for row in _OWNERS.rows(conn, ids)}
    accounts = load.accounts(conn, sorted(set(owners.values())))
    found = {a.id: a for a in remembered.accounts_as_of(conn, accounts, period.known)}
    return Past(events, {deal_id: found[account_id] for deal_id, account_id in owners.items()}, written)


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
    late = sa.select(EVENT.c.deal_id, EVENT.c.at, EVENT.c.late_s).where(
        EVENT.c.late_s >= sa.literal_column(str(LATE_SECONDS)), EVENT.c.at < period.end
    )
    missed = (d for d, at, late_s in conn.execute(late) if at + timedelta(seconds=late_s) >= start)
    return sorted({*conn.execute(lived).scalars(), *missed})


def keep_report(conn: Connection, key: str, start: datetime, end: datetime, built_at: datetime, value: str) -> None:
    """Keep a report under its key, in place of an earlier one."""
    conn.execute(sa.delete(REPORT).where(REPORT.c.key == key))
    row = {"key": key, "starts_at": start, "ends_at": end, "built_at": built_at, "value": value}
    conn.execute(sa.insert(REPORT), row)


def kept_report(conn: Connection, key: str) -> str | None:
    value: str | None = conn.execute(sa.select(REPORT.c.value).where(REPORT.c.key == key)).scalar()
    return value
