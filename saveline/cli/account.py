"""``saveline account``: what people know about an account that no file says yet."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from saveline.actions import customers
from saveline.actions.desk import Desk
from saveline.cli import door, output
from saveline.cli.door import As, Json
from saveline.core.decide.draft import Decision

app = typer.Typer(help="Say that an account leaves, or stays after all.", no_args_is_help=True)


@app.command()
def left(
    account: str,
    evidence: Annotated[str, typer.Option(help="How you know: the mail, the notice or the call that says so.")],
    on: Annotated[str | None, typer.Option(help="The day on which it stops paying; today if left out.")] = None,
    who: As = None,
    json: Json = False,
) -> None:
    """An account (its key or name) has left, or will."""
    desk = door.open_desk()
    by, day = door.doer(desk, who), _day(on)
    made = customers.account_left(desk, _id(desk, account), by, on=day, evidence=evidence)
    _show(desk, made, json=json, otherwise=f"{account} is down as leaving. It has no deal that this concerns.")


@app.command()
def stays(
    account: str,
    reason: Annotated[str, typer.Option(help="Why, in a few words.")],
    who: As = None,
    json: Json = False,
) -> None:
    """What was said of an account's leaving was wrong, or was taken back."""
    desk = door.open_desk()
    by = door.doer(desk, who)
    made = customers.account_stays(desk, _id(desk, account), by, reason=reason)
    _show(desk, made, json=json, otherwise=f"{account} stays. It has no deal that this concerns.")


def _id(desk: Desk, account: str) -> int:
    with desk.reading() as conn:
        return door.account_id(conn, account)


def _day(words: str | None) -> date | None:
    try:
        return date.fromisoformat(words) if words else None
    except ValueError:
        raise typer.BadParameter(f"{words!r}: expected a date like 2026-12-01") from None


def _show(desk: Desk, made: Decision | None, *, json: bool, otherwise: str) -> None:
    if made is not None:
        output.decision(desk, made, as_json=json)
    elif json:
        output.emit_json({"events": [], "notices": []})
    else:
        output.say(otherwise)
