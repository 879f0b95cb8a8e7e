"""How sure a figure is: an interval around a share, and around the mean difference of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final

from saveline.core.facts import Fact

Z: Final = 1.959963984540054
"""Nineteen in twenty of a normal curve lie within so many deviations."""
FEWEST: Final = 5
"""Pairs below which no interval is worth giving."""


class Rate(Fact, frozen=True):
    """``k`` of ``n``, with Wilson's 95 % interval ``low`` to ``high``.

    Without any case the three are None, and so they are in a report where there are fewer than it wants to judge by.
    """

    k: int
    n: int
    share: float | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.share is None or self.low is None or self.high is None:
            return f"not enough cases ({self.k:,} of {self.n:,})" if self.n else "no case"
        return f"{self.share:.0%} ({self.low:.0%} to {self.high:.0%}, n = {self.n:,})"


def rate(k: int, n: int) -> Rate:
    """Wilson's interval: it holds its promise for few cases, and for shares of nothing and of all.

    Worked out here because a rehearsal starts in half a second, which is less than a statistics library needs to load;
    tests/evidence holds it against statsmodels, which reports use.
    """
    if not n:
        return Rate(k, n)
    p, zz = k / n, Z * Z
    middle = (p + zz / (2 * n)) / (1 + zz / n)
    half = Z / (1 + zz / n) * sqrt(p * (1 - p) / n + zz / (4 * n * n))
    return Rate(k, n, p, max(0.0, middle - half), min(1.0, middle + half))


class Difference(Fact, frozen=True):
    """The mean of ``after - before`` over ``n`` pairs, with a paired t interval of 95 % where there are enough."""

    before: float
    after: float
    mean: float
    n: int
    low: float | None = None
    high: float | None = None

    @property
    def clear(self) -> bool:
        """Whether the interval leaves no doubt on which side of nothing the difference lies."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def difference(before: Sequence[float], after: Sequence[float]) -> Difference:
    """Of pairs in the same order. Raises ValueError without any."""
    n = len(before)
    if not n:
        raise ValueError("a difference of no pairs")
    gaps = [b - a for a, b in zip(before, after, strict=True)]
    mean, was, now = sum(gaps) / n, sum(before) / n, sum(after) / n
    if n < FEWEST:
        return Difference(was, now, mean, n)
    spread = sqrt(sum((g - mean) ** 2 for g in gaps) / (n - 1) / n) * _student(n - 1)
    return Difference(was, now, mean, n, mean - spread, mean + spread)


def _student(freedom: int) -> float:
    """The t at which 95 % lie between it and its opposite, by its expansion around the normal curve's."""
    terms = (
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
    )
    return float(Z + sum(term / freedom**power for power, term in enumerate(terms, start=1)))


def median(values: Sequence[float]) -> float | None:
    ordered = sorted(values)
    half = len(ordered) // 2
    if not ordered:
        return None
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
