"""The font that comes with Saveline: what is drawn and printed looks the same on every machine."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

FONT: Final = "Source Sans Pro"


@cache
def register() -> None:
    """Tell the drawing library where the font is."""
    import vl_convert

    found = folder()
    if found is not None:
        vl_convert.register_font_directory(str(found))


def folder() -> Path | None:
    """Where its files lie; None where its package is not installed."""
    package = find_spec("font_source_sans_pro")
    if package is None or not package.submodule_search_locations:
        return None
    return Path(package.submodule_search_locations[0]) / "files"
