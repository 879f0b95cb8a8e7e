"""Who gets which stage report: whom the settings name, and who asks for one in people.yaml, whole or a slice of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final
from zlib import crc32

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.slicing import Words
from saveline.core.errors import UnknownWord
from saveline.core.facts import Fact, Person
from saveline.core.notices import Notice, channels_for
from saveline.core.people import Asking, Duty, resolve
from saveline.core.periods import Period, kind_of
from saveline.core.slices import WHOLE, Slice
from saveline.store import outbox, unsubscribed

KIND: Final = "stage_report"
_BEYOND: Final = date.max.toordinal() + 1
"""Numbers from here on are those of no day."""
_NUMBERS: Final = 2**31

log = logging.getLogger(__name__)


class Sending(Fact, frozen=True):
    """What is sent: a period's report or a slice of it, kept under ``key``.

    ``to`` are those to whom somebody sends it; without them it goes to everybody who gets it. One that nobody asked for
    now, but that comes by itself, is ``regular``.
    """

    period: Period
    wanted: Slice
    key: str
    to: Sequence[int] = ()
    regular: bool = False

    @property
    def ordinal(self) -> int:
        """The whole of a week has the day on which it ends for a number; of others it is made of their key, so that a
        month that ends with a week, and each slice, is told besides."""
        if self.wanted == WHOLE and kind_of(self.period) == "week":
            return self.day
        return _BEYOND + crc32(self.key.encode()) % (_NUMBERS - _BEYOND)

    @property
    def day(self) -> int:
        return self.period.end.toordinal()


def queue(desk: Desk, conn: Connection, sending: Sending, now: datetime) -> int:
    """One notice for everybody who gets it, by each of their channels for it; returns how many are new."""
    not_to = unsubscribed.people(conn, KIND)
    told = outbox.reported(conn, KIND, sending.day) if sending.ordinal != sending.day else ()
    notices = [
        Notice(KIND, now, person.id, channel, 0, sending.ordinal, {"report": sending.key, "why": why})
        for person, why in _readers(desk, conn, sending, now)
        if person.id not in not_to
        for channel in channels_for(KIND, person, desk.workspace)
        if (person.id, channel, sending.key) not in told  # before slices were, a day numbered every period
    ]
    return outbox.add(conn, 0, notices, now)


def slices_wanted(desk: Desk, period: Period) -> list[Slice]:
    """Every slice of such a period that somebody in people.yaml asks for, each once, in the order of the people."""
    with desk.reading() as conn:
        words, people = Words(desk, conn), desk.people(conn).by_id.values()
        found = [wanted for person in people for wanted in _wishes(words, person, kind_of(period))]
    return [wanted for wanted in dict.fromkeys(found) if wanted != WHOLE]


def unknown_wishes(desk: Desk, conn: Connection) -> Iterator[tuple[Person, str]]:
    """Who asks for a slice by a word that nobody knows, and what is wrong with it."""
    words = Words(desk, conn)
    for person in desk.people(conn).by_id.values():
        for wish in person.reports if person.active else ():
            try:
                words.slice(wish.of)
            except UnknownWord as error:
                yield person, str(error)


def _wishes(words: Words, person: Person, every: str) -> Iterator[Slice]:
    """A slice of which a word is not known is nothing that could be sent: `saveline doctor` tells of it."""
    for wish in person.reports if person.active else ():
        if wish.every != every:
            continue
        try:
            yield words.slice(wish.of)
        except UnknownWord as error:
            log.warning("a report for %s cannot be made: %s", person.email, error)


def _readers(desk: Desk, conn: Connection, sending: Sending, now: datetime) -> Iterator[tuple[Person, str]]:
    """Each once, with why: ``sent`` by somebody, named in the ``settings``, or by their own ``wish``."""
    people, seen = desk.people(conn), set[int]()
    for person_id, why in (
        *((i, "sent") for i in sending.to),
        *((i, "settings") for i in _named(desk, conn, sending, now)),
        *((i, "wish") for i in _wishing(desk, conn, sending)),
    ):
        if person_id not in seen:
            seen.add(person_id)
            yield people.by_id[person_id], why


def _named(desk: Desk, conn: Connection, sending: Sending, now: datetime) -> list[int]:
    """Whom the settings name: they get each week, and whatever whole report somebody sends."""
    if sending.to or sending.wanted != WHOLE or (sending.regular and kind_of(sending.period) != "week"):
        return []
    people = desk.people(conn)
    found = (resolve((link,), Asking(now), people, Duty()).person_id for link in desk.workspace.report_to)
    return [i for i in found if i is not None]


def _wishing(desk: Desk, conn: Connection, sending: Sending) -> list[int]:
    if sending.to:
        return []
    words, every = Words(desk, conn), kind_of(sending.period)
    people = desk.people(conn).by_id.values()
    return [p.id for p in people if sending.wanted in _wishes(words, p, every)]
