"""Two arms that were drawn by lot: a holdout, or a staggered start while only some of the accounts have begun."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from saveline.core.certainty import FLOOR, Arm, Trial
from saveline.core.facts import Fact
from saveline.evidence.comparisons import verdict
from saveline.evidence.gaps import pooled
from saveline.evidence.rates import rate


class Assigned(Fact, frozen=True):
    """One deal of a trial: the arm it was assigned to, the one it was then treated as, and whether it was saved.

    ``share`` (0 to 1) of the accounts were assigned to the new arm at that time.
    """

    arm: str
    got: str
    saved: bool
    share: float = 0.5


def intention_to_treat(deals: Sequence[Assigned], *, new: str, usual: str, floor: int = FLOOR) -> Trial:
    """The share saved of all assigned to ``new`` less that of all assigned to ``usual``, whatever they got.

    Who changes arms does so for a reason, and counting by what was got would bring that reason into the figure
    (Montori and Guyatt 2001, CMAJ 165:1339). Deals are held only against such as had the same chance: with a staggered
    start most of the usual arm is early and most of the new one late, and what changed meanwhile would be taken for
    the play's doing. So what was drawn while only one arm was given, or has no other arm yet, is left out. By itself, a
    trial needs no guard; :func:`guarded` gives it the one of a report. Raises ValueError on another arm, or where
    ``new`` is ``usual``.
    """
    if new == usual or any(deal.arm not in {new, usual} for deal in deals):
        raise ValueError("a trial has two arms, and every deal was assigned to one of them")
    strata = [lot for lot in _strata(deals) if {deal.arm for deal in lot} == {new, usual}]
    held = [deal for lot in strata for deal in lot]
    treated, control = (_arm(name, held, floor) for name in (new, usual))
    if min(treated.rate.n, control.rate.n) < max(floor, 1):
        return Trial(treated, control, "not enough cases")
    gap = pooled([(*_counts(new, lot), *_counts(usual, lot)) for lot in strata])
    return Trial(treated, control, verdict(gap, gap.p), gap)


def guarded(trial: Trial, adjusted: float) -> Trial:
    """The same where it is one of many comparisons, by its p after the guard of :func:`.comparisons.guard`."""
    if trial.gap is None:
        return trial
    return replace(trial, verdict=verdict(trial.gap, adjusted), adjusted=adjusted)


def _strata(deals: Sequence[Assigned]) -> list[list[Assigned]]:
    return [[deal for deal in deals if deal.share == share] for share in sorted({deal.share for deal in deals})]


def _counts(arm: str, deals: Sequence[Assigned]) -> tuple[int, int]:
    own = [deal.saved for deal in deals if deal.arm == arm]
    return sum(own), len(own)


def _arm(name: str, deals: Sequence[Assigned], floor: int) -> Arm:
    own = [deal for deal in deals if deal.arm == name]
    saved, other = sum(deal.saved for deal in own), sum(deal.got != name for deal in own)
    return Arm(name, rate(saved, len(own), floor=floor), other)
