"""What became of the trials of a workspace: the deals that lots were drawn for, by the arm that the lot gave."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeAlias

from saveline.core.works import Ending, Entrant, Tried, ending
from saveline.core.workspace import Outcome
from saveline.evidence.trials import Assigned, intention_to_treat

_Key: TypeAlias = tuple[str, str, str]
"""A trial: its name and its two plays. One of the same name between other plays is another one."""


def tried(entrants: Iterable[Entrant], outcomes: Mapping[str, Outcome], last: date, floor: int) -> tuple[Tried, ...]:
    """Every trial by its name, up to the end of the day ``last``; verdicts are still without the report's guard.

    What a trial is, the lots say that were drawn for it, and not the settings of today.
    """
    by_trial: defaultdict[_Key, list[Entrant]] = defaultdict(list)
    for entrant in sorted(entrants, key=lambda e: (e.case.opened_at, e.case.deal_id)):
        by_trial[entrant.lot.trial, *entrant.lot.plays].append(entrant)
    return tuple(_tried(key, drawn, outcomes, last, floor) for key, drawn in sorted(by_trial.items()))


def _tried(key: _Key, drawn: Sequence[Entrant], outcomes: Mapping[str, Outcome], last: date, floor: int) -> Tried:
    name, new, usual = key
    first = _first(drawn)
    sides = [(e, ending(e.case, outcomes)) for e in first]
    deals = [_assigned(e, side == "saved") for e, side in sides if side in {"saved", "not_saved"}]
    trial = intention_to_treat(deals, new=new, usual=usual, floor=floor)
    counted = Counter((e.lot.arm, _undecided(side)) for e, side in sides)
    to = drawn[-1].lot.to
    return Tried(
        name,
        trial,
        to,
        to <= last,
        waves=tuple(sorted({e.lot.share for e in first if 0 < e.lot.share < 1})),
        open=(counted["new", "open"], counted["usual", "open"]),
        neither=(counted["new", "neither"], counted["usual", "neither"]),
        again=len(drawn) - len(first),
        alone=len(deals) - trial.new.rate.n - trial.usual.rate.n,
    )


def _first(drawn: Sequence[Entrant]) -> list[Entrant]:
    """An account counts once: its second deal is no second case, and whether it has one depends on how the first went.
    In a staggered start it would also stand in both arms."""
    found: dict[int, Entrant] = {}
    for entrant in drawn:
        found.setdefault(entrant.case.account.id, entrant)
    return list(found.values())


def _assigned(entrant: Entrant, saved: bool) -> Assigned:
    return Assigned(entrant.lot.play, entrant.case.opened_with, saved, entrant.lot.share)


def _undecided(side: Ending) -> str:
    return side if side == "open" else "neither" if side in {"merged", "cleared"} else ""
