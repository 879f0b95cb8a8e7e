"""Calendars that hypothesis plays with: zones that change by an hour, half an hour or never, odd hours, days away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from saveline.core.facts import Absence
from saveline.core.worktime import DaysOff, WorkCalendar, parse_hours

ZONES = (
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Asia/Kolkata",
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
moments = st.integers(0, 3 * 365 * 24 * 60).map(lambda m: datetime(2025, 6, 1, tzinfo=UTC) + timedelta(minutes=m))
spans_of_work = st.integers(0, 60 * 120).map(lambda m: timedelta(minutes=m))
days = _DAYS
