"""Fault 18: Slack and the mail server are down for a day while messages go on being decided."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from saveline.actions.delivery import Worker
from saveline.clock import Stepped
from saveline.store import health
from tests.faults.figures import measured, number_of
from tests.faults.outages import Script, crowd, fill, patient
from tests.faults.rig import Site
from tests.faults.test_rate import paced
from tests.notify.looking import rows
from tests.servers import Mailserver, Reply, Rule, Slack
from tests.world import World

READERS: Final = 40
DEALS: Final = 20
STALE: Final = 5
"""Deals whose task somebody finishes while nobody can be told."""


def live_through(site: Site, up_at: str, minutes: int, report: str) -> None:
    """In a process of its own, a worker that looks every so many minutes while all is down, then twice a second. Keeps
    how much its memory grew, and when the last message had gone."""
    assert site.clock is not None
    clock, runtime, back = Stepped(Path(site.clock)), site.runtime(), datetime.fromisoformat(up_at)
    with Worker(runtime.desk(), "one") as worker:
        worker.deliver()
        before = largest = _memory()
        while clock() < back:
            clock.set(min(back, clock() + timedelta(minutes=minutes)))
            worker.deliver()
            largest = max(largest, _memory())
        while clock() < back + timedelta(hours=2):
            worker.deliver()
            largest = max(largest, _memory())
            with runtime.desk().reading() as conn:
                if not health.stuck(conn, clock() + timedelta(days=1)) and not _waiting(conn):
                    break
            clock.set(clock() + timedelta(seconds=0.5))
    runtime.close()
    found = {"grew_mb": (largest - before) / 2**20, "drained_s": (clock() - back).total_seconds()}
    Path(report).write_text(json.dumps(found))


def _waiting(conn: Any) -> int:
    found: int = conn.exec_driver_sql(
        "SELECT count(*) FROM notice WHERE status IN ('queued', 'sending', 'unknown')"
    ).scalar_one()
    return found


def _memory() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.fault
def test_a_day_without_slack_and_mail(on_both: World, mail: Mailserver, slack: Slack, tmp_path: Path) -> None:
    """400 wait. When both are back they go out oldest first and no faster than Slack takes them, what is stale by then
    is not sent, nothing is lost or doubled, and the worker has grown by 50 MB at most.

    Planted: the newest first; no look whether a notice is still wanted.
    """
    day_without(on_both, mail, slack, tmp_path / "report", queued=400, minutes=60)


@pytest.mark.slow
def test_a_day_without_slack_and_mail_at_length(on_both: World, mail: Mailserver, slack: Slack, tmp_path: Path) -> None:
    """2,000, and a worker that looks each quarter of an hour."""
    day_without(on_both, mail, slack, tmp_path / "report", queued=2_000, minutes=15)


def day_without(world: World, mail: Mailserver, slack: Slack, report: Path, *, queued: int, minutes: int) -> None:
    patient(world)
    readers = crowd(world, READERS)
    for n in range(DEALS):
        world.open(world.account(f"a{n}", name=f"Account {n}"))
    up_at, apart = world.now + timedelta(hours=24), timedelta(hours=23) / queued
    fill(
        world,
        [
            {"ordinal": 100 + n, "person_id": readers[n // 2 % READERS], "channel": ("email", "slack")[n % 2]}
            | {"at": world.now + n * apart}
            for n in range(queued)
        ],
    )
    for n in range(STALE):
        world.done("ana", "diagnosis", deal=1 + n, root_cause="relationship", summary="They have no time for us.")
    paced(world)
    moments = _down_until(world, up_at, mail, slack)
    assert Site(world).run(live_through, up_at.isoformat(), minutes, str(report), seconds=600) == 0
    found = json.loads(report.read_text())
    lost = _all_there(world, mail, slack)
    _at_slacks_pace(moments)
    measured(18, world, lost=lost, seconds=found["drained_s"])
    assert lost == 0
    assert found["grew_mb"] <= 50


def _down_until(world: World, up_at: datetime, mail: Mailserver, slack: Slack) -> dict[str, list[datetime]]:
    """Gives the moments of posts after it is back, by room; of all in the list of no room."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    down, busy = Rule("connect", "421 4.3.2 down"), Reply(200, '{"ok": false, "error": "service_unavailable"}')

    def slack_is() -> Reply | None:
        if world.now < up_at:
            return busy
        moments[""].append(world.now)
        return None

    mail.rules = Script(lambda: down if world.now < up_at else None)
    slack.replies = Script(slack_is)
    return moments


def _all_there(world: World, mail: Mailserver, slack: Slack) -> int:
    """How many were lost. One that Slack refused eight times, as the first of those that wait, has gone by mail."""
    found = rows(world)
    arrived = {number_of(m.id) for m in mail.mails} | {number_of(p.id) for p in slack.posts}
    assert len(mail.mails) + len(slack.posts) == len({m.id for m in mail.mails} | {p.id for p in slack.posts})
    by_matter = {(r.deal_id, r.task_no, r.kind, r.ordinal, r.person_id) for r in found if r.id in arrived}
    stale = [r for r in found if r.status == "cancelled"]
    assert {(r.deal_id, r.task_no) for r in stale} == {(1 + n, 1) for n in range(STALE)}
    assert not {r.id for r in stale} & arrived, "said although it was over"
    for reader in {r.person_id for r in found if r.ordinal >= 100}:
        wanted = [r.id for r in found if (r.person_id, r.channel, r.status) == (reader, "slack", "sent")]
        assert [n for p in slack.posts if (n := number_of(p.id)) in wanted] == wanted, "not the oldest first"
    wanted_ones = [r for r in found if r not in stale]
    return sum((r.deal_id, r.task_no, r.kind, r.ordinal, r.person_id) not in by_matter for r in wanted_ones)


def _at_slacks_pace(moments: dict[str, list[datetime]]) -> None:
    posts = sorted(moments[""])
    for first in posts:
        second = [p for p in posts if first <= p < first + timedelta(seconds=0.95)]
        assert len(second) <= READERS + 4, "more than one a second to somebody"
