"""How two figures of the same groups go together."""

from __future__ import annotations

from collections.abc import Sequence
from math import atanh, sqrt, tanh

from saveline.core.certainty import FLOOR
from saveline.core.intervals import Z
from saveline.core.pulse import Link


def link(pairs: Sequence[tuple[float, float]], *, floor: int = FLOOR) -> Link:
    """Pearson's correlation over groups, with the 95 % interval of Fisher's z (1921, Metron 1:3): ``atanh r`` is nearly
    normal with a deviation of ``1 / sqrt(n - 3)``. None below ``floor`` groups (at least four), or where either figure
    is the same in all of them. By scipy.
    """
    n = len(pairs)
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    if n < max(floor, 4) or len(set(xs)) == 1 or len(set(ys)) == 1:
        return Link(n)
    from scipy import stats

    r = float(stats.pearsonr(xs, ys).statistic)
    if abs(r) >= 1 - 1e-12:
        return Link(n, r, r, r)
    half = Z / sqrt(n - 3)
    return Link(n, r, tanh(atanh(r) - half), tanh(atanh(r) + half))
