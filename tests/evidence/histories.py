"""Histories whose truth is known: deals that open, wait, and are saved, lost or let go, some of them still open."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Final

import numpy as np

HISTORIES: Final = 2000
OUTCOMES: Final = ("saved", "lost", "let_go")
CHANCES: Final = (0.6, 0.3, 0.1)
"""What becomes of a deal in the end."""
MEAN_DAYS: Final = 45.0
"""Days until a deal ends: many are short and some are long (exponential)."""
SPREAD: Final = 0.8
"""Of the logarithm of ARR: the largest of a hundred deals is some eight times the middle one."""
MEAN_KEPT: Final = CHANCES[0] * 60_000_00 * exp(SPREAD**2 / 2)
"""Of all deals, in cents: what is saved keeps its ARR, the rest keeps nothing."""


def luck(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def ends(days: float) -> float:
    """The share of deals that has ended by then."""
    return 1 - exp(-days / MEAN_DAYS)


def watched(deals: int, draw: np.random.Generator) -> list[tuple[float, str | None]]:
    """Opened over a year and looked at on its last day: whole days, with ties, and the open ones cut off (None).

    A deal that ends during a day has ended on it, so shares by the end of a day are those of ``ends``.
    """
    lasts = np.ceil(draw.exponential(MEAN_DAYS, deals))
    seen = np.floor(draw.uniform(0, 365, deals)) + 1
    kinds = draw.choice(len(OUTCOMES), deals, p=CHANCES)
    return [
        (float(last), OUTCOMES[kind]) if last <= until else (float(until), None)
        for last, until, kind in zip(lasts, seen, kinds, strict=True)
    ]


def kept(deals: int, draw: np.random.Generator) -> list[int]:
    """Cents kept per deal."""
    amounts = draw.lognormal(np.log(60_000_00), SPREAD, deals).round().astype(int)
    return [int(a) if saved else 0 for a, saved in zip(amounts, draw.random(deals) < CHANCES[0], strict=True)]


def covered(hit: Callable[[np.random.Generator], bool], histories: int = HISTORIES, seed: int = 7) -> float:
    """How many in a hundred histories had the truth within their interval."""
    draw = luck(seed)
    return 100 * sum(hit(draw) for _ in range(histories)) / histories
