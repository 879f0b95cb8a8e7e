"""How the command line speaks: tables for people, JSON for pipes, and one exit door."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from saveline.actions.desk import Desk
from saveline.core.chronicle import Chronicler
from saveline.core.decide.draft import Decision
from saveline.core.phrases import quoted

REFUSED: Final = 1
USAGE: Final = 2
BUG: Final = 3

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def emit_json(value: Any) -> None:
    """One JSON value on standard output. Facts become objects, moments ISO text."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def plain(value: Any) -> Any:
    """``value`` as JSON knows it."""
    return msgspec.to_builtins(value, enc_hook=str)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "", right: Iterable[str] = ()) -> None:
    """A table with its headings; ``right`` names the columns that are aligned to the right. Text is never markup."""
    drawn = Table(
        title=title or None, title_justify="left", box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0)
    )
    for column in columns:
        drawn.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(shown(cell)) for cell in row))
    out.print(drawn)


def shown(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%-d %b %Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    return str(value)


def say(text: str, *, style: str = "") -> None:
    out.print(Text(text, style=style))


def page(markdown: str) -> None:
    """A page of Markdown: drawn in a terminal, as it is in a pipe."""
    if out.is_terminal:
        out.print(Markdown(markdown), soft_wrap=False)
    else:
        sys.stdout.write(markdown)


def complain(text: str) -> None:
    """An error, on standard error."""
    err.print(Text(text, style="red"))


def decision(desk: Desk, made: Decision, *, as_json: bool) -> None:
    """What came of an action: every event in words, and who will be told."""
    if as_json:
        emit_json(decided(made))
        return
    with desk.reading() as conn:
        people = desk.people(conn)
    teller = Chronicler(people, desk.workspace, lambda no: quoted(made.deal, no))
    for event in made.events:
        say(teller.event(event))
    told = dict.fromkeys(people.name(n.person_id) if n.person_id else n.channel for n in made.notices)
    if told:
        say(f"Told: {', '.join(told)}.", style="dim")


def decided(made: Decision) -> dict[str, Any]:
    """A decision as JSON tells it."""
    return {"deal": made.deal, "events": made.events, "notices": made.notices}
