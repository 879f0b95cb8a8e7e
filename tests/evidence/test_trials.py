"""What trials come to, worked out again by hand: by the lot, once an account, among such as had the same chance.

Planted bugs that turned these tests red: the waves of a staggered start thrown together; arms by the play that was got;
the last deal of an account counted instead of its first; trials left out of the guard; the verdict of a trial without
it; the interval's variance taken as that of one table.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.allocation import TrialPlan, Wave
from saveline.core.facts import Account
from saveline.core.works import Entrant, Tried, Works
from saveline.evidence.comparisons import guard
from saveline.evidence.gaps import gaps, pooled
from saveline.evidence.tried import tried
from saveline.evidence.works import works
from tests.evidence.deals import OUTCOMES, SPAN, deal, year

TO: Final = SPAN.last


def entrant(number: int, arm: str, outcome: str | None, account: int | None = None, **given: Any) -> Entrant:
    """``given`` may say the ``share`` in force, the play that it ``got``, and ``to`` which day lots are drawn."""
    share, to = given.get("share", 0.5), given.get("to", TO)
    plan = TrialPlan("t", "new", "usual", (Wave(to, share),), to)
    lot = plan.given("new" if arm == "new" else "usual", share)
    case = deal(number, outcome, days=300 - number / 10, play=given.get("got") or lot.play)
    return Entrant(replace(case, account=Account(account or number, f"a{account or number}", "A")), lot)


def told(entrants: Sequence[Entrant], floor: int = 10) -> Works:
    made = works([*year(), *(e.case for e in entrants)], OUTCOMES, SPAN, entrants=entrants, floor=floor)
    assert made is not None
    return made


def trial(entrants: Sequence[Entrant], floor: int = 10) -> Tried:
    """Without the guard of a report."""
    (found,) = tried(entrants, {o.key: o for o in OUTCOMES}, SPAN.last, floor)
    return found


ARM: Final = st.sampled_from(["new", "usual"])
ENDS: Final = st.sampled_from(["saved", "saved_smaller", "lost", "let_go", "no_risk", "merged", None])
ONE: Final = st.tuples(ARM, ENDS, st.sampled_from([0.0, 0.2, 0.7, 1.0]), st.integers(900, 960), ARM)


@settings(max_examples=25, deadline=None)
@given(st.lists(ONE, min_size=1, max_size=50))
def test_the_arms_are_those_of_the_first_lots(drawn: list[tuple[str, str | None, float, int, str]]) -> None:
    """Counted again by hand, deal by deal."""
    made = [
        entrant(1000 + n, arm, ends, share=share, account=account, got=got)
        for n, (arm, ends, share, account, got) in enumerate(drawn)
    ]
    first: dict[int, tuple[str, str | None, float, str]] = {}
    for arm, ends, share, account, got in drawn:
        first.setdefault(account, (arm, ends, share, got))
    decided = [d for d in first.values() if d[1] not in {"no_risk", "merged", None}]
    both = [d for d in decided if {arm for arm, _, share, _ in decided if share == d[2]} == {"new", "usual"}]
    found = trial(made, floor=1)
    for at, (name, own) in enumerate((("new", found.trial.new), ("usual", found.trial.usual))):
        mine = [d for d in both if d[0] == name]
        saved = sum(ends in {"saved", "saved_smaller"} for _, ends, _, _ in mine)
        assert (own.rate.k, own.rate.n) == (saved, len(mine))
        assert own.other == sum(got != name for *_, got in mine)
        assert found.open[at] == sum(d[0] == name and d[1] is None for d in first.values())
        assert found.neither[at] == sum(d[0] == name and d[1] in {"no_risk", "merged"} for d in first.values())
    assert (found.again, found.alone) == (len(drawn) - len(first), len(decided) - len(both))


def deals(counts: Sequence[tuple[int, int, int, int]], shares: Sequence[float]) -> list[Entrant]:
    """Of each share: saved of how many with the new play, and with the usual one."""
    made, number = list[Entrant](), 1000
    for share, (k, n, j, m) in zip(shares, counts, strict=True):
        for arm, saved, of in (("new", k, n), ("usual", j, m)):
            made += [entrant(number + i, arm, "saved" if i < saved else "lost", share=share) for i in range(of)]
            number += of
    return made


def test_waves_are_not_thrown_together() -> None:
    """Early three in ten are saved with either play and few get the new one, late seven in ten and most do: the new
    play does nothing, and thrown together it would look 24 points better."""
    counts = [(6, 20, 24, 80), (56, 80, 14, 20)]
    found = trial(deals(counts, (0.2, 0.8))).trial
    assert found.gap is not None
    assert found.gap.difference == pytest.approx(0)
    assert found.gap.low < 0 < found.gap.high
    assert found.verdict == "no difference shown"
    thrown = gaps([(62, 100, 38, 100)])[0]
    assert (round(thrown.difference, 2), thrown.low > 0) == (0.24, True)


def test_of_one_wave_it_is_the_plain_difference() -> None:
    assert pooled([(52, 80, 43, 80)]) == gaps([(52, 80, 43, 80)])[0]


def test_several_waves_by_hand() -> None:
    """Two tables worked out on paper: weights 16 and 24, differences 0.25 and 0.1."""
    gap = pooled([(50, 80, 15, 40), (60, 120, 16, 40)])
    w1, w2 = 80 * 40 / 120, 120 * 40 / 160
    assert gap.difference == pytest.approx((w1 * 0.25 + w2 * 0.1) / (w1 + w2))
    swapped = pooled([(15, 40, 50, 80), (16, 40, 60, 120)])
    assert (swapped.difference, swapped.low, swapped.high) == pytest.approx((-gap.difference, -gap.high, -gap.low))
    assert swapped.p == pytest.approx(gap.p)
    assert gap.low < gap.difference < gap.high
    assert pooled([(0, 5, 0, 5), (5, 5, 5, 5)]).p == 1.0
    with pytest.raises(ValueError, match="one side"):
        pooled([(1, 5, 0, 0), (1, 5, 2, 5)])


def test_nineteen_in_twenty_intervals_hold_the_truth() -> None:
    """1,500 staggered starts of three waves, small and large, with 15 points between the plays in each: within four
    standard errors of 95 %."""
    luck, inside, runs = random.Random(7), 0, 1500
    waves = ((0.2, 12, 48, 0.3), (0.5, 40, 40, 0.45), (0.8, 64, 16, 0.6))
    for _ in range(runs):
        tables = [(_saved(luck, n, base + 0.15), n, _saved(luck, m, base), m) for _, n, m, base in waves]
        gap = pooled(tables)
        inside += gap.low <= 0.15 <= gap.high
    assert abs(inside / runs - 0.95) < 4 * (0.95 * 0.05 / runs) ** 0.5


def _saved(luck: random.Random, of: int, share: float) -> int:
    return sum(luck.random() < share for _ in range(of))


def test_trials_and_groups_have_one_guard() -> None:
    """Each p is adjusted among all that the report has, and the report says how many that were."""
    made = told(deals([(38, 60, 26, 60)], (0.5,)))
    found, gaps_ = made.trials[0].trial, [x.comparison.gap for x in made.lines if x.comparison.gap is not None]
    assert found.gap is not None
    adjusted = guard([found.gap.p, *(gap.p for gap in gaps_)])
    assert [found.adjusted, *(x.comparison.adjusted for x in made.lines if x.comparison.gap)] == adjusted
    assert made.compared == len(adjusted)
    assert found.gap.p < 0.05 < (found.adjusted or 0)
    assert found.verdict == "no difference shown"


def test_a_trial_is_over_when_its_last_day_is() -> None:
    """And one of the same name between other plays is another trial."""
    on = [entrant(1000 + n, "new", "saved", to=TO + timedelta(days=1)) for n in range(3)]
    assert not trial(on).over
    assert trial([entrant(1000, "new", "saved")]).over
    other = TrialPlan("t", "third", "usual", (Wave(TO, 0.5),), TO)
    both = [*on, Entrant(deal(1100, play="third"), other.given("new", 0.5))]
    assert [(t.name, t.trial.new.name) for t in told(both).trials] == [("t", "new"), ("t", "third")]
