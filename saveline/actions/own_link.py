"""Mailing people a link of their own: when they came by one that is nobody's in particular, or too old."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef
from saveline.core.facts import Person
from saveline.core.notices import Notice, fallback, hour_number
from saveline.core.workspace import Workspace
from saveline.store import inbound, outbox

SOURCE: Final = "own_link"
MOST_AN_HOUR: Final = 50
"""So many addresses are tried an hour from one link; after that it says the same and does nothing."""


def mail_own_link(desk: Desk, ref: TaskRef, link: str, address: str) -> None:
    """Queue a mail with their own link to whoever has the address, at most one an hour and task.

    Nothing is returned, and the same is written for an address that nobody has: who asks must not learn whose it is.
    ``link`` is the number of the link they came by.
    """
    with desk.writing() as conn:
        now = desk.now(conn)
        hour = hour_number(now)
        if inbound.count(conn, SOURCE, f"{link}:{hour}:") >= MOST_AN_HOUR:
            return
        asked = sha256(address.casefold().encode()).hexdigest()[:16]
        new = inbound.remember(conn, SOURCE, f"{link}:{hour}:{ref.no}:{asked}", now) is None
        people = desk.people(conn)
        person = people.by_email.get(address.casefold())
        if new and person is not None and person.active:
            _queue(desk, conn, ref, person, now)


def renew_link(desk: Desk, ref: TaskRef, person_id: int) -> None:
    """The same for somebody whose link was their own and is too old."""
    with desk.writing() as conn:
        person = desk.people(conn).by_id.get(person_id)
        if person is not None and person.active:
            _queue(desk, conn, ref, person, desk.now(conn))


def _queue(desk: Desk, conn: Connection, ref: TaskRef, person: Person, now: datetime) -> None:
    ordinal = hour_number(now) * 1000 + min(ref.no, 999)
    about = {"news": "your_link", "task": ref.no}
    channel = _by_mail(person, desk.workspace)
    outbox.add(conn, ref.deal_id, [Notice("news", now, person.id, channel, 0, ordinal, about)], now)


def _by_mail(person: Person, workspace: Workspace) -> str:
    """A mail proves that the address is theirs; what they wrote on the page does not."""
    by_mail = (c for c in fallback(person, workspace) if workspace.channels[c].reach == "email")
    return next(by_mail, "email")
