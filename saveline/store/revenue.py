"""What accounts pay, and why they left, as it was known at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core import arr
from saveline.core.arr import Course, Span
from saveline.core.customers import Turnover
from saveline.core.retention import Departed
from saveline.store.natural import Natural
from saveline.store.rows import table

SUBSCRIPTION: Final = table(models.SubscriptionVersion)
DEPARTURE: Final = table(models.DepartureVersion)
ACCOUNT: Final = table(models.AccountVersion)
SUBSCRIPTIONS: Final = Natural(table(models.Subscription), ("account_id", "source_key"))
DEPARTURES: Final = Natural(table(models.Departure), ("account_id", "source_key"))


def turnovers(conn: Connection, moments: Sequence[datetime], zone: ZoneInfo) -> list[Turnover]:
    """Of every account, as it was known at each of the moments."""
    subscriptions, accounts = _versions(conn, SUBSCRIPTION, max(moments)), _versions(conn, ACCOUNT, max(moments))
    return [
        Turnover(
            _of_subscriptions(_last(subscriptions, "subscription_id", known)),
            _of_accounts((row for row in accounts if row.at <= known), zone),
        )
        for known in moments
    ]


def departures(conn: Connection, known: datetime) -> list[Departed]:
    """Every departure that was known at a moment."""
    rows = _last(_versions(conn, DEPARTURE, known), "departure_id", known)
    return [Departed(row.account_id, row.on, row.reason) for row in rows]


def _of_subscriptions(rows: Iterable[sa.Row[Any]]) -> dict[int, Course]:
    spans: dict[int, list[Span]] = {}
    for row in rows:
        spans.setdefault(row.account_id, []).append(Span(row.starts_on, row.ends_on, row.arr_cents))
    return {account_id: arr.of_subscriptions(some) for account_id, some in spans.items()}


def _of_accounts(rows: Iterable[sa.Row[Any]], zone: ZoneInfo) -> dict[int, Course]:
    steps: dict[int, list[tuple[date, int]]] = {}
    left: dict[int, date | None] = {}
    for row in rows:
        steps.setdefault(row.account_id, []).append((row.at.astimezone(zone).date(), row.arr_cents))
        left[row.account_id] = row.left_on
    return {account_id: arr.of_versions(some, left[account_id]) for account_id, some in steps.items()}


def _versions(conn: Connection, versions: sa.Table, known: datetime) -> Sequence[sa.Row[Any]]:
    """All that were written by the moment, oldest first."""
    return conn.execute(sa.select(versions).where(versions.c.at <= known).order_by(versions.c.at)).all()


def _last(rows: Iterable[sa.Row[Any]], key: str, known: datetime) -> Iterable[sa.Row[Any]]:
    """Of each thing the last of its versions by the moment."""
    return {getattr(row, key): row for row in rows if row.at <= known}.values()
