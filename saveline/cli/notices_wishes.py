"""``saveline notices off`` and ``on``: what somebody does not want to get, and wants again."""

from __future__ import annotations

from typing import Annotated

import typer

from saveline.actions.unsubscribing import ENDABLE, subscribe_again, unsubscribe
from saveline.cli import door, output
from saveline.cli.door import As, Json
from saveline.core.errors import UnknownWord

Kind = Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(ENDABLE)}.")]


def register(app: typer.Typer) -> None:
    app.command()(off)
    app.command()(on)


def off(kind: Kind, who: As = None, json: Json = False) -> None:
    """Get no more digests, stage reports or monthly questions. What concerns one's own tasks cannot be put off."""
    desk = door.open_desk()
    by = door.doer(desk, who)
    _told(kind, json, new=unsubscribe(desk, by.person_id, _known(kind)), wanted=False)


def on(kind: Kind, who: As = None, json: Json = False) -> None:
    """Get them again."""
    desk = door.open_desk()
    by = door.doer(desk, who)
    _told(kind, json, new=subscribe_again(desk, by.person_id, _known(kind)), wanted=True)


def _known(kind: str) -> str:
    if kind not in ENDABLE:
        raise UnknownWord("a kind of message that can be put off", kind, list(ENDABLE))
    return kind


def _told(kind: str, json: bool, *, new: bool, wanted: bool) -> None:
    if json:
        output.emit_json({"kind": kind, "wanted": wanted, "changed": new})
        return
    what = ENDABLE[kind]
    again = "comes again" if wanted else "does not come any more"
    output.say(f"{what.capitalize()} {again}." if new else f"{what.capitalize()}: that is so already.")
