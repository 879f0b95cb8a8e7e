"""Two shares against each other: the gap, its interval, its p, and the gap that could have been found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import asin, sqrt
from statistics import NormalDist
from typing import Final

from saveline.core.certainty import Gap

_NINETEEN_IN_TWENTY: Final = NormalDist().inv_cdf(0.975)


def gaps(pairs: Sequence[tuple[int, int, int, int]]) -> list[Gap]:
    """Of each (k, n, other k, other n) the share k/n less the other's. Raises ValueError where an n is nothing.

    p: Fisher's exact test, two-sided, by scipy. It is never too bold; Boschloo's finds a little more and takes 50
    times as long.
    """
    return [
        Gap(pair[0] / pair[1] - pair[2] / pair[3], low, high, _exact(*pair))
        for pair, (low, high) in zip(pairs, newcombe(pairs), strict=True)
    ]


def newcombe(pairs: Sequence[tuple[int, int, int, int]]) -> list[tuple[float, float]]:
    """The intervals alone: Newcombe's hybrid score method (1998, Stat. Med. 17:873, method 10), by statsmodels."""
    if not pairs:
        return []
    if any(not n or not m for _, n, _, m in pairs):
        raise ValueError("a share of no deals")
    import numpy as np
    from statsmodels.stats.proportion import confint_proportions_2indep

    k, n, j, m = np.asarray(pairs, dtype=float).T
    lows, highs = confint_proportions_2indep(k, n, j, m, method="newcomb", compare="diff")
    return [(max(-1.0, float(low)), min(1.0, float(high))) for low, high in zip(lows, highs, strict=True)]


def pooled(strata: Sequence[tuple[int, int, int, int]]) -> Gap:
    """The gap of several (k, n, other k, other n) that must not be thrown together, as of times with different shares.

    The difference within each, weighted by Mantel and Haenszel (Greenland and Robins 1985, Biometrics 41:55), with the
    interval of Sato (1989, Biometrics 45:1323), which holds for a few large strata and for many small ones; statsmodels
    has neither. p: the test of Cochran, Mantel and Haenszel with its continuity correction, by statsmodels. Of one
    stratum it is what :func:`gaps` says. Raises ValueError where a stratum has nobody on one side.
    """
    if len(strata) == 1:
        return gaps(strata)[0]
    if any(not n or not m for _, n, _, m in strata):
        raise ValueError("a stratum with one side only")
    weight = sum(n * m / (n + m) for _, n, _, m in strata)
    difference = sum((k * m - j * n) / (n + m) for k, n, j, m in strata) / weight
    tilt = sum((n * n * j - m * m * k + n * m * (m - n) / 2) / (n + m) ** 2 for k, n, j, m in strata)
    spread = sum((k * (m - j) + j * (n - k)) / (2 * (n + m)) for k, n, j, m in strata)
    away = _NINETEEN_IN_TWENTY * sqrt(max(0.0, difference * tilt + spread)) / weight
    return Gap(difference, max(-1.0, difference - away), min(1.0, difference + away), _mantel_haenszel(strata))


def _mantel_haenszel(strata: Sequence[tuple[int, int, int, int]]) -> float:
    """1 where all, or none, of every stratum were saved: then nothing can differ."""
    if all(k + j in {0, n + m} for k, n, j, m in strata):
        return 1.0
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = [[[k, n - k], [j, m - j]] for k, n, j, m in strata]
    return min(1.0, float(StratifiedTable(tables).test_null_odds(correction=True).pvalue))


@lru_cache(maxsize=65_536)
def _exact(k: int, n: int, j: int, m: int) -> float:
    """Kept because each of two groups is the other's rest, and because two milliseconds add up over a report."""
    from scipy.stats import fisher_exact

    return min(1.0, float(fisher_exact([[k, n - k], [j, m - j]]).pvalue))


@lru_cache(maxsize=16_384)
def detectable(base: float, n: int, m: int, *, alpha: float) -> tuple[float | None, float | None]:
    """The smallest differences from a share ``base`` of ``m``, up and down, that ``n`` cases show 4 times in 5.

    In shares, the second below nothing; None where even all, or none, would not show. Cohen's arcsine effect size
    (1988, Statistical Power Analysis, ch. 6), which statsmodels solves for 80 % power at a two-sided ``alpha``, with
    the correction for whole deals without which Fisher's test would find it in fewer (Casagrande, Pike and Smith
    1978, Biometrics 34:483): as if there were ``n (1 - (1/n + 1/m) / 2d)²`` for a difference ``d``. It is too small
    where hardly any, or nearly all, of the base were saved.
    """
    from scipy.optimize import brentq

    grain, effect = 1 / n + 1 / m, _effect(alpha) * sqrt(1 / n + 1 / m)

    def short(difference: float, sign: int) -> float:
        away = abs(asin(sqrt(min(1.0, max(0.0, base + sign * difference)))) - asin(sqrt(base)))
        return 2 * away * (1 - grain / (2 * difference)) - effect

    found: list[float | None] = []
    for sign, most in ((1, 1 - base), (-1, base)):
        shown = most > grain / 2 and short(most, sign) >= 0
        found.append(sign * float(brentq(short, grain / 2, most, args=(sign,))) if shown else None)
    return found[0], found[1]


@lru_cache(maxsize=256)
def _effect(alpha: float) -> float:
    """Of two groups of one case each, so to say: with more it falls by the root of 1/n + 1/m."""
    from statsmodels.stats.power import NormalIndPower

    of_hundred = NormalIndPower().solve_power(effect_size=None, nobs1=100, ratio=1, alpha=alpha, power=0.8)
    return float(of_hundred) * sqrt(100 / 2)
