"""``saveline report log`` and ``report tables``: the history as data, for other tools."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from saveline.actions.desk import Desk
from saveline.actions.exporting import Exported, LogForm, write_log, write_tables
from saveline.cli import door, output
from saveline.cli.door import Json
from saveline.core import periods
from saveline.core.dataset import Shown
from saveline.core.phrases import count
from saveline.files.datatables import Form

AsOf = Annotated[
    str | None,
    typer.Option(help="As it was known at the end of a day (2026-11-23) or at a moment ('2026-11-23 09:00')."),
]
Names = Annotated[bool, typer.Option("--names", help="With people's names and addresses, not only their numbers.")]
Texts = Annotated[bool, typer.Option("--texts", help="With what people wrote: reasons, notes, comments, answers.")]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def register(app: typer.Typer) -> None:
    for command in (log, tables):
        app.command(command.__name__)(command)


def log(
    xes: Annotated[
        Path | None, typer.Option(help="Write XES (IEEE 1849) into this file; packed if it is named .gz.")
    ] = None,
    ocel: Annotated[Path | None, typer.Option(help="Write OCEL 2.0 (JSON) into this file, likewise.")] = None,
    as_of: AsOf = None,
    names: Names = False,
    json: Json = False,
) -> None:
    """The event log of all deals, for process-mining tools: one case a deal, one event for each thing that happened."""
    if xes is None and ocel is None:
        raise typer.BadParameter("say which: --xes FILE, --ocel FILE or both")
    desk, shown = door.open_desk(), Shown(people=names)
    until = _until(desk, as_of)
    wanted: tuple[tuple[LogForm, Path | None], ...] = (("xes", xes), ("ocel", ocel))
    written = [write_log(desk, path, form, as_of=until, shown=shown) for form, path in wanted if path is not None]
    _say(written, as_json=json)


def tables(  # noqa: PLR0913, PLR0917 - one for each option
    folder: Annotated[Path, typer.Argument(help="Where to put them.")],
    parquet: Annotated[
        bool, typer.Option("--parquet", help="As Parquet files; so it is unless you say --csv.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV files.")] = False,
    as_of: AsOf = None,
    names: Names = False,
    texts: Texts = False,
    json: Json = False,
) -> None:
    """Deals, tasks, events, accounts and people as plain tables, from which every figure can be computed again."""
    desk, shown = door.open_desk(), Shown(people=names, texts=texts)
    until = _until(desk, as_of)
    wanted: tuple[tuple[Form, bool], ...] = (("parquet", parquet or not csv), ("csv", csv))
    written = [write_tables(desk, folder, form, as_of=until, shown=shown) for form, asked in wanted if asked]
    _say(written, as_json=json)


def _until(desk: Desk, words: str | None) -> datetime | None:
    """The moment that is meant; of a day, its end."""
    if words is None:
        return None
    at = door.moment(desk, words)
    if not _DAY.fullmatch(words):
        return at
    return periods.end_of(date.fromisoformat(words), desk.workspace.zone)


def _say(written: Sequence[Exported], *, as_json: bool) -> None:
    if as_json:
        output.emit_json(written)
        return
    for done in written:
        output.say(f"{count(done.deals, 'deal')}, {count(done.events, 'event')}: {', '.join(done.files)}")
