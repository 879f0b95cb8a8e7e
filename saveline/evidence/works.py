"""What works: the decided deals of a year by play, cause, segment and door, all of them in one comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias
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

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    whole = _lot(decided, span.until - QUARTER)
    lots = {dimension: _lots(whole, [group(d.case, dimension) for d in decided]) for dimension in DIMENSIONS}
    lines = _lines(lots, still, beside, floor)
    return Works(
        since=span.since,
        quarter=span.until - QUARTER,
        until=span.until,
        saved=rate(*whole.counts, floor=floor),
        kept=mean(whole.kept.tolist(), floor=floor),
        lasting=_lasting(whole, floor),
        open=counted["open"],
        merged=counted["merged"],
        cleared=counted["cleared"],
        doorless=sum(not d.case.door for d in decided),
        lines=lines,
        standouts=_standouts(lots, floor),
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


# --- every group ------------------------------------------------------------------------------------------------------


class _Lot(NamedTuple):
    """Decided deals as columns: whether each was ``saved``, the cents that are ``kept``, the place in :data:`_FATES` of
    what became of it, and whether it was decided ``early``, before the last quarter."""

    saved: NDArray[np.bool]
    kept: NDArray[np.int64]
    fate: NDArray[np.int64]
    early: NDArray[np.bool]

    def among(self, some: NDArray[np.bool]) -> _Lot:
        """Those where it is true."""
        return _Lot(self.saved[some], self.kept[some], self.fate[some], self.early[some])

    @property
    def counts(self) -> tuple[int, int]:
        """How many were saved, and how many there are."""
        return int(self.saved.sum()), len(self.saved)


_Lots: TypeAlias = Sequence[tuple[str, _Lot]]
"""The groups of a dimension by name, the largest first."""
_FATES: Final = ("", "held", "lost", "watched")


def _lot(decided: Sequence[Decided], quarter: datetime) -> _Lot:
    import numpy as np

    place = {fate: at for at, fate in enumerate(_FATES)}
    return _Lot(
        np.array([d.saved for d in decided], dtype=bool),
        np.array([d.kept for d in decided], dtype=np.int64),
        np.array([place[d.fate] for d in decided], dtype=np.int64),
        np.array([d.case.closed_at is not None and d.case.closed_at < quarter for d in decided], dtype=bool),
    )


def _lots(whole: _Lot, names: Sequence[str]) -> _Lots:
    """By the name of each deal's group."""
    import numpy as np

    number = {name: at for at, name in enumerate(dict.fromkeys(names))}
    group_of = np.array([number[name] for name in names])
    lots = [(name, whole.among(group_of == at)) for name, at in number.items()]
    return sorted(lots, key=lambda lot: (-len(lot[1].saved), lot[0]))


def _lines(
    lots_by: Mapping[Dimension, _Lots], still: Sequence[Case], beside: Sequence[float], floor: int
) -> tuple[Line, ...]:
    """By dimension, the largest group first. A deal of which nothing was ever finished has no door: held against the
    rest it would show only that deals which end early are not saved."""
    lots = {(by, name): lot for by, named in lots_by.items() for name, lot in named if name or by != "door"}
    undecided = Counter((dimension, group(case, dimension)) for case in still for dimension in DIMENSIONS)
    compared = compare([Group(*key, *lot.counts) for key, lot in lots.items()], floor=floor, beside=beside)
    return tuple(_line(c, lot, undecided[key], floor) for c, (key, lot) in zip(compared, lots.items(), strict=True))


def _line(comparison: Comparison, lot: _Lot, undecided: int, floor: int) -> Line:
    return Line(comparison, mean(lot.kept.tolist(), floor=floor), _lasting(lot, floor), undecided)


def _lasting(lot: _Lot, floor: int) -> Lasting:
    import numpy as np

    _, held, lost, watched = np.bincount(lot.fate, minlength=len(_FATES)).tolist()
    return Lasting(held, lost, watched, rate(held, held + lost, floor=floor))


# --- who stood out a quarter ago --------------------------------------------------------------------------------------


def _standouts(lots: Mapping[Dimension, _Lots], floor: int) -> tuple[Standout, ...]:
    """The worst and the best group of each dimension by what was decided before the last quarter; only groups of which
    there were enough then and since."""
    found: list[Standout] = []
    for dimension in LOOKED_BACK:
        named = sorted(lots[dimension], key=lambda lot: lot[0])
        before = {name: lot.among(lot.early).counts for name, lot in named if lot.early.any()}
        after = {name: lot.among(~lot.early).counts for name, lot in named}
        found += _picked(dimension, before, after, floor)
    return tuple(found)


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
