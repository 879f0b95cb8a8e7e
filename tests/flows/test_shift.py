"""When a shift ends: some before the next run is due, and those that people wait for after it has begun."""

from __future__ import annotations

import asyncio

import pytest

from flows import shift
from saveline.actions.delivery import Delivered
from saveline.actions.desk import Desk
from saveline.clock import system
from tests.world import World


@pytest.mark.parametrize("ends", [1.5, -0.5])
def test_a_shift_ends_after_or_before_the_next_is_due(
    lite: World, monkeypatch: pytest.MonkeyPatch, ends: float
) -> None:
    """Planted bug: a shift that always ends before the next one is due leaves a gap in which nothing is sent."""
    monkeypatch.setattr(shift, "runtime", lambda: lite.runtime)
    looks: list[float] = []

    def look(_desk: Desk) -> Delivered:
        looks.append(system().timestamp())
        return Delivered()

    due = (system().timestamp() // 2 + 1) * 2
    asyncio.run(shift.work(look, Delivered(), None, every=2, pause=0.05, ends=ends))
    assert (looks[-1] > due) == (ends > 0)
