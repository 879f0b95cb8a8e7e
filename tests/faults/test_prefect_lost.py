"""Fault 19: Prefect's server is down while something falls due, and its database is gone when it comes back."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from flows.shift import OVERLAPS
from saveline.clock import system
from tests.faults.figures import measured
from tests.flows.prefects import family, kill
from tests.flows.test_up import Up
from tests.notify.looking import rows
from tests.servers import Mailserver, Slack
from tests.world import World


@pytest.fixture
def up(on_both: World, mail: Mailserver, slack: Slack, tmp_path: Path) -> Iterator[Up]:
    running = Up(on_both, tmp_path / "up.log")
    try:
        yield running
    finally:
        if running.process.poll() is None:
            kill(running.process)


@pytest.mark.fault(slow_on="postgresql", first=True)
def test_prefect_is_down_and_its_database_lost(up: Up, on_both: World, slack: Slack) -> None:
    """What fell due meanwhile comes at most five minutes after it is back, once; nothing of ours was in it.

    Planted: an engine that does not ask whether the server still knows its deployments (nothing ever came again).
    """
    on_both.open()
    up.wait_for("start", lambda: "Saveline is up" in up.log.read_text())
    up.wait_for("first notices", lambda: {r.status for r in rows(on_both)} == {"sent"})
    history = on_both.history()
    server = next(pid for pid in family(up.process.pid) if "server start" in _command(pid))
    state = on_both.settings.state / "prefect"
    os.kill(server, signal.SIGSTOP)  # down, but not yet seen to have ended
    due = on_both.next_at()
    assert due is not None
    sleep(2)
    for file in state.glob("*.db*"):
        file.unlink()
    shutil.rmtree(state / "storage", ignore_errors=True)
    for pid in reversed(family(server)):
        os.kill(pid, signal.SIGKILL)
    back = monotonic()
    # A shift that is at work does not need Prefect: wait until the last one has ended.
    sleep(61 + max(OVERLAPS.values()) - system().timestamp() % 60)
    on_both.clock.set(due + timedelta(minutes=1))
    up.wait_for("what fell due", lambda: [r for r in rows(on_both) if (r.at, r.status) == (due, "sent")], seconds=300)
    seconds = monotonic() - back
    sleep(8)  # whoever would say it twice has had the time
    assert on_both.history()[: len(history)] == history
    fired = [r for r in rows(on_both) if r.at == due]
    assert [(r.status, r.attempts) for r in fired] == [("sent", 1)] * len(fired)
    assert fired
    ids = [p.id for p in slack.posts]
    assert len(ids) == len(set(ids))
    measured(19, on_both, doubles=len(ids) - len(set(ids)), seconds=seconds)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""
