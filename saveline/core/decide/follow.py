"""Open tasks follow the people: to a substitute while somebody is away and back, to whoever has the role now.

Whose a task is stays known while somebody else has it: A's task, with C because both A and B are away, goes to B
when B returns and to A in the end. What a person gave to another person stays with that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from saveline.core import people as persons
from saveline.core.changes import OwnerChanged
from saveline.core.decide import flow
from saveline.core.decide.draft import Draft
from saveline.core.facts import DECISION, Task
from saveline.core.people import (
    Asking,
    Assignee,
    Chain,
    Claim,
    Lead,
    Manager,
    Named,
    Owner,
    Pick,
    Role,
    Who,
    first_found,
)


def next_change(draft: Draft, task: Task, by: datetime) -> datetime | None:
    """When the task next goes to somebody else because an absence begins or ends; None where that is not ``by`` then.

    What comes later need not be looked for: the task is looked at again when its next step has been taken.
    """
    if not draft.case.people.anybody_away or task.assignee_id is None:
        return None
    since = task.running.since
    moments = sorted({m for i in _circle(draft, task) for m in draft.case.people.turns(i) if since < m <= by})
    return next((m for m in moments if _successor(draft, task, m) is not None), None)


def follow(draft: Draft, at: datetime) -> None:
    """Give every open task to whom it belongs at ``at``, with one message for each person."""
    moved: list[tuple[Task, Who]] = []
    for task in draft.deal.tasks:
        who = _successor(draft, task, at) if task.state == "open" else None
        if who is not None:
            draft.record(flow.assignment(who), at=at, task_no=task.no)
            moved.append((task, who))
    _tell(draft, moved, at)


def follow_owner(draft: Draft, at: datetime) -> None:
    """The deal goes to another owner when the one it has is named by nobody any more, or has left."""
    case, owner = draft.case, draft.deal.owner_id
    asking = Asking(at, None, case.account.team)
    named = [persons.named(link, asking, case.people, []) for link in _plain(case.workspace.owner)]
    active = [i for i in named if i is not None and case.people.by_id[i].active]
    gone = owner is None or not case.people.by_id[owner].active
    if owner in active or not (active or gone):
        return
    heir = active[0] if active else draft.who(case.workspace.owner, at).person_id
    if heir is None:
        return
    why = "has left" if gone else "is not named any more"
    draft.record(OwnerChanged(heir, (f"{case.people.name(owner)} {why}",)), at=at)
    draft.tell("news", heir, at=at, about={"news": "owner", "from": owner})
    draft.tell("news", owner, at=at, about={"news": "owner", "to": heir})


def _successor(draft: Draft, task: Task, at: datetime) -> Who | None:
    """Who should have the task at ``at``, where that is somebody else than who has it."""
    plan, people, why = draft.plan(task), draft.case.people, list[str]()
    if (plan is not None and plan.stay) or task.offered:
        return None
    meant = _meant(draft, task, at)
    found = people.at_work(meant, at, why) if meant is not None else None
    if found is not None:
        if found == task.assignee_id:
            return None
        why.append(f"{people.name(found)} has it now" if found != meant else f"{people.name(found)} is there")
        return Who(found, None, tuple(why), None, meant, task.link)
    if meant == task.meant_id and people.at_work(task.assignee_id, at, []) == task.assignee_id:
        return None  # a stand-in goes on while nobody better is there
    who = _resolved(draft, task, at)
    return None if who is None or who.person_id == task.assignee_id else who


def _resolved(draft: Draft, task: Task, at: datetime) -> Who | None:
    """Whom the chain gives now, else the owner, else the steward; nothing is given out by asking."""
    who = first_found(draft.fallbacks(draft.chain(task)), lambda c: draft.look_up(c, at, task))
    return None if who.nobody else who


def _meant(draft: Draft, task: Task, at: datetime) -> int | None:
    """Whose the task is now: whoever has the role that it was given to, else the person it was meant for."""
    plan = draft.plan(task)
    link = next((x for x in (*draft.chain(task), Owner()) if str(x) == task.link), None) if task.link else None
    if link is None or isinstance(link, Pick | Claim):
        return task.meant_id
    department = plan.department if plan is not None else None
    asking = Asking(at, draft.deal.owner_id, draft.case.account.team, task.assignee_id, department)
    return persons.named(link, asking, draft.case.people, [])


def _circle(draft: Draft, task: Task) -> Iterator[int]:
    """The people whose absences matter: whose it is, who has it, and everybody who would stand in for them."""
    ahead, seen = [task.meant_id, task.assignee_id], set[int]()
    while ahead:
        person = draft.case.people.by_id.get(ahead.pop() or 0)
        if person is not None and person.id not in seen:
            seen.add(person.id)
            yield person.id
            ahead += [a.substitute_id for a in person.absences]


def _plain(chain: Chain) -> Iterator[Owner | Role | Lead | Assignee | Named | Manager]:
    return (link for link in chain if not isinstance(link, Pick | Claim))


def _tell(draft: Draft, moved: list[tuple[Task, Who]], at: datetime) -> None:
    """One message to each who has more now, and one to each who has less, however many tasks went."""
    gained: dict[int, list[Task]] = {}
    lost: dict[int, list[tuple[Task, int | None]]] = {}
    for task, who in moved:
        if who.department is not None:
            ordinal = draft.task(task.no).running.assigned
            draft.tell_department("assigned", who.department, at=at, task_no=task.no, ordinal=ordinal)
        elif who.person_id is not None:
            gained.setdefault(who.person_id, []).append(task)
        if task.assignee_id is not None:
            lost.setdefault(task.assignee_id, []).append((task, who.person_id))
    for person, tasks in gained.items():
        _tell_new(draft, person, tasks, at)
    for person, gone in lost.items():
        about: Mapping[str, object] = {"news": "followed", "tasks": [t.no for t, _ in gone], "to": gone[0][1]}
        draft.tell("news", person, at=at, about=about)


def _tell_new(draft: Draft, person: int, tasks: list[Task], at: datetime) -> None:
    if len(tasks) > 1:
        about = {"news": "followed", "tasks": [t.no for t in tasks], "from": tasks[0].assignee_id}
        draft.tell("news", person, at=at, about=about)
        return
    task = tasks[0]
    kind = "decision_due" if task.plan == DECISION else "assigned"
    given = {"from": task.assignee_id} if task.assignee_id is not None else {}
    draft.tell(kind, person, at=at, task_no=task.no, ordinal=draft.task(task.no).running.assigned, about=given)
