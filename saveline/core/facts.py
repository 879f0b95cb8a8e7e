"""What the engine knows when it decides: plain frozen values, with no database, file or clock behind them.

Every value here can be built in a line of a test. Times are aware UTC datetimes, dates are calendar dates
in the zone of whoever they belong to, money is whole cents of the workspace's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec

DealState: TypeAlias = Literal["open", "paused", "closed"]
TaskState: TypeAlias = Literal["waiting", "open", "done", "cannot", "skipped", "withdrawn"]

TASK_CLOSED: Final = frozenset({"done", "cannot", "skipped", "withdrawn"})
"""States a task never leaves."""

DECISION: Final = "decision"
"""Reserved id of the task that asks the owner for saved, saved smaller, lost or let go."""

APPROVAL: Final = "approval"
"""Reserved id of the task that asks whoever may for a concession that another may not grant."""

RESERVED: Final = frozenset({DECISION, APPROVAL})
"""Ids of tasks that are the workspace's own, and of no play."""

AHEAD: Final = 0
"""The visit of a task that belongs to a stage that has not been entered yet."""


class Fact(msgspec.Struct, frozen=True):
    """A frozen value. (msgspec rather than dataclasses: built 13 times faster, and the engine builds millions.)"""


class Absence(Fact, frozen=True):
    """Days a person is away: ``[first, back)`` in the person's own calendar."""

    first: date
    back: date
    substitute_id: int | None = None

    def covers(self, day: date) -> bool:
        return self.first <= day < self.back


class ReportWish(Fact, frozen=True):
    """A report that somebody wants whenever a week or month is over; ``of`` is a slice of it, words by dimension."""

    every: Literal["week", "month"]
    of: Mapping[str, str] = {}


class Person(Fact, frozen=True):
    """Somebody who does tasks or is told of them. No seat, no password: an address and working hours.

    ``quiet`` are hours in which nothing is sent to them, like ``19-8``; ``prefers`` says by which channel they want a
    kind of notice, or ``off``; ``reports`` are those they want beside what ``report_to`` gives them. What is None is as
    the workspace has it.
    """

    id: int
    email: str
    name: str
    slack_id: str | None = None
    department: str | None = None
    manager_id: int | None = None
    zone: str | None = None
    country: str | None = None
    hours: str | None = None
    capacity: int | None = None
    active: bool = True
    language: str | None = None
    quiet: str | None = None
    digest_hour: int | None = None
    prefers: Mapping[str, str] = {}
    absences: tuple[Absence, ...] = ()
    reports: tuple[ReportWish, ...] = ()


class Doer(Fact, frozen=True):
    """Who acts, and through which door: cli, web, slack, email, api."""

    person_id: int
    via: str = "cli"


class Department(Fact, frozen=True):
    """A team that takes part in saves; ``channel`` is where it can be addressed as a whole."""

    key: str
    name: str
    lead_id: int | None = None
    channel: str | None = None


class Signal(Fact, frozen=True):
    """One observation about an account: a ticket escalated, a survey answered, a champion gone."""

    kind: str
    at: datetime
    value: float | None = None
    note: str = ""
    id: int = 0


class Account(Fact, frozen=True):
    """A customer. ``team`` maps a role (csm, ae, sponsor …) to a person's id, ``fields`` are the user's own columns.

    ``left_on`` is the day on which it stopped paying, or will: somebody who has given notice pays until then.
    """

    id: int
    key: str
    name: str
    segment: str | None = None
    vertical: str | None = None
    region: str | None = None
    arr_cents: int = 0
    renewal: date | None = None
    health: int | None = None
    left_on: date | None = None
    team: Mapping[str, int] = {}
    fields: Mapping[str, Any] = {}
    last_contact: datetime | None = None


class Clock(Fact, frozen=True):
    """Everything the ladder of an open task counts from.

    ``due_at`` moves with snoozes and pauses; ``promised_at`` is the first due moment and never moves, so that the SLA
    stays honest. ``anchor_at`` is where ``unseen`` counts from, ``since`` the last change that the ladder may not fire
    before, ``next_at`` when it fires next. ``waits_since`` is set while the customer has to answer: their days are not
    ours.
    """

    started_at: datetime
    due_at: datetime
    promised_at: datetime
    anchor_at: datetime
    since: datetime
    seen_at: datetime | None = None
    snoozed_until: datetime | None = None
    escalated_at: datetime | None = None
    assigned: int = 0
    reminded: int = 0
    rung: int = 0
    escalated: int = 0
    waits_since: datetime | None = None
    next_at: datetime | None = None

    @property
    def unread(self) -> bool:
        """Whether nobody has said that they read it since it was given out, or last went up."""
        return self.seen_at is None or (self.escalated_at is not None and self.escalated_at > self.seen_at)


class Task(Fact, frozen=True):
    """One piece of work on a deal. ``no`` counts within the deal, so task 12.3 is the third task of deal 12.

    Only an open task has a ``clock``: nothing can fire for one that waits or is closed. ``starts_at`` is when one that
    waits begins, where it does not wait for another task. ``meant_id`` is whose it is when nobody is away, and ``link``
    the word of the play that named them; a task that somebody gave to somebody else has no ``link``.

    ``visit`` is the visit to its stage that asked for it. A task of a changed play can be there before its stage is: it
    is ``ahead``, and belongs to the next visit.
    """

    no: int
    plan: str
    stage: str
    visit: int
    state: TaskState = "waiting"
    title: str = ""
    assignee_id: int | None = None
    department: str | None = None
    starts_at: datetime | None = None
    meant_id: int | None = None
    link: str | None = None
    closed_at: datetime | None = None
    closed_by: int | None = None
    outcome: str | None = None
    note: str | None = None
    answers: Mapping[str, Any] = {}
    clock: Clock | None = None

    @property
    def closed(self) -> bool:
        return self.state in TASK_CLOSED

    @property
    def offered(self) -> bool:
        """Whether it is nobody's yet, and anybody of a department may take it."""
        return self.assignee_id is None and self.department is not None

    @property
    def ahead(self) -> bool:
        return self.visit == AHEAD

    @property
    def next_at(self) -> datetime | None:
        return self.clock.next_at if self.clock else None

    @property
    def running(self) -> Clock:
        """The clock of a task that is known to be open. Raises ValueError for any other: the engine has a bug then."""
        if self.clock is None:
            raise ValueError(f"task {self.no} ({self.plan}) is {self.state} and has no clock")
        return self.clock


class Deal(Fact, frozen=True):
    """One flight risk on its way through the pipeline, with all its tasks.

    ``seq`` is the number of the last event in its history. It grows by one with each event, orders them, and is
    the version a writer must have read.

    ``override_until`` is how long somebody's override lets the deal pass the gate of this stage. A saved deal is
    watched until ``watch_until``, and then it is kept (``kept_at``), unless the account left meanwhile (``left_at``). A
    deal that was closed and is open again says when (``reopened_at``), when it had been closed (``closed_before``) and
    how many of its tasks are from that time (``earlier``): their answers and endings count no more. Where a trial
    drew lots when it was first opened, ``trial`` names it, and ``arm`` says what came of it: new or usual.
    """

    id: int
    account_id: int
    play: str = ""
    play_hash: str = ""
    state: DealState = "open"
    stage: str = ""
    visit: int = 0
    owner_id: int | None = None
    opened_at: datetime | None = None
    stage_at: datetime | None = None
    stage_due_at: datetime | None = None
    stage_late_at: datetime | None = None
    decide_at: datetime | None = None
    paused_at: datetime | None = None
    paused_until: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    reason: str | None = None
    evidence: str | None = None
    arr_cents: int = 0
    kept_cents: int | None = None
    score: int = 0
    severity: str | None = None
    override_until: datetime | None = None
    watch_until: datetime | None = None
    kept_at: datetime | None = None
    left_at: datetime | None = None
    merged_into: int | None = None
    reopened_at: datetime | None = None
    closed_before: datetime | None = None
    earlier: int = 0
    trial: str | None = None
    arm: str | None = None
    next_at: datetime | None = None
    seq: int = 0
    causes: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()

    @property
    def closed(self) -> bool:
        return self.state == "closed"

    def task(self, no: int) -> Task | None:
        """Task ``no``, or None. Tasks are numbered from 1 without gaps, in order."""
        return self.tasks[no - 1] if 0 < no <= len(self.tasks) else None

    def current(self) -> tuple[Task, ...]:
        """The tasks of the present visit to the present stage."""
        return tuple(t for t in self.tasks if t.visit == self.visit and t.plan not in RESERVED)

    def decision(self) -> Task | None:
        """The decision task that is open, if the deal is being decided."""
        return next((t for t in reversed(self.tasks) if t.plan == DECISION and t.state == "open"), None)

    @property
    def began_at(self) -> datetime | None:
        """Since when it is at risk: when it was opened, or opened again."""
        return self.reopened_at or self.opened_at

    @property
    def ending(self) -> str:
        """How it ended, in a word or two: the outcome, or where it went."""
        return f"merged into deal {self.merged_into}" if self.merged_into else self.outcome or ""

    @property
    def decision_asked(self) -> bool:
        return DECISION in [t.plan for t in self.of_this_life()]

    def of_this_life(self) -> tuple[Task, ...]:
        """Its tasks, without those from before it was opened again."""
        return self.tasks[self.earlier :] if self.earlier else self.tasks

    def at_hand(self, plan: str) -> Task | None:
        """The task made from ``plan`` that is open, else the most recent one: what people mean by its name."""
        return next((t for t in reversed(self.tasks) if t.plan == plan and t.state == "open"), self.latest(plan))

    def latest(self, plan: str) -> Task | None:
        """The most recent task made from task ``plan`` of the playbook, since it was last opened."""
        for task in reversed(self.of_this_life()):
            if task.plan == plan:
                return task
        return None
