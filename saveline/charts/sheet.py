"""What the charts of a rehearsal have in common: type, and drawing one as SVG and as PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import altair as alt
import vl_convert as vlc

from saveline.charts.marks import LINE, MUTED, TEXT, VEGA_LITE, Rows

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"


def values(rows: Rows) -> Any:
    """Rows as a chart's data, within the specification: a picture needs no file beside it."""
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def draw(chart: Any, folder: Path, name: str, *, title: str, finding: str) -> list[Path]:
    """``NAME.svg`` and ``NAME.png`` in the folder; the title says what is shown, the subtitle what it says."""
    told = alt.TitleParams(
        title, subtitle=_wrapped(finding), anchor="start", color=TEXT, fontSize=14, fontWeight=600, subtitleColor=MUTED,
        subtitleFontSize=12, offset=12,
    )  # fmt: skip
    spec = (
        chart.properties(title=told, background="#ffffff", padding=12)
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            grid=True, gridColor=LINE, domain=False, ticks=False, labelColor=MUTED, titleColor=MUTED, labelFontSize=11,
            titleFontSize=11, titleFontWeight="normal", labelLimit=420,
        )
        .configure_header(labelColor=TEXT, labelFontSize=12, labelAnchor="start", title=None)
        .to_dict()
    )  # fmt: skip
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    svg.write_text(vlc.vegalite_to_svg(spec, vl_version=VEGA_LITE), encoding="utf-8")
    png.write_bytes(vlc.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=2))
    return [svg, png]


def _wrapped(text: str, most: int = 72) -> list[str]:
    """Lines of at most so many characters: a chart does not break its subtitle by itself."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
