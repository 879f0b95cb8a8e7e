"""What customers pay, as the stage report prints it; and that each week starts where the one before ended.

Planted bugs that turned these tests red: the day on which the period begins counted as the start, and a correction that
is not told.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core import arr
from saveline.core.arr import Span
from saveline.core.blocks import Chart, Note, Table
from saveline.core.customers import Turnover, customers, year_before
from saveline.core.periods import parse
from saveline.core.report import stage_report
from saveline.core.report_customers import cohorts, departed, retained
from saveline.core.retention import Departed
from saveline.core.saying import Saying
from saveline.core.tongue import ENGLISH
from tests.core.test_report import PEOPLE, WEEKS, WORKSPACE
from tests.core.test_retention import COURSES, INITECH

ZONE = "Europe/Lisbon"
SAYING = Saying("USD", ZoneInfo(ZONE), ENGLISH)
DECEMBER = parse("2026-12", ZONE)
LEFT = [Departed(INITECH, date(2026, 12, 31), "too_expensive")]


def test_the_sections_say_what_the_year_was() -> None:
    now = Turnover(COURSES)
    found = customers(DECEMBER, ZONE, before=now, now=now, departed=LEFT)
    assert found is not None
    assert (found.year.first, found.year.last) == (date(2025, 12, 31), date(2026, 12, 31))
    assert (found.period.first, found.period.start.arr_cents) == (date(2026, 11, 30), 200_000_00)
    report = stage_report([], WORKSPACE, PEOPLE, DECEMBER)
    assert retained(report, SAYING) is None
    report = replace(stage_report([], WORKSPACE, PEOPLE, DECEMBER), customers=found)
    section, why, by_quarter = retained(report, SAYING), departed(report, SAYING), cohorts(report, SAYING)
    assert section is not None
    assert why is not None
    assert by_quarter is not None
    chart, note = section.blocks
    assert isinstance(chart, Chart)
    assert isinstance(note, Note)
    assert chart.finding == "Of $170k a year ago 58.8% is kept, with growth 70.6%."
    assert note.text.startswith("66.7% of the accounts of a year ago still pay (95% interval 20.8% to 93.9%, n = 3).")
    assert [[c.text for c in row.cells] for row in chart.numbers.rows] == [
        ["At the start", "3", "$170,000", "$200,000"],
        ["Left", "1", "−$40,000", "−$40,000"],
        ["Pay less", "1", "−$30,000", "$0"],
        ["Pay more", "1", "+$20,000", "$0"],
        ["New or back", "2", "+$40,000", "$0"],
        ["At the end", "4", "$160,000", "$160,000"],
    ]
    reasons, quarters = why.blocks[0], by_quarter.blocks[0]
    assert isinstance(reasons, Table)
    assert isinstance(quarters, Table)
    assert [[c.text for c in row.cells] for row in reasons.rows] == [["too expensive", "1", "$40k", "1", "$40k"]]
    assert [[c.text for c in row.cells] for row in quarters.rows][2:] == [
        ["2025 Q2", "1", "0", "0.0%", "$40k", "$0"],
        ["2026 Q1", "1", "1", "100.0%", "$25k", "$25k"],
    ]


def test_nobody_paid_a_year_ago() -> None:
    assert customers(DECEMBER, ZONE, before=Turnover(), now=Turnover(), departed=()) is None


@pytest.mark.parametrize(("day", "before"), [("2028-02-29", "2027-02-28"), ("2026-03-01", "2025-03-01")])
def test_a_year_before(day: str, before: str) -> None:
    assert year_before(date.fromisoformat(day)) == date.fromisoformat(before)


_CENTS = st.integers(1, 10**7)
_STEPS = st.dictionaries(
    st.integers(1, 5), st.lists(st.tuples(st.integers(1, 28), st.integers(1, 28), _CENTS), max_size=3), max_size=5
)


@given(known=st.lists(_STEPS, min_size=len(WEEKS) + 1, max_size=len(WEEKS) + 1))
def test_each_week_starts_with_what_the_one_before_printed_and_what_was_corrected(
    known: list[dict[int, list[tuple[int, int, int]]]],
) -> None:
    """Whatever is known of what is paid becomes another at each week's end."""
    told = [
        Turnover({i: arr.of_subscriptions(_span(*step) for step in steps) for i, steps in found.items()})
        for found in known
    ]
    printed = None
    for week, before, now in zip(WEEKS, told, told[1:], strict=False):
        found = customers(week, ZONE, before=before, now=now, departed=())
        if found is None:
            printed = None
            continue
        if printed is not None and before.all:
            assert found.period.start.arr_cents - found.corrected_cents == printed
        printed = found.period.end.arr_cents


def _span(first: int, last: int, cents: int) -> Span:
    days = sorted((first, last))
    return Span(date(2025, 10, days[0]), date(2026, 12, days[1]), cents)
