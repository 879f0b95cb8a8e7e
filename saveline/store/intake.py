"""Imported rows → rows of the tables: natural keys become ids, and each kind goes where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy.engine import Connection

from saveline.core.facts import Fact
from saveline.core.kinds import account_row
from saveline.store import accounts, pulse, revenue, support
from saveline.store.natural import Key, Natural, Row, Written

Shape: TypeAlias = Callable[["Ids", Row, "Origin"], dict[str, Any]]


class Origin(Fact, frozen=True):
    """Where rows came from, and when."""

    source: str
    at: datetime


class Ids(Fact, frozen=True):
    """From natural keys to ids: of accounts, of people by address, of contacts by account and address."""

    accounts: Mapping[str, int]
    people: Mapping[str, int]
    contacts: Mapping[Key, int] = {}


def contacts_named(conn: Connection, ids: Ids, rows: Sequence[Row]) -> dict[Key, int]:
    """The contacts that rows of touchpoints name, those that there are."""
    keys = [(ids.accounts[r["account"]], r["contact"]) for r in rows if r.get("contact") is not None]
    return accounts.contact_ids(conn, list(dict.fromkeys(keys))) if keys else {}


def write_rows(conn: Connection, kind: str, rows: Sequence[Row], ids: Ids, origin: Origin) -> Written:
    """Write rows of one kind, with the same columns and no natural key twice."""
    if kind == "accounts":
        return accounts.write_accounts(conn, [account_row(row) for row in rows])
    natural, shape = _INTO[kind]
    return natural.write(conn, [shape(ids, row, origin) for row in rows])


def _role(ids: Ids, row: Row, _origin: Origin) -> dict[str, Any]:
    return {
        "account_id": ids.accounts[row["account"]],
        "role": row["role"],
        "person_id": ids.people[row["person"]],
    }


def _contact(ids: Ids, row: Row, _origin: Origin) -> dict[str, Any]:
    found = {**_own(ids, row), **{c: row[c] for c in ("email", "name", "title", "left_on") if c in row}}
    if "champion" in row:
        found["champion"] = bool(row["champion"])
    return found


def _touchpoint(ids: Ids, row: Row, origin: Origin) -> dict[str, Any]:
    found = {**_own(ids, row), "source_key": row["key"], "at": row["at"], "how": row["how"]}
    found["recorded_at"] = origin.at
    if "note" in row:
        found["note"] = row["note"] or ""
    if "person" in row:
        found["person_id"] = ids.people[row["person"]] if row["person"] is not None else None
    if "contact" in row:
        named = row["contact"] is not None
        found["contact_id"] = ids.contacts[found["account_id"], row["contact"]] if named else None
    return found


def _signal(ids: Ids, row: Row, origin: Origin) -> dict[str, Any]:
    found = {
        **_own(ids, row),
        "kind": row["kind"],
        "source_key": row["key"],
        "at": row["at"],
        "source": origin.source,
        "recorded_at": origin.at,
    }
    if "contact" in row:
        found["contact"] = row["contact"]
    if "note" in row:
        found["note"] = row["note"] or ""
    return found | {"value": row["value"]} if "value" in row else found


def _subscription(ids: Ids, row: Row, _origin: Origin) -> dict[str, Any]:
    found = {**_own(ids, row), "source_key": row["key"], "starts_on": row["starts_on"], "arr_cents": row["arr"]}
    return found | {"ends_on": row["ends_on"]} if "ends_on" in row else found


def _departure(ids: Ids, row: Row, _origin: Origin) -> dict[str, Any]:
    found = {**_own(ids, row), "source_key": row["key"], "on": row["on"], "reason": row["reason"]}
    return found | {"note": row["note"] or ""} if "note" in row else found


def _support_case(ids: Ids, row: Row, _origin: Origin) -> dict[str, Any]:
    """A first response that is told in minutes is kept as the moment it was given."""
    found = {**_own(ids, row), "source_key": row["key"], "opened_at": row["opened_at"]}
    minutes = row.get("first_response_minutes")
    if minutes is not None:
        found["first_response_at"] = row["opened_at"] + timedelta(minutes=minutes)
    elif "first_response_at" in row or "first_response_minutes" in row:
        found["first_response_at"] = row.get("first_response_at")
    return found | {c: row[c] for c in support.SAID if c in row}


def _pulse(_ids: Ids, row: Row, origin: Origin) -> dict[str, Any]:
    found = {name: row[name] for name in ("department", "at", "value")}
    return {**found, "source_key": row["key"], "recorded_at": origin.at}


def _own(ids: Ids, row: Row) -> dict[str, Any]:
    return {"account_id": ids.accounts[row["account"]]}


_INTO: Final[Mapping[str, tuple[Natural, Shape]]] = {
    "team": (accounts.ROLES, _role),
    "contacts": (accounts.CONTACTS, _contact),
    "touchpoints": (accounts.TOUCHPOINTS, _touchpoint),
    "signals": (accounts.SIGNALS, _signal),
    "subscriptions": (revenue.SUBSCRIPTIONS, _subscription),
    "departures": (revenue.DEPARTURES, _departure),
    "pulse": (pulse.ANSWERS, _pulse),
    "support_cases": (support.CASES, _support_case),
}
