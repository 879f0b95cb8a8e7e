"""SVG → PNG, with a font that comes with Saveline, so that a picture is the same on every machine."""

from __future__ import annotations

from typing import Final

from saveline import font

FONT: Final = font.FONT


def png(svg: str, *, scale: float = 2.0) -> bytes:
    """The picture as PNG. ``svg`` should name :data:`FONT` and have one theme: a PNG follows nobody's light or dark."""
    font.register()
    import vl_convert  # 60 MB that only pictures need

    made: bytes = vl_convert.svg_to_png(svg, scale=scale)
    return made
