"""Which files of a workspace its authors change, and whether they have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from saveline.files.workspace import PEOPLE_FILE, PLAYBOOKS, SETTINGS_FILE

Stamp: TypeAlias = Mapping[str, tuple[int, int]]
"""By name, when each file was written and how large it is."""

EVERY: Final = 0.5
"""Seconds between two looks: a person saves a file and looks up."""


def stamp(folder: Path) -> Stamp:
    """The settings, the people, the plays and their cases, as they are now."""
    paths = [folder / SETTINGS_FILE, folder / PEOPLE_FILE, *sorted((folder / PLAYBOOKS).glob("*.yaml"))]
    found = {}
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            continue  # it is not there, or is being replaced
        found[str(path.relative_to(folder))] = (state.st_mtime_ns, state.st_size)
    return found


def changed(before: Stamp, after: Stamp) -> list[str]:
    """The names of files that were written, made or taken away, in order."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
