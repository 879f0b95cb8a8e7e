"""Histories of deals on whole hours, as the engine could have written them: what is made of work is tried on these."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from saveline.core.changes import (
    Change,
    DealClosed,
    DealOpened,
    DealPaused,
    DealReopened,
    DealResumed,
    Escalated,
    Event,
    Reminded,
    StageEntered,
    TaskAssigned,
    TaskCannot,
    TaskDone,
    TaskGoesOn,
    TaskSnoozed,
    TaskStarted,
    TaskWaits,
    TaskWithdrawn,
    evolve,
)
from saveline.core.deal_changes import Moved
from saveline.core.facts import Absence, Deal, Department, Person, Task
from saveline.core.people import People
from saveline.core.worktime import DaysOff, between, moved, parse_hours

ZERO = datetime(2026, 11, 12, tzinfo=UTC)
"""A Thursday: the week of reports begins on the Monday after, the 16th."""
HOURS = 21 * 24
ANA, ELI, TOM, DORA = 1, 2, 3, 4
PEOPLE = People(
    [
        Person(ANA, "ana@x.example", "Ana Ruiz", department="success", capacity=1),
        Person(ELI, "eli@x.example", "Eli Stern", department="engineering", hours="mon-thu 8-12; fri 6-22"),
        Person(TOM, "tom@x.example", "Tom Becker", department="success", zone="America/New_York", country="US"),
        Person(DORA, "dora@x.example", "Dora Weiss", department="finance",
               absences=(Absence(date(2026, 11, 17), date(2026, 11, 20)),)),
    ],
    (
        Department("success", "Customer success"),
        Department("engineering", "Engineering"),
        Department("finance", "Finance"),
    ),
    "Europe/Lisbon",
    parse_hours("mon-fri 9-13, 14-18"),
    DaysOff("PT"),
)  # fmt: skip


def hour(n: float) -> datetime:
    """``n`` hours after :data:`ZERO`."""
    return ZERO + timedelta(hours=n)


class Author:
    """Writes a history event by event, and knows the deal as it stands."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.deal = Deal(id=1, account_id=1)

    def write(self, at: float, change: Change, no: int = 0, by: int | None = None) -> None:
        event = Event(len(self.events) + 1, hour(at), change, no, by)
        self.deal = evolve(self.deal, [event])
        self.events.append(event)

    def started(self, at: float, due: float, *, no: int | None = None) -> int:
        """A task of a stage that is entered for it; its number."""
        self.write(at, StageEntered("triage", ("diagnosis",)))
        no = no or len(self.deal.tasks)
        self.write(at, TaskStarted("Diagnosis", hour(due)), no)
        return no

    def later(self, no: int, since: datetime, at: float, until: float | None = None) -> Moved:
        """The clock of a task after it stood still from ``since`` to ``at``, as the engine moves it."""
        task = self.deal.tasks[no - 1]
        calendar = PEOPLE.calendar(task.assignee_id)
        due = moved(calendar, task.running.due_at, between(calendar, since, hour(at)))
        return Moved(no, due, task.running.anchor_at, snoozed_until=None if until is None else hour(until))

    def snooze(self, at: float, no: int, until: float) -> None:
        self.write(at, TaskSnoozed(hour(until), "later", self.later(no, hour(at), until, until)), no)

    def resume(self, at: float) -> None:
        paused, clocks = self.deal.paused_at, []
        assert paused is not None
        for task in self.deal.tasks:
            if task.clock is not None:
                waits = task.clock.waits_since
                since = hour(at) if waits is not None else max(paused, task.clock.since)
                clock = self.later(task.no, since, at)
                slept = task.clock.snoozed_until
                clocks.append(Moved(clock.no, clock.due_at, clock.anchor_at, snoozed_until=slept, waits_since=waits))
        self.write(at, DealResumed(tuple(clocks)))

    def close(self, at: float, outcome: str = "saved", kept: int | None = 100) -> None:
        for task in self.open():
            self.write(at, TaskWithdrawn("closed"), task.no)
        self.write(at, DealClosed(outcome, "so", kept))

    def open(self) -> list[Task]:
        return [t for t in self.deal.tasks if t.clock is not None]


_OPS = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(
            ["start", "start", "assign", "assign", "assign", "snooze", "wait", "go on", "done", "cannot", "pause",
             "resume", "close", "reopen", "escalate", "remind"]
        ),
        st.integers(0, 3),
        st.integers(1, 90),
    ),
    max_size=24,
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Of one deal, with several tasks at once, handed around, put off, waiting, paused, closed and opened again."""
    author, at = Author(), draw(st.integers(0, 200))
    author.write(at, DealOpened("play", "hash", ANA, 1000, hour(2000)))
    for gap, op, which, span in draw(_OPS):
        at += gap
        _play(author, at, op, which, span)
    return author.events


def _play(author: Author, at: int, op: str, which: int, span: int) -> None:
    """Does it where it can be done."""
    deal, tasks = author.deal, author.open()
    if deal.closed:
        if op == "reopen":
            author.write(at, DealReopened("play", "hash", ANA, hour(2000)))
        return
    if op == "start":
        author.started(at, at + span)
    elif op == "close":
        author.close(at)
    elif op == "pause" and deal.state == "open":
        author.write(at, DealPaused(hour(at + span), "so"))
    elif op == "resume" and deal.state == "paused":
        author.resume(at)
    elif tasks:
        _work(author, at, op, tasks[which % len(tasks)], which, span)


def _work(author: Author, at: int, op: str, task: Task, which: int, span: int) -> None:
    if op in ("snooze", "wait", "go on"):
        if author.deal.paused_at is None:
            _rest(author, at, op, task, span)
    elif op == "assign":
        given: tuple[Any, ...] = (which + 1, None) if span % 5 else (None, "finance")
        author.write(at, TaskAssigned(*given), task.no)
    elif op == "done":
        author.write(at, TaskDone(), task.no, which + 1)
    elif op == "cannot":
        author.write(at, TaskCannot("no"), task.no, which + 1)
    elif op == "escalate":
        author.write(at, Escalated(which, task.running.escalated + 1, which + 1, ANA), task.no)
    elif op == "remind":
        author.write(at, Reminded(task.running.reminded + 1), task.no)


def _rest(author: Author, at: int, op: str, task: Task, span: int) -> None:
    waits = task.running.waits_since
    if waits is not None:
        if op == "go on":
            author.write(at, TaskGoesOn(author.later(task.no, waits, at)), task.no)
    elif op == "snooze":
        author.snooze(at, task.no, at + span)
    elif op == "wait":
        author.write(at, TaskWaits(hour(at + span), "they answer"), task.no)
