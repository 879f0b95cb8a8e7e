"""Comparing what people read with a file in ``tests/golden``; ``SAVELINE_GOLDEN=write`` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden"


def golden(name: str, text: str) -> None:
    """Fail where ``text`` is not what the file says."""
    path = FOLDER / name
    if os.environ.get("SAVELINE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.is_file(), f"there is no {path}: SAVELINE_GOLDEN=write makes it"
    assert text.splitlines() == path.read_text().splitlines()
