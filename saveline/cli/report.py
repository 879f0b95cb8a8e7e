"""``saveline report``: the stage report, printed, sent, or as a file; and below it the history as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from saveline.actions import reports
from saveline.actions.desk import Desk
from saveline.actions.slicing import checked
from saveline.actions.wording import report_markdown
from saveline.cli import door, output, report_data
from saveline.cli.door import Json
from saveline.core import periods
from saveline.core.blocks import Page
from saveline.core.periods import Period
from saveline.core.phrases import count
from saveline.core.slices import DIMENSIONS, UNKNOWN, Slice
from saveline.core.tongue import SHIPPED
from saveline.files.whole import whole


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True)(report)
    report_data.register(group)
    app.add_typer(group, name="report")


def report(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    period: Annotated[
        str | None, typer.Option(help="2026-W47, 2026-11, 2026-11-02..2026-11-15; by default last week.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As it was known at the end of this day; by default, of the period."),
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="Only accounts of this segment; 'unknown' where none is said.")
    ] = None,
    vertical: Annotated[str | None, typer.Option(help="Only accounts of this vertical.")] = None,
    region: Annotated[str | None, typer.Option(help="Only accounts of this region.")] = None,
    cause: Annotated[str | None, typer.Option(help="Only deals that have this cause.")] = None,
    play: Annotated[str | None, typer.Option(help="Only deals that run by this play.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="PERSON", help="Only the deals of this owner.")] = None,
    department: Annotated[str | None, typer.Option(help="Only deals in which this department has a part.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Keep it and queue it for everybody who gets it.")] = False,
    to: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="With --send: only to these, whoever gets it else.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page that needs nothing else.")] = None,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a PDF.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write its figures, one a line.")] = None,
    parquet: Annotated[Path | None, typer.Option(metavar="FILE", help="Write its figures for programs.")] = None,
    language: Annotated[str, typer.Option(help="en or de; by default the workspace's.")] = "",
    json: Json = False,
) -> None:
    """The stage report: what is at risk, where it stands, what was saved, what needs a decision."""
    if context.invoked_subcommand is not None:
        return
    asked = dict(zip(DIMENSIONS, (segment, vertical, region, cause, play, owner, department), strict=True))
    desk = door.open_desk()
    if language and language not in SHIPPED:
        raise typer.BadParameter(f"{language!r}: expected {' or '.join(SHIPPED)}")
    wanted, part = _period(desk, period, as_of), _slice(desk, asked)
    if send and as_of is not None:
        raise typer.BadParameter("what is sent is what was known when the period ended", param_hint="--as-of")
    if send:
        value, queued = reports.publish(desk, wanted, part, to=[door.find_person(desk, who).id for who in to or ()])
        output.err.print(f"Queued for {count(queued, 'reader')}.")
    else:
        value = reports.build(desk, wanted, part)
    page = reports.page_of(desk, value, language)
    files = {"html": html, "pdf": pdf, "csv": csv, "parquet": parquet}
    written = [_write(page, form, path) for form, path in files.items() if path is not None]
    if json:
        output.emit_json(value)
    elif not written:
        output.page(report_markdown(page))


def _period(desk: Desk, named: str | None, as_of: datetime | None) -> Period:
    """As it was known at the end of the day ``as_of``, where one is given."""
    zone = desk.workspace.zone
    with desk.reading() as conn:
        now = desk.now(conn)
    try:
        found = periods.parse(named, zone) if named else periods.week_before(now, zone)
    except ValueError:
        raise typer.BadParameter(f"{named!r}: expected {periods.EXPECTED}") from None
    return periods.as_known(found, as_of.date(), zone) if as_of is not None else found


def _slice(desk: Desk, asked: Mapping[str, str | None]) -> Slice:
    """What was asked for. An owner may be named as elsewhere at the terminal. Raises UnknownPerson, UnknownWord."""
    given = {name: word for name, word in asked.items() if word is not None}
    if (owner := given.get("owner", UNKNOWN)) != UNKNOWN:
        given["owner"] = door.find_person(desk, owner).email
    return checked(desk, given)


def _write(page: Page, form: str, path: Path) -> Path:
    """Each form loads what it needs and no other does."""
    match form:
        case "html":
            from saveline.printing.html import html

            made = html(page).encode()
        case "pdf":
            from saveline.printing.pdf import pdf

            made = pdf(page)
        case "parquet":
            from saveline.printing.tables import parquet

            made = parquet(page)
        case _:
            from saveline.printing.tables import csv_text

            made = csv_text(page).encode()
    with whole(path, folders=False) as part:
        part.write_bytes(made)
    return path
