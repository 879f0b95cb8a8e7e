"""Times with open deals in them, against a textbook, a second library, and counting by hand."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saveline.core.certainty import Quantile
from saveline.core.intervals import rate
from saveline.evidence.incidence import Course, incidence
from saveline.evidence.survival import Spell, stay

FREIREICH = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
"""Weeks in remission under 6-MP, + still in it (Freireich 1963; Klein and Moeschberger 2003, table 4.1A)."""

OUTCOMES = ("saved", "lost", "let_go")


def spells(text: str) -> list[Spell]:
    return [Spell(float(word.strip("+")), not word.endswith("+")) for word in text.split()]


def test_the_remissions_of_the_textbook() -> None:
    """Klein and Moeschberger 2003, table 4.1A, examples 4.2. Planted: open ones left out, as if they had not been."""
    found = stay(spells(FREIREICH), [5, 6, 7, 10, 13, 16, 22, 23, 30])
    assert (found.n, found.gone) == (21, 9)
    shares = [round(at.share or 0, 3) for at in found.still_here]
    assert shares == [1.0, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448, 0.448]
    assert [at.watched for at in found.still_here] == [21, 21, 17, 15, 12, 11, 7, 6, 4]
    assert found.median == Quantile(23, 13, None)
    assert found.early.days == 13
    assert found.late.days is None
    # Greenwood: S(10) has a standard error of 0.0963, so it is worth 0.753 * 0.247 / 0.0963² = 20.05 cases.
    ten = rate_of(0.7529, 0.7529 * 0.2471 / 0.0963**2)
    assert (found.still_here[3].low, found.still_here[3].high) == pytest.approx(ten, abs=1e-3)


def rate_of(share: float, n: float) -> tuple[float, float]:
    zz = 1.959964**2
    middle = (share + zz / (2 * n)) / (1 + zz / n)
    half = (zz * (share * (1 - share) / n + zz / (4 * n * n))) ** 0.5 / (1 + zz / n)
    return middle - half, middle + half


def test_beyond_the_last_deal_seen_nobody_knows() -> None:
    found = stay([*spells("1 2 3 4 5"), *spells("9+ 9+ 9+ 9+ 9+")], [9, 10])
    assert found.still_here[0].share == pytest.approx(0.5)
    assert (found.still_here[1].share, found.still_here[1].watched) == (None, 0)
    assert found.median.days == 5


def test_none_and_none_gone_and_all_on_one_day() -> None:
    assert stay([], [10]).n == 0
    assert stay(spells("5 6"), [10]) == stay(spells("6 5"), [])
    still = stay(spells("9+ " * 12), [5, 20])
    assert (still.gone, still.median) == (0, Quantile())
    assert still.still_here[0].share == 1.0
    assert still.still_here[0].low == pytest.approx(rate(12, 12).low)
    assert still.still_here[1].share is None
    at_once = stay(spells("7 " * 30), [6, 7, 8])
    assert at_once.median == Quantile(7, 7, 7)
    assert [at.share for at in at_once.still_here] == [1, 0, 0]
    assert at_once.still_here[2].high == pytest.approx(rate(0, 30).high)


DAYS = st.integers(0, 60).map(float)
SPELLS = st.lists(st.builds(Spell, DAYS, st.booleans()), min_size=10, max_size=50)
COURSES = st.lists(st.builds(Course, DAYS, st.sampled_from([None, *OUTCOMES])), min_size=10, max_size=50)


@given(SPELLS, st.lists(DAYS, max_size=4))
def test_the_share_is_a_product_of_fractions(seen: list[Spell], at: list[float]) -> None:
    """Kaplan and Meier by hand, in whole numbers; and the order of the deals changes no digit."""
    found = stay(seen, at)
    for line in found.still_here:
        left = Fraction(1)
        for day in sorted({s.days for s in seen if s.gone and s.days <= line.days}):
            left *= 1 - Fraction(sum(s.gone and s.days == day for s in seen), sum(s.days >= day for s in seen))
        if line.share is None:
            assert line.days > max(s.days for s in seen)
            continue
        assert line.share == pytest.approx(float(left), abs=1e-9)
        assert line.low is not None
        assert 0 <= line.low <= line.share + 1e-9
        assert line.share - 1e-9 <= (line.high or 0) <= 1
    assert stay(seen[::-1], at) == found


@given(st.lists(DAYS, min_size=10, max_size=60), DAYS)
def test_with_no_deal_open_it_is_a_plain_rate(days: list[float], at: float) -> None:
    """Share and interval of both kinds. Planted: a fifth less variance."""
    gone = sum(day <= at for day in days)
    left = stay([Spell(day, True) for day in days], [at]).still_here[0]
    saved = incidence([Course(day, "saved") for day in days], OUTCOMES, [at])[0].shares[0]
    for found, k in ((left, len(days) - gone), (saved, gone)):
        plain = rate(k, len(days))
        known = (found.share, found.low, found.high)
        if 0 < gone < len(days) or at >= max(days):
            assert known == pytest.approx((plain.share, plain.low, plain.high), abs=1e-9)
        else:
            assert found.share == plain.share


@pytest.mark.parametrize("late", [False, True])
def test_lifelines_agrees_on_times_in_a_stage(late: bool) -> None:
    """With ties, and with deals that were first watched later. Planted: ``since`` not handed on."""
    from lifelines import KaplanMeierFitter

    # Two in three from the start, so that there is always somebody at risk.
    days = [2.0 * (n * n % 31) + 8 for n in range(90)]
    since = [end / 2 + 0.3 if late and n % 3 == 0 else 0.0 for n, end in enumerate(days)]
    seen = [Spell(end, n * n % 5 < 3, start) for n, (end, start) in enumerate(zip(days, since, strict=True))]
    other = KaplanMeierFitter().fit([s.days for s in seen], [s.gone for s in seen], entry=since if late else None)
    found = stay(seen, [8, 20, 31, 44, 60])
    assert [at.share for at in found.still_here] == pytest.approx(
        [float(other.predict(at)) for at in (8, 20, 31, 44, 60)]
    )
    assert found.median.days == other.median_survival_time_


def test_a_deal_is_counted_from_when_it_was_watched() -> None:
    """Twelve that were imported after 20 days in their stage cannot have been seen leaving on day 10."""
    seen = [*spells("10 10 10 10 40 40 40 40 40 40"), *(Spell(30, True, since=20) for _ in range(12))]
    found = stay(seen, [10, 30])
    assert found.still_here[0].share == pytest.approx(0.6)
    assert found.still_here[1].share == pytest.approx(0.6 * 6 / 18)
    assert stay([*seen, Spell(15, True, since=20)], []).n == 22


# --- saved, lost, let go ----------------------------------------------------------------------------------------------

TINY = [(10, "saved"), (10, "lost"), (10, None), (20, None), (30, "saved"), (40, "lost"), (40, "let_go"), (50, None)]
"""By hand, of 8: day 10 one saved and one lost of 8; day 30 one saved of the 4 still watched; day 40 one lost and one
let go of 3. Saved by 40: 1/8 + 6/8 * 1/4 = 5/16. Lost: 1/8 + 6/8 * 3/4 * 1/3 = 5/16. Let go: 3/16. Open: 3/16."""


def courses(pairs: Sequence[tuple[int, str | None]]) -> list[Course]:
    return [Course(float(days), outcome) for days, outcome in pairs]


def test_a_tie_of_saved_lost_and_open_by_hand() -> None:
    """Planted: 1 - Kaplan-Meier of saves alone, which says 0.344 saved by day 40."""
    found = incidence(courses(TINY), OUTCOMES, [9, 10, 40, 50, 51], floor=8)
    assert [line.k for line in found] == [2, 2, 1]
    saved, lost, let_go = ([at.share for at in line.shares] for line in found)
    assert saved[:4] == pytest.approx([0, 1 / 8, 5 / 16, 5 / 16])
    assert lost[:4] == pytest.approx([0, 1 / 8, 5 / 16, 5 / 16])
    assert let_go[:4] == pytest.approx([0, 0, 3 / 16, 3 / 16])
    assert {saved[4], lost[4], let_go[4]} == {None}
    assert [at.watched for at in found[0].shares] == [8, 8, 3, 1, 0]


@given(COURSES, st.lists(DAYS, min_size=1, max_size=3))
def test_all_outcomes_and_the_open_ones_are_one(seen: list[Course], at: list[float]) -> None:
    """Each share between nothing and all with its interval round it, the four of them one whole, in any order."""
    found = incidence(seen, OUTCOMES, at)
    left = stay([Spell(c.days, c.outcome is not None) for c in seen], at)
    for place, line in enumerate(left.still_here):
        shares = [one.shares[place] for one in found]
        if line.share is None:
            assert all(share.share is None for share in shares)
            continue
        assert sum(share.share or 0 for share in shares) + line.share == pytest.approx(1)
        assert all((s.low or 0) - 1e-9 <= (s.share or 0) <= (s.high or 0) + 1e-9 for s in shares)
        assert all((s.low or 0) >= 0 and 0 < (s.high or 0) <= 1 for s in shares)
    assert incidence(seen[::-1], OUTCOMES, at) == found


@settings(max_examples=15)
@given(COURSES)
def test_lifelines_agrees_once_ties_are_taken_apart(seen: list[Course]) -> None:
    """Ends that fall on a day are put one after the other, before those who were last seen on it, which changes no
    share and lets lifelines count them. Its variance then is its own, so only shares are held against it."""
    from lifelines import AalenJohansenFitter

    ordered = sorted(seen, key=lambda c: (c.days, c.outcome is None, c.outcome or ""))
    kinds = [0 if c.outcome is None else OUTCOMES.index(c.outcome) + 1 for c in ordered]
    if 1 not in kinds:
        return
    places = [float(at) for at in range(1, len(ordered) + 1)]
    other = AalenJohansenFitter(calculate_variance=False).fit(places, kinds, event_of_interest=1)
    for at in incidence(seen, OUTCOMES, [5, 20, 40])[0].shares:
        place = sum(c.days <= at.days for c in ordered)
        if at.share is not None:
            assert at.share == pytest.approx(float(other.cumulative_density_.iloc[place, 0]), abs=1e-9)


def test_the_interval_of_an_outcome_against_lifelines() -> None:
    """Without a tie the variances are one. Planted: a fifth less variance."""
    from lifelines import AalenJohansenFitter

    seen = [Course(3 * n + n * n % 7 / 10, (*OUTCOMES, None)[n * n % 11 % 4]) for n in range(1, 60)]
    kinds = [0 if c.outcome is None else OUTCOMES.index(c.outcome) + 1 for c in seen]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the logarithm of a share of nothing
        other = AalenJohansenFitter().fit([c.days for c in seen], kinds, event_of_interest=2)
    found = incidence(seen, OUTCOMES, [60])[1].shares[0]
    variance = float(other.variance_[other.variance_.index <= 60].iloc[-1])
    assert found.share is not None
    plain = rate_of(found.share, found.share * (1 - found.share) / variance)
    assert (found.low, found.high) == pytest.approx(plain, abs=1e-6)


def test_an_outcome_that_was_not_asked_for() -> None:
    with pytest.raises(ValueError, match="not among"):
        incidence(courses(TINY), ("saved", "lost"), [10])
    assert [line.shares for line in incidence(courses(TINY), OUTCOMES, [10])] == [(), (), ()]
    none = incidence([Course(20.0, None)] * 12, OUTCOMES, [10])
    assert none[0].shares[0].share == 0
    assert none[0].shares[0].high == pytest.approx(rate(0, 12).high)
