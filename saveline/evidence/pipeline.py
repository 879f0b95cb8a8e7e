"""How deals move, worked out from the cases of twelve months: see ``saveline.core.pipeline`` for what the figures are.

A deal counts as decided when it ended with an outcome of the workspace that is a save or is not one; one that was
merged into another, or whose risk cleared, says nothing about either.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from saveline.core.cases import Case
from saveline.core.certainty import FLOOR, Calibration, Incidence, Quantile
from saveline.core.facts import Deal
from saveline.core.journeys import ways
from saveline.core.periods import Period
from saveline.core.pipeline import ForecastLine, FunnelStep, Outlook, Pipeline, StageTime, StuckLine
from saveline.core.report import is_late
from saveline.core.stories import Story
from saveline.core.works import ending
from saveline.core.workspace import Workspace
from saveline.evidence.calibration import Forecast, calibrate
from saveline.evidence.incidence import Course, incidence
from saveline.evidence.learned import of_counts
from saveline.evidence.rates import rate
from saveline.evidence.survival import Spell, stay

DAY: Final = timedelta(days=1)
MONTH: Final = timedelta(days=30)
SETTLES: Final = timedelta(days=120)
"""Forecasts of the last days are not looked back at: of such young deals only those that ended quickly are decided."""
STAYS: Final = (7, 14, 30, 60)
"""After how many days in a stage the report says how many are still there."""
ENDS: Final = (30, 60, 90, 180)
"""After how many days it says how many have ended, and how."""
MOST_LISTED: Final = 10
FATES: Final = ("went_on", "stopped", "here", "elsewhere")


def pipeline(
    cases: Sequence[Case], open_now: Sequence[Story], workspace: Workspace, period: Period, since: datetime
) -> Pipeline:
    """``cases`` are all deals that were open at some time from ``since`` on, ``open_now`` those that are at the end."""
    decided = Decided(cases, workspace)
    first = since.astimezone(ZoneInfo(workspace.zone)).date()
    times = tuple(_times(cases, workspace, period, since))
    stuck = _stuck(open_now, {t.stage: t.stay.late for t in times}, workspace, period)
    return Pipeline(
        first,
        tuple(_funnel(cases, decided, workspace, since)),
        _outlook(open_now, decided, workspace, period, since),
        times,
        _endings(cases, workspace, period, since),
        tuple(stuck[:MOST_LISTED]),
        len(stuck),
        sum(s.arr_cents for s in stuck),
        ways([c.journey for c in cases]),
    )


class Decided:
    """The cases that were decided, with whether each was saved, and when it first came to each stage."""

    def __init__(self, cases: Iterable[Case], workspace: Workspace) -> None:
        by_key = {o.key: o for o in workspace.outcomes}
        sides = [(c, ending(c, by_key)) for c in cases]
        self.cases = [c for c, side in sides if side in {"saved", "not_saved"}]
        self.saved = {c.deal_id: side == "saved" for c, side in sides if side in {"saved", "not_saved"}}
        self.came = {c.deal_id: {p.stage: p.since for p in reversed(c.passages)} for c in self.cases}

    def visits(self, cases: Iterable[Case]) -> Iterable[tuple[str, bool]]:
        """Every stage that one of these came to, and whether the deal was saved later."""
        return ((stage, self.saved[case.deal_id]) for case in cases for stage in self.came[case.deal_id])

    def came_in(self, since: datetime, until: datetime) -> list[tuple[str, datetime, bool]]:
        """Every stage that one of them first came to in ``[since, until)``, when, and whether it was saved later."""
        return [
            (stage, at, self.saved[deal_id])
            for deal_id, came in self.came.items()
            for stage, at in came.items()
            if since <= at < until
        ]


# --- the funnel -------------------------------------------------------------------------------------------------------


def _funnel(cases: Iterable[Case], decided: Decided, workspace: Workspace, since: datetime) -> Iterable[FunnelStep]:
    rank = {s.key: i for i, s in enumerate(workspace.stages)}
    counts: Counter[tuple[str, str]] = Counter()
    for case in cases:
        counts.update(_fates(case, decided.saved.get(case.deal_id), rank, since).items())
    for stage in workspace.stages:
        went, stopped, here, elsewhere = (counts[stage.key, fate] for fate in FATES)
        came = went + stopped + here + elsewhere
        yield FunnelStep(stage.key, stage.title, came, went, stopped, here, rate(went, went + stopped))


def _fates(case: Case, saved: bool | None, rank: Mapping[str, int], since: datetime) -> dict[str, str]:
    """What became of the deal after it came to a stage: by the stages it came to from ``since`` on."""
    found: dict[str, str] = {}
    furthest = -1
    for passage in reversed(case.passages):
        at = rank.get(passage.stage, -1)
        if passage.since >= since:
            found[passage.stage] = "went_on" if furthest > at or saved else _otherwise(case, saved)
        furthest = max(furthest, at)
    return found


def _otherwise(case: Case, saved: bool | None) -> str:
    if case.outcome is None:
        return "here"
    return "elsewhere" if saved is None else "stopped"


# --- what it is likely to come to -------------------------------------------------------------------------------------


def _outlook(
    open_now: Sequence[Story], decided: Decided, workspace: Workspace, period: Period, since: datetime
) -> Outlook:
    keys = [s.key for s in workspace.stages]
    learned = {line.stage: line for line in of_counts(_saved(Counter(decided.visits(decided.cases))), keys)}
    came = decided.came_in(since, period.end - SETTLES)
    here: dict[str, list[Deal]] = defaultdict(list)
    for story in open_now:
        here[story.now.stage].append(story.now)
    lines = tuple(
        ForecastLine(
            s.key, s.title, len(here[s.key]), sum(d.arr_cents for d in here[s.key]), s.probability, learned.get(s.key)
        )
        for s in workspace.stages
    )
    return Outlook(
        lines,
        _weighted([(line, line.stated) for line in lines]),
        _weighted([(line, line.learned.chance if line.learned else None) for line in lines]),
        calibrate(_stated(came, workspace), keys),
        _learned_before(came, decided, keys, since),
    )


def _saved(visits: Counter[tuple[str, bool]]) -> dict[str, tuple[int, int]]:
    """By stage, how many of those that had come to it were saved, and how many there were."""
    return {stage: (visits[stage, True], visits[stage, True] + visits[stage, False]) for stage, _ in [*visits]}


def _weighted(lines: Sequence[tuple[ForecastLine, float | None]]) -> int | None:
    """In whole cents. Nothing where the deals of a stage have no chance: a sum over some stages only would mislead."""
    told = [(line.arr_cents, chance) for line, chance in lines if line.deals]
    if any(chance is None for _, chance in told):
        return None
    return round(sum(cents * chance for cents, chance in told if chance is not None))


def _stated(came: Iterable[tuple[str, datetime, bool]], workspace: Workspace) -> list[Forecast]:
    chances = {s.key: s.probability for s in workspace.stages}
    counted = Counter((stage, saved) for stage, _, saved in came)
    found = ((stage, chances.get(stage), saved, n) for (stage, saved), n in counted.items())
    return [Forecast(stage, chance, saved, n) for stage, chance, saved, n in found if chance is not None]


def _learned_before(
    came: Iterable[tuple[str, datetime, bool]], decided: Decided, keys: Sequence[str], since: datetime
) -> Calibration:
    """Each forecast as it would have been made: when a deal came to a stage, from what had been decided before the
    thirty days in which it did. Nobody could have forecast anything before ten deals were decided."""
    months: dict[int, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for stage, at, saved in came:
        months[(at - since) // MONTH][stage, saved] += 1
    ended: dict[int, list[Case]] = defaultdict(list)
    for case in decided.cases:
        assert case.closed_at is not None
        ended[(case.closed_at - since) // MONTH].append(case)
    seen, past, forecasts = Counter[tuple[str, bool]](), 0, list[Forecast]()
    for month in sorted(months):
        for when in [w for w in ended if w < month]:
            past += len(ended[when])
            seen.update(decided.visits(ended.pop(when)))
        if past < FLOOR:
            continue
        chances = {line.stage: line.chance for line in of_counts(_saved(seen), keys)}
        forecasts += [Forecast(s, chances[s], saved, n) for (s, saved), n in months[month].items() if s in chances]
    return calibrate(forecasts, keys)


# --- how long ---------------------------------------------------------------------------------------------------------


def _times(cases: Iterable[Case], workspace: Workspace, period: Period, since: datetime) -> Iterable[StageTime]:
    """Every stay of the twelve months; one that began before is looked at from their first day on."""
    spells: dict[str, list[Spell]] = defaultdict(list)
    for case in cases:
        for p in case.passages:
            if p.until is None or p.until > since:
                days = ((p.until or period.end) - p.since) / DAY
                spells[p.stage].append(Spell(days, p.until is not None, max(0.0, (since - p.since) / DAY)))
    return (StageTime(s.key, s.title, stay(spells[s.key], STAYS)) for s in workspace.stages)


def _endings(cases: Iterable[Case], workspace: Workspace, period: Period, since: datetime) -> tuple[Incidence, ...]:
    """From when a deal was opened until it was last closed; deals that were opened within the twelve months. One that
    was merged was last seen then."""
    outcomes = [o.key for o in workspace.outcomes]
    courses = []
    for c in cases:
        if c.opened_at >= since:
            outcome = c.outcome if c.outcome in outcomes else None
            courses.append(Course(((c.closed_at or period.end) - c.opened_at) / DAY, outcome))
    return incidence(courses, outcomes, ENDS)


def _stuck(
    open_now: Iterable[Story], usual: Mapping[str, Quantile], workspace: Workspace, period: Period
) -> list[StuckLine]:
    """The most ARR first. A paused deal stands still because somebody wants it to."""
    lines = []
    for deal, account in ((s.now, s.account) for s in open_now):
        longest = usual.get(deal.stage, Quantile()).days
        if deal.state != "open" or deal.stage_at is None:
            continue
        days = (period.end - deal.stage_at) / DAY
        late = is_late(deal, period.end)
        if late or (longest is not None and days > longest):
            title = workspace.stage_title(deal.stage)
            lines.append(StuckLine(deal.id, account.name, deal.arr_cents, title, days, longest, late))
    return sorted(lines, key=lambda line: (-line.arr_cents, line.deal_id))
