"""The themes that come with Saveline."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from saveline.core.themes import Themes
from saveline.files.yaml import read

FILE: Final = Path(__file__).parents[1] / "languages" / "themes.yaml"


@cache
def shipped_themes() -> Themes:
    """By name the words that speak for it, in English and German."""
    return {name: tuple(map(str, words)) for name, words in read(FILE, name=FILE.name).data.items()}
