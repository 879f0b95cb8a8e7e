"""The customers' journey after the sale over one year: who was there and who began, who came into danger, what became
of that, and what they pay in the end.

Every account that paid at some time of the year is in each of the four steps once, with the same ARR: what it paid on
the first day, or where it began later, what it pays on the last (what it paid last, where it has left again). So each
step adds up to the same, and the year's growth stands beside it and not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Literal, TypeAlias

from saveline.core.arr import Course
from saveline.core.facts import Fact

Danger: TypeAlias = Literal["safe", "saved", "open", "lost", "cleared"]
"""What became of an account's risk: it had none; or by its last deal of the year: saved, still open, lost or let go,
or gone by itself."""

BEGAN: Final = ("there", "began")
RISK: Final = ("safe", "at_risk")
ENDED: Final = ("safe", "cleared", "saved", "open", "lost")
PAYS: Final = ("more", "same", "less", "left")
STEPS: Final[tuple[tuple[str, ...], ...]] = (BEGAN, RISK, ENDED, PAYS)


class Risked(Fact, frozen=True):
    """A deal that was open at some time of the year, in the order in which they were opened, and what became of it."""

    account_id: int
    ended: Danger


class Way(Fact, frozen=True):
    """The accounts that went one way through the four steps; ``base_cents`` is their ARR at the start of it, and
    ``now_cents`` what they pay on the last day."""

    began: str
    ended: Danger
    pays: str
    accounts: int
    base_cents: int
    now_cents: int

    @property
    def steps(self) -> tuple[str, str, str, str]:
        return self.began, "safe" if self.ended == "safe" else "at_risk", self.ended, self.pays


class Bowtie(Fact, frozen=True):
    """From the end of ``first`` to that of ``last``. ``outside`` are accounts with a deal that paid nothing in the
    year."""

    first: date
    last: date
    ways: tuple[Way, ...]
    outside: int = 0

    def at(self, step: int, key: str) -> tuple[int, int, int]:
        """Accounts, ARR at the start and ARR now of those that stand at ``key`` in a step, counted from 0."""
        found = [w for w in self.ways if w.steps[step] == key]
        return sum(w.accounts for w in found), sum(w.base_cents for w in found), sum(w.now_cents for w in found)


def bowtie(courses: Mapping[int, Course], deals: Iterable[Risked], first: date, last: date) -> Bowtie:
    """Between the ends of two days."""
    fates: dict[int, Danger] = {}
    for deal in deals:
        fates[deal.account_id] = deal.ended
    found: dict[tuple[str, Danger, str], list[tuple[int, int]]] = {}
    inside = set()
    for account_id, course in courses.items():
        then, now = course.on(first), course.on(last)
        base = then or now or _paid_last(course, first, last)
        if not base:
            continue
        inside.add(account_id)
        way = ("there" if then else "began", fates.get(account_id, "safe"), _pays(base, now))
        found.setdefault(way, []).append((base, now))
    ways = (Way(*way, len(some), sum(b for b, _ in some), sum(n for _, n in some)) for way, some in found.items())
    return Bowtie(first, last, tuple(sorted(ways, key=_order)), len(set(fates) - inside))


def _paid_last(course: Course, first: date, last: date) -> int:
    """What was last paid between two days by who paid nothing on either."""
    steps = [cents for day, cents in zip(course.days, course.cents, strict=True) if first < day <= last and cents]
    return steps[-1] if steps else 0


def _pays(base: int, now: int) -> str:
    if not now:
        return "left"
    return "more" if now > base else "less" if now < base else "same"


def _order(way: Way) -> tuple[int, ...]:
    return tuple(keys.index(key) for keys, key in zip(STEPS, way.steps, strict=True))
