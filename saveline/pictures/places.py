"""Where everything of a picture of a play goes, so that no text lies on another: pixels, and nothing but places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from saveline.core.facts import Fact
from saveline.core.phrases import words_of
from saveline.core.swimlanes import Band, Bar, Lane, Swimlanes
from saveline.pictures.letters import cut, width, wrap

WIDE: Final = 960.0
MARGIN: Final = 24.0
LANE_LABEL: Final = 116.0
LEFT: Final = MARGIN + LANE_LABEL + 8
RIGHT: Final = WIDE - MARGIN
TEXT: Final = 12.0
SMALL: Final = 11.0
HEAD: Final = 18.0
TITLE: Final = 24.0
ROW: Final = 40.0
BAR: Final = 10.0
GATE: Final = 14.0
"""The room of the mark of a gate behind the name of its stage."""
GAP: Final = 14.0
EDGE: Final = RIGHT - 6
LEAST_LABEL: Final = 170.0
"""With less room to the right a label ends at the edge instead of beginning at its bar."""
LABEL: Final = 270.0
"""How much room a label asks for; where there is more, it takes it."""
SPACE: Final = "\u00a0"
SHORTEST_BAR: Final = 4.0


class PlacedBar(Fact, frozen=True):
    """A bar from ``x`` to ``right`` with its top at ``y``. Its label, the task's name and then its title, begins at
    ``text_x``, or ends there where ``ends_there``."""

    bar: Bar
    x: float
    right: float
    y: float
    text_x: float
    text_y: float
    name: str
    label: str
    ends_there: bool = False
    again: tuple[float, ...] = ()

    @property
    def middle(self) -> float:
        return self.y + BAR / 2


class PlacedLane(Fact, frozen=True):
    """A lane from ``y`` to ``bottom``; its title stands on ``lines`` at the left."""

    lines: tuple[str, ...]
    y: float
    bottom: float


class PlacedBand(Fact, frozen=True):
    """A stage: its name begins at ``text_x``, or ends there; its line at ``x`` goes down from ``line_y``."""

    band: Band
    x: float
    right: float
    label: str
    text_x: float
    text_y: float
    line_y: float
    ends_there: bool = False


class Tick(Fact, frozen=True):
    x: float
    label: str


class Places(Fact, frozen=True):
    """A whole picture. ``top`` and ``bottom`` are those of the lanes."""

    height: float
    top: float
    bottom: float
    axis_y: float
    title: tuple[str, ...]
    head: tuple[str, ...]
    bars: tuple[PlacedBar, ...]
    lanes: tuple[PlacedLane, ...]
    bands: tuple[PlacedBand, ...]
    ticks: tuple[Tick, ...]
    decision_x: float
    ends_x: float
    notes: tuple[tuple[str, float], ...]


def places(seen: Swimlanes) -> Places:
    """The picture, 960 pixels wide and as high as it needs."""
    head = tuple(wrap(seen.finding, 13, WIDE - 2 * MARGIN, most=3))
    title = tuple(wrap(seen.title, HEAD, WIDE - 2 * MARGIN, most=2, heavy=True))
    y = MARGIN + TITLE * len(title) + 18 * len(head) + 16
    bands, y = _bands(seen, y)
    axis_y = y + 12
    top = axis_y + 10
    lanes: list[PlacedLane] = []
    bars: list[PlacedBar] = []
    y = top
    for lane in seen.lanes:
        placed, bottom, own = _lane(lane, seen.days, y)
        lanes.append(placed)
        bars += own
        y = bottom
    notes = _notes(seen, y + 46)
    height = (notes[-1][1] if notes else y + 26) + 20
    return Places(
        height=height,
        top=top,
        bottom=y,
        axis_y=axis_y,
        title=title,
        head=head,
        bars=tuple(bars),
        lanes=tuple(lanes),
        bands=bands,
        ticks=tuple(_ticks(seen)),
        decision_x=x_of(seen.decision, seen.days),
        ends_x=x_of(seen.ends, seen.days),
        notes=tuple(notes),
    )


def x_of(day: float, days: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * min(max(day / days, 0.0), 1.0), 1)


def _lane(lane: Lane, days: float, y: float) -> tuple[PlacedLane, float, list[PlacedBar]]:
    """The lane's bars in as few rows as give every label its room; then labels take what room is left."""
    rows: list[list[tuple[Bar, float, float]]] = []
    for bar in lane.bars:
        x = x_of(bar.begins, days)
        right = max(x_of(bar.ends, days), x + SHORTEST_BAR)
        wide = _wide(*_label(bar, max(right - x, LABEL)))
        back = RIGHT - x < min(wide + 8, LEAST_LABEL)
        begins, ends = (
            (min(x, EDGE - wide) if back else x),
            max(right, x + 3 + wide, x_of(max(bar.again, default=0), days) + 4),
        )
        row = next((r for r in rows if r[-1][2] + GAP <= begins), None)
        if row is None:
            rows.append(row := [])
        row.append((bar, begins, min(ends, RIGHT)))
    placed = [
        _placed(bar, days, begins, (row[i + 1][1] - GAP if i + 1 < len(row) else EDGE), y + n * ROW)
        for n, row in enumerate(rows)
        for i, (bar, begins, _) in enumerate(row)
    ]
    lines = tuple(wrap(lane.title, TEXT, LANE_LABEL, most=3, heavy=True))
    bottom = y + max(8 + ROW * len(rows), 14 + 15 * len(lines))
    return PlacedLane(lines, y, bottom), bottom, placed


def _placed(bar: Bar, days: float, begins: float, end: float, y: float) -> PlacedBar:
    """The bar with as much of its label as fits from ``begins`` to ``end``."""
    x = x_of(bar.begins, days)
    right = max(x_of(bar.ends, days), x + SHORTEST_BAR)
    back = begins < x
    again = tuple(x_of(day, days) for day in bar.again)
    name, label = _label(bar, end - (begins if back else x + 3))
    return PlacedBar(bar, x, right, y + 24, EDGE if back else x + 3, y + 19, name, label, back, again)


def _label(bar: Bar, room: float) -> tuple[str, str]:
    """The task's name, and as much of its title as there is room for."""
    name = cut(words_of(bar.task), TEXT, room, heavy=True)
    note = f"({bar.note})" if bar.note else ""
    left = room - _wide(name, note)
    title = cut(bar.title, TEXT, left - width(SPACE, TEXT)) if bar.title.casefold() != words_of(bar.task) else ""
    if len(title) < 8 and title != bar.title:
        title = ""
    return name, " ".join(part for part in (title, note) if part)


def _wide(name: str, label: str) -> float:
    return width(name, TEXT, heavy=True) + (width(SPACE + label, TEXT) if label else 0)


def _bands(seen: Swimlanes, y: float) -> tuple[tuple[PlacedBand, ...], float]:
    """Stage names in as few rows as keep them apart, and no line of a later stage through a name."""
    rows: list[list[tuple[float, float]]] = [[]]
    lines: list[tuple[float, int]] = []
    found = []
    for band in seen.bands:
        x, right = x_of(band.begins, seen.days), x_of(band.ends, seen.days)
        label = cut(band.title, TEXT, RIGHT - LEFT - GATE, heavy=True)
        wide = width(label, TEXT, heavy=True) + (GATE if band.gate else 0)
        back = x + 4 + wide > RIGHT
        text_x = RIGHT - wide if back else x + 4
        row = _row(rows, lines, x, (text_x, text_x + wide))
        lines.append((x, row))
        if row == len(rows):
            rows.append([])
        rows[row].append((text_x, text_x + wide))
        line = y + row * 17 + (17 if back else 4)
        end = RIGHT - (GATE if band.gate else 0)
        found.append(PlacedBand(band, x, right, label, end if back else text_x, y + row * 17 + 13, line, back))
    return tuple(found), y + 17 * len(rows) + 4


def _row(
    rows: Sequence[Sequence[tuple[float, float]]],
    lines: Sequence[tuple[float, int]],
    line: float,
    text: tuple[float, float],
) -> int:
    """The first row in which the text is free and on no line from above, and below which its line meets no text."""
    for i, row in enumerate(rows):
        free = all(end + 10 <= text[0] or text[1] + 10 <= begin for begin, end in row)
        uncrossed = all(not text[0] - 3 < x < text[1] + 3 for x, above in lines if above < i)
        clear = all(end + 3 <= line or line + 1 <= begin for below in rows[i + 1 :] for begin, end in below)
        if free and uncrossed and clear:
            return i
    return len(rows)


def _ticks(seen: Swimlanes) -> list[Tick]:
    """Days or dates along the top, never so close that their labels meet."""
    wide = 52.0 if seen.opened else 44.0
    step = next(
        (s for s in (1, 2, 7, 14, 28, 56, 112, 224) if s / seen.days * (RIGHT - LEFT) >= wide), int(seen.days) or 1
    )
    found = []
    for day in range(0, int(seen.days) + 1, step):
        x = x_of(day, seen.days)
        on = seen.opened + timedelta(days=day) if seen.opened else None
        label = f"{on.day} {on:%b}" if on else (f"day {day}" if day == 0 else str(day))
        if x + width(label, SMALL) / 2 <= RIGHT + 8:
            found.append(Tick(x, label))
    return found


def _notes(seen: Swimlanes, y: float) -> list[tuple[str, float]]:
    found = []
    for note in seen.notes:
        for line in wrap(note, TEXT, WIDE - 2 * MARGIN):
            found.append((line, y))
            y += 17
        y += 3
    return found
