"""Why a task is due when it is: what its moment counts from, each day that counted, and all that has moved it since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from msgspec.structs import replace

from saveline.core.changes import (
    DealOpened,
    DealPaused,
    DealReopened,
    DealResumed,
    TaskAssigned,
    TaskGoesOn,
    TaskSnoozed,
    TaskStarted,
)
from saveline.core.decide import flow
from saveline.core.facts import Fact, Task
from saveline.core.moments import Anchor, Moment, resolve
from saveline.core.phrases import possessive
from saveline.core.runway import decision_at
from saveline.core.why.frames import Frame, Story
from saveline.core.why.lines import Part, folded, indented, read
from saveline.core.worktime import Trace, WorkCalendar, between, moved, span_words

CHANGED = "hours, days away, dates or the play have changed since: today it would be"


class Sum(Fact, frozen=True):
    """A moment that was computed then, and what computing it again gives, with the lines of that."""

    kept: datetime
    again: datetime
    lines: tuple[str, ...]

    def shown(self, calendar: WorkCalendar) -> list[str]:
        """The lines where they still give what was computed; else that they do not."""
        if self.kept == self.again:
            return list(self.lines)
        return [f"computed then as {read(calendar, self.kept)}; {CHANGED} {read(calendar, self.again)}"]


def due_part(story: Story, task: Task) -> Part | None:
    """The whole derivation; None for a task that has never started. The last line is the due moment itself."""
    frames = story.of_task(task.no)
    started = next((f for f in frames if isinstance(f.change, TaskStarted)), None)
    if started is None:
        return None
    holder = _first_holder(frames)
    calendar = story.calendar(holder)
    lines = start_lines(story, started, holder)
    at: datetime = started.change.due_at
    for frame in story.frames:
        was, now = frame.before.task(task.no), frame.after.task(task.no)
        if was is None or now is None or was.clock is None or now.clock is None:
            continue
        if was.clock.due_at != now.clock.due_at or _stood_still(frame, task.no):
            lines += moved_lines(story, frame, was, now)
            at = now.clock.due_at
    if task.assignee_id not in (None, holder):
        calendar = story.calendar(task.assignee_id)
        lines.append(f"it stayed the same when the task came to {story.case.people.name(task.assignee_id)}")
    return Part("Due", (*lines, f"due: {read(calendar, at)}, {calendar.zone.key}"), at)


def start_lines(story: Story, frame: Frame, holder: int | None) -> list[str]:
    """How the first due moment was computed when the task started."""
    draft, calendar = story.draft_at(frame.before), story.calendar(holder)
    task = draft.task(frame.event.task_no)
    plan = draft.plan(task)
    moment = plan.due if plan else story.case.workspace.decision.due
    anchor = frame.event.at if moment.anchor.kind == "start" else draft.anchor(task, moment.anchor)
    head = [f"{moment}, {story.whose(holder)}", *_counted_from(moment.anchor, anchor, calendar)]
    trace: Trace = []
    again = flow.due_moment(draft, task, moment, calendar, frame.event.at, trace)
    decide_at = frame.before.decide_at
    if plan is None and decide_at is not None and decide_at > again:
        again, trace = decide_at, [f"not before the decision date: {read(calendar, decide_at)}"]
    found = Sum(frame.change.due_at, again, tuple(folded(trace)))
    return [*head, *found.shown(calendar)]


def _counted_from(anchor: Anchor, value: datetime | date | None, calendar: WorkCalendar) -> list[str]:
    if value is None:
        return []
    return [f"{anchor}: {read(calendar, value) if isinstance(value, datetime) else format(value, '%a %-d %b %Y')}"]


def _first_holder(frames: Iterable[Frame]) -> int | None:
    """Whose calendar the first due moment was computed in: nobody's of their own where it was offered."""
    assigned = next((f.change for f in frames if isinstance(f.change, TaskAssigned)), None)
    return assigned.person_id if assigned else None


def moved_lines(story: Story, frame: Frame, was: Task, now: Task) -> list[str]:
    """What moved a clock that had started, and by how much."""
    calendar, before, after = story.calendar(was.assignee_id), was.running, now.running
    still = _still(story, frame, was)
    if still is None:
        return [story.told(frame), *indented([f"due then: {read(calendar, after.due_at)}"])]
    start, until, words = still
    whose = story.case.people.name(was.assignee_id) if was.assignee_id else story.case.workspace.company
    found = _later(calendar, before.due_at, (start, until), whose)
    return [words, *indented(replace(found, kept=after.due_at).shown(calendar))]


def _later(calendar: WorkCalendar, due: datetime, still: tuple[datetime, datetime], whose: str) -> Sum:
    """``due`` after the clock stood still in ``still``, with the days that passed and those that moved it on."""
    counted: Trace = []
    onward: Trace = []
    slept = between(calendar, *still, counted)
    again = moved(calendar, due, slept, onward)
    if not slept:
        return Sum(again, again, (f"none of {possessive(whose)} working time passed: it stays",))
    passed = f"{span_words(slept)} of {possessive(whose)} working time passed"
    sum_ = f"{read(calendar, due)} + {span_words(slept)} = {read(calendar, again)}"
    return Sum(again, again, (*folded(counted), passed, sum_, *folded(onward)))


def _stood_still(frame: Frame, no: int) -> bool:
    """Whether the event ended a time in which the task's clock stood still, even if it did not move it."""
    change = frame.event.change
    if isinstance(change, DealResumed):
        return any(c.no == no for c in change.clocks)
    return isinstance(change, TaskSnoozed | TaskGoesOn) and frame.event.task_no == no


def _still(story: Story, frame: Frame, was: Task) -> tuple[datetime, datetime, str] | None:
    """``(from, to, words)`` of the time in which the clock stood still; None where it was moved by something else."""
    change, at, since = frame.event.change, frame.event.at, was.running.since
    waits, paused = was.running.waits_since, frame.before.paused_at
    if isinstance(change, DealResumed) and paused is not None:
        words = _paused(story, frame, paused)
        if waits is not None:
            return at, at, f"{words}; it waits on the customer, and is moved when it goes on"
        return max(paused, since), at, words
    if isinstance(change, TaskSnoozed):
        by = story.case.people.name(frame.event.by)
        return max(at, since), change.until, f"{by} let it sleep from {_span(story, at, change.until)}: {change.reason}"
    if isinstance(change, TaskGoesOn) and waits is not None:
        # What was paused meanwhile is added when the deal is resumed.
        until = max(waits, paused) if paused is not None else at
        return waits, until, f"it waited on the customer from {_span(story, waits, until)}"
    return None


def _span(story: Story, start: datetime, end: datetime) -> str:
    calendar = story.calendar(None)
    return f"{read(calendar, start)} to {read(calendar, end)}"


def decision_part(story: Story) -> Part:
    """Why the decision is due when it is: as it was computed when the deal was opened last, and each change since."""
    first = next(f for f in reversed(story.frames) if isinstance(f.change, DealOpened | DealReopened))
    opened, calendar = first.change, story.calendar(first.change.owner_id)
    moment, draft = story.case.play.decide, story.draft_at(first.before)
    trace: Trace = []
    case = story.case
    again = decision_at(case.play, case.workspace, case.account, calendar, first.event.at, trace)
    anchor = first.event.at if moment.anchor.kind == "opened" else draft.anchor(None, moment.anchor)
    lines = [f"{moment}, {story.whose(opened.owner_id)}", *_counted_from(moment.anchor, anchor, calendar)]
    lines += Sum(opened.decide_at, again, tuple(folded(trace))).shown(calendar)
    at: datetime = opened.decide_at
    for frame in story.frames[first.event.seq :]:
        if frame.after.decide_at is not None and frame.after.decide_at != frame.before.decide_at:
            at = frame.after.decide_at
            lines += [story.told(frame), *indented([f"decision then: {read(calendar, at)}"])]
    return Part("Decision date", (*lines, f"decision: {read(calendar, at)}, {calendar.zone.key}"), at)


def stage_part(story: Story) -> Part | None:
    """Why the present stage's clock runs out when it does; None where the stage has none."""
    entered = [f for f in story.frames if f.after.visit != f.before.visit]
    if not entered:
        return None
    frame = entered[-1]
    stage, owner = story.case.play.stage(frame.after.stage), frame.before.owner_id
    title = story.case.workspace.stage_title(frame.after.stage)
    lines, calendar = [f"entered {story.when(frame)}: {frame.change.why}"], story.calendar(owner)
    at = frame.after.stage_due_at
    if at is None or stage is None or stage.max is None:
        return Part(f"Stage {title}", (*lines, "it has no clock"))
    trace: Trace = []
    again = resolve(Moment(Anchor("stage start"), stage.max, 1), frame.event.at, calendar, trace)
    lines += [f"max {stage.max}, {story.whose(owner)}", *Sum(at, again, tuple(folded(trace))).shown(calendar)]
    for later in story.frames[frame.event.seq :]:
        was, now = later.before.stage_due_at, later.after.stage_due_at
        if was is not None and now is not None and was != now:
            at = now
            lines += _stage_moved(story, later, was, now)
    late = story.case.deal.stage_late_at
    lines.append(f"late since {read(calendar, late)}" if late else f"until {read(calendar, at)}, {calendar.zone.key}")
    return Part(f"Stage {title}", tuple(lines), at)


def _stage_moved(story: Story, frame: Frame, was: datetime, now: datetime) -> list[str]:
    deal, calendar = frame.before, story.calendar(frame.before.owner_id)
    if not isinstance(frame.change, DealResumed) or deal.paused_at is None:
        return [story.told(frame), *indented([f"the clock runs out then: {read(calendar, now)}"])]
    whose = story.case.people.name(deal.owner_id) if deal.owner_id else story.case.workspace.company
    stopped = max(deal.paused_at, deal.stage_at or deal.paused_at)
    found = _later(calendar, was, (stopped, frame.event.at), whose)
    return [_paused(story, frame, deal.paused_at), *indented(replace(found, kept=now).shown(calendar))]


def _paused(story: Story, frame: Frame, start: datetime) -> str:
    paused = next(f for f in reversed(story.frames[: frame.event.seq]) if isinstance(f.change, DealPaused))
    return f"the deal was paused from {_span(story, start, frame.event.at)}: {paused.change.reason}"
