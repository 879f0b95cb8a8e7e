"""A compiled mapping: which tables there are, what each row of them becomes, and what is counted over them.

Made from YAML by :mod:`saveline.core.language.mapping`, or for a file in the plain format by :func:`plain`. A column is
known by its position, so that reading a row costs no search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from saveline.core.cells import PLAIN, Style
from saveline.core.facts import Fact
from saveline.core.kinds import Kind
from saveline.core.play import Condition, Text

How: TypeAlias = Literal["sum", "count", "average", "min", "max", "latest"]
Every: TypeAlias = Literal["month", "week", "day"]
Renews: TypeAlias = Literal["yearly", "monthly"]


class Ref(Fact, frozen=True):
    """A column of a table; with ``table`` one of the row there whose key stands in our column ``via``."""

    heading: str
    index: int
    table: str = ""
    via: int = -1
    style: Style = PLAIN

    @property
    def column(self) -> int:
        """Where it stands in the line, from 1, as problems name it."""
        return (self.index if self.via < 0 else self.via) + 1


class Named(Fact, frozen=True):
    """The columns that a condition or text names, each with the names that lead to it: ``(subscriptions, plan)``."""

    refs: tuple[tuple[tuple[str, ...], Ref], ...] = ()


class Where(Fact, frozen=True):
    """Which rows count."""

    condition: Condition
    named: Named


class Adjust(Fact, frozen=True):
    """What is done with a value that was found: a factor, and a date rolled on to its next return."""

    times: Decimal | None = None
    renews: Renews | None = None


class Column(Fact, frozen=True):
    """The cell of a column, by ``values`` turned into another word."""

    ref: Ref
    values: Mapping[str, str] | None = None
    otherwise: str | None = None
    adjust: Adjust = Adjust()


class Fixed(Fact, frozen=True):
    """The same in every row."""

    text: str


class Worded(Fact, frozen=True):
    """A text with columns in it."""

    text: Text
    named: Named


class Totalled(Fact, frozen=True):
    """Total number ``total`` of the map, for the account of this row."""

    total: int
    adjust: Adjust = Adjust()


Value: TypeAlias = Column | Fixed | Worded | Totalled


class TableSpec(Fact, frozen=True):
    """A file. Rows whose ``date`` lies after the map's day are not seen; ``key`` may be there once only."""

    name: str
    file: str
    delimiter: str = ""
    key: Ref | None = None
    date: Ref | None = None


class Lookup(Fact, frozen=True):
    """What other tables look up in ``table``: the columns at ``wanted``, by the column at ``key``."""

    table: str
    key: int
    wanted: tuple[int, ...]


class Total(Fact, frozen=True):
    """A figure over the rows of ``table`` for each account: those of the last ``days``, ending ``skip`` days ago."""

    table: str
    how: How
    by: Ref
    column: Ref | None = None
    where: Where | None = None
    days: int | None = None
    skip: int = 0

    @property
    def label(self) -> str:
        of = f" of {self.column.heading}" if self.column else f" of {self.table}"
        return f"{self.how}{of}" + (f" in {self.days} days" if self.days else "")


class Entry(Fact, frozen=True):
    """What the rows of a table become. ``only_if`` is asked of the account that the row names."""

    kind: Kind
    table: str
    fields: Mapping[str, Value]
    where: Where | None = None
    only_if: Condition | None = None


class Watch(Fact, frozen=True):
    """A signal from a total: where it lies beyond a bound, or has fallen by a share since the period before.

    One signal a period of ``every`` and account, so that a second import in the same month finds the first.
    """

    kind: str
    total: int
    before: int | None = None
    below: Decimal | None = None
    above: Decimal | None = None
    drop: Decimal | None = None
    at_least: Decimal = Decimal(0)
    every: Every = "month"
    only_if: Condition | None = None
    note: str = ""


class ImportMap(Fact, frozen=True):
    """All of it. Without ``as_of`` rows are seen whatever their date."""

    tables: Mapping[str, TableSpec]
    entries: tuple[Entry, ...]
    lookups: Mapping[str, Lookup] = {}
    totals: tuple[Total, ...] = ()
    watches: tuple[Watch, ...] = ()
    as_of: date | None = None

    @property
    def asks_accounts(self) -> bool:
        """Whether a condition looks at accounts, so that their facts must be kept while signals are made."""
        return any(e.only_if for e in self.entries) or any(w.only_if for w in self.watches)


def plain(files: Sequence[tuple[str, Kind, Sequence[str]]]) -> ImportMap:
    """The map of files in the plain format: ``(file, kind, headings as words)`` each."""
    tables = {file: TableSpec(file, file) for file, _, _ in files}
    entries = []
    for file, kind, words in files:
        refs = {word: Ref(word, i) for i, word in enumerate(words) if word in kind.fields}
        entries.append(Entry(kind, file, {word: Column(ref) for word, ref in refs.items()}))
    return ImportMap(tables, tuple(entries))
