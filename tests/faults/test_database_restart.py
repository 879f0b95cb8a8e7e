"""Fault 9: PostgreSQL is restarted, crashes, goes away for a while, or drops every connection, while workers send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import pytest

from flows import shift
from saveline.actions.delivery import Delivered, deliver
from saveline.clock import system
from tests.faults.clusters import Cluster, cluster
from tests.faults.figures import measured, tally
from tests.faults.outages import crowd, fill, many
from tests.faults.rig import Site, advance_on, deliver_on, stop
from tests.notify.looking import rows
from tests.servers import Mailserver, Slack
from tests.world import World, world

NOTICES: Final = 240


def _away(server: Cluster) -> None:
    server.stop()
    sleep(3)
    server.start()


FAULTS: Final[dict[str, Callable[[Cluster], object]]] = {
    "restarted": lambda server: server.restart("fast"),
    "crashed": lambda server: server.restart("immediate"),
    "away for three seconds": _away,
    "connections cut": lambda server: server.cut_connections(),
}


@pytest.mark.fault
def test_postgresql_is_restarted_and_connections_are_cut(tmp_path: Path, mail: Mailserver, slack: Slack) -> None:
    """Two workers and an engine live through all of it: lost 0, a mail twice at most where the database went away
    between the send and the mark, none by Slack, and the next message seconds after it is back. ``make planted``
    says how many: the limit here leaves room for a machine that is busy with other tests.

    Planted: connections that are not tried before they are used, in a worker that ends at an error.
    """
    with cluster(tmp_path) as server, world(tmp_path / "workspace", server.url) as found:
        found.clock.set(system() - timedelta(seconds=5))  # the workers live by the real clock
        readers = crowd(found, 10)
        found.open()
        fill(found, many(NOTICES, readers))
        slowest = _through_it_all(found, server, mail, slack)
        seen = tally(found, mail, slack)
        measured(9, found, runs=len(FAULTS), lost=seen.lost, doubles=seen.doubles, seconds=slowest)
        assert seen.left == {}
        assert seen.lost == 0
        assert seen.posted_twice == 0
        assert seen.doubles <= 2 * len(FAULTS)


def _through_it_all(found: World, server: Cluster, mail: Mailserver, slack: Slack) -> float:
    """The longest time from the database's return to the next message, in seconds."""

    def arrived() -> int:
        return len(mail.mails) + len(slack.posts)

    site = Site(found, stepped=False)
    processes = [site.start(deliver_on, f"w{n}", 2.0) for n in range(2)] + [site.start(advance_on, 5)]
    slowest = 0.0
    try:
        for number, fault in enumerate(FAULTS.values(), start=1):
            _until(lambda n=number: arrived() >= n * NOTICES // 6)  # type: ignore[misc]  # a lambda's default
            fault(server)
            back, before = monotonic(), arrived()
            _until(lambda n=before: arrived() > n)  # type: ignore[misc]  # as above
            slowest = max(slowest, monotonic() - back)
        _until(lambda: {r.status for r in rows(found)} == {"sent"})
    finally:
        assert all(p.is_alive() for p in processes), "a worker did not survive"
        for process in processes:
            stop(process)
    assert slowest <= 30
    return slowest


def _until(done: Callable[[], bool], seconds: float = 180) -> None:
    until = monotonic() + seconds
    while not done():
        assert monotonic() < until
        sleep(0.02)


def test_a_shift_outlives_a_restart_of_postgresql(
    tmp_path: Path, mail: Mailserver, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flow that sends looks again a second later, instead of failing until its next run is due.

    Planted: ``shift.work`` without its ``except``.
    """
    with cluster(tmp_path) as server, world(tmp_path / "workspace", server.url) as found:
        found.open()
        monkeypatch.setattr(shift, "runtime", lambda: found.runtime)
        server.stop()

        async def both() -> Delivered:
            sending = asyncio.create_task(
                shift.work(lambda desk: deliver(desk, "shift"), Delivered(), 8, every=60, pause=0.5)
            )
            await asyncio.sleep(1.5)
            await asyncio.to_thread(server.start)
            return await sending

        assert asyncio.run(both()).sent == 3
        assert {r.status for r in rows(found)} == {"sent"}
