"""Where the days of deals went: with us and in which department, with the customer, or with nobody.

Every second of a deal that is open belongs to exactly one of these, so they add up to the time that deals were open:

- **paused**: the deal stands still;
- **us**, by department: a task could be worked on, in the working hours of whoever has it;
- **customer**: of all tasks that are open only the customer can move any, in the working hours of whoever waits for it;
- **off hours**: the nights, weekends, holidays and absences of the two before;
- **put off**: every open task sleeps until a moment that somebody said;
- **unasked**: no task is open, the next one starts later.

Where several tasks are open at once, the time is divided evenly among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from saveline.core import changes as c
from saveline.core.changes import Event
from saveline.core.facts import Deal, Fact, Task
from saveline.core.people import People
from saveline.core.shifts import Rota, Seconds, seconds
from saveline.core.stories import Story, since


class Elapsed(Fact, frozen=True):
    """The time that ``deals`` were open in a period, in seconds; ``us`` by department, those with most first."""

    deals: int
    us: tuple[tuple[str, Seconds], ...]
    customer: Seconds
    off_hours: Seconds
    put_off: Seconds
    unasked: Seconds
    paused: Seconds

    @property
    def ours(self) -> Seconds:
        return sum(n for _, n in self.us)

    @property
    def total(self) -> Seconds:
        return self.ours + self.customer + self.off_hours + self.put_off + self.unasked + self.paused


class _Hold:
    """An open task: who has it, whether the customer has to move, and until when it sleeps."""

    __slots__ = ("department", "person", "sleeps", "waits")

    def __init__(self) -> None:
        self.person: int | None = None
        self.department = ""
        self.waits = False
        self.sleeps: Seconds = 0


def elapsed(told: Iterable[Story], people: People, start: datetime, end: datetime) -> Elapsed:
    """Of all deals of ``told`` in ``[start, end)``. Departments are their keys, ``""`` for none."""
    rota, counts, deals = Rota(people, start, end), Counter[str](), 0
    for story in told:
        walk = _Walk(story.then, people, rota, counts, seconds(start))
        walk.through(since(story.events, start))
        walk.until(seconds(end))
        deals += walk.open_at_all
    us = sorted(((k[1:], n) for k, n in counts.items() if k[0] == _US and n), key=lambda u: (-u[1], u[0]))
    return Elapsed(deals, tuple(us), *(counts[k] for k in (_CUSTOMER, _OFF, _PUT_OFF, _UNASKED, _PAUSED)))


_US, _CUSTOMER, _OFF, _PUT_OFF, _UNASKED, _PAUSED = "@", "customer", "off", "put off", "unasked", "paused"
"""What seconds are counted under; ours under the key of the department after a mark of its own."""


class _Walk:
    """One deal from the start of a period on."""

    def __init__(self, then: Deal | None, people: People, rota: Rota, counts: Counter[str], start: Seconds) -> None:
        self.people, self.rota, self.counts, self.at = people, rota, counts, start
        self.open = then is not None and not then.closed
        self.paused = then is not None and then.state == "paused"
        self.open_at_all = False
        self.tasks: dict[int, _Hold] = {}
        for task in then.tasks if then is not None and self.open else ():
            self.take(task)

    def take(self, task: Task) -> None:
        """A task as it stands."""
        clock = task.clock
        if clock is None:
            self.tasks.pop(task.no, None)
            return
        hold = self.tasks[task.no] = _Hold()
        self.give(hold, task.assignee_id, task.department)
        self.stop(hold, clock.waits_since, clock.snoozed_until)

    def give(self, hold: _Hold, person_id: int | None, department: str | None) -> None:
        person = self.people.by_id.get(person_id or 0)
        hold.person = person_id
        hold.department = department or (person.department if person else None) or ""

    @staticmethod
    def stop(hold: _Hold, waits_since: datetime | None, until: datetime | None) -> None:
        hold.waits = waits_since is not None
        hold.sleeps = seconds(until) if until is not None and not hold.waits else 0

    def through(self, events: Sequence[Event]) -> None:
        for event in events:
            step = _STEPS.get(type(event.change))
            if step is not None:
                self.until(seconds(event.at))
                step(self, event, event.change)

    def until(self, end: Seconds) -> None:
        """Count the time up to ``end``, in which nothing happens but that tasks wake."""
        if self.open and end > self.at:
            self.open_at_all = True
            if self.paused:
                self.counts[_PAUSED] += end - self.at
            else:
                start = self.at
                waking = {h.sleeps for h in self.tasks.values() if start < h.sleeps < end}
                for wakes in sorted(waking) if waking else ():
                    self.count(start, wakes)
                    start = wakes
                self.count(start, end)
        self.at = max(self.at, end)

    def count(self, start: Seconds, end: Seconds) -> None:
        length = end - start
        if not self.tasks:
            self.counts[_UNASKED] += length
            return
        awake = [h for h in self.tasks.values() if not h.waits and h.sleeps <= start]
        holds = awake or [h for h in self.tasks.values() if h.waits]
        if not holds:
            self.counts[_PUT_OFF] += length
            return
        worked = 0
        for hold in holds:
            share = self.rota.of(hold.person).worked(start, end) // len(holds)
            self.counts[_US + hold.department if awake else _CUSTOMER] += share
            worked += share
        self.counts[_OFF] += length - worked

    # --- what an event means for it -------------------------------------------------------------------------------

    def opened(self, _event: Event, _change: Any) -> None:
        self.open, self.paused = True, False
        self.tasks.clear()

    def closed(self, _event: Event, _change: Any) -> None:
        self.open, self.paused = False, False

    def pause(self, _event: Event, _change: Any) -> None:
        self.paused = True

    def resumed(self, _event: Event, change: c.DealResumed) -> None:
        self.paused = False
        for clock in change.clocks:
            if clock.no in self.tasks:
                self.stop(self.tasks[clock.no], clock.waits_since, clock.snoozed_until)

    def migrated(self, _event: Event, change: c.DealMigrated) -> None:
        for task in change.tasks:
            self.take(task)

    def started(self, event: Event, _change: Any) -> None:
        self.tasks[event.task_no] = _Hold()

    def assigned(self, event: Event, change: c.TaskAssigned) -> None:
        self.give(self.tasks[event.task_no], change.person_id, change.department)

    def waits(self, event: Event, change: c.TaskWaits) -> None:
        self.stop(self.tasks[event.task_no], event.at, change.until)

    def moved(self, event: Event, change: c.TaskSnoozed | c.TaskGoesOn) -> None:
        self.stop(self.tasks[event.task_no], change.clock.waits_since, change.clock.snoozed_until)

    def ended(self, event: Event, _change: Any) -> None:
        self.tasks.pop(event.task_no, None)


_Step: TypeAlias = Callable[[_Walk, Event, Any], None]
_STEPS: Final[Mapping[type[Any], _Step]] = {
    c.DealOpened: _Walk.opened,
    c.DealReopened: _Walk.opened,
    c.DealClosed: _Walk.closed,
    c.DealMerged: _Walk.closed,
    c.DealPaused: _Walk.pause,
    c.DealResumed: _Walk.resumed,
    c.DealMigrated: _Walk.migrated,
    c.TaskStarted: _Walk.started,
    c.TaskAssigned: _Walk.assigned,
    c.TaskWaits: _Walk.waits,
    c.TaskSnoozed: _Walk.moved,
    c.TaskGoesOn: _Walk.moved,
    c.TaskDone: _Walk.ended,
    c.TaskCannot: _Walk.ended,
    c.TaskSkipped: _Walk.ended,
    c.TaskWithdrawn: _Walk.ended,
}
"""The others change nothing of who has what to do."""
