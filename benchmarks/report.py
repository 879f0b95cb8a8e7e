"""RESULTS.md: the machine, the figures, the targets and how to read them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.suite import Found, Sizes, Target, cpu
from saveline import clock

RESULTS: Final = Path(__file__).parent / "RESULTS.md"
_DATABASES: Final = {"sqlite": "SQLite", "pg": "PostgreSQL"}
_READ: Final = """\
## How to read them

- Compare rows of one table only: they were run in turn in one sitting. Absolute rates say more about the machine than
  about the code, and where other processes share its cores, the processor time a change says more than the rate.
- One change is one row, one history row and one outbox row, committed: about 67 a deal, the same for every contender.
  Saveline writes more than it is credited with: the history of the deal's own stages, and the decision at its end.
- `core-500` is what the same rows cost in plain SQL with no rules at all: SQLAlchemy Core, executemany, at most 500
  changes a transaction. Saveline does for every change what it does in production: it loads the deal, decides by the
  playbook, finds people and working hours, and writes the deal, its history and its notices in one transaction.
- DBOS gives the same guarantees in another way: each change is a checkpoint of its own in a workflow a deal.
- Processor time is that of our process and of the database server together, in milliseconds.
- Disk is the database as it is after a checkpoint, divided by the changes: the accounts, and for PostgreSQL an empty
  database's own 8 MB, are counted with it. The write-ahead log is not.
- The idle sweep is a transaction with the question what is due in it, our Python and the driver included; the whole
  pass is all that the engine does in a second in which nothing is due. Every deal is open, and so are two or three of
  its twelve tasks.
- One completed task is the whole action: lock, load, decide, write, commit. It starts two other tasks.
- Two workers share the machine's cores with the server: on two cores 2.0 cannot be reached.
"""


def printed(targets: Iterable[Target]) -> str:
    """The targets as lines of text."""
    return "".join(f"{_DATABASES[t.db]:<10}  {t.what}: {_measured(t)}, {_wanted(t)}: {_verdict(t)}\n" for t in targets)


def written(found: Sequence[Found], targets: Sequence[Target], sizes: Sizes) -> Path:
    """Write RESULTS.md; returns its path."""
    parts = ["# Results\n", _machine(found, sizes), *(_figures(f) for f in found), _verdicts(targets), _READ]
    RESULTS.write_text("\n".join(parts))
    return RESULTS


def _machine(found: Sequence[Found], sizes: Sizes) -> str:
    versions = ", ".join(dict.fromkeys(f.runs[0]["version"] for f in found))
    load = " ".join(f"{part:.1f}" for part in os.getloadavg())
    return (
        f"Written by `python -m benchmarks all` on {clock.system():%-d %B %Y}; rounds: {sizes.rounds}.\n\n"
        f"- {_processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}\n"
        f"- Python {platform.python_version()}, {versions}\n"
        f"- load average when it ended: {load} (its own processes included)\n"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _figures(found: Found) -> str:
    head = "| run | N | changes/s | CPU ms a change | memory MB | bytes a change |\n|---|--:|--:|--:|--:|--:|\n"
    rows = "".join(_row(run) for run in found.runs if run["name"] not in ("idle", "one-task"))
    return f"## {_DATABASES[found.db]}\n\n{head}{rows}\n{''.join(_moment(run) for run in found.runs)}"


def _row(run: dict[str, Any]) -> str:
    name = f"{run['name']}, {run['workers']} workers" if run.get("workers", 1) > 1 else run["name"]
    if "skipped" in run:
        return f"| {name} | {run['n']:,} | {run['skipped']} | | | |\n"
    server = f" (server {run['server_cpu_ms_a_change']:.3f})" if run["server_cpu_ms_a_change"] else ""
    return (
        f"| {name} | {run['n']:,} | {run['changes_a_s']:,} | {cpu(run):.3f}{server} "
        f"| {run['memory_mb']:.0f} | {run['bytes_a_change']:,} |\n"
    )


def _moment(run: dict[str, Any]) -> str:
    if run["name"] == "idle":
        return (
            f"- idle sweep over {run['n']:,} task rows ({run['database_mb']:,} MB): {run['database_ms']} ms of database"
            f" time, p99 {run['database_ms_p99']} ms; the whole pass {run['pass_ms']} ms\n"
        )
    if run["name"] == "one-task":
        return (
            f"- one completed task, {run['n']} times: p50 {run['p50_ms']} ms, p95 {run['p95_ms']} ms;"
            f" processor time {run['cpu_ms']} ms each\n"
        )
    return ""


def _verdicts(targets: Iterable[Target]) -> str:
    head = "## Targets\n\n| database | target | measured | wanted | |\n|---|---|--:|--:|---|\n"
    rows = (f"| {_DATABASES[t.db]} | {t.what} | {_measured(t)} | {_wanted(t)} | {_verdict(t)} |\n" for t in targets)
    return head + "".join(rows)


def _measured(target: Target) -> str:
    return "not measured" if target.measured is None else f"{target.measured:.3g} {target.unit}".strip()


def _wanted(target: Target) -> str:
    return f"{'at least' if target.at_least else 'at most'} {target.wanted:g} {target.unit}".strip()


def _verdict(target: Target) -> str:
    return {None: "not measured", True: "reached", False: "not reached"}[target.reached]
