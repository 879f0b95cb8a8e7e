"""Periods of reports: half-open, from local midnight to local midnight in the workspace's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Literal

import pendulum
from msgspec.structs import replace

from saveline.core.facts import Fact
from saveline.core.tongue import ENGLISH, Tongue

EXPECTED = "a period like 2026-W47, 2026-11, 2026-11-02..2026-11-15 or 'last week'"

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_RANGE = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)")


class Period(Fact, frozen=True):
    """``[start, end)`` in UTC. ``key`` names it, ``title`` is how people read it.

    What is counted was written by ``as_of``. None is the period's end: what becomes known later belongs to a later
    period, as a correction.
    """

    key: str
    title: str
    start: datetime
    end: datetime
    as_of: datetime | None = None

    @property
    def known(self) -> datetime:
        return self.as_of or self.end


def week_before(at: datetime, zone: str) -> Period:
    """The last full week, Monday to Sunday, before ``at``."""
    monday = pendulum.instance(at, "UTC").in_timezone(zone).start_of("week").subtract(weeks=1)
    return _week(monday)


def month_before(at: datetime, zone: str) -> Period:
    """The last full month before ``at``."""
    return parse(f"{pendulum.instance(at, 'UTC').in_timezone(zone).subtract(months=1):YYYY-MM}", zone)


def kind_of(period: Period) -> Literal["week", "month", ""]:
    """Whether it is a whole week or month; nothing for any other."""
    if _WEEK.fullmatch(period.key):
        return "week"
    return "month" if _MONTH.fullmatch(period.key) else ""


def week_of(at: datetime, zone: str) -> Period:
    """The week in which ``at`` lies."""
    return _week(pendulum.instance(at, "UTC").in_timezone(zone).start_of("week"))


def parse(text: str, zone: str, tongue: Tongue = ENGLISH) -> Period:
    """``2026-W47``, ``2026-11`` or ``2026-11-02..2026-11-15`` (both days included), with its title in a language.

    Raises ValueError where it is none of these.
    """
    if match := _WEEK.fullmatch(text):
        return _week(_midnight(date.fromisocalendar(int(match[1]), int(match[2]), 1), zone), tongue)
    if match := _MONTH.fullmatch(text):
        first = _midnight(date(int(match[1]), int(match[2]), 1), zone)
        title = tongue.say("{month} {year}", month=tongue.month(first, long=True), year=first.year)
        return Period(text, title, _utc(first), _utc(first.add(months=1)))
    if match := _RANGE.fullmatch(text):
        first, last = (_midnight(date.fromisoformat(match[n]), zone) for n in (1, 2))
        if first <= last:
            return Period(text, _span(first, last, tongue), _utc(first), _utc(last.add(days=1)))
    raise ValueError(EXPECTED)


def as_known(period: Period, day: date, zone: str) -> Period:
    """The same period as it was known at the end of ``day``."""
    return replace(period, as_of=end_of(day, zone))


def end_of(day: date, zone: str) -> datetime:
    """The midnight after a day, in UTC. (Not 24 hours after its first: the clocks may change that day.)"""
    return _utc(_midnight(day, zone).add(days=1))


def _week(monday: pendulum.DateTime, tongue: Tongue = ENGLISH) -> Period:
    year, week, _ = monday.isocalendar()
    title = tongue.say("Week {week}, {span}", week=week, span=_span(monday, monday.add(days=6), tongue))
    return Period(f"{year}-W{week:02}", title, _utc(monday), _utc(monday.add(weeks=1)))


def _span(first: pendulum.DateTime, last: pendulum.DateTime, tongue: Tongue) -> str:
    """``16–22 November 2026``, ``30 November – 6 December 2026``."""
    say, month = tongue.say, tongue.month(last, long=True)
    if (first.year, first.month) == (last.year, last.month):
        return say("{first}–{last} {month} {year}", first=first.day, last=last.day, month=month, year=last.year)
    before = tongue.month(first, long=True)
    start = say("{day} {month}", day=first.day, month=before)
    if first.year != last.year:
        start = say("{day} {month} {year}", day=first.day, month=before, year=first.year)
    end = say("{day} {month} {year}", day=last.day, month=month, year=last.year)
    return say("{start} – {end}", start=start, end=end)


def _midnight(day: date, zone: str) -> pendulum.DateTime:
    return pendulum.datetime(day.year, day.month, day.day, tz=zone)


def _utc(moment: pendulum.DateTime) -> datetime:
    """A plain datetime: pendulum's own does not survive every pickler in the autumn hour."""
    return datetime.fromtimestamp(moment.timestamp(), UTC)
