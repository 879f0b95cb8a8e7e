"""A decision in the making: the facts it starts from, what has been decided so far, and the deal as it then stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import zip_longest
from typing import Any

from saveline.core import people as persons
from saveline.core.changes import Change, Event, TaskChange, evolve
from saveline.core.decide.approval import approval_plan
from saveline.core.errors import DealIsClosed, TaskClosed, TaskNotStarted, UnknownTask, Unwritable
from saveline.core.facts import APPROVAL, DECISION, RESERVED, Account, Deal, Doer, Fact, Task
from saveline.core.moments import Anchor
from saveline.core.notices import Notice, channels_for, rooms_for
from saveline.core.people import Asking, Chain, Duty, Owner, People, Who
from saveline.core.play import Facts, Play, TaskPlan
from saveline.core.workspace import Workspace
from saveline.core.writable import half_or_nul, words_in


class Case(Fact, frozen=True):
    """Everything a decision about one deal may look at."""

    workspace: Workspace
    people: People
    play: Play
    account: Account
    deal: Deal
    duty: Duty = Duty()


class Decision(Fact, frozen=True):
    """What was decided: the events in order, the notices, and the deal they make of the one before."""

    before: Deal
    deal: Deal
    events: tuple[Event, ...] = ()
    notices: tuple[Notice, ...] = ()
    rotations: Mapping[str, int] = {}

    def then(self, later: Decision) -> Decision:
        """Both in one: ``later`` was decided about the deal that this one makes."""
        return Decision(
            self.before,
            later.deal,
            (*self.events, *later.events),
            (*self.notices, *later.notices),
            {**self.rotations, **later.rotations},
        )


class Draft:
    """Collects events and notices. Recording an event folds it at once, so each rule sees what the one before did."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.deal = case.deal
        self.events: list[Event] = []
        self.notices: list[Notice] = []
        self.rotations: dict[str, int] = {}
        self.stale: set[int] = set()
        self.timed: Deal | None = None
        self._load: dict[int, int] = {}
        self._facts: Facts | None = None

    def record(self, change: Change, *, at: datetime, task_no: int = 0, by: Doer | None = None) -> Event:
        if by is not None:  # their own words: what the engine says itself is not looked at, and is most of all
            _readable(change)
        who, via = (by.person_id, by.via) if by else (None, "engine")
        event = Event(self.deal.seq + 1, at, change, task_no, who, via)
        before, self.deal = self.deal, evolve(self.deal, (event,))
        self.events.append(event)
        self._facts = None
        if isinstance(change, TaskChange):
            self.stale.add(task_no)
            self._weigh(_bearer(before.task(task_no)), _bearer(self.deal.task(task_no)))
        return event

    def _weigh(self, had: int | None, has: int | None) -> None:
        """Keep the loads: a pick must see the same whether what came before it was written meanwhile or not."""
        if had != has:
            for person_id, more in ((had, -1), (has, 1)):
                if person_id is not None:
                    self._load[person_id] = self._load.get(person_id, 0) + more

    # --- the facts, as they stand now -------------------------------------------------------------------------

    def task(self, no: int) -> Task:
        task = self.deal.task(no)
        if task is None:
            raise UnknownTask(f"{self.deal.id}.{no}", [f"{self.deal.id}.{t.no}" for t in self.deal.tasks])
        return task

    def open_task(self, no: int) -> Task:
        """Task ``no``, which must be open. Raises a refusal that says who closed it, or what it waits for."""
        task = self.task(no)
        if self.deal.closed and not task.closed:
            raise DealIsClosed(self.case.account.name, self.deal.ending, self.day(self.deal.closed_at))
        if task.closed:
            raise TaskClosed(
                self.name_of(task), task.state, self.case.people.name(task.closed_by), self.day(task.closed_at)
            )
        plan = self.plan(task)
        if task.state == "waiting" and plan is not None:
            raise TaskNotStarted(self.name_of(task), plan.after or ("its stage",))
        return task

    def open_deal(self) -> Deal:
        if self.deal.closed:
            raise DealIsClosed(self.case.account.name, self.deal.ending, self.day(self.deal.closed_at))
        return self.deal

    def plan(self, task: Task) -> TaskPlan | None:
        """What the play says of the task; None for the decision task, which is the workspace's."""
        if task.plan == DECISION:
            return None
        if task.plan == APPROVAL:
            return approval_plan(self.case.workspace, task)
        found = self.case.play.task(task.stage, task.plan)
        return found.at(self.deal.severity) if found is not None and found.by_severity else found

    def reserved(self, task: Task) -> bool:
        """Whether the task is the workspace's own, and of no play."""
        return task.plan in RESERVED

    def name_of(self, task: Task) -> str:
        plan = self.plan(task)
        return task.title or (plan.title(self.facts()) if plan else task.plan)

    def facts(self) -> Facts:
        """What conditions and titles may name, as plain dicts."""
        if self._facts is None:
            self._facts = {
                "account": account_facts(self.case.account, self.deal),
                "deal": _deal_facts(self.deal),
                "answers": self._answers(),
            }
        return self._facts

    def _answers(self) -> dict[str, dict[str, Any]]:
        answers: dict[str, dict[str, Any]] = {t.id: {} for s in self.case.play.stages for t in s.tasks}
        for task in self.deal.of_this_life():
            if task.state == "done":
                answers[task.plan] = dict(task.answers)
        return answers

    def anchor(self, task: Task | None, anchor: Anchor) -> datetime | date | None:
        """The instant or date a moment counts from, or None where the account or the deal has none yet."""
        deal = self.deal
        match anchor.kind:
            case "opened":
                return deal.began_at
            case "stage start":
                return deal.stage_at
            case "start":
                return task.clock.anchor_at if task and task.clock else deal.stage_at
            case "due":
                return task.clock.due_at if task and task.clock else None
            case "renewal":
                return self.case.account.renewal
            case "done":
                named = deal.latest(anchor.name)
                return named.closed_at if named else None
        value = self.case.account.fields.get(anchor.name)
        return date.fromisoformat(value) if isinstance(value, str) and value else None

    def day(self, at: datetime | None) -> str:
        """A moment in words, in the workspace's zone."""
        return f"{self.case.people.calendar(None).local(at):%-d %b %Y %H:%M}" if at else "earlier"

    # --- people -----------------------------------------------------------------------------------------------

    def who(self, chain: Chain, at: datetime, task: Task | None = None, department: str | None = None) -> Who:
        """Resolve ``chain`` with the loads as they are after what this draft has already given out."""
        found = self.look_up(chain, at, task, department)
        if found.rotation and found.person_id:
            self.rotations[found.rotation] = found.person_id
        return found

    def look_up(self, chain: Chain, at: datetime, task: Task | None = None, department: str | None = None) -> Who:
        """Whom ``chain`` would give: nothing is given out, and no rotation turns."""
        if department is None and task is not None:
            department = self._department(task)
        asking = Asking(at, self.deal.owner_id, self.case.account.team, task.assignee_id if task else None, department)
        return persons.resolve(chain, asking, self.case.people, self._duty())

    def chain(self, task: Task) -> Chain:
        """Whom the play, or for the decision the workspace, gives the task to."""
        plan = self.plan(task)
        return plan.assign if plan is not None else self.case.workspace.decision.assign

    def fallbacks(self, chain: Chain) -> tuple[Chain, ...]:
        """What is asked in turn until somebody is found: the chain, the deal's owner, the workspace's steward."""
        return (chain, (Owner(),), self.case.workspace.steward)

    def owner_at_work(self, at: datetime) -> int | None:
        """The deal's owner, or whoever stands in for them at ``at``."""
        owner_id = self.deal.owner_id
        return self.case.people.at_work(owner_id, at, []) or owner_id

    def _department(self, task: Task) -> str | None:
        """The department a task belongs to: where it was offered, what the play says, else that of whoever has it."""
        plan, holder = self.plan(task), self.case.people.by_id.get(task.assignee_id or 0)
        return task.department or (plan.department if plan else None) or (holder.department if holder else None)

    def _duty(self) -> Duty:
        if not self._load and not self.rotations:
            return self.case.duty
        open_tasks = dict(self.case.duty.open_tasks)
        for person_id, more in self._load.items():
            open_tasks[person_id] = open_tasks.get(person_id, 0) + more
        return Duty(open_tasks, {**self.case.duty.last_pick, **self.rotations})

    # --- notices ----------------------------------------------------------------------------------------------

    def tell(
        self,
        kind: str,
        person_id: int | None,
        *,
        at: datetime,
        task_no: int = 0,
        ordinal: int = 0,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue a notice by each channel the kind goes by. Without an ``ordinal`` the last event's number stands in."""
        person = self.case.people.by_id.get(person_id or 0)
        if person is None:
            return
        for channel in channels_for(kind, person, self.case.workspace):
            self.notices.append(Notice(kind, at, person.id, channel, task_no, ordinal or self.deal.seq, about or {}))

    def tell_all(
        self,
        kind: str,
        people: Iterable[int | None],
        *,
        at: datetime,
        task_no: int = 0,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """The same to several people, each of them once."""
        for person_id in dict.fromkeys(people):
            self.tell(kind, person_id, at=at, task_no=task_no, about=about)

    def tell_department(
        self, kind: str, key: str, *, at: datetime, task_no: int, ordinal: int, about: Mapping[str, Any] | None = None
    ) -> None:
        """To a department's room where it has one, else to each member at work."""
        rooms = rooms_for(self.case.people.departments.get(key))
        for room in rooms:
            self.notices.append(Notice(kind, at, 0, room, task_no, ordinal, about or {}))
        if not rooms:
            for person in self.case.people.members(key):
                if self.case.people.at_work(person.id, at, []) == person.id:
                    self.tell(kind, person.id, at=at, task_no=task_no, ordinal=ordinal, about=about)


def account_facts(account: Account, deal: Deal) -> dict[str, Any]:
    """An account as conditions see it; money in whole units, renewal as a date, the user's own fields beside ours."""
    opened = deal.began_at.date() if deal.began_at else None
    return {
        **account.fields,
        "key": account.key,
        "name": account.name,
        "segment": account.segment,
        "vertical": account.vertical,
        "region": account.region,
        "arr": account.arr_cents / 100,
        "renewal": account.renewal,
        "health": account.health,
        "left_on": account.left_on,
        "runway_days": (account.renewal - opened).days if account.renewal and opened else None,
    }


def _deal_facts(deal: Deal) -> dict[str, Any]:
    return {
        "stage": deal.stage,
        "causes": list(deal.causes),
        "arr": deal.arr_cents / 100,
        "score": deal.score,
        "deciding": deal.decision() is not None,
        "severity": deal.severity,
    }


def _readable(change: Change) -> None:
    """Whichever door it came through, a text that no database can hold is refused here."""
    for text in words_in(change):
        bad = half_or_nul(text)
        if bad:
            raise Unwritable(bad)


def _bearer(task: Task | None) -> int | None:
    """Whose load the task is: of whoever has it, while it is open."""
    return task.assignee_id if task is not None and task.state == "open" else None


def duty_after(duty: Duty, decision: Decision) -> Duty:
    """The loads and rotations once ``decision`` stands: what the next deal of the same batch must see."""
    before, after = decision.before.tasks, decision.deal.tasks
    # A task that nothing happened to is the same object before and after.
    changed = [pair for pair in zip_longest(before, after) if pair[0] is not pair[1]]
    if not changed and not decision.rotations:
        return duty
    open_tasks = dict(duty.open_tasks)
    for had, has in changed:
        for person_id, more in ((_bearer(had), -1), (_bearer(has), 1)):
            if person_id is not None:
                open_tasks[person_id] = open_tasks.get(person_id, 0) + more
    return Duty(open_tasks, {**duty.last_pick, **decision.rotations})
