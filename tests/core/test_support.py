"""How support answered, held against numpy and against itself.

Planted bugs that turned these tests red: a response at the first moment of the time left out, one at its end counted,
waits counted of cases opened (and not answered) in it, a case that says nothing counted as one that is no complaint,
one that was reopened called resolved at the first contact, and the 90th percentile without what lies between two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.intervals import rate
from saveline.core.support import Answered, SupportCase, Trouble, Wait, answered, quantile, support, troubles

START, END = datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
YEAR = datetime(2025, 11, 23, tzinfo=UTC)


def hour(n: float) -> datetime:
    """``n`` hours after the start of the week."""
    return START + timedelta(hours=n)


CASES = [
    SupportCase(1, hour(-30), hour(0), hour(20), 1, False, 5, False, True),  # answered at the first moment: after 30 h
    SupportCase(1, hour(1), hour(2), hour(168), 1, None, 1, True, None),  # resolved at the end: not in it
    SupportCase(2, hour(2), hour(6), hour(30), 3, False, 2, False, False),  # after 4 h, three contacts
    SupportCase(3, hour(3), None, hour(10), None, True, None, None, None),  # never answered, reopened
    SupportCase(3, hour(168), hour(169)),  # of the next week
]  # fmt: skip


def test_a_week_by_hand() -> None:
    """Waits of 1, 4 and 30 hours: the middle one is 4, and nine tenths of the way up lie 80 % between 4 and 30."""
    found = answered(CASES, START, END, lambda opened: opened + timedelta(hours=4))
    assert found == Answered(
        3,
        Wait(3, 240, 240 + 0.8 * 26 * 60),
        Wait(3, 28 * 60, (28 + 0.8 * 22) * 60),
        in_time=rate(2, 3),
        first_contact=rate(1, 3),
        escalated=rate(1, 2),
        complaints=rate(0, 1),
        satisfaction=3.5,
        rated=2,
    )
    year = support(CASES, START, YEAR, END, None).year
    assert (year.opened, year.complaints, year.in_time) == (4, rate(1, 2), None)


def test_what_the_source_does_not_say_is_not_guessed() -> None:
    found = answered([SupportCase(1, hour(1), None, hour(2))], START, END)
    assert found == Answered(1, Wait(0), Wait(1, 60, 60))


def test_whose_trouble_it_was() -> None:
    assert troubles(CASES, YEAR, END) == {1: Trouble(2, 1, 1), 2: Trouble(1), 3: Trouble(1)}


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=30), share=st.floats(0, 1))
def test_a_quantile_is_numpys(values: list[float], share: float) -> None:
    assert quantile(sorted(values), share) == pytest.approx(float(np.quantile(values, share)), abs=1e-6)


_HOURS = st.integers(-400, 400)
_CASES = st.builds(
    lambda at, reply, done, flag: SupportCase(
        1, hour(at), None if reply is None else hour(at + reply), None if done is None else hour(at + done), flag
    ),
    _HOURS,
    st.none() | st.integers(0, 200),
    st.none() | st.integers(0, 200),
    st.none() | st.integers(0, 3),
)


@given(cases=st.lists(_CASES, max_size=12), cut=st.integers(1, 167))
def test_two_times_are_what_both_together_are(cases: list[SupportCase], cut: int) -> None:
    """What happened is counted once: in the time in which it happened, and in no other."""
    whole = answered(cases, START, END)
    first, second = answered(cases, START, hour(cut)), answered(cases, hour(cut), END)
    assert whole.opened == first.opened + second.opened
    assert whole.first_response.n == first.first_response.n + second.first_response.n
    assert whole.resolution.n == first.resolution.n + second.resolution.n
    counted = [a.first_contact for a in (first, second) if a.first_contact is not None]
    if whole.first_contact is None:
        assert counted == []
    else:
        assert (whole.first_contact.k, whole.first_contact.n) == (sum(c.k for c in counted), sum(c.n for c in counted))
