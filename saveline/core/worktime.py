"""Business time: whose hours, which days off, and how a span of work time moves a moment.

Everything is computed in the zone, hours, public holidays and absences of one person (or of the workspace). A wall
time that a spring change skips moves forward by the gap; one that an autumn change repeats means the first of the
two. Both follow from ``fold=0`` in :pep:`495`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import holidays
from holidays.registry import COUNTRIES

from saveline.core.facts import Absence

WeekHours: TypeAlias = tuple[tuple[tuple[int, int], ...], ...]
"""For Monday to Sunday: the working spans of the day as minutes since midnight."""

Span: TypeAlias = tuple[datetime, datetime]
Trace: TypeAlias = list[str]

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON_DAYS: Final = 400
"""How far work time is looked for. What is not found in that time is counted in calendar time, from where it ended."""

_PART = re.compile(
    r"^(?:(?P<a>[a-z]{3})(?:-(?P<b>[a-z]{3}))?\s+)?(?P<h1>\d{1,2})(?::(?P<m1>\d\d))?-(?P<h2>\d{1,2})(?::(?P<m2>\d\d))?$"
)


def parse_hours(text: str) -> WeekHours:
    """``mon-fri 9-13, 14-18; sat 10-12`` → spans a weekday. Days left out keep those named before them.

    Raises ``ValueError`` that says what was expected.
    """
    week: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    days = range(5)
    for part in re.split(r"[,;]", text.lower()):
        match = _PART.match(part.strip())
        if match is None:
            raise ValueError(f"working hours like 'mon-fri 9-13, 14-18', not {part.strip()!r}")
        days = _days(match["a"], match["b"], days)
        start = int(match["h1"]) * 60 + int(match["m1"] or 0)
        end = int(match["h2"]) * 60 + int(match["m2"] or 0)
        if not start < end <= 24 * 60:
            raise ValueError(f"a span that ends after it starts, within one day, not {part.strip()!r}")
        for day in days:
            week[day].append((start, end))
    return tuple(_ordered(spans) for spans in week)


def _days(first: str | None, last: str | None, before: range) -> range:
    if first is None:
        return before
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
        raise ValueError(f"weekdays {', '.join(WEEKDAYS)}, not {first}{'-' + last if last else ''}")
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    if end < start:
        raise ValueError(f"a range of weekdays from Monday to Sunday, not {first}-{last}")
    return range(start, end + 1)


def _ordered(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    spans = sorted(spans)
    if any(a[1] > b[0] for a, b in pairwise(spans)):
        raise ValueError("working hours of one day that do not overlap")
    return tuple(spans)


def hours_words(hours: WeekHours) -> str:
    """``Mon–Fri 9–13, 14–18; Sat 10–12``: what :func:`parse_hours` reads, for people."""
    runs: list[tuple[int, int]] = []
    for day, spans in enumerate(hours):
        if spans and runs and runs[-1][1] == day - 1 and hours[day - 1] == spans:
            runs[-1] = (runs[-1][0], day)
        elif spans:
            runs.append((day, day))
    parts = []
    for first, last in runs:
        days = WEEKDAYS[first].title() + (f"–{WEEKDAYS[last].title()}" if last > first else "")
        parts.append(f"{days} {', '.join(f'{_hour(a)}–{_hour(b)}' for a, b in hours[first])}")
    return "; ".join(parts) or "no working hours"


def _hour(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}" if minute % 60 else str(minute // 60)


class DaysOff:
    """Public holidays of a country (``PT``, ``DE-BY``) and the workspace's own, filled in year by year as asked."""

    def __init__(self, country: str | None, own: Container[date] = ()) -> None:
        self.country = country or ""
        code, _, part = self.country.partition("-")
        # In English whatever the machine's locale: a derivation reads the same everywhere.
        self._public = holidays.country_holidays(code, subdiv=part or None, language="en_US") if code else None
        self.own = own

    def __contains__(self, day: object) -> bool:
        return day in self.own or (self._public is not None and isinstance(day, date) and day in self._public)

    def name(self, day: date) -> str:
        """``holiday, Republic Day``; ``day off`` for one of the company's own."""
        public = self._public.get(day) if self._public is not None else None
        return f"holiday, {public}" if public else "day off"


@lru_cache(maxsize=256)
def known_country(code: str) -> bool:
    """Whether ``PT`` or ``DE-BY`` is a country (and part of one) whose holidays are known."""
    country, _, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    return country in known and (not part or part in known[country])


def country_code(name: str) -> str:
    """The code of a country by its English name, or '' where there is none of that name."""
    wanted = name.replace(" ", "").casefold()
    return next((row[1] for row in COUNTRIES.values() if row[0].casefold() == wanted), "")


class WorkCalendar:
    """One person's working time. Immutable in meaning; it remembers the days it has computed."""

    def __init__(self, zone: str, hours: WeekHours, days_off: DaysOff, absences: tuple[Absence, ...] = ()) -> None:
        self.zone = ZoneInfo(zone)
        self.hours = hours
        self.days_off = days_off
        self.absences = absences
        self._days: dict[date, tuple[Span, ...]] = {}

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def wall(self, day: date, minute: int) -> datetime:
        """Midnight of ``day`` plus ``minute`` on the wall clock, in UTC."""
        if minute >= 1440:
            return self.wall(day + timedelta(days=1), minute - 1440)
        return datetime.combine(day, time(minute // 60, minute % 60), self.zone).astimezone(UTC)

    def spans(self, day: date) -> tuple[Span, ...]:
        """Working spans of ``day`` in UTC, in order; empty on a day off."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._compute(day)
        return found

    def _compute(self, day: date) -> tuple[Span, ...]:
        if not self.hours[day.weekday()] or day in self.days_off or any(a.covers(day) for a in self.absences):
            return ()
        spans = ((self.wall(day, a), self.wall(day, b)) for a, b in self.hours[day.weekday()])
        return tuple((a, b) for a, b in spans if a < b)

    def why_off(self, day: date) -> str:
        """Why nobody works on ``day``: weekend, the holiday's name, or away, and until when."""
        if not self.hours[day.weekday()]:
            return "not a working day"
        if day in self.days_off:
            return self.days_off.name(day)
        back = max((a.back for a in self.absences if a.covers(day)), default=None)
        return f"away until {back:%-d %b}" if back else "hours that the change of clocks skips"

    def __str__(self) -> str:
        holidays_of = f", holidays of {self.days_off.country}" if self.days_off.country else ""
        return f"{self.zone.key}, {hours_words(self.hours)}{holidays_of}"


def after(calendar: WorkCalendar, at: datetime, work: timedelta, trace: Trace | None = None) -> datetime:
    """``work`` of working time after ``at``. No work gives the first working moment at or after ``at``."""
    left, reached = work, at
    for day in _days_from(calendar.local(at).date(), 1):
        spent = timedelta()
        for opening, end in calendar.spans(day):
            start = max(opening, at)
            if start >= end:
                continue
            if left <= end - start:
                _note(trace, calendar, day, spent + left)
                return start + left
            spent += end - start
            left -= end - start
            reached = end
        _note(trace, calendar, day, spent)
    return _no_working_time(reached + left, trace)


def before(calendar: WorkCalendar, at: datetime, work: timedelta, trace: Trace | None = None) -> datetime:
    """``work`` of working time before ``at``. No work gives the last working moment at or before ``at``."""
    left, reached = work, at
    for day in _days_from(calendar.local(at).date(), -1):
        spent = timedelta()
        for start, close in reversed(calendar.spans(day)):
            end = min(close, at)
            if start >= end:
                continue
            if left <= end - start:
                _note(trace, calendar, day, spent + left)
                return end - left
            spent += end - start
            left -= end - start
            reached = start
        _note(trace, calendar, day, spent)
    return _no_working_time(reached - left, trace)


def _days_from(day: date, step: int) -> Iterator[date]:
    return (day + timedelta(days=n * step) for n in range(HORIZON_DAYS))


def add_days(calendar: WorkCalendar, at: datetime, days: int, trace: Trace | None = None) -> datetime:
    """The same wall time ``days`` working days later (negative: earlier), moved into that day's hours."""
    local = calendar.local(at)
    day = nth_business_day(calendar, local.date(), days, trace)
    return into_hours(calendar, day, local.hour * 60 + local.minute, local.second)


def nth_business_day(calendar: WorkCalendar, day: date, days: int, trace: Trace | None = None) -> date:
    """The ``days``-th working day strictly after ``day`` (negative: before). Zero gives ``day`` itself."""
    step, left = (1 if days > 0 else -1), abs(days)
    for _ in range(HORIZON_DAYS * max(1, left)):
        if not left:
            return day
        day += timedelta(days=step)
        if calendar.spans(day):
            left -= 1
            if trace is not None:
                trace.append(f"{day:%a %-d %b}: working day {abs(days) - left}")
        else:
            _note(trace, calendar, day, timedelta())
    return day


def into_hours(calendar: WorkCalendar, day: date, minute: int, second: int = 0) -> datetime:
    """The wall time on ``day``, moved to the next opening that day, or to its close where it is past it."""
    wanted = calendar.wall(day, minute) + timedelta(seconds=second)
    for start, end in calendar.spans(day):
        if wanted <= end:
            return max(wanted, start)
    spans = calendar.spans(day)
    return spans[-1][1] if spans else wanted


def same_wall(calendar: WorkCalendar, at: datetime, days: int) -> datetime:
    """The same wall time ``days`` calendar days later or earlier."""
    local = calendar.local(at)
    moved = datetime.combine(local.date() + timedelta(days=days), local.time(), calendar.zone)
    return moved.replace(fold=0).astimezone(UTC)


def end_of_business(
    calendar: WorkCalendar, day: date, *, earlier: bool = False, trace: Trace | None = None
) -> datetime:
    """The close of ``day``; on a day off that of the next working day, or with ``earlier`` of the one before."""
    for candidate in _days_from(day, -1 if earlier else 1):
        spans = calendar.spans(candidate)
        if spans:
            return spans[-1][1]
        _note(trace, calendar, candidate, timedelta())
    return calendar.wall(day, 17 * 60)


def next_close(calendar: WorkCalendar, at: datetime) -> datetime:
    """The first close of business after ``at``."""
    today = calendar.local(at).date()
    close = end_of_business(calendar, today)
    return close if close > at else end_of_business(calendar, today + timedelta(days=1))


def next_opening(calendar: WorkCalendar, at: datetime) -> datetime:
    """``at`` itself within working hours (the close included), else the next opening."""
    for day in _days_from(calendar.local(at).date(), 1):
        for start, end in calendar.spans(day):
            if at <= end:
                return max(at, start)
    return at


def first_opening(calendar: WorkCalendar, day: date) -> datetime:
    """When work begins on ``day``, or on the first working day after it."""
    return next_opening(calendar, calendar.wall(day, 0))


def between(calendar: WorkCalendar, start: datetime, end: datetime, trace: Trace | None = None) -> timedelta:
    """Working time in ``[start, end)``."""
    total, day, last = timedelta(), calendar.local(start).date(), calendar.local(end).date()
    while day <= last:
        spent = timedelta()
        for a, b in calendar.spans(day):
            spent += max(min(b, end) - max(a, start), timedelta())
        _note(trace, calendar, day, spent)
        total += spent
        day += timedelta(days=1)
    return total


def moved(calendar: WorkCalendar, at: datetime, by: timedelta, trace: Trace | None = None) -> datetime:
    """``at`` later by ``by`` of working time; ``at`` itself when ``by`` is nothing."""
    return after(calendar, at, by, trace) if by else at


def span_words(span: timedelta) -> str:
    """``2 h``, ``1 h 20 min``, ``45 s``: exact to the second, so that parts add up to their sum."""
    seconds = round(span.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "no time"


def _note(trace: Trace | None, calendar: WorkCalendar, day: date, spent: timedelta) -> None:
    if trace is None:
        return
    if spent:
        trace.append(f"{day:%a %-d %b}: {span_words(spent)}")
    elif not calendar.spans(day):
        trace.append(f"{day:%a %-d %b}: {calendar.why_off(day)}")


def _no_working_time(at: datetime, trace: Trace | None) -> datetime:
    if trace is not None:
        trace.append(f"no working time left within {HORIZON_DAYS} days: counted in calendar time")
    return at


CalendarOf: TypeAlias = Callable[[int | None], WorkCalendar]
"""The calendar of a person's id; of the workspace for None."""
