"""The ladder of one task: which reminder or rung comes next, when, and what climbing it means.

A ladder only climbs, and only a closed task ends it: the last rung repeats. Each moment is computed from the due moment
and the rung before it, never from the clock that happens to run the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from saveline.core.changes import Escalated, Reminded, RungPassed, TaskAssigned
from saveline.core.decide.draft import Draft
from saveline.core.facts import Clock, Fact, Task
from saveline.core.moments import Duration, Moment, later, shift
from saveline.core.people import Who
from saveline.core.play import Policy, Rung
from saveline.core.worktime import Trace, WorkCalendar, next_opening


class Due(Fact, frozen=True):
    """The next step of a ladder."""

    at: datetime
    kind: Literal["remind", "rung"]
    index: int


def policy_of(draft: Draft, task: Task) -> Policy:
    plan = draft.plan(task)
    return plan.policy if plan else draft.case.workspace.decision.policy


def next_due(draft: Draft, task: Task) -> Due:
    """The next reminder or rung of an open task, whichever comes first; a reminder before a rung of the same moment."""
    policy = policy_of(draft, task)
    rung = next_rung(draft, task, policy)
    reminder = next_reminder(draft, task, policy)
    return reminder if reminder and reminder.at <= rung.at else rung


def climb(draft: Draft, task: Task, due: Due) -> None:
    """Take the step: remind whoever has the task, or escalate."""
    if due.kind == "remind":
        draft.record(Reminded(due.index + 1), at=due.at, task_no=task.no)
        _to_holder(draft, "reminder", draft.task(task.no), due.at, due.index + 1)
    else:
        escalate(draft, task, due.at)


def escalate(draft: Draft, task: Task, at: datetime, asked: str | None = None) -> None:
    """Climb the next rung at ``at``. A rung that comes to nobody is passed at once and the one above it climbed.

    The message tells of the rung whose moment came, not of the one that somebody was found on: that may lie ahead.
    """
    rungs = policy_of(draft, task).escalate
    first = min(task.running.rung, len(rungs) - 1)
    about = {"rung": "" if task.running.rung >= len(rungs) else str(rungs[first])}
    about |= {} if asked is None else {"asked": asked}
    for index in range(first, len(rungs)):
        rung, following = rungs[index], min(index + 1, len(rungs))
        who = draft.who(rung.to, at, task)
        if who.person_id is not None and who.person_id != task.assignee_id:
            ordinal = draft.task(task.no).running.escalated + 1
            draft.record(Escalated(index, ordinal, following, who.person_id, rung.do, who.why), at=at, task_no=task.no)
            _tell_rung(draft, task, who.person_id, at, about | {"do": rung.do})
            return
        _pass(draft, task, index, following, who, at)


def _pass(draft: Draft, task: Task, index: int, following: int, who: Who, at: datetime) -> None:
    why = who.why if who.nobody else (*who.why, "has the task already")
    again = task.running.rung >= len(policy_of(draft, task).escalate)
    draft.record(RungPassed(index, following, why), at=at, task_no=task.no)
    if who.nobody and not again:
        steward = draft.who(draft.case.workspace.steward, at).person_id
        draft.tell("news", steward, at=at, task_no=task.no, about={"news": "empty_rung", "why": list(why)})


def _tell_rung(draft: Draft, task: Task, person_id: int, at: datetime, about: Mapping[str, str]) -> None:
    if about["do"] == "reassign":
        before, why = task.assignee_id, f"escalated: {about['rung'] or 'it is still open'}"
        draft.record(TaskAssigned(person_id, None, (why,)), at=at, task_no=task.no)
        now = draft.task(task.no)
        draft.tell(
            "assigned",
            person_id,
            at=at,
            task_no=task.no,
            ordinal=now.running.assigned,
            about={"from": before} if before else {},
        )
        draft.tell("news", before, at=at, task_no=task.no, about={"news": "reassigned", "to": person_id})
        return
    draft.tell(
        "escalation", person_id, at=at, task_no=task.no, ordinal=draft.task(task.no).running.escalated, about=about
    )


def _to_holder(draft: Draft, kind: str, task: Task, at: datetime, ordinal: int) -> None:
    if task.assignee_id is not None:
        draft.tell(kind, task.assignee_id, at=at, task_no=task.no, ordinal=ordinal)
    elif task.department is not None:
        draft.tell_department(kind, task.department, at=at, task_no=task.no, ordinal=ordinal)


def next_reminder(draft: Draft, task: Task, policy: Policy, trace: Trace | None = None) -> Due | None:
    """The first reminder not yet sent whose moment lies ahead of the last change; what had passed by then is past."""
    clock, calendar = task.running, draft.case.people.calendar(task.assignee_id)
    for index in range(clock.reminded, len(policy.remind)):
        days: Trace | None = None if trace is None else []
        at = _moment(draft, task, policy.remind[index], calendar, days)
        if at is not None and at > clock.since:
            found = Due(_latest(next_opening(calendar, at), clock.snoozed_until), "remind", index)
            if trace is not None and days is not None:
                trace += [
                    *days,
                    f"{policy.remind[index]}: {_read(calendar, at)}",
                    *_put_off(calendar, at, found.at, clock),
                ]
            return found
    return None


def next_rung(draft: Draft, task: Task, policy: Policy, trace: Trace | None = None) -> Due:
    clock, index = task.running, min(task.running.rung, len(policy.escalate) - 1)
    rung = policy.escalate[index]
    calendar = draft.case.people.calendar(draft.who(rung.to, clock.due_at, task).person_id)
    days: Trace | None = None if trace is None else []
    if _at_the_top(clock, policy) and clock.escalated_at is not None:
        at = later(rung.repeat or EVERY_BUSINESS_DAY, clock.escalated_at, calendar, days)
    elif rung.unseen is not None:
        holder = draft.case.people.calendar(task.assignee_id)
        if clock.seen_at:
            at = later(policy.rest, clock.seen_at, holder, days)
        else:
            at = later(rung.unseen, clock.anchor_at, holder, days)
    else:
        at = (_moment(draft, task, rung.when, calendar, days) if rung.when else None) or clock.due_at
    found = _latest(at, clock.since, clock.escalated_at, clock.snoozed_until)
    found = found if rung.ignore_hours else next_opening(calendar, found)
    if trace is not None and days is not None:
        trace += [*days, f"{_words(rung, clock, policy)}: {_read(calendar, at)}", *_put_off(calendar, at, found, clock)]
    return Due(found, "rung", index)


def _at_the_top(clock: Clock, policy: Policy) -> bool:
    """Whether the last rung has been climbed, which then comes again."""
    return clock.rung >= len(policy.escalate)


def _words(rung: Rung, clock: Clock, policy: Policy) -> str:
    """What the moment of the next rung is counted by."""
    if _at_the_top(clock, policy) and clock.escalated_at is not None:
        return f"the last rung again, {rung.repeat or EVERY_BUSINESS_DAY} after it was climbed"
    seen = rung.unseen is not None and clock.seen_at is not None
    return f"seen, and then at rest for {policy.rest}" if seen else str(rung)


def _moment(
    draft: Draft, task: Task, moment: Moment, calendar: WorkCalendar, trace: Trace | None = None
) -> datetime | None:
    anchor = draft.anchor(task, moment.anchor)
    return None if anchor is None else shift(moment, anchor, calendar, trace)


def _read(calendar: WorkCalendar, at: datetime) -> str:
    return f"{calendar.local(at):%a %-d %b %Y %H:%M}, {calendar.zone.key}"


def _put_off(calendar: WorkCalendar, at: datetime, until: datetime, clock: Clock) -> list[str]:
    """A line where a step does not come at the moment of its own: what holds it back."""
    if until <= at:
        return []
    held = {
        clock.since: "not before the last change of the task",
        clock.escalated_at: "not before the rung below it",
        clock.snoozed_until: "the task sleeps until then",
    }
    return [f"put off to {_read(calendar, until)}: {held.get(until, 'the next hour of work')}"]


def _latest(at: datetime, *others: datetime | None) -> datetime:
    for other in others:
        if other is not None and other > at:
            at = other
    return at


EVERY_BUSINESS_DAY: Final = Duration(business_days=1)
