"""All that ``make bench`` runs, in an order that puts what is compared side by side, and the targets it is held to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from saveline.core.facts import Fact

DELIVERIES: Final = ("mails", "posts", "hung", "outbox", "flat", "apprise-mails", "apprise-posts")
CONTENDERS: Final = ("saveline", "core-500", "dbos", "idle", "one-task", *DELIVERIES)


class Spec(Fact, frozen=True):
    """One run: who, on which database, how many deals (task rows for ``idle``, tasks for ``one-task``)."""

    name: str
    db: str
    n: int
    workers: int = 1


class Sizes(Fact, frozen=True):
    """How large everything is."""

    small: int = 1_000
    large: int = 10_000
    dbos: int = 1_000
    idle: int = 10_000_000
    one_task: int = 500
    rounds: int = 1

    @classmethod
    def quick(cls) -> Sizes:
        return cls(small=20, large=40, dbos=5, idle=1_200, one_task=20)


class Target(Fact, frozen=True):
    """What is wanted, and what was measured; ``at_least`` says on which side of ``wanted`` it must lie."""

    what: str
    db: str
    measured: float | None
    wanted: float
    unit: str = ""
    at_least: bool = True

    @property
    def reached(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted


class Found(Fact, frozen=True):
    """Everything one database gave: each run's figures, in order."""

    db: str
    runs: tuple[dict[str, Any], ...]

    def of(self, name: str, n: int | None = None, workers: int = 1) -> list[dict[str, Any]]:
        """Figures of the runs of ``name`` (those that were skipped left out), one a round."""
        return [
            r
            for r in self.runs
            if r["name"] == name
            and (n is None or r["n"] == n)
            and r.get("workers", 1) == workers
            and "skipped" not in r
        ]


def contend(spec: Spec) -> None:
    """Run it in this process, on a database of its own, and print its figures as one line of JSON."""
    from benchmarks.databases import place
    from benchmarks.meter import emit

    with place(spec.db) as where:
        version = where.version()
        emit({"db": spec.db, "version": version, **_contender(spec, where)})


def _contender(spec: Spec, where: Any) -> dict[str, Any]:
    from benchmarks import moments, w_dbos, w_delivery, w_reference, w_saveline

    if spec.name in DELIVERIES:
        return w_delivery.run(where, spec.name, spec.n)

    match spec.name:
        case "saveline":
            return w_saveline.run(where, spec.n, spec.workers)
        case "core-500":
            return w_reference.run(where, spec.n)
        case "dbos":
            return w_dbos.run(where, spec.n)
        case "idle":
            return moments.idle(where, spec.n)
    return moments.one_task(where, spec.n)


def in_a_process(spec: Spec) -> dict[str, Any]:
    """The figures of one run in a process of its own. Raises CalledProcessError, with what it said, when it fails."""
    command = [sys.executable, "-m", "benchmarks", "run", spec.name, "--db", spec.db]
    command += ["-n", str(spec.n), "--workers", str(spec.workers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    line = done.stdout.strip().splitlines()[-1]
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    found: dict[str, Any] = json.loads(line)
    return found


def everything(sizes: Sizes, *, databases: Sequence[str], write: bool) -> None:
    """Run it all, print the targets, and write RESULTS.md."""
    from benchmarks.report import printed, written

    found = [Found(db, tuple(in_a_process(spec) for spec in plan(sizes, db))) for db in databases]
    targets = [t for f in found for t in judged(f, sizes)]
    sys.stdout.write(printed(targets))
    if write:
        sys.stdout.write(f"\nwritten: {written(found, targets, sizes)}\n")


def plan(sizes: Sizes, db: str) -> list[Spec]:
    """The runs on one database. Those that a ratio is made of stand next to each other."""
    runs: list[Spec] = []
    for _ in range(sizes.rounds):
        runs += [Spec("core-500", db, n) for n in (sizes.small, sizes.large)]
        runs += [Spec("saveline", db, n) for n in (sizes.large, sizes.small)]
        if db == "pg":
            runs.append(Spec("saveline", db, sizes.large, 2))
    runs.append(Spec("dbos", db, sizes.dbos))
    return [*runs, Spec("one-task", db, sizes.one_task), Spec("idle", db, sizes.idle)]


def judged(found: Found, sizes: Sizes) -> list[Target]:
    """The targets, each with what was measured."""
    db, small, large = found.db, found.of("saveline", sizes.small), found.of("saveline", sizes.large)
    reference, dbos = found.of("core-500", sizes.large), found.of("dbos")
    targets = [
        Target(f"W({sizes.large:,}): changes/s against core-500", db, _ratio(large, reference, "changes_a_s"), 0.25),
        Target(f"the same: goal {GOAL}", db, _ratio(large, reference, "changes_a_s"), GOAL),
        Target(f"W({sizes.small:,}): changes/s against DBOS", db, _ratio(small, dbos, "changes_a_s"), 25),
        Target("CPU a change, large against small", db, _growth(large, small), 1.1, at_least=False),
        Target(f"memory at W({sizes.large:,})", db, _worst(large, "memory_mb"), 150, "MB", at_least=False),
        Target("disk a change", db, _worst(large, "bytes_a_change"), 600, "B", at_least=False),
        Target(
            f"idle sweep over {sizes.idle:,} task rows", db, _worst(found.of("idle"), "database_ms"), 1, "ms", False
        ),
        Target("one completed task, p50", db, _worst(found.of("one-task"), "p50_ms"), ONE_TASK_MS[db], "ms", False),
    ]
    if db == "pg":
        two = _ratio(found.of("saveline", sizes.large, 2), large, "changes_a_s")
        targets.append(Target("two workers against one", db, two, 1.6))
    return targets


def cpu(run: dict[str, Any]) -> float:
    """Processor time a change in milliseconds, the database server's included."""
    total: float = run["cpu_ms_a_change"] + run["server_cpu_ms_a_change"]
    return total


def _ratio(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], key: str) -> float | None:
    """The median over the rounds; a contender that ran once stands for all of them."""
    if not ours or not theirs:
        return None
    pairs = zip(ours, theirs if len(theirs) == len(ours) else [theirs[0]] * len(ours), strict=True)
    return float(median(a[key] / b[key] for a, b in pairs))


def _growth(large: Sequence[dict[str, Any]], small: Sequence[dict[str, Any]]) -> float | None:
    return float(median(cpu(a) / cpu(b) for a, b in zip(large, small, strict=True))) if large and small else None


def _worst(runs: Sequence[dict[str, Any]], key: str) -> float | None:
    return max((float(r[key]) for r in runs), default=None)


GOAL: Final = 0.4
ONE_TASK_MS: Final = {"sqlite": 1.5, "pg": 4.0}
