"""Events with when they were written, and how much of a history somebody knew at a moment.

Nearly every event is written when it happens. What fell due while the engine stood still is written when it runs again,
at the moment it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from saveline.core.changes import Event
from saveline.core.facts import Fact


class Record(Fact, frozen=True):
    """An event as the history holds it: what happened, and how many seconds later it was written."""

    event: Event
    late_s: int = 0

    @property
    def recorded_at(self) -> datetime:
        return written(self.event.at, self.late_s)


def written(at: datetime, late_s: int) -> datetime:
    """When something that happened ``at`` a moment was written, so many seconds later."""
    return at + timedelta(seconds=late_s) if late_s else at


def was_known(at: datetime, late_s: int, before: datetime, by: datetime) -> bool:
    """Whether it had happened ``before`` a moment and was written ``by`` another."""
    return at < before and written(at, late_s) <= by


def known(records: Sequence[Record], before: datetime, by: datetime) -> tuple[Record, ...]:
    """What happened ``before`` a moment and was written ``by`` another: always the beginning of a history."""
    # Neither what happened nor what was written goes back in time; most of what is asked for is nearly all of it.
    end = len(records)
    while end and not was_known(records[end - 1].event.at, records[end - 1].late_s, before, by):
        end -= 1
    return tuple(records[:end])
