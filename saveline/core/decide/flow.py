"""The way through a play: entering stages, starting tasks, leaving by the gate, asking for the decision."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from saveline.core.changes import DecisionAsked, StageEntered, TaskAssigned, TaskSkipped, TaskStarted, TaskWithdrawn
from saveline.core.decide import repeats
from saveline.core.decide.draft import Draft
from saveline.core.errors import one_of
from saveline.core.facts import Doer, Task
from saveline.core.moments import Anchor, Moment, due_at, resolve
from saveline.core.people import Chain, Who, first_found
from saveline.core.play import StagePlan, TaskPlan
from saveline.core.worktime import Trace, WorkCalendar


def enter_stage(draft: Draft, key: str, at: datetime, why: str, *, by: Doer | None = None) -> None:
    """Enter ``key``: its tasks wait there now. :func:`settle` starts those that can start."""
    plan = draft.case.play.stage(key) or StagePlan(key)
    due = None
    if plan.max is not None:
        due = resolve(Moment(Anchor("stage start"), plan.max, 1), at, draft.case.people.calendar(draft.deal.owner_id))
    there = {t.plan for t in draft.deal.tasks if t.ahead and t.stage == key and t.state != "withdrawn"}
    added = tuple(t.id for t in plan.tasks if t.id not in there and not repeats.still_running(draft, t))
    _pass_over(draft, key, at)
    draft.record(StageEntered(key, added, due, why), at=at, by=by)
    draft.tell("stage_entered", draft.owner_at_work(at), at=at, ordinal=draft.deal.visit)


def _pass_over(draft: Draft, key: str, at: datetime) -> None:
    """Withdraw the tasks that are there ahead of a stage which is left out on the way to ``key``."""
    stages = [s.key for s in draft.case.play.stages]
    if any(t.ahead and not t.closed for t in draft.deal.tasks) and {key, draft.deal.stage} <= set(stages):
        left_out = stages[stages.index(draft.deal.stage) + 1 : stages.index(key)]
        tasks = tuple(t for t in draft.deal.tasks if t.ahead and t.stage in left_out)
        withdraw(draft, tasks, at, "its stage was passed over", by=None)


def settle(draft: Draft, at: datetime) -> None:
    """Start what can start, skip what must be, and leave stages while their gates hold."""
    while _start_ready(draft, at) or repeats.take_turns(draft, at) or _leave(draft, at):
        pass


def gate(draft: Draft, at: datetime) -> list[str]:
    """What keeps the deal in its stage at ``at``, in words; nothing when the gate holds or somebody overrides it."""
    if draft.deal.override_until is not None and at < draft.deal.override_until:
        return []
    return shut(draft)


def shut(draft: Draft) -> list[str]:
    """What keeps the gate shut, overridden or not."""
    missing = [
        f"“{draft.name_of(task)}” is {'not started' if task.state == 'waiting' else 'open'}"
        for task in _unfinished(draft)
    ]
    stage = draft.case.play.stage(draft.deal.stage)
    if stage is not None and stage.exit is not None and not stage.exit(draft.facts()):
        missing.append(f"its exit condition does not hold: {stage.exit.source}")
    return missing


def _unfinished(draft: Draft) -> Iterator[Task]:
    """The tasks of the present visit that the gate waits for."""
    for task in draft.deal.current():
        if not task.closed:
            plan = draft.case.play.task(task.stage, task.plan)
            if plan is not None and not plan.optional and task.plan not in draft.case.play.repeated:
                yield task


def ask_decision(draft: Draft, at: datetime, why: str) -> None:
    """Open the decision task for the owner, once."""
    decision = draft.case.workspace.decision
    draft.record(DecisionAsked(why), at=at)
    task = draft.deal.tasks[-1]
    who = somebody(draft, decision.assign, at, task)
    calendar = draft.case.people.calendar(who.person_id)
    due = due_moment(draft, task, decision.due, calendar, at)
    if draft.deal.decide_at is not None and draft.deal.decide_at > due:
        due = draft.deal.decide_at
    outcomes = one_of(o.title.lower() for o in draft.case.workspace.outcomes)
    draft.record(TaskStarted(f"Decide about {draft.case.account.name}: {outcomes}", due), at=at, task_no=task.no)
    draft.record(assignment(who), at=at, task_no=task.no)
    draft.tell("decision_due", who.person_id, at=at, task_no=task.no, ordinal=1, about={"why": why})


def somebody(draft: Draft, chain: Chain, at: datetime, task: Task, department: str | None = None) -> Who:
    """Whom the chain gives; else the deal's owner; else the workspace's. The reasons of each step are kept."""
    return first_found(draft.fallbacks(chain), lambda c: draft.who(c, at, task, department))


def assignment(who: Who) -> TaskAssigned:
    """The change that gives a task to whom a chain came to."""
    meant = who.meant_id if who.meant_id != who.person_id else None
    return TaskAssigned(who.person_id, who.department, who.why, meant, who.link)


def due_moment(
    draft: Draft, task: Task, moment: Moment, calendar: WorkCalendar, at: datetime, trace: Trace | None = None
) -> datetime:
    """When a task that starts at ``at`` is due. One that would be due before it starts is due at the next close."""
    anchor: datetime | date | None = at if moment.anchor.kind == "start" else draft.anchor(task, moment.anchor)
    return due_at(moment, anchor, calendar, at, trace)


def withdraw_stage(draft: Draft, at: datetime, why: str, *, by: Doer | None) -> set[int]:
    """Withdraw whatever is left of the present stage; returns whom it was taken from."""
    return withdraw(draft, draft.deal.current(), at, why, by=by)


def withdraw(draft: Draft, tasks: tuple[Task, ...], at: datetime, why: str, *, by: Doer | None) -> set[int]:
    holders: set[int] = set()
    for task in tasks:
        if task.closed:
            continue
        if task.state == "open" and task.assignee_id is not None:
            holders.add(task.assignee_id)
        draft.record(TaskWithdrawn(why), at=at, task_no=task.no, by=by)
    return holders


def _start_ready(draft: Draft, at: datetime) -> bool:
    started = False
    for task in draft.deal.tasks:
        plan = draft.plan(task) if task.state == "waiting" else None
        if plan is None:
            continue
        needed = [n for n in (draft.deal.latest(name) for name in plan.after) if n is not None]
        if all(n.closed for n in needed) and (task.starts_at is None or _its_turn(draft, task.starts_at, at)):
            _start_or_skip(draft, task, plan, needed, at)
            started = True
    return started


def _its_turn(draft: Draft, starts_at: datetime, at: datetime) -> bool:
    """Whether a task that comes again may start: while a deal is paused none does."""
    return draft.deal.state == "open" and starts_at <= at


def _start_or_skip(draft: Draft, task: Task, plan: TaskPlan, needed: list[Task], at: datetime) -> None:
    failed = next((n for n in needed if n.state in ("cannot", "withdrawn")), None)
    if failed is not None:
        draft.record(
            TaskSkipped(f"needs “{draft.name_of(failed)}”, which was {_FAILED[failed.state]}"), at=at, task_no=task.no
        )
    elif plan.condition is not None and not plan.condition(draft.facts()):
        draft.record(TaskSkipped(f"not needed: {plan.condition.source} does not hold"), at=at, task_no=task.no)
    else:
        _start(draft, task, plan, at)


def _start(draft: Draft, task: Task, plan: TaskPlan, at: datetime) -> None:
    who = somebody(draft, plan.assign, at, task, plan.department)
    due = due_moment(draft, task, plan.due, draft.case.people.calendar(who.person_id), at)
    slot = (task.starts_at or at) if plan.repeat else None
    draft.record(TaskStarted(plan.title(draft.facts()), due, slot), at=at, task_no=task.no)
    draft.record(assignment(who), at=at, task_no=task.no)
    if who.department is not None:
        draft.tell_department("assigned", who.department, at=at, task_no=task.no, ordinal=1)
    else:
        draft.tell("assigned", who.person_id, at=at, task_no=task.no, ordinal=1)


def _leave(draft: Draft, at: datetime) -> bool:
    """Enter the next stage if the gate lets go; at the last one ask for the decision. Says whether it moved."""
    # Most often work is left. What it is called is of no interest here, and naming it is what costs.
    if draft.deal.closed or next(_unfinished(draft), None) is not None or gate(draft, at):
        return False
    following = draft.case.play.after(draft.deal.stage)
    if following is not None:
        enter_stage(draft, following.key, at, "its gate held")
        return True
    if not draft.deal.decision_asked:
        ask_decision(draft, at, "everything in the play is done")
    return False


_FAILED: Final = {"cannot": "found impossible", "withdrawn": "withdrawn"}
