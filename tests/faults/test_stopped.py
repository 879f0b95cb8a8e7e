"""Fault 6: a worker stands still for three leases (SIGSTOP, a machine put to sleep), and then simply goes on."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, Final

import pytest

from saveline.clock import system
from saveline.faults import POINTS
from tests.faults.figures import measured, tally, until_settled
from tests.faults.outages import crowd, fill, many
from tests.faults.rig import Site, deliver_on, deliver_within, signalled, stop, wait_until_stopped
from tests.faults.test_delivery_kill import with_hook
from tests.notify.looking import put, row
from tests.servers import Mailserver, Slack
from tests.world import World

LEASE: Final = 6.0
RANDOM_LEASE: Final = 2.0
AT_ONCE: Final = 60
"""Notices that are put into the outbox before each stop, so that it meets a worker that has something under way."""
_HOLDS_A_LOCK: Final = "marking_sending"
"""Stopped there it holds a transaction open, and on SQLite nobody else can write until it goes on."""
_STILL_TO_SEND: Final = (_HOLDS_A_LOCK, "before_send")
"""Stopped there it keeps a deadline for the sending, by a clock that nobody steps."""


@pytest.mark.fault
@pytest.mark.parametrize("channel", ["email", "slack", "hook"])
def test_stopped_at_each_point_of_sending(on_both: World, mail: Mailserver, slack: Slack, channel: str) -> None:
    """Another worker takes the notice over; the one that slept sends nothing and changes no row when it wakes. Lost 0;
    doubles at most 1, only where it slept between the send and the mark, and none on Slack.

    Planted: a mark that does not ask for its lease (the row changes under the worker that has it); no look at the
    deadline before sending (a double at before_send).
    """
    with_hook(on_both, slack)
    on_both.open()
    on_both.deliver()
    arrivals: Callable[[], int] = {
        "email": lambda: len(mail.mails),
        "slack": lambda: len(slack.posts),
        "hook": lambda: len(slack.hooks),
    }[channel]
    doubles = 0
    for number, point in enumerate(POINTS, start=100):
        before = arrivals()
        notice = put(on_both, 1, ordinal=number, person_id=on_both.person("ana"), channel=channel)
        twice = point == "after_send" and channel != "slack"
        _sleeps_through(on_both, notice, point)
        assert arrivals() - before == 1 + twice, point
        doubles += twice
        if twice and channel == "email":
            assert mail.mails[-1].id == mail.mails[-2].id
    measured(6, on_both, runs=len(POINTS), doubles=doubles)


def _sleeps_through(world: World, notice: int, point: str) -> None:
    site = Site(world)
    # It claims this one and no more: while a message is under way it would look for others, and stopped in the middle
    # of that it would hold a lock at other points too.
    sleeper = site.start(deliver_within, "sleeper", LEASE, 1, SAVELINE_TEST_FAULTS="1", STALL_AT=point)
    try:
        wait_until_stopped(sleeper)
        if point in _STILL_TO_SEND:
            sleep(LEASE / 2)
        world.clock.set(world.now + timedelta(seconds=3 * LEASE))
        if point != _HOLDS_A_LOCK:
            _taken_over(world, site, notice)
        before: Any = row(world, id=notice) if point != _HOLDS_A_LOCK else None
        signalled(sleeper, signal.SIGCONT)
        sleeper.join(60)
        assert sleeper.exitcode == 0, point
    finally:
        stop(sleeper)
    if point == _HOLDS_A_LOCK:
        _taken_over(world, site, notice)
    else:
        assert row(world, id=notice) == before, f"{point}: it changed a row that was not its own any more"


def _taken_over(world: World, site: Site, notice: int) -> None:
    for _ in range(3):
        assert site.run(deliver_within, "next", 40.0) == 0
        if row(world, id=notice).status == "sent":
            return
        world.clock.set(world.now + timedelta(seconds=41))
    raise AssertionError(f"it is never sent: {row(world, id=notice)}")


@pytest.mark.fault
def test_stopped_at_random(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """By the real clock: two workers, one of them stopped for three leases at any moment, four times. Lost 0; at most
    one mail a stop arrives twice, and one post, where it stood still between its last look at the clock and the
    sending.

    Planted: a claim that ignores leases; a mark that does not ask for its lease.
    """
    stop_at_random(on_both, mail, slack, seed=1, stops=4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_stopped_at_random_more_often(on_both: World, mail: Mailserver, slack: Slack, seed: int) -> None:
    """The same, longer."""
    stop_at_random(on_both, mail, slack, seed=seed, stops=20)


def stop_at_random(world: World, mail: Mailserver, slack: Slack, *, seed: int, stops: int) -> None:
    chance = random.Random(seed)
    world.clock.set(system() - timedelta(seconds=5))  # the workers live by the real clock
    readers = crowd(world, 10)
    world.open()
    site = Site(world, stepped=False)
    workers = [site.start(deliver_on, f"w{n}", RANDOM_LEASE) for n in range(2)]
    try:
        for number in range(stops):
            fill(world, many(AT_ONCE, readers, first=1000 + AT_ONCE * number))
            wanted = len(mail.mails) + len(slack.posts) + chance.randint(1, AT_ONCE // 2)
            patience = monotonic() + 10
            while len(mail.mails) + len(slack.posts) < wanted and monotonic() < patience:
                sleep(0.001)
            victim = workers[chance.randrange(2)]
            signalled(victim, signal.SIGSTOP)
            sleep(3 * RANDOM_LEASE)
            signalled(victim, signal.SIGCONT)
        seconds = until_settled(world)
    finally:
        for worker in workers:
            stop(worker)
    found = tally(world, mail, slack)
    measured(6, world, runs=stops, lost=found.lost, doubles=found.doubles, seconds=seconds, seed=seed)
    assert found.left == {}
    assert found.lost == 0
    assert found.posted_twice <= stops
    assert found.doubles - found.posted_twice <= stops
