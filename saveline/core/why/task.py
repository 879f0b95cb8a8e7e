"""Why a task is as it is: whose, due when, waiting for what, and where its ladder stands."""

from __future__ import annotations

from saveline.core.changes import Event, TaskAssigned
from saveline.core.decide import ladder
from saveline.core.decide.draft import Case
from saveline.core.facts import Task
from saveline.core.phrases import listed
from saveline.core.why.due import due_part
from saveline.core.why.frames import Frame, Story
from saveline.core.why.lines import INDENT, Part, Why, indented, read
from saveline.core.why.steps import next_part, past_part


def why_task(case: Case, events: tuple[Event, ...], no: int) -> Why:
    """Everything about task ``no``. Raises UnknownTask.

    ``events`` is the deal's whole history, in order; ``case`` holds what people, account and play are now.
    """
    story = Story(case, events)
    task = story.draft.task(no)
    parts = [_state(story, task), due_part(story, task), _assignment(story, task), past_part(story, task)]
    if task.clock is not None and not case.deal.closed:
        parts.append(next_part(story, task))
    about = f"Task {case.deal.id}.{no}  {story.name(task)}  ({case.account.name})"
    return Why(about, case.workspace.zone, tuple(p for p in parts if p is not None))


def _state(story: Story, task: Task) -> Part:
    """Whether it waits, runs or is closed, and why."""
    frames = story.of_task(task.no)
    if task.state == "waiting":
        return Part("Waiting", tuple(waits_for(story, task)))
    if task.closed:
        closed = next(f for f in reversed(frames) if f.after.task(task.no) is not None and _closes(f, task.no))
        via = f" (by {closed.event.via})" if closed.event.by else ""
        return Part(task.state.capitalize(), (f"{story.told(closed)}{via}",))
    started = next(f for f in frames if f.after.task(task.no) is not None)
    lines = [f"since {story.when(started)}", *_started_by(story, task)]
    clock = task.running
    if clock.snoozed_until is not None and clock.snoozed_until > clock.since:
        lines.append(f"asleep until {read(story.calendar(None), clock.snoozed_until)}")
    if clock.waits_since is not None:
        lines.append(f"waiting on the customer since {read(story.calendar(None), clock.waits_since)}")
    return Part("Open", tuple(lines))


def _closes(frame: Frame, no: int) -> bool:
    before, after = frame.before.task(no), frame.after.task(no)
    return before is not None and after is not None and after.closed and not before.closed


def _started_by(story: Story, task: Task) -> list[str]:
    """What it had waited for, and the condition that let it start."""
    plan = story.draft.plan(task)
    if plan is None:
        return [f"asked for: {f.change.why}" for f in story.frames if _asks(f, task.no)]
    needed = [n for n in (story.case.deal.latest(name) for name in plan.after) if n is not None]
    if plan.repeat is not None and task.starts_at is not None:
        return [f"its turn of {read(story.calendar(None), task.starts_at)}: it comes again {plan.repeat}"]
    lines = [f"after {listed(f'“{story.name(n)}”' for n in needed)}"] if needed else ["from the start of its stage"]
    return [*lines, *([f"if {plan.condition.source}: it held"] if plan.condition else [])]


def _asks(frame: Frame, no: int) -> bool:
    return len(frame.before.tasks) < no <= len(frame.after.tasks) and hasattr(frame.change, "why")


def waits_for(story: Story, task: Task) -> list[str]:
    """What has to happen before it starts."""
    plan, calendar = story.draft.plan(task), story.calendar(None)
    lines = []
    if task.starts_at is not None:
        again = f": it comes again {plan.repeat}" if plan is not None and plan.repeat is not None else ""
        lines.append(f"it starts {read(calendar, task.starts_at)}{again}")
    for needed in (story.case.deal.latest(name) for name in (plan.after if plan else ())):
        if needed is not None and not needed.closed:
            has = f", with {_holder(story, needed)}" if needed.state == "open" else ""
            lines.append(f"it needs “{story.name(needed)}”, which is {needed.state}{has}")
    if plan is not None and plan.condition is not None:
        lines.append(f"then only if {plan.condition.source}")
    if story.case.deal.state == "paused":
        lines.append("the deal is paused")
    return lines or ["nothing but the next look of the engine"]


def _holder(story: Story, task: Task) -> str:
    if task.assignee_id is not None:
        return story.case.people.name(task.assignee_id)
    return f"{task.department}, to whom it is offered" if task.department else "nobody"


def _assignment(story: Story, task: Task) -> Part | None:
    """Who has had it, each link of the chain that was passed over, and loads where somebody was picked."""
    frames = [f for f in story.of_task(task.no) if isinstance(f.change, TaskAssigned)]
    if not frames:
        return None
    lines: list[str] = []
    for frame in frames:
        to = frame.after.task(task.no)
        assert to is not None
        lines += [f"{story.when(frame)}: {_holder(story, to)}", *indented(frame.change.why)]
    lines += _meant(story, task)
    return Part(f"With {_holder(story, task)}", tuple(lines))


def _meant(story: Story, task: Task) -> list[str]:
    if task.meant_id is None or task.meant_id == task.assignee_id or task.closed:
        return []
    name = story.case.people.name(task.meant_id)
    return [f"it is {name}'s{f' ({task.link})' if task.link else ''} as soon as they are at work"]


def task_brief(story: Story, task: Task) -> list[str]:
    """The same in two or three lines, for the page of its deal."""
    if task.clock is None:
        return waits_for(story, task)
    due, step, lines = due_part(story, task), ladder.next_due(story.draft, task), list[str]()
    if due is not None:
        sum_ = "; ".join(line for line in due.lines[:-1] if not line.startswith(INDENT))
        lines.append(f"{due.lines[-1].replace('due: ', 'due ')}: {sum_}")
    given = next((f for f in reversed(story.of_task(task.no)) if isinstance(f.change, TaskAssigned)), None)
    if given is not None and given.change.why:
        lines.append(f"with {_holder(story, task)}: {'; '.join(given.change.why)}")
    if story.case.deal.state == "open" and not story.case.deal.closed:
        kind = "reminder" if step.kind == "remind" else "rung"
        lines.append(f"next {kind} {step.index + 1}: {read(story.calendar(None), step.at)}")
    return lines
