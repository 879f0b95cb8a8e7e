"""Absences that nobody has planned yet: holidays and sick days, drawn for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from saveline.core.behaviour import Behaviour, Habits
from saveline.core.facts import Absence, Person
from saveline.core.luck import Luck


def with_leave(
    persons: Sequence[Person], behaviour: Behaviour, luck: Luck, first: date, last: date
) -> tuple[Person, ...]:
    """The people with what is drawn for ``[first, last]`` added to the absences they have."""
    return tuple(
        replace(p, absences=tuple(sorted((*p.absences, *_leave(p, persons, behaviour, luck, first, last)), key=_from)))
        if p.active
        else p
        for p in persons
    )


def _from(absence: Absence) -> date:
    return absence.first


def _leave(
    person: Person, persons: Iterable[Person], behaviour: Behaviour, luck: Luck, first: date, last: date
) -> list[Absence]:
    habits, days = behaviour.of(person.department), (last - first).days + 1
    if not habits.days_away or not habits.days_in_a_row:
        return []
    wanted = habits.days_away / habits.days_in_a_row * days / 365
    # A part of a spell is one that some people have.
    spells = int(wanted) + (luck.share("leave", person.email, "one more") < wanted % 1)
    found: list[Absence] = []
    for spell in range(spells):
        start = first + timedelta(days=luck.whole(days, "leave", person.email, spell))
        absence = Absence(start, _back(start, habits), _substitute(person, persons, habits, luck, spell))
        if not any(a.first < absence.back and absence.first < a.back for a in (*person.absences, *found)):
            found.append(absence)
    return found


def _back(start: date, habits: Habits) -> date:
    """The day after as many days, Saturdays and Sundays not counted."""
    left, day = habits.days_in_a_row, start
    while left:
        left -= day.weekday() < 5
        day += timedelta(days=1)
    return day


def _substitute(person: Person, persons: Iterable[Person], habits: Habits, luck: Luck, spell: int) -> int | None:
    """A colleague of the department, where somebody was found to stand in; of a department of one, the manager."""
    if luck.share("substitute", person.email, spell) >= habits.substituted:
        return None
    near = [p.id for p in persons if p.active and p.department == person.department and p.id != person.id]
    if not near:
        return person.manager_id
    return near[luck.whole(len(near), "who stands in", person.email, spell)]
