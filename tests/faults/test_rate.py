"""Fault 12: many messages to one room, and several workers: Slack takes one a second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from saveline.clock import system
from tests.faults.figures import measured, number_of
from tests.faults.outages import Script, fill
from tests.faults.rig import Site, deliver_on, stop
from tests.faults.test_delivery_workers import settled
from tests.faults.test_slack_faults import workers
from tests.notify.looking import rows, statuses
from tests.servers import Mailserver, Reply, Slack
from tests.world import World

ROOM = "slack:#engineering"


def paced(world: World) -> None:
    """The cast's Slack with its usual pace; other tests have opened that gate."""
    world.setting("saveline.yaml", "&rate=0", "")


def strict(world: World, slack: Slack, *, stepped: bool = True) -> list[datetime]:
    """A Slack that refuses what comes faster than it takes. Gives the moments of the posts, as it sees them."""
    moments: list[datetime] = []

    def decide() -> Reply | None:
        now = world.now if stepped else system()
        if moments and now - moments[-1] < timedelta(seconds=0.95):
            return Reply(429, '{"ok": false, "error": "ratelimited"}', (("Retry-After", "5"),))
        moments.append(now)
        return None

    slack.replies = Script(decide)
    return moments


@pytest.mark.fault
def test_many_to_one_room(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """80 and three workers, by the stepped clock: at least 0.95 s between any two posts, no 429, all there, in order.

    Planted: a room's turn that only the worker knows that took it.
    """
    on_both.open()
    on_both.deliver()
    paced(on_both)
    moments = strict(on_both, slack)
    fill(on_both, [{"ordinal": 100 + n, "channel": ROOM} for n in range(80)])
    began = on_both.now
    with workers(on_both, 3) as all_, ThreadPoolExecutor(3) as pool:
        for _ in range(400):
            list(pool.map(lambda worker: worker.deliver(), all_))
            if set(statuses(on_both, channel=ROOM)) == {"sent"}:
                break
            on_both.clock.set(on_both.now + timedelta(seconds=0.5))
    _all_in_order(on_both, slack, moments)
    assert on_both.now - began <= timedelta(seconds=100), "slower than Slack takes them"
    measured(12, on_both, seconds=0.0)


def _all_in_order(world: World, slack: Slack, moments: list[datetime]) -> None:
    there = {r.id: r.ordinal for r in rows(world, channel=ROOM)}
    posts = [there[number_of(p.id)] for p in slack.to("#engineering")]
    assert posts == list(range(100, 100 + len(there)))
    gaps = [b - a for a, b in pairwise(moments)]
    assert min(gaps) >= timedelta(seconds=0.95)
    assert len(moments) == len(there), "Slack had to say no"
    assert {r.attempts for r in rows(world, channel=ROOM)} == {1}


@pytest.mark.slow
def test_two_hundred_to_one_room_by_the_real_clock(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """The same with three processes and three minutes and a half."""
    on_both.clock.set(system() - timedelta(seconds=5))
    on_both.open()
    on_both.deliver()
    paced(on_both)
    moments = strict(on_both, slack, stepped=False)
    fill(on_both, [{"ordinal": 100 + n, "channel": ROOM} for n in range(200)])
    site = Site(on_both, stepped=False)
    processes = [site.start(deliver_on, f"w{n}", 40.0) for n in range(3)]
    try:
        until = system() + timedelta(seconds=300)
        while not settled(on_both):
            assert system() < until
    finally:
        for process in processes:
            stop(process)
    _all_in_order(on_both, slack, moments)
    measured(12, on_both)
