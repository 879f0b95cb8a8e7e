"""Moments: what the words mean, in any calendar, and the examples of the handbook.

Planted bugs that turned these tests red: ``before`` counted forwards, a due moment without an hour that keeps the wall
time of its anchor, a day before renewal moved to the next working day instead of the one before.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from saveline.core.facts import Absence
from saveline.core.moments import Anchor, Duration, Moment, later, parse_duration, parse_moment, resolve, shift
from saveline.core.worktime import Trace, WorkCalendar
from tests.core.calendars import calendar, calendars, days, moments

LISBON = calendar()

durations = st.builds(
    Duration,
    days=st.integers(0, 90),
    business_days=st.integers(0, 30),
    minutes=st.integers(0, 3000),
    business_minutes=st.integers(0, 50).map(lambda h: h * 60),
)
anchors = st.sampled_from(
    [*(Anchor(k) for k in ("opened", "stage start", "start", "due", "renewal")), Anchor("done", "fix")]
)


def at(text: str, cal: WorkCalendar = LISBON) -> datetime:
    """``2026-11-20 16:00`` on the calendar's wall."""
    day, _, clock = text.partition(" ")
    hour, minute = map(int, clock.split(":"))
    return cal.wall(date.fromisoformat(day), hour * 60 + minute)


def due(text: str, anchor: datetime | date, cal: WorkCalendar = LISBON, trace: Trace | None = None) -> str:
    return f"{cal.local(resolve(parse_moment(text), anchor, cal, trace)):%a %-d %b %Y %H:%M}"


def rung(text: str, anchor: datetime, cal: WorkCalendar = LISBON) -> str:
    return f"{cal.local(shift(parse_moment(text), anchor, cal)):%a %-d %b %H:%M}"


# --- laws


@given(durations)
def test_a_duration_reads_back_as_it_was_written(duration: Duration) -> None:
    assert parse_duration(str(duration)) == duration


@given(durations, anchors, st.sampled_from([-1, 1]))
def test_a_moment_reads_back_as_it_was_written(duration: Duration, anchor: Anchor, way: int) -> None:
    assert parse_moment(str(Moment(anchor, duration, way))) == Moment(anchor, duration, way)
    assert parse_moment(str(Moment(anchor))) == Moment(anchor)


def works_all_year(cal: WorkCalendar) -> bool:
    """No absence and a working day in every week: whoever has neither is counted by the calendar in places."""
    return not cal.absences and sum(1 for spans in cal.hours if spans) >= 3


@given(calendars, durations, moments, moments)
def test_a_later_anchor_gives_no_earlier_moment(
    cal: WorkCalendar, duration: Duration, one: datetime, other: datetime
) -> None:
    assume(works_all_year(cal))
    first, second = sorted((one, other))
    for way in (-1, 1):
        moment = Moment(Anchor("start"), Duration(days=duration.days, business_days=duration.business_days), way)
        assert resolve(moment, first, cal) <= resolve(moment, second, cal)


@given(calendars, durations, moments)
def test_after_is_not_before_and_before_is_not_after(cal: WorkCalendar, duration: Duration, anchor: datetime) -> None:
    """A reminder "before" lies at or before its anchor and a rung "after" at or after it, whatever the calendar."""
    assume(works_all_year(cal))
    hour = timedelta(hours=1)  # a wall time kept over a change of clocks may move by up to that
    assert shift(Moment(Anchor("due"), Duration(minutes=duration.minutes), 1), anchor, cal) >= anchor
    work = Duration(business_minutes=duration.business_minutes)
    assert shift(Moment(Anchor("due"), work, 1), anchor, cal) >= anchor
    assert shift(Moment(Anchor("due"), work, -1), anchor, cal) <= anchor
    far = Duration(days=duration.days + 1)
    assert shift(Moment(Anchor("due"), far, 1), anchor, cal) > anchor - hour
    assert shift(Moment(Anchor("due"), far, -1), anchor, cal) < anchor + hour


@given(calendars, st.integers(0, 30), days)
def test_a_day_before_a_date_is_a_close_of_business_before_it(cal: WorkCalendar, count: int, renewal: date) -> None:
    assume(works_all_year(cal))
    found = resolve(Moment(Anchor("renewal"), Duration(days=count), -1), renewal, cal)
    local = cal.local(found).date()
    assert local <= renewal + timedelta(days=1)
    assert found in {end for n in (-1, 0) for _, end in cal.spans(local + timedelta(days=n))}


# --- examples


@pytest.mark.parametrize(
    ("text", "anchor", "expected"),
    [
        ("1 business day after start", "2026-11-20 10:00", "Mon 23 Nov 2026 18:00"),
        ("2 business days after start", "2026-11-20 10:00", "Tue 24 Nov 2026 18:00"),
        ("4 business hours after start", "2026-11-20 16:00", "Mon 23 Nov 2026 11:00"),
        ("1 business day 4 business hours after start", "2026-11-20 10:00", "Mon 23 Nov 2026 15:00"),
        ("2 hours after start", "2026-11-20 17:00", "Fri 20 Nov 2026 19:00"),
        ("1 week after start", "2026-11-20 10:00", "Fri 27 Nov 2026 18:00"),
        ("10 days after start", "2026-11-20 10:00", "Mon 30 Nov 2026 18:00"),
        ("2 days after start", "2026-11-20 10:00", "Mon 23 Nov 2026 18:00"),  # a Sunday: the next close
        ("1 business day after start", "2026-11-30 10:00", "Wed 2 Dec 2026 18:00"),  # 1 December is a holiday
        ("at start", "2026-11-20 10:07", "Fri 20 Nov 2026 10:07"),
        ("0 days after start", "2026-11-20 10:00", "Fri 20 Nov 2026 18:00"),
        ("30 minutes after start", "2026-12-31 23:45", "Fri 1 Jan 2027 00:15"),
    ],
)
def test_due_moments_after_an_instant(text: str, anchor: str, expected: str) -> None:
    assert due(text, at(anchor)) == expected


@pytest.mark.parametrize(
    ("text", "renewal", "expected"),
    [
        ("30 days before renewal", date(2027, 3, 20), "Thu 18 Feb 2027 18:00"),
        ("10 days before renewal", date(2027, 3, 20), "Wed 10 Mar 2027 18:00"),
        ("6 days before renewal", date(2027, 3, 20), "Fri 12 Mar 2027 18:00"),  # a Sunday: the close before
        ("5 business days before renewal", date(2027, 3, 20), "Mon 15 Mar 2027 18:00"),
        ("1 day before renewal", date(2028, 3, 1), "Tue 29 Feb 2028 18:00"),
        ("1 year before renewal", date(2028, 3, 1), None),
        ("at renewal", date(2027, 3, 19), "Fri 19 Mar 2027 18:00"),
        ("at renewal", date(2027, 3, 20), "Mon 22 Mar 2027 18:00"),
        ("90 days after renewal", date(2027, 3, 20), "Fri 18 Jun 2027 18:00"),
        ("2 business hours before renewal", date(2027, 3, 20), "Fri 19 Mar 2027 16:00"),
    ],
)
def test_due_moments_from_a_date(text: str, renewal: date, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="minutes, hours, days, weeks"):
            parse_moment(text)
    else:
        assert due(text, renewal) == expected


@pytest.mark.parametrize(
    ("text", "anchor", "expected"),
    [
        ("2 business hours before due", "2026-11-23 18:00", "Mon 23 Nov 16:00"),
        ("1 business day before due", "2026-11-23 18:00", "Fri 20 Nov 18:00"),
        ("1 business day after due", "2026-11-20 15:30", "Mon 23 Nov 15:30"),
        ("1 day before due", "2026-11-23 09:00", "Sun 22 Nov 09:00"),
        ("4 business hours after due", "2026-11-20 18:00", "Mon 23 Nov 13:00"),
        ("at due", "2026-11-20 15:30", "Fri 20 Nov 15:30"),
    ],
)
def test_reminders_and_rungs_keep_the_wall_time(text: str, anchor: str, expected: str) -> None:
    assert rung(text, at(anchor)) == expected


def test_a_wall_time_is_kept_over_the_change_of_clocks() -> None:
    spring, autumn = at("2026-03-27 15:00"), at("2026-10-23 15:00")
    assert rung("1 business day after due", spring) == "Mon 30 Mar 15:00"
    assert rung("3 days after due", autumn) == "Mon 26 Oct 15:00"
    assert shift(parse_moment("3 days after due"), autumn, LISBON) - autumn == timedelta(days=3, hours=1)
    assert shift(parse_moment("72 hours after due"), autumn, LISBON) - autumn == timedelta(days=3)


def test_due_is_counted_in_the_calendar_of_whoever_has_the_task() -> None:
    opened = datetime(2026, 11, 25, 15, tzinfo=UTC)
    new_york = calendar("mon-fri 9-17", zone="America/New_York", country="US")
    assert due("1 business day after start", opened) == "Thu 26 Nov 2026 18:00"
    assert due("1 business day after start", opened, new_york) == "Fri 27 Nov 2026 17:00"  # after Thanksgiving


def test_a_due_moment_prints_its_derivation() -> None:
    trace: Trace = []
    away = calendar(away=(Absence(date(2026, 11, 23), date(2026, 11, 24)),))
    assert due("2 business days after start", at("2026-11-20 10:00"), away, trace) == "Wed 25 Nov 2026 18:00"
    assert trace == [
        "Sat 21 Nov: not a working day",
        "Sun 22 Nov: not a working day",
        "Mon 23 Nov: away until 24 Nov",
        "Tue 24 Nov: working day 1",
        "Wed 25 Nov: working day 2",
        "end of business: Wed 25 Nov 18:00",
    ]


def test_later_is_a_duration_from_an_instant() -> None:
    assert later(parse_duration("2 business days"), at("2026-11-20 10:30"), LISBON) == at("2026-11-24 10:30")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a moment like"),
        ("soon", "a moment like"),
        ("2 days", "a moment like"),
        ("2 days aftr start", "Did you mean 'after'?"),
        ("2 buisness days after start", "Did you mean 'business'?"),
        ("2 dyas after start", "Did you mean 'days'?"),
        ("two days after start", "a duration like"),
        ("-2 days after start", "a duration like"),
        ("1 business week after start", "there are no business weeks"),
        ("30 business minutes after start", "there are no business minutes"),
        ("10000 days after start", "at most 9999 of a unit"),
        ("2 days after stage strat", "Did you mean 'stage start'?"),
        ("2 days after fix don", "Did you mean 'fix done'?"),
        ("2 days after the fix is done", "an anchor: opened, stage start, start, due, renewal"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_the_nearest(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words are compared below
        parse_moment(text)
    assert said in str(refused.value)


def test_what_can_be_written_in_more_than_one_way() -> None:
    assert parse_moment("At Due") == Moment(Anchor("due"))
    assert parse_moment("  1 Business Day  after  start ") == Moment(Anchor("start"), Duration(business_days=1), 1)
    assert parse_duration("2 weeks 1 day") == Duration(days=15)
    assert parse_duration("1 hour 30 minutes") == Duration(minutes=90)
    assert parse_moment("3 days after trial_end").anchor == Anchor("field", "trial_end")
