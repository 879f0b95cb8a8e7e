"""Acting on a task for somebody of the directory, as a program asks: by the same rule as every other door."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from saveline.actions.calls import Answer, Call
from saveline.actions.desk import Desk
from saveline.actions.presses import Press, press_within
from saveline.actions.tasks import TaskRef
from saveline.core.cells import PLAIN, instant
from saveline.core.errors import Missing, UnknownPerson
from saveline.core.facts import Doer, Fact
from saveline.core.people import People
from saveline.core.wishes import WISHES, Wish


class _Reader:
    """The words of a wish, by the directory and the workspace's zone."""

    def __init__(self, people: People, zone: ZoneInfo) -> None:
        self._people, self._zone = people, zone

    def person(self, address: str) -> int:
        found = self._people.by_email.get(address.casefold())
        if found is None:
            raise UnknownPerson(address[:254], list(self._people.by_email))
        return found.id

    def moment(self, text: str) -> datetime:
        try:
            return instant(text, PLAIN, self._zone)
        except ValueError as error:
            raise Missing(f"until is {text!r}: expected {error}.") from None


class Wanted(Fact, frozen=True):
    """What a call wants of a task: ``wish`` is what its body said, of the shape that belongs to ``word``."""

    ref: TaskRef
    word: str
    wish: Wish


def act(desk: Desk, conn: Connection, call: Call, wanted: Wanted, now: datetime) -> Answer:
    """Do what the caller wants of the task for the person it names. Raises a Refusal that words itself."""
    ref, wish = wanted.ref, wanted.wish
    read = _Reader(desk.people(conn), ZoneInfo(desk.workspace.zone))
    intent = WISHES[wanted.word].make(wish, read)
    press = Press(f"api {call.caller.name}", call.key, ref, Doer(read.person(wish.by), "api"), intent)
    done = press_within(desk, conn, press, now)
    assert done.decision is not None
    task = done.decision.deal.task(ref.no)
    body: dict[str, Any] = {"words": done.words, "task": str(ref), "state": task.state if task else None}
    return Answer(200, {**body, "deal": done.decision.deal.state, "events": [e.kind for e in done.decision.events]})
