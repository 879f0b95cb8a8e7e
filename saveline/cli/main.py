"""``saveline``: the verbs, and the one exit door: 0 done, 1 refused, 2 used wrongly, 3 a bug of ours."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any

import typer
from sqlalchemy.exc import OperationalError, ProgrammingError

from saveline.cli import (
    account,
    deal,
    demo,
    doctor,
    import_,
    init,
    notices,
    output,
    people,
    pipeline,
    playbook,
    report,
    slack,
    task,
    token,
    up,
    why,
)
from saveline.core.errors import Invalid, Refusal

app = typer.Typer(
    name="saveline",
    help="Save plays that cannot be forgotten: customer retention as a pipeline, run by every department.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (init, doctor, import_, pipeline, report, playbook, up, demo):
    command.register(app)
app.add_typer(deal.app, name="deal")
app.add_typer(account.app, name="account")
app.add_typer(task.app, name="task")
app.add_typer(token.app, name="token")
app.add_typer(notices.app, name="notices")
app.add_typer(people.app, name="people")
app.add_typer(slack.app, name="slack")
app.add_typer(why.app, name="why")


@cache
def _command() -> Callable[..., Any]:
    """All commands with their options, put together once a process."""
    return typer.main.get_command(app)


def run() -> None:
    """The console script's entry."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit status."""
    try:
        _command()(args=arguments, prog_name="saveline")
    except SystemExit as leave:  # the command-line library's own end: 0, or 2 for wrong usage
        return leave.code if isinstance(leave.code, int) else output.BUG
    except (Refusal, Invalid) as refusal:
        output.complain(str(refusal))
        return output.REFUSED
    except (OperationalError, ProgrammingError) as error:
        output.complain(f"The database says: {error.orig}. `saveline doctor` tells more.")
        return output.REFUSED
    except Exception as error:
        traceback.print_exception(error)
        output.complain(f"This is a bug in Saveline, not in what you typed: {type(error).__name__}: {error}")
        return output.BUG
    return 0
