"""A mapping file → the :class:`~saveline.core.importmap.ImportMap` that runs, or every problem in it.

First :func:`parse_tables` says which files there are; when they are open, :func:`parse_map` checks every column that
the mapping names against their headings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import Field

from saveline.core.cells import PLAIN, heading_word
from saveline.core.errors import Invalid, Problem, one_of
from saveline.core.importmap import (
    Adjust,
    Column,
    Entry,
    Every,
    Fixed,
    How,
    ImportMap,
    Renews,
    Totalled,
    Value,
    Watch,
    Worded,
)
from saveline.core.kinds import Kind, read_cell
from saveline.core.language.columns import HOWS, Columns, TableShape, TotalShape
from saveline.core.language.problems import Expressions, Findings, Place, Source, hint, shown
from saveline.core.language.shapes import Shape
from saveline.core.language.words import Day, Text, Word

COUNTABLE: Final[tuple[How, ...]] = ("sum", "count", "average")
LITERAL: Final = frozenset({"kind", "role", "how"})
"""Fields in which a bare word means itself: a kind of signal is rarely a column."""
VALUE_HINT: Final = (
    "a column, or {column: …}, {value: …}, {text: …}, {sum|average|min|max|latest: TABLE.COLUMN} or {count: TABLE}"
)


class ValueShape(TotalShape):
    column: Text | None = None
    value: Any = None
    text: Text | None = None
    values: dict[str, Any] | None = None
    otherwise: Any = None
    times: Any = None
    renews: Renews | None = None


class EntryShape(Shape):
    from_: Word = Field(alias="from")
    where: Any = None
    only_if: Text | None = None


class WatchShape(Shape):
    kind: Word
    watch: TotalShape
    below: float | None = None
    above: float | None = None
    drop: Any = None
    at_least: float = 0
    every: Every = "month"
    only_if: Text | None = None
    note: Text | None = None


class MapShape(Shape):
    as_of: Day | None = None
    tables: dict[Word, TableShape]
    people: Any = None
    accounts: Any = None
    team: Any = None
    contacts: Any = None
    touchpoints: Any = None
    signals: Any = None
    subscriptions: Any = None
    departures: Any = None
    support_cases: Any = None
    pulse: Any = None


def parse_tables(source: Source) -> dict[str, TableShape]:
    """The tables that a mapping names, by name. Raises Invalid when the mapping is not in shape."""
    found = Findings(source)
    shape = found.shaped(MapShape, source.data)
    if shape is None:
        raise Invalid(found.problems)
    return shape.tables


def parse_map(
    source: Source,
    headings: Mapping[str, Sequence[str]],
    kinds: Mapping[str, Kind],
    expressions: Expressions,
    today: date,
) -> tuple[ImportMap, tuple[Problem, ...]]:
    """The map that runs, and warnings. ``headings`` are those of each table as words; ``today`` stands in for a
    missing ``as_of``.

    Raises Invalid with every problem.
    """
    found = Findings(source)
    shape = found.shaped(MapShape, source.data)
    if shape is None:
        raise Invalid(found.problems)
    columns = Columns(found, shape.tables, headings, expressions, _account_key(shape.accounts))
    read = _Reader(source, kinds, shape, columns).map(today)
    if found.fatal:
        raise Invalid(found.problems)
    return read, tuple(found.problems)


class _Reader:
    """Reads one mapping entry by entry."""

    def __init__(self, source: Source, kinds: Mapping[str, Kind], shape: MapShape, columns: Columns) -> None:
        self.source, self.kinds, self.shape = source, kinds, shape
        self.columns, self.found, self.expressions = columns, columns.found, columns.expressions

    def map(self, today: date) -> ImportMap:
        entries: list[Entry | None] = []
        watches: list[Watch | None] = []
        for kind in self.kinds.values():
            for i, data in enumerate(_listed(getattr(self.shape, kind.name))):
                place: Place = (kind.name, i) if isinstance(self.source.data[kind.name], list) else (kind.name,)
                if kind.name == "signals" and isinstance(data, dict) and "watch" in data:
                    watches.append(self._watch(place, data))
                else:
                    entries.append(self._entry(kind, place, data))
        if not entries and not watches:
            self.found.add((), "nothing is imported", f"at least one of {one_of(self.kinds)}")
        if not self.found.fatal:
            self.columns.check_used()
        return ImportMap(
            self.columns.specs,
            tuple(e for e in entries if e is not None),
            self.columns.lookups,
            tuple(self.columns.totals),
            tuple(w for w in watches if w is not None),
            self.shape.as_of or today,
        )

    # --- rows -------------------------------------------------------------------------------------------------

    def _only_if(self, place: Place, source: str | None) -> Any:
        if source is None:
            return None
        if not self.columns.account_key:
            self.found.add(place, "only_if asks for accounts, and the mapping has none", "accounts in the mapping")
        known = {"account": dict.fromkeys(self.kinds["accounts"].fields)}
        return self.found.condition(place, source, known, self.expressions)

    def _entry(self, kind: Kind, place: Place, data: Any) -> Entry | None:
        shape = self._entry_shape(kind, place, data)
        if shape is None or not self.found.known((*place, "from"), "table", shape.from_, self.columns.tables):
            return None
        self.columns.used.add(shape.from_)
        fields: dict[str, Value] = {}
        for name in kind.fields:
            if name in data:
                value = self._value(kind, (*place, name), shape.from_, data[name])
                if value is not None:
                    fields[name] = value
            elif name in kind.needed:
                self.found.add(place, f"{name!r} is missing", f"the key {name!r}")
        where = self.columns.where((*place, "where"), shape.from_, shape.where)
        return Entry(kind, shape.from_, fields, where, self._only_if((*place, "only_if"), shape.only_if))

    def _entry_shape(self, kind: Kind, place: Place, data: Any) -> EntryShape | None:
        """What an entry says besides the fields of its kind, whose names are checked here."""
        if not isinstance(data, dict):
            self.found.add(place, f"{kind.name} is {shown(data)}", "the key from and the fields of a row")
            return None
        own = ("from", "where", "only_if")
        for key in data:
            if key not in own:
                self.found.known((*place, key), f"key of {kind.name}", key, (*own, *kind.fields), key=True)
        return self.found.shaped(EntryShape, {k: v for k, v in data.items() if k in own}, place)

    def _value(self, kind: Kind, place: Place, table: str, data: Any) -> Value | None:
        name = str(place[-1])
        if isinstance(data, str) and name in LITERAL:
            return self._fixed(kind, place, data)
        if isinstance(data, str):
            ref = self.columns.ref(place, table, data)
            return Column(ref) if ref is not None else None
        if not isinstance(data, dict):
            self.found.add(place, f"{name} is {shown(data)}", VALUE_HINT)
            return None
        shape = self.found.shaped(ValueShape, data, place)
        ways = [w for w in ("column", "value", "text", *HOWS) if w in data]
        if shape is None or not self._one_way(place, data, ways):
            return None
        if ways[0] == "value":
            return self._fixed(kind, place, _text_of(shape.value))
        if ways[0] == "text":
            return self._worded((*place, "text"), table, shape.text or "")
        if ways[0] == "column":
            return self._column(place, table, shape)
        total = self.columns.total(place, shape)
        return Totalled(total, self._adjust(place, shape)) if total is not None else None

    def _one_way(self, place: Place, data: Mapping[str, Any], ways: Sequence[str]) -> bool:
        """Whether a value says in exactly one way where it comes from, and nothing that has no meaning beside it."""
        if len(ways) != 1:
            self.found.add(place, f"{place[-1]} says {' and '.join(ways) or 'no source'}", VALUE_HINT)
            return False
        counted, columns = ("by", "where", "last"), ("values", "otherwise")
        beside = {"column": (*columns, "times", "renews")}.get(ways[0], (*counted, "times", "renews"))
        for key in data:
            if key not in (*ways, *(() if ways[0] in ("value", "text") else beside)):
                self.found.add((*place, key), f"{key!r} has no meaning beside {ways[0]!r}", "one without the other")
        return True

    def _fixed(self, kind: Kind, place: Place, text: str) -> Fixed | None:
        try:
            read_cell(kind.fields[str(place[-1])], text, PLAIN, ZoneInfo("UTC"))
        except ValueError as error:
            self.found.add(place, f"{place[-1]} is {text!r}", str(error))
            return None
        return Fixed(text)

    def _worded(self, place: Place, table: str, source: str) -> Worded | None:
        try:
            return Worded(
                self.expressions.text(source, self.columns.known(table)), self.columns.named(place, table, source)
            )
        except ValueError as error:
            self.found.add(place, f"the text {source!r}", *hint(error))
            return None

    def _column(self, place: Place, table: str, shape: ValueShape) -> Column | None:
        ref = self.columns.ref((*place, "column"), table, shape.column or "")
        if ref is None:
            return None
        values = {k.strip(): _text_of(v) for k, v in shape.values.items()} if shape.values is not None else None
        otherwise = None if shape.otherwise is None else _text_of(shape.otherwise)
        if otherwise is not None and values is None:
            self.found.add((*place, "otherwise"), "'otherwise' without 'values'", "the values that are known")
        return Column(ref, values, otherwise, self._adjust(place, shape))

    def _adjust(self, place: Place, shape: ValueShape) -> Adjust:
        if shape.times is None:
            return Adjust(None, shape.renews)
        try:
            factor = Fraction(str(shape.times))
        except (ValueError, ZeroDivisionError):
            self.found.add((*place, "times"), f"times is {shape.times!r}", "a number like 12, 0.01 or 1/60")
            return Adjust()
        return Adjust(Decimal(factor.numerator) / Decimal(factor.denominator), shape.renews)

    # --- watches ----------------------------------------------------------------------------------------------

    def _watch(self, place: Place, data: Any) -> Watch | None:
        shape = self.found.shaped(WatchShape, data, place)
        if shape is None or not self._bounded(place, shape):
            return None
        here: Place = (*place, "watch")
        ways = [h for h in HOWS if getattr(shape.watch, h) is not None]
        if len(ways) != 1 or ways[0] not in COUNTABLE:
            self.found.add(
                here, "watch is not one figure", "one of {sum: TABLE.COLUMN}, {average: TABLE.COLUMN}, {count: TABLE}"
            )
            return None
        drop, last = self._share((*place, "drop"), shape.drop), shape.watch.last
        if drop is not None and last is None:
            self.found.add(here, "a drop without 'last'", "last: 30 days, so that there is a period before")
        total = self.columns.total(here, shape.watch)
        if total is None:
            return None
        before = self.columns.total(here, shape.watch, last.days) if drop is not None and last is not None else None
        return Watch(
            kind=shape.kind,
            total=total,
            before=before,
            below=None if shape.below is None else Decimal(str(shape.below)),
            above=None if shape.above is None else Decimal(str(shape.above)),
            drop=drop,
            at_least=Decimal(str(shape.at_least)),
            every=shape.every,
            only_if=self._only_if((*place, "only_if"), shape.only_if),
            note=shape.note or "",
        )

    def _bounded(self, place: Place, shape: WatchShape) -> bool:
        bounds = [n for n in ("below", "above", "drop") if getattr(shape, n) is not None]
        if len(bounds) != 1:
            said = " and ".join(bounds) or "no bound"
            self.found.add(place, f"a watch with {said}", "exactly one of below, above and drop")
        return len(bounds) == 1

    def _share(self, place: Place, given: Any) -> Decimal | None:
        if given is None:
            return None
        match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]+)?)\s*%", str(given).strip())
        if match is None or not 0 < Decimal(match[1]) <= 100:
            self.found.add(place, f"drop is {given!r}", "a percentage like 50%")
            return None
        return Decimal(match[1]) / 100


def _listed(given: Any) -> list[Any]:
    """One entry or a list of them."""
    return given if isinstance(given, list) else [] if given is None else [given]


def _text_of(value: Any) -> str:
    """A plain value of YAML as a cell would hold it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _account_key(given: Any) -> str:
    """The heading of the accounts' key."""
    key = next((e.get("key") for e in _listed(given) if isinstance(e, dict)), None)
    if isinstance(key, dict):
        key = key.get("column")
    return heading_word(key) if isinstance(key, str) else ""
