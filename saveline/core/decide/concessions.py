"""Concessions: who may grant how much, and asking somebody who may when whoever finishes a task may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from saveline.core.changes import ApprovalAsked, TaskStarted, TaskWithdrawn
from saveline.core.decide import flow
from saveline.core.decide.approval import APPROVED, chain_for
from saveline.core.decide.draft import Draft
from saveline.core.errors import MayNotGrant
from saveline.core.facts import APPROVAL, Doer, Fact, Task
from saveline.core.people import Asking, Claim, Link, Pick, named
from saveline.core.play import Field
from saveline.core.workspace import Limit

__all__ = ["APPROVED", "Ending", "ask", "asked_for", "check_may_approve", "may_grant", "withdraw_requests"]


class Ending(Fact, frozen=True):
    """How somebody finishes a task."""

    outcome: str
    answers: Mapping[str, Any]
    by: Doer
    at: datetime


def asked_for(draft: Draft, task: Task, form: Iterable[Field], ending: Ending) -> ApprovalAsked | None:
    """The first answer that grants more than whoever gives it may, as a request to somebody who may."""
    by = ending.by
    for field in form:
        amount = ending.answers.get(field.name)
        if field.limit is None or amount is None:
            continue
        if not may_grant(draft, field.limit, float(amount), by.person_id, ending.at):
            request = (task.no, field.name, field.limit, float(amount), ending.outcome)
            return ApprovalAsked(*request, dict(ending.answers), by.person_id, by.via)
    return None


def may_grant(draft: Draft, concession: str, amount: float, person_id: int, at: datetime) -> bool:
    """Whether the person is one of those who may grant so much."""
    limits = draft.case.workspace.concessions.get(concession, ())
    return any(limit.reaches(amount) and _names(draft, limit, person_id, at) for limit in limits)


def check_may_approve(draft: Draft, approval: Task, by: Doer, at: datetime) -> None:
    """Raises MayNotGrant where the person is none of those who may grant what is asked for."""
    request = approval.answers
    concession, amount = str(request["concession"]), float(request["amount"])
    if not may_grant(draft, concession, amount, by.person_id, at):
        limits = draft.case.workspace.concessions.get(concession, ())
        links = [str(link) for limit in limits if limit.reaches(amount) for link in limit.by]
        raise MayNotGrant(draft.case.people.name(by.person_id), f"{concession.replace('_', ' ')} {amount:g}", links)


def ask(draft: Draft, request: ApprovalAsked, *, by: Doer, at: datetime) -> None:
    """Open the approval; one that was asked for the same task before is withdrawn."""
    withdraw_requests(draft, request.of, at)
    draft.record(request, at=at, by=by)
    task = draft.deal.tasks[-1]
    chain = chain_for(draft.case.workspace, task.answers)
    who = flow.somebody(draft, chain, at, task)
    due = flow.due_moment(draft, task, draft.case.workspace.decision.due, draft.case.people.calendar(who.person_id), at)
    asker = draft.case.people.name(by.person_id)
    what = f"{request.concession.replace('_', ' ')} {request.amount:g}"
    title = f"Approve {what} for {draft.case.account.name}, asked by {asker}"
    draft.record(TaskStarted(title, due), at=at, task_no=task.no)
    draft.record(flow.assignment(who), at=at, task_no=task.no)
    about = {"asked_by": by.person_id, "for": request.of}
    draft.tell("assigned", who.person_id, at=at, task_no=task.no, ordinal=1, about=about)


def withdraw_requests(draft: Draft, of: int, at: datetime) -> None:
    """Nobody need approve any more what task ``of`` asked for."""
    for task in draft.deal.tasks:
        if task.plan == APPROVAL and not task.closed and task.answers.get("of") == of:
            draft.record(TaskWithdrawn("it was finished otherwise"), at=at, task_no=task.no)


def _names(draft: Draft, limit: Limit, person_id: int, at: datetime) -> bool:
    asking = Asking(at, draft.deal.owner_id, draft.case.account.team)
    return any(_is(draft, link, person_id, asking) for link in limit.by)


def _is(draft: Draft, link: Link, person_id: int, asking: Asking) -> bool:
    """Whether the link means the person, or somebody they stand in for."""
    people = draft.case.people
    if isinstance(link, Pick | Claim):
        person = people.by_id.get(person_id)
        return person is not None and person.department == link.department
    meant = named(link, asking, people, [])
    return meant is not None and person_id in (meant, people.at_work(meant, asking.at, []))
