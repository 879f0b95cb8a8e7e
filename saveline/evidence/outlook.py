"""What open deals are likely to come to, and how good such forecasts were: see ``saveline.core.pipeline``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from saveline.core.certainty import FLOOR, Calibration
from saveline.core.facts import Deal
from saveline.core.pipeline import ForecastLine, Outlook
from saveline.core.stories import Story
from saveline.core.workspace import Workspace
from saveline.evidence.calibration import Forecast, calibrate
from saveline.evidence.columns import MICROSECOND, Ends, Stays
from saveline.evidence.learned import of_counts

if TYPE_CHECKING:
    from saveline.evidence.columns import Flags, Whole

MONTH: Final = timedelta(days=30) // MICROSECOND
SETTLES: Final = timedelta(days=120)
"""Forecasts of the last days are not looked back at: of such young deals only those that ended quickly are decided."""

_Counts: TypeAlias = Mapping[str, tuple[int, int]]
"""By stage, how many of those that had come to it were saved, and how many there were; only where there were any."""


class Visits(NamedTuple):
    """Every stage that a decided deal came to, by its place in the pipeline, and the moment at which it first did;
    whether the deal was ``saved`` in the end, and when it was ``closed``."""

    stage: Whole
    came: Whole
    saved: Flags
    closed: Whole

    def among(self, some: Flags) -> Visits:
        """Those where it is true."""
        return Visits(self.stage[some], self.came[some], self.saved[some], self.closed[some])

    def counted(self, stages: Sequence[str]) -> _Counts:
        import numpy as np

        came = np.bincount(self.stage, minlength=len(stages)).tolist()
        saved = np.bincount(self.stage[self.saved], minlength=len(stages)).tolist()
        return {stage: (k, n) for stage, k, n in zip(stages, saved, came, strict=True) if n}


def outlook(open_now: Iterable[Story], stays: Stays, ends: Ends, workspace: Workspace, lasted: timedelta) -> Outlook:
    """``open_now`` are the deals that are open at the end of the stretch that ``stays`` are of, which ``lasted`` so
    long."""
    keys = [s.key for s in workspace.stages]
    visits = _visits(stays, ends)
    learned = {line.stage: line for line in of_counts(visits.counted(keys), keys)}
    here: dict[str, list[Deal]] = defaultdict(list)
    for story in open_now:
        here[story.now.stage].append(story.now)
    lines = tuple(
        ForecastLine(
            s.key, s.title, len(here[s.key]), sum(d.arr_cents for d in here[s.key]), s.probability, learned.get(s.key)
        )
        for s in workspace.stages
    )
    settled = visits.among((visits.came >= 0) & (visits.came < (lasted - SETTLES) // MICROSECOND))
    stated = {s.key: s.probability for s in workspace.stages if s.probability is not None}
    return Outlook(
        lines,
        _weighted([(line, line.stated) for line in lines]),
        _weighted([(line, line.learned.chance if line.learned else None) for line in lines]),
        calibrate(_forecasts(settled.counted(keys), stated), keys),
        _learned_before(settled, visits, ends, keys),
    )


def _visits(stays: Stays, ends: Ends) -> Visits:
    first = stays.among(stays.first)
    first = first.among(ends.decided[first.deal])
    return Visits(first.stage, first.came, ends.saved[first.deal], ends.closed[first.deal])


def _weighted(lines: Sequence[tuple[ForecastLine, float | None]]) -> int | None:
    """In whole cents. Nothing where the deals of a stage have no chance: a sum over some stages only would mislead."""
    told = [(line.arr_cents, chance) for line, chance in lines if line.deals]
    if any(chance is None for _, chance in told):
        return None
    return round(sum(cents * chance for cents, chance in told if chance is not None))


def _forecasts(counts: _Counts, chances: Mapping[str, float]) -> list[Forecast]:
    """The forecast that each of these got, by the chance of its stage; none where that has none."""
    told = [(stage, chances[stage], k, n) for stage, (k, n) in counts.items() if stage in chances]
    saved = [Forecast(stage, chance, True, k) for stage, chance, k, _ in told]
    return saved + [Forecast(stage, chance, False, n - k) for stage, chance, k, n in told]


def _learned_before(settled: Visits, visits: Visits, ends: Ends, keys: Sequence[str]) -> Calibration:
    """Each forecast as it would have been made: when a deal came to a stage, from what had been decided before the
    thirty days in which it did. Nobody could have forecast anything before ten deals were decided."""
    import numpy as np

    months, closed = settled.came // MONTH, ends.closed[ends.decided]
    forecasts = list[Forecast]()
    for month in np.unique(months):
        if (closed < month * MONTH).sum() < FLOOR:
            continue
        seen = visits.among(visits.closed < month * MONTH).counted(keys)
        chances = {line.stage: line.chance for line in of_counts(seen, keys)}
        forecasts += _forecasts(settled.among(months == month).counted(keys), chances)
    return calibrate(forecasts, keys)
