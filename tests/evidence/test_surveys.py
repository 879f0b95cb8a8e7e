"""The net promoter score: its interval holds the truth as often as it says.

Planted bugs that turned these tests red: a z of 1.65, a detractor counted as none, and a variance without the square.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.evidence.surveys import net

COUNTS = st.integers(0, 400)


@given(promoters=COUNTS, passives=COUNTS, detractors=COUNTS)
def test_it_is_the_mean_of_plus_and_minus_one(promoters: int, passives: int, detractors: int) -> None:
    found = net(promoters, passives, detractors)
    n = promoters + passives + detractors
    assert found.n == n
    if n < 10:
        assert found.score is None
        assert found.low is None
        return
    assert found.score is not None
    assert found.low is not None
    assert found.high is not None
    values = [1] * promoters + [0] * passives + [-1] * detractors
    assert found.score == pytest.approx(100 * sum(values) / n)
    assert -100 <= found.low <= found.score <= found.high <= 100
    turned = net(detractors, passives, promoters)
    assert (turned.score, turned.low, turned.high) == pytest.approx((-found.score, -found.high, -found.low))


@pytest.mark.parametrize("n", [12, 60, 400])
@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.2, 0.35, 0.45), (0.9, 0.08, 0.02)])
def test_the_interval_holds_the_truth(n: int, shares: tuple[float, float, float]) -> None:
    """Of 2,000 surveys whose true score is known, about 95 in 100; with a dozen answers a little more or less."""
    draws = np.random.default_rng(n).multinomial(n, shares, 2000)
    truth = 100 * (shares[0] - shares[2])
    found = [net(int(p), int(o), int(d)) for p, o, d in draws]
    held = sum(f.low <= truth <= f.high for f in found if f.low is not None and f.high is not None) / len(found)
    assert 0.935 <= held <= 0.985
