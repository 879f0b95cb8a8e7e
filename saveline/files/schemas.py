"""The JSON Schemas of a workspace, in its folder ``schemas/``, to which a comment in each play points.

The comment is ``# yaml-language-server: $schema=../schemas/playbook.json``: a relative path, so that it holds wherever
the workspace lies.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from saveline.core.language.names import Names
from saveline.core.language.schema import case_schema, play_schema

FOLDER: Final = "schemas"
PLAY: Final = "playbook.json"
CASES: Final = "cases.json"


def write(folder: Path, names: Names | None) -> list[str]:
    """Write both schemas, with the names of the workspace; returns their paths in it."""
    (folder / FOLDER).mkdir(exist_ok=True)
    made = {PLAY: play_schema(names), CASES: case_schema(names)}
    for name, schema in made.items():
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        (folder / FOLDER / name).write_text(text, encoding="utf-8")
    return [f"{FOLDER}/{name}" for name in made]
