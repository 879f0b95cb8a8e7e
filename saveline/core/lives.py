"""What can be counted in the lives of deals: work, waits, messages, stages, decisions and the ways that were taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final

from saveline.core.changes import (
    DealClosed,
    DecisionAsked,
    Escalated,
    RungPassed,
    StageEntered,
    StageLate,
    TaskAssigned,
    TaskCannot,
    TaskDone,
    TaskSeen,
    TaskSkipped,
    TaskStarted,
    TaskWithdrawn,
)
from saveline.core.facts import DECISION, Fact
from saveline.core.people import People
from saveline.core.portfolio import Life
from saveline.core.worktime import between

_CLOSED: Final = TaskDone | TaskCannot | TaskSkipped | TaskWithdrawn
HAS_IT: Final = "has the task already"
"""How the ladder says that a rung came to whoever has the task: it was passed, and yet it is not empty."""


class Held(Fact, frozen=True):
    """A task in somebody's hands, or offered to a department, in ``[start, end)``."""

    start: datetime
    end: datetime
    person_id: int | None
    department: str | None


class Work(Fact, frozen=True):
    """A task from its start to its close, or to the end of the rehearsal where that comes first."""

    plan: str
    started: datetime
    promised: datetime
    end: datetime
    state: str
    held: tuple[Held, ...]
    seen: datetime | None = None

    def late(self, until: datetime) -> bool | None:
        """Whether it was closed after its first due moment; None where that is not known yet, or not asked any more."""
        if self.end > self.promised:
            return True
        return None if self.state == "withdrawn" or (self.state == "open" and self.promised >= until) else False


def works(life: Life, people: People) -> Iterator[Work]:
    """Every task of the deal that was started."""
    for task in life.deal.tasks:
        mine = [e for e in life.events if e.task_no == task.no]
        started = next((e for e in mine if isinstance(e.change, TaskStarted)), None)
        if started is None:
            continue
        assert isinstance(started.change, TaskStarted)
        end = next((e.at for e in mine if isinstance(e.change, _CLOSED)), life.until)
        given = [(e.at, e.change) for e in mine if isinstance(e.change, TaskAssigned)]
        ends = [at for at, _ in given[1:]] + [end]
        held = tuple(
            Held(at, until, change.person_id, change.department or _department(people, change.person_id))
            for (at, change), until in zip(given, ends, strict=True)
        )
        seen = next((e.at for e in mine if isinstance(e.change, TaskSeen)), None)
        yield Work(task.plan, started.at, started.change.due_at, end, task.state, held, seen)


def _department(people: People, person_id: int | None) -> str | None:
    person = people.by_id.get(person_id or 0)
    return person.department if person else None


def wait_hours(work: Work, people: People) -> float:
    """Working hours until somebody looked at it, or did it; of whoever had it first."""
    reached = min(work.seen, work.end) if work.seen is not None else work.end
    calendar = people.calendar(work.held[0].person_id if work.held else None)
    return between(calendar, work.started, reached).total_seconds() / 3600


class Stay(Fact, frozen=True):
    """A visit to a stage. ``late`` is None where the stage has no clock, or it did not run out yet."""

    stage: str
    start: datetime
    end: datetime | None
    late: bool | None


def stays(life: Life) -> Iterator[Stay]:
    entered = [e for e in life.events if isinstance(e.change, StageEntered)]
    closed = next((e.at for e in life.events if isinstance(e.change, DealClosed)), None)
    ends = [e.at for e in entered[1:]] + [closed]
    for event, end in zip(entered, ends, strict=True):
        assert isinstance(event.change, StageEntered)
        due, last = event.change.due_at, end or life.until
        late = any(isinstance(e.change, StageLate) and event.seq < e.seq and e.at <= last for e in life.events)
        known = due is not None and (late or end is not None)
        yield Stay(event.change.stage, event.at, end, late if known else None)


class Decided(Fact, frozen=True):
    """How a deal came to its decision. ``ready``: the work was done before the date. ``held``: it was said in time.

    ``held`` is None while the decision is not due yet.
    """

    ready: bool | None
    held: bool | None


def decided(life: Life) -> Decided:
    asked = next((e for e in life.events if isinstance(e.change, DecisionAsked)), None)
    closed = next((e.at for e in life.events if isinstance(e.change, DealClosed)), None)
    decide_at = life.deal.decide_at
    assert decide_at is not None
    if asked is None:
        return Decided(None, None if closed is None else closed <= decide_at)
    no = next(t.no for t in life.deal.tasks if t.plan == DECISION)
    due = next(e.change.due_at for e in life.events if e.task_no == no and isinstance(e.change, TaskStarted))
    held = closed <= due if closed is not None else (None if due > life.until else False)
    return Decided(asked.at < decide_at, held)


class Message(Fact, frozen=True):
    """A message to a person, by however many channels; ``person_id`` is 0 for one to a room."""

    at: datetime
    person_id: int
    kind: str


def messages(life: Life) -> Iterator[Message]:
    told = {(n.at, n.kind, n.task_no, n.ordinal, n.person_id, n.channel if not n.person_id else ""): n
            for n in life.notices}  # fmt: skip
    return (Message(n.at, n.person_id, n.kind) for n in told.values())


class Rungs(Fact, frozen=True):
    """Rung ``rung`` of a task's ladder came to nobody on ``day``."""

    play: str
    plan: str
    rung: int
    day: date
    why: str


def empty_rungs(life: Life, people: People) -> Iterator[Rungs]:
    calendar = people.calendar(None)
    for event in life.events:
        change = event.change
        if isinstance(change, RungPassed) and change.why[-1:] != (HAS_IT,):
            plan = life.deal.tasks[event.task_no - 1].plan
            day = calendar.local(event.at).date()
            yield Rungs(life.deal.play, plan, change.rung, day, "; ".join(dict.fromkeys(change.why)))


def climbed(life: Life) -> Iterator[tuple[str, int]]:
    """The rungs that were climbed, as ``(task's id, rung)``."""
    for event in life.events:
        if isinstance(event.change, Escalated | RungPassed):
            yield life.deal.tasks[event.task_no - 1].plan, event.change.rung


def all_works(lives: Iterable[Life], people: People) -> list[Work]:
    return [work for life in lives for work in works(life, people)]
