"""Who may do what with a task: one rule for every door.

A task may be worked on by whoever has it, whoever owns the deal, the members of the department it is offered to or
belongs to, the managers above both, whoever its ladder has called, and the steward. Everybody in the directory may
comment.
"""

from __future__ import annotations

from datetime import datetime

from saveline.core.decide.draft import Draft
from saveline.core.decide.ladder import policy_of
from saveline.core.errors import HasLeft, NotAllowed
from saveline.core.facts import Person, Task
from saveline.core.intents import Comment, Intent
from saveline.core.people import People


def authorize(draft: Draft, no: int, person: Person | None, intent: Intent, at: datetime) -> None:
    """Raises HasLeft for somebody who is no longer active, NotAllowed for somebody who has no part in the task."""
    if person is None or not person.active:
        raise HasLeft(person.name if person else "Somebody unknown")
    if isinstance(intent, Comment):
        return
    task = draft.task(no)
    if not has_part(draft, task, person, at):
        holder = draft.case.people.name(task.assignee_id) if task.assignee_id else task.department or "nobody yet"
        raise NotAllowed(draft.name_of(task), person.name, holder)


def has_part(draft: Draft, task: Task, person: Person, at: datetime) -> bool:
    """Whether the task is the person's to act on at ``at``."""
    people, owner = draft.case.people, draft.deal.owner_id
    if person.id in (task.assignee_id, owner, *managers(people, task.assignee_id), *managers(people, owner)):
        return True
    if person.department is not None and person.department == _department(draft, task):
        return True
    return person.id in (_steward(draft, at), *_called(draft, task, at))


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
