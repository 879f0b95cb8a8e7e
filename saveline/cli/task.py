"""``saveline task``: what people do with their tasks, from a terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from saveline.actions.desk import Desk
from saveline.actions.presses import wish
from saveline.cli import door, output
from saveline.cli.door import As, Json
from saveline.core.intents import (
    Answered,
    Cannot,
    Claim,
    Comment,
    Done,
    HandOver,
    Help,
    Intent,
    Seen,
    Snooze,
    Wait,
)
from saveline.core.phrases import due, money
from saveline.store import boards

app = typer.Typer(help="List, finish, hand over tasks.", no_args_is_help=True)

Ref = Annotated[str, typer.Argument(metavar="TASK", help="The task, like 12.3: task 3 of deal 12.")]
Answer = Annotated[
    list[str] | None, typer.Option("--answer", "-a", metavar="NAME=VALUE", help="An answer of the form.")
]


@app.command("list")
def list_(
    person: Annotated[
        str | None, typer.Option("--of", help="Only this person's, and those offered to their department.")
    ] = None,
    json: Json = False,
) -> None:
    """Open tasks, the earliest due first."""
    desk = door.open_desk()
    who = door.find_person(desk, person) if person else None
    with desk.reading() as conn:
        lines = boards.open_tasks(conn, who.id if who else None, who.department if who else None)
        people, now = desk.people(conn), desk.now(conn)
    if json:
        output.emit_json(lines)
        return
    calendar = people.calendar(who.id if who else None)
    rows = [
        (
            f"{t.deal_id}.{t.no}",
            t.account,
            money(t.arr_cents, desk.workspace.currency),
            t.title,
            people.name(t.assignee_id) if t.assignee_id else f"offered to {t.department}" if t.department else "nobody",
            due(calendar.local(t.due_at), calendar.local(now)),
        )
        for t in lines
    ]
    output.table(("Task", "Account", "ARR", "What", "Who", "Due"), rows, right=("ARR",))
    if not rows:
        output.say("Nothing is open.")


@app.command()
def done(
    ref: Ref,
    outcome: Annotated[str | None, typer.Option(help="How it ended, where there is a choice.")] = None,
    answer: Answer = None,
    who: As = None,
    json: Json = False,
) -> None:
    """Finish a task."""
    given = door.answers(answer or ())
    _wish(door.open_desk(), ref, who, Done(outcome, given), json)


@app.command()
def cannot(
    ref: Ref, reason: Annotated[str, typer.Option(help="Why it cannot be done.")], who: As = None, json: Json = False
) -> None:
    """Say that a task cannot be done."""
    _wish(door.open_desk(), ref, who, Cannot(reason), json)


@app.command()
def seen(ref: Ref, who: As = None, json: Json = False) -> None:
    """Mark a task as seen."""
    _wish(door.open_desk(), ref, who, Seen(), json)


@app.command()
def snooze(
    ref: Ref,
    until: Annotated[str, typer.Option(help="A date or time.")],
    reason: Annotated[str, typer.Option(help="Why it has to wait.")],
    who: As = None,
    json: Json = False,
) -> None:
    """Let a task rest until a date."""
    desk = door.open_desk()
    _wish(desk, ref, who, Snooze(door.moment(desk, until), reason), json)


@app.command()
def wait(
    ref: Ref,
    until: Annotated[str, typer.Option(help="The latest date or time by which they will answer.")],
    reason: Annotated[str, typer.Option(help="What the customer has to answer.")],
    who: As = None,
    json: Json = False,
) -> None:
    """Let a task wait for the customer: their days do not count as ours."""
    desk = door.open_desk()
    _wish(desk, ref, who, Wait(door.moment(desk, until), reason), json)


@app.command()
def answered(ref: Ref, who: As = None, json: Json = False) -> None:
    """Say that the customer has answered: the task's clock runs again."""
    _wish(door.open_desk(), ref, who, Answered(), json)


@app.command("hand-over")
def hand_over(
    ref: Ref,
    to: Annotated[str, typer.Argument(metavar="PERSON")],
    note: Annotated[str, typer.Option(help="A word for them.")] = "",
    who: As = None,
    json: Json = False,
) -> None:
    """Give a task to somebody else."""
    desk = door.open_desk()
    _wish(desk, ref, who, HandOver(door.find_person(desk, to).id, note), json)


@app.command()
def claim(ref: Ref, who: As = None, json: Json = False) -> None:
    """Take a task that is offered to your department."""
    _wish(door.open_desk(), ref, who, Claim(), json)


@app.command("help")
def ask_help(
    ref: Ref, note: Annotated[str, typer.Option(help="What you need.")] = "", who: As = None, json: Json = False
) -> None:
    """Ask for help: the next person on the ladder hears of it now."""
    _wish(door.open_desk(), ref, who, Help(note), json)


@app.command()
def comment(ref: Ref, body: str, who: As = None, json: Json = False) -> None:
    """Write something on a task."""
    _wish(door.open_desk(), ref, who, Comment(body), json)


def _wish(desk: Desk, ref: str, who: str | None, intent: Intent, as_json: bool) -> None:
    """By the same rule as every other door: whoever is named must be somebody who may."""
    by = door.doer(desk, who)
    output.decision(desk, wish(desk, door.task_ref(ref), by, intent), as_json=as_json)
