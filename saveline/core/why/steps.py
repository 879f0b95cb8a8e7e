"""Why a task's ladder stands where it does: what has come, what was passed, what comes next if nobody does anything.

What comes next is not guessed from the policy: the deal is played on in virtual time by the core that runs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from saveline.core.changes import Escalated, HelpAsked, Reminded, RungPassed, TaskSeen
from saveline.core.decide import ladder
from saveline.core.decide.draft import Case, Draft
from saveline.core.facts import Task
from saveline.core.moments import shift
from saveline.core.people import Duty
from saveline.core.play import Policy
from saveline.core.rehearse import Rehearsal
from saveline.core.why.frames import Frame, Story, frames
from saveline.core.why.lines import Part, folded, indented, read
from saveline.core.worktime import Trace

MOST_STEPS: Final = 200
"""How many moments of the deal are played on to find a task's next steps."""


def past_part(story: Story, task: Task) -> Part | None:
    """Each reminder and rung that has come, or was passed, and why; None where there was none."""
    policy, lines, passed = _policy(story, task), list[str](), None
    for frame in story.of_task(task.no):
        lines += _past(story, frame, policy, ", at once" if frame.event.at == passed else "")
        passed = frame.event.at if isinstance(frame.change, RungPassed) else None
    return Part("Reminders and rungs so far", tuple(lines)) if lines else None


def _past(story: Story, frame: Frame, policy: Policy, at_once: str) -> list[str]:
    when = story.when(frame)
    match frame.event.change:
        case Reminded(ordinal):
            return [*_unsent(story, frame, policy, ordinal - 1), f"{when}: {_reminder(policy, ordinal - 1)}"]
        case Escalated(rung=rung, person_id=person_id, why=why):
            did = {"reassign": "takes the task", "decide": "is asked to decide"}.get(frame.change.do, "is told")
            to = story.case.people.name(person_id)
            return [f"{when}: {_rung(policy, rung, _again(frame))}{at_once}: {to} {did}", *indented(why)]
        case RungPassed(rung=rung, why=why):
            return [f"{when}: {_rung(policy, rung, _again(frame))}{at_once}: passed, {_passed(why)}", *indented(why)]
        case HelpAsked() | TaskSeen():
            return [story.told(frame)]
    return []


def _unsent(story: Story, frame: Frame, policy: Policy, upto: int) -> Iterator[str]:
    """The reminders before ``upto`` that never went out: their moments had passed when the task began or changed."""
    task = frame.before.task(frame.event.task_no)
    if task is not None and task.clock is not None:
        yield from _gone(story, task, policy, range(task.clock.reminded, upto), frame)


def _gone(story: Story, task: Task, policy: Policy, indexes: range, frame: Frame | None = None) -> Iterator[str]:
    draft = story.draft_at(frame.before) if frame else story.draft
    calendar, since = story.calendar(task.assignee_id), read(story.calendar(None), task.running.since)
    for index in indexes:
        anchor = draft.anchor(task, policy.remind[index].anchor) if index < len(policy.remind) else None
        at = shift(policy.remind[index], anchor, calendar) if anchor is not None else None
        if at is None:
            yield f"never: {_reminder(policy, index)}: there is nothing yet that it counts from"
        elif at <= task.running.since:
            was = read(story.calendar(None), at)
            yield f"never: {_reminder(policy, index)}: its moment, {was}, is not after the last change, {since}"


def next_part(story: Story, task: Task) -> Part:
    """What comes when nobody does anything: each step up to the first time that the last rung is climbed."""
    policy, deal, calendar = _policy(story, task), story.case.deal, story.calendar(None)
    if deal.state == "paused" and deal.paused_until is not None:
        until = read(calendar, deal.paused_until)
        return Part("Next", (f"nothing until {until}: the deal is paused, and its clocks stand still",))
    lines = list(_gone(story, task, policy, range(task.running.reminded, len(policy.remind))))
    first: datetime | None = None
    for frame in ahead(story.case, task.no):
        first = first or frame.event.at
        if isinstance(frame.change, Reminded | Escalated | RungPassed):
            lines += [*_step_lines(story, frame, policy), *indented(_to(frame))]
        else:
            lines += [story.told(frame), *indented(getattr(frame.change, "why", ()))]
    return Part("Next, if nobody does anything", tuple(lines), first)


def ahead(case: Case, no: int) -> Iterator[Frame]:
    """What would happen to task ``no`` from here on, up to its last rung."""
    running = Rehearsal(replace(case, duty=_besides(case)))
    climbed = False
    for _ in range(MOST_STEPS):
        deal = running.case.deal
        task = deal.task(no)
        if deal.next_at is None or task is None or task.clock is None:
            return
        if climbed and task.clock.rung >= len(ladder.policy_of(Draft(running.case), task).escalate):
            return
        running.run_to(deal.next_at)
        for frame in frames(deal, running.timeline(deal.next_at).events[deal.seq - case.deal.seq :]):
            if frame.event.task_no == no:
                climbed = climbed or isinstance(frame.change, Escalated | RungPassed)
                yield frame


def _besides(case: Case) -> Duty:
    """What people have to do besides this deal: its own tasks are counted while it is played on."""
    own = Counter(t.assignee_id for t in case.deal.tasks if t.state == "open" and t.assignee_id is not None)
    left = {person: load - own[person] for person, load in case.duty.open_tasks.items()}
    return replace(case.duty, open_tasks=left)


def _step_lines(story: Story, frame: Frame, policy: Policy) -> list[str]:
    """The step with its moment, and how the moment comes about."""
    draft, task = story.draft_at(frame.before), frame.before.task(frame.event.task_no)
    assert task is not None
    trace: Trace = []
    if isinstance(frame.change, Reminded):
        ladder.next_reminder(draft, task, policy, trace)
        return [f"{story.when(frame)}: {_reminder(policy, frame.change.ordinal - 1)}", *indented(folded(trace))]
    due = ladder.next_rung(draft, task, policy, trace)
    # Of help that is asked for nothing is known ahead: a rung before its moment follows one that was passed.
    lines = folded(trace) if due.at == frame.event.at else ["at once: the rung below it was passed"]
    return [f"{story.when(frame)}: {_rung(policy, frame.change.rung, _again(frame))}", *indented(lines)]


def _to(frame: Frame) -> list[str]:
    """To whom a step goes, and by which word of the play."""
    match frame.event.change:
        case Escalated(why=why, do=do):
            act = {"reassign": ", who takes the task", "decide": ", who is asked to decide"}.get(do, "")
            return [f"to {why[-1]}{act}", *indented(why[:-1])] if why else []
        case RungPassed(why=why):
            return [f"passed, {_passed(why)}", *indented(why)]
    return []


def _passed(why: Sequence[str]) -> str:
    own = bool(why) and why[-1] == "has the task already"
    return "it comes to whoever has the task" if own else "it comes to nobody"


def _policy(story: Story, task: Task) -> Policy:
    return ladder.policy_of(story.draft, task)


def _reminder(policy: Policy, index: int) -> str:
    words = f" ({policy.remind[index]})" if index < len(policy.remind) else ""
    return f"reminder {index + 1}{words}"


def _rung(policy: Policy, index: int, again: bool) -> str:
    if index >= len(policy.escalate):
        return f"rung {index + 1}"
    return f"rung {index + 1} {'again' if again else f'({policy.escalate[index]})'}"


def _again(frame: Frame) -> bool:
    """Whether the rung had been climbed before: only the last one comes again."""
    task = frame.before.task(frame.event.task_no)
    return task is not None and task.clock is not None and task.clock.rung > frame.change.rung
