"""What works: the decided deals of a year by play, cause, segment and door, all of them in one comparison."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from saveline.core.cases import Case
from saveline.core.certainty import FLOOR, Comparison, Group
from saveline.core.facts import Fact
from saveline.core.works import (
    DIMENSIONS,
    Dimension,
    Ending,
    Entrant,
    Lasting,
    Line,
    Standout,
    Tried,
    Works,
    ending,
    fate,
    group,
)
from saveline.core.workspace import Outcome
from saveline.evidence.comparisons import compare, guard
from saveline.evidence.money import mean
from saveline.evidence.rates import rate
from saveline.evidence.rebound import rebound
from saveline.evidence.trials import guarded
from saveline.evidence.tried import tried

QUARTER: Final = timedelta(weeks=13)
"""How long a group that stood out has had to fall back."""
LOOKED_BACK: Final[tuple[Dimension, ...]] = ("play", "cause", "segment")


class Decided(Fact, frozen=True):
    """A deal on one of the two sides: whether it was saved, what is kept of it in cents, what became of the save.
    Of a save that was lost after all nothing is kept."""

    case: Case
    saved: bool
    kept: int
    fate: str


class Span(Fact, frozen=True):
    """The twelve months: ``[since, until)``, with days in ``zone``."""

    since: datetime
    until: datetime
    zone: str

    @property
    def last(self) -> date:
        """Its last day."""
        return self.until.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)


def works(
    cases: Iterable[Case],
    outcomes: Sequence[Outcome],
    span: Span,
    *,
    entrants: Sequence[Entrant] = (),
    floor: int = FLOOR,
) -> Works | None:
    """``cases`` are all deals that lived in ``span``, as they were known at its end; ``entrants`` all of their trials,
    also of before. None where none was decided.

    A deal counts once, as it last ended. What is kept is the value of saves that have not left since; every other
    decided deal counts with nothing.
    """
    sides = _sides(cases, outcomes)
    decided = _decided(sides, span)
    if not decided:
        return None
    trials = tried(entrants, {o.key: o for o in outcomes}, span.last, floor)
    beside = [t.trial.gap.p for t in trials if t.trial.gap is not None]
    still = [case for case, side in sides if side == "open"]
    counted = Counter(side for _, side in sides)
    lines = _lines(decided, still, beside, floor)
    return Works(
        since=span.since,
        quarter=span.until - QUARTER,
        until=span.until,
        saved=rate(sum(d.saved for d in decided), len(decided), floor=floor),
        kept=mean([d.kept for d in decided], floor=floor),
        lasting=_lasting(decided, floor),
        open=counted["open"],
        merged=counted["merged"],
        cleared=counted["cleared"],
        doorless=sum(not d.case.door for d in decided),
        lines=lines,
        standouts=_standouts(decided, span.until - QUARTER, floor),
        trials=_guarded(trials, [x.comparison.gap.p for x in lines if x.comparison.gap is not None]),
    )


def decided(cases: Iterable[Case], outcomes: Sequence[Outcome], span: Span) -> list[Decided]:
    """Of ``cases`` those that count on one of the two sides."""
    return _decided(_sides(cases, outcomes), span)


_Sides: TypeAlias = Sequence[tuple[Case, Ending]]


def _sides(cases: Iterable[Case], outcomes: Sequence[Outcome]) -> _Sides:
    by_key = {o.key: o for o in outcomes}
    return [(case, ending(case, by_key)) for case in cases]


def _decided(sides: _Sides, span: Span) -> list[Decided]:
    found, last = list[Decided](), span.last
    for case, side in sides:
        if side in {"saved", "not_saved"}:
            became = fate(case, last) if side == "saved" else ""
            kept = (case.kept_cents or 0) if became in {"held", "watched"} else 0
            found.append(Decided(case, side == "saved", kept, became))
    return found


def _guarded(trials: Sequence[Tried], others: Sequence[float]) -> tuple[Tried, ...]:
    """The trials by the guard that all comparisons of the report have in common; ``others`` are the p of the rest."""
    adjusted = iter(guard([*(t.trial.gap.p for t in trials if t.trial.gap is not None), *others]))
    return tuple(replace(t, trial=guarded(t.trial, next(adjusted))) if t.trial.gap else t for t in trials)


def _lines(decided: Sequence[Decided], still: Sequence[Case], beside: Sequence[float], floor: int) -> tuple[Line, ...]:
    """By dimension, the largest group first."""
    lots = {(dimension, name): lot for dimension in DIMENSIONS for name, lot in _lots(decided, dimension)}
    undecided = Counter((dimension, group(case, dimension)) for case in still for dimension in DIMENSIONS)
    compared = compare([_group(*key, lot) for key, lot in lots.items()], floor=floor, beside=beside)
    return tuple(_line(c, lot, undecided[key], floor) for c, (key, lot) in zip(compared, lots.items(), strict=True))


def _lots(decided: Iterable[Decided], dimension: Dimension) -> list[tuple[str, list[Decided]]]:
    """A deal of which nothing was ever finished has no door: held against the rest it would show only that deals
    which end early are not saved."""
    lots: defaultdict[str, list[Decided]] = defaultdict(list)
    for deal in decided:
        lots[group(deal.case, dimension)].append(deal)
    if dimension == "door":
        lots.pop("", None)
    return sorted(lots.items(), key=lambda lot: (-len(lot[1]), lot[0]))


def _group(dimension: str, name: str, lot: Sequence[Decided]) -> Group:
    return Group(dimension, name, sum(d.saved for d in lot), len(lot))


def _line(comparison: Comparison, lot: Sequence[Decided], undecided: int, floor: int) -> Line:
    return Line(comparison, mean([d.kept for d in lot], floor=floor), _lasting(lot, floor), undecided)


def _lasting(decided: Iterable[Decided], floor: int) -> Lasting:
    became = Counter(d.fate for d in decided)
    held, lost = became["held"], became["lost"]
    return Lasting(held, lost, became["watched"], rate(held, held + lost, floor=floor))


# --- who stood out a quarter ago --------------------------------------------------------------------------------------


def _standouts(decided: Sequence[Decided], quarter: datetime, floor: int) -> tuple[Standout, ...]:
    """The worst and the best group of each dimension by what was decided before ``quarter``; only groups of which there
    were enough then and since."""
    early = [d for d in decided if d.case.closed_at is not None and d.case.closed_at < quarter]
    late = [d for d in decided if d.case.closed_at is not None and d.case.closed_at >= quarter]
    found: list[Standout] = []
    for dimension in LOOKED_BACK:
        found += _picked(dimension, _counts(early, dimension), _counts(late, dimension), floor)
    return tuple(found)


def _counts(decided: Iterable[Decided], dimension: Dimension) -> dict[str, tuple[int, int]]:
    """Saved and decided by group, the groups by name."""
    return {name: (sum(d.saved for d in lot), len(lot)) for name, lot in sorted(_lots(decided, dimension))}


def _picked(
    dimension: str, before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]], floor: int
) -> list[Standout]:
    names = list(before)
    ranked = sorted((k / n, name) for name, (k, n) in before.items() if n >= max(floor, 1))
    if not ranked or ranked[0][0] == ranked[-1][0]:
        return []
    found = []
    for best, (_, name) in ((False, ranked[0]), (True, ranked[-1])):
        following = after.get(name, (0, 0))
        back = rebound(list(before.values()), names.index(name), following) if following[1] >= floor else None
        if back is not None:
            found.append(Standout(dimension, name, best, back))
    return found
