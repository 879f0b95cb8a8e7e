"""Who has how much to do: departments week by week, people, and their messages, against what they can carry."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from saveline.core.behaviour import Behaviour
from saveline.core.facts import Fact, Person
from saveline.core.intervals import Rate, median, rate
from saveline.core.lives import Message, Work, wait_hours
from saveline.core.people import People

WORST: Final = 5
"""How many of the worst days are named."""

Spans: TypeAlias = list[tuple[datetime, datetime]]


class Week(Fact, frozen=True):
    """A department in the week that begins on ``monday``.

    ``open_most`` tasks are open at once at most, of ``places``: what its people take on, those away left out. ``given``
    tasks begin in it, of which half wait ``wait_hours`` or more, and ``late`` are closed after their due moment.
    """

    department: str
    monday: date
    open_most: int
    places: int
    given: int = 0
    wait_hours: float | None = None
    late: Rate = Rate(0, 0)


class Carried(Fact, frozen=True):
    """A department over the whole time. It ``carries`` the load when in no week more is open than it has places.

    ``assumed`` people have no capacity in people.yaml: the settings' figure stands in.
    """

    department: str
    title: str
    people: int
    assumed: int
    open_most: int
    places: int
    monday: date | None
    weeks: int
    weeks_over: int
    given: int
    wait_hours: float | None
    late: Rate
    carries: bool


class Share(Fact, frozen=True):
    """A person: most open tasks at once and when, what they take on, and messages a day."""

    name: str
    department: str | None
    open_most: int
    day: date | None
    takes: int
    assumed: bool
    messages: int
    most_messages: int
    most_day: date | None
    mean_messages: float


class Day(Fact, frozen=True):
    """A day on which somebody gets many messages."""

    name: str
    day: date
    messages: int
    kinds: tuple[tuple[str, int], ...]


class Loads:
    """The loads of all ``works`` in ``[first, until)``; days and weeks are those of the workspace's zone."""

    def __init__(
        self, works: Sequence[Work], people: People, behaviour: Behaviour, first: datetime, until: datetime
    ) -> None:
        self.works, self.people, self.behaviour = works, people, behaviour
        self.first, self.until = first, until
        self._zone = people.calendar(None)
        self.departments: dict[str, Spans] = defaultdict(list)
        self.persons: dict[int, Spans] = defaultdict(list)
        for held in (h for work in works for h in work.held):
            if held.department is not None:
                self.departments[held.department].append((held.start, held.end))
            if held.person_id is not None:
                self.persons[held.person_id].append((held.start, held.end))

    def day(self, at: datetime) -> date:
        return self._zone.local(at).date()

    def monday(self, at: datetime) -> date:
        day = self.day(at)
        return day - timedelta(days=day.weekday())

    def mondays(self) -> list[date]:
        monday, last, found = self.monday(self.first), self.day(self.until), []
        while monday <= last:
            found.append(monday)
            monday += timedelta(weeks=1)
        return found

    # --- departments --------------------------------------------------------------------------------------------------

    def weeks(self) -> list[Week]:
        """Every department that has any work, week by week."""
        given: dict[tuple[str, date], list[Work]] = defaultdict(list)
        for work in self.works:
            if work.held and work.held[0].department is not None:
                given[work.held[0].department, self.monday(work.started)].append(work)
        found = []
        for department, spans in sorted(self.departments.items()):
            most = self._most_by_week(spans)
            for monday in self.mondays():
                works = given.get((department, monday), [])
                found.append(
                    Week(
                        department,
                        monday,
                        most[monday],
                        self.places(department, monday),
                        len(works),
                        median([wait_hours(w, self.people) for w in works]),
                        late(works, self.until),
                    )
                )
        return found

    def _most_by_week(self, spans: Spans) -> dict[date, int]:
        """The most that is open at once in each week; what a week begins with is open in it."""
        steps = _steps(spans)
        most, place, level = {}, 0, 0
        for monday in self.mondays():
            end = self._zone.wall(monday + timedelta(weeks=1), 0)
            top = level
            while place < len(steps) and steps[place][0] < end:
                level += steps[place][1]
                top, place = max(top, level), place + 1
            most[monday] = top
        return most

    def places(self, department: str, monday: date) -> int:
        """How many tasks its people take on in a week; whoever is away for a part of it counts for the rest."""
        days = [monday + timedelta(days=n) for n in range(5)]
        total = 0.0
        for person in self.people.members(department):
            there = sum(not any(a.covers(day) for a in person.absences) for day in days) if person.active else 0
            total += self.takes(person) * there / len(days)
        return round(total)

    def takes(self, person: Person) -> int:
        return self.behaviour.of(person.department).at_once if person.capacity is None else person.capacity

    def carried(self, weeks: Iterable[Week], titles: Mapping[str, str]) -> list[Carried]:
        """Each department over the whole time, those that carry least first."""
        by: dict[str, list[Week]] = defaultdict(list)
        for week in weeks:
            by[week.department].append(week)
        found = [self._carried(d, of, titles.get(d, d)) for d, of in by.items()]
        return sorted(found, key=lambda c: (c.carries, -c.open_most / max(1, c.places), c.department))

    def _carried(self, department: str, weeks: Sequence[Week], title: str) -> Carried:
        works = [w for w in self.works if w.held and w.held[0].department == department]
        members = [p for p in self.people.members(department) if p.active]
        # The week that says most: the furthest above its places, and of those that hold the fullest.
        worst = max(weeks, key=lambda w: (w.open_most - w.places if w.open_most > w.places else 0, w.open_most))
        return Carried(
            department,
            title,
            len(members),
            sum(p.capacity is None for p in members),
            worst.open_most,
            worst.places,
            worst.monday,
            len(weeks),
            sum(w.open_most > w.places for w in weeks),
            len(works),
            median([wait_hours(w, self.people) for w in works]),
            late(works, self.until),
            not any(w.open_most > w.places for w in weeks),
        )

    # --- people -------------------------------------------------------------------------------------------------------

    def shares(self, told: Sequence[Message]) -> list[Share]:
        """Everybody who has a task or gets a message, those with most messages on a day first."""
        by_day = Counter((m.person_id, self.day(m.at)) for m in told if m.person_id)
        ids = sorted({*self.persons, *(person_id for person_id, _ in by_day)})
        found = [self._share(self.people.by_id[i], by_day) for i in ids]
        return sorted(found, key=lambda s: (-s.most_messages, -s.open_most, s.name))

    def _share(self, person: Person, by_day: Mapping[tuple[int, date], int]) -> Share:
        mine = sorted(((n, day) for (who, day), n in by_day.items() if who == person.id), key=lambda d: (-d[0], d[1]))
        steps, level, top, at = _steps(self.persons.get(person.id, [])), 0, 0, None
        for moment, step in steps:
            level += step
            if level > top:
                top, at = level, self.day(moment)
        total = sum(n for n, _ in mine)
        return Share(
            person.name,
            person.department,
            top,
            at,
            self.takes(person),
            person.capacity is None,
            total,
            mine[0][0] if mine else 0,
            mine[0][1] if mine else None,
            total / max(1, self._working_days(person)),
        )

    def _working_days(self, person: Person) -> int:
        calendar, first = self.people.calendar(person.id), self.day(self.first)
        days = (self.day(self.until) - first).days + 1
        return sum(bool(calendar.spans(first + timedelta(days=n))) for n in range(days))

    def worst_days(self, told: Sequence[Message]) -> list[Day]:
        """The days with most messages for one person, and what they were."""
        kinds: dict[tuple[int, date], Counter[str]] = defaultdict(Counter)
        for message in told:
            if message.person_id:
                kinds[message.person_id, self.day(message.at)][message.kind] += 1
        worst = sorted(kinds.items(), key=lambda line: (-line[1].total(), line[0][1], line[0][0]))[:WORST]
        return [
            Day(self.people.name(who), day, found.total(), tuple(sorted(found.items(), key=lambda k: (-k[1], k[0]))))
            for (who, day), found in worst
        ]


def late(works: Iterable[Work], until: datetime) -> Rate:
    known = [found for found in (work.late(until) for work in works) if found is not None]
    return rate(sum(known), len(known))


def _steps(spans: Spans) -> list[tuple[datetime, int]]:
    """One up at each start and one down at each end, in order; what ends makes room before what begins."""
    steps = [(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans]
    return sorted(steps, key=lambda s: (s[0].astimezone(UTC), s[1]))
