"""What can happen to one task of a deal: one frozen value each, with what it means for the task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from saveline.core.deal_changes import Moved
from saveline.core.facts import Clock, Fact, Task, TaskState

if TYPE_CHECKING:
    from saveline.core.changes import Event


class TaskChange(Fact, frozen=True, omit_defaults=True):
    """A change of one task of the deal, the one with ``event.task_no``."""

    @abstractmethod
    def fold(self, task: Task, event: Event) -> Task:
        raise NotImplementedError


class TaskStarted(TaskChange, frozen=True):
    """It can be done now. ``slot`` is the turn of a task that comes again: the next one counts from it."""

    title: str
    due_at: datetime
    slot: datetime | None = None

    def fold(self, task: Task, event: Event) -> Task:
        at, due = event.at, self.due_at
        clock = Clock(started_at=at, due_at=due, promised_at=due, anchor_at=at, since=at)
        return replace(task, state="open", title=self.title, starts_at=self.slot or task.starts_at, clock=clock)


class TaskAssigned(TaskChange, frozen=True):
    """``person_id`` has the task now; without one it is offered to ``department``, or nobody was found.

    ``meant_id`` is whose it is when nobody is away, where that is somebody else; ``link`` is the word of the play that
    named them, and there is none where a person decided.
    """

    person_id: int | None = None
    department: str | None = None
    why: tuple[str, ...] = ()
    meant_id: int | None = None
    link: str | None = None

    def fold(self, task: Task, event: Event) -> Task:
        clock = replace(task.running, assigned=task.running.assigned + 1, since=event.at, seen_at=None)
        return replace(
            task,
            assignee_id=self.person_id,
            department=self.department,
            meant_id=self.meant_id or self.person_id,
            link=self.link,
            clock=clock,
        )


class TaskSeen(TaskChange, frozen=True):
    def fold(self, task: Task, event: Event) -> Task:
        return replace(task, clock=replace(task.running, seen_at=event.at))


class TaskSnoozed(TaskChange, frozen=True):
    """The ladder rests until ``until`` and then goes on where it stood, later by the working time that was slept."""

    until: datetime
    reason: str
    clock: Moved

    def fold(self, task: Task, event: Event) -> Task:
        return self.clock.set(task, event.at)


class TaskWaits(TaskChange, frozen=True):
    """The customer has to answer first, at the latest by ``until``: their days are not ours."""

    until: datetime
    reason: str

    def fold(self, task: Task, event: Event) -> Task:
        return replace(
            task, clock=replace(task.running, waits_since=event.at, snoozed_until=self.until, since=event.at)
        )


class TaskGoesOn(TaskChange, frozen=True):
    """The customer answered, or did not in time: the clock runs again, later by the working time that passed."""

    clock: Moved
    answered: bool = False

    def fold(self, task: Task, event: Event) -> Task:
        return self.clock.set(task, event.at)


class HelpAsked(TaskChange, frozen=True):
    note: str = ""

    def fold(self, task: Task, event: Event) -> Task:
        return task


class TaskDone(TaskChange, frozen=True):
    outcome: str = "done"
    answers: Mapping[str, Any] = {}

    def fold(self, task: Task, event: Event) -> Task:
        return replace(_closed(task, event, "done"), outcome=self.outcome, answers=self.answers)


class TaskCannot(TaskChange, frozen=True):
    """Whoever had it says that it cannot be done, and why."""

    reason: str

    def fold(self, task: Task, event: Event) -> Task:
        return replace(_closed(task, event, "cannot"), outcome="cannot", note=self.reason)


class TaskSkipped(TaskChange, frozen=True):
    """It never had to start: its condition was false, or a task it needs cannot be done."""

    why: str

    def fold(self, task: Task, event: Event) -> Task:
        return replace(_closed(task, event, "skipped"), note=self.why)


class TaskWithdrawn(TaskChange, frozen=True):
    """It is no longer wanted: the stage was left by a branch, or the deal was closed."""

    why: str

    def fold(self, task: Task, event: Event) -> Task:
        return replace(_closed(task, event, "withdrawn"), note=self.why)


def _closed(task: Task, event: Event, state: TaskState) -> Task:
    return replace(task, state=state, closed_at=event.at, closed_by=event.by, clock=None)


class Reminded(TaskChange, frozen=True):
    """Reminder number ``ordinal`` (from 1) of the task's policy went out; those before it are past."""

    ordinal: int

    def fold(self, task: Task, event: Event) -> Task:
        return replace(task, clock=replace(task.running, reminded=self.ordinal))


class Escalated(TaskChange, frozen=True):
    """Rung ``rung`` of the ladder was climbed for the ``ordinal``-th time in all, up to ``person_id``."""

    rung: int
    ordinal: int
    next_rung: int
    person_id: int | None = None
    do: str = "tell"
    why: tuple[str, ...] = ()

    def fold(self, task: Task, event: Event) -> Task:
        clock = replace(task.running, rung=self.next_rung, escalated=self.ordinal, escalated_at=event.at)
        return replace(task, clock=clock)


class RungPassed(TaskChange, frozen=True):
    """A rung came to nobody and was passed at once."""

    rung: int
    next_rung: int
    why: tuple[str, ...] = ()

    def fold(self, task: Task, event: Event) -> Task:
        return replace(task, clock=replace(task.running, rung=self.next_rung, escalated_at=event.at))
