"""``python -m benchmarks faults``: every fault test as it is, and again with each planted bug; writes FAULTS.md.

A bug is planted in a copy of the tree, which is put first on the path of a pytest of its own: what stands here is never
changed. A bug counts as found only where the tests ran and one of them failed; a test that could not run found nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

from saveline.core.facts import Fact
from saveline.core.phrases import count
from tests.faults.figures import KEPT
from tests.faults.planted import ROOT, Bug, Fault, planted
from tests.faults.twenty import FAULTS

RESULTS: Final = Path(__file__).with_name("FAULTS.md")
DATABASES: Final = ("sqlite", "postgresql")
_LEFT_OUT: Final = shutil.ignore_patterns(
    ".git", ".venv", ".demo", "*_cache", "__pycache__", ".hypothesis", ".saveline", "*.egg-info", "*.egg-link"
)
_FAILED: Final = 1
"""pytest's exit code where tests ran and some failed; another one means that they did not run."""
_NONE: Final = 5
"""The one where there was nothing to run."""


class Line(Fact, frozen=True):
    """What came of one fault on one database. ``found`` is empty where no bug was planted on that database."""

    fault: int
    database: str
    clean: bool
    figures: tuple[Mapping[str, Any], ...]
    found: Mapping[str, bool]
    seconds: float


def run(only: Sequence[int], databases: Sequence[str], *, slow: bool) -> bool:
    """Run the faults asked for (all), print their rows, and put them into the table. False where something is not as
    it should be."""
    good = True
    for number in only or sorted(FAULTS):
        for database in databases:
            line = one(number, FAULTS[number], database, slow=slow)
            if line is None:
                continue
            good = good and line.clean and all(line.found.values())
            sys.stdout.write(f"{_row(line)}  {line.seconds:.0f} s\n")
            sys.stdout.flush()
            RESULTS.write_text(table(line))
    return good


def one(number: int, fault: Fault, database: str, *, slow: bool = False) -> Line | None:
    """A fault on one database: clean, and with each of its bugs. None where no test of it is for this database."""
    started = monotonic()
    with tempfile.TemporaryDirectory(prefix="saveline-faults-") as name:
        kept = Path(name) / "figures"
        code = _pytest(ROOT, fault.tests, database, {KEPT: str(kept)}, slow=slow)
        figures = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    if code == _NONE:
        return None
    found = {bug.name: found_by_its_tests(bug, database) for bug in fault.bugs if bug.both or database == "sqlite"}
    ours = tuple(f for f in figures if f["fault"] == number and f["database"] == database)
    return Line(number, database, code == 0, ours, found, monotonic() - started)


def found_by_its_tests(bug: Bug, database: str) -> bool:
    """Whether its tests turn red in a tree that has the bug."""
    with tree_with(bug) as tree:
        return _pytest(tree, bug.tests, database, {}, slow=False) == _FAILED


@contextmanager
def tree_with(bug: Bug) -> Iterator[Path]:
    """A copy of everything, with the bug planted."""
    with tempfile.TemporaryDirectory(prefix="saveline-planted-") as name:
        tree = Path(name) / "tree"
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        for change in bug.changes:
            file = tree / change.file
            file.write_text(planted(file.read_text(), change))
        yield tree


def _pytest(tree: Path, tests: Sequence[str], database: str, more: Mapping[str, str], *, slow: bool) -> int:
    """Run them on one database; those that use no database, or only SQLite, count as SQLite's."""
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[database]
    chosen = f"not {other}" if database == "sqlite" else database
    marks = "slow or fault or not slow" if slow else "not slow"
    command = [sys.executable, "-m", "pytest", *tests, "-k", chosen, "-m", marks, "-p", "no:cacheprovider", "-x"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "HYPOTHESIS_STORAGE_DIRECTORY": str(tree / ".hypothesis")}
    done = subprocess.run(
        command, cwd=tree, env={**environment, **more}, capture_output=True, text=True, check=False, timeout=1800
    )
    if done.returncode not in (0, _FAILED, _NONE):
        sys.stderr.write(done.stdout[-3000:] + done.stderr[-3000:])
    return done.returncode


# --- the table --------------------------------------------------------------------------------------------------------


def table(new: Line) -> str:
    """The page as it is kept, with this line in it."""
    kept = [row for row in RESULTS.read_text().splitlines() if _ROW.match(row)] if RESULTS.exists() else []
    rows = {_key(row): row for row in [*kept, _row(new)]}
    return "\n".join([*_HEAD, *(rows[key] for key in sorted(rows)), ""])


_ROW: Final = re.compile(r"\| (\d+)\. .* \| (sqlite|postgresql) \|")
_HEAD: Final = (
    "# The twenty faults",
    "",
    "Written by `python -m benchmarks faults`: each fault's tests as they are, then again in a copy of the program",
    "with each bug planted. *Lost*: notices that never arrived. *Doubles*: messages that arrived twice, because a",
    "worker was killed or stopped between a send and its mark, or stopped right before a send. *Recovery*: the longest",
    "time from the end of the fault until all was as it should be. A dash: this fault has nothing of that kind.",
    "",
    "| fault | database | seeds | runs | lost | doubles | recovery | planted bugs found |",
    "|---|---|---|---|---|---|---|---|",
)


def _key(row: str) -> tuple[int, str]:
    match = _ROW.match(row)
    assert match is not None
    return int(match[1]), match[2]


def _row(line: Line) -> str:
    fault, figures = FAULTS[line.fault], line.figures
    seeds = ", ".join(str(s) for s in sorted({f["seed"] for f in figures if f["seed"] is not None})) or "–"
    seconds = [f["seconds"] for f in figures if f["seconds"] is not None]
    cells = [
        f"{line.fault}. {fault.words}",
        line.database,
        seeds,
        _sum(figures, "runs"),
        _sum(figures, "lost"),
        _sum(figures, "doubles"),
        f"{max(seconds):.1f} s" if seconds else "–",
        _bugs(line),
    ]
    return f"| {' | '.join(cells)} |" if line.clean else f"| {' | '.join(cells)} **its tests fail** |"


def _sum(figures: Sequence[Mapping[str, Any]], key: str) -> str:
    return str(sum(f[key] for f in figures)) if figures else "–"


def _bugs(line: Line) -> str:
    if not line.found:
        return "–"
    said: Callable[[str], str] = lambda name: name if line.found[name] else f"**{name}: not found**"  # noqa: E731
    return f"{sum(line.found.values())} of {count(len(line.found), 'bug')}: {'; '.join(map(said, line.found))}"
