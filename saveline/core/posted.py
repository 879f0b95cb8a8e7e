"""Rows that a program sends as JSON: the same kinds and cells as in a CSV, with each value in JSON's own type.

A number keeps the digits it was sent with (:class:`Digits`), so that an amount is read as it stands and not by way of a
binary fraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from saveline.core.cells import PLAIN
from saveline.core.errors import in_quotes, nearest, one_of
from saveline.core.facts import Fact
from saveline.core.kinds import Field, Kind, Type, natural_key, read_cell, with_key
from saveline.core.writable import control

MOST_ROWS: Final = 1_000
"""Rows in one call."""
MOST_SEARCHES: Final = 200
"""Faults for which the nearest word is looked for: it takes a moment each time."""
MOST_UNKNOWN: Final = 20
"""Unknown fields of one row that are told."""
LONGEST_NAME: Final = 60
NUMBERS: Final[frozenset[Type]] = frozenset({"money", "number", "whole", "percent"})


class Digits(str):
    """A number of JSON as it was written."""

    __slots__ = ()


class Refused(Fact, frozen=True):
    """A row that does not go in: which, the field that is wrong ('' for the row as a whole), and how to mend it."""

    index: int
    field: str
    what: str
    expected: str = ""
    nearest: str = ""


Row: TypeAlias = dict[str, Any]
Numbered: TypeAlias = tuple[int, Row]


def read_rows(kind: Kind, given: Sequence[Any], zone: ZoneInfo) -> tuple[list[Numbered], list[Refused]]:
    """The rows in order, each with its index, and every fault of the others. No natural key is there twice."""
    rows: list[Numbered] = []
    refused: list[Refused] = []
    seen: dict[tuple[str, ...], int] = {}
    for index, data in enumerate(given):
        row, faults = _row(kind, index, data, zone, near=len(refused) < MOST_SEARCHES)
        if not faults:
            first = seen.setdefault(natural_key(kind, row), index)
            faults = [] if first == index else [_twice(kind, row, index, first)]
        if faults:
            refused += faults
        else:
            rows.append((index, row))
    return rows, refused


def _row(kind: Kind, index: int, data: Any, zone: ZoneInfo, *, near: bool) -> tuple[Row, list[Refused]]:
    if not isinstance(data, dict):
        return {}, [Refused(index, "", f"a row is {named(data)}", f"an object with {one_of(kind.needed)}")]
    faults = list(islice(_unknown(kind, index, data, near=near), MOST_UNKNOWN))
    row: Row = {}
    for name, field in kind.fields.items():
        if name not in data:
            if name in kind.needed:
                faults.append(Refused(index, name, f"{name} is missing", _expected(field)))
            continue
        try:
            row[name] = _value(field, data[name], zone)
            if row[name] is None and field.required:
                faults.append(Refused(index, name, f"{name} is empty", "a value"))
        except ValueError as error:
            faults.append(Refused(index, name, f"{name} is {named(data[name])}", str(error)))
    return (row if faults else with_key(kind, row)), faults


def _unknown(kind: Kind, index: int, data: Mapping[str, Any], *, near: bool) -> Iterator[Refused]:
    free = [f for f in kind.fields if f not in data]
    for name in data:
        if name not in kind.fields:
            like = nearest(name, free) if near and len(name) <= LONGEST_NAME else ""
            yield Refused(index, in_quotes(name)[1:-1], "an unknown field", one_of(kind.fields), like)


def _value(field: Field, given: Any, zone: ZoneInfo) -> Any:
    """What a cell would hold. Raises ValueError with what was expected."""
    if given is None or (field.type == "yes_no" and isinstance(given, bool)):
        return given
    number = isinstance(given, Digits)
    if not isinstance(given, str) or field.type == "yes_no" or number != (field.type in NUMBERS):
        raise ValueError(_expected(field))
    bad = control(given)
    if bad:
        raise ValueError(f"text without {bad}")
    return read_cell(field, given, PLAIN, zone)


def _twice(kind: Kind, row: Row, index: int, first: int) -> Refused:
    what = ", ".join(f"{name} {in_quotes(row[name])}" for name in kind.key)
    return Refused(index, kind.key[0], f"{what} is there twice, first as row {first}", "each once")


_EXPECTED: Final[Mapping[Type, str]] = {
    "money": "a number like 1234.50, without currency",
    "number": "a number",
    "whole": "a whole number",
    "percent": "a number from 0 to 100",
    "date": "a text with a date like 2026-11-30",
    "moment": "a text with a moment like 2026-11-30T09:00:00Z",
    "yes_no": "true or false",
    "word": "a text with a word like champion_left",
    "email": "a text with an e-mail address",
}


def _expected(field: Field) -> str:
    return _EXPECTED.get(field.type, "a text")


def named(value: Any) -> str:
    """A value of JSON as a message names it, never much of it."""
    if isinstance(value, Digits):
        return f"the number {in_quotes(str(value), 40)[1:-1]}"
    if isinstance(value, str):
        return in_quotes(value, 40)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return "a list" if isinstance(value, list) else "an object"
