"""Comparing what people read with a file in ``tests/golden``; ``SAVELINE_GOLDEN=write`` writes it anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

_TOKEN = re.compile(r"/(task|deal|mine)/[A-Za-z0-9_.-]+")
FOLDER = Path(__file__).parent / "golden"


def golden(name: str, text: str) -> None:
    """Fail where ``text`` is not what tests/golden/``name`` says."""
    path = FOLDER / name
    if os.environ.get("SAVELINE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.is_file(), f"tests/golden/{name} is missing: `make golden` writes it"
    assert text == path.read_text(), f"tests/golden/{name} says something else; `make golden` takes the new text"


def as_lines(value: Any) -> str:
    """JSON to be read, without the tokens of signed links."""
    return _TOKEN.sub(r"/\1/…", json.dumps(value, indent=1, ensure_ascii=False)) + "\n"
