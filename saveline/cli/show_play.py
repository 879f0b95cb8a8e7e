"""``saveline playbook show`` and ``runway``: a play as people read it, as a picture, and against the time there is."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from saveline.cli import output
from saveline.cli.show_runway import show_runway
from saveline.core.language.describe import PlayPage, StagePage, TaskPage, describe, in_turn
from saveline.core.swimlanes import Outlined, Swimlanes, outlined, swimlanes
from saveline.files.check import check
from saveline.pictures.lines import ASCII, BLOCKS, drawn
from saveline.pictures.png import FONT, png
from saveline.pictures.svg import svg
from saveline.settings import Settings

Opened = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="The day on which a deal would be opened; without it a Monday, and no holidays.",
    ),
]
Renewal = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], metavar="DATE", help="The account's renewal; without it just as late as the play needs."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
WIDEST: Final = 140
"""Columns of a picture in a terminal, however wide that is."""
STYLES: Final = {
    "title": "bold",
    "dim": "dim",
    "critical": "blue",
    "calm": "",
    "late": "red",
    "warn": "red",
    "plain": "",
}


def show_play(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    name: Annotated[str, typer.Argument(help="A play.")],
    as_svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Write the picture as SVG.")] = None,
    as_png: Annotated[Path | None, typer.Option("--png", metavar="FILE", help="Write the picture as PNG.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="The PNG on a dark ground.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="A picture of plain letters, for any terminal.")] = False,
    opened: Opened = None,
    renewal: Renewal = None,
    as_json: AsJson = False,
) -> None:
    """One play as a person reads it: who does what by when in a picture, then stages, tasks, gates and ladders.

    With --svg or --png the picture goes into a file, and nothing else is printed.
    """
    found, page = _outlined(name, opened, renewal)
    seen = swimlanes(found, of_renewal=renewal is not None)
    if as_json:
        output.emit_json(
            {**output.plain(page), "picture": seen, "runway": found.runway, "least_days": found.least_days}
        )
    if as_svg is not None:
        as_svg.write_text(svg(seen), encoding="utf-8")
    if as_png is not None:
        as_png.write_bytes(png(svg(seen, theme="dark" if dark else "light", fonts=FONT)))
    for written in (as_svg, as_png):
        if written is not None and not as_json:
            output.say(f"Written: {written}")
    if not as_json and as_svg is None and as_png is None:
        _picture(seen, plain=plain)
        _draw(page)


def play_runway(
    name: Annotated[str, typer.Argument(help="A play.")],
    opened: Opened = None,
    renewal: Renewal = None,
    as_json: AsJson = False,
) -> None:
    """Whether a play fits the time until the decision: each task's last moment, and which makes it too long."""
    found, _ = _outlined(name, opened, renewal)
    if as_json:
        output.emit_json({"runway": found.runway, "fits": found.runway.fits, "least_days": found.least_days})
        return
    case = found.case
    show_runway(found.runway, case.play, case.people, case.workspace, dated=opened is not None)
    if found.least_days is not None:
        output.say(f"It needs an account with {found.least_days} days until renewal.")


def _outlined(name: str, opened: datetime | None, renewal: datetime | None) -> tuple[Outlined, PlayPage]:
    """Raises UnknownWord, and Invalid where the play's file is not in order."""
    checked = check(Settings().workspace)
    play = checked.play(name)
    assert checked.workspace is not None  # there is no play without one
    found = outlined(play, checked.workspace, opened=_day(opened), renewal=_day(renewal))
    return found, describe(play, checked.workspace)


def _day(at: datetime | None) -> date | None:
    return at.date() if at is not None else None


def _picture(seen: Swimlanes, *, plain: bool) -> None:
    width = min(output.out.width, WIDEST)
    marks = ASCII if plain or output.out.options.ascii_only else BLOCKS
    for line in drawn(seen, width, marks):
        output.out.print(Text.assemble(*((part, STYLES[look]) for part, look in line)))
    output.out.print()


def _draw(page: PlayPage) -> None:
    output.out.print(Text(page.benefit), soft_wrap=False)
    output.out.print()
    facts = _grid()
    for label, value in (
        ("for", "; ".join(page.applies) or "any account"),
        ("priority", str(page.priority)),
        ("decision", page.decide),
        ("counts after", page.watch),
        ("short form", page.short),
    ):
        if value:
            facts.add_row(label, Text(value))
    output.out.print(facts)
    for stage in page.stages:
        _draw_stage(stage)
    for ladder in page.ladders:
        output.out.print(Text(f"\nLadder {ladder.name}", style="bold"))
        rows = _grid()
        rows.add_row("reminds", Text(", ".join(ladder.remind) or "nobody"))
        for number, rung in enumerate(ladder.rungs, start=1):
            rows.add_row(f"rung {number}", Text(rung))
        output.out.print(Padding(rows, (0, 0, 0, 2), expand=False))


def _draw_stage(stage: StagePage) -> None:
    output.out.print(Text(f"\n{stage.title}" + (f", at most {stage.max}" if stage.max else ""), style="bold"))
    for task in stage.tasks:
        output.out.print(Padding(Text(task.id, style="cyan"), (0, 0, 0, 2), expand=False))
        output.out.print(Padding(_task_grid(task), (0, 0, 0, 4), expand=False))
    if stage.gate:
        output.out.print(
            Padding(Text(f"gate: {stage.gate}", style="yellow"), (0, 0, 0, 2), expand=False), soft_wrap=False
        )


def _task_grid(task: TaskPage) -> Table:
    rows = _grid()
    rows.add_row("what", Text(task.title + (" (optional)" if task.optional else "")))
    due = task.due + (f", after {', '.join(task.after)}" if task.after else "")
    who = in_turn(task.who) + (" (stays there)" if task.stays else "")
    one = {"why": task.why, "who": who, "due": due, "again": task.repeats, "only if": task.only_if, "tells": task.tells}
    lines = [
        *one.items(),
        *(("asks", a) for a in task.asks),
        *(("ends", e) for e in task.ends),
        *(("severe", v) for v in task.by_severity),
        ("ladder", task.ladder),
    ]
    before = ""
    for label, line in lines:
        if line:
            rows.add_row(label if label != before else "", Text(line))
            before = label
    return rows


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True, min_width=8)
    grid.add_column(overflow="fold")
    return grid
