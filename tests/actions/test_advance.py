"""The engine's pass: everything that is due, in batches of any size, and nothing else.

Planted bugs that turned these tests red: a pass that ends after its first batch, one that looks
at a deal before its moment, a paused deal that is not left alone, and events that carry the moment of the pass.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from saveline.actions.advance import Advanced, advance
from saveline.actions.deals import pause
from tests.world import World


def many(world: World, number: int) -> list[int]:
    """Deals that all stand in Triage, each with a diagnosis for ana."""
    return [world.open(world.account(f"a{i}", name=f"A{i}")) for i in range(1, number + 1)]


@pytest.mark.parametrize("batch", [1, 2, 7, 500])
def test_the_size_of_a_batch_does_not_matter(on_both: World, batch: int) -> None:
    deals = many(on_both, 7)
    on_both.clock.set(on_both.now + timedelta(hours=5))  # the first rung: four business hours unseen
    done = advance(on_both.desk, batch=batch)
    assert done == Advanced(7, {"escalated": 7}, 7)
    assert Counter(t.to for t in on_both.told(kind="escalation")) == {"bob": 7}
    assert all(on_both.history(deal)[-1] == "escalated" for deal in deals)
    assert advance(on_both.desk, batch=batch) == Advanced()


def test_what_is_not_due_is_not_looked_at(on_both: World) -> None:
    many(on_both, 3)
    due = on_both.next_at()
    assert due is not None
    pause(on_both.desk, 2, on_both.by("ana"), until=due + timedelta(days=2), reason="a merger")
    on_both.clock.set(due - timedelta(microseconds=1))
    assert advance(on_both.desk) == Advanced()
    on_both.clock.set(due)
    assert advance(on_both.desk).deals == 2
    assert {t.task for t in on_both.told("bob")} == {"diagnosis"}
    assert on_both.history(2)[-1] == "deal_paused"


def test_a_deal_that_moves_through_several_moments_does_so_in_one_pass(on_both: World) -> None:
    """After an outage of four days: two rungs and two reminders, each at its own moment, in order."""
    on_both.open()
    done = on_both.jump(on_both.now + timedelta(days=4, hours=4))
    assert done == Advanced(1, {"escalated": 2, "reminded": 2}, 4)
    assert [(t.kind, t.at.isoformat()[5:16]) for t in on_both.told() if t.kind in ("escalation", "reminder")] == [
        ("escalation", "11-20T15:00"),
        ("reminder", "11-23T16:00"),
        ("reminder", "11-23T18:00"),
        ("escalation", "11-24T13:00"),
    ]
