"""What is due: firing everything up to a moment, in order, each thing at its own moment; and computing the next one."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from saveline.core.changes import DealResumed, Moved, StageLate, TaskGoesOn
from saveline.core.decide import afterwards, flow, follow, ladder
from saveline.core.decide.draft import Case, Decision, Draft
from saveline.core.facts import Deal, Doer, Fact, Task
from saveline.core.worktime import between, moved


def on_due(case: Case, now: datetime) -> Decision:
    """Everything that is due by ``now``: events carry their due moments, however late the engine comes."""
    return finish(caught_up(case, now))


def caught_up(case: Case, now: datetime) -> Draft:
    """A draft in which everything due by ``now`` has happened. Every intent starts here, so that the order of things
    does not depend on whether the engine or the person came first."""
    draft = Draft(case)
    while draft.deal.next_at is not None and draft.deal.next_at <= now:
        _fire_first(draft, now)
        draft.deal = scheduled(draft)
    return draft


def finish(draft: Draft) -> Decision:
    """The draft's decision, with the next moments computed."""
    deal = scheduled(draft)
    return Decision(draft.case.deal, deal, tuple(draft.events), tuple(draft.notices), draft.rotations)


def scheduled(draft: Draft) -> Deal:
    """The deal with the next moment of every task that changed, and its own: the earliest of all its clocks."""
    deal = draft.deal
    if deal is draft.timed and not draft.stale:
        return deal
    draft.timed = deal = _timed(draft, deal)
    return deal


def _timed(draft: Draft, deal: Deal) -> Deal:
    if deal.closed:
        watched = afterwards.watched_until(deal)
        return deal if deal.next_at == watched else replace(deal, next_at=watched)
    if draft.stale:
        tasks = list(deal.tasks)
        for no in draft.stale:
            tasks[no - 1] = _with_next_due(draft, tasks[no - 1])
        draft.deal = deal = replace(deal, tasks=tuple(tasks))
        draft.stale.clear()
    return deal if deal.next_at == (at := _next_at(deal)) else replace(deal, next_at=at)


def _with_next_due(draft: Draft, task: Task) -> Task:
    if task.clock is None:
        return task
    at = _next_of(draft, task).at
    return task if task.clock.next_at == at else replace(task, clock=replace(task.clock, next_at=at))


class _Next(Fact, frozen=True):
    """What an open task next needs the engine for: it ``follows`` somebody, its ladder is ``due``, or its wait ends."""

    at: datetime
    due: ladder.Due | None = None
    follows: bool = False


def _next_of(draft: Draft, task: Task) -> _Next:
    clock = task.running
    if clock.waits_since is not None and clock.snoozed_until is not None:
        step = _Next(max(clock.snoozed_until, clock.since))
    else:
        due = ladder.next_due(draft, task)
        step = _Next(due.at, due)
    change = follow.next_change(draft, task, step.at)
    return step if change is None else _Next(change, follows=True)


def _next_at(deal: Deal) -> datetime | None:
    if deal.state == "paused":
        return deal.paused_until
    moments = []
    for task in deal.tasks:
        if task.clock is not None and task.clock.next_at is not None:
            moments.append(task.clock.next_at)
        elif task.starts_at is not None and task.state == "waiting":
            moments.append(task.starts_at)
    if deal.stage_due_at is not None and deal.stage_late_at is None:
        moments.append(deal.stage_due_at)
    if deal.decide_at is not None and not deal.decision_asked:
        moments.append(deal.decide_at)
    return min(moments)


def _fire_first(draft: Draft, now: datetime) -> None:
    """Fire what is due first. Of several at one moment: the decision, then the stage clock, then tasks in order."""
    deal, at = draft.deal, draft.deal.next_at
    assert at is not None
    if deal.closed:
        afterwards.end_watch(draft, at)
    elif deal.state == "paused":
        resume(draft, at)
    elif deal.decide_at == at and not deal.decision_asked:
        flow.ask_decision(draft, at, "the decision date has come")
    elif deal.stage_due_at == at and deal.stage_late_at is None:
        _stage_late(draft, at)
    else:
        task = next((t for t in deal.tasks if t.next_at == at), None)
        if task is None:
            flow.settle(draft, at)  # the turn of a task that comes again
        else:
            _fire_task(draft, task, now)


def _fire_task(draft: Draft, task: Task, now: datetime) -> None:
    """Climb the task's ladder, or let it follow the people. A moment that lies later by now, because hours changed, is
    only put right."""
    draft.stale.add(task.no)
    step = _next_of(draft, task)
    if step.at > now:
        return
    if step.follows:
        follow.follow(draft, step.at)
    elif step.due is not None:
        ladder.climb(draft, task, step.due)
    else:
        go_on(draft, task, step.at)


def go_on(draft: Draft, task: Task, at: datetime, *, by: Doer | None = None) -> None:
    """The wait for the customer is over: the clock runs again, and whoever has the task hears that no answer came."""
    clock, since = task.running, task.running.waits_since or at
    # What was paused meanwhile is added when the deal is resumed.
    until = max(since, draft.deal.paused_at) if draft.deal.paused_at is not None else at
    moved_on = replace(_later(draft, task, since, until), snoozed_until=None, waits_since=None)
    draft.record(TaskGoesOn(moved_on, by is not None), at=at, task_no=task.no, by=by)
    if by is None:
        about = {"news": "no_answer", "since": clock.waits_since.isoformat() if clock.waits_since else ""}
        draft.tell("news", task.assignee_id, at=at, task_no=task.no, about=about)


def _stage_late(draft: Draft, at: datetime) -> None:
    draft.record(StageLate(), at=at)
    told = [draft.who((link,), at).person_id for link in draft.case.workspace.stage_late]
    draft.tell_all("stage_late", told, at=at, about={"stage": draft.deal.stage, "missing": flow.shut(draft)})


def resume(draft: Draft, at: datetime, *, by: Doer | None = None) -> None:
    """Start the clocks again: each is later by the business time of its holder that passed since it stood still."""
    deal, people = draft.deal, draft.case.people
    assert deal.paused_at is not None
    clocks = tuple(_after_pause(draft, t, deal.paused_at, at) for t in deal.tasks if t.state == "open")
    company = people.calendar(None)
    slept = between(company, deal.paused_at, at)
    waiting = (t for t in deal.tasks if t.starts_at is not None and t.state == "waiting")
    starts = tuple((t.no, moved(company, t.starts_at, slept)) for t in waiting if t.starts_at is not None)
    stage_due = deal.stage_due_at
    if stage_due is not None and deal.stage_late_at is None:
        calendar = people.calendar(deal.owner_id)
        # A stage can be entered during the pause: its clock has stood still since then only.
        stopped = max(deal.paused_at, deal.stage_at or deal.paused_at)
        stage_due = moved(calendar, stage_due, between(calendar, stopped, at))
    turned = any(follow.next_change(draft, t, at) is not None for t in deal.tasks if t.state == "open")
    draft.record(DealResumed(clocks, stage_due, starts), at=at, by=by)
    draft.stale.update(c.no for c in clocks)
    if turned:
        follow.follow(draft, at)  # who came and went during the pause, and nobody before their time


def _after_pause(draft: Draft, task: Task, paused_at: datetime, at: datetime) -> Moved:
    """A task that waits for the customer is moved once, when it goes on: by all the days since it began to wait."""
    if task.running.waits_since is None:
        return clock_after(draft, task, paused_at, at)
    return replace(_later(draft, task, at, at), waits_since=task.running.waits_since)


def clock_after(
    draft: Draft, task: Task, stopped: datetime, at: datetime, snoozed_until: datetime | None = None
) -> Moved:
    """The task's clock, later by its holder's working time in ``[stopped, at)``, at most since its last change."""
    clock = task.running
    return _later(draft, task, max(stopped, clock.since), at, snoozed_until)


def _later(draft: Draft, task: Task, start: datetime, at: datetime, snoozed_until: datetime | None = None) -> Moved:
    """The task's clock, later by its holder's working time in ``[start, at)``."""
    clock, calendar = task.running, draft.case.people.calendar(task.assignee_id)
    slept = between(calendar, start, at)

    def later(moment: datetime | None) -> datetime | None:
        return moved(calendar, moment, slept) if moment is not None else None

    return Moved(
        task.no,
        due_at=moved(calendar, clock.due_at, slept),
        anchor_at=moved(calendar, clock.anchor_at, slept),
        seen_at=later(clock.seen_at),
        escalated_at=later(clock.escalated_at),
        snoozed_until=snoozed_until or later(clock.snoozed_until),
    )
