"""A report as one long table: every figure with its section, its line, its name and its unit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from saveline.core.blocks import Cell, Column, Kind, Page, Value
from saveline.core.facts import Fact

SUMMARY = "summary"
"""The section of the key numbers."""
SLICE = "slice"
"""The section of what all of it is a slice of: a line for each dimension."""


class Figure(Fact, frozen=True):
    """``value`` as a text: a number with a point and no other mark, money in whole units with its cents, an ISO date,
    or words; empty where there is none. ``unit`` is empty for words, ``date`` for dates, else what is counted."""

    section: str
    line: str
    figure: str
    unit: str
    value: str
    number: float | None = None


def figures(page: Page) -> Iterator[Figure]:
    """Every figure of the page, first what they are a slice of.

    Names and units are the same in every language; words are not.
    """
    for cut in page.slice:
        yield Figure(SLICE, cut.dimension, "value", "", cut.value)
    for n in page.numbers.numbers:
        yield _figure((SUMMARY, n.key, "value"), n.kind, n.unit, n.value)
    for section, table in page.tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                at = (section.key, row.key, column.key)
                yield _figure(at, column.kind, column.unit, _value(column, cell))


def _value(column: Column, cell: Cell) -> Value:
    """What a cell stands for; of words, the words."""
    return cell.text if cell.value is None and column.kind == "text" else cell.value


def _figure(at: tuple[str, str, str], kind: Kind, unit: str, value: Value) -> Figure:
    if value is None:
        return Figure(*at, unit or _unit(kind), "")
    if isinstance(value, str):
        return Figure(*at, unit or _unit(kind), value)
    exact = Decimal(value).scaleb(-2) if kind == "money" else Decimal(str(value))
    return Figure(*at, unit, str(exact), float(exact))


def _unit(kind: Kind) -> str:
    return "date" if kind == "date" else ""
