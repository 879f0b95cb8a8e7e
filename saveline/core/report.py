"""The stage report: what is at risk, where it stands, what was saved and lost, what needs a decision.

Every figure is folded from the history up to the period's end, so the report of a past week is the same whenever it
is built. ARR is counted as it stood when the deal was opened, in whole cents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from msgspec.structs import replace

from saveline.core.changes import Event, StageEntered, evolve
from saveline.core.facts import Account, Deal, Fact, Task
from saveline.core.people import People
from saveline.core.periods import Period
from saveline.core.phrases import count, money
from saveline.core.workspace import Workspace

DECISIONS_AHEAD = timedelta(days=14)
MOST_LISTED = 10


class Amount(Fact, frozen=True):
    """A number of deals and their ARR in cents (for saves: the value kept)."""

    deals: int = 0
    arr_cents: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.deals + other.deals, self.arr_cents + other.arr_cents)


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
    """One outcome in the period: the deals, their ARR at opening, and for saves what was kept of it."""

    key: str
    title: str
    saved: bool
    closed: Amount
    kept_cents: int


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
    deal_id: int
    account: str
    arr_cents: int
    stage: str
    owner: str
    decide_at: datetime


class StageReport(Fact, frozen=True):
    """The value that every form of the report prints."""

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

    @property
    def closed(self) -> Amount:
        return sum((o.closed for o in self.outcomes), Amount())

    @property
    def saved(self) -> int:
        return sum(o.closed.deals for o in self.outcomes if o.saved)


class Story(Fact, frozen=True):
    """One deal of the period: what it was at the start (None: not yet opened) and at the end, and its history."""

    account: Account
    events: tuple[Event, ...]
    then: Deal | None
    now: Deal


def stories(histories: Mapping[int, Sequence[Event]], accounts: Mapping[int, Account], period: Period) -> list[Story]:
    """Fold each history to the period's start and end. Deals opened later, or closed before, are left out."""
    found = []
    for deal_id, events in sorted(histories.items()):
        known = tuple(e for e in events if e.at < period.end)
        if not known:
            continue
        empty = Deal(id=deal_id, account_id=accounts[deal_id].id)
        early = [e for e in known if e.at < period.start]
        then = evolve(empty, early) if early else None
        if then is None or not then.closed:
            found.append(Story(accounts[deal_id], known, then, evolve(then or empty, known[len(early) :])))
    return found


def stage_report(told: Sequence[Story], workspace: Workspace, people: People, period: Period) -> StageReport:
    """The report of ``period``. ``told`` are all deals that were open at some time in it."""
    open_now = [s for s in told if not s.now.closed]
    overdue = sorted(_overdue(open_now, people, workspace, period.end), key=lambda o: (-o.arr_cents, o.due_at))
    report = StageReport(
        company=workspace.company,
        currency=workspace.currency,
        period=period,
        before=_amount(s.then for s in told),
        opened=_amount(s.now for s in told if s.then is None),
        at_risk=_amount(s.now for s in open_now),
        stages=tuple(_stage_line(s.key, s.title, told, period) for s in workspace.stages),
        outcomes=_outcome_lines(told, workspace),
        overdue=tuple(overdue[:MOST_LISTED]),
        overdue_by_department=_counted(o.department for o in overdue),
        decisions=_decisions(open_now, people, workspace, period.end),
    )
    return replace(report, findings=findings(report))


def findings(report: StageReport) -> tuple[str, ...]:
    """What the numbers say, in sentences: what changed, where deals stop, what needs somebody."""
    lines = [_change(report)]
    late = max(report.stages, key=lambda s: s.late, default=None)
    if late is not None and late.late:
        share = f"{late.late} of the {late.here.deals} deals there" if late.here.deals > 1 else "the one deal there"
        lines.append(f"{late.title} is where deals stop: {share} {'is' if late.late == 1 else 'are'} late.")
    if report.overdue_by_department:
        department, theirs = report.overdue_by_department[0]
        total = sum(n for _, n in report.overdue_by_department)
        share = f"{theirs} of them" if theirs < total else "all of them" if total > 1 else "it is"
        lines.append(f"{count(total, 'task')} overdue, {share} with {department}.")
    if report.decisions:
        cents = sum(d.arr_cents for d in report.decisions)
        due = f"{count(len(report.decisions), 'deal')} worth {money(cents, report.currency)}"
        lines.append(f"{due} must be decided within {DECISIONS_AHEAD.days} days.")
    return tuple(lines)


def _change(report: StageReport) -> str:
    moved = report.at_risk.arr_cents - report.before.arr_cents
    now = money(report.at_risk.arr_cents, report.currency)
    closed = (
        f"{report.saved} of {report.closed.deals} deals closed were saved" if report.closed.deals else "none closed"
    )
    if report.closed.deals == 1:
        closed = f"the one deal closed was {'saved' if report.saved else 'not saved'}"
    if not moved:
        return f"{now} is at risk, as much as before; {closed}."
    way = "more" if moved > 0 else "less"
    return f"{now} is at risk, {money(abs(moved), report.currency)} {way} than before; {closed}."


def _amount(deals: Iterable[Deal | None]) -> Amount:
    found = [d for d in deals if d is not None]
    return Amount(len(found), sum(d.arr_cents for d in found))


def _stage_line(key: str, title: str, told: Sequence[Story], period: Period) -> StageLine:
    here = [s.now for s in told if not s.now.closed and s.now.stage == key]
    entered = sum(
        1
        for s in told
        for e in s.events
        if e.at >= period.start and isinstance(e.change, StageEntered) and e.change.stage == key
    )
    days = [(period.end - d.stage_at) / timedelta(days=1) for d in here if d.stage_at is not None]
    late = sum(1 for d in here if _is_late(d, period.end))
    return StageLine(key, title, _amount(here), entered, round(median(days), 1) if days else None, late)


def _is_late(deal: Deal, at: datetime) -> bool:
    """Whether the stage's clock ran out; that of a paused deal stands still."""
    running_out = deal.state == "open" and deal.stage_due_at is not None and deal.stage_due_at < at
    return deal.stage_late_at is not None or running_out


def _outcome_lines(told: Sequence[Story], workspace: Workspace) -> tuple[OutcomeLine, ...]:
    closed = [s.now for s in told if s.now.closed]
    lines = []
    for outcome in workspace.outcomes:
        ended = [d for d in closed if d.outcome == outcome.key]
        kept = sum(d.kept_cents or 0 for d in ended)
        lines.append(OutcomeLine(outcome.key, outcome.title, outcome.saved, _amount(ended), kept))
    return tuple(lines)


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
                    people.name(task.assignee_id) if task.assignee_id else "nobody",
                    _department(task, people, workspace),
                    task.clock.due_at,
                )


def _department(task: Task, people: People, workspace: Workspace) -> str:
    holder = people.by_id.get(task.assignee_id or 0)
    key = task.department or (holder.department if holder else None)
    return next((d.name for d in workspace.departments if d.key == key), "no department")


def _decisions(told: Sequence[Story], people: People, workspace: Workspace, at: datetime) -> tuple[DecisionLine, ...]:
    lines = [
        DecisionLine(
            s.now.id,
            s.account.name,
            s.now.arr_cents,
            workspace.stage_title(s.now.stage),
            people.name(s.now.owner_id),
            s.now.decide_at,
        )
        for s in told
        if s.now.decide_at is not None and (s.now.decision_asked or s.now.decide_at < at + DECISIONS_AHEAD)
    ]
    return tuple(sorted(lines, key=lambda d: (d.decide_at, -d.arr_cents)))


def _counted(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts.items(), key=lambda c: (-c[1], c[0])))
