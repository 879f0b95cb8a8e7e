"""Several runs of the same rehearsal, each with luck of its own: how often something holds, and how it varies."""

from __future__ import annotations

from collections.abc import Sequence

from saveline.core.facts import Fact
from saveline.core.intervals import Rate, rate
from saveline.core.rehearsal_report import Promise, Rehearsed


class Often(Fact, frozen=True):
    """In how many runs a department carried its load, and the most tasks open in the mildest and the worst run."""

    department: str
    title: str
    carries: Rate
    least: int
    most: int
    places: int


class Pooled(Fact, frozen=True):
    """All runs together. Deals of one run share people, so that the intervals of ``promises`` are a little narrow."""

    runs: int
    promises: tuple[Promise, ...]
    departments: tuple[Often, ...]


def pool(reports: Sequence[Rehearsed]) -> Pooled:
    """Raises ValueError without any run."""
    if not reports:
        raise ValueError("no run")
    plays = dict.fromkeys(p.play for r in reports for p in r.promises)
    departments = dict.fromkeys(c.department for r in reports for c in r.carried)
    return Pooled(
        len(reports),
        tuple(_promise(play, reports) for play in plays),
        tuple(_often(department, reports) for department in departments),
    )


def _promise(play: str, reports: Sequence[Rehearsed]) -> Promise:
    of = [p for r in reports for p in r.promises if p.play == play]
    held = rate(sum(p.held.k for p in of), sum(p.held.n for p in of))
    ready = rate(sum(p.ready.k for p in of), sum(p.ready.n for p in of))
    return Promise(play, sum(p.deals for p in of), held, ready)


def _often(department: str, reports: Sequence[Rehearsed]) -> Often:
    """A department without any work in a run carries it."""
    of = [c for r in reports for c in r.carried if c.department == department]
    holds = len(reports) - sum(not c.carries for c in of)
    peaks = [c.open_most for c in of] + [0] * (len(reports) - len(of))
    worst = max(of, key=lambda c: c.open_most)
    return Often(department, worst.title, rate(holds, len(reports)), min(peaks), max(peaks), worst.places)
