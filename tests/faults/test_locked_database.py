"""Fault 7: somebody holds the database's lock, for a moment and for longer than anybody should wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event, Timer
from time import monotonic, sleep
from typing import Final

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from saveline.core.facts import Deal
from tests.faults.doings import completing
from tests.faults.figures import measured
from tests.faults.rig import Site, deliver_on, stop
from tests.faults.test_engine_kill import everything
from tests.notify.looking import put, rows, statuses
from tests.servers import Mailserver, Slack
from tests.world import World

_OURS: Final = "deal, task, event, notice, inbound"


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Somebody else writes, and does not come to an end: a backup, a console with an open transaction."""
    url = world.settings.database
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()
        return
    with psycopg.connect(url.replace("+psycopg", "")) as conn:
        conn.execute(f"LOCK TABLE {_OURS} IN ACCESS EXCLUSIVE MODE")
        yield
        conn.rollback()


@contextmanager
def locked_for(world: World, seconds: float) -> Iterator[None]:
    """The same for so long, in the background."""
    taken, go_on = Event(), Event()

    def hold() -> None:
        with locked(world):
            taken.set()
            go_on.wait(60)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert taken.wait(20)
        timer = Timer(seconds, go_on.set)
        timer.start()
        try:
            yield
        finally:
            go_on.set()
            timer.cancel()
            timer.join()
            holding.result(20)


def timed(work: Callable[[], object]) -> tuple[float, Exception | None]:
    started = monotonic()
    try:
        work()
    except OperationalError as error:
        return monotonic() - started, error
    return monotonic() - started, None


@pytest.mark.fault
def test_locked_for_three_seconds_nobody_sees_an_error(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """A person's press and a worker's pass take three seconds longer, and that is all.

    Planted: SQLite connections with a busy time-out of half a second; a lock time-out of one second on PostgreSQL.
    """
    deal_id = on_both.open()
    with locked_for(on_both, 3.0), ThreadPoolExecutor(2) as pool:
        done = pool.submit(timed, lambda: completing(on_both.desk, deal_id))
        sent = pool.submit(timed, on_both.deliver)
        for _, error in (done.result(60), sent.result(60)):
            assert error is None
    assert on_both.deal().tasks[0].state == "done"
    on_both.deliver()
    assert set(statuses(on_both)) <= {"sent", "cancelled"}
    assert len(mail.mails) == len({m.id for m in mail.mails})
    assert len(slack.posts) == len({p.id for p in slack.posts})
    measured(7, on_both)


def locked_for_long(world: World, mail: Mailserver, slack: Slack, seconds: float) -> None:
    deal_id = world.open()
    put(world, deal_id, ordinal=50, person_id=world.person("ana"), channel="email")
    site, before = Site(world), everything(world)
    was: Deal = world.deal()
    with ExitStack() as stack:
        with locked(world):
            worker = site.start(deliver_on, "w", 40.0)
            stack.callback(stop, worker)
            began = monotonic()
            waited, error = timed(lambda: completing(world.desk, deal_id))
            assert error is not None, "nobody refused it"
            assert waited <= 30, "whoever pressed has long gone"
            sleep(max(0.0, began + seconds - monotonic()))
            assert mail.mails == []
            assert slack.posts == []
        free = monotonic()
        while not set(statuses(world)) <= {"sent"}:
            assert monotonic() - free < 60, statuses(world)
            sleep(0.05)
        recovered = monotonic() - free
    after = everything(world)
    assert {t: r for t, r in after.items() if t != "notice"} == {t: r for t, r in before.items() if t != "notice"}
    assert world.deal() == was
    completing(world.desk, deal_id)
    assert world.deal().tasks[0].state == "done"
    sent = rows(world, status="sent")
    assert len(mail.mails) + len(slack.posts) == len({m.id for m in mail.mails} | {p.id for p in slack.posts})
    assert len(mail.mails) + len(slack.posts) == len(sent)
    measured(7, world, seconds=recovered)


@pytest.mark.fault
def test_locked_for_longer_than_anybody_waits(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Whoever pressed is refused within twelve seconds and nothing of it is there; the worker sends nothing that it
    could not mark, outlives the lock, and goes on by itself.

    Planted: SQLite connections with a busy time-out of a minute, PostgreSQL's without a lock time-out.
    """
    locked_for_long(on_both, mail, slack, 13)


@pytest.mark.slow
def test_locked_for_half_a_minute(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """The same for as long as the design says."""
    locked_for_long(on_both, mail, slack, 30)
