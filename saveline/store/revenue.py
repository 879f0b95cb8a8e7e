"""What accounts pay, and why they left, as it was known at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core import arr
from saveline.core.arr import Course, Span
from saveline.core.customers import Turnover
from saveline.core.facts import Account
from saveline.core.retention import Departed
from saveline.store import remembered
from saveline.store.bulk import Ask
from saveline.store.natural import Natural
from saveline.store.rows import table

SUBSCRIPTION: Final = table(models.SubscriptionVersion)
DEPARTURE: Final = table(models.DepartureVersion)
ACCOUNT: Final = table(models.AccountVersion)
SUBSCRIPTIONS: Final = Natural(table(models.Subscription), ("account_id", "source_key"))
_SAID: Final = Ask(
    sa.select(*(ACCOUNT.c[c] for c in ("account_id", "at", "arr_cents", "left_on")))
    .where(ACCOUNT.c.at <= sa.bindparam("known"))
    .order_by(ACCOUNT.c.at)
)
DEPARTURES: Final = Natural(table(models.Departure), ("account_id", "source_key"))


def turnovers(conn: Connection, moments: Sequence[datetime], zone: ZoneInfo) -> list[Turnover]:
    """Of every account, as it was known at each of the moments."""
    subscriptions, accounts = _versions(conn, SUBSCRIPTION, max(moments)), _said(conn, max(moments), zone)
    whole = {account_id: _course(said) for account_id, said in accounts.items()}
    return [
        Turnover(
            _of_subscriptions(_last(subscriptions, "subscription_id", known)),
            {
                account_id: whole[account_id] if said[-1][0] <= known else _course(_by(said, known))
                for account_id, said in accounts.items()
                if said[0][0] <= known
            },
        )
        for known in moments
    ]


def departures(conn: Connection, known: datetime) -> list[Departed]:
    """Every departure that was known at a moment."""
    rows = _last(_versions(conn, DEPARTURE, known), "departure_id", known)
    return [Departed(row.account_id, row.on, row.reason, row.note) for row in rows]


def _of_subscriptions(rows: Iterable[sa.Row[Any]]) -> dict[int, Course]:
    spans: dict[int, list[Span]] = {}
    for row in rows:
        spans.setdefault(row.account_id, []).append(Span(row.starts_on, row.ends_on, row.arr_cents))
    return {account_id: arr.of_subscriptions(some) for account_id, some in spans.items()}


_Said: TypeAlias = tuple[datetime, date, int, date | None]
"""When a row of an account was written, on which day that was, its ARR in cents, and when the account leaves."""


def _said(conn: Connection, known: datetime, zone: ZoneInfo) -> dict[int, list[_Said]]:
    """By account what its row said, oldest first."""
    days: dict[datetime, date] = {}
    found: dict[int, list[_Said]] = {}
    for account_id, at, cents, left_on in _SAID.rows(conn, known=known):
        if at not in days:
            days[at] = at.astimezone(zone).date()
        found.setdefault(account_id, []).append((at, days[at], cents, left_on))
    return found


def _by(said: Sequence[_Said], known: datetime) -> list[_Said]:
    return [line for line in said if line[0] <= known]


def _course(said: Sequence[_Said]) -> Course:
    _, day, cents, left_on = said[-1]
    if len(said) == 1 and left_on is None:  # nearly every account
        return Course((day,), (cents,))
    return arr.of_versions(((day, cents) for _, day, cents, _ in said), left_on)


def _versions(conn: Connection, versions: sa.Table, known: datetime) -> Sequence[sa.Row[Any]]:
    """All that were written by the moment, oldest first."""
    return conn.execute(sa.select(versions).where(versions.c.at <= known).order_by(versions.c.at)).all()


def _last(rows: Iterable[sa.Row[Any]], key: str, known: datetime) -> Iterable[sa.Row[Any]]:
    """Of each thing the last of its versions by the moment."""
    return {getattr(row, key): row for row in rows if row.at <= known}.values()


def renewing(conn: Connection, first: date, until: date, known: datetime) -> list[Account]:
    """The accounts whose contract was known to be up on one of these days, ``until`` included, in order of number."""
    ever = sa.select(ACCOUNT.c.account_id).where(ACCOUNT.c.at <= known, ACCOUNT.c.renewal.between(first, until))
    ids = sorted(set(conn.execute(ever).scalars()))
    found = remembered.known_accounts(conn, ids, known).values()
    return [a for a in found if a.renewal is not None and first <= a.renewal <= until]
