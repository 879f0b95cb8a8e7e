"""The year's journey: every account that paid is in each step once, and the picture agrees with what retention says.

Planted bugs that turned these tests red: an account that began and left within the year forgotten, its last deal taken
for its first, what is paid now drawn for who left, and growth counted into the steps before.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.arr import Course
from saveline.core.blocks import Chart, Flow
from saveline.core.bowtie import ENDED, PAYS, STEPS, Bowtie, Danger, Risked, bowtie
from saveline.core.report_bowtie import bowtie as section
from saveline.core.retention import retention
from saveline.core.saying import Saying
from saveline.core.tongue import ENGLISH
from saveline.core.voice import Voice
from tests.reported import report

FIRST, LAST = date(2025, 11, 22), date(2026, 11, 22)
SAYING = Saying("USD", ZoneInfo("Europe/Lisbon"), ENGLISH)
_CENTS = st.sampled_from((0, 10_000_00, 25_000_00, 40_000_00))


@st.composite
def courses(draw: st.DrawFn) -> Course:
    days = sorted(draw(st.sets(st.integers(-30, 395), max_size=4)))
    return Course(tuple(FIRST + timedelta(days=d) for d in days), tuple(draw(_CENTS) for _ in days))


COURSES = st.dictionaries(st.integers(1, 9), courses(), max_size=9)
DEALS = st.lists(st.builds(Risked, st.integers(1, 11), st.sampled_from(ENDED[1:])), max_size=9)


@given(paid=COURSES, deals=DEALS)
def test_each_step_adds_up_to_the_same_and_the_ends_are_those_of_retention(
    paid: dict[int, Course], deals: list[Risked]
) -> None:
    made, kept = bowtie(paid, deals, FIRST, LAST), retention(paid, FIRST, LAST)
    sums = [
        [sum(column) for column in zip(*(made.at(i, key) for key in keys), strict=True)] for i, keys in enumerate(STEPS)
    ]
    assert all(step == sums[0] for step in sums)
    assert sums[0][2] == kept.end.arr_cents
    assert made.at(0, "there")[:2] == (kept.start.accounts, kept.start.arr_cents)
    assert made.at(0, "began")[0] >= kept.new.accounts
    (more, before, now), (_, smaller, still) = made.at(3, "more"), made.at(3, "less")
    assert (more, now - before) == (kept.expansion.accounts, kept.expansion.arr_cents)
    assert smaller - still == kept.contraction.arr_cents
    gone = [w for w in made.ways if w.pays == "left" and w.began == "there"]
    assert (sum(w.accounts for w in gone), sum(w.base_cents for w in gone)) == (
        kept.churn.accounts,
        kept.churn.arr_cents,
    )
    assert len({d.account_id for d in deals}) == made.outside + made.at(1, "at_risk")[0]


@given(paid=COURSES, deals=DEALS)
def test_the_picture_is_as_wide_as_what_is_paid(paid: dict[int, Course], deals: list[Risked]) -> None:
    """On its left edge what was paid on the first day, on its right what is paid on the last; every stream leaves and
    enters nodes that there are."""
    made = bowtie(paid, deals, FIRST, LAST)
    drawn = section(replace(report(), voice=Voice(bowtie=made)), SAYING)
    if drawn is None:
        assert not made.at(0, "there")[0]
        return
    chart = drawn.blocks[0]
    assert isinstance(chart, Chart)
    assert isinstance(chart.drawing, Flow)
    streams = chart.drawing.streams
    assert sum(s.widths[0] for s in streams) == made.at(0, "there")[1] / 100
    assert sum(s.widths[-1] for s in streams) == sum(made.at(3, key)[2] for key in PAYS) / 100
    for stream in streams:
        assert all(0 <= place < len(column) for place, column in zip(stream.places, chart.drawing.columns, strict=True))
    for i, column in enumerate(chart.drawing.columns):
        assert {s.places[i] for s in streams} == set(range(len(column)))


def _paying(*steps: tuple[date, int]) -> Course:
    return Course(tuple(d for d, _ in steps), tuple(c * 100 for _, c in steps))


def test_a_little_world_by_hand() -> None:
    """Four accounts: one saved that pays less, one that began, was at risk and left, one that grew, one that is new."""
    early, spring, summer = date(2024, 1, 1), date(2026, 3, 1), date(2026, 7, 1)
    paid = {
        1: _paying((early, 1000), (spring, 800)),
        2: _paying((spring, 500), (summer, 0)),
        3: _paying((early, 300), (summer, 450)),
        4: _paying((summer, 200)),
        5: _paying((early, 90), (date(2025, 11, 22), 0)),
    }
    deals: list[tuple[int, Danger]] = [(1, "lost"), (2, "lost"), (1, "saved"), (5, "lost")]
    made = bowtie(paid, [Risked(*deal) for deal in deals], FIRST, LAST)
    assert [(w.steps, w.accounts, w.base_cents, w.now_cents) for w in made.ways] == [
        (("there", "safe", "safe", "more"), 1, 300_00, 450_00),
        (("there", "at_risk", "saved", "less"), 1, 1000_00, 800_00),
        (("began", "safe", "safe", "same"), 1, 200_00, 200_00),
        (("began", "at_risk", "lost", "left"), 1, 500_00, 0),
    ]
    assert made.outside == 1
    drawn = section(replace(report(), voice=Voice(bowtie=made)), SAYING)
    assert drawn is not None
    chart = drawn.blocks[0]
    assert isinstance(chart, Chart)
    assert chart.finding == "$1.5k came into danger in the year: $1k is saved, $500 lost or let go."
    assert section(replace(report(), voice=Voice(bowtie=Bowtie(FIRST, LAST, ()))), SAYING) is None
