"""The charts of a report, each drawn from its block: words at the marks, no legend, one thing in red at most.

The finding and the numbers stand beside a chart as text, so a picture has no title. The font is the one that comes with
Saveline: the same chart gives the same bytes on every machine.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, assert_never

import altair as alt
import vl_convert as vlc

from saveline import font
from saveline.charts.deflate import packed
from saveline.charts.flow import flow
from saveline.charts.sheet import ACCENT, BAD, GOOD, GREY, LINE, MUTED, PALE, TEXT, Rows, values
from saveline.core.blocks import Bars, Bridge, Chart, Drawing, Flow, Intervals

WIDTH: Final = 400
"""Units from edge to edge: a column of A4, a phone, a mail."""
ROW: Final = 26
_LABELS: Final = 116
_ENDS: Final = 132
"""Room for the words right of the bars: the amount and the note."""
_AMOUNT: Final = 56
"""The same where there is an amount alone."""
_TONES: Final = {"": ACCENT, "bad": BAD, "good": GOOD}


def svg(chart: Chart) -> str:
    """The chart as SVG, in light colours on no ground; ``role``, names and colours in the dark are the page's part."""
    font.register()
    made: str = vlc.vegalite_to_svg(_spec(chart.drawing, ground=None), vl_version=_version())
    return made


def png(chart: Chart) -> bytes:
    """The chart as PNG, twice its size, on white: it must be read on a dark ground as well."""
    font.register()
    return packed(vlc.vegalite_to_png(_spec(chart.drawing, ground="#ffffff"), vl_version=_version(), scale=2.2))


@cache
def _version() -> str:
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _spec(drawing: Drawing, ground: str | None) -> dict[str, Any]:
    """``ground`` is the colour behind it, with some room around, or nothing."""
    found: dict[str, Any] = (
        _drawn(drawing)
        .properties(background=ground or "transparent", padding=10 if ground else 0, width=WIDTH)
        .configure(font=font.FONT)
        .configure_view(stroke=None)
        .configure_axis(
            grid=False, domain=False, ticks=False, labelColor=MUTED, titleColor=MUTED, labelFontSize=11,
            titleFontSize=11, titleFontWeight="normal", gridColor=LINE,
        )
        .configure_text(font=font.FONT, fontSize=12, color=TEXT, baseline="middle")
        .to_dict()
    )  # fmt: skip
    return found


def _drawn(drawing: Drawing) -> Any:
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


def _bars(drawing: Bars) -> Any:
    """A row a bar: its name, the bar, its amount, and the note in a column at the right."""
    rows: Rows = [
        {"n": i, "label": b.label, "value": b.value, "text": b.text, "note": b.note, "tone": b.tone, "zero": 0}
        for i, b in enumerate(drawing.bars)
    ]
    most = max((abs(b.value) for b in drawing.bars), default=0) or 1
    x = _across("value", 0, most)
    base = _rows(rows)
    bars = base.mark_bar(height=16, cornerRadiusEnd=2, orient="horizontal").encode(x=x, x2="zero:Q", color=_toned())
    amounts = base.mark_text(align="left", dx=6, fontWeight=600).encode(x=x, text="text:N")
    notes = _at_right(base, "note")
    return _labelled(base, bars + amounts + notes, len(rows))


def _bridge(drawing: Bridge) -> Any:
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
    base = _rows(rows)
    colours = alt.Color(
        "tone:N",
        legend=None,
        scale=alt.Scale(domain=["total", "more", "less", "good"], range=[ACCENT, PALE, GREY, GOOD]),
    )
    bars = base.mark_bar(height=16, orient="horizontal").encode(x=x, x2="high:Q", color=colours)
    joints = (
        alt.Chart(values(rows[:-1]))
        .mark_rule(color=GREY, strokeWidth=1)
        .encode(x=_on("end"), y=alt.Y("n:Q", scale=_down(len(rows)), axis=None), y2="next:Q")
    )
    amounts = base.mark_text(align="left", dx=6, fontWeight=600).encode(x=_on("high"), text="text:N")
    return _labelled(base, joints + bars + amounts, len(rows))


def _intervals(drawing: Intervals) -> Any:
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
    x = _across("low", 0, 1)
    base = _rows(rows)
    bands = base.mark_bar(height=8, cornerRadius=4, opacity=0.25, orient="horizontal").encode(
        x=x, x2="high:Q", color=_toned()
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x=_on("value"), color=_toned())
    layers = bands + points + _at_right(base, "text")
    if drawing.whole is not None:
        rule = alt.Chart(values([{"whole": drawing.whole}])).mark_rule(color=MUTED, strokeDash=[3, 3])
        layers = rule.encode(x=_on("whole")) + layers
    return _labelled(base, layers, len(rows))


# --- what they share --------------------------------------------------------------------------------------------------


def _rows(rows: Rows) -> Any:
    return alt.Chart(values(rows)).encode(y=alt.Y("n:Q", scale=_down(len(rows)), axis=None))


def _down(rows: int) -> Any:
    """Row 0 at the top."""
    return alt.Scale(domain=[rows - 0.5, -0.5], nice=False, zero=False)


def _across(field: str, least: float, most: float, *, ends: int = _ENDS) -> Any:
    """Bars leave room at both sides for words, which are no part of the scale."""
    scale = alt.Scale(domain=[least, most], range=[_LABELS, WIDTH - ends], nice=False)
    return alt.X(f"{field}:Q", scale=scale, axis=None)


def _on(field: str) -> Any:
    """A place on the same scale."""
    return alt.X(f"{field}:Q", axis=None)


def _toned() -> Any:
    return alt.Color(
        "tone:N", legend=None, scale=alt.Scale(domain=list(_TONES), range=list(_TONES.values()))
    )  # fmt: skip


def _at_right(base: Any, field: str) -> Any:
    coloured = alt.condition("datum.tone == 'bad'", alt.value(BAD), alt.value(MUTED))
    return base.mark_text(align="right").encode(x=alt.value(WIDTH), text=f"{field}:N", color=coloured)


def _labelled(base: Any, layers: Any, rows: int) -> Any:
    labels = base.mark_text(align="right", limit=_LABELS - 8).encode(x=alt.value(_LABELS - 8), text="label:N")
    return (layers + labels).properties(height=ROW * rows)
