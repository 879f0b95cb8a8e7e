"""When a shift ends: some before the next run is due, and those that people wait for after it has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from flows import shift
from saveline import clock
from saveline.actions.delivery import Delivered
from saveline.actions.desk import Desk


@pytest.mark.parametrize(("ends", "last"), [(10.0, 70), (-3.0, 57)])
def test_a_shift_ends_after_or_before_the_next_is_due(monkeypatch: pytest.MonkeyPatch, ends: float, last: int) -> None:
    """Planted bug: a shift that always ends before the next one is due leaves a gap in which nothing is sent."""
    minute = datetime(2026, 5, 4, 9, tzinfo=UTC)
    seconds, looks = [7.0], list[float]()

    async def sleep(pause: float) -> None:
        seconds[0] += pause

    async def once(action: Callable[[Desk], Delivered]) -> Delivered:
        looks.append(seconds[0])
        return Delivered()

    monkeypatch.setattr(clock, "system", lambda: minute + timedelta(seconds=seconds[0]))
    monkeypatch.setattr(shift, "monotonic", lambda: 1000 + seconds[0])
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(shift, "once", once)
    asyncio.run(shift.work(lambda desk: Delivered(), Delivered(), None, every=60, pause=1, ends=ends))
    assert looks == [float(second) for second in range(7, last + 1)]
