"""``saveline import``: files in, a table of what came of them, the bad lines with their reasons, the deals opened."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from saveline.actions.intake import ImportResult, import_files
from saveline.actions.loading import Progress as Told
from saveline.cli import door, output
from saveline.files.sources import Wanted
from saveline.settings import Settings

SHOWN: Final = 20
"""Problems and deals printed; the files of rejected lines, and --json, have all of them."""
LONG: Final = 2_000_000
"""Bytes to read before a progress bar is worth its line."""

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="[PATH]…", help="CSV files, or folders of them.", show_default=False)
]
Map = Annotated[
    Path | None, typer.Option("--map", metavar="FILE", help="A mapping: what the columns of an export mean.")
]
Kind = Annotated[
    str | None, typer.Option("--as", metavar="KIND", help="accounts, people, team, contacts, touchpoints or signals.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Write nothing unless every line is in order.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")]


def register(app: typer.Typer) -> None:
    """Add the ``import`` command."""
    app.command("import")(import_)


def import_(
    paths: Paths = None,
    mapping: Map = None,
    kind: Kind = None,
    strict: Strict = False,
    dry_run: DryRun = False,
    as_json: door.Json = False,
) -> None:
    """Import accounts, people, teams, contacts, touchpoints and signals from CSV, and open deals on accounts at risk.

    Good lines go in; bad ones are written to FILE.rejected.csv with their reason, and the exit status is 1. Importing
    the same files again changes nothing.
    """
    if not paths and mapping is None:
        raise typer.BadParameter("name files or folders to import, or a mapping with --map", param_hint="PATH")
    if kind and mapping is not None:
        raise typer.BadParameter("a mapping says itself what its tables hold", param_hint="--as")
    desk = door.open_desk()
    wanted = Wanted(tuple(paths or ()), mapping, kind, strict, dry_run)
    with _progress() as told:
        result = import_files(desk, Settings().workspace.resolve(), wanted, told)
    if as_json:
        output.emit_json(result)
    else:
        _show(result, wanted)
    if not result.in_order:
        raise typer.Exit(output.REFUSED)


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on standard error, for long files in a terminal."""
    columns = (TextColumn("Reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.err, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None, visible=False)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=total >= LONG)

        yield told


def _show(result: ImportResult, wanted: Wanted) -> None:
    _show_counts(result)
    _show_problems(result)
    for line in result.people:
        output.say(f"people.yaml: {line}")
    for joined in result.joined[:SHOWN]:
        output.say(f"Deal {joined.deal} ({joined.account}) has a further cause: {joined.cause}.")
    for left in result.left[:SHOWN]:
        was = "had been saved: a delayed loss" if left.lost else "is open, and whoever decides about it was told"
        output.say(f"{left.account} leaves on {left.on:%-d %b %Y}. Deal {left.deal} {was}.")
    for cleared in result.cleared[:SHOWN]:
        then = "it was closed" if cleared.closed else "whoever decides about it was asked"
        output.say(f"The risk of deal {cleared.deal} ({cleared.account}) has cleared: score {cleared.score}; {then}.")
    _show_deals(result, wanted)
    if not result.written:
        why = "a dry run" if wanted.dry_run else "--strict, and not every line is in order"
        output.say(f"Nothing was written: {why}.", style="bold")


def _show_counts(result: ImportResult) -> None:
    columns = ["", "read", "added", "changed", "unchanged", "rejected", "left out"]
    rows = [
        (kind, c.read, c.added, c.changed, c.unchanged, c.rejected, c.left_out) for kind, c in result.counts.items()
    ]
    output.table(columns, rows, right=columns[1:])


def _show_problems(result: ImportResult) -> None:
    """The first problems of all, errors before warnings, and where the others are."""
    problems = sorted(result.problems, key=lambda p: p.warning)
    for problem in problems[:SHOWN]:
        output.say(str(problem), style="" if problem.warning else "red")
    rest = len(problems) - SHOWN
    if rest > 0:
        output.say(f"… and {rest:,} more.")
    for file in result.files:
        if file.rejected_file:
            lines = "line is" if file.rejected == 1 else "lines are"
            output.say(f"{file.rejected:,} bad {lines} in {file.rejected_file}, with the reasons.")


def _show_deals(result: ImportResult, wanted: Wanted) -> None:
    if not result.opened:
        return
    would = "would be opened" if wanted.dry_run else "opened"
    rows = [("" if wanted.dry_run else d.deal, d.name, d.score, ", ".join(d.causes), d.play) for d in result.opened]
    title = f"{len(rows)} {'deal' if len(rows) == 1 else 'deals'} {would}"
    output.table(["deal", "account", "score", "causes", "play"], rows[:SHOWN], title=title, right=["deal", "score"])
    if len(rows) > SHOWN:
        output.say(f"… and {len(rows) - SHOWN:,} more.")
    for deal in [d for d in result.opened if d.again][:SHOWN]:
        output.say(f"Deal {deal.deal} ({deal.account}) had been closed a short while ago and is open again.")
    first = result.opened[0]
    output.say(f"How {first.name} came to {first.score}:\n{first.sum}", style="dim")
