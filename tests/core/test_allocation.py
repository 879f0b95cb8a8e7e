"""Lots: the same account always stands in the same place, in each trial in another one, and as many get the new play
as were to.

Planted bugs that turned these tests red: the moment of the opening drawn into the lot; the trial's name left out of it;
the earliest wave that has begun taken instead of the latest; the last day on which lots are drawn left out; a lot drawn
anew when a deal opens again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.allocation import Lot, TrialPlan, Wave, place
from saveline.core.changes import DealOpened, decode, encode
from saveline.core.choose import Choice, choose
from saveline.core.facts import Deal
from saveline.core.play import Applies, Play
from saveline.core.suitable import Candidate, asked_for, by_lot
from tests.core.test_choose import ACME, CHAMPION, NOW, PRICE, play

FIRST: Final = date(2026, 11, 2)
ZONE: Final = "Europe/Lisbon"
SHARES = st.floats(0, 1)
NAMES = st.text("abcdefgh-", min_size=1, max_size=12)
MANY: Final = [f"account-{n}" for n in range(1500)]


@st.composite
def plans(draw: st.DrawFn) -> TrialPlan:
    """A trial of up to four waves, with shares that grow."""
    shares = sorted(set(draw(st.lists(SHARES, min_size=1, max_size=4))))
    days = sorted(draw(st.lists(st.integers(0, 300), min_size=len(shares), max_size=len(shares), unique=True)))
    waves = [Wave(FIRST + timedelta(days=day), share) for day, share in zip(days, shares, strict=True)]
    to = waves[-1].since + timedelta(days=draw(st.integers(0, 90)))
    return TrialPlan(draw(NAMES), "new", "usual", tuple(waves), to)


@given(plans(), NAMES, st.integers(-10, 500), st.integers(-10, 500))
def test_who_has_begun_never_leaves(trial: TrialPlan, key: str, one: int, other: int) -> None:
    """While lots are drawn; before the first day and after the last there are none."""
    early, late = (FIRST + timedelta(days=d) for d in sorted((one, other)))
    first, then = trial.draw(key, early), trial.draw(key, late)
    for day, lot in ((early, first), (late, then)):
        assert (lot is not None) == (trial.waves[0].since <= day <= trial.to)
    if first is not None and then is not None:
        assert (first.arm, then.arm) != ("new", "usual")
        assert first.share <= then.share
        assert {*first.plays} == {"new", "usual"} == {first.play, first.against}


@given(plans(), st.lists(NAMES, unique=True, max_size=5), NAMES)
def test_the_lot_is_of_the_account_and_the_trial_and_of_nothing_else(
    trial: TrialPlan, others: Sequence[str], key: str
) -> None:
    """Whatever other trials there are, in whatever order, and whoever else was drawn for before."""
    day = trial.waves[-1].since
    alone = trial.draw(key, day)
    for other in others:
        trial.draw(other, day)
        replace(trial, name=other).draw(key, day)
    assert trial.draw(key, day) == alone
    assert alone is not None
    between_others = replace(trial, causes=("price",), segments=("smb",), play="x", usual="y").draw(key, day)
    assert between_others is not None
    assert between_others.arm == alone.arm


@settings(max_examples=40, deadline=None)
@given(NAMES, st.floats(0.02, 0.98))
def test_as_many_get_the_new_play_as_were_to(name: str, share: float) -> None:
    """Within five standard errors, of 1,500 accounts: one run in two million is outside by chance."""
    got = sum(place(name, key) < share for key in MANY) / len(MANY)
    assert abs(got - share) < 5 * (share * (1 - share) / len(MANY)) ** 0.5


@settings(max_examples=40, deadline=None)
@given(NAMES, NAMES)
def test_two_trials_draw_independently(one: str, other: str) -> None:
    """Of those with the new play in one, half have it in another: within five standard errors."""
    assume(one != other)
    new = [key for key in MANY if place(one, key) < 0.5]
    both = sum(place(other, key) < 0.5 for key in new) / len(new)
    assert abs(both - 0.5) < 5 * (0.25 / len(new)) ** 0.5


def test_a_lot_is_what_it_was_in_the_first_release() -> None:
    """Another way of drawing would put running trials' accounts into other arms."""
    places = [round(place("new-champion", key), 6) for key in ("acme", "globex", "hooli")]
    assert places == [0.239732, 0.362145, 0.274926]


# --- at the choosing --------------------------------------------------------------------------------------------------

NEW, USUAL, OTHER = play("new", CHAMPION, 10), play("usual", CHAMPION, 20), play("other", PRICE)
PLAN: Final = TrialPlan("t", "new", "usual", (Wave(FIRST, 0.5),), date(2027, 5, 31))
KEY_OF: Final = {arm: next(k for k in MANY if (place("t", k) < 0.5) == (arm == "new")) for arm in ("new", "usual")}


def drawn(arm: str, trial: TrialPlan = PLAN, plays: Sequence[Play] = (NEW, USUAL, OTHER), **given: Any) -> Choice:
    """What an account of an arm gets."""
    candidate = Candidate(replace(ACME, key=KEY_OF[arm]), ("champion_left",), given.pop("at", NOW), **given)
    account, causes = candidate.account, candidate.causes
    found = choose(plays, account, causes, {"account": {}}, at=candidate.at, default="usual")
    return by_lot(found, candidate, {p.name: p for p in plays}, (trial,), ZONE)


def test_the_lot_decides_between_the_two_and_says_so() -> None:
    found = drawn("new")
    assert (found.play, found.lot) == (NEW, Lot("t", "new", "new", "usual", 0.5, PLAN.to))
    assert found.why == (
        "new was chosen by lot in the trial t: 50% of accounts get new, the others usual",
        "usual: the lot did not fall on it",
        "other: wants price_pressure, the account has champion_left",
    )
    assert drawn("usual").play is USUAL
    assert drawn("usual").lot == Lot("t", "usual", "usual", "new", 0.5, PLAN.to)


@pytest.mark.parametrize(
    ("trial", "plays"),
    [
        (replace(PLAN, waves=(Wave(date(2026, 11, 21), 1.0),)), (NEW, USUAL)),
        (replace(PLAN, to=date(2026, 11, 19)), (NEW, USUAL)),
        (replace(PLAN, causes=("price_pressure",)), (NEW, USUAL)),
        (replace(PLAN, segments=("smb",)), (NEW, USUAL)),
        (PLAN, (USUAL, OTHER)),
        (PLAN, (play("new", PRICE), USUAL)),
        (PLAN, (NEW, USUAL, play("closer", Applies(("champion_left",), ("enterprise",))))),
    ],
)
def test_elsewhere_the_choice_is_the_workspace_s_own(trial: TrialPlan, plays: Sequence[Play]) -> None:
    """Before and after, of another cause or segment, without one of the plays, where one does not fit or a third fits
    better."""
    found = drawn("new", trial, plays)
    assert found.lot is None
    assert found.play is not None
    assert found.play.name != "new"
    assert found.why[0].startswith(f"{found.play.name} was chosen: ")


def test_the_days_are_those_of_the_workspace() -> None:
    """Lots are drawn on the last day until midnight in Lisbon."""
    last = replace(PLAN, to=date(2027, 5, 31))
    assert drawn("new", last, at=datetime(2027, 5, 31, 22, 59, tzinfo=UTC)).lot is not None
    assert drawn("new", last, at=datetime(2027, 5, 31, 23, 0, tzinfo=UTC)).lot is None


def test_a_deal_that_opens_again_stays_in_its_arm() -> None:
    """Also when by now its account would be drawn otherwise; one that had no lot gets none.

    Planted: drawn anew at reopening.
    """
    later = replace(PLAN, waves=(Wave(FIRST, 0.5), Wave(FIRST + timedelta(days=1), 1.0)))
    assert drawn("usual", later).play is NEW
    found = drawn("usual", later, again=Deal(id=7, account_id=1, trial="t", arm="usual"))
    assert found.play is USUAL
    assert found.why[0].startswith("usual was chosen by lot in the trial t, as when the deal was first opened")
    assert drawn("new", again=Deal(id=7, account_id=1)).play is USUAL
    assert drawn("new", again=Deal(id=7, account_id=1, trial="another", arm="new")).play is USUAL


def test_what_somebody_asks_for_keeps_the_lot() -> None:
    found = asked_for(drawn("new"), OTHER)
    assert (found.play, found.lot) == (OTHER, drawn("new").lot)
    assert found.why == (
        "other was asked for by name",
        "new: the lot of the trial t fell on it, and the deal counts there",
    )


def test_an_opening_of_before_can_be_read() -> None:
    """And one without a lot is written as it was."""
    old = '{"play":"usual","play_hash":"h","owner_id":1,"arr_cents":5,"decide_at":"2026-12-01T09:00:00Z"}'
    opened = decode("deal_opened", old)
    assert isinstance(opened, DealOpened)
    assert (opened.lot, encode(opened)) == (None, old)
    with_lot = replace(opened, lot=drawn("usual").lot)
    assert decode("deal_opened", encode(with_lot)) == with_lot
