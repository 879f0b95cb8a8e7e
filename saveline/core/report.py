"""The stage report: what is at risk, where it stands, what was saved and lost, what needs a decision.

Every figure is folded from the history up to the period's end, so the report of a past week is the same whenever it
is built. ARR is counted as it stood when the deal was opened, in whole cents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from msgspec.structs import replace

from saveline.core.ahead import Ahead
from saveline.core.beside import Beside
from saveline.core.changes import DealLeft, StageEntered
from saveline.core.corrections import CorrectionLine, corrections
from saveline.core.customers import Customers
from saveline.core.facts import DECISION, Deal, Fact, Task
from saveline.core.findings import DECISIONS_AHEAD, NO_DEPARTMENT, NOBODY, findings
from saveline.core.overrides import OverrideLine, overrides
from saveline.core.people import People
from saveline.core.periods import Period
from saveline.core.pipeline import Pipeline
from saveline.core.slices import Cut
from saveline.core.stories import Story, since
from saveline.core.value import Value
from saveline.core.voice import Voice
from saveline.core.work import Work
from saveline.core.works import Works
from saveline.core.workspace import Workspace

MOST_LISTED = 10


class Amount(Fact, frozen=True):
    """A number of deals and their ARR in cents (for saves: the value kept)."""

    deals: int = 0
    arr_cents: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.deals + other.deals, self.arr_cents + other.arr_cents)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.deals - other.deals, self.arr_cents - other.arr_cents)


class StageLine(Fact, frozen=True):
    """One stage: what stands there at the end, how many deals came in during the period, how long those there have
    been there (median days), and how many are past the stage's clock."""

    key: str
    title: str
    here: Amount
    entered: int
    median_days: float | None
    late: int


class OutcomeLine(Fact, frozen=True):
    """One outcome in the period: the deals, their ARR at opening, and for saves the value they are to keep.

    One that is ``cleared`` is neither a save nor a loss, and is left out where saves are counted against all.
    """

    key: str
    title: str
    saved: bool
    closed: Amount
    kept_cents: int
    cleared: bool = False


class OverdueLine(Fact, frozen=True):
    deal_id: int
    account: str
    arr_cents: int
    task: str
    task_no: int
    assignee: str
    department: str
    due_at: datetime


class DecisionLine(Fact, frozen=True):
    """``decide_at`` is the day of the decision; once somebody has been asked for it, when they are to have decided."""

    deal_id: int
    account: str
    arr_cents: int
    stage: str
    owner: str
    decide_at: datetime


class DelayedLine(Fact, frozen=True):
    """A delayed loss: what was to be kept of which account, saved when, and when it leaves."""

    deal_id: int
    account: str
    arr_cents: int
    kept_cents: int
    saved_at: datetime
    left_on: date


class StageReport(Fact, frozen=True):
    """The value that every form of the report prints.

    ``before`` is what the report of the time before called at risk, ``corrected`` by what has become known since.
    ``reopened`` are deals that had been closed before the period; ``merged`` what left the count because it goes on as
    part of another deal. Of saves: ``kept`` came through their watch in the period (or have none), ``watched`` are
    under watch at its end, ``lost_after_all`` left in it. Their amounts are the values kept, of the last the ARR.
    ``slice`` says what all of it is a slice of; nothing for the whole.
    """

    company: str
    currency: str
    period: Period
    before: Amount
    opened: Amount
    at_risk: Amount
    stages: tuple[StageLine, ...]
    outcomes: tuple[OutcomeLine, ...]
    overdue: tuple[OverdueLine, ...]
    overdue_by_department: tuple[tuple[str, int], ...]
    decisions: tuple[DecisionLine, ...]
    findings: tuple[str, ...] = ()
    reopened: Amount = Amount()
    merged: Amount = Amount()
    kept: Amount = Amount()
    watched: Amount = Amount()
    lost_after_all: Amount = Amount()
    delayed: tuple[DelayedLine, ...] = ()
    overridden: tuple[OverrideLine, ...] = ()
    corrected: Amount = Amount()
    corrections: tuple[CorrectionLine, ...] = ()
    customers: Customers | None = None
    voice: Voice | None = None
    work: Work | None = None
    pipeline: Pipeline | None = None
    slice: tuple[Cut, ...] = ()
    ahead: Ahead | None = None
    works: Works | None = None
    value: Value | None = None
    beside: tuple[Beside, ...] | None = None

    @property
    def closed(self) -> Amount:
        """The deals that were saved or not: those whose risk cleared are neither."""
        return sum((o.closed for o in self.outcomes if not o.cleared), Amount())

    @property
    def saved(self) -> int:
        return sum(o.closed.deals for o in self.outcomes if o.saved)


def stage_report(told: Sequence[Story], workspace: Workspace, people: People, period: Period) -> StageReport:
    """The report of ``period``. ``told`` are all deals that were open or watched at some time in it."""
    lived = [s for s in told if s.lived]
    open_now = [s for s in lived if not s.now.closed]
    entered = _entered(lived, period)
    overdue = sorted(_overdue(open_now, people, workspace, period.end), key=lambda o: (-o.arr_cents, o.due_at))
    report = StageReport(
        company=workspace.company,
        currency=workspace.currency,
        period=period,
        before=_open(s.printed for s in told),
        corrected=_open(s.then for s in told) - _open(s.printed for s in told),
        corrections=corrections(told, workspace),
        opened=_amount(s.now for s in lived if s.then is None),
        reopened=_amount(s.now for s in lived if s.reopened),
        merged=_merged(lived),
        at_risk=_amount(s.now for s in open_now),
        stages=tuple(_stage_line(s.key, s.title, open_now, entered[s.key], period) for s in workspace.stages),
        outcomes=_outcome_lines(lived, workspace),
        overdue=tuple(overdue[:MOST_LISTED]),
        overdue_by_department=_counted(o.department for o in overdue),
        decisions=_decisions(open_now, people, workspace, period.end),
        overridden=overrides(((s.now.id, s.account.name, s.events) for s in lived), people, workspace, period),
        **_of_saves(told, workspace, period),
    )
    return with_findings(report)


def with_findings(report: StageReport) -> StageReport:
    """The report with what its numbers say: once more when it has got further parts."""
    return replace(report, findings=findings(report))


def _amount(deals: Iterable[Deal | None]) -> Amount:
    found = [d for d in deals if d is not None]
    return Amount(len(found), sum(d.arr_cents for d in found))


def _open(deals: Iterable[Deal | None]) -> Amount:
    return _amount(d for d in deals if d is not None and not d.closed)


def _entered(told: Iterable[Story], period: Period) -> Counter[str]:
    """By stage, how often one was entered in the period."""
    changes = (e.change for s in told for e in since(s.events, period.start))
    return Counter(change.stage for change in changes if isinstance(change, StageEntered))


def _stage_line(key: str, title: str, open_now: Sequence[Story], entered: int, period: Period) -> StageLine:
    here = [s.now for s in open_now if s.now.stage == key]
    days = [(period.end - d.stage_at) / timedelta(days=1) for d in here if d.stage_at is not None]
    late = sum(1 for d in here if is_late(d, period.end))
    return StageLine(key, title, _amount(here), entered, round(median(days), 1) if days else None, late)


def is_late(deal: Deal, at: datetime) -> bool:
    """Whether the stage's clock ran out; that of a paused deal stands still."""
    running_out = deal.state == "open" and deal.stage_due_at is not None and deal.stage_due_at < at
    return deal.stage_late_at is not None or running_out


def _outcome_lines(told: Sequence[Story], workspace: Workspace) -> tuple[OutcomeLine, ...]:
    closed = [s.now for s in told if s.now.closed and s.now.merged_into is None]
    lines = []
    for outcome in workspace.outcomes:
        ended = [d for d in closed if d.outcome == outcome.key]
        kept = sum(d.kept_cents or 0 for d in ended)
        lines.append(OutcomeLine(outcome.key, outcome.title, outcome.saved, _amount(ended), kept, outcome.cleared))
    return tuple(lines)


def _merged(told: Sequence[Story]) -> Amount:
    """The deals that went on as part of others, and what of their ARR is not at risk there: the same customer twice.

    ARR that moves between deals is taken off where it was and added where it is; what is left over balances the rest.
    """
    gone = [s.now for s in told if s.now.closed and s.now.merged_into is not None]
    there = [(s.then, s.now) for s in told if s.then is not None and not s.reopened]
    moved = sum(now.arr_cents - then.arr_cents for then, now in there)
    return Amount(len(gone), sum(d.arr_cents for d in gone) - moved)


def _of_saves(told: Sequence[Story], workspace: Workspace, period: Period) -> dict[str, Any]:
    """What became of saves: those of the period that nobody watches, and all that were watched in it."""
    saved = {o.key for o in workspace.outcomes if o.saved}
    saves = [s for s in told if s.now.closed and s.now.outcome in saved]
    fates = [(_fate(s, period), s) for s in saves]
    delayed = [_delayed(s) for fate, s in fates if fate == "lost"]
    delayed.sort(key=lambda d: (-d.arr_cents, d.deal_id))
    return {
        "kept": _value([s.now for fate, s in fates if fate == "kept"]),
        "watched": _value([s.now for fate, s in fates if fate == "watched"]),
        "lost_after_all": Amount(len(delayed), sum(d.arr_cents for d in delayed)),
        "delayed": tuple(delayed[:MOST_LISTED]),
    }


def _fate(story: Story, period: Period) -> str:
    """What became of a save in the period: ``kept``, ``lost``, still ``watched``; empty where that was earlier."""
    deal = story.now
    if deal.left_at is not None:
        return "lost" if deal.left_at >= period.start else ""
    if deal.kept_at is not None:
        return "kept" if deal.kept_at >= period.start else ""
    if deal.watch_until is not None:
        return "watched"
    return "kept" if story.lived else ""


def _value(deals: Sequence[Deal]) -> Amount:
    return Amount(len(deals), sum(d.kept_cents or 0 for d in deals))


def _delayed(story: Story) -> DelayedLine:
    deal = story.now
    left = next(e.change for e in reversed(story.events) if isinstance(e.change, DealLeft))
    assert deal.closed_at is not None  # a deal that was saved is closed
    return DelayedLine(deal.id, story.account.name, deal.arr_cents, deal.kept_cents or 0, deal.closed_at, left.left_on)


def _overdue(told: Sequence[Story], people: People, workspace: Workspace, at: datetime) -> Iterable[OverdueLine]:
    for story in told:
        for task in story.now.tasks:
            if story.now.state == "open" and task.clock is not None and task.clock.due_at < at:
                yield OverdueLine(
                    story.now.id,
                    story.account.name,
                    story.now.arr_cents,
                    task.title,
                    task.no,
                    people.name(task.assignee_id) if task.assignee_id else NOBODY,
                    _department(task, people, workspace),
                    task.clock.due_at,
                )


def _department(task: Task, people: People, workspace: Workspace) -> str:
    holder = people.by_id.get(task.assignee_id or 0)
    key = task.department or (holder.department if holder else None)
    return next((d.name for d in workspace.departments if d.key == key), NO_DEPARTMENT)


def _decisions(told: Sequence[Story], people: People, workspace: Workspace, at: datetime) -> tuple[DecisionLine, ...]:
    lines = [
        DecisionLine(
            s.now.id,
            s.account.name,
            s.now.arr_cents,
            workspace.stage_title(s.now.stage),
            people.name(s.now.owner_id),
            decide_at,
        )
        for s in told
        if (decide_at := _decide_at(s.now)) is not None and decide_at < at + DECISIONS_AHEAD
    ]
    return tuple(sorted(lines, key=lambda d: (d.decide_at, -d.arr_cents)))


def _decide_at(deal: Deal) -> datetime | None:
    asked = (t.clock.due_at for t in deal.tasks if t.plan == DECISION and t.clock is not None)
    return next(asked, deal.decide_at)


def _counted(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts.items(), key=lambda c: (-c[1], c[0])))
