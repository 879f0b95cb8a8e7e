"""A deal in virtual time: the same core that runs the live engine, with a script of what people do and no database.

Time goes from one thing to the next: everything that falls due up to a step is fired at its own moment, then the step
is taken, and so on until the end. What comes out is what the live engine would have written: events and notices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, assert_never

from msgspec.structs import replace

from saveline.core.allocation import Lot
from saveline.core.changes import Event
from saveline.core.decide import deals, tasks
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Case, Decision
from saveline.core.decide.due import on_due
from saveline.core.errors import Refusal, UnknownTask
from saveline.core.facts import Deal, Doer, Fact
from saveline.core.notices import Notice
from saveline.core.people import Duty


class Open(Fact, frozen=True):
    """The account becomes a deal; ``why`` is what the deal keeps of how its play was chosen, ``lot`` what was drawn."""

    causes: tuple[str, ...]
    score: int = 0
    why: tuple[str, ...] = ()
    lot: Lot | None = None


class Join(Fact, frozen=True):
    """A further cause joins the open deal."""

    cause: str


TaskName: TypeAlias = str | int
"""A task by its id in the play, which means the latest made from it, or by its number on the deal."""


class Finish(Fact, frozen=True):
    """``decision`` is the id of the task that asks how the deal ends."""

    task: TaskName
    outcome: str | None = None
    answers: Mapping[str, Any] = {}


class Decline(Fact, frozen=True):
    task: TaskName
    reason: str


class See(Fact, frozen=True):
    task: TaskName


class Take(Fact, frozen=True):
    task: TaskName


class HandOver(Fact, frozen=True):
    task: TaskName
    to: int
    note: str = ""


class AskHelp(Fact, frozen=True):
    task: TaskName
    note: str = ""


class Snooze(Fact, frozen=True):
    task: TaskName
    until: datetime
    reason: str


class Wait(Fact, frozen=True):
    """The customer has to answer first."""

    task: TaskName
    until: datetime
    reason: str


class Answered(Fact, frozen=True):
    task: TaskName


class Grade(Fact, frozen=True):
    """Somebody says how bad it is."""

    severity: str
    reason: str


class Override(Fact, frozen=True):
    until: datetime
    reason: str


class Appoint(Fact, frozen=True):
    """Somebody else has a role on the account's team from now on."""

    role: str
    person_id: int


class Move(Fact, frozen=True):
    to: str
    reason: str = ""


class Pause(Fact, frozen=True):
    until: datetime
    reason: str


class Resume(Fact, frozen=True):
    pass


class Close(Fact, frozen=True):
    closing: Closing


TaskAct: TypeAlias = Finish | Decline | See | Take | HandOver | AskHelp | Snooze | Wait | Answered
DealAct: TypeAlias = Open | Join | Appoint | Move | Pause | Resume | Close | Grade | Override
Act: TypeAlias = TaskAct | DealAct


class Step(Fact, frozen=True):
    """At ``at`` somebody does something; nobody in particular opens a deal or adds a cause."""

    at: datetime
    act: Act
    by: Doer | None = None


class Refused(Fact, frozen=True):
    """A step that was refused, in the words the person reads. Nothing changed."""

    step: Step
    words: str


class Timeline(Fact, frozen=True):
    """What happened until ``until``: every event and notice in order, the refused steps, the deal at the end."""

    case: Case
    until: datetime
    events: tuple[Event, ...] = ()
    notices: tuple[Notice, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def deal(self) -> Deal:
        return self.case.deal


def play_out(case: Case, script: Iterable[Step], until: datetime) -> Timeline:
    """Everything that happens to the deal of ``case`` until ``until`` when people follow ``script``.

    The deal may be one that runs, or an empty one that the script opens. Steps of the same moment keep their order.
    ``case.duty`` is what people have on their plates besides this deal.
    """
    rehearsal = Rehearsal(case)
    for step in sorted(script, key=lambda s: s.at):
        rehearsal.run_to(step.at)
        rehearsal.take(step)
    rehearsal.run_to(until)
    return rehearsal.timeline(until)


class Rehearsal:
    """A deal that is being played: :meth:`run_to` lets time pass, :meth:`take` lets somebody act."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._others = case.duty.open_tasks
        self._events: list[Event] = []
        self._notices: list[Notice] = []
        self._refused: list[Refused] = []

    def run_to(self, at: datetime) -> None:
        """Fire everything that is due by ``at``, one moment after the other."""
        while self.case.deal.next_at is not None and self.case.deal.next_at <= at:
            self._stand(on_due(self.case, self.case.deal.next_at))

    def take(self, step: Step) -> Refused | None:
        """Do the step; a refusal is kept and returned."""
        if isinstance(step.act, Appoint):
            account = self.case.account
            team = {**account.team, step.act.role: step.act.person_id}
            self.case = replace(self.case, account=replace(account, team=team))
        try:
            self._stand(perform(self.case, step))
        except Refusal as refusal:
            self._refused.append(Refused(step, str(refusal)))
            return self._refused[-1]
        return None

    def timeline(self, until: datetime) -> Timeline:
        return Timeline(self.case, until, tuple(self._events), tuple(self._notices), tuple(self._refused))

    def _stand(self, decision: Decision) -> None:
        """The decision stands: the next one sees the deal, the loads and the rotations after it."""
        self._events += decision.events
        self._notices += decision.notices
        own = Counter(t.assignee_id for t in decision.deal.tasks if t.state == "open" and t.assignee_id is not None)
        duty = Duty(Counter(self._others) + own, {**self.case.duty.last_pick, **decision.rotations})
        self.case = replace(self.case, deal=decision.deal, duty=duty)


def perform(case: Case, step: Step) -> Decision:
    """What the live engine would decide. Raises Refusal, and ValueError for a step of nobody that needs somebody."""
    act, at, by = step.act, step.at, step.by
    if isinstance(act, Open):
        return deals.open_deal(case, at=at, causes=act.causes, score=act.score, why=act.why, by=by, lot=act.lot)
    if isinstance(act, Join):
        return deals.add_cause(case, at=at, cause=act.cause, score=case.deal.score, by=by)
    if isinstance(act, Appoint):
        return deals.reconsider(case, at=at)
    if by is None:
        raise ValueError(f"somebody has to do it: {act}")
    if isinstance(act, Move | Pause | Resume | Close | Grade | Override):
        return _deal_act(case, act, by, at)
    return _task_act(case, act, by, at)


def _deal_act(case: Case, act: Move | Pause | Resume | Close | Grade | Override, by: Doer, at: datetime) -> Decision:
    match act:
        case Move(to, reason):
            return deals.move_stage(case, by=by, at=at, to=to, reason=reason)
        case Pause(until, reason):
            return deals.pause(case, by=by, at=at, until=until, reason=reason)
        case Resume():
            return deals.resume_deal(case, by=by, at=at)
        case Close(closing):
            return deals.close_deal(case, closing, by=by, at=at)
        case Grade(severity, reason):
            return deals.set_severity(case, by=by, at=at, to=severity, reason=reason)
        case Override(until, reason):
            return deals.override_gate(case, by=by, at=at, until=until, reason=reason)
        case _:
            assert_never(act)


def _task_act(  # noqa: C901, PLR0911, PLR0912 - one line an act
    case: Case, act: TaskAct, by: Doer, at: datetime
) -> Decision:
    no = number_of(case.deal, act.task)
    match act:
        case Finish(_, outcome, answers):
            return tasks.complete_task(case, no, by=by, at=at, outcome=outcome, answers=answers)
        case Decline(_, reason):
            return tasks.cannot_do(case, no, by=by, at=at, reason=reason)
        case See():
            return tasks.mark_seen(case, no, by=by, at=at)
        case Take():
            return tasks.claim_task(case, no, by=by, at=at)
        case HandOver(_, to, note):
            return tasks.hand_over(case, no, by=by, at=at, to=to, note=note)
        case AskHelp(_, note):
            return tasks.ask_help(case, no, by=by, at=at, note=note)
        case Snooze(_, until, reason):
            return tasks.snooze(case, no, by=by, at=at, until=until, reason=reason)
        case Wait(_, until, reason):
            return tasks.wait_for_customer(case, no, by=by, at=at, until=until, reason=reason)
        case Answered():
            return tasks.customer_answered(case, no, by=by, at=at)
        case _:
            assert_never(act)


def number_of(deal: Deal, plan: TaskName) -> int:
    """The number of the latest task made from ``plan``. Raises UnknownTask while there is none yet."""
    if isinstance(plan, int):
        return plan
    task = deal.at_hand(plan)
    if task is None:
        raise UnknownTask(plan, dict.fromkeys(t.plan for t in deal.tasks))
    return task.no
