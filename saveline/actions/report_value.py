"""What deals have taken, for the stage report: concessions of the period, hours and concessions of twelve months."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core import value
from saveline.core.cases import Case
from saveline.core.periods import Period
from saveline.core.stories import Story
from saveline.core.value import Effort, Value
from saveline.core.workspace import Outcome
from saveline.evidence import value as costs
from saveline.evidence.works import Span
from saveline.store import effort


class Taken:
    """The concessions of the period are those of ``told``, its deals; they are counted at once, and ``told`` let go."""

    def __init__(self, desk: Desk, conn: Connection, told: Sequence[Story], period: Period) -> None:
        self._desk, self._conn = desk, conn
        plays = desk.playable(conn, (s.now.play_hash for s in told if s.events))
        self.concessions = value.conceded(told, plays, period)

    def value(self, lived: Sequence[Case], outcomes: Sequence[Outcome], span: Span) -> Value | None:
        """``lived`` are all deals that lived in the twelve months, as they were known then."""
        return costs.value(lived, outcomes, span, efforts=self._efforts(lived), concessions=self.concessions)

    def _efforts(self, lived: Sequence[Case]) -> dict[int, Effort]:
        """By deal, what the closed ones took. Only finished tasks that were answered are read."""
        hashes = {c.deal_id: c.play_hash for c in lived}
        answered = effort.answered(self._conn, {c.deal_id: c.closed_at for c in lived if c.closed_at is not None})
        plays = self._desk.playable(self._conn, (hashes[i] for i in answered))
        return {i: value.effort(found, plays.get(hashes[i])) for i, found in answered.items()}
