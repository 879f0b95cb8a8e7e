"""Who does it: the directory, the words that name people in a playbook, and how a chain of them resolves.

A chain is tried from the left; the first link that gives somebody at work wins. Every link that was passed over says
why, so that an assignment can be explained line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, Literal, TypeAlias

from msgspec.structs import replace

from saveline.core.facts import Absence, Department, Fact, Person
from saveline.core.worktime import DaysOff, WeekHours, WorkCalendar, first_opening, parse_hours

PICKS: Final = ("round_robin", "least_loaded")
SHOWN: Final = 5
"""Of how many people of a department a pick says how much they have to do."""


class Owner(Fact, frozen=True):
    """The deal's owner."""

    def __str__(self) -> str:
        return "owner"


class Role(Fact, frozen=True):
    """A role on the account's team: csm, ae, sponsor."""

    name: str

    def __str__(self) -> str:
        return self.name


class Lead(Fact, frozen=True):
    """The lead of a department; of the task's own where none is named."""

    department: str | None = None

    def __str__(self) -> str:
        return f"{self.department}.lead" if self.department else "lead"


class Assignee(Fact, frozen=True):
    """Whoever has the task."""

    def __str__(self) -> str:
        return "assignee"


class Named(Fact, frozen=True):
    """One person, by e-mail address."""

    email: str

    def __str__(self) -> str:
        return self.email


class Pick(Fact, frozen=True):
    """One member of a department, by rotation or by load."""

    how: Literal["round_robin", "least_loaded"]
    department: str

    def __str__(self) -> str:
        return f"{self.how.replace('_', ' ')} of {self.department}"


class Claim(Fact, frozen=True):
    """Offered to a whole department; the first to take it has it."""

    department: str

    def __str__(self) -> str:
        return f"whoever of {self.department} takes it"


class Manager(Fact, frozen=True):
    """The manager of whoever ``of`` is."""

    of: Owner | Role | Lead | Assignee | Named

    def __str__(self) -> str:
        return f"{self.of}.manager"


Link: TypeAlias = Owner | Role | Lead | Assignee | Named | Pick | Claim | Manager
Chain: TypeAlias = tuple[Link, ...]


class Who(Fact, frozen=True):
    """What a chain came to: a person, or a department it is offered to, or nobody; and why, link by link.

    ``link`` is the word that gave the person, ``meant_id`` whom it names: somebody else where a substitute stands in.
    """

    person_id: int | None = None
    department: str | None = None
    why: tuple[str, ...] = ()
    rotation: str | None = None
    meant_id: int | None = None
    link: str | None = None

    @property
    def nobody(self) -> bool:
        return self.person_id is None and self.department is None


class Asking(Fact, frozen=True):
    """On whose behalf a chain is resolved, and at which moment."""

    at: datetime
    owner_id: int | None = None
    team: Mapping[str, int] = {}
    assignee_id: int | None = None
    department: str | None = None


class Duty(Fact, frozen=True):
    """How much everybody has on their plate, and where each department's rotation stands."""

    open_tasks: Mapping[int, int] = {}
    last_pick: Mapping[str, int] = {}


class People:
    """The directory at one moment. Immutable; it remembers the calendars it has built."""

    def __init__(
        self,
        persons: Iterable[Person],
        departments: Iterable[Department],
        zone: str,
        hours: WeekHours,
        days_off: DaysOff,
    ) -> None:
        self.by_id: dict[int, Person] = {p.id: p for p in persons}
        self.departments: dict[str, Department] = {d.key: d for d in departments}
        self._zone, self._hours, self._days_off = zone, hours, days_off
        self._calendars: dict[int | None, WorkCalendar] = {}
        self._offs: dict[str, DaysOff] = {}
        self._turns: dict[int, tuple[datetime, ...]] = {}
        self.anybody_away = any(p.absences for p in self.by_id.values())

    @cached_property
    def by_email(self) -> dict[str, Person]:
        return {p.email.casefold(): p for p in self.by_id.values()}

    @cached_property
    def _members(self) -> dict[str, tuple[Person, ...]]:
        keys = {p.department for p in self.by_id.values() if p.department}
        everybody = sorted(self.by_id.values(), key=lambda p: p.id)
        return {key: tuple(p for p in everybody if p.department == key) for key in keys}

    def members(self, department: str) -> tuple[Person, ...]:
        """Everybody ever in the department, leavers included, in a fixed order."""
        return self._members.get(department, ())

    def name(self, person_id: int | None) -> str:
        person = self.by_id.get(person_id or 0)
        return person.name if person else "Saveline"

    def department(self, key: str | None) -> str:
        """A department's title; of one that is no longer in the settings its key; '' for none."""
        found = self.departments.get(key or "")
        return found.name if found else (key or "")

    def calendar(self, person_id: int | None) -> WorkCalendar:
        """The working calendar of a person; of the workspace where there is no such person."""
        found = self._calendars.get(person_id)
        if found is None:
            found = self._calendars[person_id] = self._build(self.by_id.get(person_id or 0))
        return found

    def _build(self, person: Person | None) -> WorkCalendar:
        if person is None:
            return WorkCalendar(self._zone, self._hours, self._days_off)
        hours = parse_hours(person.hours) if person.hours else self._hours
        days_off = self._offs_of(person.country) if person.country else self._days_off
        return WorkCalendar(person.zone or self._zone, hours, days_off, person.absences)

    def _offs_of(self, country: str) -> DaysOff:
        if country not in self._offs:
            self._offs[country] = DaysOff(country, self._days_off.own)
        return self._offs[country]

    def at_work(self, person_id: int | None, at: datetime, why: list[str]) -> int | None:
        """The person, or the substitute who stands in (A → B → C), or None. Appends each step that was passed over."""
        asked: set[int] = set()
        while person_id is not None and person_id not in asked:
            asked.add(person_id)
            person = self.by_id.get(person_id)
            if person is None or not person.active:
                why.append(f"{person.name if person else 'somebody'} has left")
                return None
            away = self._away(person, at) if person.absences else None
            if away is None:
                return person_id
            why.append(f"{person.name} is away until {away.back:%-d %b}")
            person_id = away.substitute_id
        return None

    def turns(self, person_id: int | None) -> tuple[datetime, ...]:
        """The moments at which the person's absences begin and end: each the first hour they would work from then."""
        person = self.by_id.get(person_id or 0)
        if person is None or not person.absences:
            return ()
        found = self._turns.get(person.id)
        if found is None:
            calendar = self._build(replace(person, absences=()))
            days = {day for a in person.absences for day in (a.first, a.back)}
            found = tuple(sorted(first_opening(calendar, day) for day in days))
            self._turns[person.id] = found
        return found

    def _away(self, person: Person, at: datetime) -> Absence | None:
        day = self.calendar(person.id).local(at).date()
        return next((a for a in person.absences if a.covers(day)), None)


def resolve(chain: Sequence[Link], asking: Asking, people: People, duty: Duty) -> Who:
    """The first link of ``chain`` that gives somebody at work at ``asking.at``; what was passed over is in ``why``."""
    why: list[str] = []
    for link in chain:
        if isinstance(link, Claim):
            return Who(department=link.department, why=(*why, f"{link}: offered"))
        if isinstance(link, Pick):
            found = meant = _pick(link, asking.at, people, duty, why)
        else:
            meant = named(link, asking, people, why)
            found = people.at_work(meant, asking.at, why)
        if found is not None:
            why.append(f"{link}: {people.name(found)}")
            turned = link.department if isinstance(link, Pick) and link.how == "round_robin" else None
            return Who(found, None, tuple(why), turned, meant, str(link))
    return Who(why=tuple(why))


def first_found(chains: Iterable[Chain], find: Callable[[Chain], Who]) -> Who:
    """What ``find`` says of the first chain that comes to somebody, with the reasons of those before it."""
    why: tuple[str, ...] = ()
    for chain in chains:
        who = find(chain)
        why += who.why
        if not who.nobody:
            return replace(who, why=why)
    return Who(why=why)


def named(
    link: Owner | Role | Lead | Assignee | Named | Manager, asking: Asking, people: People, why: list[str]
) -> int | None:
    """Whom the link names, at work or not."""
    found: int | None
    match link:
        case Owner():
            found = asking.owner_id
        case Assignee():
            found = asking.assignee_id
        case Role(name):
            found = asking.team.get(name)
        case Named(email):
            person = people.by_email.get(email.casefold())
            found = person.id if person else None
        case Lead(department):
            team = people.departments.get(department or asking.department or "")
            found = team.lead_id if team else None
        case Manager(of):
            report = people.by_id.get(named(of, asking, people, why) or 0)
            found = report.manager_id if report else None
    if found is None:
        why.append(f"{link}: nobody is named")
    return found


def _pick(link: Pick, at: datetime, people: People, duty: Duty, why: list[str]) -> int | None:
    fit = [p for p in people.members(link.department) if _fits(p, at, people, duty, why)]
    if not fit:
        why.append(f"{link}: nobody is free")
        return None
    if link.how == "least_loaded":
        ordered = sorted(fit, key=lambda p: (duty.open_tasks.get(p.id, 0), p.id))
        loads = [f"{p.name} {duty.open_tasks.get(p.id, 0)}" for p in ordered[:SHOWN]]
        more = f" and {len(fit) - SHOWN} with as many or more" if len(fit) > SHOWN else ""
        why.append(f"open tasks in {link.department}: {', '.join(loads)}{more}")
        return ordered[0].id
    last = duty.last_pick.get(link.department, 0)
    why.append(f"the turn in {link.department}: {f'after {people.name(last)}' if last else 'nobody had it yet'}")
    return next((p.id for p in fit if p.id > last), fit[0].id)


def _fits(person: Person, at: datetime, people: People, duty: Duty, why: list[str]) -> bool:
    """At work in person (a rotation has others, so nobody stands in) and below capacity."""
    if people.at_work(person.id, at, why) != person.id:
        return False
    load = duty.open_tasks.get(person.id, 0)
    if person.capacity is not None and load >= person.capacity:
        why.append(f"{person.name} has {load} open tasks, the most they take")
        return False
    return True
