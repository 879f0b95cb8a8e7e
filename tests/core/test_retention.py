"""Gross and net retention, logos, cohorts and reasons: by hand, and against a count that knows nothing of steps.

Planted bugs that turned these tests red: an end that counts as paid, growth that makes up for losses in GRR, an account
that came back counted as expansion, and a reason of a departure before the period.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core import arr
from saveline.core.arr import Course, Span
from saveline.core.intervals import rate
from saveline.core.retention import NOT_SAID, Amount, Cohort, Departed, Reason, cohorts, retention

FIRST, LAST = date(2025, 12, 31), date(2026, 12, 31)
NEVER = None


def span(first: str, end: str | None, thousands: int) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(end) if end else None, thousands * 100_000)


ACME, GLOBEX, INITECH, HOOLI, UMBRELLA = 1, 2, 3, 4, 5
SPANS = {
    # Grows from 80 to 100 thousand.
    ACME: [span("2025-01-01", "2026-07-01", 80), span("2026-07-01", NEVER, 100)],
    # Shrinks from 50 to 20: one of two contracts ends.
    GLOBEX: [span("2024-03-01", "2026-05-01", 30), span("2024-03-01", NEVER, 20)],
    # Leaves: the day on which it ends is no longer paid.
    INITECH: [span("2025-06-01", "2026-12-31", 40)],
    # New.
    HOOLI: [span("2026-02-15", NEVER, 25)],
    # Left long before, and came back.
    UMBRELLA: [span("2024-01-01", "2025-02-01", 10), span("2026-11-01", NEVER, 15)],
}
COURSES = {account: arr.of_subscriptions(spans) for account, spans in SPANS.items()}


def k(accounts: int, thousands: int) -> Amount:
    return Amount(accounts, thousands * 100_000)


def test_a_year_by_hand() -> None:
    """Of 170 thousand 40 left, 30 were cut and 20 came on top: GRR 100/170, NRR 120/170; two of three logos stay."""
    departed = [
        Departed(INITECH, date(2026, 6, 1), "price"),
        Departed(INITECH, date(2026, 12, 31), "support"),
        Departed(INITECH, date(2027, 1, 1), "budget"),
        Departed(GLOBEX, date(2026, 5, 1), "features"),
    ]
    found = retention(COURSES, FIRST, LAST, departed)
    assert (found.start, found.end) == (k(3, 170), k(4, 160))
    assert (found.new, found.expansion, found.contraction, found.churn) == (k(2, 40), k(1, 20), k(1, 30), k(1, 40))
    assert [found.grr, found.nrr] == pytest.approx([100 / 170, 120 / 170])
    assert found.logos == rate(2, 3)
    assert found.reasons == (
        Reason("features", k(1, 50), Amount()),
        Reason("support", k(1, 40), k(1, 40)),
        Reason("price", k(1, 40), Amount()),
    ), "Globex is still a customer, and Initech's last word counts for what it took along"


def test_who_left_without_a_word() -> None:
    before = [Departed(INITECH, FIRST, "price")]
    assert retention(COURSES, FIRST, LAST, before).reasons == (Reason(NOT_SAID, churned=k(1, 40)),)


def test_nothing_to_retain() -> None:
    found = retention({}, FIRST, LAST)
    assert (found.grr, found.nrr, found.logos.share, found.start) == (None, None, None, Amount())


def test_an_account_without_subscriptions_pays_what_its_row_says_until_it_leaves() -> None:
    versions = [(date(2026, 1, 10), 8_000), (date(2026, 3, 1), 9_000), (date(2026, 9, 1), 9_500)]
    course = arr.of_versions(versions, date(2026, 6, 1))
    days = (date(2026, 1, 9), date(2026, 1, 10), date(2026, 5, 31), date(2026, 6, 1), date(2026, 12, 1))
    assert [course.on(day) for day in days] == [0, 8_000, 9_000, 0, 0]


def test_cohorts_by_the_quarter_in_which_accounts_began() -> None:
    """Two began in the first quarter of 2024; Umbrella left in the first of 2025 and came back in the last of 2026."""
    found = cohorts(COURSES, date(2026, 11, 15))
    assert [c.quarter for c in found] == ["2024-Q1", "2025-Q1", "2025-Q2", "2026-Q1"]
    assert found[0].accounts == (2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 2)
    assert [cents // 100_000 for cents in found[0].arr_cents] == [60, 60, 60, 60, 50, 50, 50, 50, 50, 20, 20, 35]
    assert found[2].accounts == (1,) * 7, "Initech pays until December: the last quarter is counted as it stands"
    assert found[-1] == Cohort("2026-Q1", 1, (1,) * 4, (25 * 100_000,) * 4)
    assert [c.quarter for c in cohorts(COURSES, date(2026, 11, 15), most=1)] == ["2026-Q1"]


# --- against a count by days ------------------------------------------------------------------------------------------

_DAYS = st.integers(0, 400).map(lambda n: date(2026, 1, 1) + timedelta(days=n))
_SPANS = st.builds(
    lambda first, length, cents: Span(first, first + timedelta(days=length) if length is not None else None, cents),
    _DAYS,
    st.one_of(st.none(), st.integers(0, 300)),
    st.integers(0, 10**7),
)
_ACCOUNTS = st.dictionaries(st.integers(1, 6), st.lists(_SPANS, max_size=4), max_size=6)


def paid(spans: list[Span], day: date) -> int:
    return sum(s.arr_cents for s in spans if s.first <= day and (s.end is None or day < s.end))


@given(accounts=_ACCOUNTS, first=_DAYS, length=st.integers(0, 400))
def test_the_bridge_is_that_of_a_count_by_account(accounts: Mapping[int, list[Span]], first: date, length: int) -> None:
    last = first + timedelta(days=length)
    courses: dict[int, Course] = {i: arr.of_subscriptions(spans) for i, spans in accounts.items()}
    found = retention(courses, first, last)
    pairs = [(paid(spans, first), paid(spans, last)) for spans in accounts.values()]
    start, end = sum(then for then, _ in pairs), sum(now for _, now in pairs)
    assert (found.start.arr_cents, found.end.arr_cents) == (start, end)
    assert found.start.accounts == sum(then > 0 for then, _ in pairs)
    assert found.new == Amount(
        sum(then == 0 < now for then, now in pairs), sum(now for then, now in pairs if then == 0)
    )
    assert found.churn.accounts == sum(then > 0 == now for then, now in pairs)
    bridge = found.new.arr_cents + found.expansion.arr_cents - found.contraction.arr_cents - found.churn.arr_cents
    assert start + bridge == end
    if start:
        assert found.grr == pytest.approx(sum(min(then, now) for then, now in pairs) / start)
        assert found.nrr == pytest.approx(sum(now for then, now in pairs if then) / start)
    assert sum(r.churned.arr_cents for r in found.reasons) == found.churn.arr_cents
