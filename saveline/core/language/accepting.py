"""Warnings that an author accepts: ``accept: [question-not-read]`` in the play, or in the task that it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from saveline.core.language.lint_ids import ERRORS, MEND, NOT_FOUND, Lint
from saveline.core.language.problems import Findings, Place

Accepted = Mapping[Place, tuple[str, ...]]
"""The ids accepted in each part of a file: the whole of it at ``()``, a task at its place."""

ACROSS: Final = ("plays-overlap", "department-without-people", "cause-without-play")
"""Warnings that show only when all files are looked at together: they may be accepted before anybody has looked."""


def check_accepted(found: Findings, accepted: Accepted) -> None:
    """Every id must be one that there is and that can be accepted."""
    known = [i for i in MEND if i not in ERRORS and i != NOT_FOUND]
    for place, ids in accepted.items():
        for i, word in enumerate(ids):
            found.known((*place, "accept", i), "warning", word, known)


def accepted_at(data: Any, place: Place) -> set[str]:
    """The ids accepted in a file's plain data for the part at ``place``: there, or in anything around it."""
    ids: set[str] = set()
    for part in (None, *place):
        if part is not None:
            data = _part(data, part)
        given = data.get("accept", ()) if isinstance(data, dict) else ()
        ids.update([given] if isinstance(given, str) else given)
    return ids


def _part(data: Any, part: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) else None


def still_said(lints: Iterable[Lint], accepted: Accepted) -> tuple[Lint, ...]:
    """The findings that nobody accepts, and one for each acceptance that nothing answers to."""
    lints = tuple(lints)
    used: set[tuple[Place, str]] = set()
    said = []
    for lint in lints:
        holders = [place for place, ids in accepted.items() if lint.id in ids and lint.place[: len(place)] == place]
        if holders and lint.warning:
            used.update((place, lint.id) for place in holders)
        else:
            said.append(lint)
    for place, ids in accepted.items():
        for i, word in enumerate(ids):
            if (place, word) not in used and word not in ACROSS:
                what = f"{word} is accepted, and there is no such warning here"
                said.append(Lint(NOT_FOUND, (*place, "accept", i), what, "the id taken out"))
    return tuple(said)
