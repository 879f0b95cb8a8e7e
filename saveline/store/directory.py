"""People, departments and absences: reading the directory, and bringing it in line with people.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Absence, Department, Person, ReportWish
from saveline.core.language.directory import PersonEntry
from saveline.core.people import Duty
from saveline.store.bulk import Ask
from saveline.store.rows import TASK, decode_json, encode_json, table

PERSON: Final = table(models.Person)
DEPARTMENT: Final = table(models.Department)
ABSENCE: Final = table(models.Absence)
REVISION: Final = table(models.Revision)
ROTATION: Final = table(models.Rotation)

_REVISION = Ask(sa.select(REVISION.c.value).where(REVISION.c.name == sa.bindparam("name")))
_PERSON_FIELDS: Final = tuple(f for f in Person.__struct_fields__ if f not in {"absences", "prefers", "reports"})
_wishes = msgspec.json.Decoder(tuple[ReportWish, ...])


def revision(conn: Connection, name: str) -> int:
    """How often what ``name`` stands for has changed; 0 when never."""
    found = _REVISION.rows(conn, name=name)
    return int(found[0][0]) if found else 0


def set_revision(conn: Connection, name: str, value: int) -> None:
    changed = conn.execute(sa.update(REVISION).where(REVISION.c.name == name).values(value=value)).rowcount
    if not changed:
        conn.execute(sa.insert(REVISION), {"name": name, "value": value})


def persons(conn: Connection) -> list[Person]:
    """Everybody with their absences, in order of id."""
    absences: dict[int, list[Absence]] = {}
    for row in conn.execute(sa.select(ABSENCE).order_by(ABSENCE.c.first)):
        absences.setdefault(row.person_id, []).append(Absence(row.first, row.back, row.substitute_id))
    columns = (*_PERSON_FIELDS, "prefers", "reports")
    rows = conn.execute(sa.select(*(PERSON.c[f] for f in columns)).order_by(PERSON.c.id))
    return [
        Person(*(*row[:-2], decode_json(row.prefers), tuple(absences.get(row.id, ())), _wishes.decode(row.reports)))
        for row in rows
    ]


def ids_by_email(conn: Connection) -> dict[str, int]:
    """Lower-case e-mail address → id."""
    return {email.casefold(): i for i, email in conn.execute(sa.select(PERSON.c.id, PERSON.c.email))}


def sync(conn: Connection, entries: Sequence[PersonEntry]) -> int:
    """Make the directory say what ``entries`` say; whoever is not among them is no longer active. Returns how many
    people were added or changed."""
    ids = ids_by_email(conn)
    new = [e for e in entries if e.email.casefold() not in ids]
    if new:
        conn.execute(sa.insert(PERSON), [{"email": e.email, "name": e.name, "active": True} for e in new])
        ids = ids_by_email(conn)
    before = {p.id: p for p in persons(conn)}
    wanted = {ids[e.email.casefold()]: _person(e, ids) for e in entries}
    leavers = {i: p for i, p in before.items() if i not in wanted and p.active}
    changed = {i: p for i, p in wanted.items() if p != before[i]}
    for person in changed.values():
        _write(conn, person)
    if leavers:
        conn.execute(sa.update(PERSON).where(PERSON.c.id.in_(list(leavers))).values(active=False))
    if changed or leavers:
        set_revision(conn, "people", revision(conn, "people") + 1)
    return len(changed) + len(leavers)


def _person(entry: PersonEntry, ids: Mapping[str, int]) -> Person:
    def id_of(email: str | None) -> int | None:
        return ids[email.casefold()] if email else None

    return Person(
        id=ids[entry.email.casefold()],
        email=entry.email,
        name=entry.name,
        slack_id=entry.slack_id,
        department=entry.department,
        manager_id=id_of(entry.manager),
        zone=entry.zone,
        country=entry.country,
        hours=entry.hours,
        capacity=entry.capacity,
        active=entry.active,
        language=entry.language,
        quiet=entry.quiet,
        digest_hour=entry.digest_hour,
        prefers=dict(entry.prefers),
        absences=tuple(
            Absence(a.first, a.back, id_of(a.substitute)) for a in sorted(entry.away, key=lambda a: a.first)
        ),
        reports=entry.reports,
    )


def _write(conn: Connection, person: Person) -> None:
    values: dict[str, Any] = {f: getattr(person, f) for f in _PERSON_FIELDS if f != "id"}
    values |= {"prefers": encode_json(person.prefers), "reports": msgspec.json.encode(person.reports).decode()}
    conn.execute(sa.update(PERSON).where(PERSON.c.id == person.id).values(**values))
    conn.execute(sa.delete(ABSENCE).where(ABSENCE.c.person_id == person.id))
    rows = [
        {"person_id": person.id, "first": a.first, "back": a.back, "substitute_id": a.substitute_id}
        for a in person.absences
    ]
    if rows:
        conn.execute(sa.insert(ABSENCE), rows)


def has_departments(conn: Connection, departments: Iterable[Department]) -> bool:
    """Whether the stored departments are those of saveline.yaml."""
    stored = {
        Department(*row) for row in conn.execute(sa.select(*(DEPARTMENT.c[f] for f in Department.__struct_fields__)))
    }
    return stored == set(departments)


def sync_departments(conn: Connection, departments: Iterable[Department]) -> None:
    """Write the departments of saveline.yaml where pages and reports find them."""
    conn.execute(sa.delete(DEPARTMENT))
    rows = [{f: getattr(d, f) for f in Department.__struct_fields__} for d in departments]
    if rows:
        conn.execute(sa.insert(DEPARTMENT), rows)


def duty(conn: Connection, person_ids: Sequence[int]) -> Duty:
    """Open tasks of the people asked for, and where every rotation stands."""
    counted = (
        sa.select(TASK.c.assignee_id, sa.func.count())
        .where(TASK.c.state == sa.literal_column("'open'"), TASK.c.assignee_id.in_(person_ids))
        .group_by(TASK.c.assignee_id)
    )
    loads = {row[0]: row[1] for row in conn.execute(counted)}
    turns = {row.department: row.person_id for row in conn.execute(sa.select(ROTATION))}
    return Duty(loads, turns)
