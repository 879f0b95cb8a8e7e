"""How good past forecasts were: the chance that was given to each deal against what became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import fsum

from saveline.core.certainty import FLOOR, Calibration, StageForecast
from saveline.core.facts import Fact
from saveline.evidence.rates import rate


class Forecast(Fact, frozen=True):
    """The ``chance`` (0 to 1) of a save that was given to a deal in ``stage``, and whether it was then saved.

    One per deal and stage, at its entry: a deal that is asked about every week would count as many times as it is slow.
    """

    stage: str
    chance: float
    saved: bool


def calibrate(forecasts: Iterable[Forecast], stages: Sequence[str], *, floor: int = FLOOR) -> Calibration:
    """Of decided deals only. ``stages`` in the order to print; those without a forecast are left out.

    Brier score (1950, Mon. Weather Rev. 78:1): the mean square of chance less outcome (1 or 0). Its three parts by
    Murphy (1973, J. Appl. Meteorol. 12:595), over forecasts of the same chance. Skill against the base rate of the
    same deals: 1 - brier / uncertainty. Below ``floor`` forecasts only their number. Raises ValueError on a chance
    outside 0 to 1.
    """
    seen = sorted(forecasts, key=lambda f: (f.stage, f.chance, f.saved))
    if any(not 0 <= f.chance <= 1 for f in seen):
        raise ValueError("a chance is between 0 and 1")
    n = len(seen)
    if n < max(floor, 1):
        return Calibration(n)
    base = sum(f.saved for f in seen) / n
    brier = fsum((f.chance - f.saved) ** 2 for f in seen) / n
    reliability, resolution = _murphy(seen, base)
    uncertainty = base * (1 - base)
    skill = 1 - brier / uncertainty if uncertainty else None
    lines = tuple(_of_stage(stage, [f for f in seen if f.stage == stage], floor) for stage in stages)
    told = tuple(line for line in lines if line is not None)
    return Calibration(n, told, base, brier, reliability, resolution, uncertainty, skill)


def _murphy(seen: Sequence[Forecast], base: float) -> tuple[float, float]:
    alike: defaultdict[float, list[bool]] = defaultdict(list)
    for forecast in seen:
        alike[forecast.chance].append(forecast.saved)
    shares = [(len(ends), chance, sum(ends) / len(ends)) for chance, ends in alike.items()]
    reliability = fsum(n * (chance - share) ** 2 for n, chance, share in shares) / len(seen)
    return reliability, fsum(n * (share - base) ** 2 for n, _, share in shares) / len(seen)


def _of_stage(stage: str, seen: Sequence[Forecast], floor: int) -> StageForecast | None:
    if not seen:
        return None
    said = fsum(f.chance for f in seen) / len(seen)
    return StageForecast(stage, said, rate(sum(f.saved for f in seen), len(seen), floor=floor))
