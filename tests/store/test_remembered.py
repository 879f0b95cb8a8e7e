"""When people worked, and how a workspace counted working time: kept whenever it changes, and read as of a moment.

Planted bugs that turned these tests red: absences left out of what is read, or of the migration; the newest version
taken for every moment, of people and of the workspace.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa
from msgspec.structs import replace

from saveline.core.facts import Absence, Person
from saveline.core.moments import Duration
from saveline.core.worktime import parse_hours
from saveline.files import shipped
from saveline.store import directory, remembered, schema
from tests.world import World

LATER = datetime(2026, 12, 1, 9, tzinfo=UTC)


def dora(world: World, at: datetime) -> Person:
    with world.desk.reading() as conn:
        found = remembered.people_as_of(conn, directory.persons(conn), at)
    return next(p for p in found if p.email == "dora@x.example")


def versions(world: World) -> int:
    with world.desk.reading() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(remembered.PERSON_VERSION)).scalar_one())


def test_people_as_they_worked(on_both: World) -> None:
    first, before = on_both.now, dora(on_both, on_both.now)
    kept = versions(on_both)
    on_both.at(LATER)
    away = "manager: chris@x.example, zone: America/New_York, capacity: 4, away: [{from: 2026-12-07, to: 2026-12-11}]"
    on_both.setting("people.yaml", "department: finance, manager: chris@x.example", f"department: finance, {away}")
    now = dora(on_both, LATER)
    assert (now.zone, now.capacity, now.absences) == (
        "America/New_York", 4, (Absence(date(2026, 12, 7), date(2026, 12, 12)),)
    )  # fmt: skip
    assert (dora(on_both, first), versions(on_both)) == (before, kept + 1)
    nobody_yet = replace(before, active=False)
    assert dora(on_both, datetime(2020, 1, 1, tzinfo=UTC)) == nobody_yet, "of before anything was kept, the first"


def test_what_was_kept_before_hours_were_counts_as_they_are(on_both: World) -> None:
    away = "manager: chris@x.example, hours: mon-thu 8-12, active: false, away: [{from: 2026-12-07, to: 2026-12-11}]"
    on_both.setting("people.yaml", "department: finance, manager: chris@x.example", f"department: finance, {away}")
    now, kept = dora(on_both, LATER), versions(on_both)
    assert (now.active, now.hours, len(now.absences)) == (False, "mon-thu 8-12", 1)
    schema.downgrade(on_both.runtime.engine, shipped.folder("migrations"), "0007")
    schema.upgrade(on_both.runtime.engine, shipped.folder("migrations"))
    on_both.runtime.close()
    assert dora(on_both, on_both.now) == now
    with on_both.desk.writing() as conn:
        remembered.keep_people(conn, LATER)
    assert versions(on_both) == kept, "and nothing has changed by that"


def test_a_workspace_as_it_counted(on_both: World) -> None:
    first = on_both.now
    on_both.at(LATER)
    on_both.setting("saveline.yaml", "hours: mon-fri 9-13, 14-18", "hours: mon-thu 8-18\nfirst_response: 4 hours")
    workspace = on_both.desk.workspace
    with on_both.desk.reading() as conn:
        then, now = (remembered.names_as_of(conn, at) for at in (first, LATER))
    assert then is not None
    assert now is not None
    assert (workspace.called(now).hours, workspace.called(now).first_response) == (
        parse_hours("mon-thu 8-18"),
        Duration(minutes=240),
    )
    assert (workspace.called(then).hours, workspace.called(then).first_response) == (
        parse_hours("mon-fri 9-13, 14-18"),
        None,
    )
    assert (workspace.called(then).country, workspace.called(then).holidays) == ("PT", workspace.holidays)
