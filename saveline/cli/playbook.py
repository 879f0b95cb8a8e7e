"""``saveline playbook``: what the authors of plays need. Nothing here but a rehearsal looks at the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from saveline.cli import output, show_play, versions
from saveline.cli.rehearse import rehearse_play
from saveline.core.errors import Problem, UnknownWord
from saveline.core.language.schema import play_schema
from saveline.core.trial import Failure, Verdict
from saveline.files.check import Checked, FiledCase, check
from saveline.files.workspace import PEOPLE_FILE, PLAYBOOKS, SETTINGS_FILE
from saveline.settings import Settings

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Plays; all of them without any.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


def register(app: typer.Typer) -> None:
    """Add the ``playbook`` commands."""
    plays = typer.Typer(no_args_is_help=True, help="Check, show, test and rehearse the plays.", rich_markup_mode=None)
    plays.command("check")(check_plays)
    plays.command("schema")(print_schema)
    show_play.register(plays)
    plays.command("test")(play_cases)
    plays.command("rehearse")(rehearse_play)
    versions.register(plays)
    app.add_typer(plays, name="playbook")


def check_plays(names: Names = None, as_json: AsJson = False) -> None:
    """Every problem of saveline.yaml, people.yaml, the plays and their cases. Exit status 1 when one is an error."""
    checked = _check(names)
    problems = [p for p in checked.problems if not names or _concerns(p, names)]
    errors = [p for p in problems if not p.warning]
    if as_json:
        output.emit_json({"errors": len(errors), "warnings": len(problems) - len(errors), "problems": problems})
    else:
        for problem in problems:
            output.say(str(problem), style="" if problem.warning else "red")
        output.say(_summary(checked, problems, errors))
    if errors:
        raise typer.Exit(output.REFUSED)


def print_schema() -> None:
    """The JSON Schema of a playbook, with the workspace's own names, for editors that complete and check YAML."""
    output.emit_json(play_schema(_check(None).names))


def play_cases(names: Names = None, as_json: AsJson = False) -> None:
    """Play the test cases beside the plays. Exit status 1 when one fails or cannot be played."""
    checked = _check(names)
    errors = [p for p in checked.problems if not p.warning and (not names or _concerns(p, names))]
    played = [(f, checked.verdict(f)) for f in checked.cases if not names or f.play in names]
    failed = [v for _, v in played if v.failures]
    if as_json:
        output.emit_json({"problems": errors, "cases": [_as_plain(f, v) for f, v in played]})
    else:
        _tell(played, errors)
    if failed or errors:
        raise typer.Exit(output.REFUSED)


def _check(names: Sequence[str] | None) -> Checked:
    """The workspace, checked. Raises UnknownWord for a play that is not there."""
    checked = check(Settings().workspace)
    known = checked.names.plays if checked.names else None
    for name in names or ():
        if known is not None and name not in known:
            raise UnknownWord("a playbook", name, known)
    return checked


def _concerns(problem: Problem, names: Iterable[str]) -> bool:
    shared = problem.file.endswith((SETTINGS_FILE, PEOPLE_FILE))
    return shared or any(problem.file.startswith(f"{PLAYBOOKS}/{name}.") for name in names)


def _summary(checked: Checked, problems: Sequence[Problem], errors: Sequence[Problem]) -> str:
    if not problems:
        cases = len(checked.cases)
        return (
            f"In order: {SETTINGS_FILE}, {PEOPLE_FILE}, {_count(len(checked.plays), 'play')}, {_count(cases, 'case')}."
        )
    files = len({p.file for p in problems})
    return (
        f"{_count(len(errors), 'error')}, {_count(len(problems) - len(errors), 'warning')} in {_count(files, 'file')}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _tell(played: Sequence[tuple[FiledCase, Verdict]], errors: Sequence[Problem]) -> None:
    for problem in errors:
        output.say(str(problem), style="red")
    for filed, verdict in played:
        for failure in verdict.failures:
            _tell_failure(filed, failure)
    total, failed = Counter(f.play for f, _ in played), Counter(f.play for f, v in played if v.failures)
    rows = [(play, number, number - failed[play], failed[play] or "") for play, number in sorted(total.items())]
    if rows:
        output.table(("play", "cases", "hold", "fail"), rows, right=("cases", "hold", "fail"))
    unplayed = f"; {_count(len(errors), 'error')} above" if errors else ""
    output.say(f"{_count(sum(total.values()), 'case')}: {sum(failed.values())} failed{unplayed}.")


def _tell_failure(filed: FiledCase, failure: Failure) -> None:
    line, column = filed.source.where(failure.place)
    output.say(f"{filed.source.file}:{line}:{column}: {filed.case.name}", style="red")
    output.say(f"    expected: {failure.expected}")
    output.say(f"    happened: {failure.happened}")
    for row in failure.around:
        output.say(f"      {row}", style="dim")


def _as_plain(filed: FiledCase, verdict: Verdict) -> dict[str, object]:
    failures = []
    for failure in verdict.failures:
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
