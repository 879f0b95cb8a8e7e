"""What works: each group against the rest of its dimension, guarded against finding something by looking often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from saveline.core.certainty import FLOOR, Comparison, Gap, Group, Verdict
from saveline.evidence.gaps import detectable, gaps
from saveline.evidence.rates import rate

FALSE_ALARMS: Final = 0.05
"""Of a report's verdicts of better or worse, at most so many are expected to be chance; where nothing differs, at most
one report in twenty says so at all."""


def compare(groups: Sequence[Group], *, floor: int = FLOOR, beside: Sequence[float] = ()) -> tuple[Comparison, ...]:
    """All groups of all dimensions of one report, in the order given: the guard must see every comparison made.
    ``beside`` are the p of those that were made otherwise, as of trials.

    Each p is adjusted by Benjamini and Hochberg (1995, J. R. Stat. Soc. B 57:289) over all groups that have ``floor``
    cases on both sides. The interval of a gap is for that gap alone, so it may leave out nothing while the verdict is
    still "no difference shown". Groups are as they came, not drawn by lot: a verdict is no cause (docs/definitions.md).
    Raises ValueError where a dimension names a group twice.
    """
    rests = _rests(groups)
    tested = [at for at, group in enumerate(groups) if min(group.n, rests[at][1]) >= max(floor, 1)]
    found = gaps([(groups[at].k, groups[at].n, *rests[at]) for at in tested])
    guarded = guard([*(gap.p for gap in found), *beside])[: len(found)]
    told = dict(zip(tested, zip(found, guarded, strict=True), strict=True))
    alpha = FALSE_ALARMS / max(1, len(tested) + len(beside))
    return tuple(_line(group, rests[at], told.get(at), alpha, floor) for at, group in enumerate(groups))


def guard(ps: Sequence[float]) -> list[float]:
    """Adjusted p, in the order given: at most ``FALSE_ALARMS`` is a finding. By statsmodels."""
    if not ps:
        return []
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(list(ps), alpha=FALSE_ALARMS, method="fdr_bh")[1]]


def verdict(gap: Gap, adjusted: float) -> Verdict:
    if adjusted > FALSE_ALARMS or not gap.difference:
        return "no difference shown"
    return "better" if gap.difference > 0 else "worse"


def _rests(groups: Sequence[Group]) -> list[tuple[int, int]]:
    if len({(group.dimension, group.name) for group in groups}) != len(groups):
        raise ValueError("a dimension names a group twice")
    totals: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for group in groups:
        k, n = totals[group.dimension]
        totals[group.dimension] = k + group.k, n + group.n
    return [(totals[g.dimension][0] - g.k, totals[g.dimension][1] - g.n) for g in groups]


def _line(group: Group, rest: tuple[int, int], told: tuple[Gap, float] | None, alpha: float, floor: int) -> Comparison:
    own, other = rate(group.k, group.n, floor=floor), rate(*rest, floor=floor)
    if told is None:
        return Comparison(group.dimension, group.name, own, other, "not enough cases")
    gap, adjusted = told
    # At the strictest level that the guard may come to, so that the promise holds whatever the other groups show.
    more, less = detectable(rest[0] / rest[1], group.n, rest[1], alpha=alpha)
    said = verdict(gap, adjusted)
    return Comparison(group.dimension, group.name, own, other, said, gap, adjusted, more, less)
