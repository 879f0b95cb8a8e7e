"""The daily digest: one message in the morning of a working day, to everybody who has something open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from saveline.actions.desk import Desk
from saveline.core.facts import Person
from saveline.core.notices import Notice, channels_for
from saveline.core.people import People
from saveline.store import outbox, views

CATCH_UP: Final = timedelta(hours=3)
"""How late a digest may still be queued, after an outage: at noon it helps nobody to plan the morning."""


def queue_digests(desk: Desk) -> int:
    """Queue a digest for everybody whose hour it is; returns how many are new. Running it again changes nothing: a
    person has one digest a day and channel."""
    with desk.writing() as conn:
        now = desk.now(conn)
        people = desk.people(conn)
        hour = desk.workspace.digest_hour
        readers = [people.by_id[i] for i in sorted(views.busy(conn)) if i in people.by_id]
        notices = [
            Notice("digest", now, person.id, channel, ordinal=int(f"{people.calendar(person.id).local(now):%Y%m%d}"))
            for person in readers
            if _is_time(person, people, now, hour)
            for channel in channels_for("digest", person, desk.workspace)
        ]
        return outbox.add(conn, 0, notices, now)


def _is_time(person: Person, people: People, now: datetime, hour: int) -> bool:
    calendar = people.calendar(person.id)
    local = calendar.local(now)
    opening = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return person.active and opening <= local < opening + CATCH_UP and bool(calendar.spans(local.date()))
