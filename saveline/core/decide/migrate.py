"""A running deal goes over to another version of its play, and back: no clock is reset, nothing finished fires anew.

The preview is this very function: it is decided, looked at, and thrown away. The deal's own notices about the change
are muted, because everybody concerned gets one summary of the whole; see :mod:`saveline.core.migration`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from saveline.core.changes import (
    DealMigrated,
    Event,
    StageEntered,
    TaskAssigned,
    TaskSkipped,
    TaskStarted,
    TaskWithdrawn,
    evolve,
)
from saveline.core.decide import carry, flow
from saveline.core.decide.crossing import NO_LONGER, Crossing, crossing, hindrances
from saveline.core.decide.draft import Case, Decision, Draft
from saveline.core.decide.due import caught_up, finish
from saveline.core.errors import CannotMigrate
from saveline.core.facts import Deal, Doer, Fact, Task
from saveline.core.migration import DealEffect, Effect, effect_of
from saveline.core.play import Play, StagePlan
from saveline.core.worktime import next_close

OWN: Final = (StageEntered, TaskStarted, TaskAssigned, TaskSkipped, TaskWithdrawn)
"""What a change of version brings about at once, at the same moment."""


class Migration(Fact, frozen=True):
    """What was decided about one deal, and what it means for the people on it."""

    decision: Decision
    effect: Effect


class Wish(Fact, frozen=True):
    """When, by whom and why; ``back`` when it is a change that is taken back."""

    at: datetime
    by: Doer | None = None
    reason: str = ""
    back: bool = False


class Notes(Fact, frozen=True):
    """Why something is other by a change: tasks, by their numbers, the stage's clock, and the decision date."""

    tasks: Mapping[int, str] = {}
    clock: str = ""
    decision: str = ""


def migrate(case: Case, new: Play, *, at: datetime, by: Doer | None = None, reason: str = "") -> Migration:
    """Take the deal over to version ``new`` of its play. To the version it has already, nothing happens.

    Raises CannotMigrate with every reason, and DealIsClosed.
    """
    if case.play.hash == new.hash:
        return Migration(Decision(case.deal, case.deal), _unchanged(case, new))
    draft = caught_up(case, at)
    draft.open_deal()
    return _go_over(draft, new, crossing(draft, new), Wish(at, by, reason))


def take_back(
    case: Case, old: Play, history: Sequence[Event], *, at: datetime, by: Doer | None = None, reason: str = ""
) -> Migration:
    """Take the deal back to version ``old``, which it had before its last change; ``history`` are all its events.

    Where nothing has happened since, it is as it was. Else it goes over by the same contract, and what the change had
    withdrawn comes back where its stage is still the present one. Raises CannotMigrate and DealIsClosed.
    """
    last = max((i for i, e in enumerate(history) if isinstance(e.change, DealMigrated)), default=None)
    if last is None or case.play.hash == old.hash:
        return Migration(Decision(case.deal, case.deal), _unchanged(case, old))
    before = evolve(Deal(id=case.deal.id, account_id=case.deal.account_id), history[:last])
    own, wish = _own(history, last), Wish(at, by, reason, back=True)
    draft = caught_up(case, at)
    draft.open_deal()
    if draft.deal.decision_asked and not before.decision_asked:
        raise CannotMigrate(["the decision about it has been asked for since"])
    if len(own) == len(history) - last - 1 and not draft.events:
        return _undo(draft, old, before, wish)
    gone = {e.task_no for e in own if isinstance(e.change, TaskWithdrawn)}
    restored = {t.no: t for t in before.tasks if t.no in gone and t.visit == draft.deal.visit}
    return _go_over(draft, old, crossing(draft, old, restored), wish)


def _own(history: Sequence[Event], last: int) -> list[Event]:
    """The events that the change itself brought about."""
    own: list[Event] = []
    for event in history[last + 1 :]:
        if not isinstance(event.change, OWN) or event.at != history[last].at:
            break
        own.append(event)
    return own


def _go_over(draft: Draft, new: Play, over: Crossing, wish: Wish) -> Migration:
    there = Draft(replace(draft.case, play=new, deal=replace(draft.deal, tasks=over.tasks)))
    reasons = hindrances(draft, there, over)
    if reasons:
        raise CannotMigrate(reasons)
    at = wish.at
    tasks, whys = _clocks(draft, there, over, at)
    deal, old = draft.deal, draft.case.play
    here = StagePlan(deal.stage)
    stage_due, why_stage = carry.stage_due(draft, old.stage(deal.stage) or here, new.stage(deal.stage) or here, at)
    decide_at, why_decide = carry.decide_at(draft, old.decide, new.decide, at)
    change = DealMigrated(
        before=deal.play_hash,
        play_hash=new.hash,
        decide_at=decide_at,
        stage=deal.stage,
        visit=deal.visit,
        stage_at=deal.stage_at,
        stage_due_at=stage_due,
        stage_late_at=deal.stage_late_at,
        tasks=_changed(deal, tasks),
        back=wish.back,
        reason=wish.reason,
    )
    notes = Notes(whys, why_stage, why_decide)
    return _cross(draft, new, change, over.gone, notes, wish)


def _clocks(draft: Draft, there: Draft, over: Crossing, at: datetime) -> tuple[list[Task], dict[int, str]]:
    """The tasks with their clocks as the new version counts them, and what there is to say about each."""
    tasks: list[Task] = []
    whys: dict[int, str] = {}
    for task in over.tasks:
        was = draft.deal.task(task.no)
        if was is None or task.clock is None or task.no in over.gone:
            tasks.append(task)
        elif was.closed:
            tasks.append(carry.woken(there, task, at))
        else:
            found, why = carry.carry(draft, there, was, task, at)
            tasks.append(found)
            whys |= {task.no: why} if why else {}
    return tasks, whys


def _undo(draft: Draft, old: Play, before: Deal, wish: Wish) -> Migration:
    """The deal as it was before the change, since which nothing has happened. What had come is withdrawn.

    Where the change had opened the gate, it stands in the stage it had left again: that is another visit.
    """
    deal, at = draft.deal, wish.at
    visit = before.visit if deal.visit == before.visit else deal.visit + 1
    was = [replace(t, visit=visit) if t.visit == before.visit else t for t in before.tasks]
    there = Draft(replace(draft.case, play=old, deal=replace(deal, tasks=(*was, *deal.tasks[len(was) :]))))
    tasks = [carry.woken(there, t, at) if t.clock is not None else t for t in was]
    calendar, still = draft.case.people.calendar(deal.owner_id), min(at, deal.paused_at or at)
    stage_due, decide_at = before.stage_due_at, before.decide_at
    if stage_due is not None and stage_due <= still and before.stage_late_at is None:
        stage_due = next_close(calendar, still)
    if decide_at is not None and decide_at <= at and not deal.decision_asked:
        decide_at = next_close(calendar, at)
    assert decide_at is not None  # an open deal has one
    change = DealMigrated(
        before=deal.play_hash,
        play_hash=old.hash,
        decide_at=decide_at,
        stage=before.stage,
        visit=visit,
        stage_at=before.stage_at,
        stage_due_at=stage_due,
        stage_late_at=before.stage_late_at,
        tasks=_changed(deal, tasks),
        back=True,
        reason=wish.reason,
    )
    gone = {t.no: NO_LONGER for t in deal.tasks[len(was) :] if not t.closed}
    return _cross(draft, old, change, gone, Notes(), wish)


def _cross(
    draft: Draft, new: Play, change: DealMigrated, gone: Mapping[int, str], notes: Notes, wish: Wish
) -> Migration:
    """Record the change and what follows from it at once, without a word to anybody."""
    before, said = draft.deal, len(draft.notices)
    draft.case = replace(draft.case, play=new)
    draft.record(change, at=wish.at, by=wish.by)
    draft.stale.update(t.no for t in draft.deal.tasks if t.state == "open")
    for no, why in gone.items():
        flow.withdraw(draft, (draft.task(no),), wish.at, why, by=None)
    flow.settle(draft, wish.at)
    del draft.notices[said:]
    decision = finish(draft)
    return Migration(decision, _effect(draft, before, decision.deal, change, notes))


def _effect(draft: Draft, before: Deal, after: Deal, change: DealMigrated, notes: Notes) -> Effect:
    title = draft.case.workspace.stage_title
    tasks = effect_of(before, after, notes.tasks)
    said = (replace(e, title=draft.name_of(draft.task(e.no))) for e in tasks)
    return Effect(
        deal=after.id,
        account=draft.case.account.name,
        stage=before.stage,
        before=change.before,
        after=change.play_hash,
        seq=draft.case.deal.seq,
        owner_id=after.owner_id,
        tasks=tuple(
            replace(e, why=f"to {title(draft.task(e.no).stage)}") if e.what == "moved" and not e.why else e
            for e in said
        ),
        more=tuple(_of_deal(draft, before, after, notes)),
    )


def _of_deal(draft: Draft, before: Deal, after: Deal, notes: Notes) -> Iterator[DealEffect]:
    if after.stage != before.stage:
        yield DealEffect("stage", f"it goes on to {draft.case.workspace.stage_title(after.stage)}")
    elif before.stage_due_at != after.stage_due_at:
        until = f"by {draft.day(after.stage_due_at)}" if after.stage_due_at else "when it is time"
        yield DealEffect("clock", _because(f"the stage is to be left {until}", notes.clock))
    if before.decide_at != after.decide_at:
        moved = f"the decision date is {draft.day(after.decide_at)}, not {draft.day(before.decide_at)}"
        yield DealEffect("decision", _because(moved, notes.decision))


def _because(words: str, why: str) -> str:
    return f"{words}: {why}" if why else words


def _changed(deal: Deal, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Those of ``tasks`` that are other than the deal's, and those that it does not have; without their next moments,
    which are no part of history."""
    calm = (replace(t, clock=replace(t.clock, next_at=None)) if t.clock else t for t in tasks)
    return tuple(t for t in calm if not _same(deal.task(t.no), t))


def _same(was: Task | None, now: Task) -> bool:
    if was is None or was.clock is None or now.clock is None:
        return was == now
    return replace(was, clock=replace(was.clock, next_at=None)) == now


def _unchanged(case: Case, play: Play) -> Effect:
    deal = case.deal
    return Effect(deal.id, case.account.name, deal.stage, deal.play_hash, play.hash, deal.seq, deal.owner_id)
