"""A play as lines of text: the same lanes for a terminal of any width, with colours or without, in plain ASCII too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from math import floor
from typing import Final, Literal, TypeAlias

from saveline.core.facts import Fact
from saveline.core.phrases import words_of
from saveline.core.swimlanes import Band, Bar, Swimlanes

Look: TypeAlias = Literal["plain", "title", "dim", "critical", "calm", "late", "warn"]
Part: TypeAlias = tuple[str, Look]
Line: TypeAlias = tuple[Part, ...]

NAMES: Final = 24
"""The widest a task's name may be."""
LEAST: Final = 30
"""Columns of days without which nothing can be seen."""


class Marks(Fact, frozen=True):
    """What bars and lines are drawn with; each says by its shape what it is, not only by its colour."""

    critical: str
    calm: str
    loose: str
    decision: str
    stage: str
    gate: str
    arrow: str
    turn: str


BLOCKS: Final = Marks("█", "▒", "┄", "│", "┊", "◇", "→", "●")
ASCII: Final = Marks("#", "=", "-", "|", ":", "<>", "->", "o")
_SIGNS: Final = str.maketrans({"…": "~", "“": '"', "”": '"', "’": "'", "–": "-"})


def drawn(seen: Swimlanes, width: int, marks: Marks = BLOCKS) -> list[Line]:
    """The picture in lines of at most ``width`` columns."""
    room = max(width, 60)
    names = min(NAMES, max((len(words_of(b.task)) for b in seen.bars), default=8)) + 6
    grid = _Grid(seen, names, max(LEAST, room - names - 2), marks)
    lines: list[Line] = [((line, "title"),) for line in folded(f"{seen.title} ({seen.name})", room)]
    lines += [((line, "plain"),) for line in folded(seen.finding, room)]
    lines.append(())
    lines += grid.heads()
    for lane in seen.lanes:
        lines.append(grid.lane(lane.title))
        lines += [grid.bar(bar) for bar in lane.bars]
    lines.append(grid.foot())
    lines.append(())
    lines += [((line, "plain"),) for line in folded(_legend(seen, marks), room)]
    lines += [((line, "plain"),) for note in seen.notes for line in folded(note.replace("→", marks.arrow), room)]
    return [_trimmed(_spelled(line, marks)) for line in lines]


def folded(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` columns; words stay whole where they fit."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word[:width])
    return lines


class _Grid:
    """Days as columns."""

    def __init__(self, seen: Swimlanes, names: int, columns: int, marks: Marks) -> None:
        self.seen, self.names, self.columns, self.marks = seen, names, columns, marks
        # A column more than the days need: the decision stands behind the last of them.
        self.per_day = (columns - 1) / seen.days
        self.decision = min(columns - 1, round(seen.decision * self.per_day))
        self.entered = {self.at(b.begins) for b in seen.bands[1:]}

    def at(self, day: float) -> int:
        return min(self.columns - 1, floor(day * self.per_day + 1e-6))

    def heads(self) -> Iterator[Line]:
        """The stages, in as many lines as keep their names apart, and the days."""
        for row in self._rows(self.seen.bands):
            yield ((" " * self.names, "plain"), ("".join(row), "title"))
        yield ((" " * self.names, "plain"), (self._days(), "dim"))

    def lane(self, title: str) -> Line:
        """The department; a long name takes the place of the lines behind it, for nothing else stands there."""
        name = f"{title} "[: self.names + self.columns - 2].ljust(self.names)
        return ((name, "title"), *islice(self._row({}), len(name) - self.names, None))

    def bar(self, bar: Bar) -> Line:
        name = words_of(bar.task)
        name = name if len(name) <= self.names - 6 else f"{name[: self.names - 7]}…"
        first = self.at(bar.begins)
        last = max(first, self.at(bar.ends) - 1)
        mark = self.marks.critical if bar.critical else self.marks.loose if bar.spare else self.marks.calm
        look: Look = "critical" if bar.critical else "calm"
        cells: dict[int, Part] = {}
        for column in range(first, last + 1):
            late = not self.seen.fits and column >= self.decision and not bar.spare
            cells[column] = (mark, "late" if late else look)
        for day in bar.again:
            cells[self.at(day)] = (self.marks.turn, look)
        note = "?" if "if needed" in bar.note else ""
        return ((f"  {name}{note}".ljust(self.names), "plain"), *self._row(cells))

    def foot(self) -> Line:
        """The decision, where its line ends."""
        label = f"{self.seen.decided}, day {round(self.seen.decision)}"
        column = self.names + self.decision
        start = max(0, column - len(label) - 1)
        text = f"{' ' * start}{label} {'^'}" if start + len(label) < column else f"{' ' * column}^ {label}"
        return ((text, "title" if self.seen.fits else "warn"),)

    def _row(self, cells: dict[int, Part]) -> Iterator[Part]:
        for column in range(self.columns):
            if column in cells:
                yield cells[column]
            elif column == self.decision:
                yield self.marks.decision, "plain" if self.seen.fits else "warn"
            else:
                yield (self.marks.stage if column in self.entered else " "), "dim"

    def _rows(self, bands: Sequence[Band]) -> list[list[str]]:
        rows: list[list[str]] = []
        for band in bands:
            text = f"{band.title} {self.marks.gate}" if band.gate else band.title
            text = text[: self.columns]
            start = min(self.at(band.begins), self.columns - len(text))
            span = range(max(0, start - 1), min(self.columns, start + len(text) + 1))
            row = next((r for r in rows if all(r[i] == " " for i in span)), None)
            if row is None:
                rows.append(row := [" "] * self.columns)
            row[start : start + len(text)] = text
        return rows

    def _days(self) -> str:
        """Days or dates where they are, as many as there is room for."""
        wide = 9 if self.seen.opened else 7
        step = next((s for s in (1, 2, 7, 14, 28, 56, 112, 224) if s * self.per_day >= wide), int(self.seen.days) or 1)
        row = [" "] * self.columns
        for day in range(0, int(self.seen.days) + 1, step):
            on = self.seen.opened + timedelta(days=day) if self.seen.opened else None
            label = f"{on.day} {on:%b}" if on else (str(day) if day else "day 0")
            start = self.at(day)
            if start + len(label) <= self.columns and all(c == " " for c in row[max(0, start - 1) : start]):
                row[start : start + len(label)] = label
        return "".join(row)


def _legend(seen: Swimlanes, marks: Marks) -> str:
    kinds = [f"{marks.critical} critical path"]
    if any(not b.critical and not b.spare for b in seen.bars):
        kinds.append(f"{marks.calm} has time to spare")
    if any(b.spare for b in seen.bars):
        kinds.append(f"{marks.loose} nothing waits for it")
    if any(b.again for b in seen.bars):
        kinds.append(f"{marks.turn} again")
    if any("if needed" in b.note for b in seen.bars):
        kinds.append("? if needed")
    if any(b.gate for b in seen.bands):
        kinds.append(f"{marks.gate} gate")
    return ", ".join(kinds)


def _spelled(line: Line, marks: Marks) -> Line:
    """The line without the signs that a plain terminal has not."""
    if marks is not ASCII:
        return line
    return tuple((text.translate(_SIGNS).encode("ascii", "replace").decode(), look) for text, look in line)


def _trimmed(line: Line) -> Line:
    """The line with neighbours of one look as one part, and nothing but its end cut off."""
    merged: list[Part] = []
    for text, look in line:
        if merged and (merged[-1][1] == look or not text.strip()):
            merged[-1] = (merged[-1][0] + text, merged[-1][1])
        else:
            merged.append((text, look))
    while merged and not merged[-1][0].strip():
        merged.pop()
    if merged:
        merged[-1] = (merged[-1][0].rstrip(), merged[-1][1])
    return tuple(merged)
