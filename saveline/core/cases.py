"""A deal as statistics see it: whose it was, what was done about it, the way it took, and how it ended.

It is folded from the deal's events, or read from its row where that says the same (``saveline.store.cases``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from saveline.core.changes import DealMigrated, Event, StageEntered, TaskDone, evolve
from saveline.core.deal_changes import DealClosed, DealOpened
from saveline.core.facts import Account, Deal, Fact
from saveline.core.journeys import Journey, Leg, journey
from saveline.core.life_changes import DealMerged


class Passage(Fact, frozen=True, array_like=True):
    """A stay in a stage: from ``since`` until it went on to another or was closed; None while it is there."""

    stage: str
    since: datetime
    until: datetime | None = None


class Case(Fact, frozen=True):
    """One deal. ``outcome`` and ``closed_at`` are of its last end, None while it is open; of one that goes on as part
    of another deal, the outcome is ``merged``. ``passages`` are of all its lives, in order. ``door`` is the one by
    which most of its tasks were finished: slack, email, web, cli, api; of equally many the first by name, and nothing
    where none was. ``opened_with`` is the play it was first opened with, whatever it then went on with;
    ``play_hash`` is the version that it runs by. ``offered_to`` are the departments that its tasks were offered to,
    ``hands`` the people who had or closed one, as far as its tasks still say so.
    """

    deal_id: int
    account: Account
    play: str
    owner_id: int | None
    severity: str | None
    arr_cents: int
    kept_cents: int | None
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None
    watch_until: datetime | None
    kept_at: datetime | None
    left_at: datetime | None
    play_hash: str
    causes: tuple[str, ...]
    passages: tuple[Passage, ...]
    journey: Journey
    door: str = ""
    opened_with: str = ""
    offered_to: tuple[str, ...] = ()
    hands: tuple[int, ...] = ()

    @property
    def stage(self) -> str:
        """The stage it stands in, or stood in last; empty before it came to the first."""
        return self.passages[-1].stage if self.passages else ""


TAKEN: Final = Case.__struct_fields__[2:14]
"""What a case takes from the deal as it stands, in the order of its columns."""
assert TAKEN[-1] == "play_hash"


def case_of(account: Account, events: Sequence[Event], deal_id: int) -> Case:
    """The case of a deal with at least one event; ``events`` in their order."""
    deal = evolve(Deal(id=deal_id, account_id=account.id), events)
    way = journey(deal_id, events)
    assert way is not None
    doors = Counter(e.via for e in events if isinstance(e.change, TaskDone))
    taken = (getattr(deal, name) for name in TAKEN)
    first = next((e.change.play for e in events if isinstance(e.change, DealOpened)), deal.play)
    held = part_taken((t.department, t.assignee_id, t.closed_by) for t in deal.tasks)
    return Case(*(deal_id, account, *taken, deal.causes, _passages(events), way, door(doors.items()), first, *held))


def straight(deal_id: int, leg: Leg, entered: Sequence[datetime]) -> tuple[Journey, tuple[Passage, ...]]:
    """The way of a deal that was opened once and entered the stages of its ``leg`` at these moments."""
    ends = (*entered[1:], leg.closed_at)
    passages = tuple(map(Passage, leg.stages, entered, ends))
    return Journey(deal_id, (leg,)), passages


def part_taken(
    tasks: Iterable[tuple[str | None, int | None, int | None]],
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The departments and the people in it, in order, of tasks as ``(offered to, had by, closed by)``."""
    departments, people = set[str](), set[int]()
    for department, *hands in tasks:
        if department:
            departments.add(department)
        people.update(i for i in hands if i)
    return tuple(sorted(departments)), tuple(sorted(people))


def door(counted: Iterable[tuple[str, int]]) -> str:
    """By which most came, of ``(door, how many)``."""
    return min(counted, key=lambda c: (-c[1], c[0]), default=("", 0))[0]


def _passages(events: Iterable[Event]) -> tuple[Passage, ...]:
    """Each ends where the next begins, or where the deal was closed; a stage that is entered again is a stay anew."""
    steps = list[tuple[str, datetime]]()
    stage = ""
    for event in events:
        match event.change:
            case StageEntered(stage=stage):
                steps.append((stage, event.at))
            case DealMigrated(stage=to) if to != stage:
                stage = to
                steps.append((stage, event.at))
            case DealClosed() | DealMerged():
                steps.append(("", event.at))
    ends = [*(at for _, at in steps[1:]), None]
    return tuple(Passage(s, at, end) for (s, at), end in zip(steps, ends, strict=True) if s)
