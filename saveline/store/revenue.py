"""What accounts pay, and why they left, as it was known at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Final, TypeAlias
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
from saveline.store.bulk import Ask, Row
from saveline.store.natural import Natural
from saveline.store.rows import table

SUBSCRIPTION: Final = table(models.SubscriptionVersion)
DEPARTURE: Final = table(models.DepartureVersion)
ACCOUNT: Final = table(models.AccountVersion)
SUBSCRIPTIONS: Final = Natural(table(models.Subscription), ("account_id", "source_key"))
DEPARTURES: Final = Natural(table(models.Departure), ("account_id", "source_key"))


def _versions(versions: sa.Table, *columns: str) -> Ask:
    """Versions that were written by a moment, oldest first. The first two columns are the number of what they are of,
    and when each was written."""
    found = sa.select(*(versions.c[c] for c in columns)).where(versions.c.at <= sa.bindparam("known"))
    return Ask(found.order_by(versions.c.at))


_SAID: Final = _versions(ACCOUNT, "account_id", "at", "arr_cents", "left_on")
_PAID: Final = _versions(SUBSCRIPTION, "subscription_id", "at", "account_id", "starts_on", "ends_on", "arr_cents")
_LEFT: Final = _versions(DEPARTURE, "departure_id", "at", "account_id", "on", "reason", "note")


def turnovers(conn: Connection, moments: Sequence[datetime], zone: ZoneInfo) -> list[Turnover]:
    """Of every account, as it was known at each of the moments."""
    subscriptions, accounts = _PAID.rows(conn, known=max(moments)), _said(conn, max(moments), zone)
    subscribed = _of_subscriptions(_last(subscriptions, max(moments)))
    whole = {account_id: _course(said) for account_id, said in accounts.items()}
    return [
        Turnover(
            _before(subscriptions, known, subscribed),
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
    return [Departed(*row[2:]) for row in _last(_LEFT.rows(conn, known=known), known)]


def _before(rows: Sequence[Row], known: datetime, whole: Mapping[int, Course]) -> Mapping[int, Course]:
    """What was known of subscriptions at a moment, where ``whole`` is what all versions say: another of those accounts
    only of whose subscriptions something was written since."""
    since = {row[0] for row in rows if row[1] > known}
    if not since:
        return whole
    others = {row[2] for row in rows if row[0] in since}
    then = _of_subscriptions(row for row in _last(rows, known) if row[2] in others)
    return {i: course for i, course in whole.items() if i not in others} | then


def _of_subscriptions(rows: Iterable[Row]) -> dict[int, Course]:
    spans: dict[int, list[Span]] = {}
    for _, _, account_id, starts_on, ends_on, cents in rows:
        spans.setdefault(account_id, []).append(Span(starts_on, ends_on, cents))
    return {account_id: arr.of_subscriptions(some) for account_id, some in spans.items()}


_Said: TypeAlias = tuple[datetime, date, int, date | None]
"""When a row of an account was written, on which day that was, its ARR in cents, and when the account leaves."""


def _said(conn: Connection, known: datetime, zone: ZoneInfo) -> dict[int, list[_Said]]:
    """By account what its row said, oldest first."""
    found: dict[int, list[_Said]] = {}
    for at, rows in groupby(_SAID.rows(conn, known=known), key=itemgetter(1)):
        day = at.astimezone(zone).date()
        for account_id, _, cents, left_on in rows:
            found.setdefault(account_id, []).append((at, day, cents, left_on))
    return found


def _by(said: Sequence[_Said], known: datetime) -> list[_Said]:
    return [line for line in said if line[0] <= known]


def _course(said: Sequence[_Said]) -> Course:
    return arr.of_versions(((day, cents) for _, day, cents, _ in said), said[-1][3])


def _last(rows: Iterable[Row], known: datetime) -> Iterable[Row]:
    """Of each thing the last of its versions by the moment."""
    return {row[0]: row for row in rows if row[1] <= known}.values()


def renewing(conn: Connection, first: date, until: date, known: datetime) -> list[Account]:
    """The accounts whose contract was known to be up on one of these days, ``until`` included, in order of number."""
    ever = sa.select(ACCOUNT.c.account_id).where(ACCOUNT.c.at <= known, ACCOUNT.c.renewal.between(first, until))
    ids = sorted(set(conn.execute(ever).scalars()))
    found = remembered.known_accounts(conn, ids, known).values()
    return [a for a in found if a.renewal is not None and first <= a.renewal <= until]
