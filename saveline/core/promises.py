"""Whether tasks were done by the moment that was promised, and in whose hands it was when they were not.

The rule, which docs/definitions.md tells with an example:

1. A task is **on time** when it is done, or declined, by its promised moment: its first due moment.
2. Time in which the customer had to answer, or for which it was put off, or in which the deal was paused, is nobody's.
   It moves the due moment, by the working time of whoever has the task. One that is done after the promise but by the
   moved moment is **postponed**: neither on time nor late.
3. It is **late** when the due moment passes with the task open. That is counted when it passes, once, in the period in
   which it does, whatever becomes of the task; one on time or postponed is counted when it is closed.
4. A late one is charged to the department that had it when its due moment passed, if that department had had at least
   a quarter of the working time until then; else to the one that had had most of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from saveline.core import changes as c
from saveline.core.changes import Event
from saveline.core.facts import Clock, Deal, Fact, Task
from saveline.core.people import People
from saveline.core.stories import Story
from saveline.core.worktime import between

FAIR: Final = 4
"""A department had a fair chance with one in so many of the working hours: a quarter."""

Kept: TypeAlias = Literal["on_time", "postponed", "late"]


class Stint(Fact, frozen=True):
    """From ``start`` on the task is with a person, or offered to a department."""

    start: datetime
    person_id: int | None
    department: str


class Promise(Fact, frozen=True):
    """A task that was promised by a moment, and what became of that.

    ``broken_at`` is the due moment that passed with the task open, ``ended`` how it was closed, ``rung`` how many rungs
    of its ladder it took up to then. ``stops`` are times in which its clock stood still.
    """

    started_at: datetime
    promised_at: datetime
    stints: tuple[Stint, ...]
    stops: tuple[tuple[datetime, datetime], ...] = ()
    broken_at: datetime | None = None
    closed_at: datetime | None = None
    ended: Literal["", "done", "cannot", "withdrawn"] = ""
    rung: int = 0

    @property
    def kept(self) -> Kept | None:
        """None while that is open, and of one that was not wanted any more before it was due."""
        if self.broken_at is not None:
            return "late"
        if self.closed_at is None or self.ended == "withdrawn":
            return None
        return "on_time" if self.closed_at <= self.promised_at else "postponed"

    @property
    def settled_at(self) -> datetime | None:
        """When it was known whether it is kept."""
        return self.broken_at or (self.closed_at if self.kept is not None else None)


def promises(
    told: Iterable[Story], people: People, start: datetime, end: datetime, more: Mapping[int, Sequence[Event]]
) -> list[Promise]:
    """Of the tasks of ``told``, as they stand at ``end``: all but those that were closed before ``start``, and those to
    which nothing happened since and whose due moment is not in between. ``more`` are histories of deals that rested: of
    those that :func:`unsure` names."""
    found: list[Promise] = []
    for story in told:
        events = story.events or more.get(story.now.id, ())
        if events:
            tasks = (t for t in story.now.tasks if t.state != "waiting")
            running = frozenset(t.no for t in tasks if t.closed_at is None or t.closed_at >= start)
            found += promised(events, people, end, running) if running else ()
        else:
            found += _resting(story.now, people, start, end)
    return found


def unsure(told: Iterable[Story], start: datetime, end: datetime) -> list[int]:
    """Deals that rested, of which a due moment passed and which only their history can tell whose that was."""
    return [
        s.now.id
        for s in told
        if not s.events and any(_passed(s.now, t.clock, start, end) and _moved(t.clock) for t in s.now.tasks if t.clock)
    ]


def _passed(deal: Deal, clock: Clock, start: datetime, end: datetime) -> bool:
    return deal.state == "open" and clock.waits_since is None and start <= clock.due_at < end


def _moved(clock: Clock) -> bool:
    return clock.assigned > 1 or clock.due_at != clock.promised_at


def _resting(deal: Deal, people: People, start: datetime, end: datetime) -> list[Promise]:
    """Of the tasks of a deal to which nothing happened, those that became late: their clocks say it all."""
    found = []
    for task in deal.tasks:
        clock = task.clock
        if clock is not None and _passed(deal, clock, start, end):
            stint = Stint(clock.started_at, task.assignee_id, _department(people, task.assignee_id, task.department))
            found.append(Promise(clock.started_at, clock.promised_at, (stint,), broken_at=clock.due_at))
    return found


def _department(people: People, person_id: int | None, department: str | None) -> str:
    person = people.by_id.get(person_id or 0)
    return department or (person.department if person else None) or ""


def promised(
    events: Sequence[Event], people: People, end: datetime, only: frozenset[int] | None = None
) -> list[Promise]:
    """Of every task that was started in a deal's whole history, or ``only`` of those with these numbers, in the order
    of their numbers, as they stand at ``end``."""
    walk = _Walk(people, only)
    for event in events:
        if only is None or not event.task_no or event.task_no in only:
            step = _STEPS.get(type(event.change))
            if step is not None:
                step(walk, event, event.change)
    for task in walk.running():
        walk.run_to(task, end)
    return [walk.tasks[no].promise() for no in sorted(walk.tasks)]


class _Course:
    """A task on its way."""

    __slots__ = ("broken", "closed", "due", "ended", "promised", "rung", "started", "stints", "stops", "waits")

    def __init__(self, started: datetime, promised: datetime, due: datetime) -> None:
        self.started, self.promised, self.due = started, promised, due
        self.stints: list[Stint] = []
        self.stops: list[tuple[datetime, datetime]] = []
        self.waits: datetime | None = None
        self.broken: datetime | None = None
        self.closed: datetime | None = None
        self.ended: Literal["", "done", "cannot", "withdrawn"] = ""
        self.rung = 0

    def promise(self) -> Promise:
        stints, stops = tuple(self.stints), tuple(self.stops)
        return Promise(
            self.started, self.promised, stints, stops, self.broken, self.closed, self.ended, self.rung
        )  # fmt: skip


class _Walk:
    """One deal from its beginning on."""

    def __init__(self, people: People, only: frozenset[int] | None) -> None:
        self.people, self.only = people, only
        self.tasks: dict[int, _Course] = {}
        self.paused: datetime | None = None

    def running(self) -> Iterable[_Course]:
        return (t for t in self.tasks.values() if t.closed is None)

    def run_to(self, task: _Course, at: datetime) -> None:
        """Its clock has run up to ``at``, unless it stood still: then its due moment did not pass meanwhile."""
        if task.broken is None and task.waits is None and self.paused is None and task.due < at:
            task.broken = task.due

    def pause(self, event: Event, _change: Any) -> None:
        for task in self.running():
            self.run_to(task, event.at)
        self.paused = event.at

    def resumed(self, event: Event, change: c.DealResumed) -> None:
        clocks = {clock.no: clock for clock in change.clocks}
        for no, task in self.tasks.items():
            if task.closed is None and self.paused is not None:
                task.stops.append((self.paused, event.at))
                task.due = clocks[no].due_at if no in clocks else task.due
        self.paused = None

    def over(self, event: Event, _change: Any) -> None:
        """The deal is closed: what of it is still open is not wanted any more."""
        for task in list(self.running()):
            self._end(task, event.at, "withdrawn")
        self.paused = None

    def migrated(self, event: Event, change: c.DealMigrated) -> None:
        for task in change.tasks:
            if self.only is None or task.no in self.only:
                self._as_it_stands(task, event.at)

    def _as_it_stands(self, task: Task, at: datetime) -> None:
        course, clock = self.tasks.get(task.no), task.clock
        if clock is None:
            if course is not None and course.closed is None:
                self._end(course, at, "withdrawn")
            return
        if course is None:
            course = self.tasks[task.no] = _Course(clock.started_at, clock.promised_at, clock.due_at)
        self.run_to(course, at)
        course.closed, course.ended, course.due, course.waits = None, "", clock.due_at, clock.waits_since
        self._give(course, at, task.assignee_id, task.department)

    def _give(self, task: _Course, at: datetime, person_id: int | None, department: str | None) -> None:
        task.stints.append(Stint(at, person_id, _department(self.people, person_id, department)))

    def started(self, event: Event, change: c.TaskStarted) -> None:
        self.tasks[event.task_no] = _Course(event.at, change.due_at, change.due_at)

    def assigned(self, event: Event, change: c.TaskAssigned) -> None:
        self._give(self.tasks[event.task_no], event.at, change.person_id, change.department)

    def waits(self, event: Event, _change: Any) -> None:
        task = self.tasks[event.task_no]
        self.run_to(task, event.at)
        task.waits = event.at

    def snoozed(self, event: Event, change: c.TaskSnoozed) -> None:
        task = self.tasks[event.task_no]
        self.run_to(task, event.at)
        task.stops.append((event.at, change.until))
        self._move(task, event.at, change)

    def goes_on(self, event: Event, change: c.TaskGoesOn) -> None:
        self._move(self.tasks[event.task_no], event.at, change)

    @staticmethod
    def _move(task: _Course, at: datetime, change: c.TaskSnoozed | c.TaskGoesOn) -> None:
        if task.waits is not None:
            task.stops.append((task.waits, at))
        task.due, task.waits = change.clock.due_at, change.clock.waits_since

    def escalated(self, event: Event, change: c.Escalated) -> None:
        task = self.tasks[event.task_no]
        task.rung = max(task.rung, change.rung + 1)

    def done(self, event: Event, _change: Any) -> None:
        self._end(self.tasks[event.task_no], event.at, "done")

    def cannot(self, event: Event, _change: Any) -> None:
        self._end(self.tasks[event.task_no], event.at, "cannot")

    def withdrawn(self, event: Event, _change: Any) -> None:
        task = self.tasks.get(event.task_no)  # one that never started can be withdrawn too
        if task is not None and task.closed is None:
            self._end(task, event.at, "withdrawn")

    def _end(self, task: _Course, at: datetime, ended: Literal["done", "cannot", "withdrawn"]) -> None:
        self.run_to(task, at)
        if task.waits is not None:
            task.stops.append((task.waits, at))
        task.closed, task.ended, task.waits = at, ended, None


_Step: TypeAlias = Callable[[_Walk, Event, Any], None]
_STEPS: Final[Mapping[type[Any], _Step]] = {
    c.DealPaused: _Walk.pause,
    c.DealResumed: _Walk.resumed,
    c.DealClosed: _Walk.over,
    c.DealMerged: _Walk.over,
    c.DealMigrated: _Walk.migrated,
    c.TaskStarted: _Walk.started,
    c.TaskAssigned: _Walk.assigned,
    c.TaskWaits: _Walk.waits,
    c.TaskSnoozed: _Walk.snoozed,
    c.TaskGoesOn: _Walk.goes_on,
    c.Escalated: _Walk.escalated,
    c.TaskDone: _Walk.done,
    c.TaskCannot: _Walk.cannot,
    c.TaskWithdrawn: _Walk.withdrawn,
    c.TaskSkipped: _Walk.withdrawn,
}
"""The others say nothing of who has what, or until when."""


# --- whose it is ------------------------------------------------------------------------------------------------------


def answers_for(promise: Promise, people: People) -> str:
    """The department that a settled promise counts for: who closed it, or whom a late one is charged to; ``""`` where
    nobody had it."""
    if promise.broken_at is None:
        return promise.stints[-1].department if promise.stints else ""
    return charged(promise, people)


def charged(promise: Promise, people: People) -> str:
    """Whose a late one is, by the fourth line of the rule."""
    assert promise.broken_at is not None
    before = [s for s in promise.stints if s.start < promise.broken_at]
    departments = {s.department for s in before}
    if len(departments) <= 1:
        return before[-1].department if before else ""
    worked = in_hands(promise, people, promise.broken_at)
    last = before[-1].department
    if worked[last] * FAIR >= sum(worked.values(), timedelta()):
        return last
    return max(worked, key=lambda department: worked[department])  # of several with as much, the first that had it


def in_hands(promise: Promise, people: People, until: datetime) -> dict[str, timedelta]:
    """The working time that each department had the task up to ``until``, in the hours of whoever had it; what is
    nobody's left out. In the order in which they had it first."""
    stops = _joined(promise.stops)
    found: dict[str, timedelta] = {}
    ends = [*(s.start for s in promise.stints[1:]), until]
    for stint, following in zip(promise.stints, ends, strict=False):
        start, end = stint.start, min(following, until)
        calendar = people.calendar(stint.person_id)
        worked = sum((between(calendar, a, b) for a, b in _without(start, end, stops)), timedelta())
        found[stint.department] = found.get(stint.department, timedelta()) + worked
    return found


def _joined(stops: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same times in order, those that overlap as one."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(stops):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _without(
    start: datetime, end: datetime, stops: Sequence[tuple[datetime, datetime]]
) -> Iterable[tuple[datetime, datetime]]:
    """What is left of ``[start, end)``."""
    for stop, goes_on in stops:
        if stop >= end:
            break
        if start < stop:
            yield start, stop
        start = max(start, min(goes_on, end))
    if start < end:
        yield start, end
