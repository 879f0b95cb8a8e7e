"""How good past forecasts were: the chance that was given to each deal against what became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import TypeAlias

from saveline.core.certainty import FLOOR, Calibration, StageForecast
from saveline.core.facts import Fact
from saveline.evidence.rates import rate


class Forecast(Fact, frozen=True):
    """The ``chance`` (0 to 1) of a save that was given to a deal in ``stage``, and whether it was then saved.

    One per deal and stage, at its entry: a deal that is asked about every week would count as many times as it is slow.
    ``deals`` says how many of them are alike.
    """

    stage: str
    chance: float
    saved: bool
    deals: int = 1


def calibrate(forecasts: Iterable[Forecast], stages: Sequence[str], *, floor: int = FLOOR) -> Calibration:
    """Of decided deals only. ``stages`` in the order to print; those without a forecast are left out.

    Brier score (1950, Mon. Weather Rev. 78:1): the mean square of chance less outcome (1 or 0). Its three parts by
    Murphy (1973, J. Appl. Meteorol. 12:595), over forecasts of the same chance. Skill against the base rate of the
    same deals: 1 - brier / uncertainty. Below ``floor`` forecasts only their number. Raises ValueError on a chance
    outside 0 to 1.
    """
    alike = _alike(forecasts)
    n = sum(of for _, of in alike.values())
    if n < max(floor, 1):
        return Calibration(n)
    base = sum(k for k, _ in alike.values()) / n
    brier = fsum(k * (chance - 1) ** 2 + (of - k) * chance**2 for (_, chance), (k, of) in alike.items()) / n
    reliability, resolution = _murphy(alike, base)
    uncertainty = base * (1 - base)
    skill = 1 - brier / uncertainty if uncertainty else None
    lines = tuple(_of_stage(stage, alike, floor) for stage in stages)
    told = tuple(line for line in lines if line is not None)
    return Calibration(n, told, base, brier, reliability, resolution, uncertainty, skill)


_Alike: TypeAlias = Mapping[tuple[str, float], tuple[int, int]]
"""How many were saved, of how many, by stage and chance; in their order."""


def _alike(forecasts: Iterable[Forecast]) -> _Alike:
    found: dict[tuple[str, float], tuple[int, int]] = {}
    for f in forecasts:
        if not 0 <= f.chance <= 1:
            raise ValueError("a chance is between 0 and 1")
        k, n = found.get((f.stage, f.chance), (0, 0))
        found[f.stage, f.chance] = k + f.saved * f.deals, n + f.deals
    return dict(sorted(found.items()))


def _murphy(alike: _Alike, base: float) -> tuple[float, float]:
    by: defaultdict[float, list[int]] = defaultdict(lambda: [0, 0])
    for (_, chance), (k, n) in alike.items():
        by[chance][0] += k
        by[chance][1] += n
    total = sum(n for _, n in by.values())
    reliability = fsum(n * (chance - k / n) ** 2 for chance, (k, n) in by.items()) / total
    return reliability, fsum(n * (k / n - base) ** 2 for k, n in by.values()) / total


def _of_stage(stage: str, alike: _Alike, floor: int) -> StageForecast | None:
    seen = [(chance, k, n) for (name, chance), (k, n) in alike.items() if name == stage]
    if not seen:
        return None
    n = sum(n for _, _, n in seen)
    said = fsum(chance * n for chance, _, n in seen) / n
    return StageForecast(stage, said, rate(sum(k for _, k, _ in seen), n, floor=floor))
