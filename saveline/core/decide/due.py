"""What is due: firing everything up to a moment, in order, each thing at its own moment; and computing the next one."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from saveline.core.changes import DealResumed, Moved, StageLate
from saveline.core.decide import flow, ladder
from saveline.core.decide.draft import Case, Decision, Draft
from saveline.core.facts import Deal, Doer, Task
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
        return deal if deal.next_at is None else replace(deal, next_at=None)
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
    at = ladder.next_due(draft, task).at
    return task if task.clock.next_at == at else replace(task, clock=replace(task.clock, next_at=at))


def _next_at(deal: Deal) -> datetime | None:
    if deal.state == "paused":
        return deal.paused_until
    moments = [t.clock.next_at for t in deal.tasks if t.clock is not None and t.clock.next_at is not None]
    if deal.stage_due_at is not None and deal.stage_late_at is None:
        moments.append(deal.stage_due_at)
    if deal.decide_at is not None and not deal.decision_asked:
        moments.append(deal.decide_at)
    return min(moments)


def _fire_first(draft: Draft, now: datetime) -> None:
    """Fire what is due first. Of several at one moment: the decision, then the stage clock, then tasks in order."""
    deal, at = draft.deal, draft.deal.next_at
    assert at is not None
    if deal.state == "paused":
        resume(draft, at)
    elif deal.decide_at == at and not deal.decision_asked:
        flow.ask_decision(draft, at, "the decision date has come")
    elif deal.stage_due_at == at and deal.stage_late_at is None:
        _stage_late(draft, at)
    else:
        _fire_task(draft, next(t for t in deal.tasks if t.next_at == at), now)


def _fire_task(draft: Draft, task: Task, now: datetime) -> None:
    """Climb the task's ladder. A moment that lies later by now, because hours changed, is only put right."""
    due = ladder.next_due(draft, task)
    if due.at <= now:
        ladder.climb(draft, task, due)
    draft.stale.add(task.no)


def _stage_late(draft: Draft, at: datetime) -> None:
    draft.record(StageLate(), at=at)
    told = [draft.who((link,), at).person_id for link in draft.case.workspace.stage_late]
    draft.tell_all("stage_late", told, at=at, about={"stage": draft.deal.stage, "missing": flow.gate(draft)})


def resume(draft: Draft, at: datetime, *, by: Doer | None = None) -> None:
    """Start the clocks again: each is later by the business time of its holder that passed since it stood still."""
    deal, people = draft.deal, draft.case.people
    assert deal.paused_at is not None
    clocks = tuple(clock_after(draft, t, deal.paused_at, at) for t in deal.tasks if t.state == "open")
    stage_due = deal.stage_due_at
    if stage_due is not None and deal.stage_late_at is None:
        calendar = people.calendar(deal.owner_id)
        # A stage can be entered during the pause: its clock has stood still since then only.
        stopped = max(deal.paused_at, deal.stage_at or deal.paused_at)
        stage_due = moved(calendar, stage_due, between(calendar, stopped, at))
    draft.record(DealResumed(clocks, stage_due), at=at, by=by)
    draft.stale.update(c.no for c in clocks)


def clock_after(
    draft: Draft, task: Task, stopped: datetime, at: datetime, snoozed_until: datetime | None = None
) -> Moved:
    """The task's clock, later by its holder's working time in ``[stopped, at)``, at most since its last change."""
    clock, calendar = task.running, draft.case.people.calendar(task.assignee_id)
    slept = between(calendar, max(stopped, clock.since), at)

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
