"""What can happen to a deal as a whole: one frozen value each, with what it means for the deal."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from saveline.core.facts import DECISION, Deal, Fact, Task

if TYPE_CHECKING:
    from saveline.core.changes import Event


class DealChange(Fact, frozen=True, omit_defaults=True):
    """A change of the deal itself."""

    @abstractmethod
    def fold(self, deal: Deal, event: Event) -> Deal:
        """The deal after this change. Keeps ``seq`` and ``next_at``, which others look after."""
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
