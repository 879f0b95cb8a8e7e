"""Working time looked up rather than counted: for a report, which asks for it tens of thousands of times.

Whole seconds since the epoch, so that what is added up comes out even.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from typing import TypeAlias

from saveline.core.people import People
from saveline.core.worktime import WorkCalendar

Seconds: TypeAlias = int
"""Whole seconds since the epoch, or a number of them."""


def seconds(at: datetime) -> Seconds:
    """The whole second in which a moment lies."""
    return int(at.timestamp())


class Shifts:
    """The working time of one calendar in ``[start, end)``."""

    def __init__(self, calendar: WorkCalendar, start: datetime, end: datetime) -> None:
        self._opens: list[Seconds] = []
        self._lengths: list[Seconds] = []
        self._before: list[Seconds] = []
        # A day more at each end: where the clocks change, a day is longer than its hours.
        day, last, total = calendar.local(start).date() - timedelta(days=1), calendar.local(end).date(), 0
        while day <= last:
            for opening, close in calendar.spans(day):
                length = seconds(close) - seconds(opening)
                self._opens.append(seconds(opening))
                self._lengths.append(length)
                self._before.append(total)
                total += length
            day += timedelta(days=1)

    def worked(self, start: Seconds, end: Seconds) -> Seconds:
        """Working seconds in ``[start, end)``, within what this was made for."""
        return self._until(end) - self._until(start)

    def _until(self, at: Seconds) -> Seconds:
        i = bisect_right(self._opens, at) - 1
        return self._before[i] + min(at - self._opens[i], self._lengths[i]) if i >= 0 else 0


class Rota:
    """Everybody's shifts between two moments; those who keep the same hours share them."""

    def __init__(self, people: People, start: datetime, end: datetime) -> None:
        self._people, self._start, self._end = people, start, end
        self._of: dict[int | None, Shifts] = {}
        self._alike: dict[object, Shifts] = {}

    def of(self, person_id: int | None) -> Shifts:
        """Of a person; of the workspace for None, and for somebody who is not known."""
        found = self._of.get(person_id)
        if found is None:
            calendar = self._people.calendar(person_id)
            alike = (calendar.zone.key, calendar.hours, calendar.days_off.country, calendar.absences)
            found = self._alike.get(alike)
            if found is None:
                found = self._alike[alike] = Shifts(calendar, self._start, self._end)
            self._of[person_id] = found
        return found
