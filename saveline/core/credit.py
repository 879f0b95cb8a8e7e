"""Who had a part in what was saved: everybody who did a task of such a deal, not its owner alone.

The value kept of a deal stands beside everybody who took part in it, whole: it is not divided among them, so these
figures do not add up, and are not meant to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from saveline.core.changes import DealReopened, Event, HelpAsked, TaskDone
from saveline.core.decide.approval import APPROVED
from saveline.core.facts import APPROVAL, Deal, Fact
from saveline.core.people import People
from saveline.core.stories import Story

MOST_NAMED: Final = 10


class Helper(Fact, frozen=True):
    """Somebody who took part in ``deals`` that were saved, ``owned`` of them as their owner, and what they did there.

    ``helped`` is how often they acted on a task for which somebody else had asked for help; ``kept_cents`` is the whole
    value kept of those deals.
    """

    person_id: int
    name: str
    department: str
    deals: int
    owned: int
    tasks: int
    helped: int
    approved: int
    kept_cents: int


class Team(Fact, frozen=True):
    """The same of a department, by ``people`` of its own."""

    department: str
    people: int
    deals: int
    tasks: int
    kept_cents: int


class Credit(Fact, frozen=True):
    """Of ``deals`` saved in a period, of which ``kept_cents`` are to be kept: the ``people`` who took part, and of them
    the ``helpers`` who did in most deals.

    ``asked`` is how often help was asked for in these deals, ``answered`` how often somebody else then acted.
    """

    deals: int = 0
    kept_cents: int = 0
    people: int = 0
    helpers: tuple[Helper, ...] = ()
    teams: tuple[Team, ...] = ()
    asked: int = 0
    answered: int = 0


class _Part:
    """What somebody did in one deal."""

    def __init__(self) -> None:
        self.owned = self.tasks = self.helped = self.approved = 0


def credit(saved: Iterable[Story], people: People) -> Credit:
    """Of these deals, as the histories tell since they were last opened."""
    parts: dict[int, list[tuple[Deal, _Part]]] = {}
    deals, asked, answered = list[Deal](), 0, 0
    for story in saved:
        deals.append(story.now)
        mine, n, m = _parts(story)
        asked, answered = asked + n, answered + m
        for person_id, part in mine.items():
            parts.setdefault(person_id, []).append((story.now, part))
    helpers = [_helper(person_id, some, people) for person_id, some in parts.items()]
    return Credit(
        len(deals),
        sum(d.kept_cents or 0 for d in deals),
        len(helpers),
        tuple(sorted(helpers, key=lambda h: (-h.deals, -h.tasks, h.person_id)))[:MOST_NAMED],
        _teams(parts, people),
        asked,
        answered,
    )


def _parts(story: Story) -> tuple[dict[int, _Part], int, int]:
    """By person, what they did in a deal; and how often help was asked for, and answered."""
    parts: dict[int, _Part] = {}
    if story.now.owner_id is not None:
        parts.setdefault(story.now.owner_id, _Part()).owned = 1
    asking: dict[int, int] = {}
    asked = answered = 0
    for event in _this_life(story.events):
        if event.by is None:
            continue
        if event.task_no in asking and asking[event.task_no] != event.by:
            del asking[event.task_no]
            parts.setdefault(event.by, _Part()).helped += 1
            answered += 1
        if isinstance(event.change, HelpAsked):
            asking[event.task_no] = event.by
            asked += 1
        elif isinstance(event.change, TaskDone):
            part = parts.setdefault(event.by, _Part())
            if story.now.tasks[event.task_no - 1].plan == APPROVAL:
                part.approved += event.change.outcome == APPROVED
            else:
                part.tasks += 1
    return parts, asked, answered


def _this_life(events: Sequence[Event]) -> Sequence[Event]:
    """Since the deal was opened, or opened again."""
    again = max((i for i, e in enumerate(events) if isinstance(e.change, DealReopened)), default=0)
    return events[again:]


def _helper(person_id: int, parts: Sequence[tuple[Deal, _Part]], people: People) -> Helper:
    person = people.by_id.get(person_id)
    return Helper(
        person_id,
        people.name(person_id),
        (person.department if person else None) or "",
        len(parts),
        sum(p.owned for _, p in parts),
        sum(p.tasks for _, p in parts),
        sum(p.helped for _, p in parts),
        sum(p.approved for _, p in parts),
        sum(d.kept_cents or 0 for d, _ in parts),
    )


def _teams(parts: dict[int, list[tuple[Deal, _Part]]], people: People) -> tuple[Team, ...]:
    """The departments that took part, those in most deals first."""
    members: dict[str, list[int]] = {}
    for person_id in parts:
        person = people.by_id.get(person_id)
        members.setdefault((person.department if person else None) or "", []).append(person_id)
    found = []
    for key, ids in members.items():
        deals = {deal.id: deal.kept_cents or 0 for i in ids for deal, _ in parts[i]}
        tasks = sum(part.tasks + part.approved for i in ids for _, part in parts[i])
        found.append(Team(key, len(ids), len(deals), tasks, sum(deals.values())))
    return tuple(sorted(found, key=lambda t: (-t.deals, -t.tasks, t.department)))
