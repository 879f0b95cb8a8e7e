"""What the commands for authors share: the checked workspace, and which problems a named play has to do with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from saveline.core.errors import Problem, UnknownWord
from saveline.files.check import Checked, check
from saveline.files.workspace import PEOPLE_FILE, PLAYBOOKS, SETTINGS_FILE
from saveline.settings import Settings

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Plays; all of them without any.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


def workspace(names: Sequence[str] | None) -> Checked:
    """The workspace, checked. Raises UnknownWord for a play that is not there."""
    checked = check(Settings().workspace)
    known = checked.names.plays if checked.names else None
    for name in names or ():
        if known is not None and name not in known:
            raise UnknownWord("a playbook", name, known)
    return checked


def concerns(problem: Problem, names: Iterable[str]) -> bool:
    """Whether a problem is in the files of the plays ``names``, or in one that all plays share."""
    shared = problem.file.endswith((SETTINGS_FILE, PEOPLE_FILE))
    return shared or any(problem.file.startswith(f"{PLAYBOOKS}/{name}.") for name in names)


def count(number: int, noun: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
