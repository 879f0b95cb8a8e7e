"""Regression to the mean: what was picked because it stood out stands out less next time, by chance alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from saveline.core.certainty import Rebound
from saveline.evidence.rates import rate
from saveline.evidence.shrinkage import prior

FEWEST: Final = 3
"""Groups below which nobody can say how much they differ."""


def rebound(groups: Sequence[tuple[int, int]], picked: int, following: tuple[int, int]) -> Rebound | None:
    """What became of the group at ``picked`` of all ``groups`` (k, n) of a period; ``following`` is its (k, n) after.

    If nothing had changed, its next share is expected at the share of all plus its own distance from that times
    ``n / (n + weight)`` (Galton 1886; Barnett, van der Pols and Dobson 2005, Int. J. Epidemiol. 34:215), the weight
    as in ``shrinkage.prior``; 95 % of next shares lie where the beta-binomial of scipy puts them. None with fewer
    than three groups, or where the picked one had no case then or after.
    """
    k, n = groups[picked]
    after_k, after_n = following
    common = prior(groups) if sum(1 for _, m in groups if m) >= FEWEST else None
    if common is None or not n or not after_n:
        return None
    from scipy.stats import betabinom, binom

    common = common.at_most(common.cases - n)
    expected = common.believed(k, n)
    if 0 < common.share < 1:
        a, b = k + common.weight * common.share, n - k + common.weight * (1 - common.share)
        low, high = betabinom.ppf([0.025, 0.975], after_n, a, b) / after_n
    else:
        low, high = binom.ppf([0.025, 0.975], after_n, common.share) / after_n
    change, chance = after_k / after_n - k / n, expected - k / n
    part = min(1.0, max(0.0, chance / change)) if change else None
    first, then = rate(k, n, floor=1), rate(after_k, after_n, floor=1)
    return Rebound(first, then, expected, float(low), float(high), part)
