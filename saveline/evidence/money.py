"""Means and totals of money, with bootstrap intervals that two builds of a report find alike."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from saveline.core.certainty import FLOOR, Method, MoneyMean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES: Final = 1999
MOST: Final = 1000
"""Amounts above which the t interval takes over: there the two are nearly one, and it costs nothing."""
MOSTLY: Final = 0.99
"""Of the resamples, the part that must have some spread for the studentized interval to mean anything."""
WIDEST: Final = 200_000
"""Amounts drawn at once, which bounds the memory to a few megabytes."""


def mean(cents: Sequence[int], *, floor: int = FLOOR, resamples: int = RESAMPLES) -> MoneyMean:
    """Amounts in whole cents, one a deal (a lost one is a zero), in any order: mean and total with a 95 % interval.

    Studentized bootstrap (Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 12.5) on scipy's
    resamples; the percentile one where too many of these have no spread; a t interval above ``MOST``. Only the total
    below ``floor`` cases; no interval for fewer than two, or where all amounts are alike: of such cases nobody can
    tell how far the next may lie. It does not go below nothing where no amount does.

    Why not BCa, which scipy also has: amounts as lopsided as ARR, two in five of them nothing, were within its 95 %
    in 91 of 100 histories of 20 deals, 92.5 of 60 and 93.6 of 200 (2,000 each). Within this one's they were in 94.0,
    93.9 and 94.2, and 94.8 of 600 (6,000 each, tests/evidence/test_coverage.py). It is less with ARR more lopsided.
    """
    n, total = len(cents), sum(cents)
    if n < max(floor, 1):
        return MoneyMean(n, total)
    if n == 1 or min(cents) == max(cents):
        return MoneyMean(n, total, total / n)
    low, high, method = _interval([sorted(cents)], resamples)
    return MoneyMean(n, total, total / n, max(0.0, low) if min(cents) >= 0 else low, high, method)


def mean_difference(new: Sequence[int], usual: Sequence[int], *, floor: int = FLOOR) -> MoneyMean | None:
    """The mean of ``new`` less that of ``usual``, cents per deal, with the same kind of interval; ``n`` counts both.

    None where either has fewer than ``floor`` (and at least two) or all amounts of either are alike. ``total`` is the
    difference of the totals, which says little where the sides differ in size.
    """
    sides = [sorted(new), sorted(usual)]
    if any(len(side) < max(floor, 2) or side[0] == side[-1] for side in sides):
        return None
    low, high, method = _interval(sides, RESAMPLES)
    between = sum(new) / len(new) - sum(usual) / len(usual)
    return MoneyMean(len(new) + len(usual), sum(new) - sum(usual), between, low, high, method)


def _interval(sides: Sequence[Sequence[int]], resamples: int) -> tuple[float, float, Method]:
    import numpy as np
    from scipy import stats

    data = [np.asarray(side, dtype=float) for side in sides]
    if sum(map(len, data)) > MOST:
        test = stats.ttest_1samp(data[0], 0) if len(data) == 1 else stats.ttest_ind(*data, equal_var=False)
        found = test.confidence_interval(0.95)
        return float(found.low), float(found.high), "t"
    drawn, spread = _drawn(data, resamples)
    centre, error = _mean_and_error(*data)
    if (spread > 0).mean() < MOSTLY:
        low, high = np.quantile(drawn, [0.025, 0.975])
        return float(low), float(high), "percentile"
    far = (drawn - centre)[spread > 0] / spread[spread > 0]
    above, below = np.quantile(far, [0.975, 0.025])
    return float(centre - above * error), float(centre - below * error), "studentized"


def _mean_and_error(*sides: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """The mean, or the first less the second, and its standard error."""
    import numpy as np

    means = [side.mean(axis=axis) for side in sides]
    squares = [side.var(axis=axis, ddof=1) / side.shape[axis] for side in sides]
    between = means[0] if len(means) == 1 else means[0] - means[1]
    return np.stack([between, np.sqrt(np.sum(squares, axis=0))])


def _drawn(data: Sequence[NDArray[np.float64]], resamples: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and standard errors of so many draws with replacement, the same for the same data."""
    import numpy as np
    from scipy import stats

    found = stats.bootstrap(
        data,
        _mean_and_error,
        n_resamples=resamples,
        batch=max(1, WIDEST // max(map(len, data))),
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(_seed(data)),
    ).bootstrap_distribution
    return found[0], found[1]


def _seed(data: Sequence[NDArray[np.float64]]) -> int:
    """From the amounts themselves, so that the same deals give the same interval, and others do not share its luck."""
    digest = sha256()
    for side in data:
        digest.update(len(side).to_bytes(8, "big"))
        digest.update(side.astype(">f8").tobytes())
    return int.from_bytes(digest.digest()[:16], "big")
