"""Streams from left to right, as wide as what they carry: where they come together stands what it is and how much."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from saveline.charts.marks import ACCENT, BAD, GOOD, GREY, MUTED, PALE, TEXT, Rows, Spec, amount, mark, toned, words
from saveline.core.blocks import Flow, Node
from saveline.core.facts import Fact

WIDEST: Final = 150
"""Units from top to bottom of the widest column, without its gaps."""
GAP: Final = 14
_BAR: Final = 4
_LINE: Final = 13
"""Units from one line of words to the next."""
_STEPS: Final = 16
"""Points of a stream's edge from one column to the next."""
_TONES: Final = {"": ACCENT, "good": GOOD, "bad": BAD, "dull": GREY, "pale": PALE, "gone": MUTED}


class _Place(Fact, frozen=True):
    """Where a node stands: its left edge, and from top to bottom."""

    x: float
    top: float
    bottom: float


def flow(drawing: Flow, width: int) -> Spec:
    """The chart, ``width`` units from edge to edge."""
    heights = [_heights(drawing, i) for i in range(len(drawing.columns))]
    most = max((sum(column) for column in heights), default=0) or 1
    scale = WIDEST / most
    places = _centred([_places(column, i * width / len(heights), scale) for i, column in enumerate(heights)])
    said = _words(drawing, places)
    low = max([*(p.bottom for column in places for p in column), *(row["y"] + _LINE * 1.5 for row in said)])
    at = {
        "x": amount("x", {"domain": [0, width], "nice": False, "zero": False}),
        "y": amount("y", {"domain": [low, -_LINE], "nice": False, "zero": False}),
    }
    layers = [
        mark("area", {"y2": {"field": "y2"}, "detail": words("n"), "color": toned(_TONES)}, opacity=0.42, line=False)
        | {"data": {"values": _streams(drawing, places, scale)}},
        mark("rect", {"x2": {"field": "x2"}, "y2": {"field": "y2"}}, color=MUTED)
        | {"data": {"values": _bars(drawing, places)}},
        mark("text", {"text": words("label")}, align="left", fontWeight=600, color=TEXT),
        mark("text", {"text": words("text")}, align="left", dy=_LINE, fontSize=11, color=TEXT),
    ]
    return {"data": {"values": said}, "encoding": at, "layer": layers, "height": low + _LINE}


def _heights(drawing: Flow, column: int) -> list[float]:
    """Of each node, in what the streams are measured in."""
    found = [0.0] * len(drawing.columns[column])
    for stream in drawing.streams:
        found[stream.places[column]] += stream.widths[column]
    return found


def _places(heights: Sequence[float], x: float, scale: float) -> list[_Place]:
    """One below the other, each with room for its two lines of words."""
    at, found = 0.0, []
    for height in heights:
        found.append(_Place(x, at, at + height * scale))
        at += max(height * scale + GAP, 2 * _LINE + 4)
    return found


def _centred(columns: Sequence[list[_Place]]) -> list[list[_Place]]:
    """All columns around one middle."""
    ends = [max(place.bottom for place in column) for column in columns]
    return [
        [_Place(p.x, p.top + (max(ends) - end) / 2, p.bottom + (max(ends) - end) / 2) for p in column]
        for column, end in zip(columns, ends, strict=True)
    ]


def _streams(drawing: Flow, places: Sequence[Sequence[_Place]], scale: float) -> Rows:
    """Each stream's edges, point by point; in a node they lie one below the other as they are named."""
    used = [[place.top for place in column] for column in places]
    rows: Rows = []
    for n, stream in enumerate(drawing.streams):
        edges = []
        for i, (node, width) in enumerate(zip(stream.places, stream.widths, strict=True)):
            edges.append((places[i][node].x, used[i][node], used[i][node] + width * scale))
            used[i][node] += width * scale
        rows += [{"n": n, "tone": stream.tone, "x": x, "y": y, "y2": y2} for x, y, y2 in _edge(edges)]
    return rows


def _edge(edges: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Level where a column stands, and softly from one to the next."""
    found = []
    for (x, top, bottom), (to_x, to_top, to_bottom) in pairwise(edges):
        start = x + _BAR
        for step in range(_STEPS + 1):
            part = step / _STEPS
            soft = part * part * (3 - 2 * part)
            found.append(
                (start + (to_x - start) * part, top + (to_top - top) * soft, bottom + (to_bottom - bottom) * soft)
            )
        found.append((to_x + _BAR, to_top, to_bottom))
    return found


def _bars(drawing: Flow, places: Sequence[Sequence[_Place]]) -> Rows:
    return [
        {"x": p.x, "x2": p.x + _BAR, "y": p.top, "y2": p.bottom}
        for column, spots in zip(drawing.columns, places, strict=True)
        for node, p in zip(column, spots, strict=True)
        if node.label
    ]


def _words(drawing: Flow, places: Sequence[Sequence[_Place]]) -> Rows:
    """Beside each node: at its middle where it is high, else from its top on."""
    return [
        {
            "x": spot.x + _BAR + 5,
            "y": max((spot.top + spot.bottom - _LINE) / 2, spot.top + 2),
            "label": node.label,
            "text": _amount(node),
        }
        for column, spots in zip(drawing.columns, places, strict=True)
        for node, spot in zip(column, spots, strict=True)
        if node.label
    ]


def _amount(node: Node) -> str:
    return f"{node.text} · {node.note}" if node.note else node.text
