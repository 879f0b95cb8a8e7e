"""What every command that touches a workspace shares: opening it, and reading who, which and when from words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import pendulum
import sqlalchemy as sa
import typer
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef
from saveline.core.errors import Missing, UnknownAccount, UnknownPerson
from saveline.core.facts import Doer, Person
from saveline.core.people import People
from saveline.files import shipped
from saveline.runtime import Runtime
from saveline.store import schema
from saveline.store.load import ACCOUNT

As = Annotated[
    str | None, typer.Option("--as", metavar="PERSON", help="Who does it (e-mail or name); or set SAVELINE_AS.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def open_desk() -> Desk:
    """The workspace's desk. Raises Invalid when there is none, and Missing when its database is not up to date."""
    runtime = Runtime()
    desk_files = runtime.folder / "saveline.yaml"
    if desk_files.is_file():
        current, newest = schema.behind(runtime.engine, shipped.folder("migrations"))
        if current is None:
            schema.upgrade(runtime.engine, shipped.folder("migrations"))
        elif current != newest:
            raise Missing(
                f"The database is at version {current}, this Saveline needs {newest}: run `saveline migrate`."
            )
    return runtime.desk()


def doer(desk: Desk, who: str | None) -> Doer:
    """The person acting. Raises UnknownPerson, and Missing when nobody is named."""
    named = who or os.environ.get("SAVELINE_AS")
    if not named:
        raise Missing("Say who you are: --as ana@example.com, or set SAVELINE_AS.")
    return Doer(find_person(desk, named).id, "cli")


def find_person(desk: Desk, words: str) -> Person:
    """By e-mail address or a whole name, or else by a part of either that one person has. Raises UnknownPerson."""
    with desk.reading() as conn:
        people = desk.people(conn)
    wanted = words.casefold()
    known = {p.id: f"{p.name} {p.email}".casefold() for p in people.by_id.values()}
    whole = [i for i, text in known.items() if wanted in {*text.split(), text.partition("@")[0].rpartition(" ")[2]}]
    partly = [i for i, text in known.items() if wanted in text]
    for found in (whole, partly):
        if len(found) == 1:
            return people.by_id[found[0]]
    raise UnknownPerson(words, _spoken(people, [people.by_id[i] for i in whole or partly]))


def _spoken(people: People, found: Iterable[Person]) -> list[str]:
    among = list(found) or list(people.by_id.values())
    return [*(p.email for p in among), *(p.name.split()[0] for p in among)]


def task_ref(words: str) -> TaskRef:
    """``12.3``: task 3 of deal 12. Raises a usage error otherwise."""
    deal, _, no = words.partition(".")
    if not (deal.isdigit() and no.isdigit()):
        raise typer.BadParameter(
            f"{words!r} is no task: expected DEAL.TASK like 12.3, as `saveline task list` shows it"
        )
    return TaskRef(int(deal), int(no))


def account_id(conn: Connection, words: str) -> int:
    """By key, or by a name that only one account has. Raises UnknownAccount with the nearest."""
    rows = conn.execute(sa.select(ACCOUNT.c.id, ACCOUNT.c.key, ACCOUNT.c.name)).all()
    found = [r.id for r in rows if words == r.key] or [r.id for r in rows if words.casefold() == r.name.casefold()]
    if len(found) != 1:
        raise UnknownAccount(words, [n for r in rows for n in (r.key, r.name)])
    return int(found[0])


def moment(desk: Desk, words: str) -> datetime:
    """``2026-12-01`` (its midnight) or ``2026-12-01 09:00`` in the workspace's zone. Raises a usage error otherwise."""
    try:
        parsed: Any = pendulum.parse(words, tz=desk.workspace.zone)
    except ValueError:
        raise typer.BadParameter(f"{words!r}: expected a date or time like 2026-12-01 or '2026-12-01 09:00'") from None
    if not isinstance(parsed, pendulum.DateTime):
        raise typer.BadParameter(f"{words!r}: expected a date or time like 2026-12-01 or '2026-12-01 09:00'")
    return datetime.fromtimestamp(parsed.timestamp(), UTC)


def answers(pairs: Iterable[str]) -> dict[str, str]:
    """``name=value`` pairs. Raises a usage error for a word without =."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r}: expected NAME=VALUE, like root_cause=price")
        found[name.strip()] = value
    return found
