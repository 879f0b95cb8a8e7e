"""``saveline playbook check`` and ``saveline playbook schema``: what is wrong, and what an editor may offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from saveline.cli import output, workshop
from saveline.cli.workshop import AsJson, Names
from saveline.core.errors import Problem
from saveline.core.language.schema import case_schema, play_schema
from saveline.files import schemas
from saveline.files.check import Checked
from saveline.files.workspace import PEOPLE_FILE, SETTINGS_FILE
from saveline.settings import Settings

Cases = Annotated[bool, typer.Option("--cases", help="That of the test cases instead.")]
Write = Annotated[bool, typer.Option("--write", help="Write both into schemas/, where the plays look for them.")]


def check_plays(names: Names = None, as_json: AsJson = False) -> None:
    """Every problem of saveline.yaml, people.yaml, the plays and their cases. Exit status 1 when one is an error."""
    checked = workshop.workspace(names)
    problems = [p for p in checked.problems if not names or workshop.concerns(p, names)]
    errors = [p for p in problems if not p.warning]
    if as_json:
        output.emit_json({"errors": len(errors), "warnings": len(problems) - len(errors), "problems": problems})
    else:
        for problem in problems:
            output.say(str(problem), style="" if problem.warning else "red")
        output.say(_summary(checked, problems, errors))
    if errors:
        raise typer.Exit(output.REFUSED)


def print_schema(cases: Cases = False, write: Write = False) -> None:
    """The JSON Schema of plays, with the workspace's own names, for editors that complete and check YAML."""
    names = workshop.workspace(None).names
    if write:
        written = schemas.write(Settings().workspace, names)
        output.say(f"Written: {', '.join(written)}. Plays name it in their first line, and editors follow it.")
    else:
        output.emit_json(case_schema(names) if cases else play_schema(names))


def _summary(checked: Checked, problems: Sequence[Problem], errors: Sequence[Problem]) -> str:
    count = workshop.count
    if not problems:
        plays, cases = count(len(checked.plays), "play"), count(len(checked.cases), "case")
        return f"In order: {SETTINGS_FILE}, {PEOPLE_FILE}, {plays}, {cases}."
    warnings, files = len(problems) - len(errors), len({p.file for p in problems})
    return f"{count(len(errors), 'error')}, {count(warnings, 'warning')} in {count(files, 'file')}."
