"""``saveline init``: a new workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saveline.cli import output
from saveline.cli.door import Json
from saveline.files import shipped
from saveline.files.starter import make_workspace
from saveline.runtime import Runtime
from saveline.settings import Settings
from saveline.store import schema


def register(app: typer.Typer) -> None:
    app.command("init")(init)


def init(folder: Annotated[Path, typer.Argument(help="Where; by default here.")] = Path(), json: Json = False) -> None:
    """Make a workspace: settings, people, six plays, and an empty database. Overwrites nothing."""
    written = make_workspace(folder)
    runtime = Runtime(Settings(workspace=folder))
    schema.upgrade(runtime.engine, shipped.folder("migrations"))
    runtime.close()
    if json:
        output.emit_json({"folder": str(folder.resolve()), "written": written})
        return
    output.say(f"A workspace is in {folder.resolve()}: {', '.join(written)}.")
    output.say("Next: put your people in people.yaml and your company in saveline.yaml, run `saveline doctor`,")
    output.say("import accounts with `saveline import accounts.csv`, and start everything with `saveline up`.")
