"""What came of the notices of a period."""

from __future__ import annotations

from datetime import datetime

from saveline.actions.desk import Desk
from saveline.core.effect import Effect, effects
from saveline.store import effect


def of_period(desk: Desk, start: datetime, end: datetime) -> tuple[Effect, ...]:
    """What was sent in ``[start, end)``, and how much of it was followed by something until now."""
    with desk.reading() as conn:
        return effects(effect.said(conn, start, end), effect.doings(conn, start))
