"""Who is reached by which channels, and saying that somebody is reached again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core.facts import Fact
from saveline.core.notices import address_of
from saveline.core.people import People
from saveline.store import unreachable
from saveline.store.unreachable import Mark


class Lost(Fact, frozen=True):
    """By what somebody is not reached, since when, and what the mail server said."""

    channel: str
    address: str
    since: datetime
    reason: str


class Reached(Fact, frozen=True):
    """A person who is active, the channels that reach them, in the order of the settings, and those that do not."""

    name: str
    email: str
    department: str
    channels: tuple[str, ...]
    lost: tuple[Lost, ...] = ()


def everybody(desk: Desk) -> list[Reached]:
    """In order of name."""
    with desk.reading() as conn:
        people = desk.people(conn)
        marks = lost(desk, conn, people)
    found = []
    for person in sorted((p for p in people.by_id.values() if p.active), key=lambda p: p.name):
        ways = {n: address_of(n, person, desk.workspace) for n in desk.workspace.channels}
        gone = {channel: mark for (who, channel), mark in marks.items() if who == person.id}
        found.append(
            Reached(
                person.name,
                person.email,
                person.department or "",
                tuple(n for n, address in ways.items() if address and n not in gone),
                tuple(Lost(m.channel, m.address, m.at, m.reason) for m in gone.values()),
            )
        )
    return found


def lost(desk: Desk, conn: Connection, people: People) -> Mapping[tuple[int, str], Mark]:
    """Who is not reached by which channel any more. A mark at an address that was changed since counts no more."""
    return {
        (m.person_id, m.channel): m
        for m in unreachable.everybody(conn)
        if address_of(m.channel, people.by_id.get(m.person_id), desk.workspace) == m.address
    }


def reached_again(desk: Desk, person_id: int) -> int:
    """Take the marks of a person away. Returns how many there were."""
    with desk.writing() as conn:
        return unreachable.reached(conn, person_id)
