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
        return self.event.at + timedelta(seconds=self.late_s) if self.late_s else self.event.at


def known(records: Sequence[Record], before: datetime, by: datetime) -> tuple[Record, ...]:
    """What happened ``before`` a moment and was written ``by`` another: always the beginning of a history."""
    for i, record in enumerate(records):
        if record.event.at >= before or record.recorded_at > by:
            return tuple(records[:i])
    return tuple(records)
