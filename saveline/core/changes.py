"""Everything that can happen to a deal: a closed union of frozen values, each with what it means for the deal.

An :class:`Event` is a change with its number, its moment, who did it and through which door. Folding a deal's events
in order (:func:`evolve`) gives the deal; the history table holds them one row each, and nothing else changes a deal.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from saveline.core.facts import DECISION, Clock, Deal, Fact, Task, TaskState


class DealChange(Fact, frozen=True, omit_defaults=True):
    """A change of the deal itself."""

    @abstractmethod
    def fold(self, deal: Deal, event: Event) -> Deal:
        """The deal after this change. Keeps ``seq`` and ``next_at``, which others look after."""
        raise NotImplementedError


class TaskChange(Fact, frozen=True, omit_defaults=True):
    """A change of one task of the deal, the one with ``event.task_no``."""

    @abstractmethod
    def fold(self, task: Task, event: Event) -> Task:
        raise NotImplementedError


class DealOpened(DealChange, frozen=True):
    """An account at risk became a deal. ``why`` says how the play was chosen and why each other one was not."""

    play: str
    play_hash: str
    owner_id: int | None
    arr_cents: int
    decide_at: datetime
    causes: tuple[str, ...] = ()
    score: int = 0
    why: tuple[str, ...] = ()

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(
            deal,
            play=self.play,
            play_hash=self.play_hash,
            owner_id=self.owner_id,
            arr_cents=self.arr_cents,
            decide_at=self.decide_at,
            causes=self.causes,
            score=self.score,
            opened_at=event.at,
        )


class CauseAdded(DealChange, frozen=True):
    """A further cause joined the open deal."""

    cause: str
    score: int
    note: str = ""

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, causes=(*deal.causes, self.cause), score=self.score)


class OwnerChanged(DealChange, frozen=True):
    owner_id: int | None
    why: tuple[str, ...] = ()

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, owner_id=self.owner_id)


class StageEntered(DealChange, frozen=True):
    """The deal stands in ``stage`` now; ``tasks`` are waiting there, numbered on from the last one."""

    stage: str
    tasks: tuple[str, ...] = ()
    due_at: datetime | None = None
    why: str = ""

    def fold(self, deal: Deal, event: Event) -> Deal:
        visit, first = deal.visit + 1, len(deal.tasks) + 1
        added = (Task(no=first + i, plan=plan, stage=self.stage, visit=visit) for i, plan in enumerate(self.tasks))
        return replace(
            deal,
            stage=self.stage,
            visit=visit,
            stage_at=event.at,
            stage_due_at=self.due_at,
            stage_late_at=None,
            tasks=(*deal.tasks, *added),
        )


class StageLate(DealChange, frozen=True):
    """The stage's clock ran out."""

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, stage_late_at=event.at)


class DecisionAsked(DealChange, frozen=True):
    """The decision date came, or the work is done: somebody has to say saved, saved smaller, lost or let go."""

    why: str = ""

    def fold(self, deal: Deal, event: Event) -> Deal:
        asked = Task(no=len(deal.tasks) + 1, plan=DECISION, stage=deal.stage, visit=deal.visit)
        return replace(deal, tasks=(*deal.tasks, asked))


class Moved(Fact, frozen=True, omit_defaults=True):
    """Where the clock of task ``no`` stands after it stood still: everything its ladder counts from, later."""

    no: int
    due_at: datetime
    anchor_at: datetime
    seen_at: datetime | None = None
    escalated_at: datetime | None = None
    snoozed_until: datetime | None = None

    def set(self, task: Task, since: datetime) -> Task:
        clock = replace(
            task.running,
            due_at=self.due_at,
            anchor_at=self.anchor_at,
            seen_at=self.seen_at,
            escalated_at=self.escalated_at,
            snoozed_until=self.snoozed_until,
            since=since,
        )
        return replace(task, clock=clock)


class DealPaused(DealChange, frozen=True):
    until: datetime
    reason: str

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, state="paused", paused_at=event.at, paused_until=self.until)


class DealResumed(DealChange, frozen=True):
    """The clocks run again, each later by the business time of its holder that passed meanwhile."""

    clocks: tuple[Moved, ...] = ()
    stage_due_at: datetime | None = None

    def fold(self, deal: Deal, event: Event) -> Deal:
        at = {c.no: c for c in self.clocks}
        tasks = tuple(at[t.no].set(t, event.at) if t.no in at else t for t in deal.tasks)
        return replace(
            deal, state="open", paused_at=None, paused_until=None, stage_due_at=self.stage_due_at, tasks=tasks
        )


class DealClosed(DealChange, frozen=True):
    """The account was saved, saved smaller, lost or let go."""

    outcome: str
    reason: str
    kept_cents: int | None = None
    evidence: str | None = None

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(
            deal,
            state="closed",
            closed_at=event.at,
            outcome=self.outcome,
            reason=self.reason,
            kept_cents=self.kept_cents,
            evidence=self.evidence,
            paused_at=None,
            paused_until=None,
        )


class Commented(DealChange, frozen=True):
    """Somebody wrote something on the deal, or on its task ``event.task_no``."""

    body: str

    def fold(self, deal: Deal, event: Event) -> Deal:
        return deal


class TaskStarted(TaskChange, frozen=True):
    title: str
    due_at: datetime

    def fold(self, task: Task, event: Event) -> Task:
        at, due = event.at, self.due_at
        clock = Clock(started_at=at, due_at=due, promised_at=due, anchor_at=at, since=at)
        return replace(task, state="open", title=self.title, clock=clock)


class TaskAssigned(TaskChange, frozen=True):
    """``person_id`` has the task now; without one it is offered to ``department``, or nobody was found."""

    person_id: int | None = None
    department: str | None = None
    why: tuple[str, ...] = ()

    def fold(self, task: Task, event: Event) -> Task:
        clock = replace(task.running, assigned=task.running.assigned + 1, since=event.at, seen_at=None)
        return replace(task, assignee_id=self.person_id, department=self.department, clock=clock)


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


AnyDealChange: TypeAlias = (
    DealOpened
    | CauseAdded
    | OwnerChanged
    | StageEntered
    | StageLate
    | DecisionAsked
    | DealPaused
    | DealResumed
    | DealClosed
    | Commented
)
AnyTaskChange: TypeAlias = (
    TaskStarted
    | TaskAssigned
    | TaskSeen
    | TaskSnoozed
    | HelpAsked
    | TaskDone
    | TaskCannot
    | TaskSkipped
    | TaskWithdrawn
    | Reminded
    | Escalated
    | RungPassed
)
Change: TypeAlias = AnyDealChange | AnyTaskChange


class Event(Fact, frozen=True):
    """One line of a deal's history. ``by`` is a person's id, None for the engine; ``via`` is the door."""

    seq: int
    at: datetime
    change: Change
    task_no: int = 0
    by: int | None = None
    via: str = "engine"

    @property
    def kind(self) -> str:
        return KIND[type(self.change)]


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


KIND: Final[Mapping[type[Any], str]] = {cls: _snake(cls.__name__) for cls in get_args(Change)}
"""The word that stands for each change in the history table."""

_ENCODER = msgspec.json.Encoder()
_DECODERS = {kind: msgspec.json.Decoder(cls) for cls, kind in KIND.items()}


def encode(change: Change) -> str:
    """The change's own fields as JSON, without those that hold their default."""
    return _ENCODER.encode(change).decode()


def decode(kind: str, data: str) -> Change:
    """The change that :func:`encode` wrote. Raises KeyError for an unknown kind, msgspec's errors for bad data."""
    change: Change = _DECODERS[kind].decode(data)
    return change


def evolve(deal: Deal, events: Iterable[Event]) -> Deal:
    """The deal after ``events``, which follow on from ``deal.seq``."""
    for event in events:
        change = event.change
        if isinstance(change, TaskChange):
            task = change.fold(deal.tasks[event.task_no - 1], event)
            deal = replace(deal, tasks=(*deal.tasks[: task.no - 1], task, *deal.tasks[task.no :]), seq=event.seq)
        else:
            deal = replace(change.fold(deal, event), seq=event.seq)
    return deal
