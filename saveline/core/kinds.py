"""What can be imported: the kinds of rows, their columns, what each column takes and what tells two rows apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from saveline.core import cells
from saveline.core.cells import Style
from saveline.core.facts import Fact

Type: TypeAlias = Literal[
    "text", "note", "key", "money", "number", "whole", "percent", "date", "moment", "yes_no", "word", "email"
]
LONGEST: Final[Mapping[str, int]] = {"text": 200, "key": 200, "note": 4000}
TEXTS: Final = frozenset({*LONGEST, "word", "email"})
"""Types whose cells are kept as they are, so that a formula among them would reach somebody's spreadsheet."""


class Field(Fact, frozen=True):
    """One column of a kind. An empty cell is refused where it is ``required``."""

    type: Type
    required: bool = False


class Kind(Fact, frozen=True):
    """A kind of row. ``key`` names the columns that tell one from another, ``new`` those only a new one must have."""

    name: str
    fields: Mapping[str, Field]
    key: tuple[str, ...]
    new: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Columns in which no cell may be empty."""
        return tuple(name for name, field in self.fields.items() if field.required)

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that a table must have."""
        return tuple(name for name in self.required if name not in self.new)


_ACCOUNT: Final = Field("key", required=True)
PEOPLE: Final = Kind(
    "people",
    {
        "email": Field("email", required=True),
        "name": Field("text", required=True),
        "slack": Field("text"),
        "department": Field("word"),
        "manager": Field("email"),
        "zone": Field("text"),
        "country": Field("text"),
        "hours": Field("text"),
        "capacity": Field("whole"),
        "active": Field("yes_no"),
    },
    ("email",),
)
ACCOUNTS: Final = Kind(
    "accounts",
    {
        "key": Field("key", required=True),
        "name": Field("text", required=True),
        "segment": Field("text"),
        "vertical": Field("text"),
        "region": Field("text"),
        "country": Field("text"),
        "arr": Field("money"),
        "renewal": Field("date"),
        "health": Field("percent"),
        "left_on": Field("date"),
    },
    ("key",),
    new=("name",),
)
TEAM: Final = Kind(
    "team",
    {"account": _ACCOUNT, "role": Field("word", required=True), "person": Field("email", required=True)},
    ("account", "role"),
)
CONTACTS: Final = Kind(
    "contacts",
    {
        "account": _ACCOUNT,
        "email": Field("email", required=True),
        "name": Field("text", required=True),
        "title": Field("text"),
        "champion": Field("yes_no"),
        "left_on": Field("date"),
    },
    ("account", "email"),
)
TOUCHPOINTS: Final = Kind(
    "touchpoints",
    {
        "account": _ACCOUNT,
        "at": Field("moment", required=True),
        "how": Field("text", required=True),
        "person": Field("email"),
        "contact": Field("email"),
        "note": Field("note"),
        "key": Field("key"),
    },
    ("account", "key"),
)
SIGNALS: Final = Kind(
    "signals",
    {
        "account": _ACCOUNT,
        "kind": Field("word", required=True),
        "at": Field("moment", required=True),
        "value": Field("number"),
        "note": Field("note"),
        "contact": Field("key"),
        "key": Field("key"),
    },
    ("account", "kind", "key"),
)
SUBSCRIPTIONS: Final = Kind(
    "subscriptions",
    {
        "account": _ACCOUNT,
        "key": Field("key", required=True),
        "starts_on": Field("date", required=True),
        "ends_on": Field("date"),
        "arr": Field("money", required=True),
    },
    ("account", "key"),
)
DEPARTURES: Final = Kind(
    "departures",
    {
        "account": _ACCOUNT,
        "on": Field("date", required=True),
        "reason": Field("word", required=True),
        "note": Field("note"),
        "key": Field("key", required=True),
    },
    ("account", "key"),
)
PULSE: Final = Kind(
    "pulse",
    {
        "key": Field("key", required=True),
        "department": Field("word", required=True),
        "at": Field("moment", required=True),
        "value": Field("whole", required=True),
    },
    ("key",),
)
SUPPORT_CASES: Final = Kind(
    "support_cases",
    {
        "account": _ACCOUNT,
        "key": Field("key", required=True),
        "opened_at": Field("moment", required=True),
        "first_response_at": Field("moment"),
        "first_response_minutes": Field("number"),
        "resolved_at": Field("moment"),
        "contacts": Field("whole"),
        "reopened": Field("yes_no"),
        "satisfaction": Field("number"),
        "escalated": Field("yes_no"),
        "complaint": Field("yes_no"),
    },
    ("account", "key"),
)

KINDS: Final[Mapping[str, Kind]] = {
    k.name: k
    for k in (PEOPLE, ACCOUNTS, TEAM, CONTACTS, TOUCHPOINTS, SIGNALS, SUBSCRIPTIONS, DEPARTURES, SUPPORT_CASES, PULSE)
}
"""In the order in which they are imported: each may refer to those before it."""
IGNORED: Final = ("line", "reason")
"""Columns that a file of rejected lines has besides its own."""

_OWN_TYPES: Final[Mapping[str, Type]] = {"text": "text", "number": "number", "date": "date", "yes_no": "yes_no"}


def kinds_of(account_fields: Mapping[str, str]) -> dict[str, Kind]:
    """The kinds with the workspace's own columns among those of accounts."""
    own = {n: Field(_OWN_TYPES[type_]) for n, type_ in account_fields.items() if n not in ACCOUNTS.fields}
    return {**KINDS, "accounts": replace(ACCOUNTS, fields={**ACCOUNTS.fields, **own})}


def recognised(words: Iterable[str], kinds: Mapping[str, Kind]) -> str | None:
    """The kind whose required columns are all among ``words``; of several, the one that needs most of them."""
    have = set(words)
    fitting = [k for k in kinds.values() if set(k.required) <= have]
    return max(fitting, key=lambda k: len(k.required)).name if fitting else None


def read_cell(field: Field, text: str, style: Style, zone: ZoneInfo) -> Any:
    """The value of a cell; None for an empty one. Raises ValueError with what was expected."""
    if field.type in TEXTS and cells.formula(text):
        raise ValueError("a text that a spreadsheet does not take for a formula")
    text = text.strip()
    if not text:
        return None
    if field.type == "moment":
        return cells.instant(text, style, zone)
    if field.type not in LONGEST:
        return cells.READ[field.type](text, style)
    if len(text) > LONGEST[field.type]:
        raise ValueError(f"at most {LONGEST[field.type]:,} characters")
    return text


def natural_key(kind: Kind, row: Mapping[str, Any]) -> tuple[str, ...]:
    """What tells this row from others of its kind, as text."""
    return tuple(str(row[column]) for column in kind.key)


def with_key(kind: Kind, row: dict[str, Any]) -> dict[str, Any]:
    """The row with a key: a signal or touchpoint without one is known by its moment."""
    if "key" in kind.key and "at" in kind.fields and not row.get("key"):
        at = row["at"].isoformat()
        row["key"] = f"{at} {row['how']}" if kind is TOUCHPOINTS else at
    return row


def account_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """An account's row as the table has it: ``arr`` in cents, the user's own columns together in ``fields``."""
    columns = {c: v for c, v in row.items() if c in ACCOUNTS.fields and c != "arr"}
    if "arr" in row:
        columns["arr_cents"] = row["arr"] or 0
    return {**columns, "fields": {c: _stored(v) for c, v in row.items() if c not in ACCOUNTS.fields}}


def _stored(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if isinstance(value, date) else value
