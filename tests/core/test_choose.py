"""Which play an account gets: the one made most closely for it, and for each other one the reason why not.

Planted bugs that turned these tests red: priority before lines, a bound that is itself refused, an account without a
renewal that passes for one with runway, the default taken although a play fits, and the reasons of the last play lost.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.choose import Choice, choose
from saveline.core.facts import Account
from saveline.core.moments import parse_moment
from saveline.core.play import Applies, Facts, Play, Range

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ACME = Account(
    1, "acme", "Acme", segment="enterprise", region="EMEA", arr_cents=80_000_00, renewal=date(2027, 3, 20), health=39
)
ANY = Applies()
CHAMPION = Applies(causes=("champion_left",))
CLOSER = Applies(causes=("champion_left", "silent_account"), segments=("enterprise",))
PRICE = Applies(causes=("price_pressure",))


class Gold:
    """A condition: the account is on plan gold."""

    def __init__(self) -> None:
        self.source = 'account.plan == "gold"'

    def __call__(self, facts: Facts) -> bool:
        return bool(facts["account"].get("plan") == "gold")


def play(name: str, applies: Applies = ANY, priority: int = 0) -> Play:
    decide = parse_moment("30 days before renewal")
    return Play(name, f"hash of {name}", name, "", (), decide, applies, priority)


def chosen(*plays: Play, account: Account = ACME, default: str = "none", **facts: Any) -> Choice:
    return choose(plays, account, ("champion_left",), {"account": facts}, at=NOW, default=default)


def test_most_lines_win_over_priority_and_priority_over_the_name() -> None:
    closer, urgent, usual = play("z", CLOSER), play("b", CHAMPION, 90), play("a", CHAMPION, 50)
    found = chosen(usual, urgent, closer, play("c", CHAMPION, 90), play("d", PRICE, 99))
    assert found.play is closer
    assert found.why == (
        "z was chosen: all 2 lines of its applies hold",
        "d: wants price_pressure, the account has champion_left",
        "b: applies too, with fewer lines (1 against 2)",
        "c: applies too, with fewer lines (1 against 2)",
        "a: applies too, with fewer lines (1 against 2)",
    )
    assert chosen(usual, urgent).play is urgent
    assert "a: applies as closely, with a lower priority (50 against 90)" in chosen(usual, urgent).why
    assert "c: applies as closely, and comes after b by name" in chosen(urgent, play("c", CHAMPION, 90)).why


@given(
    order=st.permutations([play("a", CHAMPION), play("b", CHAMPION), play("c", CLOSER), play("d"), play("e", PRICE)])
)
def test_the_order_of_the_files_does_not_matter(order: list[Play]) -> None:
    found = chosen(*order)
    assert found == chosen(*sorted(order, key=lambda p: p.name))
    assert len(found.why) == len(order)  # the one that was chosen, and why for each other one


def test_nothing_fits_and_the_default_is_taken() -> None:
    found = chosen(play("usual", PRICE), play("other", Applies(segments=("smb",))), default="usual")
    assert found.play is not None
    assert found.play.name == "usual"
    assert found.why == (
        "usual was chosen: no play applies, and it is the default",
        "other: wants segment smb, the account has enterprise",
    )


def test_the_default_is_not_taken_where_another_fits() -> None:
    found = chosen(play("usual", PRICE), play("fits", CHAMPION), default="usual")
    assert found.play is not None
    assert found.play.name == "fits"


def test_nothing_fits_and_there_is_no_default() -> None:
    found = chosen(play("price", PRICE), default="gone")
    assert found == Choice(None, ("price: wants price_pressure, the account has champion_left",))
    assert chosen(default="gone") == Choice(None, ())


@pytest.mark.parametrize(
    ("applies", "why_not"),
    [
        (Applies(regions=("AMER", "APAC")), "wants region AMER or APAC, the account has EMEA"),
        (Applies(verticals=("bank",)), "wants vertical bank, the account has none"),
        (Applies(arr=Range(80_001, None)), "wants ARR at least 80001, the account has 80000"),
        (Applies(arr=Range(80_000, 80_000)), None),
        (Applies(arr=Range(None, 79_999)), "wants ARR at most 79999, the account has 80000"),
        (Applies(runway_days=Range(120, None)), None),
        (Applies(runway_days=Range(121, None)), "wants runway in days at least 121, the account has 120"),
        (Applies(health=Range(None, 39)), None),
        (Applies(health=Range(40, 60)), "wants health at least 40 and at most 60, the account has 39"),
        (Applies(condition=Gold()), 'account.plan == "gold" does not hold'),
    ],
)
def test_each_line_is_looked_at_and_its_bounds_belong_to_it(applies: Applies, why_not: str | None) -> None:
    found = chosen(play("it", applies), plan="silver")
    assert (found.play is None) == (why_not is not None)
    assert why_not is None or found.why == (f"it: {why_not}",)


def test_what_is_not_known_does_not_fit() -> None:
    bare = Account(2, "b", "B")
    for applies in (Applies(runway_days=Range(0, None)), Applies(health=Range(0, 100)), Applies(segments=("smb",))):
        assert chosen(play("it", applies), account=bare).play is None
    assert chosen(play("it", Applies(runway_days=Range(30, None))), account=bare).why == (
        "it: wants runway in days at least 30, the account has none",
    )


def test_a_condition_that_holds_is_a_line() -> None:
    found = chosen(play("plain"), play("gold", Applies(condition=Gold())), plan="gold")
    assert found.play is not None
    assert found.play.name == "gold"
    assert found.why[0] == "gold was chosen: the one line of its applies holds"
    assert chosen(play("plain")).why == ("plain was chosen: its applies asks for nothing",)
