"""``saveline playbook test``: the cases beside the plays, played and judged; what they cover; again on every change."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from saveline.cli import output, workshop
from saveline.cli.junit import Played, junit, told
from saveline.cli.workshop import AsJson, Names
from saveline.core.coverage import KINDS, Coverage, coverage
from saveline.core.errors import Invalid, Problem, Refusal
from saveline.core.facts import Fact
from saveline.files import watching
from saveline.files.check import Checked
from saveline.files.workspace import PLAYBOOKS
from saveline.files.yaml import read
from saveline.settings import Settings

Cover = Annotated[bool, typer.Option("--coverage", help="Tasks, branches and rungs that the cases have seen.")]
AtLeast = Annotated[
    float | None,
    typer.Option("--at-least", metavar="PERCENT", min=0, max=100, help="Fail below this coverage of any play."),
]
Watch = Annotated[bool, typer.Option("--watch", help="Again whenever a file changes; Ctrl-C ends it.")]
JUnit = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the results as JUnit XML too.")]


class Ran(Fact, frozen=True):
    """What one run of the cases came to. ``short`` names plays whose coverage is below what was asked for."""

    played: tuple[Played, ...]
    errors: tuple[Problem, ...]
    covered: tuple[Coverage, ...]
    missed: tuple[Problem, ...]
    short: tuple[Problem, ...] = ()

    @property
    def good(self) -> bool:
        return not self.errors and not self.short and not any(p.verdict.failures for p in self.played)


def play_cases(
    names: Names = None,
    cover: Cover = False,
    at_least: AtLeast = None,
    watch: Watch = False,
    junit_file: JUnit = None,
    as_json: AsJson = False,
) -> None:
    """Play the test cases beside the plays. Exit status 1 when one fails or cannot be played."""
    if watch and as_json:
        raise typer.BadParameter("--watch is for people: leave --json out")

    def once() -> bool:
        ran = run_cases(names, at_least)
        if junit_file is not None:
            _write(junit_file, junit([*ran.played], ran.errors, ran.short))
        if as_json:
            output.emit_json(_as_plain(ran))
        else:
            _tell(ran, cover or at_least is not None)
        return ran.good

    if watch:
        keep_watching(Settings().workspace, once)
    elif not once():
        raise typer.Exit(output.REFUSED)


def run_cases(names: Names = None, at_least: float | None = None) -> Ran:
    """Check the files and play every case. Raises UnknownWord for a play that is not there."""
    checked = workshop.workspace(names)
    errors = [p for p in checked.problems if not p.warning and (not names or workshop.concerns(p, names))]
    played = []
    for filed in checked.cases:
        if not names or filed.play in names:
            began = time.monotonic()
            verdict = checked.verdict(filed)
            played.append(Played(filed, verdict, time.monotonic() - began))
    plays = [p for p in checked.plays if not names or p.name in names]
    covered = [coverage(p, [c.verdict.timeline for c in played if c.filed.play == p.name]) for p in plays]
    missed, short = _shortfalls(checked, covered, at_least)
    return Ran(tuple(played), tuple(errors), tuple(covered), missed, short)


def keep_watching(folder: Path, run: Callable[[], bool], rest: Callable[[float], None] = time.sleep) -> None:
    """Run now, and again whenever a file of the workspace has changed, until Ctrl-C (KeyboardInterrupt in ``rest``)."""
    try:
        before = watching.stamp(folder)
        _run_told(run)
        while True:
            rest(watching.EVERY)
            after = watching.stamp(folder)
            names = watching.changed(before, after)
            if names:
                before = after
                output.say(f"\n{', '.join(names)} changed", style="bold")
                _run_told(run)
    except KeyboardInterrupt:
        output.say("\nStopped.")


def _run_told(run: Callable[[], bool]) -> None:
    """One run; what is refused is told, and the next change is waited for all the same."""
    try:
        run()
    except (Refusal, Invalid) as refusal:
        output.complain(str(refusal))
    output.say("Waiting for a change; Ctrl-C ends it.", style="dim")


def _shortfalls(
    checked: Checked, covered: Sequence[Coverage], at_least: float | None
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """What no case has seen, as places in the plays; and the plays that are below ``at_least``."""
    folder = Settings().workspace / PLAYBOOKS
    missed, short = [], []
    for one in covered:
        document = read(folder / f"{one.play}.yaml", name=f"{PLAYBOOKS}/{one.play}.yaml")
        missed += [document.problem(g.place, g.words, warning=True, key=g.kind == "branch") for g in one.missed]
        if at_least is not None and one.percent < at_least:
            what = f"the cases cover {one.percent:.1f}% of {one.play}"
            short.append(document.problem((), what, f"at least {at_least:g}%"))
    return tuple(missed), tuple(short)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        problem = Problem(str(path), 1, 1, f"cannot be written: {error.strerror}", "a file in a folder that is there")
        raise Invalid([problem]) from None


def _tell(ran: Ran, cover: bool) -> None:
    for problem in ran.errors:
        output.say(str(problem), style="red")
    for one in ran.played:
        for failure in one.verdict.failures:
            where, *rest = told(one.filed, failure)
            output.say(f"{where}: {one.filed.case.name}", style="red")
            for i, row in enumerate(rest):
                output.say(row, style="dim" if i > 1 else "")
    total = Counter(p.filed.play for p in ran.played)
    failed = Counter(p.filed.play for p in ran.played if p.verdict.failures)
    rows = [(play, number, number - failed[play], failed[play] or "") for play, number in sorted(total.items())]
    if rows:
        output.table(("play", "cases", "hold", "fail"), rows, right=("cases", "hold", "fail"))
    if cover:
        _tell_coverage(ran)
    unplayed = f"; {workshop.count(len(ran.errors), 'error')} above" if ran.errors else ""
    output.say(f"{workshop.count(sum(total.values()), 'case')}: {sum(failed.values())} failed{unplayed}.")


def _tell_coverage(ran: Ran) -> None:
    output.say("")
    for problem in ran.missed:
        output.say(f"{problem.file}:{problem.line}:{problem.column}: {problem.what}")
    rows = [(c.play, *(_of(*c.of(kind)) for kind in KINDS), f"{c.percent:.1f}%") for c in ran.covered]
    heads = ("play", "tasks", "branches", "rungs", "covered")
    output.table(heads, rows, right=heads[1:])
    for problem in ran.short:
        output.say(str(problem), style="red")


def _of(reached: int, every: int) -> str:
    return f"{reached}/{every}"


def _as_plain(ran: Ran) -> dict[str, Any]:
    covered = [
        {
            "play": c.play,
            "percent": round(c.percent, 1),
            **{f"{kind}s" if kind != "branch" else "branches": dict(zip(("reached", "of"), c.of(kind), strict=True))
               for kind in KINDS},
            "missed": [p for p in ran.missed if p.file == f"{PLAYBOOKS}/{c.play}.yaml"],
        }
        for c in ran.covered
    ]  # fmt: skip
    return {
        "problems": ran.errors,
        "cases": [_case_as_plain(p) for p in ran.played],
        "coverage": covered,
        "below": ran.short,
    }


def _case_as_plain(played: Played) -> dict[str, object]:
    filed, failures = played.filed, []
    for failure in played.verdict.failures:
        line, column = filed.source.where(failure.place)
        failures.append(
            {
                "file": filed.source.file,
                "line": line,
                "column": column,
                "expected": failure.expected,
                "happened": failure.happened,
                "around": failure.around,
            }
        )
    return {"play": filed.play, "case": filed.case.name, "holds": not failures, "failures": failures}
