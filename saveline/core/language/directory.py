"""``people.yaml`` → who there is, or every problem in it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import available_timezones

from pydantic import Field

from saveline.core.errors import Invalid, nearest
from saveline.core.facts import Fact
from saveline.core.language.problems import Findings, Place, Source
from saveline.core.language.shapes import Email, Shape, Text, Word
from saveline.core.worktime import known_country, parse_hours


class AwayEntry(Fact, frozen=True):
    """Days away, ``[first, back)``; ``substitute`` is an e-mail address."""

    first: date
    back: date
    substitute: str | None = None


class PersonEntry(Fact, frozen=True):
    """A person as the file describes them; other people are named by e-mail address."""

    email: str
    name: str
    slack_id: str | None = None
    department: str | None = None
    manager: str | None = None
    zone: str | None = None
    country: str | None = None
    hours: str | None = None
    capacity: int | None = None
    active: bool = True
    away: tuple[AwayEntry, ...] = ()


class AwayShape(Shape):
    from_: date = Field(alias="from")
    to: date
    substitute: Email | None = None


class PersonShape(Shape):
    email: Email
    name: Text
    slack: Text | None = None
    department: Word | None = None
    manager: Email | None = None
    zone: Text | None = None
    country: Text | None = None
    hours: Text | None = None
    capacity: int | None = Field(default=None, ge=0)
    active: bool = True
    away: list[AwayShape] = []


class PeopleShape(Shape):
    people: list[PersonShape]


def parse_people(source: Source, departments: Any = ()) -> tuple[PersonEntry, ...]:
    """Everybody in the file. Raises Invalid. ``departments`` are checked when they are known."""
    found = Findings(source)
    shape = found.shaped(PeopleShape, source.data)
    entries = []
    if shape is not None:
        emails = [p.email.casefold() for p in shape.people]
        for i, person in enumerate(shape.people):
            place: Place = ("people", i)
            _check(found, place, person, emails, departments)
            entries.append(_entry(person))
        for i, email in enumerate(emails):
            if email in emails[:i]:
                found.add(("people", i, "email"), f"{email} is there twice", "each person once")
    if found.fatal:
        raise Invalid(found.problems)
    return tuple(entries)


def _check(found: Findings, place: Place, person: PersonShape, emails: list[str], departments: Any) -> None:
    if person.department is not None and departments:
        found.known((*place, "department"), "department", person.department, departments)
    if person.manager is not None:
        found.known((*place, "manager"), "person", person.manager.casefold(), emails)
    if person.zone is not None and person.zone not in available_timezones():
        near = nearest(person.zone, available_timezones())
        found.add((*place, "zone"), f"unknown time zone {person.zone!r}", "a zone like Europe/Lisbon", near)
    if person.country is not None and not known_country(person.country):
        found.add((*place, "country"), f"unknown country {person.country!r}", "a code like PT or DE-BY")
    if person.hours is not None:
        try:
            parse_hours(person.hours)
        except ValueError as error:
            found.add((*place, "hours"), f"hours are {person.hours!r}", str(error))
    for i, away in enumerate(person.away):
        if away.to < away.from_:
            found.add(
                (*place, "away", i), "an absence that ends before it begins", "from before to, both days included"
            )
        if away.substitute is not None:
            found.known((*place, "away", i, "substitute"), "person", away.substitute.casefold(), emails)


def _entry(p: PersonShape) -> PersonEntry:
    away = tuple(AwayEntry(a.from_, a.to + timedelta(days=1), a.substitute) for a in p.away)
    return PersonEntry(
        p.email, p.name, p.slack, p.department, p.manager, p.zone, p.country, p.hours, p.capacity, p.active, away
    )
