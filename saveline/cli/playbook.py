"""``saveline playbook``: what the authors of plays need. Each command has a module of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import typer

from saveline.cli import playbook_check, playbook_coverage, playbook_test, rehearse, show_play, versions

COMMANDS: Final[tuple[tuple[str, Callable[..., Any]], ...]] = (
    ("check", playbook_check.check_plays),
    ("schema", playbook_check.print_schema),
    ("show", show_play.show_play),
    ("runway", show_play.play_runway),
    ("test", playbook_test.play_cases),
    ("rehearse", rehearse.rehearse_play),
    ("coverage", playbook_coverage.show_coverage),
    ("versions", versions.list_versions),
    ("diff", versions.diff_plays),
    ("migrate", versions.migrate),
    ("rollback", versions.roll_back),
)
"""In the order in which ``saveline playbook`` lists them: one line a command."""


def register(app: typer.Typer) -> None:
    """Add the ``playbook`` commands."""
    plays = typer.Typer(no_args_is_help=True, help="Check, show, test and rehearse the plays.", rich_markup_mode=None)
    for name, command in COMMANDS:
        plays.command(name)(command)
    app.add_typer(plays, name="playbook")
