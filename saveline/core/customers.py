"""What customers pay, for the stage report: over its period, over the year up to its end, and by cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from saveline.core.arr import Course
from saveline.core.facts import Fact
from saveline.core.periods import Period
from saveline.core.retention import Cohort, Departed, Retention, cohorts, retention


class Turnover(Fact, frozen=True):
    """By account, its ARR over time as it was known at one moment: from its ``subscribed`` contracts, of ``others``
    from what their row said."""

    subscribed: Mapping[int, Course] = {}
    others: Mapping[int, Course] = {}

    @property
    def all(self) -> dict[int, Course]:
        return {**self.others, **self.subscribed}


class Customers(Fact, frozen=True):
    """``corrected_cents`` is by how much the ARR at the start has become another than the report before knew, where it
    knew of any."""

    period: Retention
    corrected_cents: int
    year: Retention
    cohorts: tuple[Cohort, ...]


def customers(
    period: Period, zone: str, *, before: Turnover, now: Turnover, departed: Iterable[Departed]
) -> Customers | None:
    """Both as far as it was known, ``before`` when the period began and ``now`` when it ended. Nothing where
    nobody paid a year ago: there is nothing to retain yet."""
    local = ZoneInfo(zone)
    first, last = (at.astimezone(local).date() - timedelta(days=1) for at in (period.start, period.end))
    courses, left = now.all, list(departed)
    year = retention(courses, year_before(last), last, left)
    if not year.start.accounts:
        return None
    found = retention(courses, first, last, left)
    corrected = found.start.arr_cents - sum(course.on(first) for course in before.all.values()) if before.all else 0
    return Customers(found, corrected, year, cohorts(now.subscribed, last))


def year_of(period: Period, zone: str) -> tuple[date, date]:
    """The last day of the period, after the same day a year ago."""
    last = period.end.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    return year_before(last), last


def year_before(day: date) -> date:
    """The same day a year ago; of 29 February the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day - timedelta(days=366)
