"""The blocks a report is built of: a small closed set, and every form of a report is made of them and nothing else.

A section is a heading over blocks: sentences, key numbers, a table, a chart with the table of its numbers, a note on
how sure a figure is. Every cell holds what people read beside the value it stands for, so that no form works anything
out: pages print the texts, a CSV prints the values. Keys never change with the language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from saveline.core.facts import Fact
from saveline.core.slices import Cut

Value: TypeAlias = int | float | str | None
Kind: TypeAlias = Literal["text", "date", "number", "money"]
Place: TypeAlias = Literal["name", "figure", "aside", "detail"]
Tone: TypeAlias = Literal["", "bad", "good"]


class Cell(Fact, frozen=True):
    """``text`` as it stands under its heading; ``phrase`` the same where there is none (``2 came in``), by default the
    text. ``value`` is what it stands for: cents of money, days, a count, an ISO date, or nothing where that is the text
    itself. Of a ``bad`` one at most one catches the eye."""

    text: str
    value: Value = None
    phrase: str = ""
    tone: Tone = ""

    @property
    def said(self) -> str:
        return self.phrase or self.text


class Column(Fact, frozen=True):
    """``unit`` is of a number: ``deals``, ``days``, a currency's code; nothing for texts and dates.

    ``place`` is where it goes when there is no room for columns: the ``name`` of the line, its main ``figure``, what
    stands ``aside`` of it, and ``detail`` below.
    """

    key: str
    title: str
    kind: Kind = "text"
    unit: str = ""
    place: Place = "detail"


class Row(Fact, frozen=True):
    """``key`` names the line in every language: a stage's key, a deal's number. ``strong`` ones are sums."""

    key: str
    cells: tuple[Cell, ...]
    strong: bool = False


class Table(Fact, frozen=True, tag="table"):
    """``caption`` says what the figures are. One that ``lists`` names accounts and tasks; others are figures. ``more``
    tells of lines that were left out. Raises ValueError where a row does not fit the columns."""

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    lists: bool = False
    more: str = ""

    def __post_init__(self) -> None:
        if [c.place for c in self.columns].count("name") != 1 or [c.place for c in self.columns].count("figure") != 1:
            raise ValueError(f"the table {self.key} needs one name and one figure")
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row of the table {self.key} does not fit its columns")
        if len({row.key for row in self.rows}) != len(self.rows):
            raise ValueError(f"two rows of the table {self.key} have one key")


class Sentences(Fact, frozen=True, tag="sentences"):
    lines: tuple[str, ...]


class Number(Fact, frozen=True):
    """A key number with its label above and a note below."""

    key: str
    label: str
    text: str
    note: str
    value: Value = None
    kind: Kind = "number"
    unit: str = ""


class Numbers(Fact, frozen=True, tag="numbers"):
    numbers: tuple[Number, ...]


class Note(Fact, frozen=True, tag="note"):
    """How sure a figure is, or what may not be concluded from it: ``n = 31; …``."""

    text: str


# --- charts -----------------------------------------------------------------------------------------------------------


class Bar(Fact, frozen=True):
    """A bar as long as ``value``, with ``text`` at its end and ``note`` in a column of its own."""

    label: str
    value: float
    text: str
    note: str = ""
    tone: Tone = ""


class Bars(Fact, frozen=True, tag="bars"):
    bars: tuple[Bar, ...]


class Step(Fact, frozen=True):
    """A bar from ``start`` to ``end``; a ``total`` stands on the ground."""

    label: str
    start: float
    end: float
    text: str
    total: bool = False
    tone: Tone = ""


class Bridge(Fact, frozen=True, tag="bridge"):
    steps: tuple[Step, ...]


class Interval(Fact, frozen=True):
    """An estimate between ``low`` and ``high``, all three shares from 0 to 1; ``note`` says of how many."""

    label: str
    value: float
    low: float
    high: float
    text: str
    note: str
    tone: Tone = ""


class Intervals(Fact, frozen=True, tag="intervals"):
    """``whole`` is where the dashed line of all together stands, if there is one."""

    intervals: tuple[Interval, ...]
    whole: float | None = None


class Node(Fact, frozen=True):
    """Where streams come together: ``value`` is how much there is, ``text`` and ``note`` say so; one without a label
    only lets them pass."""

    label: str
    value: float
    text: str
    note: str = ""


Shade: TypeAlias = Literal["", "bad", "good", "dull", "pale", "gone"]


class Stream(Fact, frozen=True):
    """Through the node at ``places`` in each column, from 0, and there so wide."""

    places: tuple[int, ...]
    widths: tuple[float, ...]
    tone: Shade = ""


class Flow(Fact, frozen=True, tag="flow"):
    """Streams from left to right through columns of nodes, each column from top to bottom."""

    columns: tuple[tuple[Node, ...], ...]
    streams: tuple[Stream, ...]


Drawing: TypeAlias = Bridge | Bars | Intervals | Flow


class Chart(Fact, frozen=True, tag="chart"):
    """A picture with what it says in words (``finding``), what is said instead of it (``alt``), and the table of its
    numbers: there is no chart without one."""

    key: str
    finding: str
    alt: str
    drawing: Drawing
    numbers: Table


Block: TypeAlias = Sentences | Numbers | Table | Chart | Note


class Section(Fact, frozen=True):
    """``brief``: it is told in short forms as well, a post in Slack for one. ``chapter`` is the title of the chapter it
    is in; those of the first have none, and are what an e-mail tells."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    brief: bool = False
    chapter: str = ""


class Page(Fact, frozen=True):
    """A report in one language, finished: every form prints this. ``as_of`` is the moment it knows up to.

    ``key`` tells it from every other of its kind, ``slice`` says what all of it is a slice of.
    """

    company: str
    title: str
    key: str
    language: str
    as_of: datetime
    findings: tuple[str, ...]
    numbers: Numbers
    sections: tuple[Section, ...]
    reading: str
    slice: tuple[Cut, ...] = ()

    @property
    def chapters(self) -> tuple[str, ...]:
        """The titles of the chapters after the first, in order."""
        return tuple(dict.fromkeys(s.chapter for s in self.sections if s.chapter))

    @property
    def charts(self) -> tuple[tuple[Section, Chart], ...]:
        """Every chart with the section it stands in, in order."""
        return tuple((s, b) for s in self.sections for b in s.blocks if isinstance(b, Chart))

    @property
    def tables(self) -> tuple[tuple[Section, Table], ...]:
        """Every table with its section, those of the charts' numbers too."""
        found = ((s, b.numbers if isinstance(b, Chart) else b) for s in self.sections for b in s.blocks)
        return tuple((s, b) for s, b in found if isinstance(b, Table))


def plain(page: Page) -> dict[str, Any]:
    """The page as templates print it: dicts and texts. Each row also has its cells by their place (``name``,
    ``figure``, ``asides``, ``details``), each column its ``width`` in characters and each table that of its names, and
    ``tables`` are the rows of each table by their columns' keys."""
    made: dict[str, Any] = msgspec.to_builtins(page)
    made["numbers"] = made["numbers"]["numbers"]
    tables = {}
    for section in made["sections"]:
        for block in section["blocks"]:
            table = block["numbers"] if block["type"] == "chart" else block
            if table["type"] == "table":
                tables[table["key"]] = _placed(table)
    return {**made, "tables": tables, "chapters": page.chapters}


def _placed(table: dict[str, Any]) -> list[Mapping[str, str]]:
    """Puts the cells of each row where they go without columns; returns the rows as texts by column."""
    for row in table["rows"]:
        cells = list(zip(table["columns"], row["cells"], strict=True))
        for cell in row["cells"]:
            cell["said"] = cell["phrase"] or cell["text"]
        row["name"], row["figure"] = (_only(cells, place) for place in ("name", "figure"))
        row["asides"], row["details"] = (_all(cells, place) for place in ("aside", "detail"))
    table["width"] = max((len(row["name"]["text"]) for row in table["rows"]), default=0)
    for i, column in enumerate(table["columns"]):
        column["width"] = max(len(text) for text in (column["title"], *(r["cells"][i]["text"] for r in table["rows"])))
    keys = [column["key"] for column in table["columns"]]
    return [dict(zip(keys, (cell["text"] for cell in row["cells"]), strict=True)) for row in table["rows"]]


def _only(cells: Iterable[tuple[dict[str, Any], dict[str, Any]]], place: Place) -> dict[str, Any]:
    return next(cell for column, cell in cells if column["place"] == place)


def _all(cells: Iterable[tuple[dict[str, Any], dict[str, Any]]], place: Place) -> list[dict[str, Any]]:
    return [cell for column, cell in cells if column["place"] == place and cell["text"]]
