"""The inbox folder: what has arrived, and where it goes once it has been read.

CSV files in ``inbox/`` are read in the plain format, all that are there together; a folder in it that holds a
``mapping.yaml`` is read by that. Read files move to ``inbox/done/MOMENT/``, those that could not be read at all to
``inbox/refused/MOMENT/`` with the reason beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Final

from saveline.core.facts import Fact
from saveline.files.sources import Wanted

FOLDER: Final = "inbox"
MAPPING: Final = "mapping.yaml"
_OURS: Final = ("done", "refused")
_QUIET_SECONDS: Final = 1.0
"""A file that grew or changed within this time is still being written, and is left for the next look."""


class Arrival(Fact, frozen=True):
    """Files that belong together, and how they want to be imported."""

    wanted: Wanted
    files: tuple[Path, ...]


def arrivals(workspace: Path) -> list[Arrival]:
    """What has arrived whole. Looking costs a moment only when there is something."""
    inbox = workspace / FOLDER
    plain = _csvs(inbox)
    mapped = [p for p in sorted(inbox.glob(f"*/{MAPPING}")) if p.parent.name not in _OURS and not _leads_away(p)]
    if not plain and not mapped:
        return []
    everything = [*plain, *(f for m in mapped for f in (m, *_csvs(m.parent)))]
    before = {p: _stamp(p) for p in everything}
    sleep(_QUIET_SECONDS)
    whole = {p for p, stamp in before.items() if stamp is not None and _stamp(p) == stamp}
    found = []
    if plain and whole.issuperset(plain):
        found.append(Arrival(Wanted(tuple(plain)), tuple(plain)))
    for mapping in mapped:
        files = (mapping, *_csvs(mapping.parent))
        if whole.issuperset(files):
            found.append(Arrival(Wanted(mapping=mapping), files))
    return found


def put_away(workspace: Path, arrival: Arrival, at: datetime, refused: str | None = None) -> Path:
    """Move the files, and what was written beside them, out of the inbox. Returns the folder they are in now."""
    kind = "done" if refused is None else "refused"
    target = _fresh(workspace / FOLDER / kind / f"{at:%Y-%m-%dT%H%M%S}")
    for file in arrival.files:
        for path in (file, file.with_name(f"{file.name}.rejected.csv")):
            if path.exists():
                path.replace(target / path.name)
    if refused is not None:
        (target / "reason.txt").write_text(refused + "\n", encoding="utf-8")
    return target


def _fresh(folder: Path) -> Path:
    """``folder``, or ``folder-2`` and so on where there is one already."""
    wanted, n = folder, 1
    while wanted.exists():
        n += 1
        wanted = folder.with_name(f"{folder.name}-{n}")
    wanted.mkdir(parents=True)
    return wanted


def _leads_away(mapping: Path) -> bool:
    """Whether it, or its folder, is a link: what lies elsewhere is neither read nor moved."""
    return mapping.is_symlink() or mapping.parent.is_symlink()


def _csvs(folder: Path) -> Sequence[Path]:
    return [
        p for p in sorted(folder.glob("*.csv")) if p.is_file() and not p.is_symlink() and ".rejected." not in p.name
    ]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
