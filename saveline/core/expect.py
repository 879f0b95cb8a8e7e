"""What an author expects of a rehearsal, and whether it came true: who is told what, how tasks and the deal end up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, assert_never

from saveline.core.changes import Event, StageEntered, TaskAssigned, TaskStarted
from saveline.core.facts import Fact, Task
from saveline.core.notices import Notice
from saveline.core.rehearse import Timeline
from saveline.core.storyline import Teller

AROUND = 3
"""Lines of the story shown before and after the place that a failure speaks of."""


class Window(Fact, frozen=True):
    """``first <= moment < end``; a side that is None is open. ``words`` is how the author wrote it."""

    first: datetime | None = None
    end: datetime | None = None
    words: str = ""

    def holds(self, at: datetime | None) -> bool:
        if at is None:
            return False
        return (self.first is None or at >= self.first) and (self.end is None or at < self.end)

    @property
    def moment(self) -> datetime | None:
        return self.first or self.end


class Told(Fact, frozen=True):
    """Somebody, or a department, gets a notice; with ``times`` just so often."""

    person_id: int = 0
    department: str = ""
    kind: str | None = None
    task: str | None = None
    window: Window = Window()
    times: int | None = None


class TaskIs(Fact, frozen=True):
    """How a task ends up; with a window it became so within it."""

    task: str
    state: str | None = None
    person_id: int | None = None
    outcome: str | None = None
    due: Window | None = None
    window: Window | None = None


class Stands(Fact, frozen=True):
    """The deal enters a stage; with ``times`` just so often."""

    stage: str
    window: Window = Window()
    times: int | None = None


class Ends(Fact, frozen=True):
    """The deal is closed with ``outcome``; None for a deal that is still open."""

    outcome: str | None
    window: Window = Window()


class Runs(Fact, frozen=True):
    """The account gets this play rather than another."""

    play: str


Expectation: TypeAlias = Told | TaskIs | Stands | Ends | Runs


class Miss(Fact, frozen=True):
    """An expectation that did not come true: the nearest thing that did, and the story around it."""

    happened: str
    around: tuple[str, ...] = ()


def judge(timeline: Timeline, expected: Expectation, chosen: str) -> Miss | None:
    """None when ``expected`` came true. ``chosen`` is the play that the account gets."""
    match expected:
        case Told():
            return _judge_told(timeline, expected)
        case TaskIs():
            return _judge_task(timeline, expected)
        case Stands():
            return _judge_stage(timeline, expected)
        case Ends(outcome, window):
            deal = timeline.deal
            if deal.outcome == outcome and (outcome is None or window.holds(deal.closed_at)):
                return None
            stands = f"{deal.outcome}, {Teller(timeline).moment(deal.closed_at)}" if deal.closed_at else deal.stage
            return _miss(timeline, f"closed as {stands}" if deal.closed else f"open, in {stands}", deal.closed_at)
        case Runs(play):
            return None if chosen == play else Miss(f"the account gets {chosen}")
        case _:
            assert_never(expected)


def _judge_told(timeline: Timeline, told: Told) -> Miss | None:
    teller = Teller(timeline)
    seen = {(n.at, n.kind, n.task_no, n.ordinal, n.person_id): n for n in timeline.notices}.values()
    hits = [n for n in seen if all(_told_fits(timeline, told, n)) and told.window.holds(n.at)]
    if len(hits) == told.times or (told.times is None and hits):
        return None
    if told.times is not None:
        return _miss(timeline, f"{len(hits)} times", hits[-1].at if hits else told.window.moment)
    near = _nearest(timeline, told, seen)
    if near is None:
        return _miss(timeline, "nothing like it", told.window.moment)
    return _miss(timeline, f"{teller.notice(near)}, {teller.moment(near.at)}", near.at)


def _told_fits(timeline: Timeline, told: Told, notice: Notice) -> tuple[bool, bool, bool]:
    """Whether ``(who, kind, task)`` are as expected."""
    people = timeline.case.people
    if told.department:
        team = people.departments.get(told.department)
        person = people.by_id.get(notice.person_id)
        to = notice.channel == (team.channel if team else None) or bool(person and person.department == told.department)
    else:
        to = notice.person_id == told.person_id
    plan = timeline.deal.task(notice.task_no)
    return to, told.kind in (None, notice.kind), told.task is None or (plan is not None and plan.plan == told.task)


def _judge_task(timeline: Timeline, expected: TaskIs) -> Miss | None:
    tasks = [t for t in timeline.deal.tasks if t.plan == expected.task]
    if not tasks:
        return _miss(timeline, f"{expected.task} never comes up", None)
    looked_at = tasks if expected.window else tasks[-1:]
    if any(_task_fits(timeline, expected, t) for t in looked_at):
        return None
    teller, task = Teller(timeline), tasks[-1]
    has = teller.people.name(task.assignee_id) if task.assignee_id else task.department or "nobody"
    due = _due(timeline, task)
    words = [f"{task.plan} is {task.state}", f"with {has}" if task.state != "waiting" else ""]
    words += [f"outcome {task.outcome}" if task.outcome else "", f"due {teller.moment(due)}" if due else ""]
    became = _became(timeline, task, task.state)
    words.append(f"since {teller.moment(became)}" if became else "")
    return _miss(timeline, ", ".join(w for w in words if w), became)


def _task_fits(timeline: Timeline, expected: TaskIs, task: Task) -> bool:
    state = expected.state or task.state
    return (
        (state == task.state if expected.window is None else expected.window.holds(_became(timeline, task, state)))
        and expected.person_id in (None, task.assignee_id)
        and expected.outcome in (None, task.outcome)
        and (expected.due is None or expected.due.holds(_due(timeline, task)))
    )


def _became(timeline: Timeline, task: Task, state: str) -> datetime | None:
    """When the task came to be ``state``, if it ever did."""
    if state == task.state and task.closed:
        return task.closed_at
    if state == "open":
        return next((e.at for e in _events(timeline, task) if isinstance(e.change, TaskStarted)), None)
    return None


def _due(timeline: Timeline, task: Task) -> datetime | None:
    if task.clock is not None:
        return task.clock.due_at
    return next((e.change.due_at for e in _events(timeline, task) if isinstance(e.change, TaskStarted)), None)


def _events(timeline: Timeline, task: Task) -> Iterable[Event]:
    return (e for e in timeline.events if e.task_no == task.no and isinstance(e.change, TaskStarted | TaskAssigned))


def _judge_stage(timeline: Timeline, expected: Stands) -> Miss | None:
    teller = Teller(timeline)
    entered = [(e.at, e.change.stage) for e in timeline.events if isinstance(e.change, StageEntered)]
    hits = [at for at, stage in entered if stage == expected.stage and expected.window.holds(at)]
    if len(hits) == expected.times or (expected.times is None and hits):
        return None
    if expected.times is not None:
        return _miss(timeline, f"{len(hits)} times", hits[-1] if hits else None)
    near = [at for at, stage in entered if stage == expected.stage]
    if near:
        return _miss(timeline, f"{expected.stage} is entered {teller.moment(near[-1])}", near[-1])
    way = " → ".join(stage for _, stage in entered)
    return _miss(timeline, f"{expected.stage} is never entered: {way}", entered[-1][0] if entered else None)


def _nearest(timeline: Timeline, told: Told, notices: Iterable[Notice]) -> Notice | None:
    """The notice that fits best, and of several the nearest in time; none where fewer than two of three parts fit."""
    wanted = told.window.moment

    def rank(notice: Notice) -> tuple[int, float]:
        away = abs((notice.at - wanted).total_seconds()) if wanted else 0.0
        return -sum(_told_fits(timeline, told, notice)), away

    return min((n for n in notices if rank(n)[0] <= -2), key=rank, default=None)


def _miss(timeline: Timeline, happened: str, at: datetime | None) -> Miss:
    """With the lines of the story around ``at``; at its end where there is no such moment."""
    teller = Teller(timeline)
    lines = teller.lines()
    middle = len(lines) if at is None else sum(1 for line in lines if line.at <= at)
    first = max(0, min(middle, len(lines)) - AROUND - 1)
    return Miss(happened, tuple(teller.shown(line) for line in lines[first : middle + AROUND]))
