"""What all charts have in common: colours, type, and drawing one specification as SVG and as PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeAlias

import altair as alt
import vl_convert as vlc

TEXT: Final = "#191c27"
MUTED: Final = "#5a6071"
LINE: Final = "#e3e5eb"
ACCENT: Final = "#4a41dd"
GREY: Final = "#b9bec9"
BAD: Final = "#bd2138"
GOOD: Final = "#0b7a5c"
PALE: Final = "#8b86ea"
WIDTH: Final = 400
"""Fits a column of A4, a phone and a mail."""
FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
Rows: TypeAlias = list[dict[str, Any]]


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
    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    svg.write_text(vlc.vegalite_to_svg(spec, vl_version=version), encoding="utf-8")
    png.write_bytes(vlc.vegalite_to_png(spec, vl_version=version, scale=2))
    return [svg, png]


def _wrapped(text: str, most: int = 72) -> list[str]:
    """Lines of at most so many characters: a chart does not break its subtitle by itself."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
