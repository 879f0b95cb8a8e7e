"""Calendars that hypothesis plays with: zones that change by an hour, by half of one or never, odd hours, days away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from saveline.core.facts import Absence
from saveline.core.worktime import DaysOff, WorkCalendar, parse_hours

ZONES = (
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # half an hour off, and changes
    "America/Santiago",
    "Asia/Kolkata",
    "Asia/Kathmandu",  # 45 minutes off
    "Pacific/Chatham",  # 45 minutes off, and changes
    "Australia/Lord_Howe",  # half an hour in summer
    "Africa/Casablanca",  # another time in Ramadan
    "Pacific/Kiritimati",
    "UTC",
)
HOURS = (
    "mon-fri 9-13, 14-18",
    "mon-fri 9-17",
    "mon-thu 8-16:30; sat 10-12",
    "mon-sun 0-24",
    "mon-sun 0-3",  # where clocks change
    "sun 1-2",
    "tue 22-24; wed 0-1",
)
HOLIDAYS = {code: DaysOff(code) for code in ("PT", "DE-BY", "US")} | {"": DaysOff(None, {date(2026, 11, 25)})}


def calendar(
    hours: str = "mon-fri 9-13, 14-18",
    *,
    zone: str = "Europe/Lisbon",
    country: str | None = "PT",
    own: tuple[date, ...] = (),
    away: tuple[Absence, ...] = (),
) -> WorkCalendar:
    return WorkCalendar(zone, parse_hours(hours), DaysOff(country, own), away)


_DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))
_ABSENCES = st.builds(lambda first, days: Absence(first, first + timedelta(days=days)), _DAYS, st.integers(1, 40))

calendars = st.builds(
    lambda zone, hours, days_off, away: WorkCalendar(zone, parse_hours(hours), days_off, tuple(away)),
    st.sampled_from(ZONES),
    st.sampled_from(HOURS),
    st.sampled_from(list(HOLIDAYS.values())),
    st.lists(_ABSENCES, max_size=3),
)


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """The instants at which the clocks of ``zone`` change from 2025 to 2028."""
    found, clock = [], ZoneInfo(zone)
    at, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    while at < end:
        low, high = at, at + timedelta(days=1)
        if low.astimezone(clock).utcoffset() != high.astimezone(clock).utcoffset():
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                same = middle.astimezone(clock).utcoffset() == low.astimezone(clock).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high.replace(second=0, microsecond=0))
        at += timedelta(days=1)
    return tuple(found)


EDGES = (
    *(datetime(2028, 2, day, 12, tzinfo=UTC) for day in (27, 28, 29)),
    datetime(2025, 12, 31, 12, tzinfo=UTC),
    datetime(2027, 12, 31, 20, tzinfo=UTC),
)
_ANY = st.integers(0, 3 * 365 * 24 * 60).map(lambda m: datetime(2025, 6, 1, tzinfo=UTC) + timedelta(minutes=m))
_CHANGES = st.sampled_from(ZONES).flatmap(lambda zone: st.sampled_from(changes(zone) or EDGES))
_NEAR = st.builds(
    lambda at, minutes: at + timedelta(minutes=minutes), _CHANGES | st.sampled_from(EDGES), st.integers(-3000, 3000)
)
moments = _ANY | _NEAR
"""Any moment of three years, and half of them near a change of clocks, 29 February or a year's end."""
spans_of_work = st.integers(0, 60 * 120).map(lambda m: timedelta(minutes=m))
days = _DAYS
