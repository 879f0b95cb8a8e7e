"""What saves cost: hours, concessions and value of the decided deals of a year, by how they ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from saveline.core.cases import Case
from saveline.core.certainty import FLOOR
from saveline.core.facts import Fact
from saveline.core.value import ConcessionLine, CostLine, Effort, Mean, Value, let_go
from saveline.core.workspace import Outcome
from saveline.evidence.money import mean
from saveline.evidence.works import Span, decided

NOTHING: Effort = Effort()


class _Spent(Fact, frozen=True):
    """A decided deal with what is kept of it, in cents, and what it has taken."""

    case: Case
    saved: bool
    kept: int
    effort: Effort


def value(
    cases: Iterable[Case],
    outcomes: Sequence[Outcome],
    span: Span,
    *,
    efforts: Mapping[int, Effort],
    concessions: tuple[ConcessionLine, ...] = (),
    floor: int = FLOOR,
) -> Value | None:
    """``cases`` as for ``evidence.works``, ``efforts`` by the deal's number. None where no deal was decided and no
    concession is to be told."""
    spent = [
        _Spent(d.case, d.saved, d.kept, efforts.get(d.case.deal_id, NOTHING)) for d in decided(cases, outcomes, span)
    ]
    if not spent and not concessions:
        return None
    lines = tuple(_line(o, [d for d in spent if d.case.outcome == o.key], floor) for o in outcomes if not o.cleared)
    return Value(
        since=span.since,
        until=span.until,
        lines=lines,
        hours=_hours(spent, floor),
        kept_there_cents=sum(d.kept for d in spent if d.effort.hours is not None),
        saved_hours=_hours([d for d in spent if d.saved], floor),
        concessions=concessions,
    )


def _line(outcome: Outcome, ended: Sequence[_Spent], floor: int) -> CostLine:
    return CostLine(
        outcome.key,
        outcome.title,
        outcome.saved,
        let_go(outcome),
        deals=len(ended),
        arr_cents=sum(d.case.arr_cents for d in ended),
        kept_cents=sum(d.kept for d in ended),
        hours=_hours(ended, floor),
        conceding=sum(bool(d.effort.granted) for d in ended),
        concessions=sum(len(d.effort.granted) for d in ended),
    )


def _hours(deals: Iterable[_Spent], floor: int) -> Mean:
    """Reckoned in hundredths of an hour, whose bootstrap is that of cents."""
    found = mean([round(100 * d.effort.hours) for d in deals if d.effort.hours is not None], floor=floor)
    middle, low, high = (None if x is None else x / 100 for x in (found.mean, found.low, found.high))
    return Mean(found.n, found.total / 100, middle, low, high)
