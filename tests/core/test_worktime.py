"""Business time: laws that hold in every calendar, and the examples that people would check by hand.

Planted bugs that turned these tests red: ``after`` that does not skip the lunch break, a span that begins at the
opening instead of the moment it is asked for, ``between`` without its last day, a wall time in the autumn hour taken as
the second of the two, and a day away counted to its last day instead of up to the return.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from saveline.core import worktime
from saveline.core.facts import Absence
from saveline.core.worktime import Span, Trace, WorkCalendar, hours_words, parse_hours
from tests.core.calendars import HOURS, ZONES, calendar, calendars, days, moments, spans_of_work


def local(cal: WorkCalendar, at: datetime) -> str:
    return f"{cal.local(at):%a %-d %b %H:%M}"


def wall(cal: WorkCalendar, text: str) -> datetime:
    """``2026-10-02 16:00`` on the calendar's wall."""
    day, _, clock = text.partition(" ")
    hour, minute = map(int, clock.split(":"))
    return cal.wall(date.fromisoformat(day), hour * 60 + minute)


# --- laws


def works(cal: WorkCalendar, at: datetime) -> bool:
    """Whether there is any work near ``at``: without, time is counted by the calendar and no law of work holds."""
    near = (cal.local(at).date() + timedelta(days=n) for n in range(-60, 61))
    return any(cal.spans(day) for day in near)


def counted(trace: Trace) -> bool:
    """Whether it was work that was counted, and not the calendar for want of it."""
    return not any(line.startswith("no working time") for line in trace)


@given(calendars, moments, spans_of_work)
def test_time_is_conserved_forwards(cal: WorkCalendar, at: datetime, work: timedelta) -> None:
    assume(works(cal, at))
    trace: Trace = []
    end = worktime.after(cal, at, work, trace)
    assume(counted(trace))
    assert end >= at
    assert worktime.between(cal, at, end) == work


@given(calendars, moments, spans_of_work)
def test_time_is_conserved_backwards(cal: WorkCalendar, at: datetime, work: timedelta) -> None:
    assume(works(cal, at))
    trace: Trace = []
    start = worktime.before(cal, at, work, trace)
    assume(counted(trace))
    assert start <= at
    assert worktime.between(cal, start, at) == work


@given(calendars, moments, spans_of_work)
def test_work_begins_and_ends_within_hours(cal: WorkCalendar, at: datetime, work: timedelta) -> None:
    assume(works(cal, at) and work > timedelta())
    trace: Trace = []
    end, begin = worktime.after(cal, at, work, trace), worktime.before(cal, at, work, trace)
    assume(counted(trace))
    assert any(start < end <= close for start, close in near(cal, end))
    assert any(start <= begin < close for start, close in near(cal, begin))


def near(cal: WorkCalendar, at: datetime) -> list[Span]:
    """The working spans of the day and those beside it: a close at midnight is the next day's first moment."""
    return [span for n in (-1, 0, 1) for span in cal.spans(cal.local(at).date() + timedelta(days=n))]


@given(calendars, moments, moments, moments)
def test_a_pause_keeps_the_work_that_was_left(cal: WorkCalendar, a: datetime, b: datetime, c: datetime) -> None:
    """Law 7 in every calendar: after a pause as much working time is left until the due moment as there was before."""
    paused, resumed, due = a, max(a, b), max(a, c)
    assume(works(cal, resumed) and works(cal, due) and works(cal, paused))
    slept = worktime.between(cal, paused, resumed)
    trace: Trace = []
    moved = worktime.moved(cal, due, slept, trace)
    assume(counted(trace))
    assert worktime.between(cal, resumed, max(moved, resumed)) == worktime.between(cal, paused, due)


@given(st.sampled_from(ZONES), moments, st.integers(0, 1439))
def test_a_wall_time_is_itself_or_later_and_the_first_of_two(zone: str, near_to: datetime, minute: int) -> None:
    """In all zones, near every change of clocks: a wall time that exists is that instant, and of two the first; one
    that spring skips moves forward by the gap, not further."""
    cal = calendar(zone=zone, country=None)
    day = cal.local(near_to).date()
    at = cal.wall(day, minute)
    local, asked = cal.local(at).replace(tzinfo=None), datetime.combine(day, time(minute // 60, minute % 60))
    if local == asked:
        assert not cal.local(at).fold
    else:
        change = cal.local(at).utcoffset() - cal.local(at - timedelta(hours=3)).utcoffset()  # type: ignore[operator]
        assert timedelta() < local - asked == change


@given(calendars, moments, spans_of_work)
def test_a_trace_adds_up(cal: WorkCalendar, at: datetime, work: timedelta) -> None:
    """The hours that a derivation names are those that were asked for, and between two moments those that passed."""
    trace: Trace = []
    end = worktime.after(cal, at, work, trace)
    assume(counted(trace))
    assert sum(map(hours_named, trace), timedelta()) == work
    again: Trace = []
    assert worktime.between(cal, at, end, again) == sum(map(hours_named, again), timedelta())


def hours_named(line: str) -> timedelta:
    unit = {"h": 3600, "min": 60, "s": 1}
    return timedelta(seconds=sum(int(n) * unit[u] for n, u in re.findall(r" (\d+) (h|min|s)\b", line)))


@given(calendars, moments, spans_of_work, spans_of_work)
def test_two_spans_of_work_are_one(cal: WorkCalendar, at: datetime, one: timedelta, other: timedelta) -> None:
    assume(works(cal, at) and other > timedelta())
    trace: Trace = []
    whole = worktime.after(cal, at, one + other, trace)
    assume(counted(trace))
    assert worktime.after(cal, worktime.after(cal, at, one), other) == whole


@given(calendars, moments, moments, spans_of_work)
def test_later_starts_end_no_earlier(cal: WorkCalendar, one: datetime, other: datetime, work: timedelta) -> None:
    first, second = sorted((one, other))
    assert worktime.after(cal, first, work) <= worktime.after(cal, second, work)
    assert worktime.before(cal, first, work) <= worktime.before(cal, second, work)
    assert worktime.next_opening(cal, first) <= worktime.next_opening(cal, second)


@given(calendars, moments, spans_of_work, spans_of_work)
def test_more_work_ends_no_earlier(cal: WorkCalendar, at: datetime, one: timedelta, other: timedelta) -> None:
    less, more = sorted((one, other))
    assert worktime.after(cal, at, less) <= worktime.after(cal, at, more)
    assert worktime.before(cal, at, less) >= worktime.before(cal, at, more)


@given(calendars, moments, moments, moments)
def test_between_adds_up(cal: WorkCalendar, a: datetime, b: datetime, c: datetime) -> None:
    first, middle, last = sorted((a, b, c))
    parts = worktime.between(cal, first, middle) + worktime.between(cal, middle, last)
    assert parts == worktime.between(cal, first, last)
    assert worktime.between(cal, last, first) == timedelta()


@given(calendars, moments)
def test_the_next_opening_is_where_work_can_be_done(cal: WorkCalendar, at: datetime) -> None:
    opening = worktime.next_opening(cal, at)
    assert opening >= at
    assert worktime.next_opening(cal, opening) == opening
    if works(cal, at):
        assert any(start <= opening <= end for start, end in cal.spans(cal.local(opening).date())) or opening == at
        assert worktime.between(cal, at, opening) == timedelta()


@given(calendars, days, days)
def test_business_days_count_there_and_back(cal: WorkCalendar, day: date, other: date) -> None:
    count = abs((other - day).days) % 30
    assume(cal.spans(day) and works(cal, cal.wall(day, 720)))
    there = worktime.nth_business_day(cal, day, count)
    assume(cal.spans(there))
    assert worktime.nth_business_day(cal, there, -count) == day


@given(calendars, days)
def test_the_end_of_business_is_a_close(cal: WorkCalendar, day: date) -> None:
    assume(works(cal, cal.wall(day, 720)))
    later, earlier = worktime.end_of_business(cal, day), worktime.end_of_business(cal, day, earlier=True)
    closes = {cal.spans(day + timedelta(days=n))[-1][1] for n in range(-60, 61) if cal.spans(day + timedelta(days=n))}
    assume(closes and min(closes) < cal.wall(day, 0) < max(closes))
    assert {later, earlier} <= closes
    assert earlier <= later
    if cal.spans(day):
        assert earlier == later == cal.spans(day)[-1][1]


@given(calendars, days)
def test_the_spans_of_a_day_are_in_order_and_apart(cal: WorkCalendar, day: date) -> None:
    edges = [edge for span in cal.spans(day) for edge in span]
    assert edges == sorted(edges)
    assert all(start < end for start, end in cal.spans(day))


# --- examples


def test_four_business_hours_over_a_weekend_and_a_holiday() -> None:
    """The example of the design: Monday 5 October is a holiday in Portugal, and lunch is no work."""
    trace: Trace = []
    cal = calendar("mon-fri 9-13, 14-18")
    end = worktime.after(cal, wall(cal, "2026-10-02 16:00"), timedelta(hours=4), trace)
    assert local(cal, end) == "Tue 6 Oct 11:00"
    assert trace == [
        "Fri 2 Oct: 2 h",
        "Sat 3 Oct: not a working day",
        "Sun 4 Oct: not a working day",
        "Mon 5 Oct: holiday, Republic Day",
        "Tue 6 Oct: 2 h",
    ]


def test_the_same_without_lunch() -> None:
    trace: Trace = []
    cal = calendar("mon-fri 9-17")
    end = worktime.after(cal, wall(cal, "2026-10-02 16:00"), timedelta(hours=4), trace)
    assert local(cal, end) == "Tue 6 Oct 12:00"
    assert (trace[0], trace[-1]) == ("Fri 2 Oct: 1 h", "Tue 6 Oct: 3 h")


def test_the_same_in_bavaria_where_monday_is_a_working_day() -> None:
    cal = calendar("mon-fri 9-17", zone="Europe/Berlin", country="DE-BY")
    assert local(cal, worktime.after(cal, wall(cal, "2026-10-02 16:00"), timedelta(hours=4))) == "Mon 5 Oct 12:00"


@pytest.mark.parametrize(
    ("zone", "gap", "utc"),
    [
        ("Europe/Lisbon", "2026-03-29 01:30", "2026-03-29 01:30"),  # 01:00 → 02:00: 02:30 on the wall
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:30"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:45"),  # 02:00 → 02:30
    ],
)
def test_a_wall_time_that_spring_skips_moves_forward(zone: str, gap: str, utc: str) -> None:
    cal = calendar(zone=zone)
    at = wall(cal, gap)
    assert f"{at:%Y-%m-%d %H:%M}" == utc
    assert f"{cal.local(at):%H:%M}" > gap[-5:]


@pytest.mark.parametrize(
    ("zone", "twice", "utc"),
    [
        ("Europe/Lisbon", "2026-10-25 01:30", "2026-10-25 00:30"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
    ],
)
def test_a_wall_time_that_autumn_repeats_is_the_first(zone: str, twice: str, utc: str) -> None:
    assert f"{wall(calendar(zone=zone), twice):%Y-%m-%d %H:%M}" == utc


def test_a_night_shift_is_longer_in_autumn_and_shorter_in_spring() -> None:
    cal = calendar("mon-sun 0-3")
    for day, hours in ((date(2026, 3, 28), 3), (date(2026, 3, 29), 2), (date(2026, 10, 25), 4)):
        assert worktime.between(cal, cal.wall(day, 0), cal.wall(day, 1439)) == timedelta(hours=hours)


def test_hours_that_fall_into_the_gap_do_not_take_place() -> None:
    cal = calendar("mon-sun 1-2")
    assert cal.spans(date(2026, 3, 28))
    assert cal.spans(date(2026, 3, 29)) == ()
    assert local(cal, worktime.after(cal, cal.wall(date(2026, 3, 28), 60), timedelta(hours=2))) == "Mon 30 Mar 02:00"


def test_the_same_wall_time_a_day_later_is_23_24_or_25_hours_away() -> None:
    cal = calendar()
    for text, hours in (("2026-03-28 12:00", 23), ("2026-03-29 12:00", 24), ("2026-10-24 12:00", 25)):
        at = wall(cal, text)
        assert worktime.same_wall(cal, at, 1) - at == timedelta(hours=hours)


def test_the_29th_of_february_and_the_end_of_the_year() -> None:
    cal = calendar()
    assert worktime.nth_business_day(cal, date(2028, 2, 28), 1) == date(2028, 2, 29)
    assert worktime.nth_business_day(cal, date(2027, 2, 26), 1) == date(2027, 3, 1)
    assert worktime.nth_business_day(cal, date(2026, 12, 31), 1) == date(2027, 1, 4)  # New Year is a Friday
    assert worktime.nth_business_day(cal, date(2027, 1, 4), -1) == date(2026, 12, 31)
    assert local(cal, worktime.after(cal, wall(cal, "2026-12-31 17:00"), timedelta(hours=2))) == "Mon 4 Jan 10:00"


def test_days_away_are_no_work_and_the_day_of_return_is() -> None:
    trace: Trace = []
    cal = calendar(away=(Absence(date(2026, 11, 23), date(2026, 11, 25)),))
    end = worktime.after(cal, wall(cal, "2026-11-20 17:00"), timedelta(hours=2), trace)
    assert local(cal, end) == "Wed 25 Nov 10:00"
    assert trace[-3:] == ["Mon 23 Nov: away until 25 Nov", "Tue 24 Nov: away until 25 Nov", "Wed 25 Nov: 1 h"]


def test_a_day_off_of_the_company_is_named() -> None:
    cal = calendar(own=(date(2026, 11, 23),))
    assert cal.why_off(date(2026, 11, 23)) == "day off"
    assert local(cal, worktime.after(cal, wall(cal, "2026-11-20 17:30"), timedelta(hours=1))) == "Tue 24 Nov 09:30"


def test_work_before_a_moment_goes_back_over_the_weekend() -> None:
    cal = calendar()
    assert local(cal, worktime.before(cal, wall(cal, "2026-11-23 10:00"), timedelta(hours=2))) == "Fri 20 Nov 17:00"
    assert local(cal, worktime.before(cal, wall(cal, "2026-11-22 10:00"), timedelta())) == "Fri 20 Nov 18:00"


def test_no_work_at_all_is_counted_by_the_calendar_and_says_so() -> None:
    trace: Trace = []
    cal = calendar(away=(Absence(date(2024, 1, 1), date(2030, 1, 1)),))
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert worktime.after(cal, at, timedelta(hours=5), trace) == at + timedelta(hours=5)
    assert trace[-1] == "no working time left within 400 days: counted in calendar time"
    assert worktime.before(cal, at, timedelta(hours=5)) == at - timedelta(hours=5)
    assert worktime.next_opening(cal, at) == at


def test_the_close_of_a_day_is_still_within_hours() -> None:
    """A rung at the close fires then, not the next morning."""
    cal = calendar()
    assert worktime.next_opening(cal, wall(cal, "2026-11-20 18:00")) == wall(cal, "2026-11-20 18:00")
    assert local(cal, worktime.next_opening(cal, wall(cal, "2026-11-20 13:30"))) == "Fri 20 Nov 14:00"
    assert local(cal, worktime.next_opening(cal, wall(cal, "2026-11-20 18:01"))) == "Mon 23 Nov 09:00"


def test_a_wall_time_is_moved_into_the_hours_of_its_day() -> None:
    cal = calendar()
    for minute, expected in ((8 * 60, "09:00"), (13 * 60 + 30, "14:00"), (15 * 60, "15:00"), (20 * 60, "18:00")):
        assert f"{cal.local(worktime.into_hours(cal, date(2026, 11, 20), minute)):%H:%M}" == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9 to 5", "working hours like 'mon-fri 9-13, 14-18', not '9 to 5'"),
        ("mon-fri 17-9", "a span that ends after it starts, within one day, not 'mon-fri 17-9'"),
        ("mon-fri 9-25", "a span that ends after it starts, within one day, not 'mon-fri 9-25'"),
        ("fri-mon 9-17", "a range of weekdays from Monday to Sunday, not fri-mon"),
        ("mo-fri 9-17", "working hours like 'mon-fri 9-13, 14-18', not 'mo-fri 9-17'"),
        ("mon-fri 9-13, 12-17", "working hours of one day that do not overlap"),
        ("", "working hours like 'mon-fri 9-13, 14-18', not ''"),
    ],
)
def test_hours_that_mean_nothing_are_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words are compared below
        parse_hours(text)
    assert str(refused.value) == said


def test_hours_without_a_day_are_those_of_the_days_before_them() -> None:
    week = parse_hours("mon-wed 9-13, 14-18; sat 10-12")
    assert week[0] == ((540, 780), (840, 1080)) == week[2]
    assert week[3:] == ((), (), ((600, 720),), ())


@pytest.mark.parametrize("hours", HOURS)
def test_hours_in_words_mean_the_same(hours: str) -> None:
    assert parse_hours(hours_words(parse_hours(hours)).replace("–", "-")) == parse_hours(hours)


def test_hours_are_read_as_people_write_them() -> None:
    assert hours_words(parse_hours("mon-wed 9-13, 14-18; thu 8:30-12; sat 10-12")) == (
        "Mon–Wed 9–13, 14–18; Thu 8:30–12; Sat 10–12"
    )
    assert str(calendar()) == "Europe/Lisbon, Mon–Fri 9–13, 14–18, holidays of PT"
