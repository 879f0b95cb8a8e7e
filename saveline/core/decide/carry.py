"""How one task comes over to another version of its play: what it keeps, and what of its clock counts anew.

A task keeps everything that has happened to it. Its due moment changes only where the play's ``due`` is another in
words; what its new ladder would have done by now counts as done, so that nothing fires twice and nothing late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from saveline.core.decide import flow, ladder
from saveline.core.decide.draft import Draft
from saveline.core.facts import Clock, Task
from saveline.core.moments import Anchor, Duration, Moment, resolve
from saveline.core.play import Policy, Rung, StagePlan, TaskPlan
from saveline.core.worktime import WorkCalendar, between, end_of_business, moved, next_close

KEPT_LATE: Final = "it was late already, and stays so"
NOT_PAST: Final = "its new moment has passed, so it is the next close of business"


def stands_still(draft: Draft, task: Task, at: datetime) -> datetime:
    """Up to when the task's clock has run: to ``at``, unless the deal or the task stands still since before."""
    stopped = (draft.deal.paused_at, task.clock.waits_since if task.clock else None)
    return min([at, *(s for s in stopped if s is not None)])


def carry(old: Draft, new: Draft, before: Task, after: Task, at: datetime) -> tuple[Task, str]:
    """Open task ``before`` of ``old``'s play as ``after``, which is how the play of ``new`` calls it; and what there is
    to say about its due moment.

    Both drafts hold the same deal; ``after`` differs from ``before`` in its id, stage and visit at most.
    """
    was, now = old.plan(before), new.plan(after)
    if after.clock is None or was is None or now is None:
        return after, ""
    if was.title.source != now.title.source:
        after = replace(after, title=now.title(new.facts()))
    still = stands_still(new, after, at)
    due, why = _due(new, after, was, now, still)
    if due == before.running.due_at and same_ladder(was.policy, now.policy):
        return after, why
    clock = replace(before.running, due_at=due)
    if not same_ladder(was.policy, now.policy):
        clock = _climbed(clock, was.policy, now.policy)
    return caught_up(new, replace(after, clock=clock), still), why


def same_ladder(was: Policy, now: Policy) -> bool:
    """Whether two policies do the same, whatever they are called."""
    return (was.remind, was.escalate, was.rest) == (now.remind, now.escalate, now.rest)


def caught_up(draft: Draft, task: Task, still: datetime) -> Task:
    """The task with all that its ladder would have done by ``still`` counted as done: nothing of it fires any more."""
    clock = task.running
    while (due := ladder.next_due(draft, replace(task, clock=clock))).at <= still:
        if due.kind == "remind":
            clock = replace(clock, reminded=due.index + 1)
        elif clock.rung < len(ladder.policy_of(draft, task).escalate):
            clock = replace(clock, rung=clock.rung + 1)
        else:  # at the top: the last rung comes again, from here on
            clock = replace(clock, escalated_at=still)
    return replace(task, clock=_from_here(draft, task, clock, still))


def woken(draft: Draft, task: Task, at: datetime) -> Task:
    """A task that had been withdrawn and is open again: what its ladder would have done meanwhile is past."""
    still = stands_still(draft, task, at)
    return caught_up(draft, task, still) if ladder.next_due(draft, task).at <= still else task


def _from_here(draft: Draft, task: Task, clock: Clock, still: datetime) -> Clock:
    """``clock`` with nothing to fire for moments before ``still``, unless its next step was only put off until work
    begins: that one would be lost."""
    if draft.deal.paused_at is not None or clock.waits_since is not None or clock.since >= still:
        return clock  # what its clock has stood still for is counted from its last change, which this is not
    later_on = replace(clock, since=still)
    step, same = (ladder.next_due(draft, replace(task, clock=c)) for c in (clock, later_on))
    return later_on if step == same else clock


def _climbed(clock: Clock, was: Policy, now: Policy) -> Clock:
    """What has been climbed stays climbed: by place, and further up where the same words stand higher now."""
    reminded = _height(clock.reminded, was.remind, now.remind)
    rungs = [_moment(r) for r in was.escalate], [_moment(r) for r in now.escalate]
    return replace(clock, reminded=reminded, rung=min(_height(clock.rung, *rungs), len(now.escalate)))


def _height(climbed: int, was: Sequence[object], now: Sequence[object]) -> int:
    """How many steps of ``now`` are behind a clock that has ``climbed`` so many of ``was``."""
    left, height = list(was[:climbed]), climbed
    for i, step in enumerate(now):
        if step in left:
            left.remove(step)
            height = max(height, i + 1)
    return height


def _moment(rung: Rung) -> object:
    return rung.unseen or rung.when


def _due(draft: Draft, task: Task, was: TaskPlan, now: TaskPlan, still: datetime) -> tuple[datetime, str]:
    """The due moment, and why it is another. It is counted from where the task began, later by what it stood still."""
    clock, calendar = task.running, draft.case.people.calendar(task.assignee_id)
    if was.due == now.due:
        return clock.due_at, ""
    why = f"due is “{now.due}” now, not “{was.due}”"
    first = flow.due_moment(draft, task, now.due, calendar, clock.started_at)
    slept = between(calendar, clock.started_at, clock.anchor_at)
    due, floor = moved(calendar, first, slept), max(still, clock.snoozed_until or still)
    if due > floor:
        return due, why
    if clock.due_at <= floor:
        return clock.due_at, f"{why}; {KEPT_LATE}"
    return min(clock.due_at, next_close(calendar, floor)), f"{why}; {NOT_PAST}"


def stage_due(draft: Draft, was: StagePlan, now: StagePlan, at: datetime) -> tuple[datetime | None, str]:
    """When the present stage is late, and why that is another moment; it counts from where the stage was entered."""
    deal, calendar = draft.deal, draft.case.people.calendar(draft.deal.owner_id)
    if was.max == now.max:
        return deal.stage_due_at, ""
    why = f"it may take {now.max or 'as long as it takes'} now, not {was.max or 'as long as it takes'}"
    if now.max is None or deal.stage_at is None:
        return None, why
    due = _after_stage_start(now.max, deal.stage_at, calendar)
    if was.max is not None and deal.stage_due_at is not None:
        due = moved(
            calendar, due, between(calendar, _after_stage_start(was.max, deal.stage_at, calendar), deal.stage_due_at)
        )
    still = min(at, deal.paused_at or at)
    if due > still or deal.stage_late_at is not None:
        return due, why
    return next_close(calendar, still), f"{why}; {NOT_PAST}"


def _after_stage_start(most: Duration, start: datetime, calendar: WorkCalendar) -> datetime:
    return resolve(Moment(Anchor("stage start"), most, 1), start, calendar)


def decide_at(draft: Draft, was: Moment, now: Moment, at: datetime) -> tuple[datetime, str]:
    """The decision date, and why it is another one. A date that has passed is the end of the next working day."""
    deal, calendar = draft.deal, draft.case.people.calendar(draft.deal.owner_id)
    assert deal.decide_at is not None  # an open deal has one
    if was == now or deal.decision_asked:
        return deal.decide_at, ""
    why, moment, anchor = f"it is “{now}” now, not “{was}”", now, draft.anchor(None, now.anchor)
    if anchor is None:
        moment, anchor = Moment(Anchor("opened"), draft.case.workspace.decide_without_renewal, 1), deal.opened_at or at
    found, floor = resolve(moment, anchor, calendar), max(at, deal.paused_until or at)
    if found > floor:
        return found, why
    tomorrow = end_of_business(calendar, calendar.local(floor).date() + timedelta(days=1))
    return tomorrow, f"{why}; that has passed, so it is the end of the next working day"
