"""The monthly question to our own people: when it is open, whom it goes to, and with whom an answer is told.

An answer is kept without whoever gave it, so it is final: there is nothing by which it could be found again. What is
kept beside it must not tell either: all answers of a month have the same two moments, when the question was opened and
when it was closed, and are told from the second on, all at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from saveline.core.facts import Fact, Person
from saveline.core.periods import end_of
from saveline.core.pulse import FEWEST, TOGETHER
from saveline.core.tongue import sentence

KIND: Final = "pulse"
"""The kind of its notice, whose ``ordinal`` is the month, like 202611."""
ENOUGH: Final = "no_pulse"
"""The verb of the button by which somebody says that they do not want to be asked again."""
SCALE: Final = (1, 2, 3, 4, 5)
OPEN_DAYS: Final = 7
LAST_DAY: Final = 21
"""The last day of a month on which it may be asked: so a question closes in the month that it is about."""
ASKED: Final = sentence("How is work for you at the moment?")
LOW: Final = sentence("very bad")
HIGH: Final = sentence("very good")


class Question(Fact, frozen=True):
    """What is asked, from which ``day`` of each month on, in the workspace's own words where it has some."""

    day: int = 1
    words: str = ASKED
    low: str = LOW
    high: str = HIGH


class Round(Fact, frozen=True):
    """One month's asking: answers are taken in ``[opens, closes)``. ``month`` is like 202611."""

    month: int
    opens: datetime
    closes: datetime

    def open_at(self, now: datetime) -> bool:
        return self.opens <= now < self.closes


def month_of(now: datetime, zone: str) -> int:
    """The month in which ``now`` lies in ``zone``, like 202611."""
    return int(f"{now.astimezone(ZoneInfo(zone)):%Y%m}")


def round_of(question: Question, month: int, zone: str) -> Round:
    """A month's asking: from midnight in the workspace's ``zone`` on, for a week."""
    first = date(month // 100, month % 100, question.day)
    opens, last = end_of(first - timedelta(days=1), zone), first + timedelta(days=OPEN_DAYS - 1)
    return Round(month, opens, end_of(last, zone))


def wants(person: Person, ended: Collection[int]) -> bool:
    """Whether somebody may be asked: they are here, and have not said that they do not want to be. ``ended`` are those
    who said so by a press."""
    return person.active and person.id not in ended and person.prefers.get(KIND) != "off"


def told_with(people: Iterable[Person]) -> dict[int, str]:
    """Person id → the department with which their answer is kept, of all who may be asked.

    A department of which fewer than FEWEST may be asked could never be told of, and to keep such an answer under its
    name would be to keep whose it is: these people answer together, as one group. Where they are too few together as
    well, nobody of them is asked.
    """
    asked = list(people)
    sizes = Counter(p.department for p in asked if p.department is not None)
    groups = {p.id: p.department for p in asked if p.department is not None and sizes[p.department] >= FEWEST}
    rest = [p.id for p in asked if p.id not in groups]
    return groups | dict.fromkeys(rest, TOGETHER) if len(rest) >= FEWEST else groups


def unwanted(question: Question | None, month: int, zone: str, reader: Person | None, now: datetime) -> str | None:
    """Why a question that was queued must not be sent any more, in words, or None."""
    if question is None:
        return "nobody is asked any more"
    if not round_of(question, month, zone).open_at(now):
        return "the question is closed"
    refused = reader is None or reader.prefers.get(KIND) == "off"
    return "they asked not to get it" if refused else None
