"""Law 10 against the real thing: what Prefect's flow runs fire under a stepped clock is what a rehearsal foretold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from saveline.actions import deals
from saveline.core.rehearse import Open
from tests.flows.prefects import prefect_server
from tests.laws.rehearsing import account, do, lived, opening_of, portfolio, rehearsed
from tests.world import World

RUNS = """
import asyncio, sys
from flows.advance import advance
for line in sys.stdin:
    print(sum(asyncio.run(advance(seconds=0)).values()), flush=True)
"""
"""One run of the flow for each line that comes in; says how many events it fired."""
SEED = "26"
"""A life with reminders, an escalation and a save, which the test makes sure of."""


def test_a_deal_that_flow_runs_fired_is_the_deal_that_was_rehearsed(lite: World, tmp_path: Path) -> None:
    """Every due moment is fired by a run of its own, and people do by the engine's doors what luck let them do.

    Planted: the store forgot when a task was seen, so that a later run escalated it as unseen.
    """
    acme = lite.account()
    opening = opening_of(lite, account(lite, acme), "champion_left")
    (life,) = portfolio(lite, [opening], SEED, days=130)
    kinds = {e.kind for e in life.events}
    assert kinds >= {"escalated", "reminded", "task_seen", "decision_asked", "deal_closed"}, sorted(kinds)
    with prefect_server(tmp_path / "prefect") as prefect, _runs(prefect.environment, lite, tmp_path) as runs:
        fire = _fire(runs)
        for step in life.steps:
            _advance(lite, step.at, fire)
            if isinstance(step.act, Open):
                deals.open_deal(lite.desk, acme, causes=step.act.causes, score=step.act.score)
            else:
                do(lite, 1, step)
        _advance(lite, life.until, fire)
        assert runs.stdin is not None
        runs.stdin.close()
        runs.wait(60)
        states = [r["state_type"] for r in prefect.runs("advance")]
    assert rehearsed(life.events, life.notices) == lived(lite, 1)
    assert set(states) == {"COMPLETED"}
    assert len(states) >= 5, "flow runs fired next to nothing"


@contextmanager
def _runs(environment: dict[str, str], world: World, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in which the flow runs, whenever it is told to."""
    settings = world.settings
    own = {
        "SAVELINE_WORKSPACE": str(settings.workspace),
        "SAVELINE_DATABASE_URL": settings.database,
        "SAVELINE_CLOCK": str(settings.clock),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    call, pipe = [sys.executable, "-c", RUNS], subprocess.PIPE
    with (
        (folder / "runs.log").open("w") as log,
        subprocess.Popen(call, env={**environment, **own}, stdin=pipe, stdout=pipe, stderr=log, text=True) as runs,
    ):
        try:
            yield runs
        finally:
            runs.kill()


def _fire(runs: subprocess.Popen[str]) -> Callable[[], int]:
    def fire() -> int:
        assert runs.stdin is not None
        assert runs.stdout is not None
        runs.stdin.write("\n")
        runs.stdin.flush()
        said = runs.stdout.readline()
        assert said, "the flow run ended with an error"
        return int(said)

    return fire


def _advance(world: World, moment: datetime, fire: Callable[[], int]) -> None:
    """The clock goes from one due moment to the next up to ``moment``, and a flow run fires each."""
    while (due := world.next_at()) is not None and due <= moment:
        world.clock.set(max(due, world.now))
        fire()
    world.clock.set(moment)
