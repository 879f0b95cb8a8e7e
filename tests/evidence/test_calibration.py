"""Past forecasts held against what happened, and chances learned from it."""

from __future__ import annotations

from math import lgamma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.certainty import Calibration, StageForecast
from saveline.core.intervals import rate
from saveline.evidence import rates
from saveline.evidence.calibration import Forecast, calibrate
from saveline.evidence.learned import Visit, by_days, by_stage
from saveline.evidence.shrinkage import ALIKE, Prior, prior
from tests.evidence.histories import luck


def forecasts(stage: str, chance: float, saved: int, n: int) -> list[Forecast]:
    return [Forecast(stage, chance, at < saved) for at in range(n)]


def test_four_forecasts_by_hand() -> None:
    """0.9 and it came, 0.9 and it did not, 0.2 and it did not, twice: (0.01 + 0.81 + 0.04 + 0.04) / 4 = 0.225.

    Base 1/4, uncertainty 3/16; of the two 0.9 half came (0.16 off), of the two 0.2 none (0.04 off): reliability 0.10,
    resolution 1/16. Worse than always saying one in four: skill 1 - 0.225 / 0.1875 = -0.2.
    """
    found = calibrate([*forecasts("a", 0.9, 1, 2), *forecasts("b", 0.2, 0, 2)], ["b", "a", "none"], floor=2)
    assert (found.n, found.base_rate) == (4, 0.25)
    parts = (found.brier, found.reliability, found.resolution, found.uncertainty, found.skill)
    assert parts == pytest.approx((0.225, 0.10, 1 / 16, 3 / 16, -0.2))
    assert [line.stage for line in found.stages] == ["b", "a"]
    few = calibrate(forecasts("a", 0.9, 1, 2), ["a"], floor=2).stages[0]
    assert few == StageForecast("a", 0.9, few.happened)
    assert few.happened.low is not None


def test_a_stage_that_promises_too_much() -> None:
    found = calibrate([*forecasts("talk", 0.8, 30, 60), *forecasts("plan", 0.5, 33, 60)], ["talk", "plan"])
    talk, plan = found.stages
    assert (talk.off, plan.off) == (True, False)
    assert talk.happened == rates.rate(30, 60)
    assert calibrate([*forecasts("plan", 0.5, 2, 5), *forecasts("talk", 0.5, 9, 9)], ["plan"]).stages[0].off is None


def test_nothing_to_go_by() -> None:
    assert calibrate([], ["talk"]) == Calibration(0)
    assert calibrate(forecasts("talk", 0.5, 9, 9), ["talk"]) == Calibration(9)
    assert calibrate(forecasts("talk", 0.5, 12, 12), ["talk"]).skill is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibrate(forecasts("talk", 1.5, 9, 9), ["talk"])


FORECASTS = st.lists(
    st.builds(Forecast, st.sampled_from("abc"), st.sampled_from([0.0, 0.1, 0.35, 0.6, 0.9, 1.0]), st.booleans()),
    min_size=10,
    max_size=60,
)


@given(FORECASTS)
def test_the_three_parts_make_up_the_score(seen: list[Forecast]) -> None:
    """Murphy 1973. Planted: parts over stages in place of chances; resolution added."""
    found = calibrate(seen, ["a", "b", "c"])
    assert None not in (found.brier, found.reliability, found.resolution, found.uncertainty)
    assert found.brier == pytest.approx(
        (found.reliability or 0) - (found.resolution or 0) + (found.uncertainty or 0), abs=1e-12
    )
    assert calibrate(seen[::-1], ["a", "b", "c"]) == found


# --- learned ----------------------------------------------------------------------------------------------------------


def visits(stage: str, saved: int, n: int, days: float = 5) -> list[Visit]:
    return [Visit(stage, days, at < saved) for at in range(n)]


def test_the_weight_is_the_likeliest_one() -> None:
    """By trying every weight, with the beta-binomial written out. Planted: the likelihood of the shares, not counts."""
    groups = [(70, 100), (45, 90), (9, 40), (30, 35), (11, 20)]
    share = 165 / 285

    def likely(weight: float) -> float:
        a, b = weight * share, weight * (1 - share)
        beta = lgamma(a) + lgamma(b) - lgamma(a + b)
        return sum(lgamma(a + k) + lgamma(b + n - k) - lgamma(a + b + n) - beta for k, n in groups)

    best = max((step / 100 for step in range(100, 5000)), key=likely)
    found = prior(groups)
    assert found is not None
    assert found.weight == pytest.approx(best, rel=0.01)


def test_the_weight_of_a_known_world_is_found() -> None:
    """400 stages whose chances come from a beta distribution worth ten cases."""
    draw = luck(21)
    groups = [(int(draw.binomial(30, p)), 30) for p in draw.beta(6, 4, 400)]
    found = prior(groups)
    assert found is not None
    assert found.share == pytest.approx(0.6, abs=0.02)
    assert found.weight == pytest.approx(10, rel=0.25)


def test_the_less_was_seen_the_more_it_is_drawn() -> None:
    seen = [*visits("talk", 4, 5), *visits("plan", 160, 200), *visits("offer", 60, 200), *visits("close", 100, 200)]
    talk, plan, offer, _, empty = by_stage(seen, ["talk", "plan", "offer", "close", "new"])
    assert talk.seen.share == plan.seen.share == 0.8
    common = 324 / 605
    assert common < talk.chance < 0.7 < plan.chance < 0.8
    assert 0.3 < offer.chance < 0.32
    assert empty.chance == pytest.approx(common)
    assert empty.low < talk.low < plan.low < 0.8 < plan.high < talk.high + 0.1
    assert by_stage([], ["talk"]) == ()


def test_stages_that_are_alike_are_no_surer_than_all_deals_together() -> None:
    """Planted: the weight not bounded, by which two stages alike are sure to a tenth of a point."""
    one, _ = by_stage([*visits("talk", 30, 50), *visits("plan", 30, 50)], ["talk", "plan"])
    together = rate(60, 100)
    assert together.low is not None
    assert together.high is not None
    assert one.chance == pytest.approx(0.6)
    assert (one.low, one.high) == pytest.approx((together.low, together.high), abs=0.01)
    (alone,) = by_stage(visits("talk", 30, 50), ["talk"])
    assert (alone.low, alone.high) == pytest.approx((0.462, 0.729), abs=0.01)
    (all_saved,) = by_stage(visits("talk", 12, 12), ["talk"])
    assert (all_saved.chance, all_saved.high) == (1, 1)
    assert all_saved.low == pytest.approx(0.7575, abs=1e-4)


def test_days_in_a_stage_count_for_every_band_they_came_to() -> None:
    """60 leave within a week, of which 48 are saved; 40 stay for a month, of which 10 are."""
    seen = [*visits("talk", 48, 60, days=4), *visits("talk", 10, 40, days=30), *visits("plan", 5, 9, days=30)]
    lines = by_days(seen, ["talk", "plan"], [0, 7, 60])
    assert [(line.stage, line.band, line.seen.k, line.seen.n) for line in lines] == [
        ("talk", (0, 7), 58, 100),
        ("talk", (7, 60), 10, 40),
    ]
    first, later = lines
    assert 0.25 < later.chance < 0.3 < first.chance
    assert later.low < later.chance < later.high < first.low


@given(st.lists(st.integers(1, 50).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=6))
def test_a_learned_chance_lies_between_its_own_and_the_common_one(groups: list[tuple[int, int]]) -> None:
    stages = [f"s{at}" for at in range(len(groups))]
    seen = [visit for stage, (k, n) in zip(stages, groups, strict=True) for visit in visits(stage, k, n)]
    common = sum(k for k, _ in groups) / sum(n for _, n in groups)
    for line in by_stage(seen, stages):
        own = line.seen.share or 0
        assert min(own, common) - 1e-9 <= line.chance <= max(own, common) + 1e-9
        assert 0 <= line.low <= line.chance + 1e-9
        assert line.chance - 1e-9 <= line.high <= 1
    assert by_stage(seen[::-1], stages) == by_stage(seen, stages)


def test_a_prior_is_worth_what_it_says() -> None:
    assert Prior(0.5, 10, 100).believed(10, 10) == 0.75
    assert Prior(0.5, ALIKE, 100).at_most(30).weight == 30
