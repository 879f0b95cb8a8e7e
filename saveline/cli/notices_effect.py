"""``saveline notices effect``: which notices people act on, and which lead to nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from saveline.actions import effect as actions
from saveline.cli import door, output
from saveline.cli.door import Json
from saveline.core.effect import Effect
from saveline.core.phrases import count, words_of


def register(app: typer.Typer) -> None:
    app.command()(effect)


def effect(
    days: Annotated[int, typer.Option(help="What was sent in so many days up to now.", min=1)] = 28,
    json: Json = False,
) -> None:
    """How many notices were followed by something that their reader did, and how many led to nothing."""
    desk = door.open_desk()
    with desk.reading() as conn:
        now = desk.now(conn)
    found = actions.of_period(desk, now - timedelta(days=days), now)
    if json:
        output.emit_json([{**output.plain(e), "nothing": e.nothing} for e in found])
        return
    if not found:
        output.say(f"Nothing was sent in {count(days, 'day')}.")
        return
    output.table(
        ("What", "By", "Sent", "Followed", "Led to nothing", "Share"),
        [(words_of(e.kind), e.channel, e.sent, e.followed, e.nothing, _share(e)) for e in found],
        right=("Sent", "Followed", "Led to nothing", "Share"),
    )
    sent, nothing = sum(e.sent for e in found), sum(e.nothing for e in found)
    output.say(f"Of {count(sent, 'notice')} in {count(days, 'day')} {nothing} led to nothing.", style="dim")


def _share(line: Effect) -> str:
    return f"{line.nothing / line.sent:.0%}"
