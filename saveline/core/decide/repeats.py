"""Tasks that come again: when the next turn is, and when there is none any more.

There is one at a time. The next turn is counted from the turn before and not from when somebody was done with it, so a
late week does not shift the weeks after it; a turn that passes while the task is still open is left out.
"""

from __future__ import annotations

from datetime import datetime

from saveline.core.changes import TaskRepeats, TaskWithdrawn
from saveline.core.decide.draft import Draft
from saveline.core.facts import Task
from saveline.core.moments import Duration, later
from saveline.core.play import DEAL_ENDS, STAGE_ENDS, Repeat, TaskPlan
from saveline.core.worktime import WorkCalendar, next_opening


def take_turns(draft: Draft, at: datetime) -> bool:
    """Let whatever is closed wait for its next turn, and withdraw what is over. Says whether anything changed."""
    changed = False
    for plan_id in draft.case.play.repeated:
        task = draft.deal.latest(plan_id)
        plan = draft.plan(task) if task is not None else None
        if task is None or plan is None or plan.repeat is None:
            continue
        if _over(draft, task, plan.repeat):
            changed |= _withdrawn(draft, task, plan.repeat, at)
        elif task.state in ("done", "cannot", "skipped") and not _hopeless(draft, plan):
            draft.record(TaskRepeats(plan_id, _next(draft, task, plan.repeat, at), task.visit, task.stage), at=at)
            changed = True
    return changed


def still_running(draft: Draft, plan: TaskPlan) -> bool:
    """Whether the task goes on from an earlier visit to its stage: then entering it again adds none."""
    latest = draft.deal.latest(plan.id) if plan.id in draft.case.play.repeated else None
    return latest is not None and not latest.closed


def next_turn(every: Duration, turn: datetime, after: datetime, calendar: WorkCalendar) -> datetime:
    """The first turn later than ``after``, counted from ``turn``; without an hour it is moved into working hours."""
    while turn <= after:
        turn = later(every, turn, calendar)
    return turn if every.minutes else next_opening(calendar, turn)


def _next(draft: Draft, task: Task, repeat: Repeat, at: datetime) -> datetime:
    turn = task.starts_at or task.closed_at or at
    # In the company's hours: the rhythm must not stop because one person is away.
    return next_turn(repeat.every, turn, at, draft.case.people.calendar(None))


def _over(draft: Draft, task: Task, repeat: Repeat) -> bool:
    if draft.deal.closed or repeat.until == DEAL_ENDS:
        return draft.deal.closed
    if repeat.until == STAGE_ENDS:
        return task.visit != draft.deal.visit
    ending = draft.deal.latest(repeat.until)
    return ending is not None and ending.closed


def _withdrawn(draft: Draft, task: Task, repeat: Repeat, at: datetime) -> bool:
    if task.closed:
        return False
    why = "its stage has ended" if repeat.until == STAGE_ENDS else f"{repeat.until.replace('_', ' ')} is done"
    draft.record(TaskWithdrawn(why), at=at, task_no=task.no)
    if task.state == "open":
        draft.tell("news", task.assignee_id, at=at, task_no=task.no, about={"news": "not_needed", "why": why})
    return True


def _hopeless(draft: Draft, plan: TaskPlan) -> bool:
    """Whether it needs a task that was not done, and so would be skipped at every turn."""
    needed = (draft.deal.latest(name) for name in plan.after)
    return any(n is not None and n.state in ("cannot", "withdrawn") for n in needed)
