"""The rest of a play laid out in time: each task starts as early as it can and is finished when it is due.

The same layout answers what happens when one task is finished at another moment: only what follows from it is laid out
then, so that a path can be looked at without the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from msgspec.structs import replace

from saveline.core import people as persons
from saveline.core.decide.draft import Case
from saveline.core.facts import Fact, Task
from saveline.core.moments import due_at, resolve
from saveline.core.people import Asking, Chain, Owner, Who
from saveline.core.play import StagePlan, TaskPlan
from saveline.core.worktime import WorkCalendar, between, moved

_ANSWERS: Final = re.compile(r"\banswers\.(\w+)")
"""The tasks whose answers a gate asks for: it stays shut without them, optional or not."""


class Item(Fact, frozen=True):
    """A task that is ahead or under way. One that is open has ``begun`` and is finished at ``due``; the next turn of
    one that comes again begins ``not_before``. ``holds_up`` says that its stage is not left without it."""

    plan: TaskPlan
    stage: int
    begun: datetime | None = None
    due: datetime | None = None
    holder: int | None = None
    not_before: datetime | None = None
    holds_up: bool = True

    @property
    def id(self) -> str:
        return self.plan.id


class Laid(Fact, frozen=True):
    """Where tasks begin and end, and stages end, by number. What does not follow from what was given is missing."""

    starts: dict[str, datetime]
    ends: dict[str, datetime]
    exits: dict[int, datetime]

    @property
    def end(self) -> datetime:
        """When all of it is done."""
        return self.exits[max(self.exits)]


class Course:
    """What is left of a deal, or of one that would be opened at ``at``: its stages from the present one on, and their
    tasks in an order in which they can be done."""

    def __init__(self, case: Case, at: datetime) -> None:
        deal = case.deal
        self.case = case
        self.at = max(at, deal.paused_until) if deal.state == "paused" and deal.paused_until else at
        self.opened_at = deal.opened_at or at
        self.owner_id = deal.owner_id
        if deal.opened_at is None:
            owner = self._first((case.workspace.owner, case.workspace.steward), self.at)
            self.owner_id = owner.meant_id or owner.person_id
        stages = case.play.stages
        here = next((i for i, s in enumerate(stages) if s.key == deal.stage), 0)
        self.stages: tuple[StagePlan, ...] = stages[here:]
        self.items = [self._items(n, s) for n, s in enumerate(self.stages)]
        self.by_id = {item.id: item for items in self.items for item in items}
        self.awaited = self._awaited()
        self.calendars: dict[str, WorkCalendar] = {}
        self.holders: dict[str, int | None] = {}
        self.laid = Laid({}, {}, {})
        self.laid = self.lay({i.id: i.due for i in self.by_id.values() if i.due is not None}, begin=self.at)

    def lay(self, known: Mapping[str, datetime], *, stage: int = 0, begin: datetime | None = None) -> Laid:
        """What follows when the tasks ``known`` end then, and stage number ``stage`` begins at ``begin``."""
        laid = Laid({}, dict(known), {})
        for number in range(stage, len(self.stages)):
            for item in self.items[number]:
                if item.id not in laid.ends and item.due is None:
                    self._place(item, laid, begin)
            ends = [laid.ends[i.id] for i in self.items[number] if i.holds_up and i.id in laid.ends]
            begin = max([*ends, *([begin] if begin is not None else [])], default=None)
            if begin is not None:
                laid.exits[number] = begin
        return laid

    def end_through(self, task: str, at: datetime) -> datetime:
        """When everything is done that follows from ``task``, were it done at ``at``."""
        item = self.by_id[task]
        laid = self.lay({task: at}, stage=item.stage)
        return laid.end if laid.exits else at

    def end_from(self, stage: int, at: datetime) -> datetime:
        """When everything is done, were stage number ``stage`` entered at ``at``."""
        return self.lay({}, stage=stage, begin=at).end if stage < len(self.stages) else at

    def path(self) -> tuple[Item, ...]:
        """The tasks that set the length, in order: the one that ends last, what it waited for, and so on back."""
        found: list[Item] = []
        item = self._last_of(len(self.stages) - 1)
        while item is not None and item not in found:
            found.append(item)
            item = self._driver(item)
        return tuple(reversed(found))

    def anchor(self, item: Item, start: datetime, laid: Laid, begin: datetime | None) -> datetime | date | None:
        """What the due moment of ``item`` counts from when it begins at ``start``; None where there is no such date."""
        account, deal, anchor = self.case.account, self.case.deal, item.plan.due.anchor
        match anchor.kind:
            case "start":
                return start
            case "stage start":
                return begin or self.laid.exits[item.stage - 1] if item.stage else deal.stage_at or self.at
            case "opened":
                return self.opened_at
            case "renewal":
                return account.renewal
            case "done":
                done = deal.latest(anchor.name)
                planned = laid.ends.get(anchor.name) or self.laid.ends.get(anchor.name)
                return planned or (done.closed_at if done else None)
        value = account.fields.get(anchor.name)
        return date.fromisoformat(value) if isinstance(value, str) and value else None

    def _awaited(self) -> set[str]:
        """The tasks that a stage waits for, and those that these wait for."""
        found: set[str] = set()
        ahead = [item for item in self.by_id.values() if item.holds_up]
        while ahead:
            item = ahead.pop()
            if item.id not in found:
                found.add(item.id)
                ahead += [self.by_id[a] for a in item.plan.after if a in self.by_id]
        return found

    def _items(self, number: int, stage: StagePlan) -> list[Item]:
        """What is left of a stage. Of the present one, what is closed is not; the others are still ahead as a whole."""
        deal = self.case.deal
        asked = set(_ANSWERS.findall(stage.exit.source)) if stage.exit is not None else set()
        there = {t.plan: t for t in deal.current()} if deal.opened_at and stage.key == deal.stage else {}
        return [
            replace(
                self._item(number, plan.at(deal.severity), there.get(plan.id)),
                holds_up=(not plan.optional and plan.repeat is None) or plan.id in asked,
            )
            for plan in in_order(stage.tasks)
            if plan.id not in there or not there[plan.id].closed
        ]

    def _item(self, number: int, plan: TaskPlan, task: Task | None) -> Item:
        if task is None or task.clock is None:
            return Item(plan, number, not_before=task.starts_at if task else None)
        clock, calendar = task.clock, self.case.people.calendar(task.assignee_id)
        due, stopped = clock.due_at, self.case.deal.paused_at
        if clock.waits_since is not None:  # the customer's days are not ours
            due = moved(calendar, due, between(calendar, clock.waits_since, stopped or self.at))
        if self.case.deal.state == "paused" and stopped is not None:
            due = moved(calendar, due, between(calendar, max(stopped, clock.since), self.at))
        return Item(plan, number, clock.started_at, max(due, self.at), task.assignee_id)

    def _place(self, item: Item, laid: Laid, begin: datetime | None) -> None:
        waits = [laid.ends[a] for a in item.plan.after if a in laid.ends]
        start = max([*waits, *([begin] if begin is not None else [])], default=None)
        if start is None:
            return
        start = max(start, item.not_before or start)
        if item.id not in self.calendars:
            self.holders[item.id] = self._holder(item.plan, start)
            self.calendars[item.id] = self.case.people.calendar(self.holders[item.id])
        laid.starts[item.id] = start
        anchor = self.anchor(item, start, laid, begin)
        laid.ends[item.id] = due_at(item.plan.due, anchor, self.calendars[item.id], start)

    def _holder(self, plan: TaskPlan, at: datetime) -> int | None:
        """Who would get the task at ``at``; nobody in particular where it is offered to a department."""
        return self._first((plan.assign, (Owner(),), self.case.workspace.steward), at, plan.department).person_id

    def _first(self, chains: Sequence[Chain], at: datetime, department: str | None = None) -> Who:
        asking = Asking(at, self.owner_id, self.case.account.team, None, department)
        found = (persons.resolve(chain, asking, self.case.people, self.case.duty) for chain in chains)
        return next((who for who in found if not who.nobody), Who())

    def _last_of(self, number: int) -> Item | None:
        """The task for which stage ``number`` and those before it are left no earlier."""
        for n in range(number, -1, -1):
            ends = self.laid.exits[n]
            found = next((i for i in self.items[n] if i.holds_up and self.laid.ends[i.id] == ends), None)
            if found is not None:
                return found
        return None

    def _driver(self, item: Item) -> Item | None:
        """The task without which ``item`` would end earlier; None where nothing of the plan is to blame."""
        if item.due is not None:
            return None
        start, due = self.laid.starts[item.id], item.plan.due
        anchor = self.anchor(item, start, self.laid, self.laid.exits.get(item.stage - 1))
        if anchor is not None and resolve(due, anchor, self.calendars[item.id]) > start:
            match due.anchor.kind:
                case "done":
                    return self.by_id.get(due.anchor.name)
                case "stage start":
                    return self._last_of(item.stage - 1)
                case kind if kind != "start":
                    return None
        waited = next((self.by_id[a] for a in item.plan.after if self.laid.ends.get(a) == start), None)
        return waited or self._last_of(item.stage - 1)


def in_order(tasks: Sequence[TaskPlan]) -> list[TaskPlan]:
    """The tasks, each behind those of the same stage that it waits for."""
    left, done = list(tasks), list[TaskPlan]()
    while left:
        open_ = {t.id for t in left}
        ready = [t for t in left if not open_ & set(t.after)] or left[:1]
        done += ready
        left = [t for t in left if t not in ready]
    return done
