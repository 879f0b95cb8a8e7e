"""Making a workspace: copies of what is shipped, to be changed by whoever runs it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from saveline.core.errors import Missing
from saveline.files import inbox, shipped

FILES: Final = ("saveline.yaml", "people.yaml", "prefect.yaml")
FOLDERS: Final = ("playbooks", "schemas")
PORTFOLIO: Final = "examples/portfolio"


def make_workspace(folder: Path) -> list[str]:
    """Fill ``folder`` with settings, people, plays and deployments. Returns what was written, by name.

    Raises Missing when one of them is there already: nothing is overwritten, and nothing half-made is left.
    """
    there = [name for name in (*FILES, *FOLDERS) if (folder / name).exists()]
    if there:
        raise Missing(f"{folder} has {', '.join(there)} already. Nothing was changed.")
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(shipped.folder(name), folder / name)
    for name in FOLDERS:
        shutil.copytree(shipped.folder(name), folder / name)
    (folder / inbox.FOLDER).mkdir(exist_ok=True)
    (folder / ".gitignore").write_text(".saveline/\ninbox/\n", encoding="utf-8")
    return [*FILES, *FOLDERS, inbox.FOLDER, ".gitignore"]


def portfolio() -> list[Path]:
    """The sample portfolio's files."""
    return sorted(shipped.folder(PORTFOLIO).glob("*.csv"))
