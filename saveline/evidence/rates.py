"""Shares of deals, with Wilson's interval."""

from __future__ import annotations

from functools import lru_cache

from saveline.core.certainty import FLOOR
from saveline.core.intervals import Rate


def rate(k: int, n: int, *, floor: int = FLOOR) -> Rate:
    """``k`` of ``n``: share and 95 % interval by Wilson (1927), J. Am. Stat. Assoc. 22:209, as in statsmodels.

    Below ``floor`` cases only the counts. Raises ValueError unless 0 <= k <= n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if n < max(floor, 1):
        return Rate(k, n)
    low, high = wilson(k, n)
    return Rate(k, n, k / n, low, high)


@lru_cache(maxsize=16_384)
def wilson(k: float, n: float) -> tuple[float, float]:
    """The interval alone. ``k`` and ``n`` may be fractions, where ``n`` says how many cases a share is worth."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(k, n, alpha=0.05, method="wilson")
    # The formula is off by the last bit at its two ends.
    return (0.0 if k <= 0 else max(0.0, float(low))), (1.0 if k >= n else min(1.0, float(high)))
