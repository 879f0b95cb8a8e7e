"""SVG → PNG, with a font that comes with Saveline, so that a picture is the same on every machine."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

FONT: Final = "Source Sans Pro"


def png(svg: str, *, scale: float = 2.0) -> bytes:
    """The picture as PNG. ``svg`` should name :data:`FONT` and have one theme: a PNG follows nobody's light or dark."""
    _register_font()
    import vl_convert  # 60 MB that only pictures need

    made: bytes = vl_convert.svg_to_png(svg, scale=scale)
    return made


@cache
def _register_font() -> None:
    import vl_convert

    package = find_spec("font_source_sans_pro")
    if package is not None and package.submodule_search_locations:
        folder = Path(package.submodule_search_locations[0]) / "files"
        vl_convert.register_font_directory(str(folder))
