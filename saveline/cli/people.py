"""``saveline people``: who is reached by what, and who is not."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from saveline.actions import reachable
from saveline.cli import output
from saveline.cli.door import Json, find_person, open_desk

app = typer.Typer(help="Who does the tasks, and by which channels they are reached.", rich_markup_mode=None)

Who = Annotated[str, typer.Argument(metavar="PERSON", help="E-mail address or name.")]


@app.callback(invoke_without_command=True)
def people(context: typer.Context, json: Json = False) -> None:
    """Everybody who is active, and what reaches them. An address from which a mail came back is shown with why."""
    if context.invoked_subcommand is not None:
        return
    desk = open_desk()
    found = reachable.everybody(desk)
    if json:
        output.emit_json(found)
        return
    departments = {d.key: d.name for d in desk.workspace.departments}
    rows = []
    for person in found:
        ways = Text(", ".join(person.channels) or "nothing", style="" if person.channels else "red")
        lost = "; ".join(f"{x.channel} since {output.shown(x.since)}: {x.reason}" for x in person.lost)
        department = departments.get(person.department, person.department)
        rows.append((person.name, person.email, department, ways, Text(lost, style="red")))
    output.table(("Name", "E-mail", "Department", "Reached by", "Not reached by"), rows)


@app.command("reachable")
def reachable_again(who: Who) -> None:
    """Say that somebody is reached again at the address from which a mail came back, so that it is used again."""
    desk = open_desk()
    person = find_person(desk, who)
    gone = reachable.reached_again(desk, person.id)
    output.out.print(
        f"{person.name} gets mail at {person.email} again." if gone else f"Nothing came back from {person.name}."
    )
