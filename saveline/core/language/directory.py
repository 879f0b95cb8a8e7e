"""``people.yaml`` → who there is, or every problem in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import Field

from saveline.core.errors import Invalid, nearest, one_of
from saveline.core.facts import Absence, Fact, Person, ReportWish
from saveline.core.language.attention import check_quiet, check_wishes
from saveline.core.language.problems import Findings, Place, Source, hint
from saveline.core.language.shapes import Shape
from saveline.core.language.words import Day, Email, Text, Word
from saveline.core.slices import UNKNOWN
from saveline.core.tongue import NAMES, SHIPPED
from saveline.core.worktime import WeekHours, country_code, known_country, parse_hours


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
    language: str | None = None
    quiet: str | None = None
    digest_hour: int | None = None
    prefers: tuple[tuple[str, str], ...] = ()
    away: tuple[AwayEntry, ...] = ()
    reports: tuple[ReportWish, ...] = ()


class AwayShape(Shape):
    from_: Day = Field(alias="from", description="The first day away.")
    to: Day = Field(description="The last day away.")
    substitute: Email | None = None


class DigestShape(Shape):
    hour: int = Field(default=8, ge=0, le=23, description="The hour at which the digest comes, in their own zone.")


class ReportShape(Shape):
    """A stage report, or with more words a slice of one."""

    every: Literal["week", "month"] = Field(description="When it comes: on Mondays, or on the first of the month.")
    segment: Text | None = None
    vertical: Text | None = None
    region: Text | None = None
    cause: Text | None = None
    play: Text | None = None
    owner: Text | None = Field(default=None, description="Whose deals: an e-mail address of somebody in this file.")
    department: Text | None = None


class PersonShape(Shape):
    email: Email = Field(description="Their address; by it they are named elsewhere.")
    name: Text = Field(description="Their full name.")
    slack: Text | None = None
    department: Word | None = None
    manager: Email | None = None
    zone: Text | None = None
    country: Text | None = None
    hours: Text | None = None
    capacity: int | None = Field(default=None, ge=0)
    active: bool = True
    language: Text | None = Field(default=None, description="The language of what they get, like en or de.")
    quiet: Text | None = Field(default=None, description="Hours in which they are sent nothing, like 19-8.")
    digest: DigestShape | None = None
    notices: dict[Word, Word] = Field(
        default={}, description="By which channel they want a kind of notice; off for a digest or a report."
    )
    away: list[AwayShape] = []
    reports: list[ReportShape] = Field(default=[], description="Stage reports they want, whole or of a slice.")


class PeopleShape(Shape):
    people: list[PersonShape]


def parse_people(
    source: Source, departments: Any = (), channels: Mapping[str, str] | None = None
) -> tuple[PersonEntry, ...]:
    """Everybody in the file. Raises Invalid. ``departments``, and ``channels`` with whom they reach, are checked when
    they are known."""
    found = Findings(source)
    shape = found.shaped(PeopleShape, source.data)
    entries = []
    if shape is not None:
        emails = [p.email.casefold() for p in shape.people]
        for i, person in enumerate(shape.people):
            place: Place = ("people", i)
            _check(found, place, person, emails, departments)
            check_quiet(found, (*place, "quiet"), person.quiet)
            check_wishes(found, (*place, "notices"), person.notices, channels or {}, slack=bool(person.slack))
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
    check_zone(found, (*place, "zone"), person.zone)
    check_country(found, (*place, "country"), person.country)
    check_hours(found, (*place, "hours"), person.hours)
    check_language(found, (*place, "language"), person.language)
    for i, away in enumerate(person.away):
        _check_away(found, (*place, "away", i), person, away, emails)
    for i, report in enumerate(person.reports):
        _check_report(found, (*place, "reports", i), report, emails, departments)


def _check_away(found: Findings, place: Place, person: PersonShape, away: AwayShape, emails: list[str]) -> None:
    if away.to < away.from_:
        found.add((*place, "to"), "an absence that ends before it begins", "a last day that is not before the first")
    if away.substitute is None:
        return
    if away.substitute.casefold() == person.email.casefold():
        found.add((*place, "substitute"), f"{person.name} would stand in for themselves", "somebody else")
    found.known((*place, "substitute"), "person", away.substitute.casefold(), emails)


def _check_report(found: Findings, place: Place, report: ReportShape, emails: list[str], departments: Any) -> None:
    """Of words that only the data know, `saveline doctor` tells which nobody knows."""
    if report.owner not in {None, UNKNOWN}:
        found.known((*place, "owner"), "person", str(report.owner).casefold(), emails)
    if report.department not in {None, UNKNOWN} and departments:
        found.known((*place, "department"), "department", str(report.department), departments)


_zones = cache(available_timezones)


def check_zone(found: Findings, place: Place, zone: str | None) -> None:
    if zone is not None and zone not in _zones():
        near = nearest(zone, _zones())
        found.add(place, f"unknown time zone {zone!r}", "a zone like Europe/Lisbon", near)


def check_country(found: Findings, place: Place, country: str | None) -> None:
    if country is not None and not known_country(country):
        near = country_code(country)
        found.add(place, f"unknown country {country!r}", "a code like PT, or DE-BY for a part of a country", near)


def check_language(found: Findings, place: Place, language: str | None) -> None:
    if language is not None and language not in SHIPPED:
        near = NAMES.get(language.casefold(), "") or nearest(
            language.casefold().replace("_", "-").partition("-")[0], SHIPPED
        )
        found.add(place, f"unknown language {language!r}", one_of(SHIPPED), near)


def check_hours(found: Findings, place: Place, hours: str | None) -> WeekHours | None:
    """The hours read, or None with a problem added."""
    if hours is not None:
        try:
            return parse_hours(hours)
        except ValueError as error:
            found.add(place, f"hours are {hours!r}", *hint(error))
    return None


def _entry(p: PersonShape) -> PersonEntry:
    away = tuple(AwayEntry(a.from_, a.to + timedelta(days=1), a.substitute) for a in p.away)
    return PersonEntry(
        p.email,
        p.name,
        p.slack,
        p.department,
        p.manager,
        p.zone,
        p.country,
        p.hours,
        p.capacity,
        p.active,
        p.language,
        p.quiet,
        p.digest.hour if p.digest else None,
        tuple(p.notices.items()),
        away,
        tuple(ReportWish(r.every, r.model_dump(exclude={"every"}, exclude_none=True)) for r in p.reports),
    )


def persons_of(entries: Sequence[PersonEntry]) -> tuple[Person, ...]:
    """The entries as people, numbered from 1 as they come: for rehearsals, where no database numbers them."""
    ids = {e.email.casefold(): i for i, e in enumerate(entries, start=1)}

    def of(email: str | None) -> int | None:
        return ids.get(email.casefold()) if email else None

    return tuple(
        Person(
            id=ids[e.email.casefold()],
            email=e.email,
            name=e.name,
            slack_id=e.slack_id,
            department=e.department,
            manager_id=of(e.manager),
            zone=e.zone,
            country=e.country,
            hours=e.hours,
            capacity=e.capacity,
            active=e.active,
            language=e.language,
            quiet=e.quiet,
            digest_hour=e.digest_hour,
            prefers=dict(e.prefers),
            absences=tuple(Absence(a.first, a.back, of(a.substitute)) for a in e.away),
            reports=e.reports,
        )
        for e in entries
    )
