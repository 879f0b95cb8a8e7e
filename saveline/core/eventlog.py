"""A deal's history as an event log has it: what happened, to which task, by whom, and what it has to do with what.

Two kinds of log are made of it. In XES an event belongs to one case, the deal; in OCEL to any number of objects. What
an event is called is decided here, once for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from saveline.core import changes as c
from saveline.core.changes import Event, evolve
from saveline.core.facts import Deal, Fact, Task
from saveline.core.life_changes import MERGED
from saveline.core.records import Record

OPENED: Final = "deal opened"
REOPENED: Final = "deal opened again"
STAGE: Final = "stage: "
CLOSED: Final = "closed: "

COMPLETE: Final = "complete"
LIFECYCLE: Final[Mapping[type[Any], str]] = {
    c.TaskStarted: "schedule",
    c.TaskAssigned: "assign",  # "reassign" from the second time on
    c.TaskSeen: "start",
    c.TaskSnoozed: "suspend",
    c.TaskWaits: "suspend",
    c.TaskGoesOn: "resume",
    c.TaskDone: COMPLETE,
    c.TaskCannot: "ate_abort",
    c.TaskSkipped: "autoskip",
    c.TaskWithdrawn: "withdraw",
}
"""Where a change stands in the standard lifecycle of an activity (XES, lifecycle extension). All else is instantaneous,
and therefore complete."""

_BESIDE: Final[Mapping[type[Any], str]] = {
    c.Reminded: "reminder: ",
    c.Escalated: "escalation: ",
    c.RungPassed: "rung passed: ",
    c.HelpAsked: "help asked: ",
}
"""What happens about a task without being a step of its lifecycle."""


class Tie(Fact, frozen=True):
    """That an event or an object has to do with an object: ``kind`` is deal, account, task, person or department."""

    kind: str
    key: str
    how: str


class Entry(Fact, frozen=True):
    """One event of the log, with the deal as it was before and as it is then.

    ``name`` is its activity: ``stage: triage``, ``closed: saved``, ``task: diagnosis``. ``on_the_way`` says that it is
    a step of the deal's way, as :mod:`saveline.core.journeys` counts them.
    """

    record: Record
    before: Deal
    deal: Deal
    name: str
    on_the_way: bool
    transition: str

    @property
    def event(self) -> Event:
        return self.record.event

    @property
    def task(self) -> Task | None:
        return self.deal.task(self.event.task_no)

    @property
    def type(self) -> str:
        """What kind of event it is, without the name of the task: ``task done``, ``stage: triage``."""
        return self.name if self.on_the_way else self.event.kind.replace("_", " ")


def entries(deal: Deal, records: Iterable[Record]) -> Iterator[Entry]:
    """The log of one deal. ``deal`` is as it was before the first of ``records``: with its id and its account."""
    for record in records:
        before, deal = deal, evolve(deal, (record.event,))
        name, on_the_way = _name(record.event, before, deal)
        yield Entry(record, before, deal, name, on_the_way, _transition(record.event, before))


def _name(event: Event, before: Deal, deal: Deal) -> tuple[str, bool]:
    change, task = event.change, deal.task(event.task_no)
    match change:
        case c.DealOpened():
            return OPENED, True
        case c.DealReopened():
            return REOPENED, True
        case c.DealClosed(outcome=outcome):
            return CLOSED + outcome, True
        case c.DealMerged():
            return CLOSED + MERGED, True
    if isinstance(change, c.StageEntered) or (isinstance(change, c.DealMigrated) and before.stage != deal.stage):
        return STAGE + deal.stage, True
    if task is None or not isinstance(change, c.TaskChange):
        return event.kind.replace("_", " "), False
    return _BESIDE.get(type(change), "task: ") + task.plan, False


def _transition(event: Event, before: Deal) -> str:
    found = LIFECYCLE.get(type(event.change), COMPLETE)
    task = before.task(event.task_no)
    return "reassign" if found == "assign" and task is not None and task.running.assigned else found


def task_key(deal_id: int, no: int) -> str:
    """``12.3``: task 3 of deal 12, as everywhere in Saveline."""
    return f"{deal_id}.{no}"


def ties(entry: Entry, department_of: Mapping[int, str | None]) -> list[Tie]:
    """Everything that an event has to do with, each once in each role. ``department_of`` is by person."""
    event, deal = entry.event, entry.deal
    found = [Tie("deal", str(deal.id), "deal"), Tie("account", str(deal.account_id), "account")]
    if entry.task is not None:
        found.append(Tie("task", task_key(deal.id, entry.task.no), "task"))
    came = deal.tasks[len(entry.before.tasks) :]
    found += [Tie("task", task_key(deal.id, t.no), "plans") for t in came]
    people = {"by": event.by, **_people_of(entry)}
    found += [Tie("person", str(person), how) for how, person in people.items() if person]
    team = department(entry, department_of)
    if team:
        found.append(Tie("department", team, "department"))
    return found


def other_deals(told: Iterable[Entry]) -> list[Tie]:
    """The deals that a deal was merged into, and those that its causes went to; each once.

    They are no ties of its events: whoever makes a case of each deal would find the end of one in the other.
    """
    found: dict[Tie, None] = {}
    for entry in told:
        match entry.event.change:
            case c.DealMerged(into=other):
                found[Tie("deal", str(other), "merged into")] = None
            case c.CausesSplit(deal_id=other):
                found[Tie("deal", str(other), "split off")] = None
    return list(found)


def _people_of(entry: Entry) -> dict[str, int | None]:
    match entry.event.change:
        case c.DealOpened(owner_id=owner) | c.DealReopened(owner_id=owner) | c.OwnerChanged(owner_id=owner):
            return {"owner": owner}
        case c.Escalated(person_id=person):
            return {"holder": entry.task.assignee_id if entry.task else None, "escalated to": person}
    return {"holder": entry.task.assignee_id} if entry.task else {}


def department(entry: Entry, department_of: Mapping[int, str | None]) -> str | None:
    """The key of the department that has the task, or to which it is offered; else that of whoever did it."""
    task = entry.task
    if task is not None and task.department:
        return task.department
    person = task.assignee_id if task is not None else entry.event.by
    return department_of.get(person) if person else None
