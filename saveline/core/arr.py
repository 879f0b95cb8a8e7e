"""What an account pays a year on a day: from its subscriptions, or from what its own row said."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import accumulate

from saveline.core.facts import Fact


class Span(Fact, frozen=True):
    """``arr_cents`` a year, from ``first`` until before ``end``; without an end it goes on."""

    first: date
    end: date | None
    arr_cents: int


class Course(Fact, frozen=True):
    """ARR of one account over time: from each of ``days`` on, as many ``cents``."""

    days: tuple[date, ...] = ()
    cents: tuple[int, ...] = ()

    def on(self, day: date) -> int:
        """ARR in cents at the end of ``day``."""
        place = bisect_right(self.days, day)
        return self.cents[place - 1] if place else 0

    @property
    def began(self) -> date | None:
        """The first day on which anything was paid."""
        return next((d for d, c in zip(self.days, self.cents, strict=True) if c), None)


def of_subscriptions(spans: Iterable[Span]) -> Course:
    """Those that run at the same time add up."""
    changes: dict[date, int] = {}
    for span in spans:
        changes[span.first] = changes.get(span.first, 0) + span.arr_cents
        if span.end is not None:
            changes[span.end] = changes.get(span.end, 0) - span.arr_cents
    days = sorted(changes)
    return Course(tuple(days), tuple(accumulate(changes[d] for d in days)))


def of_versions(versions: Iterable[tuple[date, int]], left_on: date | None) -> Course:
    """Of an account without subscriptions: what its row said from each day on, in order; nothing once it has left."""
    steps = dict(versions)
    if len(steps) == 1 and left_on is None:
        return Course(tuple(steps), tuple(steps.values()))
    if left_on is not None:
        steps = {d: c for d, c in steps.items() if d < left_on} | {left_on: 0}
    days = sorted(steps)
    return Course(tuple(days), tuple(steps[d] for d in days))


def on(courses: Mapping[int, Course], day: date) -> dict[int, int]:
    """ARR in cents at the end of ``day`` of every account that pays anything."""
    return {account: cents for account, course in courses.items() if (cents := course.on(day))}
