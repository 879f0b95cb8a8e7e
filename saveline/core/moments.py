"""Moments of the playbook language: ``2 business hours before due``, ``30 days before renewal``, ``at due``.

A moment is a duration, a direction and an anchor. Parsing turns the words into values; :func:`resolve` turns a value,
the anchor's date or time and a calendar into an instant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from saveline.core import worktime
from saveline.core.errors import did_you_mean
from saveline.core.facts import Fact
from saveline.core.worktime import Trace, WorkCalendar

ANCHORS: Final = ("opened", "stage start", "start", "due", "renewal")
UNITS: Final = "minutes, hours, days, weeks, business hours or business days"
DURATION_HINT: Final = f"a duration like '2 business days' or '1 business day 4 business hours' ({UNITS})"
MOMENT_HINT: Final = "a moment like '2 business days after start', '30 days before renewal' or 'at due'"
LARGEST: Final = 9_999
"""The most of one unit: nobody means more, and a date must stay a date."""
LONGEST: Final = 200
"""Characters of a duration or moment."""
FARTHEST: Final = timedelta(days=9_999 * 7)
"""The longest duration, however it is put together."""

_UNIT = re.compile(r"(\d+)\s+(business\s+)?(minute|hour|day|week)s?\b\s*")
_MOMENT = re.compile(r"^(?:(?P<duration>.+?)\s+(?P<way>after|before)|at)\s+(?P<anchor>.+)$")
_FIELD = re.compile(r"^[a-z][a-z0-9_]*$")
_WAY: Final = {1: "later", -1: "earlier"}
_SIZES: Final = {"minute": 1, "hour": 60, "day": 1, "week": 7}
_WORDS: Final = ("minutes", "hours", "days", "weeks", "business", "after", "before", "at", "every")


class Duration(Fact, frozen=True):
    """Calendar days first, then working days, then hours: ``1 business day 4 business hours``."""

    days: int = 0
    business_days: int = 0
    minutes: int = 0
    business_minutes: int = 0

    @property
    def has_hour(self) -> bool:
        """Whether it names an hour. One that does not lands on a day, and means the end of business there."""
        return bool(self.minutes or self.business_minutes)

    def calendar(self) -> timedelta:
        """Its length where no calendar applies: a business day counts as one day, a business hour as one hour."""
        return timedelta(days=self.days + self.business_days, minutes=self.minutes + self.business_minutes)

    def __str__(self) -> str:
        parts = [
            _count(self.days, "day"),
            _count(self.business_days, "business day"),
            *_hours(self.minutes, ""),
            *_hours(self.business_minutes, "business "),
        ]
        return " ".join(p for p in parts if p) or "0 minutes"


class Anchor(Fact, frozen=True):
    """What a moment counts from. ``done`` names a task, ``field`` a date column of the account."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} done" if self.kind == "done" else self.name or self.kind


class Moment(Fact, frozen=True):
    """``duration`` after (1), before (-1) or at (0) ``anchor``."""

    anchor: Anchor
    duration: Duration = Duration()
    direction: int = 0

    @property
    def has_hour(self) -> bool:
        return self.duration.has_hour

    def __str__(self) -> str:
        if not self.direction:
            return f"at {self.anchor}"
        return f"{self.duration} {'after' if self.direction > 0 else 'before'} {self.anchor}"


UNDATED: Final = Moment(Anchor("start"), Duration(business_days=2), 1)
"""The due moment of a task whose own counts from a date that is not there."""

AnchorAt: TypeAlias = Callable[[Anchor], "datetime | date | None"]


def parse_duration(text: str) -> Duration:
    """``2 business days`` → Duration. Raises ``ValueError`` naming what was expected."""
    sums = {"day": 0, "business day": 0, "minute": 0, "business minute": 0}
    rest = str(text).strip().lower()
    if not rest or len(rest) > LONGEST:
        raise ValueError(DURATION_HINT)
    while rest:
        match = _UNIT.match(rest)
        if match is None:
            raise ValueError(f"{DURATION_HINT}.{_near(rest)}")
        count, business, unit = int(match[1]), "business " if match[2] else "", match[3]
        if business and unit in ("minute", "week"):
            raise ValueError(f"{UNITS}; there are no business {unit}s")
        if count > LARGEST:
            raise ValueError(f"at most {LARGEST} of a unit")
        sums[business + ("minute" if unit in ("minute", "hour") else "day")] += count * _SIZES[unit]
        rest = rest[match.end() :]
    found = Duration(sums["day"], sums["business day"], sums["minute"], sums["business minute"])
    if found.calendar() > FARTHEST:
        raise ValueError(f"at most {FARTHEST.days} days in all")
    return found


def _near(text: str, words: tuple[str, ...] = _WORDS) -> str:
    """`` Did you mean 'days'?`` for the first word that is none of ours and like one of them."""
    strange = (w for w in re.findall("[a-z]+", text[:LONGEST]) if w not in words and f"{w}s" not in words)
    return next((hint for hint in (did_you_mean(w, words) for w in strange) if hint), "")


def parse_moment(text: str) -> Moment:
    """``30 days before renewal`` → Moment. Raises ``ValueError`` naming what was expected."""
    match = _MOMENT.match(str(text).strip().lower()) if len(str(text)) <= LONGEST else None
    if match is None:
        raise ValueError(f"{MOMENT_HINT}.{_near(str(text).lower())}")
    anchor = parse_anchor(match["anchor"])
    if match["way"] is None:
        return Moment(anchor)
    return Moment(anchor, parse_duration(match["duration"]), 1 if match["way"] == "after" else -1)


def parse_anchor(text: str) -> Anchor:
    words = text.split()
    if text in ANCHORS:
        return Anchor(text)
    if len(words) == 2 and words[1] == "done" and _FIELD.match(words[0]):
        return Anchor("done", words[0])
    if len(words) == 1 and _FIELD.match(text):
        return Anchor("field", text)
    near = did_you_mean(text, (*ANCHORS, f"{words[0]} done"))
    raise ValueError(f"an anchor: {', '.join(ANCHORS)}, 'TASK done' or a date field of the account.{near}")


def resolve(moment: Moment, anchor: datetime | date, calendar: WorkCalendar, trace: Trace | None = None) -> datetime:
    """The instant of a due moment: one without an hour is the end of business of the day it lands on.

    A date as anchor stands for the midnight that begins it, so that hours before it end the day before.
    """
    if moment.has_hour:
        return shift(moment, anchor, calendar, trace)
    if isinstance(anchor, datetime):
        if not moment.direction:
            return anchor
        anchor = calendar.local(anchor).date()
    day = _shift_day(moment, anchor, calendar, trace)
    end = worktime.end_of_business(calendar, day, earlier=moment.direction < 0, trace=trace)
    if trace is not None:
        trace.append(f"end of business: {calendar.local(end):%a %-d %b %H:%M}")
    return end


def due_at(
    moment: Moment,
    anchor: datetime | date | None,
    calendar: WorkCalendar,
    start: datetime,
    trace: Trace | None = None,
) -> datetime:
    """When a task that begins at ``start`` is due. One that would be due before it begins is due at the next close."""
    if anchor is None and trace is not None:
        trace.append(f"there is no {moment.anchor} yet to count from: {UNDATED} instead")
    due = resolve(moment, anchor, calendar, trace) if anchor is not None else resolve(UNDATED, start, calendar, trace)
    if due > start:
        return due
    if trace is not None:
        trace.append("that is not after its start: the next close of business instead")
    return worktime.next_close(calendar, start)


def shift(moment: Moment, anchor: datetime | date, calendar: WorkCalendar, trace: Trace | None = None) -> datetime:
    """The instant of a reminder or rung: one without an hour keeps the wall time of its anchor."""
    at = anchor if isinstance(anchor, datetime) else calendar.wall(anchor, 0)
    duration, way = moment.duration, moment.direction
    if duration.days:
        at = worktime.same_wall(calendar, at, way * duration.days)
        _calendar_days(trace, duration, way, calendar.local(at).date())
    if duration.business_days:
        at = worktime.add_days(calendar, at, way * duration.business_days, trace)
    if duration.minutes:
        at += timedelta(minutes=way * duration.minutes)
        if trace is not None:
            length = worktime.span_words(timedelta(minutes=duration.minutes))
            trace.append(f"{length} {_WAY[way]}, by the clock: {calendar.local(at):%a %-d %b %H:%M}")
    if duration.business_minutes:
        work = timedelta(minutes=duration.business_minutes)
        at = (worktime.after if way > 0 else worktime.before)(calendar, at, work, trace)
    return at


def later(duration: Duration, at: datetime, calendar: WorkCalendar, trace: Trace | None = None) -> datetime:
    """``duration`` after an instant, wall time kept where no hour is named."""
    return shift(Moment(Anchor("start"), duration, 1), at, calendar, trace)


def _shift_day(moment: Moment, day: date, calendar: WorkCalendar, trace: Trace | None) -> date:
    if moment.duration.days:
        day += timedelta(days=moment.direction * moment.duration.days)
        _calendar_days(trace, moment.duration, moment.direction, day)
    return worktime.nth_business_day(calendar, day, moment.direction * moment.duration.business_days, trace)


def _calendar_days(trace: Trace | None, duration: Duration, way: int, reached: date) -> None:
    if trace is not None:
        trace.append(f"{_count(duration.days, 'calendar day')} {_WAY[way]}: {reached:%a %-d %b %Y}")


def _count(n: int, unit: str) -> str:
    return f"{n} {unit}{'' if n == 1 else 's'}" if n else ""


def _hours(minutes: int, prefix: str) -> tuple[str, str]:
    if prefix:
        return _count(minutes // 60, f"{prefix}hour"), ""
    return _count(minutes // 60, "hour"), _count(minutes % 60, "minute")
