"""Where and when a generated life takes place: people in ten zones and more, at the edges of the calendar.

A place is drawn from the text of the play, so that a test that starts the same play twice finds the same people.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zlib import crc32

from saveline.core.facts import Fact
from tests.core.calendars import ZONES

HOURS: Final = (
    "mon-fri 9-13, 14-18",
    "mon-fri 9-17",
    "mon-thu 8-16:30; sat 10-12",
    "mon-sun 0-24",
    "sun 1-3; mon-fri 7-15",
)
COUNTRIES: Final = ("PT", "DE-BY", "US", "IN", None)
STARTS: Final = (
    datetime(2026, 11, 20, 10, tzinfo=UTC),
    datetime(2026, 10, 22, 16, tzinfo=UTC),  # clocks go back on 25 October in Europe, on 1 November in America
    datetime(2027, 3, 11, 9, tzinfo=UTC),  # and forward on 14 March in America, on 28 March in Europe
    datetime(2027, 9, 24, 6, tzinfo=UTC),  # the south: Chatham on 26 September, Lord Howe on 3 October
    datetime(2027, 4, 1, 22, tzinfo=UTC),  # and back on 4 April
    datetime(2028, 2, 24, 12, tzinfo=UTC),  # 29 February
    datetime(2027, 12, 28, 15, tzinfo=UTC),  # the year's end
)


class Place(Fact, frozen=True):
    """When a life starts, until when the account has paid, and what is special about each of the cast."""

    start: datetime
    renewal: date
    people: dict[str, dict[str, Any]]


def place_of(play: dict[str, Any]) -> Place:
    luck = random.Random(crc32(json.dumps(play).encode()))
    start = luck.choice(STARTS)
    names = ("ana", "bob", "chris", "dora", "eli")
    people = {name: _person(luck, start.date(), [n for n in names if n != name]) for name in names}
    return Place(start, start.date() + timedelta(days=luck.randrange(40, 200)), people)


def _person(luck: random.Random, start: date, others: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {"zone": luck.choice(ZONES), "hours": luck.choice(HOURS)}
    country = luck.choice(COUNTRIES)
    if country:
        facts["country"] = country
    if luck.random() < 0.4:
        first = start + timedelta(days=luck.randrange(-3, 20))
        away = {"from": first.isoformat(), "to": (first + timedelta(days=luck.randrange(1, 12))).isoformat()}
        if luck.random() < 0.5:
            away["substitute"] = f"{luck.choice(others)}@x.example"
        facts["away"] = [away]
    return facts
