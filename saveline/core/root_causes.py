"""Why accounts were at risk, as it was stated and as it was found: the cause a deal was opened with, the ``root_cause``
that the people who worked on it answered, and the reason that the account gave when it left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from saveline.core.certainty import FLOOR
from saveline.core.facts import Fact
from saveline.core.intervals import Rate, rate

ANSWER: Final = "root_cause"
"""The question whose answer is the cause that was found; of several answers on a deal the last counts."""


class Pair(Fact, frozen=True):
    """Of the deals with one ``stated`` cause of which another was told: ``rate.k`` of ``rate.n`` are ``found`` to be
    this, with the ARR of these."""

    stated: str
    found: str
    rate: Rate
    arr_cents: int


class Verified(Fact, frozen=True):
    """``found`` are causes stated beside causes found, ``given`` causes found beside the reasons of those that left.
    Only of causes with at least ten deals; ``few`` are deals of the other causes. ``unknown`` are closed deals of which
    nobody said what it was."""

    found: tuple[Pair, ...] = ()
    given: tuple[Pair, ...] = ()
    few: int = 0
    unknown: int = 0


class Opened(Fact, frozen=True):
    """A deal: the cause it was ``stated`` with, the one that was ``found`` and the ``reason`` given when the account
    left, each as far as anybody said."""

    stated: str | None
    found: str | None
    reason: str | None
    arr_cents: int
    closed: bool


def root_cause(answers: Mapping[str, Any]) -> str | None:
    """What was found, where that is among the answers of a task."""
    found = answers.get(ANSWER)
    return found if isinstance(found, str) and found else None


def verified(deals: Iterable[Opened], floor: int = FLOOR) -> Verified:
    """Pairs with the most deals first."""
    some = list(deals)
    found = [(d.stated, d.found, d.arr_cents) for d in some if d.stated and d.found]
    given = [(d.found, d.reason, d.arr_cents) for d in some if d.found and d.reason]
    told, few = _pairs(found, floor)
    also, fewer = _pairs(given, floor)
    return Verified(told, also, few + fewer, sum(d.closed and d.found is None for d in some))


def _pairs(deals: Iterable[tuple[str, str, int]], floor: int) -> tuple[tuple[Pair, ...], int]:
    by: dict[str, dict[str, list[int]]] = {}
    for stated, found, cents in deals:
        by.setdefault(stated, {}).setdefault(found, []).append(cents)
    totals = {stated: sum(map(len, some.values())) for stated, some in by.items()}
    pairs = [
        Pair(stated, found, rate(len(cents), totals[stated]), sum(cents))
        for stated, some in by.items()
        for found, cents in some.items()
        if totals[stated] >= floor
    ]
    pairs.sort(key=lambda p: (-p.rate.n, p.stated, -p.rate.k, p.found))
    return tuple(pairs), sum(n for n in totals.values() if n < floor)
