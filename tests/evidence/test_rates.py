"""Shares and the gaps between them, against published tables and against sums by hand."""

from __future__ import annotations

from fractions import Fraction
from math import asin, comb, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core import intervals
from saveline.core.intervals import Rate
from saveline.evidence.gaps import detectable, gaps
from saveline.evidence.rates import rate

NEWCOMBE_ONE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
"""Newcombe 1998, Stat. Med. 17:857, table I, method 3 (Wilson without continuity correction)."""

NEWCOMBE_TWO = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]
"""Newcombe 1998, Stat. Med. 17:873, table II, method 10."""


@pytest.mark.parametrize(("k", "n", "low", "high"), NEWCOMBE_ONE)
def test_a_share_has_the_interval_of_the_table(k: int, n: int, low: float, high: float) -> None:
    """Planted: Wald's interval, which misses every line, and Wilson's with the continuity correction."""
    found = rate(k, n)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 2_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_rehearsals_and_reports_have_one_interval(k_n: tuple[int, int]) -> None:
    """The core's own formula, which needs no library, against statsmodels'. Planted: its old Z of six decimals."""
    own, other = intervals.rate(*k_n), rate(*k_n, floor=1)
    assert own.share == other.share
    assert own.low == pytest.approx(other.low, abs=1e-12)
    assert own.high == pytest.approx(other.high, abs=1e-12)


def test_below_the_floor_only_the_counts() -> None:
    assert rate(7, 9) == Rate(7, 9)
    assert str(rate(7, 9)) == "not enough cases (7 of 9)"
    assert rate(7, 9, floor=9).share == 7 / 9
    assert rate(0, 0, floor=0) == Rate(0, 0)
    with pytest.raises(ValueError, match="4 of 3"):
        rate(4, 3)


@pytest.mark.parametrize(("k", "n", "j", "m", "low", "high"), NEWCOMBE_TWO)
def test_a_gap_has_the_interval_of_the_table(k: int, n: int, j: int, m: int, low: float, high: float) -> None:
    """Planted: the Wald interval (method="wald"), which gives 0.0575 to 0.3425 on the first line."""
    (found,) = gaps([(k, n, j, m)])
    assert found.difference == pytest.approx(k / n - j / m)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_the_lady_tasting_tea() -> None:
    """Fisher 1935: three of four cups right has a two-sided p of 34/70."""
    assert gaps([(3, 4, 1, 4)])[0].p == pytest.approx(34 / 70)


SIDES = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(SIDES, SIDES)
def test_p_is_a_sum_over_tables_and_has_no_side(one: tuple[int, int], other: tuple[int, int]) -> None:
    (gap,), (back,) = gaps([(*one, *other)]), gaps([(*other, *one)])
    assert gap.p == pytest.approx(float(_fisher(*one, *other)), rel=1e-9)
    assert back.p == pytest.approx(gap.p)
    assert (back.low, back.high) == pytest.approx((-gap.high, -gap.low))
    assert gap.low - 1e-12 <= gap.difference <= gap.high + 1e-12


def _fisher(k: int, n: int, j: int, m: int) -> Fraction:
    """All tables with these margins that are no likelier than this one, in whole numbers."""
    ways = {i: comb(n, i) * comb(m, k + j - i) for i in range(max(0, k + j - m), min(n, k + j) + 1)}
    return Fraction(sum(way for way in ways.values() if way <= ways[k]), sum(ways.values()))


def test_a_gap_needs_deals_on_both_sides() -> None:
    assert gaps([]) == []
    with pytest.raises(ValueError, match="no deals"):
        gaps([(1, 2, 0, 0)])


@pytest.mark.parametrize(("base", "n", "m"), [(0.6, 120, 480), (0.5, 400, 400), (0.9, 60, 600)])
def test_what_could_have_been_found(base: float, n: int, m: int) -> None:
    """Turned round: Cohen 1988, formula 6.4.1, says how many cases the difference needs, Casagrande, Pike and Smith
    how many more Fisher's test does, and that is how many there were. Planted: no correction."""
    for difference in detectable(base, n, m, alpha=0.05):
        if difference is None:
            continue
        normal, ratio = NormalDist(), m / n
        h = abs(2 * asin(sqrt(base)) - 2 * asin(sqrt(base + difference)))
        needs = (normal.inv_cdf(0.975) + normal.inv_cdf(0.8)) ** 2 * (1 + 1 / ratio) / h**2
        more = needs / 4 * (1 + sqrt(1 + 2 * (ratio + 1) / (needs * ratio * abs(difference)))) ** 2
        assert more == pytest.approx(n, rel=1e-3)


def test_where_nothing_could_have_been_found() -> None:
    assert detectable(0.95, 10, 500, alpha=0.05)[0] is None
    assert detectable(0.05, 10, 500, alpha=0.05)[1] is None
    assert detectable(0.0, 100, 100, alpha=0.05)[1] is None
