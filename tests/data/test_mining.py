"""A process-mining library reads our event logs, and finds in them what our own reports say of the ways deals took.

Planted bugs that turned it red: a reopened deal's second life left out of its journey, a merge that is no step of the
way, and moments written without their fraction of a second.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest

from saveline.actions import reports
from saveline.actions.exporting import write_log
from saveline.core.journeys import Journey, Journeys, Walk, journey, ways
from saveline.core.periods import week_of
from tests.data.lived import Lived
from tests.world import World

DEALS = 200


def mined(*paths: Path) -> list[dict[str, Any]]:
    """What pm4py finds in logs, in a process of its own: it prints what it likes, and changes settings of pandas."""
    if importlib.util.find_spec("pm4py") is None:
        assert "CI" not in os.environ, "CI has to run this: .ci/run installs requirements-mining.txt"
        pytest.skip("pm4py is not installed: pip install -r requirements-mining.txt")
    command = [sys.executable, "-W", "error", "-m", "tests.data.mined", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def named(walk: Walk) -> tuple[str, ...]:
    """A way as the names of the log's events."""
    names: list[str] = []
    for number, (stages, ended) in enumerate(walk):
        names += ["deal opened again" if number else "deal opened", *(f"stage: {s}" for s in stages)]
        names += [f"closed: {ended}"] if ended else []
    return tuple(names)


def test_pm4py_finds_the_same_ways_and_times(lite: World, tmp_path: Path) -> None:
    """Cases, variants and throughput times, exactly, and their mean and median to the microsecond."""
    lived = Lived(lite, DEALS, "mining")
    found = (journey(deal_id, events) for deal_id, events in lived.histories().items())
    ours = [j for j in found if j is not None]
    says = ways(ours)
    report = reports.build(lite.desk, week_of(lite.now, lite.desk.workspace.zone))
    assert report.pipeline is not None
    assert report.pipeline.journeys == says, "what the stage report says is what is held against pm4py here"
    check_hard(lived, says)
    xes, ocel = tmp_path / "log.xes.gz", tmp_path / "log.json.gz"
    written = [write_log(lite.desk, xes, "xes"), write_log(lite.desk, ocel, "ocel")]
    for theirs, whole in zip(mined(xes, ocel), written, strict=True):
        assert (theirs["cases"], theirs["events"]) == (whole.deals, whole.events)
        assert theirs["cases"] == says.deals
        assert {tuple(v): n for v, n in theirs["variants"]} == Counter(named(j.walk) for j in ours)
        check_times(ours, says, {int(case.split()[-1]): s for case, s in theirs["seconds"].items()})


def check_hard(lived: Lived, says: Journeys) -> None:
    """The history has what makes it hard, or the rest shows little."""
    assert says.deals == says.ended + says.open + says.merged > DEALS
    assert min(says.open, says.merged, says.reopened, says.took_in, says.split) >= 5, says
    assert min(lived.done[do] for do in ("pause", "resume", "task snooze", "task wait", "task help", "say")) >= 5
    assert len(says.variants) > 20


def check_times(ours: Sequence[Journey], says: Journeys, theirs: Mapping[int, float]) -> None:
    """By deal, by variant and in all."""
    closed = {j.deal_id: j.took.total_seconds() for j in ours if j.took is not None}
    assert {i: theirs[i] for i in closed} == closed
    for variant in says.variants:
        days = [theirs[j.deal_id] / 86_400 for j in ours if j.walk == variant.walk and j.ended]
        assert (variant.median_days, variant.mean_days) == (approximately(median, days), approximately(fmean, days))
    days = [theirs[j.deal_id] / 86_400 for j in ours if j.ended not in ("", "merged")]
    assert (says.median_days, says.mean_days) == (approximately(median, days), approximately(fmean, days))


def approximately(of: Callable[[Sequence[float]], float], days: Sequence[float]) -> Any:
    return pytest.approx(of(days), abs=1e-11) if days else None
