"""What a person can do with a task. One function an intent: ``case + moment → decision``, or a refusal in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from saveline.core import answers as forms
from saveline.core.changes import Commented, HelpAsked, TaskAssigned, TaskCannot, TaskDone, TaskSeen, TaskSnoozed
from saveline.core.decide import deals, flow, ladder
from saveline.core.decide.draft import Case, Decision, Draft
from saveline.core.decide.due import caught_up, clock_after, finish
from saveline.core.errors import AnswersRefused, Missing, NotTheirs, TaskTaken, UnknownWord
from saveline.core.facts import DECISION, Doer, Task
from saveline.core.play import Branch, TaskPlan


def complete_task(
    case: Case,
    no: int,
    *,
    by: Doer,
    at: datetime,
    outcome: str | None = None,
    answers: Mapping[str, Any] | None = None,
) -> Decision:
    """Finish task ``no`` with an outcome and the answers its form asks for, and let the play go on from there.

    The decision task is finished by closing the deal: its outcome is the deal's, its answers are ``reason``, ``kept``
    (whole units of money) and ``evidence``. Raises TaskClosed, TaskNotStarted, UnknownWord, AnswersRefused.
    """
    draft = caught_up(case, at)
    task, given = draft.open_task(no), dict(answers or {})
    plan = draft.plan(task)
    if plan is None:
        deals.close(draft, deals.Closing.from_answers(outcome, given), by=by, at=at)
        return finish(draft)
    outcome = outcome or plan.outcomes[0]
    if outcome not in plan.outcomes:
        raise UnknownWord(f"an outcome of “{draft.name_of(task)}”", outcome, plan.outcomes)
    values, problems = forms.check(plan.asks(outcome), given)
    if problems:
        raise AnswersRefused(draft.name_of(task), problems)
    draft.record(TaskDone(outcome, values), at=at, task_no=no, by=by)
    _take_branch(draft, task, plan, outcome, at)
    return finish(draft)


def cannot_do(case: Case, no: int, *, by: Doer, at: datetime, reason: str) -> Decision:
    """Say that task ``no`` cannot be done, and why. What needs it is skipped, and the owner hears of it."""
    draft = caught_up(case, at)
    task = draft.open_task(no)
    plan = draft.plan(task)
    if plan is None:
        raise Missing("The decision cannot be declined: say saved, saved smaller, lost or let go, or ask for help.")
    _need(reason, "Say in a few words why it cannot be done.")
    draft.record(TaskCannot(reason.strip()), at=at, task_no=no, by=by)
    _take_branch(draft, task, plan, "cannot", at)
    return finish(draft)


def mark_seen(case: Case, no: int, *, by: Doer, at: datetime) -> Decision:
    """A mark, never a closing. It holds rungs for the unseen until the task has rested too long; twice is once."""
    draft = caught_up(case, at)
    clock = draft.open_task(no).running
    if clock.seen_at is None or (clock.escalated_at is not None and clock.escalated_at > clock.seen_at):
        draft.record(TaskSeen(), at=at, task_no=no, by=by)
    return finish(draft)


def snooze(case: Case, no: int, *, by: Doer, at: datetime, until: datetime, reason: str) -> Decision:
    """Let the ladder rest until ``until``; it goes on where it stood, later by the working time that passed."""
    draft = caught_up(case, at)
    task = draft.open_task(no)
    _need(reason, "Say in a few words why it has to wait.")
    if until <= at:
        raise Missing(f"A task is snoozed until a moment to come, not until {draft.day(until)}.")
    deal = draft.deal
    if deal.decide_at is not None and until > deal.decide_at and task.plan != DECISION:
        raise Missing(f"It cannot sleep past the decision date, {draft.day(deal.decide_at)}.")
    clock = clock_after(draft, task, at, until, until)
    draft.record(TaskSnoozed(until, reason.strip(), clock), at=at, task_no=no, by=by)
    return finish(draft)


def hand_over(case: Case, no: int, *, by: Doer, at: datetime, to: int, note: str = "") -> Decision:
    """Give task ``no`` to somebody else. Its ladder stays where it stands; both hear of it."""
    draft = caught_up(case, at)
    task = draft.open_task(no)
    if task.assignee_id == to:
        raise TaskTaken(draft.name_of(task), case.people.name(to))
    away: list[str] = []
    if case.people.at_work(to, at, away) != to:
        raise Missing(f"It cannot go to {case.people.name(to)}: {'; '.join(away)}.")
    why = (f"handed over by {case.people.name(by.person_id)}", *([note] if note else []))
    draft.record(TaskAssigned(to, None, why), at=at, task_no=no, by=by)
    about = {"from": by.person_id} | ({"note": note} if note else {})
    draft.tell("assigned", to, at=at, task_no=no, ordinal=draft.task(no).running.assigned, about=about)
    if task.assignee_id not in (None, by.person_id):
        about = {"news": "reassigned", "to": to, "by": by.person_id}
        draft.tell("news", task.assignee_id, at=at, task_no=no, about=about)
    return finish(draft)


def claim_task(case: Case, no: int, *, by: Doer, at: datetime) -> Decision:
    """Take a task that is offered to one's department. The first to take it has it. Raises TaskTaken, NotTheirs."""
    draft = caught_up(case, at)
    task = draft.open_task(no)
    person = case.people.by_id[by.person_id]
    if task.assignee_id is not None or task.department is None:
        raise TaskTaken(draft.name_of(task), case.people.name(task.assignee_id))
    if person.department != task.department:
        raise NotTheirs(draft.name_of(task), person.name, task.department)
    draft.record(TaskAssigned(person.id, None, (f"taken by {person.name}",)), at=at, task_no=no, by=by)
    return finish(draft)


def ask_help(case: Case, no: int, *, by: Doer, at: datetime, note: str = "") -> Decision:
    """Ask for help: the next rung of the ladder is climbed now instead of when it would be due."""
    draft = caught_up(case, at)
    draft.open_task(no)
    draft.record(HelpAsked(note.strip()), at=at, task_no=no, by=by)
    ladder.escalate(draft, draft.task(no), at, asked=note.strip())
    return finish(draft)


def comment(case: Case, no: int, *, by: Doer, at: datetime, body: str) -> Decision:
    """Write something on the deal, or with ``no`` on one of its tasks. Closed ones can be commented too."""
    draft = caught_up(case, at)
    if no:
        draft.task(no)
    _need(body, "The comment is empty.")
    draft.record(Commented(body.strip()), at=at, task_no=no, by=by)
    return finish(draft)


def _take_branch(draft: Draft, task: Task, plan: TaskPlan, outcome: str, at: datetime) -> None:
    """Tell whom the outcome concerns, follow its ``goto``, and let the play go on."""
    branch = plan.branches.get(outcome, Branch())
    closed = draft.task(task.no)
    told = [draft.who((link,), at, closed).person_id for link in branch.tell]
    if outcome == "cannot" and draft.deal.owner_id != closed.closed_by:
        told.append(draft.deal.owner_id)
    about = {"news": "outcome", "by": closed.closed_by, "outcome": outcome}
    draft.tell_all("news", told, at=at, task_no=task.no, about=about)
    if branch.goto is not None:
        ended = f"“{draft.name_of(closed)}” ended as {outcome}"
        taken = flow.withdraw_stage(draft, at, ended, by=None)
        flow.enter_stage(draft, branch.goto, at, ended)
        draft.tell_all("news", taken - set(told), at=at, about={"news": "withdrawn", "stage": task.stage})
    flow.settle(draft, at)


def _need(text: str, what: str) -> None:
    if not text.strip():
        raise Missing(what)
