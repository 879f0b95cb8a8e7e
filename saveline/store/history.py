"""History for reports, and the reports themselves as they were built."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.changes import Event
from saveline.core.facts import Account
from saveline.store import load
from saveline.store.rows import DEAL, table

REPORT: Final = table(models.Report)
_CHUNK: Final = 2_000


def of_period(conn: Connection, start: datetime, end: datetime) -> tuple[dict[int, list[Event]], dict[int, Account]]:
    """``(events, account)`` by deal, of every deal that was open or watched at some time in ``[start, end)``."""
    wanted = sa.select(DEAL.c.id, DEAL.c.account_id).where(
        DEAL.c.opened_at < end,
        sa.or_(
            DEAL.c.closed_at.is_(None),
            DEAL.c.closed_at >= start,
            DEAL.c.watch_until >= start,
            DEAL.c.left_at >= start,
        ),
    )
    owners = {row.id: row.account_id for row in conn.execute(wanted)}
    ids = list(owners)
    events: dict[int, list[Event]] = {}
    for i in range(0, len(ids), _CHUNK):
        events.update(load.history(conn, ids[i : i + _CHUNK]))
    found = {a.id: a for a in load.accounts(conn, sorted(set(owners.values())))}
    return events, {deal_id: found[account_id] for deal_id, account_id in owners.items()}


def keep_report(conn: Connection, key: str, start: datetime, end: datetime, built_at: datetime, value: str) -> None:
    """Keep a report under its key, in place of an earlier one."""
    conn.execute(sa.delete(REPORT).where(REPORT.c.key == key))
    row = {"key": key, "starts_at": start, "ends_at": end, "built_at": built_at, "value": value}
    conn.execute(sa.insert(REPORT), row)


def kept_report(conn: Connection, key: str) -> str | None:
    value: str | None = conn.execute(sa.select(REPORT.c.value).where(REPORT.c.key == key)).scalar()
    return value
