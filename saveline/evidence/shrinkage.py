"""What many groups say about each: how far a group's own share is to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from saveline.core.facts import Fact

ALIKE: Final = 1e5
"""A weight at and above which the groups cannot be told apart: each is then believed to have the common share."""


class Prior(Fact, frozen=True):
    """The share of all groups together (``cases`` deals), and how many of a group's own cases it is worth."""

    share: float
    weight: float
    cases: int

    def at_most(self, cases: int) -> Prior:
        """Worth no more than so many: a share cannot be surer than the other deals it was found from."""
        return Prior(self.share, min(self.weight, cases), self.cases)

    def believed(self, k: float, n: float) -> float:
        """The group's own share, drawn toward the common one by ``weight / (weight + n)``."""
        return (k + self.weight * self.share) / (n + self.weight)


def prior(groups: Sequence[tuple[int, int]]) -> Prior | None:
    """From (k, n) of each group: empirical Bayes with a beta distribution over the groups' true shares.

    The share is that of all groups together; the weight is the most likely one (scipy's betabinom, maximised by
    scipy): Casella 1985, Am. Stat. 39:83; Skellam 1948, J. R. Stat. Soc. B 10:257. Groups alike beyond what chance
    would leave give ``ALIKE``, and so does one group alone. None without a case.
    """
    seen = [(k, n) for k, n in groups if n]
    if not seen:
        return None
    import numpy as np
    from scipy.optimize import minimize_scalar
    from scipy.stats import betabinom

    k, n = np.asarray(seen, dtype=float).T
    share, cases = float(k.sum() / n.sum()), int(n.sum())
    if len(seen) == 1 or share in (0.0, 1.0):
        return Prior(share, ALIKE, cases)

    def unlikely(log_weight: float) -> float:
        weight = float(np.exp(log_weight))
        return -float(betabinom.logpmf(k, n, weight * share, weight * (1 - share)).sum())

    best = minimize_scalar(unlikely, bounds=(0.0, float(np.log(ALIKE))), method="bounded")
    # A flat end looks like a maximum anywhere on it.
    weight = ALIKE if unlikely(float(np.log(ALIKE))) <= best.fun + 1e-6 else float(np.exp(best.x))
    return Prior(share, weight, cases)
