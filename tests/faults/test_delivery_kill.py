"""Faults 1 and 2: kill -9 while notices are being sent."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep

import pytest

from saveline.clock import system
from saveline.faults import POINTS
from saveline.notify.message import REPEAT
from tests.faults.figures import measured, tally, until_settled
from tests.faults.outages import crowd, fill, many
from tests.faults.rig import Site, deliver_on, deliver_once, stop
from tests.notify.looking import put, row
from tests.servers import Mailserver, Slack
from tests.world import World

KILLS, NOTICES = 30, 400


def with_hook(world: World, slack: Slack) -> None:
    """One more channel in the settings: a service that only Apprise knows."""
    settings = world.settings.workspace / "saveline.yaml"
    url = slack.url.replace("http://", "json://") + "/hook/{address}"
    hook = f'internal: [127.0.0.1]\nchannels:\n  hook: {{url: "{url}", reach: email}}\n'
    settings.write_text(settings.read_text().replace("channels:\n", hook))


@pytest.mark.parametrize("channel", ["email", "slack", "hook"])
def test_killed_at_each_point_of_sending(on_both: World, mail: Mailserver, slack: Slack, channel: str) -> None:
    """Lost 0; doubles at most 1, and only when it dies between the send and the mark; by Slack none at all.

    Planted bugs, each tried by hand: marking ``sent`` before sending (lost at before_send and after_send); a claim
    that skips notices in ``sending`` (lost at before_send); taking over what was being sent as if it were queued (a
    double on Slack, and one on the hook that does not say so); a new message id for each attempt.
    """
    with_hook(on_both, slack)
    on_both.open()
    on_both.deliver()
    arrivals: Callable[[], int] = {
        "email": lambda: len(mail.mails),
        "slack": lambda: len(slack.posts),
        "hook": lambda: len(slack.hooks),
    }[channel]
    site = Site(on_both)
    for number, point in enumerate(POINTS, start=100):
        before = arrivals()
        notice = put(on_both, 1, ordinal=number, person_id=on_both.person("ana"), channel=channel)
        assert site.run(deliver_once, "killed", SAVELINE_TEST_FAULTS="1", CRASH_AT=point) == -9
        assert arrivals() - before == (1 if point in ("after_send", "marked") else 0), point
        on_both.clock.set(on_both.now + timedelta(seconds=41))
        assert site.run(deliver_once, "next") == 0
        found = row(on_both, id=notice)
        assert found.status == "sent", (point, found)
        twice = point == "after_send" and channel != "slack"
        assert arrivals() - before == 1 + twice, point
        assert found.doubts == (1 if point in ("before_send", "after_send") else 0)
        if twice and channel == "email":
            assert mail.mails[-1].id == mail.mails[-2].id
        if channel == "hook":
            assert slack.hooks[-1]["message"].startswith(REPEAT) == (found.doubts > 0)
    measured(1, on_both, runs=len(POINTS), doubles=int(channel != "slack"))


def kill_at_random(world: World, mail: Mailserver, slack: Slack, seed: int) -> None:
    chance = random.Random(seed)
    world.clock.set(system() - timedelta(seconds=5))  # the workers live by the real clock
    readers = crowd(world, 10)
    world.open()
    fill(world, many(NOTICES, readers))
    site = Site(world, stepped=False)
    workers = [site.start(deliver_on, f"w{n}", 2.0) for n in range(2)]
    try:
        for _ in range(KILLS):
            # Killed while they work: after a few more messages, and at any moment of the next.
            wanted = len(mail.mails) + len(slack.posts) + chance.randint(1, 12)
            patience = monotonic() + 10
            while len(mail.mails) + len(slack.posts) < wanted and monotonic() < patience:
                sleep(0.001)
            sleep(chance.uniform(0, 0.02))
            victim = chance.randrange(2)
            stop(workers[victim])
            workers[victim] = site.start(deliver_on, f"w{victim}", 2.0)
        seconds = until_settled(world)
    finally:
        for worker in workers:
            stop(worker)
    found = tally(world, mail, slack)
    measured(2, world, runs=KILLS, lost=found.lost, doubles=found.doubles, seconds=seconds, seed=seed)
    assert found.notices == NOTICES + 3
    assert found.left == {}
    assert found.lost == 0
    assert found.posted_twice == 0
    assert found.doubles <= KILLS


@pytest.mark.fault
@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
def test_killed_at_random(on_both: World, mail: Mailserver, slack: Slack, seed: int) -> None:
    """2 workers, 400 notices, 30 kills: lost 0, doubles at most one a kill, all done within a minute.

    Planted bugs, each tried by hand: a claim that skips notices in ``sending`` (15 of 403 never arrive); taking over
    what was being sent as if it were queued (doubles on Slack).
    """
    kill_at_random(on_both, mail, slack, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 14))
def test_killed_at_random_more_often(on_both: World, mail: Mailserver, slack: Slack, seed: int) -> None:
    """The same with other seeds."""
    kill_at_random(on_both, mail, slack, seed)
