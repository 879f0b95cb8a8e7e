"""Fault 13, behind every door: forty presses at once. What each door answers to them is in its own tests."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from saveline.actions.presses import Press, press
from saveline.actions.tasks import TaskRef
from saveline.core.errors import Refusal
from saveline.core.facts import Doer
from saveline.core.intents import Done, Seen
from tests.faults.figures import measured
from tests.world import World

AT_ONCE = 40
DONE = Done(None, {"root_cause": "price", "summary": "They pay for seats that nobody uses."})


@pytest.mark.parametrize("keys", ["the same press", "forty presses"])
def test_forty_at_once_are_one_change(on_both: World, keys: str) -> None:
    """One acts; the others are told what came of it or who was faster, and nothing else happens.

    Planted: a press that is not remembered; on PostgreSQL a case that is not locked.
    """
    deal_id = on_both.open()
    people = [on_both.person(who) for who in ("ana", "bob", "chris")]
    before, together, desk = on_both.history(), Barrier(AT_ONCE), on_both.desk

    def one(number: int) -> str:
        by = Doer(people[0 if keys == "the same press" else number % 3], "slack")
        key = "k" if keys == "the same press" else f"k{number}"
        together.wait()
        try:
            pressed = press(desk, Press("slack", key, TaskRef(deal_id, 1), by, DONE))
        except Refusal as refusal:
            return "refused" if "done by" in str(refusal) else str(refusal)
        return "repeated" if pressed.repeated else "acted"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = Counter(pool.map(one, range(AT_ONCE)))
    other = "repeated" if keys == "the same press" else "refused"
    assert said == {"acted": 1, other: AT_ONCE - 1}
    assert [k for k in on_both.history()[len(before) :] if k == "task_done"] == ["task_done"]
    measured(13, on_both, runs=AT_ONCE)


def test_forty_different_wishes_are_all_heard(on_both: World) -> None:
    """Forty deals at once, each with a press of its own: nobody waits for anybody's error.

    Planted: as above.
    """
    deals = [on_both.open(on_both.account(f"a{n}", name=f"Account {n}")) for n in range(AT_ONCE)]
    desk, ana = on_both.desk, on_both.by("ana", "slack")

    def one(deal: int) -> bool:
        return press(desk, Press("slack", f"k{deal}", TaskRef(deal, 1), ana, Seen())).repeated

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert not any(pool.map(one, deals))
        assert all(pool.map(one, deals))
    assert [on_both.history(d).count("task_seen") for d in deals] == [1] * AT_ONCE
    measured(13, on_both, runs=AT_ONCE)
