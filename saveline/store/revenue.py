"""What accounts pay, and why they left, as it was known at a moment."""

from __future__ import annotations

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


def turnover(conn: Connection, known: datetime, zone: ZoneInfo) -> Turnover:
    """Of every account, as it was known at a moment."""
    spans: dict[int, list[Span]] = {}
    columns = ("account_id", "starts_on", "ends_on", "arr_cents")
    for account_id, first, end, cents in _latest(conn, SUBSCRIPTION, "subscription_id", columns, known):
        spans.setdefault(account_id, []).append(Span(first, end, cents))
    subscribed = {account_id: arr.of_subscriptions(some) for account_id, some in spans.items()}
    return Turnover(subscribed, _of_accounts(conn, known, zone))


def departures(conn: Connection, known: datetime) -> list[Departed]:
    """Every departure that was known at a moment."""
    rows = _latest(conn, DEPARTURE, "departure_id", ("account_id", "on", "reason"), known)
    return [Departed(*row) for row in rows]


def _of_accounts(conn: Connection, known: datetime, zone: ZoneInfo) -> dict[int, Course]:
    columns = (ACCOUNT.c.account_id, ACCOUNT.c.at, ACCOUNT.c.arr_cents, ACCOUNT.c.left_on)
    query = sa.select(*columns).where(ACCOUNT.c.at <= known).order_by(ACCOUNT.c.account_id, ACCOUNT.c.at)
    steps: dict[int, list[tuple[date, int]]] = {}
    left: dict[int, date | None] = {}
    for account_id, at, cents, left_on in conn.execute(query):
        steps.setdefault(account_id, []).append((at.astimezone(zone).date(), cents))
        left[account_id] = left_on
    return {account_id: arr.of_versions(some, left[account_id]) for account_id, some in steps.items()}


def _latest(
    conn: Connection, versions: sa.Table, key: str, columns: tuple[str, ...], known: datetime
) -> sa.CursorResult[Any]:
    """Of each the last version that was written by ``known``."""
    later = versions.alias()
    newer = sa.exists().where(later.c[key] == versions.c[key], later.c.at > versions.c.at, later.c.at <= known)
    query = sa.select(*(versions.c[c] for c in columns)).where(versions.c.at <= known, ~newer)
    return conn.execute(query.order_by(versions.c[key]))
