"""The tables of a mapping: their columns, found by name, conditions over them, and totals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import Field

from saveline.core.cells import PLAIN, Style, heading_word, style_of, with_numbers
from saveline.core.importmap import How, Lookup, Named, Ref, TableSpec, Total, Where
from saveline.core.language.problems import Expressions, Findings, Place, shown
from saveline.core.language.shapes import Shape
from saveline.core.language.words import Span, Text, Word
from saveline.core.moments import Duration

HOWS: Final[tuple[How, ...]] = ("sum", "count", "average", "min", "max", "latest")

_NAME = re.compile(r"([^\W\d]\w*)(?:\s*\.\s*([^\W\d]\w*))?")


class TableShape(Shape):
    file: Text
    key: Text | None = None
    date: Text | None = None
    with_: dict[Word, Text] = Field(default={}, alias="with")
    date_format: Text | None = None
    numbers: Any = None
    delimiter: Literal[",", ";", "tab", "|"] | None = None


class TotalShape(Shape):
    sum: Text | None = None
    count: Text | None = None
    average: Text | None = None
    min: Text | None = None
    max: Text | None = None
    latest: Text | None = None
    by: Text | None = None
    where: Any = None
    last: Span | None = None


class Columns:
    """Finds what a mapping names, and collects what has to be looked up and counted for it.

    ``headings`` are those of each table, as words; ``account_key`` is the column by which totals find their account
    unless they say otherwise.
    """

    def __init__(
        self,
        found: Findings,
        tables: Mapping[str, TableShape],
        headings: Mapping[str, Sequence[str]],
        expressions: Expressions,
        account_key: str,
    ) -> None:
        self.found, self.tables, self.expressions = found, tables, expressions
        self.headings, self.account_key = headings, account_key
        self.used: set[str] = set()
        self.totals: list[Total] = []
        self._wanted: dict[str, list[int]] = {}
        self._styles = {name: self._style(name, table) for name, table in tables.items()}
        self.specs = {name: self._spec(name, table) for name, table in tables.items()}

    @property
    def lookups(self) -> dict[str, Lookup]:
        """The tables in which others look something up, and what."""
        return {t: Lookup(t, self._key_index(t), tuple(wanted)) for t, wanted in self._wanted.items()}

    # --- tables -----------------------------------------------------------------------------------------------

    def _style(self, name: str, table: TableShape) -> Style:
        style = PLAIN
        for key, given in (("date_format", table.date_format), ("numbers", table.numbers)):
            try:
                style = style_of(table.date_format) if key == "date_format" else with_numbers(style, given)
            except ValueError as error:
                self.found.add(("tables", name, key), f"{key} is {shown(given)}", str(error))
        return style

    def _spec(self, name: str, table: TableShape) -> TableSpec:
        place: Place = ("tables", name)
        for other in table.with_:
            if self.found.known((*place, "with", other), "table", other, [t for t in self.tables if t != name]):
                if self.tables[other].key is None:
                    self.found.add(
                        ("tables", other), f"{name} looks up rows here", "the key of this table, as key: COLUMN"
                    )
                self.ref((*place, "with", other), name, table.with_[other])
        key = self.ref((*place, "key"), name, table.key) if table.key else None
        day = self.ref((*place, "date"), name, table.date) if table.date else None
        return TableSpec(name, table.file, "\t" if table.delimiter == "tab" else table.delimiter or "", key, day)

    def _key_index(self, table: str) -> int:
        key = self.specs[table].key
        return key.index if key is not None else 0

    def check_used(self) -> None:
        for name in self.tables:
            if name not in self.used:
                self.found.warn(("tables", name), f"the table {name!r} is not used")

    def ref(self, place: Place, table: str, name: str) -> Ref | None:
        """A column of ``table``, or as ``other.column`` one of a table it is read with."""
        head, dot, tail = name.partition(".")
        joined = self.tables[table].with_
        if dot and head.strip() in joined:
            return self._joined(place, table, head.strip(), heading_word(tail))
        if dot and head.strip() in self.tables:
            self.found.add(place, f"{table} is not read with {head.strip()}", f"with: {{{head.strip()}: COLUMN}} there")
            return None
        word, words = heading_word(name), self.headings[table]
        if not self.found.known(place, f"column of {table}", word, words):
            return None
        return Ref(word, list(words).index(word), style=self._styles[table])

    def _joined(self, place: Place, table: str, other: str, word: str) -> Ref | None:
        words, own = list(self.headings.get(other, ())), list(self.headings[table])
        via = heading_word(self.tables[table].with_[other])
        if not words or via not in own or not self.found.known(place, f"column of {other}", word, words):
            return None
        self.used.add(other)
        wanted = self._wanted.setdefault(other, [])
        if words.index(word) not in wanted:
            wanted.append(words.index(word))
        position = wanted.index(words.index(word))
        return Ref(f"{other}.{word}", position, other, own.index(via), self._styles[other])

    # --- conditions -------------------------------------------------------------------------------------------

    def known(self, table: str) -> dict[str, Any]:
        joins = {t: dict.fromkeys(self.headings[t]) for t in self.tables[table].with_ if t in self.headings}
        return {"as_of": None, **dict.fromkeys(self.headings[table]), **joins}

    def named(self, place: Place, table: str, source: str) -> Named:
        """The columns whose names stand in ``source``; one too many does no harm."""
        refs: dict[tuple[str, ...], Ref | None] = {}
        for head, tail in _NAME.findall(source):
            if tail and head in self.tables[table].with_:
                refs[head, tail] = self._joined(place, table, head, tail)
            elif head in self.headings[table]:
                refs[head,] = self.ref(place, table, head)
        return Named(tuple((path, ref) for path, ref in refs.items() if ref is not None))

    def where(self, place: Place, table: str, given: Any) -> Where | None:
        if given is None:
            return None
        if not isinstance(given, str):
            self.found.add(place, f"where is {shown(given)}", f"a condition over the columns of {table}")
            return None
        condition = self.found.condition(place, given, self.known(table), self.expressions)
        return Where(condition, self.named(place, table, given)) if condition is not None else None

    # --- totals -----------------------------------------------------------------------------------------------

    def total(self, place: Place, shape: TotalShape, skip: int = 0) -> int | None:
        """The number of a total, added to the list."""
        how: How = next(h for h in HOWS if getattr(shape, h) is not None)
        table, _, name = str(getattr(shape, how)).partition(".")
        table = table.strip()
        if not self.found.known((*place, how), "table", table, self.tables):
            return None
        self.used.add(table)
        if bool(name) == (how == "count"):
            wanted = "a table alone, with where to choose its rows" if how == "count" else "TABLE.COLUMN"
            self.found.add((*place, how), f"{how} is {getattr(shape, how)!r}", wanted)
            return None
        days = self._days((*place, "last"), shape.last)
        if self.specs[table].date is None and (days or how == "latest"):
            self.found.add((*place, "last" if days else how), f"{table} has no date", f"date: COLUMN in tables.{table}")
        by = self.ref((*place, "by"), table, shape.by or self.account_key or "account")
        column = self.ref((*place, how), table, name) if name else None
        where = self.where((*place, "where"), table, shape.where)
        if by is None or (name and column is None):
            return None
        self.totals.append(Total(table, how, by, column, where, days, skip))
        return len(self.totals) - 1

    def _days(self, place: Place, span: Duration | None) -> int | None:
        if span is None:
            return None
        if span.has_hour or span.business_days or not 1 <= span.days <= 3660:
            self.found.add(place, f"last is {str(span)!r}", "whole days or weeks, like 30 days")
        return span.days
