"""Many deals in virtual time, with people who are drawn by luck: one queue of moments for all that happens.

Loads, rotations and capacity are shared, as in life: what one deal asks of somebody, the next one waits for. What falls
due and what people do come out of the queue in the order of their moments, and are decided by the core as ever.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from saveline.core.allocation import Lot
from saveline.core.answering import Asked, asked, decline, fate, reply
from saveline.core.behaviour import Behaviour, Habits
from saveline.core.changes import Escalated, Event
from saveline.core.decide.draft import Case, Decision
from saveline.core.decide.due import on_due
from saveline.core.errors import Refusal
from saveline.core.facts import APPROVAL, Account, Deal, Doer, Fact, Task
from saveline.core.hands import Hands, Item
from saveline.core.luck import Luck
from saveline.core.moments import Duration, later
from saveline.core.notices import Notice
from saveline.core.people import Duty, People
from saveline.core.play import Play
from saveline.core.rehearse import Act, AskHelp, Open, Refused, See, Step, Take, Timeline, perform
from saveline.core.workspace import Workspace
from saveline.core.worktime import after

NEXT_DAY: Final = Duration(business_days=1)
Progress: TypeAlias = Callable[[float], None]
"""Told which share of the time has passed."""


class Opening(Fact, frozen=True):
    """An account becomes a deal at ``at`` and runs ``play``. ``key`` is the name that luck knows the deal by."""

    at: datetime
    account: Account
    play: Play
    causes: tuple[str, ...]
    key: str
    score: int = 0
    why: tuple[str, ...] = ()
    lot: Lot | None = None


class House(Fact, frozen=True):
    """What all deals share; ``duty`` is what people have on their plates besides them."""

    workspace: Workspace
    people: People
    behaviour: Behaviour
    duty: Duty = Duty()


class Life(Fact, frozen=True):
    """One deal from its opening to ``until``: what was decided, and ``steps``, what people did, refused ones too.

    ``turns`` number the steps of all deals, so that those of one moment can be told apart.
    """

    opening: Opening
    case: Case
    until: datetime
    events: tuple[Event, ...] = ()
    notices: tuple[Notice, ...] = ()
    steps: tuple[Step, ...] = ()
    refused: tuple[Refused, ...] = ()
    turns: tuple[int, ...] = ()

    @property
    def deal(self) -> Deal:
        return self.case.deal

    def timeline(self) -> Timeline:
        return Timeline(self.case, self.until, self.events, self.notices, self.refused)


def play_all(
    house: House, openings: Sequence[Opening], luck: Luck, until: datetime, progress: Progress | None = None
) -> tuple[Life, ...]:
    """The lives of all deals until ``until``, in the order of ``openings``."""
    return Portfolio(house, openings, luck).run(until, progress)


class _Running:
    """A deal that is being played."""

    def __init__(self, opening: Opening, case: Case) -> None:
        self.opening, self.case = opening, case
        self.events: list[Event] = []
        self.notices: list[Notice] = []
        self.steps: list[Step] = []
        self.refused: list[Refused] = []
        self.turns: list[int] = []

    def life(self, until: datetime) -> Life:
        events, notices = tuple(self.events), tuple(self.notices)
        steps, refused, turns = tuple(self.steps), tuple(self.refused), tuple(self.turns)
        return Life(self.opening, self.case, until, events, notices, steps, refused, turns)


class _Holding(Fact, frozen=True):
    """Who has a task, since which time of giving; ``department`` where it is offered to all of one."""

    assigned: int
    person_id: int | None
    department: str | None


class _Todo(Fact, frozen=True):
    """Something that somebody will do with a task, if it is still in the same hands then."""

    verb: str
    item: Item
    assigned: int
    tried: int = 0


class Portfolio:
    """See :func:`play_all`."""

    def __init__(self, house: House, openings: Sequence[Opening], luck: Luck) -> None:
        self.house, self.luck = house, luck
        self._open_tasks: dict[int, int] = dict(house.duty.open_tasks)
        self._last_pick: dict[str, int] = dict(house.duty.last_pick)
        # The same two mappings for every case: a load that one deal adds is seen by all of them at once.
        duty = Duty(self._open_tasks, self._last_pick)
        self._deals = [_Running(o, self._case(i, o, duty)) for i, o in enumerate(openings, start=1)]
        self._hands = Hands(self._most)
        self._held: dict[Item, _Holding] = {}
        self._asleep: set[Item] = set()
        self._taken: set[Item] = set()
        self._numbers = count()
        self._queue: list[tuple[datetime, int, int, int, Any]] = []
        for i, opening in enumerate(openings):
            self._push(opening.at, i)

    def _case(self, deal_id: int, opening: Opening, duty: Duty) -> Case:
        deal = Deal(id=deal_id, account_id=opening.account.id)
        return Case(self.house.workspace, self.house.people, opening.play, opening.account, deal, duty)

    def _most(self, person_id: int) -> int:
        person = self.house.people.by_id[person_id]
        return self._habits(person_id).at_once if person.capacity is None else person.capacity

    def _habits(self, person_id: int | None, department: str | None = None) -> Habits:
        person = self.house.people.by_id.get(person_id or 0)
        return self.house.behaviour.of(person.department if person else department)

    # --- the queue ----------------------------------------------------------------------------------------------------

    def run(self, until: datetime, progress: Progress | None = None) -> tuple[Life, ...]:
        begun = self._queue[0][0] if self._queue else until
        span = max((until - begun) / timedelta(days=1), 1e-9)
        done = 0
        while self._queue and self._queue[0][0] <= until:
            at, _, _, _, what = heapq.heappop(self._queue)
            if isinstance(what, _Todo):
                self._do(what, at)
            else:
                self._fire(what, at)
            done += 1
            if progress is not None and done % 500 == 0:
                progress((at - begun) / timedelta(days=1) / span)
        return tuple(running.life(until) for running in self._deals)

    def _push(self, at: datetime, what: int | _Todo) -> None:
        """Of one moment the engine comes first, deal by deal, then people, in the order in which they made up their
        minds."""
        number = next(self._numbers)
        rank = (1, 0) if isinstance(what, _Todo) else (0, what)
        heapq.heappush(self._queue, (at, *rank, number, what))

    def _fire(self, index: int, at: datetime) -> None:
        running = self._deals[index]
        if not running.case.deal.play:
            opening = running.opening
            self._take(index, Step(at, Open(opening.causes, opening.score, opening.why, opening.lot)))
        elif running.case.deal.next_at == at:
            self._stand(index, on_due(running.case, at), at)

    def _stand(self, index: int, decision: Decision, at: datetime) -> None:
        """The decision stands, and people hear what it asks of them."""
        running = self._deals[index]
        running.events += decision.events
        running.notices += decision.notices
        self._last_pick.update(decision.rotations)
        running.case = replace(running.case, deal=decision.deal)
        for no in sorted({e.task_no for e in decision.events if e.task_no}):
            self._follow((index, no), decision.deal.tasks[no - 1], at)
        for event in decision.events:
            if isinstance(event.change, Escalated) and (index, event.task_no) in self._asleep:
                self._wake((index, event.task_no), event.change.ordinal, at)
        if decision.deal.next_at is not None:
            self._push(decision.deal.next_at, index)

    # --- whose task it is ---------------------------------------------------------------------------------------------

    def _follow(self, item: Item, task: Task, at: datetime) -> None:
        """The task as it is now: out of the hands it was in, and into those it is in."""
        before, clock = self._held.get(item), task.clock
        if before is not None and (clock is None or clock.assigned != before.assigned):
            del self._held[item]
            self._asleep.discard(item)
            self._let_go(item, before, at)
            before = None
        if clock is not None and before is None and clock.assigned:
            self._held[item] = _Holding(clock.assigned, task.assignee_id, task.department)
            if task.assignee_id is not None:
                self._open_tasks[task.assignee_id] = self._open_tasks.get(task.assignee_id, 0) + 1
            self._hand(item, task, at)

    def _let_go(self, item: Item, before: _Holding, at: datetime) -> None:
        if before.person_id is None:
            return
        self._open_tasks[before.person_id] -= 1
        following = self._hands.release(before.person_id, item)
        if following is not None:
            self._begin(following, at)

    def _hand(self, item: Item, task: Task, at: datetime) -> None:
        """Somebody has it, or a department is offered it: do they do anything with it?"""
        holding, taken = self._held[item], item in self._taken
        self._taken.discard(item)
        if holding.person_id is None and holding.department is None:
            return
        habits = self._habits(holding.person_id, holding.department)
        became = fate(self._asked(item), habits, self.luck, holding.assigned)
        if became == "sleeps" and not taken:
            self._asleep.add(item)
        elif became != "forgets" or taken:
            self._take_up(item, at)

    def _take_up(self, item: Item, at: datetime) -> None:
        holding = self._held[item]
        if holding.person_id is None or self._hands.give(holding.person_id, item):
            self._begin(item, at)

    def _wake(self, item: Item, times: int, at: datetime) -> None:
        holding = self._held[item]
        if times >= self._habits(holding.person_id, holding.department).wakes_after:
            self._asleep.discard(item)
            self._take_up(item, at)

    def _begin(self, item: Item, at: datetime) -> None:
        """They get to it: from now on their time counts."""
        holding, about = self._held[item], self._asked(item)
        habits = self._habits(holding.person_id, holding.department)
        seen = habits.seen.minutes(about.share(self.luck, "seen", holding.assigned))
        if holding.person_id is None:
            self._after(seen, _Todo("take", item, holding.assigned), at)
            return
        done = habits.done.minutes(about.share(self.luck, "done", holding.assigned))
        if seen < done:
            self._after(seen, _Todo("see", item, holding.assigned), at)
        became = fate(about, habits, self.luck, holding.assigned)
        if became == "asks":
            self._after((seen + done) // 2, _Todo("ask", item, holding.assigned), at)
        self._after(done, _Todo("decline" if became == "refuses" else "finish", item, holding.assigned), at)

    def _after(self, minutes: int, todo: _Todo, at: datetime) -> None:
        calendar = self.house.people.calendar(self._held[todo.item].person_id)
        self._push(after(calendar, at, timedelta(minutes=minutes)), todo)

    def _asked(self, item: Item, tried: int = 0) -> Asked:
        running = self._deals[item[0]]
        return asked(running.case, running.case.deal.tasks[item[1] - 1], running.opening.key, tried)

    # --- what people do -----------------------------------------------------------------------------------------------

    def _do(self, todo: _Todo, at: datetime) -> None:
        holding = self._held.get(todo.item)
        if holding is None or holding.assigned != todo.assigned:
            return  # it is closed, or somebody else's, by now
        index, no = todo.item
        running = self._deals[index]
        person_id = holding.person_id if holding.person_id is not None else self._taker(holding, at, todo.item)
        if person_id is None:
            self._again(todo, at)
            return
        deal = running.case.deal
        if todo.verb == "finish" and any(t.plan == APPROVAL and t.state == "open" and t.answers.get("of") == no
                                         for t in deal.tasks):  # fmt: skip
            self._again(todo, at, tried=todo.tried)  # what they granted is not approved yet
            return
        act = self._act(todo, deal.tasks[no - 1], running.case)
        if todo.verb == "take":
            self._taken.add(todo.item)
        self._take(index, Step(at, act, Doer(person_id)))
        if todo.verb in ("finish", "decline", "take"):
            self._again(todo, at)

    def _act(self, todo: _Todo, task: Task, case: Case) -> Act:
        match todo.verb:
            case "see":
                return See(task.no)
            case "ask":
                return AskHelp(task.no, "rehearsed")
            case "take":
                return Take(task.no)
            case "decline":
                return decline(task)
        return reply(case, task, self._asked(todo.item, todo.tried), self.house.behaviour, self.luck)

    def _take(self, index: int, step: Step) -> None:
        """Somebody does it; a refusal is kept."""
        running = self._deals[index]
        running.steps.append(step)
        running.turns.append(next(self._numbers))
        try:
            decision = perform(running.case, step)
        except Refusal as refusal:
            running.refused.append(Refused(step, str(refusal)))
        else:
            self._stand(index, decision, step.at)

    def _taker(self, holding: _Holding, at: datetime, item: Item) -> int | None:
        """Of those of the department who are at work, the one with least to do; of equals, whom luck names."""
        people, about = self.house.people, self._asked(item)
        there = [p.id for p in people.members(holding.department or "") if people.at_work(p.id, at, []) == p.id]
        return min(
            there,
            key=lambda i: (self._hands.load(i), about.share(self.luck, "takes", people.by_id[i].email)),
            default=None,
        )

    def _again(self, todo: _Todo, at: datetime, tried: int | None = None) -> None:
        """Where the task is still theirs, because it was refused or nobody was there: once more on the next working
        day."""
        holding = self._held.get(todo.item)
        if holding is not None and holding.assigned == todo.assigned:
            calendar = self.house.people.calendar(holding.person_id)
            again = replace(todo, tried=todo.tried + 1 if tried is None else tried)
            self._push(later(NEXT_DAY, at, calendar), again)
