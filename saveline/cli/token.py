"""``saveline token``: which systems may call the API, and for what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from saveline.actions import tokens
from saveline.cli import door, output
from saveline.cli.door import Json
from saveline.core.scopes import SCOPES
from saveline.store.tokens import Token

app = typer.Typer(help="Tokens with which other systems call the API.", no_args_is_help=True)

Scopes = Annotated[
    list[str] | None, typer.Option("--scope", metavar="SCOPE", help=f"What it is for: {', '.join(SCOPES)}.")
]


@app.command()
def create(name: str, scope: Scopes = None, json: Json = False) -> None:
    """Make a token for a system, and print it: this once, it is kept nowhere."""
    made = tokens.create(door.open_desk(), name, scope or [])
    if json:
        output.emit_json({"name": name, "scopes": scope, "token": made})
        return
    output.say(made)
    output.err.print(
        f"This is the only time that the token of {name} is shown: keep it where {name} keeps its secrets."
    )


@app.command("list")
def list_(json: Json = False) -> None:
    """Every token: what it is for, when it was last used, and which were revoked."""
    found = tokens.listed(door.open_desk())
    if json:
        output.emit_json([_plain(t) for t in found])
        return
    if not found:
        output.say("There is no token yet: `saveline token create helpdesk --scope signals` makes one.")
        return
    rows = [(t.name, ", ".join(t.scopes), t.created_at, t.used_at or "never", _state(t)) for t in found]
    output.table(["token", "for", "made", "last used", ""], rows)


@app.command()
def revoke(name: str, json: Json = False) -> None:
    """Take a token back: from now on calls with it are refused."""
    found = tokens.revoke(door.open_desk(), name)
    if json:
        output.emit_json(_plain(found))
    else:
        output.say(f"The token of {name} is revoked: calls with it are refused from now on.")


def _state(token: Token) -> str:
    return f"revoked {output.shown(token.revoked_at)}" if token.revoked_at else ""


def _plain(token: Token) -> dict[str, Any]:
    return {name: getattr(token, name) for name in ("name", "scopes", "created_at", "used_at", "revoked_at")}
