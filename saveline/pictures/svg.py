"""A play as SVG: lanes of departments, days across, the critical path in the accent colour and in words.

The text of a picture stays text: it can be searched, read aloud and scaled, and it looks right on light and dark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from saveline.core.phrases import count, words_of
from saveline.core.swimlanes import Bar, Swimlanes
from saveline.pictures.letters import width
from saveline.pictures.places import (
    BAR,
    HEAD,
    MARGIN,
    RIGHT,
    SMALL,
    SPACE,
    TEXT,
    TITLE,
    WIDE,
    PlacedBand,
    PlacedBar,
    PlacedLane,
    Places,
    places,
)

Theme: TypeAlias = Literal["auto", "light", "dark"]

_LIGHT: Final = {
    "panel": "#ffffff",
    "band": "#f5f6f8",
    "text": "#191c27",
    "muted": "#5a6071",
    "line": "#e3e5eb",
    "edge": "#a2a8b8",
    "accent": "#4a41dd",
    "calm": "#b4b0f0",
    "bad": "#bd2138",
    "over": "#fbe9ec",
}
_DARK: Final = {
    "panel": "#171a22",
    "band": "#1d212b",
    "text": "#e9ebf1",
    "muted": "#a2a8b8",
    "line": "#2a2f3b",
    "edge": "#5a6071",
    "accent": "#9a97ff",
    "calm": "#4b4890",
    "bad": "#ff8790",
    "over": "#2c1a21",
}
_FONTS: Final = "Inter, 'Source Sans Pro', 'Source Sans 3', system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
NARROW: Final = 0.93
"""How wide the letters of most fonts are, compared with what is measured."""
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def svg(seen: Swimlanes, *, theme: Theme = "auto", fonts: str = _FONTS) -> str:
    """The picture. ``auto`` follows the reader's light or dark; a theme of its own has one look everywhere."""
    at = places(seen)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE:g} {_n(at.height)}" width="{WIDE:g}" '
        f'height="{_n(at.height)}" role="img" aria-labelledby="{_id(seen)}-title {_id(seen)}-desc">',
        f'<title id="{_id(seen)}-title">{_text(seen.title)}: who does what by when</title>',
        f'<desc id="{_id(seen)}-desc">{_text(" ".join(told(seen)))}</desc>',
        f"<style>{_style(theme, fonts)}</style>",
        f'<rect class="panel" x="0.5" y="0.5" width="{WIDE - 1:g}" height="{_n(at.height - 1)}" rx="10"/>',
        *_head(at),
        *_stages(at),
        *_grid(seen, at),
        *(line for lane in at.lanes for line in _lane(lane)),
        *_links(seen, at),
        *_decision(seen, at),
        *(line for bar in at.bars for line in _bar(bar, at, seen.fits)),
        *_notes(at),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def told(seen: Swimlanes) -> Iterator[str]:
    """The whole picture in sentences, for those who do not see it."""
    yield seen.finding
    for lane in seen.lanes:
        tasks = "; ".join(_told(bar) for bar in lane.bars)
        yield f"{lane.title}: {tasks}."
    yield f"{seen.decided} on day {seen.decision:g}."
    yield from seen.notes


def _told(bar: Bar) -> str:
    parts = [f"{words_of(bar.task)}, day {bar.begins:g} to {bar.ends:g}"]
    if bar.again:
        parts.append(f"again on day {', '.join(f'{day:g}' for day in bar.again)}")
    if bar.after:
        parts.append(f"after {', '.join(words_of(a) for a in bar.after)}")
    parts += [bar.note] if bar.note else []
    parts += ["on the critical path"] if bar.critical else []
    return ", ".join(parts)


def _style(theme: Theme, fonts: str) -> str:
    base = _rules(_DARK if theme == "dark" else _LIGHT)
    plain = (
        f"text{{font-family:{fonts};font-size:{TEXT:g}px;font-variant-numeric:tabular-nums}}"
        f".title{{font-size:{HEAD:g}px;font-weight:600}}.find{{font-size:13px}}.small{{font-size:{SMALL:g}px}}"
        ".name,.lane,.stage{font-weight:600}.end{text-anchor:end}.mid{text-anchor:middle}"
        ".on{paint-order:stroke;stroke-width:3px;stroke-linejoin:round}.way{fill:none;stroke-width:1.25px}"
        ".key{stroke-width:2px}.maybe{stroke-dasharray:3 2;stroke-width:1px}.flag{stroke-width:1.5px}"
        ".loose.turn{stroke-dasharray:none}"
    )
    dark = f"@media (prefers-color-scheme:dark){{{_rules(_DARK)}}}" if theme == "auto" else ""
    return f"{plain}{base}{dark}"


def _rules(c: dict[str, str]) -> str:
    return (
        f".panel{{fill:{c['panel']};stroke:{c['line']}}}.band{{fill:{c['band']}}}.over{{fill:{c['over']}}}"
        f"text,.title,.name{{fill:{c['text']}}}.muted,.find,.lane{{fill:{c['muted']}}}.on{{stroke:{c['panel']}}}"
        f".rule{{stroke:{c['line']}}}.enter{{stroke:{c['edge']};stroke-dasharray:2 3}}"
        f".way{{stroke:{c['edge']}}}.dot{{fill:{c['edge']}}}.way.key{{stroke:{c['accent']}}}.dot.key{{fill:{c['accent']}}}"
        f".calm{{fill:{c['calm']}}}.critical{{fill:{c['accent']}}}.maybe{{stroke:{c['accent']}}}"
        f".loose{{fill:{c['panel']};stroke:{c['accent']};stroke-dasharray:3 2}}"
        f".gate{{fill:none;stroke:{c['muted']};stroke-width:1.25px}}"
        f".late{{fill:{c['bad']}}}.flag{{stroke:{c['text']}}}.bad{{fill:{c['bad']}}}.flag.bad{{stroke:{c['bad']}}}"
    )


def _head(at: Places) -> Iterator[str]:
    y = MARGIN + HEAD - 2
    for line in at.title:
        yield _label(MARGIN, y, line, "title")
        y += TITLE
    for line in at.head:
        yield _label(MARGIN, y, line, "find")
        y += 18


def _stages(at: Places) -> Iterator[str]:
    for number, band in enumerate(at.bands):
        if number % 2 and band.right > band.x:
            yield _field("band", band.x, band.right, at)


def _grid(seen: Swimlanes, at: Places) -> Iterator[str]:
    if not seen.fits:
        yield _field("over", at.decision_x, at.ends_x, at)
    for tick in at.ticks:
        yield _line("rule", tick.x, at.top - 5, tick.x, at.bottom)
    for band in at.bands[1:]:
        yield _line("enter", band.x, band.line_y, band.x, at.bottom)
    for tick in at.ticks:
        side = " mid" if tick.x > at.ticks[0].x else ""
        yield _label(tick.x, at.axis_y, tick.label, f"small muted on{side}")
    for band in at.bands:
        yield _stage(band)


def _stage(band: PlacedBand) -> str:
    said = [band.band.title, *([band.band.max] if band.band.max else [])]
    said += [f"left when {band.band.gate}"] if band.band.gate else []
    side = " end" if band.ends_there else ""
    return _label(band.text_x, band.text_y, band.label, f"stage{side}", title=", ".join(said)) + _gate(band)


def _gate(band: PlacedBand) -> str:
    """A small square on its corner behind the name of a stage that a condition keeps shut."""
    if not band.band.gate:
        return ""
    x = band.text_x + (3 if band.ends_there else width(band.label, TEXT, heavy=True) * NARROW + 3)
    return f'<path class="gate" d="M{_n(x)} {_n(band.text_y - 4)}l4 -4l4 4l-4 4z"/>'


def _lane(lane: PlacedLane) -> Iterator[str]:
    yield _line("rule", MARGIN, lane.bottom, RIGHT, lane.bottom)
    for number, line in enumerate(lane.lines):
        yield _label(MARGIN, lane.y + 19 + 15 * number, line, "lane")


def _bar(placed: PlacedBar, at: Places, fits: bool) -> Iterator[str]:
    bar = placed.bar
    look = "critical" if bar.critical else "loose" if bar.spare else "calm"
    if "if needed" in bar.note and not bar.spare and not bar.critical:
        look += " maybe"
    yield f'<g class="task"><title>{_text(_tip(bar))}</title>'
    yield _rect(look, placed.x, placed.y, placed.right - placed.x)
    if not fits and placed.right > at.decision_x and not bar.spare:
        start = max(placed.x, at.decision_x)
        yield _rect("late", start, placed.y, placed.right - start)
    for x in placed.again:
        yield f'<circle class="loose turn" cx="{_n(x)}" cy="{_n(placed.middle)}" r="3.5"/>'
    name = f'<tspan class="{"name" if bar.critical else "task"}">{_text(placed.name)}</tspan>'
    rest = f'<tspan class="muted">{SPACE}{_text(placed.label)}</tspan>' if placed.label else ""
    side = " end" if placed.ends_there else ""
    yield f'<text class="on{side}" x="{_n(placed.text_x)}" y="{_n(placed.text_y)}">{name}{rest}</text></g>'


def _tip(bar: Bar) -> str:
    slack = "" if bar.slack_days is None else f"{count(int(bar.slack_days), 'day')} to spare"
    parts = (
        bar.title,
        f"{bar.task}: {bar.who}",
        f"due {bar.due}" + (f", after {', '.join(bar.after)}" if bar.after else ""),
        f"only if {bar.condition}" if bar.condition else "",
        "on the critical path" if bar.critical else slack,
    )
    return "\n".join(p for p in parts if p)


def _links(seen: Swimlanes, at: Places) -> Iterator[str]:
    """What waits for what: lines of ``after``, and the critical path on its way from stage to stage."""
    bars = {placed.bar.task: placed for placed in at.bars}
    ways = [(a, b.task) for b in seen.bars for a in b.after if a in bars]
    steps = list(zip(seen.path, seen.path[1:], strict=False))
    for one, other in sorted({*ways, *steps}, key=lambda w: (w in steps, w)):
        yield from _way(bars[one], bars[other], key=(one, other) in steps)


def _way(one: PlacedBar, other: PlacedBar, *, key: bool) -> Iterator[str]:
    look = " key" if key else ""
    if abs(one.middle - other.middle) < 1 and other.x - one.right < 12:
        return  # side by side in a row: that says it
    x, low = other.x, one.y + BAR + 5
    if x - one.right < 3:
        path = f"M{_n(x)} {_n(one.middle)}V{_n(other.middle)}"
    else:
        path = f"M{_n(one.right)} {_n(one.middle)}h3V{_n(low)}H{_n(x)}V{_n(other.middle)}"
    yield f'<path class="way{look}" d="{path}"/>'
    yield f'<circle class="dot{look}" cx="{_n(x)}" cy="{_n(other.middle)}" r="2.5"/>'


def _decision(seen: Swimlanes, at: Places) -> Iterator[str]:
    x, bad = at.decision_x, "" if seen.fits else " bad"
    label = f"{seen.decided}, day {round(seen.decision)}"
    if not seen.fits:
        label += f"; the plan ends on day {round(seen.ends)}"
    half = width(label, TEXT, heavy=True) / 2
    side, left = (" end", RIGHT) if x + half > RIGHT else (" mid", max(x, MARGIN + half))
    yield _line(f"flag{bad}", x, at.top - 5, x, at.bottom + 8)
    yield _label(left, at.bottom + 22, label, f"name{side}{bad}")


def _notes(at: Places) -> Iterable[str]:
    for line, y in at.notes:
        yield _label(MARGIN, y, line, "muted")


def _field(look: str, x: float, right: float, at: Places) -> str:
    """A ground as high as all lanes."""
    high = at.bottom - at.top
    return f'<rect class="{look}" x="{_n(x)}" y="{_n(at.top)}" width="{_n(right - x)}" height="{_n(high)}"/>'


def _rect(look: str, x: float, y: float, wide: float) -> str:
    return f'<rect class="{look}" x="{_n(x)}" y="{_n(y)}" width="{_n(max(wide, 1))}" height="{BAR:g}" rx="3"/>'


def _line(look: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{look}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>'


def _label(x: float, y: float, text: str, look: str, *, title: str = "") -> str:
    tip = f"<title>{_text(title)}</title>" if title else ""
    return f'<text class={quoteattr(look)} x="{_n(x)}" y="{_n(y)}">{tip}{_text(text)}</text>'


def _text(text: str) -> str:
    return escape(_UNPRINTABLE.sub("", text))


def _id(seen: Swimlanes) -> str:
    return f"play-{seen.name}"


def _n(value: float) -> str:
    return f"{round(value, 1):g}"
