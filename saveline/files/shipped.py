"""What comes with Saveline: plays, templates, migrations and the sample workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parents[1]


def folder(name: str) -> Path:
    """The shipped folder or file ``name``: inside the installed package, or beside it in a checkout."""
    installed = _PACKAGE / "shipped" / name
    return installed if installed.exists() else _PACKAGE.parent / name
