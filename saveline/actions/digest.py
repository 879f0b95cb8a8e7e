"""The daily digest: one message a working day, at their own hour, to everybody who has something open and wants it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from saveline.actions.desk import Desk
from saveline.core.facts import Person
from saveline.core.notices import Notice, channels_for
from saveline.core.people import People
from saveline.store import outbox, unsubscribed, views

KIND: Final = "digest"
CATCH_UP: Final = timedelta(hours=3)
"""How late a digest may still be queued, after an outage: at noon it helps nobody to plan the morning."""


def queue_digests(desk: Desk) -> int:
    """Queue a digest for everybody whose hour it is; returns how many are new. Running it again changes nothing: a
    person has one digest a day and channel."""
    with desk.writing() as conn:
        now = desk.now(conn)
        people = desk.people(conn)
        not_to = unsubscribed.people(conn, KIND)
        readers = [people.by_id[i] for i in sorted(views.busy(conn) - not_to) if i in people.by_id]
        notices = [
            Notice(KIND, now, person.id, channel, ordinal=int(f"{people.calendar(person.id).local(now):%Y%m%d}"))
            for person in readers
            if is_time(person, people, now, desk.workspace.digest_hour_of(person))
            for channel in channels_for(KIND, person, desk.workspace)
        ]
        return outbox.add(conn, 0, notices, now)


def is_time(person: Person, people: People, now: datetime, hour: int) -> bool:
    """Whether it is ``hour`` with them, or at most CATCH_UP later, on a day on which they work."""
    calendar = people.calendar(person.id)
    local = calendar.local(now)
    opening = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return person.active and opening <= local < opening + CATCH_UP and bool(calendar.spans(local.date()))
