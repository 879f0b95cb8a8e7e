"""The only clock. Everything else is told the time.

``SAVELINE_CLOCK`` names a file that holds a moment (ISO 8601): then that is the time, in every process that reads the
file, until somebody writes a later one. Tests, the demo and rehearsals of a whole installation step it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def system() -> datetime:
    """Now, by this machine."""
    return datetime.now(UTC)  # noqa: TID251 - this is the clock


class Stepped:
    """A clock that stands until it is set; the file is the hand."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> datetime:
        """Raises ValueError when the file holds no moment with an offset."""
        at = datetime.fromisoformat(self._file.read_text().strip())
        if at.tzinfo is None:
            raise ValueError(f"{self._file}: a moment with its offset from UTC is needed, like 2026-11-21T09:00+00:00")
        return at.astimezone(UTC)

    def set(self, at: datetime) -> None:
        part = self._file.with_suffix(f".{os.getpid()}")
        part.write_text(at.isoformat())
        part.replace(self._file)  # whoever reads meanwhile sees the old moment or the new one
