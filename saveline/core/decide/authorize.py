"""Who may do what with a task: one rule for every door.

A task may be worked on by whoever has it or would have it were they not away, whoever owns the deal, the members and
the lead of the department it is offered to or belongs to, the managers above both, whoever its ladder has called, and
the steward. An approval may also be given by anybody else who may grant what is asked for. That it was read is for
those to say in whose hands it lies: from others it would keep the ladder from looking for them. Everybody in the
directory may comment.
"""

from __future__ import annotations

from datetime import datetime

from saveline.core.decide import concessions
from saveline.core.decide.draft import Draft
from saveline.core.decide.ladder import policy_of
from saveline.core.errors import HasLeft, NotAllowed, NotTheirsToRead
from saveline.core.facts import APPROVAL, Person, Task
from saveline.core.intents import Comment, Done, Intent, Seen
from saveline.core.people import People


def authorize(draft: Draft, no: int, person: Person | None, intent: Intent, at: datetime) -> None:
    """Raises HasLeft for somebody who is no longer active, NotAllowed for somebody whose part in the task, if they have
    one, does not go so far."""
    if person is None or not person.active:
        raise HasLeft(person.name if person else "Somebody unknown")
    if isinstance(intent, Comment):
        return
    task = draft.task(no)
    if not may(draft, task, person, type(intent), at):
        holder = draft.case.people.name(task.assignee_id) if task.assignee_id else task.department or "nobody yet"
        refused = NotTheirsToRead if isinstance(intent, Seen) else NotAllowed
        raise refused(draft.name_of(task), person.name, holder)


def may(draft: Draft, task: Task, person: Person, intent: type[Intent], at: datetime) -> bool:
    """Whether somebody active may do that with the task at ``at``: what a page offers, and what a press is held to."""
    if intent is Comment:
        return True
    if intent is Seen:
        return _is_before(draft, task, person, at)
    if intent is Done and task.plan == APPROVAL and _may_grant(draft, task, person, at):
        return True
    return has_part(draft, task, person, at)


def has_part(draft: Draft, task: Task, person: Person, at: datetime) -> bool:
    """Whether the task is the person's to work on at ``at``."""
    people, owner = draft.case.people, draft.deal.owner_id
    if person.id in (task.assignee_id, task.meant_id, owner):
        return True
    if person.id in (*managers(people, task.assignee_id), *managers(people, owner)):
        return True
    key = _department(draft, task)
    department = people.departments.get(key or "")
    if department is not None and (person.department == key or person.id == department.lead_id):
        return True
    return person.id in (_steward(draft, at), *_called(draft, task, at))


def _is_before(draft: Draft, task: Task, person: Person, at: datetime) -> bool:
    """Whether it is the person in whose hands it lies, or whom the ladder has called."""
    if task.assignee_id is None:
        return task.department is not None and person.department == task.department
    return person.id == task.assignee_id or person.id in _called(draft, task, at)


def _may_grant(draft: Draft, approval: Task, person: Person, at: datetime) -> bool:
    request = approval.answers
    return concessions.may_grant(draft, str(request["concession"]), float(request["amount"]), person.id, at)


def _steward(draft: Draft, at: datetime) -> int | None:
    return draft.look_up(draft.case.workspace.steward, at).person_id


def _called(draft: Draft, task: Task, at: datetime) -> list[int | None]:
    """Those to whom the rungs lead that have been climbed."""
    climbed = task.clock.rung if task.clock else 0
    return [draft.look_up(rung.to, at, task).person_id for rung in policy_of(draft, task).escalate[:climbed]]


def managers(people: People, person_id: int | None) -> list[int]:
    """The managers above a person, the nearest first."""
    found: list[int] = []
    at = people.by_id.get(person_id or 0)
    while at is not None and at.manager_id is not None and at.manager_id not in found:
        found.append(at.manager_id)
        at = people.by_id.get(at.manager_id)
    return found


def _department(draft: Draft, task: Task) -> str | None:
    plan = draft.plan(task)
    return task.department or (plan.department if plan else None)
