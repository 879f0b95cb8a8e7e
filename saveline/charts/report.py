"""The charts of a report, each drawn from its block: words at the marks, no legend, one thing in red at most.

The finding and the numbers stand beside a chart as text, so a picture has no title. The font is the one that comes with
Saveline: the same chart gives the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

import vl_convert as vlc

from saveline import font
from saveline.charts.deflate import packed
from saveline.charts.flow import flow
from saveline.charts.marks import (
    ACCENT,
    BAD,
    GOOD,
    GREY,
    MUTED,
    PALE,
    TEXT,
    VEGA_LITE,
    WIDTH,
    Rows,
    Spec,
    amount,
    mark,
    toned,
    words,
)
from saveline.core.blocks import Bars, Bridge, Chart, Drawing, Flow, Intervals

ROW: Final = 26
_LABELS: Final = 116
_ENDS: Final = 132
"""Room for the words right of the bars: the amount and the note."""
_AMOUNT: Final = 56
"""The same where there is an amount alone."""
_TONES: Final = {"": ACCENT, "bad": BAD, "good": GOOD}
_BAR: Final[Spec] = {"height": 16, "orient": "horizontal"}


def svg(chart: Chart) -> str:
    """The chart as SVG, in light colours on no ground; ``role``, names and colours in the dark are the page's part."""
    font.register()
    made: str = vlc.vegalite_to_svg(_spec(chart.drawing, ground=None), vl_version=VEGA_LITE)
    return made


def png(chart: Chart) -> bytes:
    """The chart as PNG, twice its size, on white: it must be read on a dark ground as well."""
    font.register()
    return packed(vlc.vegalite_to_png(_spec(chart.drawing, ground="#ffffff"), vl_version=VEGA_LITE, scale=2.2))


def _spec(drawing: Drawing, ground: str | None) -> Spec:
    """``ground`` is the colour behind it, with some room around, or nothing."""
    return {
        **_drawn(drawing),
        "background": ground or "transparent",
        "padding": 10 if ground else 0,
        "width": WIDTH,
        "config": _CONFIG,
    }


_CONFIG: Final[Spec] = {
    "font": font.FONT,
    "view": {"stroke": None},
    "text": {"font": font.FONT, "fontSize": 12, "color": TEXT, "baseline": "middle"},
}


def _drawn(drawing: Drawing) -> Spec:
    match drawing:
        case Bars():
            return _bars(drawing)
        case Bridge():
            return _bridge(drawing)
        case Intervals():
            return _intervals(drawing)
        case Flow():
            return flow(drawing, WIDTH)
        case _:
            assert_never(drawing)


def _bars(drawing: Bars) -> Spec:
    """A row a bar: its name, the bar, its amount, and the note in a column at the right."""
    rows: Rows = [
        {"n": i, "label": b.label, "value": b.value, "text": b.text, "note": b.note, "tone": b.tone, "zero": 0}
        for i, b in enumerate(drawing.bars)
    ]
    most = max((abs(b.value) for b in drawing.bars), default=0) or 1
    x = _across("value", 0, most)
    bars = mark("bar", {"x": x, "x2": {"field": "zero"}, "color": toned(_TONES)}, **_BAR, cornerRadiusEnd=2)
    amounts = mark("text", {"x": x, "text": words("text")}, align="left", dx=6, fontWeight=600)
    return _labelled(rows, [bars, amounts, _at_right("note")])


def _bridge(drawing: Bridge) -> Spec:
    """A waterfall that runs down the page: sums on the ground, what is added and taken off between them."""
    rows: Rows = [
        {
            "n": i,
            "label": s.label,
            "low": min(s.start, s.end),
            "high": max(s.start, s.end),
            "end": s.end,
            "next": i + 1,
            "text": s.text,
            "tone": s.tone or ("total" if s.total else "more" if s.end > s.start else "less"),
        }
        for i, s in enumerate(drawing.steps)
    ]
    least, most = min((r["low"] for r in rows), default=0), max((r["high"] for r in rows), default=0)
    x = _across("low", min(0, least), most or 1, ends=_AMOUNT)
    colours = toned({"total": ACCENT, "more": PALE, "less": GREY, "good": GOOD})
    joints = mark("rule", {"x": amount("end"), "y2": {"field": "next"}}, color=GREY, strokeWidth=1)
    bars = mark("bar", {"x": x, "x2": {"field": "high"}, "color": colours}, **_BAR)
    amounts = mark("text", {"x": amount("high"), "text": words("text")}, align="left", dx=6, fontWeight=600)
    return _labelled(rows, [joints | {"data": {"values": rows[:-1]}}, bars, amounts])


def _intervals(drawing: Intervals) -> Spec:
    """A band from low to high, a point at the estimate, the words at the right; dashed where all together are."""
    rows: Rows = [
        {
            "n": i,
            "label": v.label,
            "value": v.value,
            "low": v.low,
            "high": v.high,
            "text": f"{v.text}  {v.note}",
            "tone": v.tone,
        }
        for i, v in enumerate(drawing.intervals)
    ]
    colour = toned(_TONES)
    band = {"x": _across("low", 0, 1), "x2": {"field": "high"}, "color": colour}
    bands = mark("bar", band, height=8, cornerRadius=4, opacity=0.25, orient="horizontal")
    points = mark("point", {"x": amount("value"), "color": colour}, filled=True, size=70, opacity=1)
    lines = _labelled(rows, [bands, points, _at_right("text")])
    if drawing.whole is None:
        return lines
    rule = mark("rule", {"x": amount("whole")}, color=MUTED, strokeDash=[3, 3])
    return {"layer": [rule | {"data": {"values": [{"whole": drawing.whole}]}}, lines], "height": lines.pop("height")}


# --- what they share --------------------------------------------------------------------------------------------------


def _across(field: str, least: float, most: float, *, ends: int = _ENDS) -> Spec:
    """Bars leave room at both sides for words, which are no part of the scale."""
    return amount(field, {"domain": [least, most], "range": [_LABELS, WIDTH - ends], "nice": False})


def _at_right(field: str) -> Spec:
    colour = {"condition": {"test": "datum.tone == 'bad'", "value": BAD}, "value": MUTED}
    return mark("text", {"x": {"value": WIDTH}, "text": words(field), "color": colour}, align="right")


def _labelled(rows: Rows, layers: Sequence[Spec]) -> Spec:
    """The layers with the name of each row at the left; row 0 at the top."""
    down = amount("n", {"domain": [len(rows) - 0.5, -0.5], "nice": False, "zero": False})
    edge = _LABELS - 8
    labels = mark("text", {"x": {"value": edge}, "text": words("label")}, align="right", limit=edge)
    return {
        "data": {"values": rows},
        "encoding": {"y": down},
        "layer": [*layers, labels],
        "height": ROW * len(rows),
    }
