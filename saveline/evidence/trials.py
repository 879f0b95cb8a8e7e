"""Two arms that were drawn by lot: a holdout, or a staggered start while only the first half has begun."""

from __future__ import annotations

from collections.abc import Sequence

from saveline.core.certainty import FLOOR, Arm, Trial
from saveline.core.facts import Fact
from saveline.evidence.comparisons import verdict
from saveline.evidence.gaps import gaps
from saveline.evidence.rates import rate


class Assigned(Fact, frozen=True):
    """One deal of a trial: the arm it was assigned to, the one it was then treated as, and whether it was saved."""

    arm: str
    got: str
    saved: bool


def intention_to_treat(deals: Sequence[Assigned], *, new: str, usual: str, floor: int = FLOOR) -> Trial:
    """The share saved of all assigned to ``new`` less that of all assigned to ``usual``, whatever they got.

    Who changes arms does so for a reason, and counting by what was got would bring that reason into the figure
    (Montori and Guyatt 2001, CMAJ 165:1339). For a staggered start give the deals that were decided while only one
    arm had begun. One question asked once: no guard. Raises ValueError on another arm, or where ``new`` is ``usual``.
    """
    if new == usual or any(deal.arm not in {new, usual} for deal in deals):
        raise ValueError("a trial has two arms, and every deal was assigned to one of them")
    treated, control = (_arm(name, deals, floor) for name in (new, usual))
    if min(treated.rate.n, control.rate.n) < max(floor, 1):
        return Trial(treated, control, "not enough cases")
    (gap,) = gaps([(treated.rate.k, treated.rate.n, control.rate.k, control.rate.n)])
    return Trial(treated, control, verdict(gap, gap.p), gap)


def _arm(name: str, deals: Sequence[Assigned], floor: int) -> Arm:
    own = [deal for deal in deals if deal.arm == name]
    saved, other = sum(deal.saved for deal in own), sum(deal.got != name for deal in own)
    return Arm(name, rate(saved, len(own), floor=floor), other)
