"""``saveline deal``: open, show, move, pause, resume and close deals."""

from __future__ import annotations

from typing import Annotated

import typer

from saveline.actions import deals as actions
from saveline.actions import joining, tasks
from saveline.actions.tasks import TaskRef
from saveline.cli import door, output
from saveline.cli.door import As, Json
from saveline.cli.show_deal import show_deal
from saveline.core.decide.deals import Closing
from saveline.core.decide.joining import Merge
from saveline.core.errors import UnknownWord

app = typer.Typer(help="Open, show, move and close deals.", no_args_is_help=True)
causes = typer.Typer(help="Why a deal is at risk.", no_args_is_help=True)
app.add_typer(causes, name="cause")

DealId = Annotated[int, typer.Argument(metavar="DEAL", help="The deal's number.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words.")]


@app.command("open")
def open_(
    account: str,
    cause: Annotated[list[str], typer.Option("--cause", "-c", help="Why it is at risk; more than once for more.")],
    play: Annotated[str, typer.Option(help="The play by name; else the one that fits best.")] = "",
    who: As = None,
    json: Json = False,
) -> None:
    """Open a deal on an account (its key or name)."""
    desk = door.open_desk()
    by = door.doer(desk, who)
    for word in cause:
        if word not in desk.workspace.causes:
            raise UnknownWord("a cause", word, desk.workspace.causes)
    with desk.reading() as conn:
        account_id = door.account_id(conn, account)
    deal = actions.open_deal(desk, account_id, causes=cause, by=by, play=play)
    show_deal(desk, deal.id, as_json=json)


@app.command()
def show(deal: DealId, json: Json = False) -> None:
    """Everything about a deal: where it stands, why, its tasks and its history."""
    show_deal(door.open_desk(), deal, as_json=json)


@causes.command("add")
def add_cause(
    deal: DealId,
    cause: str,
    note: Annotated[str, typer.Option(help="What speaks for it, in a few words.")] = "",
    who: As = None,
    json: Json = False,
) -> None:
    """Say that there is a further cause."""
    desk = door.open_desk()
    output.decision(desk, actions.add_cause(desk, deal, door.doer(desk, who), cause=cause, note=note), as_json=json)


@app.command()
def merge(
    deal: DealId,
    into: Annotated[int, typer.Option(metavar="DEAL", help="The deal that goes on for both.")],
    reason: Reason = "",
    same_customer: Annotated[
        bool, typer.Option("--same-customer", help="They are one customer twice: its ARR is counted once.")
    ] = False,
    who: As = None,
    json: Json = False,
) -> None:
    """Let a deal go on as part of another: one save for both."""
    desk = door.open_desk()
    ended, other = joining.merge(desk, deal, into, door.doer(desk, who), Merge(reason, same_customer))
    if json:
        output.emit_json({"merged": output.decided(ended), "into": output.decided(other)})
        return
    output.decision(desk, ended, as_json=False)
    output.decision(desk, other, as_json=False)


@app.command()
def split(
    deal: DealId,
    account: Annotated[str, typer.Option(help="The account (its key or name) that the causes belong to.")],
    cause: Annotated[
        list[str], typer.Option("--cause", "-c", help="A cause that goes there; more than once for more.")
    ],
    who: As = None,
    json: Json = False,
) -> None:
    """Let some of a deal's causes become a deal of another account."""
    desk = door.open_desk()
    by = door.doer(desk, who)
    with desk.reading() as conn:
        account_id = door.account_id(conn, account)
    _, opened = joining.split(desk, deal, account_id, by, cause)
    show_deal(desk, opened.id, as_json=json)


@app.command()
def move(deal: DealId, stage: str, reason: Reason = "", who: As = None, json: Json = False) -> None:
    """Move a deal to another stage, if its gate lets it go."""
    desk = door.open_desk()
    output.decision(desk, actions.move_stage(desk, deal, door.doer(desk, who), to=stage, reason=reason), as_json=json)


@app.command()
def severity(deal: DealId, to: str, reason: Reason, who: As = None, json: Json = False) -> None:
    """Say how bad it is: one of the severities of saveline.yaml."""
    desk = door.open_desk()
    output.decision(desk, actions.set_severity(desk, deal, door.doer(desk, who), to=to, reason=reason), as_json=json)


@app.command()
def override(
    deal: DealId,
    until: Annotated[str, typer.Option(help="When the override ends: a date or time.")],
    reason: Reason,
    who: As = None,
    json: Json = False,
) -> None:
    """Let a deal pass its gate for a while; the stage report lists it with your name."""
    desk = door.open_desk()
    by, at = door.doer(desk, who), door.moment(desk, until)
    output.decision(desk, actions.override_gate(desk, deal, by, until=at, reason=reason), as_json=json)


@app.command()
def pause(
    deal: DealId,
    until: Annotated[str, typer.Option(help="A date or time.")],
    reason: Reason,
    who: As = None,
    json: Json = False,
) -> None:
    """Stop a deal's clocks until a date."""
    desk = door.open_desk()
    by, at = door.doer(desk, who), door.moment(desk, until)
    output.decision(desk, actions.pause(desk, deal, by, until=at, reason=reason), as_json=json)


@app.command()
def resume(deal: DealId, who: As = None, json: Json = False) -> None:
    """Start a paused deal's clocks again."""
    desk = door.open_desk()
    output.decision(desk, actions.resume(desk, deal, door.doer(desk, who)), as_json=json)


@app.command()
def close(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    deal: DealId,
    outcome: Annotated[str, typer.Argument(help="An outcome of saveline.yaml, like saved or lost.")],
    reason: Reason,
    kept: Annotated[float | None, typer.Option(help="For a save: the value kept a year.")] = None,
    evidence: Annotated[str | None, typer.Option(help="For a loss: what says so.")] = None,
    who: As = None,
    json: Json = False,
) -> None:
    """Say how it ended."""
    desk = door.open_desk()
    closing = Closing(outcome, reason, None if kept is None else round(kept * 100), evidence)
    output.decision(desk, actions.close_deal(desk, deal, door.doer(desk, who), closing), as_json=json)


@app.command()
def comment(deal: DealId, body: str, who: As = None, json: Json = False) -> None:
    """Write something on a deal."""
    desk = door.open_desk()
    output.decision(desk, tasks.comment(desk, TaskRef(deal, 0), door.doer(desk, who), body=body), as_json=json)
