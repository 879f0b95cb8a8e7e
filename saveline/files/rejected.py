"""Bad lines: collected with their reasons, and written beside the file they came from so that they can be mended."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TextIO

from saveline.core.cells import safe
from saveline.core.derive import Fault
from saveline.core.errors import Invalid, Problem
from saveline.core.kinds import IGNORED
from saveline.files.tables import Table

MOST_BAD: Final = 100_000
"""Bad lines of one file: with more of them it is the wrong file or the wrong mapping."""
LONGEST_SHOWN: Final = 1000
"""Characters of a cell that are copied: a field of ten megabytes is named, not kept."""
SUFFIX: Final = ".rejected.csv"


class BadLines:
    """The bad lines of one table. A line may be bad for several reasons, and is one line."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._faults: dict[int, dict[Fault, None]] = {}

    def __len__(self) -> int:
        return len(self._faults)

    def add(self, line: int, faults: Iterable[Fault]) -> bool:
        """Note the faults; whether the line was in order until now. Raises Invalid beyond MOST_BAD lines."""
        known = line in self._faults
        self._faults.setdefault(line, {}).update(dict.fromkeys(faults))
        if len(self._faults) > MOST_BAD:
            what = f"more than {MOST_BAD:,} lines are bad"
            raise Invalid(
                [Problem(self.table.name, line, 1, what, "the file that the columns or the mapping speak of")]
            )
        return not known

    def problems(self) -> list[Problem]:
        """Every fault, in order of lines."""
        name = self.table.name
        return [
            Problem(name, line, f.column, f.what, f.expected, f.nearest)
            for line in sorted(self._faults)
            for f in self._faults[line]
        ]

    def reason(self, line: int) -> str:
        """What is wrong with a line, in one cell."""
        return "; ".join(_words(fault) for fault in self._faults[line])

    def __contains__(self, line: int) -> bool:
        return line in self._faults


class _Rows:
    """Rows with plain line ends. The writer itself is told of both signs, for it puts only cells into quotes that have
    one of those it is told of: a return that stands bare begins a row of its own in a spreadsheet."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        return self._stream.write(row.removesuffix("\r\n") + "\n")


def rejected_file(path: Path) -> Path:
    """Where the bad lines of ``path`` are written."""
    return path.with_name(path.name + SUFFIX)


def write_rejected(bad: BadLines) -> Path | None:
    """Write the bad lines with their own columns, the line and the reason; returns the file, or None without any.

    The file is there whole or not at all, and one from an earlier import does not stay. Raises OSError.
    """
    target = rejected_file(bad.table.path)
    if not bad:
        target.unlink(missing_ok=True)
        return None
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        part.unlink(missing_ok=True)
        with part.open("x", encoding="utf-8", newline="") as stream:  # made anew: never through a link that lies there
            _write(bad, csv.writer(_Rows(stream), delimiter=bad.table.delimiter, lineterminator="\r\n"))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _write(bad: BadLines, writer: Any) -> None:
    """Lines of a file that was itself one of rejected lines lose the number and reason they had."""
    own = [i for i, word in enumerate(bad.table.words) if word not in IGNORED]
    writer.writerow([*(safe(bad.table.headings[i]) for i in own), *IGNORED])
    for line in bad.table.lines():
        if line.no in bad:
            cells = [line.cells[i] if i < len(line.cells) else "" for i in own]
            writer.writerow([*(safe(_copied(c)) for c in cells), line.no, safe(bad.reason(line.no))])


def _copied(cell: str) -> str:
    """A cell as it stood: bytes that are no text as ``\\xe9``, a very long one by its beginning."""
    shown = cell if len(cell) <= LONGEST_SHOWN else f"{cell[:LONGEST_SHOWN]}… (cut)"
    shown = "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in shown)
    return shown.replace("\x00", "\\x00")


def _words(fault: Fault) -> str:
    text = fault.what + (f"; expected {fault.expected}" if fault.expected else "")
    return text + (f"; did you mean {fault.nearest!r}?" if fault.nearest else "")
