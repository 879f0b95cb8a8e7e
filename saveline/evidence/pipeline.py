"""How deals move, worked out from the cases of twelve months: see ``saveline.core.pipeline`` for what the figures are.

A deal counts as decided when it ended with an outcome of the workspace that is a save or is not one; one that was
merged into another, or whose risk cleared, says nothing about either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from saveline.core.cases import Case
from saveline.core.certainty import Incidence, Quantile
from saveline.core.journeys import ways
from saveline.core.periods import Period
from saveline.core.pipeline import FunnelStep, Pipeline, StageTime, StuckLine
from saveline.core.report import is_late
from saveline.core.stories import Story
from saveline.core.workspace import Workspace
from saveline.evidence import incidence, survival
from saveline.evidence.columns import MICROSECOND, Ends, Stays, ends, stays
from saveline.evidence.outlook import outlook
from saveline.evidence.rates import rate

DAY: Final = timedelta(days=1)
STAYS: Final = (7, 14, 30, 60)
"""After how many days in a stage the report says how many are still there."""
ENDS: Final = (30, 60, 90, 180)
"""After how many days it says how many have ended, and how."""
MOST_LISTED: Final = 10


def pipeline(
    cases: Sequence[Case], open_now: Sequence[Story], workspace: Workspace, period: Period, since: datetime
) -> Pipeline:
    """``cases`` are all deals that were open at some time from ``since`` on, ``open_now`` those that are at the end."""
    stood = stays(cases, [s.key for s in workspace.stages], since, period.end)
    ended = ends(cases, workspace.outcomes, since)
    first = since.astimezone(ZoneInfo(workspace.zone)).date()
    times = tuple(_times(stood, workspace))
    stuck = _stuck(open_now, {t.stage: t.stay.late for t in times}, workspace, period)
    return Pipeline(
        first,
        tuple(_funnel(stood, ended, workspace)),
        outlook(open_now, stood, ended, workspace, period.end - since),
        times,
        _endings(cases, workspace, period, since),
        tuple(stuck[:MOST_LISTED]),
        len(stuck),
        sum(s.arr_cents for s in stuck),
        ways([c.journey for c in cases]),
    )


# --- the funnel -------------------------------------------------------------------------------------------------------


def _funnel(stood: Stays, ended: Ends, workspace: Workspace) -> Iterable[FunnelStep]:
    """What became of each deal after it came to a stage: by the stages it came to in the twelve months."""
    import numpy as np

    recent = stood.among(stood.came >= 0)
    deal, first = recent.deal, recent.first
    went = (recent.furthest > recent.stage) | ended.saved[deal]
    here = ~went & ended.open[deal]
    stopped = ~went & ~here & ended.decided[deal]
    for at, stage in enumerate(workspace.stages):
        came = first[recent.stage[first] == at]
        on, off, still = (int(np.count_nonzero(fate[came])) for fate in (went, stopped, here))
        yield FunnelStep(stage.key, stage.title, len(came), on, off, still, rate(on, on + off))


# --- how long ---------------------------------------------------------------------------------------------------------


def _times(stood: Stays, workspace: Workspace) -> Iterable[StageTime]:
    """Every stay of the twelve months; one that began before is looked at from their first day on."""
    import numpy as np

    day = DAY // MICROSECOND
    lived = stood.among(~stood.gone | (stood.went > 0))
    for at, stage in enumerate(workspace.stages):
        here = lived.among(lived.stage == at)
        days, before = (here.went - here.came) / day, np.maximum(0.0, -here.came / day)
        yield StageTime(stage.key, stage.title, survival.of_columns(days, here.gone, before, STAYS))


def _endings(cases: Iterable[Case], workspace: Workspace, period: Period, since: datetime) -> tuple[Incidence, ...]:
    """From when a deal was opened until it was last closed; deals that were opened within the twelve months. One that
    was merged was last seen then."""
    import numpy as np

    outcomes = [o.key for o in workspace.outcomes]
    number = {key: at for at, key in enumerate(outcomes, 1)}
    opened = [case for case in cases if case.opened_at >= since]
    days = np.array([((case.closed_at or period.end) - case.opened_at) / DAY for case in opened], dtype=float)
    kinds = np.array([number.get(case.outcome or "", 0) for case in opened], dtype=int)
    return incidence.of_columns(days, kinds, outcomes, ENDS)


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
