"""What can happen to a deal as a whole: one frozen value each, with what it means for the deal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from saveline.core.allocation import Lot
from saveline.core.facts import APPROVAL, DECISION, Deal, Fact, Task

if TYPE_CHECKING:
    from saveline.core.changes import Event


class DealChange(Fact, frozen=True, omit_defaults=True):
    """A change of the deal itself."""

    @abstractmethod
    def fold(self, deal: Deal, event: Event) -> Deal:
        """The deal after this change. Keeps ``seq`` and ``next_at``, which others look after."""
        raise NotImplementedError


class DealOpened(DealChange, frozen=True):
    """An account at risk became a deal.

    ``why`` has the score's sum, where there is one, then how the play was chosen and why each other one was not;
    ``owner_why`` says how the owner was found. ``lot`` is what was drawn, where a trial draws lots between two plays;
    ``play`` is another than its own where somebody asked for that, or where the time was too short.
    """

    play: str
    play_hash: str
    owner_id: int | None
    arr_cents: int
    decide_at: datetime
    causes: tuple[str, ...] = ()
    score: int = 0
    why: tuple[str, ...] = ()
    severity: str | None = None
    owner_why: tuple[str, ...] = ()
    lot: Lot | None = None

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(
            deal,
            trial=self.lot.trial if self.lot is not None else None,
            arm=self.lot.arm if self.lot is not None else None,
            severity=self.severity,
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


class SeverityChanged(DealChange, frozen=True):
    """It is worse than it was, or better: by its score, or because somebody says so."""

    severity: str
    why: str

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, severity=self.severity)


class GateOverridden(DealChange, frozen=True):
    """Somebody who may lets the deal pass the gate of its present stage until ``until``, whatever is ``missing``."""

    until: datetime
    reason: str
    missing: tuple[str, ...] = ()

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, override_until=self.until)


class StageEntered(DealChange, frozen=True):
    """The deal stands in ``stage`` now; ``tasks`` are waiting there, numbered on from the last one."""

    stage: str
    tasks: tuple[str, ...] = ()
    due_at: datetime | None = None
    why: str = ""

    def fold(self, deal: Deal, event: Event) -> Deal:
        visit, first = deal.visit + 1, len(deal.tasks) + 1
        there = (replace(t, visit=visit) if t.ahead and t.stage == self.stage else t for t in deal.tasks)
        added = (Task(no=first + i, plan=plan, stage=self.stage, visit=visit) for i, plan in enumerate(self.tasks))
        return replace(
            deal,
            stage=self.stage,
            visit=visit,
            stage_at=event.at,
            stage_due_at=self.due_at,
            stage_late_at=None,
            override_until=None,
            tasks=(*there, *added),
        )


class StageLate(DealChange, frozen=True):
    """The stage's clock ran out."""

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, stage_late_at=event.at)


class TaskRepeats(DealChange, frozen=True):
    """A task that comes again waits for its next turn."""

    plan: str
    starts_at: datetime
    visit: int
    stage: str

    def fold(self, deal: Deal, event: Event) -> Deal:
        no = len(deal.tasks) + 1
        again = Task(no=no, plan=self.plan, stage=self.stage, visit=self.visit, starts_at=self.starts_at)
        return replace(deal, tasks=(*deal.tasks, again))


class ApprovalAsked(DealChange, frozen=True):
    """Task ``of`` was to be finished with more than whoever finished it may grant: somebody who may is asked.

    ``field`` is the question, ``amount`` what was answered; ``outcome`` and ``answers`` finish the task once approved.
    """

    of: int
    field: str
    concession: str
    amount: float
    outcome: str
    answers: Mapping[str, Any] = {}
    by: int = 0
    via: str = "cli"

    def _request(self) -> dict[str, Any]:
        """What the open approval keeps of it. (msgspec's own way would leave defaults out.)"""
        return {name: getattr(self, name) for name in self.__struct_fields__}

    def fold(self, deal: Deal, event: Event) -> Deal:
        no = len(deal.tasks) + 1
        asked = Task(no=no, plan=APPROVAL, stage=deal.stage, visit=deal.visit, answers=self._request())
        return replace(deal, tasks=(*deal.tasks, asked))


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
    waits_since: datetime | None = None

    def set(self, task: Task, since: datetime) -> Task:
        clock = replace(
            task.running,
            waits_since=self.waits_since,
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
    """The clocks run again, each later by the business time of its holder that passed meanwhile.

    ``starts`` are the tasks that wait for a moment, ``(number, the moment)``.
    """

    clocks: tuple[Moved, ...] = ()
    stage_due_at: datetime | None = None
    starts: tuple[tuple[int, datetime], ...] = ()

    def fold(self, deal: Deal, event: Event) -> Deal:
        at = {c.no: c for c in self.clocks}
        tasks = tuple(at[t.no].set(t, event.at) if t.no in at else t for t in deal.tasks)
        starts = dict(self.starts)
        if starts:
            tasks = tuple(replace(t, starts_at=starts[t.no]) if t.no in starts else t for t in tasks)
        return replace(
            deal, state="open", paused_at=None, paused_until=None, stage_due_at=self.stage_due_at, tasks=tasks
        )


class DealMigrated(DealChange, frozen=True):
    """The deal runs by another version of its play from here on: ``play_hash`` instead of ``before``.

    ``tasks`` are those that are other than they were, and those that came, each whole as it stands now: what its clock
    had counted is part of it. A deal that is taken ``back`` may stand in the stage again which the change had let it
    leave.
    """

    before: str
    play_hash: str
    decide_at: datetime
    stage: str
    visit: int
    stage_at: datetime | None = None
    stage_due_at: datetime | None = None
    stage_late_at: datetime | None = None
    tasks: tuple[Task, ...] = ()
    back: bool = False
    reason: str = ""

    def fold(self, deal: Deal, event: Event) -> Deal:
        now = {t.no: t for t in self.tasks}
        kept = tuple(now.get(t.no, t) for t in deal.tasks)
        came = tuple(t for t in self.tasks if t.no > len(kept))
        return replace(
            deal,
            play_hash=self.play_hash,
            decide_at=self.decide_at,
            stage=self.stage,
            visit=self.visit,
            stage_at=self.stage_at,
            stage_due_at=self.stage_due_at,
            stage_late_at=self.stage_late_at,
            tasks=(*kept, *came),
        )


class DealClosed(DealChange, frozen=True):
    """The account was saved, saved smaller, lost or let go. A save is watched until ``watch_until``."""

    outcome: str
    reason: str
    kept_cents: int | None = None
    evidence: str | None = None
    watch_until: datetime | None = None

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(
            deal,
            state="closed",
            closed_at=event.at,
            outcome=self.outcome,
            reason=self.reason,
            kept_cents=self.kept_cents,
            evidence=self.evidence,
            watch_until=self.watch_until,
            paused_at=None,
            paused_until=None,
        )


class Commented(DealChange, frozen=True):
    """Somebody wrote something on the deal, or on its task ``event.task_no``."""

    body: str

    def fold(self, deal: Deal, event: Event) -> Deal:
        return deal
