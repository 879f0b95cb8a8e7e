"""What customers of the seeded history said, paid and brought to support, as rows whose every figure is counted again.

Some of it was written only after the reported week had ended, and some was corrected before or after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.store import remembered
from saveline.store.rows import table

Row: TypeAlias = dict[str, Any]
TEXTS: Final = (
    "They say it is too expensive, and the support is slow.",
    "Der Preis ist das Thema, und die Schnittstelle fehlt.",
    "A quiet quarter; nothing to tell.",
    "Their champion left the company.",
    "Not worth it without single sign-on.",
    "Priceless people. They lagged behind, and that is all.",
)
REASONS: Final = ("price", "product_gap", "relationship")
HOWS: Final = ("call", "meeting", "visit")
TABLES: Final = {
    "signals": models.Signal,
    "signals_before": models.SignalBefore,
    "touchpoints": models.Touchpoint,
    "touchpoints_before": models.TouchpointBefore,
    "subscriptions": models.Subscription,
    "subscription_versions": models.SubscriptionVersion,
    "departures": models.Departure,
    "departure_versions": models.DepartureVersion,
    "support_cases": models.SupportCase,
    "support_case_versions": models.SupportCaseVersion,
}


def leaves(number: int, end: datetime) -> date:
    """When an account that leaves does so: in the fourteen months before ``end``, or soon after."""
    return (end + timedelta(days=Random(f"leaves:{number}").randint(-430, 50))).date()


def renews(number: int, end: datetime) -> date:
    return (end + timedelta(days=Random(f"renews:{number}").randint(-100, 250))).date()


def say(conn: Connection, numbers: Iterable[int], end: datetime) -> Mapping[str, list[Row]]:
    """Write it, and give it back by the names of :data:`TABLES`. ``end`` is that of the reported week."""
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for number in numbers:
        luck = Random(f"spoken:{number}")
        for _ in range(luck.choice((0, 1, 3, 5))):
            _signal(rows, number, luck, end)
        for _ in range(luck.choice((0, 0, 1, 4))):
            _touchpoint(rows, number, luck, end)
        for _ in range(luck.choice((0, 1, 2, 6))):
            _write(rows, number, luck, end)
        if number % 3 == 0:
            _subscribe(rows, number, luck, end)
        if number % 13 == 0:
            _depart(rows, number, luck, end)
    for name, model in TABLES.items():
        conn.execute(sa.insert(table(model)), rows[name])
    _raise(conn, end)
    return rows


def _seen(luck: Random, end: datetime) -> tuple[datetime, datetime]:
    """When something happened, and when that was written: mostly at once."""
    at = end - timedelta(days=450 * luck.random() - 20)
    return at, at + timedelta(hours=1) * luck.choice((1, 1, 1, 700))


def _kept(rows: dict[str, list[Row]], name: str, key: str, row: Row, was: Row, luck: Random) -> None:
    """One in five was corrected a while later; ``was`` is what it said before."""
    row["id"] = len(rows[name]) + 1
    if luck.random() < 0.2:
        later = row["recorded_at"] + timedelta(days=80 * luck.random())
        before = {**row, **was, key: row["id"], "until": later}
        columns = table(TABLES[f"{name}_before"]).c
        rows[f"{name}_before"].append({c.name: before[c.name] for c in columns})
        row["recorded_at"] = later
    rows[name].append(row)


def _signal(rows: dict[str, list[Row]], number: int, luck: Random, end: datetime) -> None:
    at, recorded = _seen(luck, end)
    kind = luck.choice(("nps", "csat", "usage"))
    values = {"nps": (0, 3, 6, 7, 8, 9, 9, 10, 11, None), "csat": (0, 1, 2, 3, 4, 4, 5, 5, None), "usage": (12,)}[kind]
    row = {
        "account_id": number,
        "kind": kind,
        "at": at,
        "value": luck.choice(values),
        "note": luck.choice((*TEXTS, "", "")),
        "source": "",
        "source_key": f"s{len(rows['signals'])}",
        "contact": luck.choice((None, "ann", "ben")),
        "recorded_at": recorded,
    }
    _kept(rows, "signals", "signal_id", row, {"value": luck.choice(values), "note": luck.choice(TEXTS)}, luck)


def _touchpoint(rows: dict[str, list[Row]], number: int, luck: Random, end: datetime) -> None:
    at, recorded = _seen(luck, end)
    if luck.random() < 0.3:
        at = recorded = end - timedelta(days=7 * luck.random())
    row = {
        "account_id": number,
        "at": at,
        "how": luck.choice(HOWS),
        "source_key": f"t{len(rows['touchpoints'])}",
        "recorded_at": recorded,
    }
    was = {"how": luck.choice(HOWS), "at": at - timedelta(days=luck.choice((0, 9)))}
    _kept(rows, "touchpoints", "touchpoint_id", row, was, luck)


def _versions(
    rows: dict[str, list[Row]], name: str, of: Row, changed: Iterable[tuple[int, Row]], end: datetime
) -> None:
    """A row that was known two years before ``end``, and what was corrected so many days before it (or after)."""
    key, row = f"{name}_id", {**of, "id": len(rows[f"{name}s"]) + 1}
    versions = rows[f"{name}_versions"]
    for days, change in ((800, Row()), *changed):
        row = {**row, **change}
        said = {c: v for c, v in row.items() if c not in {"id", "source_key"}}
        versions.append({**said, key: row["id"], "at": end - timedelta(days=days)})
    rows[f"{name}s"].append(row)


def _subscribe(rows: dict[str, list[Row]], number: int, luck: Random, end: datetime) -> None:
    """Contracts of a year, one behind the other and sometimes two at a time; the last may have no end."""
    first = (end - timedelta(days=900 * luck.random())).date()
    for place in range(luck.choice((1, 2, 3))):
        starts = first + timedelta(days=place * luck.choice((365, 365, 200)))
        ends = starts + timedelta(days=365) if luck.random() < 0.8 else None
        cents = luck.randint(10_000, 9_000_000)
        changed = [
            (days, {"arr_cents": max(1000, cents + luck.randint(-900_000, 900_000))})
            for days in (250, 3, -5)
            if luck.random() < 0.2
        ]
        key = f"c{number}-{place}"
        row = {"account_id": number, "source_key": key, "starts_on": starts, "ends_on": ends, "arr_cents": cents}
        _versions(rows, "subscription", row, changed, end)


def _depart(rows: dict[str, list[Row]], number: int, luck: Random, end: datetime) -> None:
    reason, note = luck.choice(REASONS), luck.choice((*TEXTS, ""))
    row = {"account_id": number, "source_key": "d", "on": leaves(number, end), "reason": reason, "note": note}
    changed = [(days, {"reason": luck.choice(REASONS)}) for days in (2, -4) if luck.random() < 0.3]
    _versions(rows, "departure", row, changed, end)


def _write(rows: dict[str, list[Row]], number: int, luck: Random, end: datetime) -> None:
    """A case of the last two years; whether it was escalated or a complaint was said later of some, of some never."""
    opened = end - timedelta(days=730 * luck.random() - 5)
    answered = opened + timedelta(hours=48 * luck.random()) if luck.random() < 0.9 else None
    maybe = (None, False, False, True)
    row = {
        "account_id": number,
        "source_key": f"u{len(rows['support_cases'])}",
        "opened_at": opened,
        "first_response_at": answered,
        "resolved_at": answered and answered + timedelta(hours=90 * luck.random()),
        "contacts": luck.choice((None, 1, 1, 2, 4)),
        "reopened": luck.choice((None, False, False, True)),
        "satisfaction": luck.choice((None, 1.0, 3.0, 5.0)),
        "escalated": luck.choice(maybe),
        "complaint": luck.choice(maybe),
    }
    changed = [(d, {"complaint": luck.choice(maybe)}) for d in (40, -2) if luck.random() < 0.3]
    _versions(rows, "support_case", row, changed, end)


def _raise(conn: Connection, end: datetime) -> None:
    """What rows of accounts came to say later: half a year before ``end``, in its last days, and after it."""
    account = table(models.Account)
    for days, every, more, renewal in ((200, 7, 300_000, 40), (3, 14, -9_000, 0), (-3, 7, 900_000, 60)):
        mine = list(conn.execute(sa.select(account.c.id, account.c.renewal).where(account.c.id % every == 0)))
        conn.execute(
            sa.update(account).where(account.c.id == sa.bindparam("number")).values(
                arr_cents=account.c.arr_cents + more, renewal=sa.bindparam("later")
            ),
            [{"number": i, "later": on + timedelta(days=renewal)} for i, on in mine],
        )  # fmt: skip
        remembered.keep_accounts(conn, end - timedelta(days=days), [i for i, _ in mine])
