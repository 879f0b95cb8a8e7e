"""Luck that can be had twice: a number for each question, from a seed and the names of what is asked about.

Nothing here remembers what was drawn before, so the same account and task have the same luck in two versions of a play,
whatever else happens around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, TypeVar

from saveline.core.facts import Fact

T = TypeVar("T")
_STEPS: Final = 2**53


class Luck(Fact, frozen=True):
    """``seed`` names the one life that is played; another seed is another life."""

    seed: str

    def share(self, *what: str | int) -> float:
        """A number in ``[0, 1)``, always the same for the same ``what``."""
        text = "\x1f".join((self.seed, *map(str, what)))
        return (int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 11) / _STEPS

    def whole(self, below: int, *what: str | int) -> int:
        """A whole number in ``[0, below)``."""
        return int(self.share(*what) * below)


def picked(options: Sequence[T], weights: Sequence[float], share: float) -> T:
    """The option at ``share`` of the way through ``weights``. Raises ValueError where nothing has any weight."""
    left = share * sum(weights)
    for option, weight in zip(options, weights, strict=True):
        if left < weight:
            return option
        left -= weight
    return next(o for o, w in reversed(list(zip(options, weights, strict=True))) if w > 0)


def weighted(options: Sequence[str], weights: Mapping[str, float], share: float) -> str:
    """The same with weights by name: options that have none get none, and without any at all each gets the same."""
    given = [weights.get(option, 0.0) for option in options]
    return picked(options, given if any(given) else [1.0] * len(options), share)
