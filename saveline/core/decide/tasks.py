"""What a person can do with a task. One function an intent: ``case + moment → decision``, or a refusal in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from saveline.core import answers as forms
from saveline.core.changes import (
    Commented,
    HelpAsked,
    TaskAssigned,
    TaskCannot,
    TaskDone,
    TaskSeen,
    TaskSnoozed,
    TaskWaits,
)
from saveline.core.decide import concessions, deals, flow, ladder
from saveline.core.decide.concessions import Ending
from saveline.core.decide.draft import Case, Decision, Draft
from saveline.core.decide.due import caught_up, clock_after, finish, go_on
from saveline.core.errors import AnswersRefused, DealIsPaused, Missing, NotTheirs, TaskTaken, UnknownWord
from saveline.core.facts import APPROVAL, DECISION, Doer, Task
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
    (whole units of money) and ``evidence``. An answer that grants more than they may is put before somebody who may,
    and the task stays open until then. Raises TaskClosed, TaskNotStarted, UnknownWord, AnswersRefused.
    """
    draft = caught_up(case, at)
    task, given = draft.open_task(no), dict(answers or {})
    plan = draft.plan(task)
    if plan is None:
        deals.close(draft, deals.Closing.from_answers(outcome, given), by=by, at=at)
        return finish(draft)
    if task.plan == APPROVAL:
        concessions.check_may_approve(draft, task, by, at)
    outcome = outcome or plan.outcomes[0]
    if outcome not in plan.outcomes:
        raise UnknownWord(f"an outcome of “{draft.name_of(task)}”", outcome, plan.outcomes)
    values, problems = forms.check(plan.asks(outcome), given)
    if problems:
        raise AnswersRefused(draft.name_of(task), problems)
    ending = Ending(outcome, values, by, at)
    request = concessions.asked_for(draft, task, plan.asks(outcome), ending)
    if request is not None:
        concessions.ask(draft, request, by=by, at=at)
        return finish(draft)
    _done(draft, task, plan, ending)
    if task.plan == APPROVAL:
        _answered(draft, task, outcome, values, at)
    return finish(draft)


def _done(draft: Draft, task: Task, plan: TaskPlan, ending: Ending) -> None:
    draft.record(TaskDone(ending.outcome, ending.answers), at=ending.at, task_no=task.no, by=ending.by)
    concessions.withdraw_requests(draft, task.no, ending.at)
    _take_branch(draft, task, plan, ending.outcome, ending.at)


def _answered(draft: Draft, approval: Task, outcome: str, values: Mapping[str, Any], at: datetime) -> None:
    """What was asked for is approved, and finishes its task as whoever did it meant; or it is not."""
    request = approval.answers
    task = draft.task(int(request["of"]))
    plan = draft.plan(task)
    if plan is None or task.closed:
        return
    asker = Doer(int(request["by"]), str(request["via"]))
    if outcome == concessions.APPROVED:
        _done(draft, task, plan, Ending(str(request["outcome"]), dict(request["answers"]), asker, at))
    about = {"news": "approval", "outcome": outcome, "reason": values.get("reason", ""), "no": task.no}
    draft.tell("news", asker.person_id, at=at, task_no=approval.no, about=about)


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
    if draft.open_task(no).running.unread:
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


def wait_for_customer(case: Case, no: int, *, by: Doer, at: datetime, until: datetime, reason: str) -> Decision:
    """The customer has to answer first. The clock stands until they do, at the latest until ``until``: then whoever has
    the task hears that no answer came, and everything is later by the working time that passed."""
    draft = caught_up(case, at)
    task, deal = draft.open_task(no), draft.deal
    _need(reason, "Say in a few words what the customer has to answer.")
    if deal.state == "paused":
        raise DealIsPaused(case.account.name, draft.day(deal.paused_until))
    if task.running.waits_since is not None:
        raise Missing(
            f"“{draft.name_of(task)}” waits for the customer already, since {draft.day(task.running.waits_since)}."
        )
    if until <= at:
        raise Missing(f"One waits until a moment to come, not until {draft.day(until)}.")
    if deal.decide_at is not None and until > deal.decide_at:
        raise Missing(f"It cannot wait past the decision date, {draft.day(deal.decide_at)}.")
    draft.record(TaskWaits(until, reason.strip()), at=at, task_no=no, by=by)
    return finish(draft)


def customer_answered(case: Case, no: int, *, by: Doer, at: datetime) -> Decision:
    """The customer has answered: the clock runs again, later by the working time that they took."""
    draft = caught_up(case, at)
    task = draft.open_task(no)
    if task.running.waits_since is None:
        raise Missing(f"“{draft.name_of(task)}” does not wait for the customer.")
    go_on(draft, task, at, by=by)
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
    if outcome != "cannot":
        also = (draft.who((link,), at, closed).person_id for link in plan.tell)
        told += [i for i in also if i != closed.closed_by]
    elif draft.deal.owner_id != closed.closed_by:
        told.append(draft.owner_at_work(at))
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
