"""The ways deals took: the stages they walked through, how they ended, and how long that took.

Times are calendar time from the moment a deal was opened to the moment it was closed, whatever lay between: nights,
pauses, and the time in which a deal that was opened again had been closed. It is what process-mining tools call the
throughput time of a case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import fmean, median
from typing import Final, TypeAlias

from msgspec.structs import replace

from saveline.core.changes import (
    CausesSplit,
    DealClosed,
    DealJoined,
    DealMerged,
    DealMigrated,
    DealOpened,
    DealReopened,
    Event,
    StageEntered,
)
from saveline.core.facts import Fact
from saveline.core.life_changes import MERGED

DAY: Final = timedelta(days=1)
Walk: TypeAlias = tuple[tuple[tuple[str, ...], str], ...]
"""What two deals have in common that took the same way: for each of their lives the stages and the ending."""


class Leg(Fact, frozen=True, array_like=True):
    """One life of a deal: from when it was opened, or opened again, until it was closed.

    ``stages`` are their keys in the order in which they were entered, one that was entered twice twice. ``ended`` is
    the key of the outcome, ``merged`` where it went on as part of another deal, and empty while it is open.
    """

    opened_at: datetime
    stages: tuple[str, ...] = ()
    ended: str = ""
    closed_at: datetime | None = None


class Journey(Fact, frozen=True, array_like=True):
    """The way of one deal. One that was opened again has a leg for each of its lives.

    ``took_in`` are the deals that were merged into it, ``split_off`` those that its causes went to, each as often as it
    happened.
    """

    deal_id: int
    legs: tuple[Leg, ...]
    took_in: tuple[int, ...] = ()
    split_off: tuple[int, ...] = ()

    @property
    def walk(self) -> Walk:
        return tuple([(leg.stages, leg.ended) for leg in self.legs])

    @property
    def ended(self) -> str:
        """How it ended last; empty while it is open."""
        return self.legs[-1].ended

    @property
    def took(self) -> timedelta | None:
        """From when it was first opened until it was last closed; None while it is open."""
        closed = self.legs[-1].closed_at
        return closed - self.legs[0].opened_at if closed is not None else None


class Variant(Fact, frozen=True):
    """A way that ``deals`` deals took. The times are in days, None for a way that has not ended."""

    walk: Walk
    deals: int
    median_days: float | None
    mean_days: float | None

    @property
    def title(self) -> str:
        """``triage → stabilise → lost, again: triage → saved``; one that goes on ends in an ellipsis."""
        return ", again: ".join(" → ".join((*stages, ended or "…")) for stages, ended in self.walk)


class Journeys(Fact, frozen=True):
    """The ways that deals took, the most usual first; of equally usual ones the shorter first.

    ``deals`` = ``ended`` + ``open`` + ``merged``. The times are those of the ``ended`` ones, in days: a deal that goes
    on as part of another has no end of its own. ``reopened`` were closed at least once before their last life;
    ``took_in`` had another merged into them, and ``split`` gave causes to another deal.
    """

    deals: int
    ended: int
    open: int
    merged: int
    reopened: int
    took_in: int
    split: int
    median_days: float | None
    mean_days: float | None
    variants: tuple[Variant, ...]


def journey(deal_id: int, events: Sequence[Event]) -> Journey | None:
    """The way of one deal; None where nothing has happened. ``events`` are in their order."""
    legs: list[Leg] = []
    stage = ""
    for event in events:
        if isinstance(event.change, DealOpened | DealReopened):
            legs.append(Leg(event.at))
        else:
            legs[-1] = _further(legs[-1], event, stage)
        if isinstance(event.change, StageEntered | DealMigrated):
            stage = event.change.stage
    took_in = tuple(e.change.deal_id for e in events if isinstance(e.change, DealJoined))
    split_off = tuple(e.change.deal_id for e in events if isinstance(e.change, CausesSplit))
    return Journey(deal_id, tuple(legs), took_in, split_off) if legs else None


def _further(leg: Leg, event: Event, stage: str) -> Leg:
    """The leg after an event of a deal that stood in ``stage``."""
    match event.change:
        case StageEntered(stage=to):
            return _into(leg, to)
        case DealMigrated(stage=to) if to != stage:  # back to the stage that the change of its play had let it leave
            return _into(leg, to)
        case DealClosed(outcome=ended):
            return replace(leg, ended=ended, closed_at=event.at)
        case DealMerged():
            return replace(leg, ended=MERGED, closed_at=event.at)
    return leg


def _into(leg: Leg, stage: str) -> Leg:
    return replace(leg, stages=(*leg.stages, stage))


def journeys(histories: Mapping[int, Sequence[Event]]) -> Journeys:
    """The ways of many deals, by their histories."""
    found = (journey(deal_id, events) for deal_id, events in sorted(histories.items()))
    return ways([j for j in found if j is not None])


def ways(taken: Sequence[Journey]) -> Journeys:
    """The ways that were taken."""
    by_walk: dict[Walk, list[timedelta | None]] = {}
    for one in taken:
        by_walk.setdefault(one.walk, []).append(one.took)
    variants = [Variant(walk, len(same), *_days(same)) for walk, same in by_walk.items()]
    variants.sort(key=lambda v: (-v.deals, sum(len(stages) for stages, _ in v.walk), v.walk))
    how: Counter[str] = Counter()
    for walk, same in by_walk.items():
        how[walk[-1][1]] += len(same)
    ended = [took for walk, same in by_walk.items() if walk[-1][1] not in ("", MERGED) for took in same]
    return Journeys(
        len(taken),
        len(ended),
        how[""],
        how[MERGED],
        sum(len(j.legs) > 1 for j in taken),
        sum(bool(j.took_in) for j in taken),
        sum(bool(j.split_off) for j in taken),
        *_days(ended),
        tuple(variants),
    )


def _days(took: Iterable[timedelta | None]) -> tuple[float | None, float | None]:
    """Median and mean throughput time in days; None where none of them has ended."""
    days = [time / DAY for time in took if time is not None]
    return (median(days), fmean(days)) if days else (None, None)
