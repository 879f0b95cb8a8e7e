"""An interval of 95 % holds the truth in 95 of 100 histories: of 2,000 that are simulated, 95 ± 1.5 %.

Each test says for which sizes that is so. Where it is not: Wilson's interval swings with n, since only whole deals can
be counted, between 92.4 % and 98.2 % at ten deals (the floor), by up to 1.6 at 60, and within ± 1.5 from some 100 on.
The mean of money is a little too sure: 94.0, 93.9, 93.7, 94.2 and 94.8 % with 20, 60, 100, 200 and 600 deals (6,000
histories each), and down to 90 % with few deals and ARR yet more lopsided than here. Times with open deals hold it
from 30 deals on, where ten ends are to be expected; with fewer, they are a little too wide. What is known of the truth
is in ``histories.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
import pytest

from saveline.evidence import money
from saveline.evidence.gaps import newcombe
from saveline.evidence.incidence import Course, incidence
from saveline.evidence.rates import wilson
from saveline.evidence.survival import Spell, stay
from tests.evidence.histories import (
    CHANCES,
    HISTORIES,
    MEAN_DAYS,
    MEAN_KEPT,
    OUTCOMES,
    covered,
    ends,
    kept,
    luck,
    watched,
)


def holds(hits: Sequence[bool]) -> float:
    """In how many of a hundred histories."""
    return 100 * sum(hits) / len(hits)


def right(share: float) -> bool:
    return 93.5 <= share <= 96.5


def within(truth: float, low: float | None, high: float | None) -> bool:
    return low is not None and low <= truth <= (float("inf") if high is None else high)


@pytest.mark.parametrize(("truth", "deals"), [(0.6, 60), (0.6, 200), (0.8, 120), (0.3, 200), (0.95, 400)])
def test_rates(truth: float, deals: int) -> None:
    """Planted: Wald's interval, which holds 0.95 of 400 in 93.1 %."""
    saved = luck(1).binomial(deals, truth, HISTORIES)
    assert right(holds([within(truth, *wilson(int(k), deals)) for k in saved]))


@pytest.mark.parametrize(("one", "n", "other", "m"), [(0.6, 60, 0.6, 240), (0.75, 80, 0.55, 120), (0.9, 30, 0.6, 200)])
def test_differences_of_rates(one: float, n: int, other: float, m: int) -> None:
    """Planted: Wald's interval, which holds 0.9 of 30 less 0.6 of 200 in 92.1 %."""
    draw = luck(2)
    ks, js = draw.binomial(n, one, HISTORIES), draw.binomial(m, other, HISTORIES)
    found = newcombe([(int(k), n, int(j), m) for k, j in zip(ks, js, strict=True)])
    assert right(holds([within(one - other, *limits) for limits in found]))


def test_time_in_a_stage() -> None:
    """60 deals, one in eight still open: the share still there after 30 and 60 days, and the median.

    Planted: open deals left out, which holds the median in 87.6 %; counted as gone when last seen, in 90.2 %.
    """
    thirty, sixty, median = [], [], []
    draw = luck(3)
    for _ in range(HISTORIES):
        found = stay([Spell(days, end is not None) for days, end in watched(60, draw)], [30, 60])
        first, second = found.still_here
        thirty.append(within(1 - ends(30), first.low, first.high))
        sixty.append(within(1 - ends(60), second.low, second.high))
        # A whole day is what the median can come to: the day during which half had gone.
        median.append(within(np.ceil(MEAN_DAYS * log(2)), found.median.low, found.median.high))
    shares = [holds(hits) for hits in (thirty, sixty, median)]
    assert all(map(right, shares)), shares


def test_saved_and_lost_by_a_day() -> None:
    """60 deals, of which some are open: saved by day 60 and lost by day 90.

    Planted: lost deals taken for open ones (1 - Kaplan-Meier), which holds the saves in 73.8 %.
    """
    saved, lost = [], []
    draw = luck(4)
    for _ in range(HISTORIES):
        found = incidence([Course(*course) for course in watched(60, draw)], OUTCOMES, [60, 90])
        at_sixty, at_ninety = found[0].shares[0], found[1].shares[1]
        saved.append(within(CHANCES[0] * ends(60), at_sixty.low, at_sixty.high))
        lost.append(within(CHANCES[1] * ends(90), at_ninety.low, at_ninety.high))
    shares = [holds(hits) for hits in (saved, lost)]
    assert all(map(right, shares)), shares


def money_holds(draw: np.random.Generator, deals: int, resamples: int) -> bool:
    found = money.mean(kept(deals, draw), resamples=resamples)
    return within(MEAN_KEPT, found.low, found.high)


def test_money() -> None:
    """60 deals, two in five of which keep nothing. Planted: the percentile interval, which holds it in 91.7 %."""
    share = covered(lambda draw: money_holds(draw, 60, 399))
    assert right(share), share


@pytest.mark.slow
@pytest.mark.parametrize("deals", [60, 200, 600])
def test_money_as_reports_draw_it(deals: int) -> None:
    """Of 6,000 histories, since what it truly holds is near the edge."""
    share = covered(lambda draw: money_holds(draw, deals, money.RESAMPLES), 3 * HISTORIES)
    assert right(share), share


@pytest.mark.slow
@pytest.mark.parametrize("deals", [30, 150, 500])
def test_times_of_other_sizes(deals: int) -> None:
    """Of 6,000 histories: among a dozen shares looked at over 2,000, one strays beyond by luck (96.55 was seen)."""
    hits: dict[str, list[bool]] = {}
    draw = luck(5)
    for _ in range(3 * HISTORIES):
        seen = watched(deals, draw)
        for at in stay([Spell(days, end is not None) for days, end in seen], [14, 30, 60, 90]).still_here:
            hits.setdefault(f"still here {at.days}", []).append(within(1 - ends(at.days), at.low, at.high))
        for line, chance in zip(incidence([Course(*c) for c in seen], OUTCOMES, [30, 60, 90]), CHANCES, strict=True):
            for at in line.shares:
                truth = chance * ends(at.days)
                # Where fewer than ten are to be expected, whole deals are too coarse a measure.
                if truth * deals >= 10:
                    hits.setdefault(f"{line.outcome} {at.days}", []).append(within(truth, at.low, at.high))
    shares = {name: round(holds(hit), 2) for name, hit in hits.items()}
    assert all(map(right, shares.values())), shares
