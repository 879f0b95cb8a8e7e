"""``saveline playbook coverage``: which play each cause in each segment would get, and where there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import typer

from saveline.cli import door, output, workshop
from saveline.cli.workshop import AsJson
from saveline.core.errors import Invalid
from saveline.core.matrix import Cell, Matrix, matrix
from saveline.core.phrases import count, money
from saveline.core.workspace import Workspace
from saveline.files.portfolio import read_accounts
from saveline.runtime import Runtime
from saveline.settings import Settings
from saveline.store import load

Accounts = Annotated[
    Path | None, typer.Option("--accounts", metavar="FILE.csv", help="Accounts of a file; no database is needed then.")
]
MOST_HOLES = 12
"""Holes that are listed; ``--json`` has all of them."""


def show_coverage(accounts: Accounts = None, as_json: AsJson = False) -> None:
    """Cause by segment: the play that each would get, weighted by yearly revenue, and the holes."""
    found, workspace = _from_file(accounts) if accounts is not None else _from_database()
    if as_json:
        output.emit_json(_as_plain(found, workspace))
        return
    output.say(headline(found, workspace), style="bold")
    if found.total.accounts:
        _draw(found, workspace)


def _from_file(path: Path) -> tuple[Matrix, Workspace]:
    checked = workshop.workspace(None)
    if checked.workspace is None:
        raise Invalid(p for p in checked.problems if not p.warning)
    workspace, now = checked.workspace, _now()
    found = read_accounts(path, workspace, now.astimezone(ZoneInfo(workspace.zone)).date())
    return matrix(found, checked.plays, workspace, now), workspace


def _from_database() -> tuple[Matrix, Workspace]:
    desk = door.open_desk()
    with desk.reading() as conn:
        ids = list(conn.execute(sa.select(load.ACCOUNT.c.id).order_by(load.ACCOUNT.c.id)).scalars())
        found, now = load.accounts(conn, ids), desk.now(conn)
    plays = [live.play for live in desk.plays.live]
    return matrix(found, plays, desk.workspace, now), desk.workspace


def _now() -> datetime:
    return Runtime(Settings()).clock().astimezone(UTC)


def headline(found: Matrix, workspace: Workspace) -> str:
    """The largest hole in one sentence, or that there is none."""
    if not found.total.accounts:
        return "There are no accounts yet: import some, or name a file with --accounts."
    worth = f"{count(found.total.accounts, 'account')}, {money(found.total.arr_cents, workspace.currency)} a year"
    if not found.holes:
        return f"Every cause in every segment has a play made for it ({worth})."
    cell = found.holes[0]
    gets = f"they would get {cell.instead}, the default" if cell.instead else "they would get no play at all"
    return f"The largest hole: {cell.cause} in {cell.segment}, {_share(cell, workspace)}: {gets}. In all: {worth}."


def _share(cell: Cell, workspace: Workspace) -> str:
    return f"{money(cell.hole.arr_cents, workspace.currency)} a year, {count(cell.hole.accounts, 'account')}"


def _draw(found: Matrix, workspace: Workspace) -> None:
    heads = [f"{s}\n{share.accounts}, {money(share.arr_cents, workspace.currency)}" for s, share in found.segments]
    rows = [(cause, *(_shown(found.cell(cause, s)) for s, _ in found.segments)) for cause in found.causes]
    output.say("")
    output.table(("cause", *heads), rows)
    if found.holes:
        output.say("\nHoles: no play is made for", style="bold")
        holes = [
            (c.cause, c.segment, c.hole.accounts, money(c.hole.arr_cents, workspace.currency), c.instead or "nothing")
            for c in found.holes[:MOST_HOLES]
        ]
        output.table(("cause", "segment", "accounts", "ARR", "they would get"), holes, right=("accounts", "ARR"))
        if len(found.holes) > MOST_HOLES:
            output.say(f"and {len(found.holes) - MOST_HOLES} more, with --json", style="dim")
    close = [c for c in found.cells if c.close.accounts]
    if close:
        output.say("\nDecided by priority or name alone", style="bold")
        contested = [
            (c.cause, c.segment, c.close.accounts, money(c.close.arr_cents, workspace.currency), _against(c))
            for c in close
        ]
        output.table(("cause", "segment", "accounts", "ARR", "taken, against"), contested, right=("accounts", "ARR"))


def _against(cell: Cell) -> str:
    return f"{', '.join(name for name, _ in cell.plays)}, against {', '.join(cell.rivals)}"


def _shown(cell: Cell) -> str:
    """The plays of a cell; a hole is a dash with what would be taken instead."""
    parts = [name + ("*" if cell.close.accounts else "") for name, _ in cell.plays]
    if cell.hole.accounts:
        parts.append(f"– ({cell.instead or 'nothing'})" + (f" {cell.hole.accounts}" if parts else ""))
    return "\n".join(parts)


def _as_plain(found: Matrix, workspace: Workspace) -> dict[str, Any]:
    return {
        "headline": headline(found, workspace),
        "currency": workspace.currency,
        "total": found.total,
        "segments": [{"segment": s, "accounts": n.accounts, "arr_cents": n.arr_cents} for s, n in found.segments],
        "cells": found.cells,
        "holes": found.holes,
    }
