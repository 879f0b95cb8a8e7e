"""``saveline why``: how a due moment, an assignment, a choice or a score came about, line by line."""

from __future__ import annotations

from typing import Annotated

import typer

from saveline.actions import why as actions
from saveline.cli import door, output
from saveline.cli.deal import DealId
from saveline.cli.door import Json
from saveline.cli.task import Ref
from saveline.core.why.lines import Why

app = typer.Typer(help="Say why, line by line.", no_args_is_help=True)


@app.command()
def task(ref: Ref, json: Json = False) -> None:
    """Why a task is due when it is, whose it is, why it waits or was skipped, and what comes next."""
    _shown(actions.task(door.open_desk(), door.task_ref(ref)), as_json=json)


@app.command()
def deal(number: DealId, json: Json = False) -> None:
    """Why a deal runs its play, its score, its owner, its dates, and what keeps its gate shut."""
    _shown(actions.deal(door.open_desk(), number), as_json=json)


@app.command()
def notice(
    number: Annotated[int, typer.Argument(metavar="NOTICE", help="The notice's number.")], json: Json = False
) -> None:
    """Why somebody got a message, and by that channel."""
    _shown(actions.notice(door.open_desk(), number), as_json=json)


def _shown(why: Why, *, as_json: bool) -> None:
    if as_json:
        output.emit_json(why)
        return
    output.say(why.about, style="bold")
    output.say(why.note, style="dim")
    for part in why.parts:
        output.say(f"\n{part.title}", style="bold")
        for line in part.lines:
            output.say(f"  {line}")
