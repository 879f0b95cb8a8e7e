"""``saveline doctor``: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

from typing import Final

import typer
from rich.text import Text

from saveline.actions.doctor import examine
from saveline.cli import output
from saveline.cli.door import Json, open_desk
from saveline.files import shipped
from saveline.settings import Settings

_MARKS: Final = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "error": ("error", "red")}


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(json: Json = False) -> None:
    """Look at everything an installation needs. Exit status 1 when something is wrong. Nothing is sent or changed."""
    checks = list(examine(Settings(), open_desk, shipped.folder("migrations")))
    if json:
        output.emit_json(checks)
    else:
        rows = []
        for check in checks:
            word, style = _MARKS[check.level]
            rows.append(
                (Text(word, style=style), check.id, f"{check.words}. {check.hint}" if check.hint else check.words)
            )
        output.table(("", "Id", ""), rows)
    if any(c.level == "error" for c in checks):
        raise typer.Exit(output.REFUSED)
