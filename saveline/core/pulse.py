"""How our own people feel, and how their customers fare: by department, and never of fewer than five answers.

What is kept of an answer is its department, its moment and its number from 1 to 5. Nobody's name is: there is nothing
that a report could read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from saveline.core.facts import Fact

FEWEST: Final = 5
"""Answers of a department in a month below which nothing is said of them."""
TOGETHER: Final = "*"
"""In the place of a department: those of which fewer than so many people can be asked, as one group."""


class Felt(Fact, frozen=True):
    """An answer: ``month`` is 0 for the last one up to the period's end, 1 for the one before, and so on."""

    department: str
    month: int
    value: int


class Team(Fact, frozen=True):
    """A department: its answers in the last month and their mean from 1 to 5, the same over the year (of months with
    enough answers only), and how many of the accounts its people had a deal of still pay."""

    department: str
    answers: int
    mean: float | None
    year_mean: float | None
    accounts: int
    kept: int


class Link(Fact, frozen=True):
    """The correlation of the year's means with the shares of accounts kept over ``groups`` departments, with its 95 %
    interval; None for too few of them."""

    groups: int
    r: float | None = None
    low: float | None = None
    high: float | None = None


class Pulse(Fact, frozen=True):
    """``few`` are departments with answers of which nothing may be said; ``names`` what departments are called."""

    teams: tuple[Team, ...]
    few: int
    link: Link
    names: tuple[tuple[str, str], ...] = ()


def teams(answers: Iterable[Felt], kept: Mapping[str, tuple[int, int]]) -> tuple[tuple[Team, ...], int]:
    """``kept`` are accounts, and of these those that still pay, by department. The happiest first; beside them how many
    departments are left out."""
    by: dict[str, dict[int, list[int]]] = {}
    for answer in answers:
        by.setdefault(answer.department, {}).setdefault(answer.month, []).append(answer.value)
    found, few = [], 0
    for department, months in by.items():
        enough = {month: values for month, values in months.items() if len(values) >= FEWEST}
        if not enough:
            few += 1
            continue
        last, year = enough.get(0, []), [value for values in enough.values() for value in values]
        mean = sum(last) / len(last) if last else None
        found.append(Team(department, len(last), mean, sum(year) / len(year), *kept.get(department, (0, 0))))
    return tuple(sorted(found, key=lambda t: (-(t.year_mean or 0), t.department))), few
