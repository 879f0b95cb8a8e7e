"""Risk that adds up: the score is the sum of what is printed, to the point.

Planted bugs that turned these tests red: the score rounded apart from its lines, the cap looked at for each signal
alone, a condition that picks the latest among those it holds for, a signal of tomorrow counted, an age cut to whole
days.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.facts import Account, Signal
from saveline.core.play import Facts
from saveline.core.risk import Assessment, assess
from saveline.core.workspace import Risk, RiskRule

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ACME = Account(1, "acme", "Acme", arr_cents=80_000_00, renewal=date(2027, 3, 20), health=70)


class Below:
    """A condition: what ``of`` names is known and below ``bound``."""

    def __init__(self, of: str, bound: float) -> None:
        self.of, self.bound, self.source = of, bound, f"{of} < {bound}"

    def __call__(self, facts: Facts) -> bool:
        thing, _, name = self.of.partition(".")
        value = facts[thing][name]
        return value is not None and bool(value < self.bound)


def rule(name: str, points: int, **fields: Any) -> RiskRule:
    return RiskRule(name, name.capitalize(), points, **{"cause": name, "signal": name, **fields})


def score(rules: list[RiskRule], *signals: Signal, account: Account = ACME, now: datetime = NOW) -> Assessment:
    return assess(account, signals, Risk(60, tuple(rules)), now)


def ago(days: float, kind: str = "left", value: float | None = None, note: str = "") -> Signal:
    return Signal(kind, NOW - timedelta(days=days), value, note)


# --- the sum ----------------------------------------------------------------------------------------------------------

_KINDS = ("left", "nps", "ticket")
_rules = st.builds(
    rule,
    st.sampled_from(_KINDS),
    st.integers(1, 100),
    cause=st.sampled_from(["a", "b", "c"]),
    half_life_days=st.one_of(st.none(), st.floats(0.5, 400)),
    latest=st.booleans(),
    at_most=st.one_of(st.none(), st.integers(1, 120)),
    condition=st.one_of(st.none(), st.just(Below("signal.value", 7))),
)
_signals = st.builds(
    ago, st.floats(-3, 900), st.sampled_from(_KINDS), st.one_of(st.none(), st.floats(0, 10)), st.sampled_from(["", "x"])
)


@given(rules=st.lists(_rules, max_size=6), signals=st.lists(_signals, max_size=12))
def test_the_score_is_the_sum_of_its_printed_parts(rules: list[RiskRule], signals: list[Signal]) -> None:
    found = score(rules, *signals)
    *parts, total = found.printed().splitlines()
    assert [int(line.split()[0]) for line in parts] == [line.points for line in found.lines]
    assert sum(int(line.split()[0]) for line in parts) == found.score
    assert total == f"{found.score:>5}  in all"
    assert all(line.points > 0 for line in found.lines)


@given(rules=st.lists(_rules, min_size=1, max_size=4), signals=st.lists(_signals, max_size=12))
def test_no_rule_gives_more_than_its_cap_and_no_signal_more_than_its_points(
    rules: list[RiskRule], signals: list[Signal]
) -> None:
    for one in rules:
        lines = score([one], *signals).lines
        assert all(line.points <= one.points for line in lines)
        assert one.at_most is None or sum(line.points for line in lines) <= one.at_most
        assert not one.latest or len(lines) <= 1


@given(older=st.floats(0, 900), by=st.floats(0, 900), half_life=st.floats(0.5, 400))
def test_what_is_older_never_counts_more(older: float, by: float, half_life: float) -> None:
    decaying = [rule("left", 60, half_life_days=half_life)]
    assert score(decaying, ago(older + by)).score <= score(decaying, ago(older)).score


# --- decay ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "points"),
    [(0, 60), (1, 60), (1.5, 59), (45, 42), (89, 30), (90, 30), (180, 15), (360, 4), (622, 0), (5000, 0)],
)
def test_points_halve_with_each_half_life(days: float, points: int) -> None:
    """60 points, half as many every 90 days: 60 · ½^(days / 90), rounded. What has come to nothing is not printed."""
    found = score([rule("left", 60, half_life_days=90)], ago(days))
    assert found.score == points
    assert len(found.lines) == (1 if points else 0)


def test_without_a_half_life_nothing_is_forgotten() -> None:
    assert score([rule("left", 25)], ago(5000)).score == 25


def test_each_line_says_where_its_points_come_from() -> None:
    rules = [rule("left", 60, half_life_days=90), rule("nps", 25)]
    found = score(rules, ago(2, note="Jo Lind left"), ago(19, "nps", 4))
    assert found.printed().splitlines() == [
        "   59  Left, 18 Nov 2026 (60 points 2 days ago, half as many every 90 days): Jo Lind left",
        "   25  Nps, 1 Nov 2026",
        "   84  in all",
    ]


def test_days_are_those_of_the_zone() -> None:
    late = Signal("nps", datetime(2026, 11, 18, 23, 30, tzinfo=UTC))
    found = assess(ACME, [late], Risk(60, (rule("nps", 25),)), NOW, ZoneInfo("Asia/Tokyo"))
    assert found.lines[0].text == "Nps, 19 Nov 2026"


# --- which signals count ----------------------------------------------------------------------------------------------


def test_what_is_to_come_does_not_count_yet() -> None:
    now, in_a_second = ago(0), Signal("left", NOW + timedelta(seconds=1))
    assert score([rule("left", 10)], now, in_a_second).score == 10


def test_only_the_latest_counts_even_where_it_is_good_news() -> None:
    """A detractor who was asked again and is content is no detractor."""
    detractor = rule("nps", 25, latest=True, condition=Below("signal.value", 7))
    bad, good = ago(30, "nps", 3), ago(2, "nps", 9)
    assert score([detractor], bad).score == 25
    assert score([detractor], bad, good).score == score([detractor], good, bad).score == 0


def test_of_two_at_one_moment_the_one_that_came_later_is_the_latest() -> None:
    detractor = rule("nps", 25, latest=True, condition=Below("signal.value", 7))
    first, second = Signal("nps", NOW, 3, id=1), Signal("nps", NOW, 9, id=2)
    assert score([detractor], first, second).score == score([detractor], second, first).score == 0


def test_a_cap_cuts_the_oldest_short() -> None:
    found = score(
        [rule("ticket", 25, at_most=60)], ago(3, "ticket"), ago(1, "ticket"), ago(2, "ticket"), ago(4, "ticket")
    )
    assert [(line.points, line.text) for line in found.lines] == [
        (25, "Ticket, 19 Nov 2026"),
        (25, "Ticket, 18 Nov 2026"),
        (10, "Ticket, 17 Nov 2026, no more than 60 from this rule"),
    ]


def test_facts_of_the_account_count_without_a_signal() -> None:
    rules = [
        RiskRule("health", "Health below 40", 20, "value", condition=Below("account.health", 40)),
        RiskRule("renewal", "Renewal near", 15, "value", condition=Below("account.days_to_renewal", 121)),
    ]
    assert [line.text for line in score(rules).lines] == ["Renewal near"]  # 120 days from 20 November to 20 March
    assert score(rules, account=Account(1, "a", "A", health=39, renewal=date(2027, 3, 21))).score == 20
    assert score(rules, account=Account(1, "a", "A")).score == 0


def test_causes_are_ordered_by_their_weight_and_then_by_name() -> None:
    rules = [rule("nps", 10, cause="z"), rule("left", 20, cause="y"), rule("ticket", 5, cause="a", at_most=10)]
    found = score(rules, ago(1, "nps"), ago(1), ago(1, "ticket"), ago(2, "ticket"), ago(3, "ticket"))
    assert found.causes == ("y", "a", "z")
    assert score(rules).causes == ()
