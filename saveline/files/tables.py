"""Reading CSV line by line, with limits, real line numbers, and no way for one bad line to spoil the next.

A record that cannot be read whole (a quote that is never closed, bytes that are not UTF-8, a field of ten megabytes)
is one bad line, and reading goes on with the line after it. Nothing but the present record is ever held.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Final, TypeAlias

from saveline.core.cells import heading_word
from saveline.core.derive import Fault
from saveline.core.errors import Invalid, Problem
from saveline.core.facts import Fact

LONGEST_FIELD: Final = 64 * 1024
"""Characters in one field."""
LONGEST_RECORD: Final = 1024 * 1024
"""Bytes in one record, however many lines it takes."""
MOST_COLUMNS: Final = 200
MOST_LINES: Final = 5_000_000
DELIMITERS: Final = (",", ";", "\t", "|")

Progress: TypeAlias = Callable[[int], None]
"""Told how many bytes more have been read."""

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\udc80-\udcff]")
"""Control characters, which no field of ours holds, and what Python makes of bytes that are not UTF-8."""
_QUOTED = re.compile(r'"(?:[^"]++|"")*+"')  # taken once and not given back: a quote left open would take 2^n steps
_OPEN: Final = "unexpected end of data"
"""What Python's reader says of a quote that is not closed."""
_TOLD_EVERY: Final = 1000


class Line(Fact, frozen=True):
    """A record: the number of its first line, its cells, and what makes it unreadable if something does."""

    no: int
    cells: Sequence[str]
    fault: Fault | None = None


class _Raw(Fact, frozen=True):
    """A line as it stands in the file; ``cut`` where it was longer than a record may be."""

    no: int
    text: str
    cut: bool = False


class Table:
    """An open CSV file: its headings, and its lines as often as they are asked for.

    ``words`` are the headings as mappings name them. Raises Invalid for a file that has no usable headings.
    """

    def __init__(self, path: Path, name: str, delimiter: str = "") -> None:
        self.path, self.name = path, name
        self.headings: tuple[str, ...] = ()
        self.stream = _opened(path, name)
        try:
            first = _Lines(self.stream)
            raw = first.next()
            self.delimiter = delimiter or _delimiter(raw.text if raw else "")
            d = re.escape(self.delimiter)
            self._fields = re.compile(rf'("(?:[^"]++|"")*+(?:"[^{d}]*|$)|[^{d}]*)({d}|$)', re.DOTALL)
            self.headings = self._read_headings(first, raw)
        except BaseException:
            self.stream.close()
            raise
        some = self.headings[: MOST_COLUMNS + 1]  # more are refused, however many there are
        self.words = tuple(heading_word(h) or f"column_{i}" for i, h in enumerate(some, start=1))
        self._check_headings()

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def close(self) -> None:
        self.stream.close()

    def lines(self, progress: Progress | None = None) -> Iterator[Line]:
        """Every record after the headings; empty ones are left out. Raises Invalid beyond MOST_LINES."""
        self.stream.seek(0)
        source = _Lines(self.stream)
        self._record(source, source.next())
        told = 0
        while (raw := source.next()) is not None:
            line = self._record(source, raw)
            if line is not None:
                yield line
            if raw.no > MOST_LINES:
                raise Invalid([Problem(self.name, raw.no, 1, "the file is too long", f"at most {MOST_LINES:,} lines")])
            if progress is not None and raw.no % _TOLD_EVERY == 0:
                progress(source.read - told)
                told = source.read
        if progress is not None:
            progress(source.read - told)

    # --- headings ---------------------------------------------------------------------------------------------

    def _read_headings(self, source: _Lines, raw: _Raw | None) -> tuple[str, ...]:
        if raw is None:
            raise Invalid([Problem(self.name, 1, 1, "the file is empty", "a first line with the names of the columns")])
        if "\x00" in raw.text:
            raise Invalid([Problem(self.name, 1, 1, "the file is not UTF-8 text; is it UTF-16?", "CSV saved as UTF-8")])
        if "\r" in raw.text.rstrip("\r\n"):
            raise Invalid([Problem(self.name, 1, 1, "lines end with a carriage return alone", "LF or CRLF")])
        cells, fault = self._split(source, raw)
        fault = fault or _unreadable(cells, lambda column: f"heading {column}")
        if fault is not None:
            raise Invalid([Problem(self.name, 1, fault.column, fault.what, fault.expected)])
        return tuple(c.strip() for c in cells)

    def _check_headings(self) -> None:
        problems = []
        first: dict[str, int] = {}
        for i, word in enumerate(self.words[: MOST_COLUMNS + 1], start=1):
            if i > MOST_COLUMNS:
                problems = [Problem(self.name, 1, i, "too many columns", f"at most {MOST_COLUMNS}")]
            elif first.setdefault(word, i) != i:
                what = f"the heading {self.headings[i - 1]!r} is there twice, first as column {first[word]}"
                problems.append(Problem(self.name, 1, i, what, "each heading once"))
        if problems:
            self.stream.close()
            raise Invalid(problems)

    # --- records ----------------------------------------------------------------------------------------------

    def _record(self, source: _Lines, raw: _Raw | None) -> Line | None:
        """The record that begins with ``raw``; None for an empty one."""
        if raw is None:
            return None
        cells, fault = self._split(source, raw)
        if fault is None and not any(c and not c.isspace() for c in cells):
            return None
        return Line(raw.no, cells, fault or self._fault(raw, cells))

    def _split(self, source: _Lines, raw: _Raw) -> tuple[Sequence[str], Fault | None]:
        """The fields of the record that begins with ``raw``. One that is not in order takes no more than its line."""
        if '"' not in raw.text:
            return raw.text.rstrip("\r\n").split(self.delimiter), None
        if raw.cut:
            return self._as_written(raw.text), None
        pieces = [raw.text]
        cells, reason = self._parsed(source, pieces)
        if reason == _OPEN and raw.text.count('"') % 2:
            # An odd number of quotes leaves one open: the record goes on until the number is even again.
            pieces += source.through_quote(LONGEST_RECORD)
            cells, reason = self._parsed(source, pieces)
            if not reason and self.headings and len(cells) != len(self.headings):
                reason = _OPEN  # what closed the quote was the beginning of another
        if not reason:
            return cells, None
        source.back(len(pieces) - 1)
        cells = self._as_written(raw.text)
        return cells, self._quote_fault(cells, reason)

    def _parsed(self, source: _Lines, pieces: list[str]) -> tuple[Sequence[str], str]:
        """The fields of the record in ``pieces``, or why there is none; lines that it did not need are given back."""
        reader = csv.reader(pieces, delimiter=self.delimiter, strict=True)
        try:
            cells = next(reader)
        except csv.Error as error:
            return [], str(error)
        source.back(len(pieces) - reader.line_num)
        del pieces[reader.line_num :]
        return cells, ""

    def _as_written(self, text: str) -> Sequence[str]:
        """The fields of a line that is not in order, quotes and all, as near as can be told."""
        cells, text = [], text.rstrip("\r\n")
        found = self._fields.match(text)
        while found is not None:
            cells.append(found[1])
            found = self._fields.match(text, found.end()) if found[2] else None
        return cells

    def _quote_fault(self, cells: Sequence[str], reason: str) -> Fault:
        if "field limit" in reason:
            return self._too_long(cells)
        column = next((i for i, c in enumerate(cells, start=1) if '"' in c and not _QUOTED.fullmatch(c)), 1)
        opened = reason == _OPEN
        what = "a quote is opened and not closed" if opened else "a quote stands where no field begins or ends"
        return Fault(
            column, f"{self._heading(column)}: {what}", 'quotes around a whole field, and "" for one inside it'
        )

    def _fault(self, raw: _Raw, cells: Sequence[str]) -> Fault | None:
        if raw.cut or max(map(len, cells)) > LONGEST_FIELD:
            return self._too_long(cells)
        if len(cells) != len(self.headings):
            return self._wrong_count(cells)
        return _unreadable(cells, self._heading)

    def _too_long(self, cells: Sequence[str]) -> Fault:
        column = max(range(len(cells)), key=lambda i: len(cells[i])) + 1
        what = f"{self._heading(column)} has more than {LONGEST_FIELD:,} characters"
        return Fault(column, what, f"at most {LONGEST_FIELD:,} in a field")

    def _wrong_count(self, cells: Sequence[str]) -> Fault:
        have, want = len(cells), len(self.headings)
        what = f"{have} {'field' if have == 1 else 'fields'}"
        what += f", the first that is missing is {self._heading(have + 1)}" if have < want else ""
        return Fault(min(have, want) + 1, what, f"{want}, as in the first line")

    def _heading(self, column: int) -> str:
        return self.headings[column - 1] if 0 < column <= len(self.headings) else f"column {column}"


class _Lines:
    """The physical lines of a file in order, with a way to give some back. ``read`` counts bytes."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._ahead: deque[_Raw] = deque()
        self._given: deque[_Raw] = deque()
        self._no = 0
        self.read = 0

    def next(self) -> _Raw | None:
        """The next line; None at the end."""
        self._given.clear()
        return self._ahead.popleft() if self._ahead else self._next()

    def through_quote(self, room: int) -> list[str]:
        """The lines with which a quote that is open may be closed: those up to an odd number of quotes more.

        Nothing where the file or ``room`` ends first.
        """
        taken: list[str] = []
        quotes = 0
        while room > 0 and (raw := self._ahead.popleft() if self._ahead else self._next()) is not None:
            self._given.append(raw)
            taken.append(raw.text)
            room -= len(raw.text)
            quotes += raw.text.count('"')
            if quotes % 2:
                return taken
        self.back(len(taken))
        return []

    def back(self, count: int) -> None:
        """Give back the last ``count`` lines that were taken."""
        for _ in range(count):
            self._ahead.appendleft(self._given.pop())

    def _next(self) -> _Raw | None:
        data = self._stream.readline(LONGEST_RECORD)
        if not data:
            return None
        self._no += 1
        self.read += len(data)
        cut = len(data) == LONGEST_RECORD and not data.endswith(b"\n")
        rest = data
        while cut and rest and not rest.endswith(b"\n"):
            rest = self._stream.readline(LONGEST_RECORD)
            self.read += len(rest)
        if self._no == 1:
            data = data.removeprefix(b"\xef\xbb\xbf")
        return _Raw(self._no, data.decode("utf-8", "surrogateescape"), cut)


def _opened(path: Path, name: str) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        raise Invalid([Problem(name, 1, 1, f"cannot be read: {error.strerror}", "a CSV file")]) from None


def _delimiter(first: str) -> str:
    """What separates the fields: whatever separates most headings."""
    return max(DELIMITERS, key=first.count)


def _unreadable(cells: Sequence[str], heading: Callable[[int], str]) -> Fault | None:
    if _UNREADABLE.search("".join(cells)) is None:
        return None
    for column, cell in enumerate(cells, start=1):
        found = _UNREADABLE.search(cell)
        if found is not None and ord(found[0]) > 0x7F:
            return Fault(column, f"{heading(column)}: byte 0x{ord(found[0]) - 0xDC00:02x} is not UTF-8", "UTF-8 text")
        if found is not None:
            what = f"{heading(column)}: the control character 0x{ord(found[0]):02x}"
            return Fault(column, what, "text without control characters")
    return None
