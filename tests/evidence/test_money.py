"""Means of money: the same for the same deals, and the bootstrap against all resamples there are."""

from __future__ import annotations

from itertools import product
from statistics import fmean as mean
from statistics import stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saveline.core.certainty import MoneyMean
from saveline.evidence import money


def test_against_every_resample_there_is() -> None:
    """Six amounts can be drawn anew in 46,656 ways: the studentized interval over all of them.

    Planted: the limits not turned round (centre + t error), and the percentile interval.
    """
    cents = [500_00, 620_00, 630_00, 750_00, 900_00, 2_600_00]
    centre, error = mean(cents), stdev(cents) / 6**0.5
    ways = [draw for draw in product(cents, repeat=6) if len(set(draw)) > 1]
    far = sorted((mean(draw) - centre) / (stdev(draw) / 6**0.5) for draw in ways)
    limits = [centre - far[round(len(far) * share)] * error for share in (0.975, 0.025)]
    found = money.mean(cents, floor=2, resamples=20_000)
    assert found.method == "studentized"
    assert found.mean == centre
    assert (found.low, found.high) == pytest.approx(limits, rel=0.04)


def test_of_many_even_amounts_it_is_the_t_interval() -> None:
    cents = [1_000_00 + 7_919 * n % 100_000 for n in range(400)]
    found = money.mean(cents, resamples=20_000)
    half = 1.9659 * stdev(cents) / 400**0.5
    assert found.low == pytest.approx(mean(cents) - half, abs=half / 15)
    assert found.high == pytest.approx(mean(cents) + half, abs=half / 15)
    many = money.mean(cents * 13)
    half = 1.9604 * stdev(cents * 13) / 5200**0.5
    assert many.method == "t"
    assert (many.low, many.high) == pytest.approx((mean(cents) - half, mean(cents) + half), rel=1e-6)


AMOUNTS = st.lists(st.integers(0, 10**9) | st.just(0), min_size=2, max_size=40)


@settings(max_examples=15)
@given(AMOUNTS, st.randoms(use_true_random=False))
def test_the_order_of_deals_changes_no_digit(cents: list[int], luck: object) -> None:
    """Planted: the seed taken from the amounts as they came."""
    shuffled = list(cents)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    found = money.mean(cents, floor=2)
    assert money.mean(shuffled, floor=2) == found
    if found.low is None or found.high is None:
        assert min(cents) == max(cents)
    else:
        assert 0 <= found.low <= found.high
        assert found.total_low is not None
        assert found.total_low <= found.total <= (found.total_high or 0)


def test_what_has_no_interval() -> None:
    assert money.mean([]) == MoneyMean(0, 0)
    assert money.mean([5] * 9) == MoneyMean(9, 45)
    assert money.mean([500], floor=1) == MoneyMean(1, 500, 500.0)
    assert money.mean([500] * 12) == MoneyMean(12, 6000, 500.0)
    assert money.mean_difference([500] * 12, [1, 2] * 10) is None
    assert money.mean_difference([500, 501], [1, 2] * 10) is None


def test_all_but_one_alike() -> None:
    """Ties everywhere: still an interval, and not one of no width."""
    found = money.mean([0] * 19 + [1_000_00])
    assert found.method == "percentile"
    assert (found.low, found.high) == (0, 150_00)


def test_two_arms_of_money() -> None:
    new, usual = [n * 37 % 100 * 100 for n in range(80)], [n * 61 % 100 * 60 for n in range(120)]
    found = money.mean_difference(new, usual)
    assert found is not None
    between = mean(new) - mean(usual)
    half = 1.98 * (stdev(new) ** 2 / 80 + stdev(usual) ** 2 / 120) ** 0.5
    assert found.mean == pytest.approx(between)
    assert (found.low, found.high) == pytest.approx((between - half, between + half), abs=half / 8)
    assert money.mean_difference(new[::-1], usual[::-1]) == found
