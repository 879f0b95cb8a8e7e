"""``saveline board``, ``advance``, ``deliver`` and ``migrate``: the pipeline as a whole."""

from __future__ import annotations

import os
import socket

import typer
from rich.text import Text

from saveline.actions.advance import advance
from saveline.actions.delivery import deliver
from saveline.actions.desk import Desk
from saveline.cli import door, output
from saveline.cli.door import Json
from saveline.core.phrases import count, money
from saveline.files import shipped
from saveline.runtime import Runtime
from saveline.store import boards, schema


def register(app: typer.Typer) -> None:
    for command in (board, advance_, deliver_, migrate):
        app.command(command.__name__.rstrip("_"))(command)


def board(json: Json = False) -> None:
    """The pipeline: every open deal by stage, the most valuable first."""
    desk = door.open_desk()
    if json:
        with desk.reading() as conn:
            output.emit_json(boards.cards(conn, desk.now(conn)))
        return
    show_board(desk)


def show_board(desk: Desk) -> None:
    """The board as tables, one a stage."""
    with desk.reading() as conn:
        cards, people = boards.cards(conn, desk.now(conn)), desk.people(conn)
    ws, local = desk.workspace, people.calendar(None).local
    for stage in ws.stages:
        here = [c for c in cards if c.stage == stage.key]
        if not here:
            continue
        worth = money(sum(c.arr_cents for c in here), ws.currency)
        output.say(f"\n{stage.title}  {count(len(here), 'deal')}, {worth}", style="bold")
        output.table(
            ("Deal", "Account", "ARR", "Owner", "Tasks", "Next due", "Renewal"),
            [
                (
                    c.deal_id,
                    c.account + (", paused" if c.state == "paused" else ""),
                    money(c.arr_cents, ws.currency),
                    people.name(c.owner_id) if c.owner_id else "",
                    _work(c.open_tasks, c.late_tasks),
                    f"{local(c.next_due_at):%-d %b}" if c.next_due_at else "",
                    f"{c.renewal:%-d %b %Y}" if c.renewal else "",
                )
                for c in here
            ],
            right=("Deal", "ARR"),
        )
    late = sum(c.late_tasks for c in cards)
    total = money(sum(c.arr_cents for c in cards), ws.currency)
    output.say(f"\n{total} at risk in {count(len(cards), 'deal')}; {count(late, 'task')} late.")


def _work(open_: int, late: int) -> Text:
    return Text(f"{open_} open, ").append(f"{late} late", style="red") if late else Text(f"{open_} open")


def advance_(json: Json = False) -> None:
    """Fire everything that is due now: assign, remind, escalate, ask for decisions."""
    done = advance(door.open_desk())
    if json:
        output.emit_json(done)
        return
    happened = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in sorted(done.events.items()))
    output.say(f"{count(done.deals, 'deal')} due: {happened or 'nothing'}; {count(done.notices, 'notice')} queued.")
    for deal_id, error in done.set_aside.items():
        output.complain(f"Deal {deal_id} was set aside: {error}")


def deliver_(json: Json = False) -> None:
    """Send every notice that is waiting and may go now."""
    done = deliver(door.open_desk(), f"cli-{socket.gethostname()}-{os.getpid()}")
    if json:
        output.emit_json(done)
        return
    output.say(", ".join(f"{n} {kind}" for kind, n in sorted(done.counts.items())) or "Nothing was waiting.")


def migrate() -> None:
    """Bring the database to this version's schema. Safe to run again."""
    runtime = Runtime()
    before, newest = schema.behind(runtime.engine, shipped.folder("migrations"))
    schema.upgrade(runtime.engine, shipped.folder("migrations"))
    output.say(f"The database is at version {newest}." + ("" if before == newest else f" It was at {before}."))
