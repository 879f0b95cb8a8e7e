"""The chance of a save learned from decided deals, by stage and by days in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from saveline.core.certainty import FLOOR, Learned
from saveline.core.facts import Fact
from saveline.core.intervals import Rate
from saveline.evidence.rates import rate
from saveline.evidence.shrinkage import Prior, prior


class Visit(Fact, frozen=True):
    """A decided deal's stay in a stage: how many days, and whether the deal was saved in the end."""

    stage: str
    days: float
    saved: bool


def by_stage(visits: Iterable[Visit], stages: Sequence[str]) -> tuple[Learned, ...]:
    """For each of ``stages`` the chance of a save once a deal has come there: its share drawn toward that of all.

    ``(k + w s) / (n + w)``: ``s`` and ``w`` by ``shrinkage.prior`` over all stages; the 95 % interval is that of the
    beta distribution with ``k + w s`` and ``n - k + w (1 - s)`` (scipy; Gelman et al. 2013, Bayesian Data Analysis,
    ch. 2 and 5). A stage that nobody has been in gets the rate of all. Nothing at all without a visit.
    """
    return of_counts(_counts(visits), stages)


def of_counts(counts: Mapping[str, tuple[int, int]], stages: Sequence[str]) -> tuple[Learned, ...]:
    """The same from how many deals were saved, and how many there were, by stage."""
    common = prior([counts.get(stage, (0, 0)) for stage in stages])
    if common is None:
        return ()
    seen = [(stage, counts.get(stage, (0, 0))) for stage in stages]
    return tuple(_line(stage, k_n, common.at_most(common.cases - k_n[1])) for stage, k_n in seen)


def by_days(visits: Sequence[Visit], stages: Sequence[str], edges: Sequence[float]) -> tuple[Learned, ...]:
    """As ``by_stage``, for deals that have been in the stage for at least ``edges[i]`` days and not ``edges[i + 1]``.

    A deal of twenty days was once one of three days: it counts in every band it came to, so that a chance answers
    "it has been here for so long: what now?". Bands are drawn toward their stage's own chance. Only bands with
    ``FLOOR`` deals, and only where the stage has two such: else ``by_stage`` says all there is. ``edges`` rise, from 0.
    """
    whole = {line.stage: line for line in by_stage(visits, stages)}
    ends: list[float | None] = [*edges[1:], None]
    lines: list[Learned] = []
    for stage in stages:
        came = [[v for v in visits if v.stage == stage and v.days >= start] for start in edges]
        counted = [(sum(v.saved for v in band), len(band)) for band in came]
        told = [
            (band, k_n) for band, k_n in zip(zip(edges, ends, strict=True), counted, strict=True) if k_n[1] >= FLOOR
        ]
        among = prior(_apart(counted))
        if len(told) < 2 or among is None:
            continue
        toward = Prior(whole[stage].chance, among.weight, among.cases).at_most(among.cases)
        lines += [_line(stage, k_n, toward, band) for band, k_n in told]
    return tuple(lines)


def _apart(counted: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of nested bands the cases that are in one and not in the next: those are independent, as the prior needs."""
    return [(k - j, n - m) for (k, n), (j, m) in pairwise([*counted, (0, 0)])]


def _counts(visits: Iterable[Visit]) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for visit in visits:
        k, n = counts.get(visit.stage, (0, 0))
        counts[visit.stage] = k + visit.saved, n + 1
    return counts


def _line(
    stage: str, counted: tuple[int, int], toward: Prior, band: tuple[float, float | None] | None = None
) -> Learned:
    k, n = counted
    seen: Rate = rate(k, n, floor=1)
    chance = toward.believed(k, n)
    if not 0 < chance < 1:
        return Learned(stage, seen, chance, *_of_one_kind(seen), band)
    from scipy.stats import beta

    low, high = beta.ppf([0.025, 0.975], k + toward.weight * toward.share, n - k + toward.weight * (1 - toward.share))
    return Learned(stage, seen, chance, float(low), float(high), band)


def _of_one_kind(seen: Rate) -> tuple[float, float]:
    """All deals there are ended alike: the beta distribution is then a point, which would be surer than anybody is."""
    return (0.0, 1.0) if seen.low is None or seen.high is None else (seen.low, seen.high)
