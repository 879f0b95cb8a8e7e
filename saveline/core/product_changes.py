"""Product changes that were asked for because of saves: what became of them, and the ARR behind them.

A deal asks for one when somebody answers ``product_change_needed`` with yes, or finds ``product_gap`` to be the
``root_cause``. What product and engineering then began for it is done, or cannot be: that is the task's own word, or an
outcome that begins with ``not_`` (not_feasible, not_planned).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from saveline.core.facts import Fact
from saveline.core.root_causes import root_cause

NEEDED: Final = "product_change_needed"
GAP: Final = "product_gap"
CANNOT: Final = "not_"
Fate: TypeAlias = Literal["done", "cannot", "open", "nobody"]
FATES: Final[tuple[Fate, ...]] = ("done", "cannot", "open", "nobody")


class Work(Fact, frozen=True):
    """A task: whose ``department`` it is, when it began and was closed, and how."""

    department: str | None
    started_at: datetime
    closed_at: datetime | None
    state: str
    outcome: str | None


class Change(Fact, frozen=True):
    """Changes with one fate: deals and their ARR, and of these the ones that were ``saved``."""

    fate: Fate
    deals: int
    arr_cents: int
    saved: int


def asks(answers: Mapping[str, Any]) -> bool:
    """Whether the answers of a task ask for a product change."""
    return answers.get(NEEDED) is True or root_cause(answers) == GAP


def fate(asked_at: datetime, work: Iterable[Work], departments: Collection[str]) -> Fate:
    """What became of it: ``open`` while anything of it is, else as the last of it ended; ``nobody`` began it."""
    begun = [w for w in work if w.department in departments and w.started_at >= asked_at]
    if not begun:
        return "nobody"
    if any(w.closed_at is None for w in begun):
        return "open"
    last = max(begun, key=lambda w: (w.closed_at or w.started_at, w.started_at))
    undone = last.state != "done" or (last.outcome or "").startswith(CANNOT)
    return "cannot" if undone else "done"


def changes(asked: Iterable[tuple[Fate, int, bool]]) -> tuple[Change, ...]:
    """Of ``(fate, ARR in cents, saved)`` of each deal that asked, a line a fate."""
    by: dict[Fate, list[tuple[int, bool]]] = {}
    for what, cents, saved in asked:
        by.setdefault(what, []).append((cents, saved))
    return tuple(
        Change(what, len(by[what]), sum(c for c, _ in by[what]), sum(s for _, s in by[what]))
        for what in FATES
        if what in by
    )
