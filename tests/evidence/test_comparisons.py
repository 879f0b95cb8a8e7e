"""What works, and what only looks like it: comparisons, trials, and what stood out once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.certainty import Group
from saveline.core.intervals import rate
from saveline.evidence.comparisons import compare, guard
from saveline.evidence.gaps import detectable, gaps
from saveline.evidence.rebound import rebound
from saveline.evidence.shrinkage import ALIKE, prior
from saveline.evidence.trials import Assigned, intention_to_treat

PLAYS = [Group("play", "champion-left", 70, 100), Group("play", "price", 40, 100), Group("play", "usage", 4, 9)]


def test_each_group_against_the_rest_of_its_dimension() -> None:
    first, price, usage, alone = compare([*PLAYS, Group("segment", "smb", 114, 209)])
    assert (first.rest.k, first.rest.n) == (44, 109)
    assert first.gap == gaps([(70, 100, 44, 109)])[0]
    assert (first.verdict, price.verdict) == ("better", "worse")
    assert (usage.verdict, usage.gap, usage.rate.share) == ("not enough cases", None, None)
    # A dimension with one group has no rest to be held against.
    assert (alone.verdict, alone.rest.n) == ("not enough cases", 0)
    assert first.rate == rate(70, 100)
    assert compare([]) == ()


def test_no_difference_says_how_small_it_could_not_have_seen() -> None:
    one, other = compare([Group("play", "a", 30, 50), Group("play", "b", 33, 50)])
    assert one.verdict == other.verdict == "no difference shown"
    assert one.more_detectable is not None
    # Two comparisons: each at 2.5 %.
    assert (one.more_detectable, one.less_detectable) == detectable(0.66, 50, 50, alpha=0.025)
    assert one.more_detectable > 0.24


def test_the_guard_against_the_paper() -> None:
    """Benjamini and Hochberg 1995, section 4.1: of fifteen p, four hold at 5 %; Bonferroni keeps three, none nine."""
    ps = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    ps += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    adjusted = guard(ps)
    assert [p <= 0.05 for p in adjusted] == [True] * 4 + [False] * 11
    assert adjusted[3] == pytest.approx(0.0095 * 15 / 4)
    assert guard([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_guard_never_makes_a_finding_surer(ps: list[float]) -> None:
    """By hand: the smallest, over all at least as large, of p times m by its place. Planted: no guard at all."""
    ranked = sorted(ps)
    for p, adjusted in zip(ps, guard(ps), strict=True):
        hand = min(min(1, q * len(ps) / at) for at, q in enumerate(ranked, start=1) if q >= p)
        assert adjusted == pytest.approx(hand)
        assert adjusted >= p - 1e-12


def test_a_comparison_more_makes_each_harder() -> None:
    """The guard sees the whole report: what holds alone may not hold among many."""
    pair = [Group("play", "a", 33, 40), Group("play", "b", 24, 40)]
    # p is 0.047: a finding alone, and none among the twenty comparisons of a report.
    assert compare(pair)[0].verdict == "better"
    many = [Group("channel", f"c{n}", 20 + n % 2, 40) for n in range(18)]
    line = compare([*pair, *many])[0]
    assert line.gap is not None
    assert line.gap.p < 0.05 < (line.adjusted or 0)
    assert line.verdict == "no difference shown"


def test_a_group_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        compare([PLAYS[0], PLAYS[0]])


# --- drawn by lot -----------------------------------------------------------------------------------------------------


def deals(arm: str, got: str, saved: int, n: int) -> list[Assigned]:
    return [Assigned(arm, got, number < saved) for number in range(n)]


def test_everyone_counts_where_they_were_assigned() -> None:
    """The easy ones of the new arm got it, the hard ones went back: by what they got it looks twice as good.

    Planted: counted by ``got``, which finds 45 of 50 against 50 of 110.
    """
    trial = intention_to_treat(
        [*deals("new", "new", 40, 44), *deals("new", "usual", 12, 36), *deals("usual", "usual", 43, 80)],
        new="new",
        usual="usual",
    )
    assert (trial.new.rate.k, trial.new.rate.n, trial.new.other) == (52, 80, 36)
    assert (trial.usual.rate.k, trial.usual.rate.n, trial.usual.other) == (43, 80, 0)
    assert trial.gap == gaps([(52, 80, 43, 80)])[0]
    assert trial.verdict == "no difference shown"


def test_a_trial_of_few_or_of_three_arms() -> None:
    few = intention_to_treat(deals("new", "new", 3, 9) + deals("usual", "usual", 3, 90), new="new", usual="usual")
    assert (few.verdict, few.gap) == ("not enough cases", None)
    with pytest.raises(ValueError, match="two arms"):
        intention_to_treat(deals("third", "new", 3, 9), new="new", usual="usual")


# --- what stood out once ----------------------------------------------------------------------------------------------

EFRON_MORRIS = [
    (18, 0.346),
    (17, 0.298),
    (16, 0.276),
    (15, 0.222),
    (14, 0.273),
    (14, 0.270),
    (13, 0.263),
    (12, 0.210),
    (11, 0.269),
    (11, 0.230),
    (10, 0.264),
    (10, 0.256),
    (10, 0.303),
    (10, 0.264),
    (10, 0.226),
    (9, 0.286),
    (8, 0.316),
    (7, 0.200),
]
"""Hits of 18 batters in their first 45 times at bat in 1970, and their average over the rest of the season: Efron and
Morris 1977, Scientific American 236:119, whose own estimate is off by 0.022 where the first averages are by 0.077."""


def test_the_batters_of_efron_and_morris() -> None:
    common = prior([(k, 45) for k, _ in EFRON_MORRIS])
    assert common is not None
    assert common.share == pytest.approx(0.2654, abs=5e-5)
    raw = sum((k / 45 - rest) ** 2 for k, rest in EFRON_MORRIS)
    drawn = sum((common.believed(k, 45) - rest) ** 2 for k, rest in EFRON_MORRIS)
    assert raw == pytest.approx(0.077, abs=0.002)
    assert drawn < 0.024


def test_the_best_of_a_season_falls_back_by_chance() -> None:
    """Clemente: 0.400 in the first 45, then 127 of 367. His fall is no loss of skill."""
    found = rebound([(k, 45) for k, _ in EFRON_MORRIS], 0, (127, 367))
    assert found is not None
    assert found.by_chance == 1.0
    assert found.expected < 0.31
    assert (found.first.share, found.next.share) == (0.4, 127 / 367)


def test_groups_that_do_differ_do_not_fall_back() -> None:
    groups = [(900, 1000), (500, 1000), (100, 1000), (700, 1000)]
    found = rebound(groups, 0, (700, 1000))
    assert found is not None
    assert found.expected > 0.89
    assert found.by_chance is not None
    assert found.by_chance < 0.02
    assert found.beyond_chance
    assert rebound(groups[:2], 0, (700, 1000)) is None
    assert rebound([(0, 0), *groups], 0, (1, 2)) is None


def test_groups_that_are_alike_say_so() -> None:
    alike = prior([(30, 50), (31, 50), (29, 50), (30, 50)])
    assert alike is not None
    assert alike.weight == ALIKE
    assert prior([]) is None
    assert prior([(0, 0)]) is None


@given(st.lists(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=3, max_size=8))
def test_what_is_expected_lies_between_the_group_and_all(groups: list[tuple[int, int]]) -> None:
    found = rebound(groups, 0, groups[0])
    assert found is not None
    common = sum(k for k, _ in groups) / sum(n for _, n in groups)
    own = groups[0][0] / groups[0][1]
    assert min(own, common) - 1e-9 <= found.expected <= max(own, common) + 1e-9
    assert found.by_chance is None
    assert 0 <= found.low <= found.high <= 1
