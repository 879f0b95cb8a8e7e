"""Time in a stage, where the deals that are still in it count for as long as they have been seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from saveline.core.certainty import FLOOR, Quantile, ShareAt, Stay
from saveline.core.facts import Fact
from saveline.evidence.rates import wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDING: Final = 1e-9
"""The library multiplies shares by adding logarithms, so that a half may come out a hair above or below it."""


class Spell(Fact, frozen=True):
    """A deal's time in a stage, in days. ``gone``: it left after ``days``; else it was still there when last seen.

    ``since`` is the day of its stay on which it was first watched (left truncation): a deal that was imported after
    ten days in its stage could not have been seen leaving before, and counts from day ten on.
    """

    days: float
    gone: bool
    since: float = 0.0


def stay(spells: Iterable[Spell], at: Sequence[float], *, floor: int = FLOOR) -> Stay:
    """Kaplan and Meier (1958, J. Am. Stat. Assoc. 53:457) by statsmodels: quartiles, and shares after days ``at``.

    A quantile is the first day by which that share had gone, with the log-log interval of Brookmeyer and Crowley
    (1982, Biometrics 38:29). A share's interval is Wilson's for as many cases as Greenwood's variance says the share is
    worth (Dorey and Korn 1987, Stat. Med. 6:679): with no deal open it is that of a plain rate. Spells that were never
    watched (``days <= since``, but for those that left on day 0) are left out. Below ``floor`` only counts.
    """
    import numpy as np

    told = list(spells)
    return of_columns(
        np.array([spell.days for spell in told], dtype=float),
        np.array([spell.gone for spell in told], dtype=bool),
        np.array([spell.since for spell in told], dtype=float),
        at,
        floor=floor,
    )


def of_columns(
    days: NDArray[np.float64],
    gone: NDArray[np.bool],
    since: NDArray[np.float64],
    at: Sequence[float],
    *,
    floor: int = FLOOR,
) -> Stay:
    """The same of spells that are given as columns."""
    seen = (days > since) | (days == 0)
    curve = _Curve(days[seen], gone[seen], since[seen])
    if curve.n < max(floor, 1):
        return Stay(curve.n, curve.gone)
    shares = tuple(curve.share(days) for days in at)
    return Stay(curve.n, curve.gone, curve.quantile(0.25), curve.quantile(0.5), curve.quantile(0.75), shares)


class _Curve:
    """The share still there, falling on ``times``; before the first of them it is 1."""

    def __init__(self, days: NDArray[np.float64], gone: NDArray[np.bool], since: NDArray[np.float64]) -> None:
        self.days, self.since = days, since
        self.n, self.gone = len(gone), int(gone.sum())
        self.fitted: Any = self._fit(gone.astype(int)) if self.gone else None

    def _fit(self, gone: NDArray[np.int_]) -> Any:
        import numpy as np
        from statsmodels.duration.survfunc import SurvfuncRight

        # Who was there from the start was there before anybody left on day 0.
        entry = np.where(self.since > 0, self.since, -1.0) if self.since.any() else None
        with np.errstate(all="ignore"):
            return SurvfuncRight(self.days, gone, entry=entry)

    def watched(self, days: float) -> int:
        return int(((self.days >= days) & (self.since < max(days, ROUNDING))).sum())

    def share(self, days: float) -> ShareAt:
        """Beyond the last deal seen, nobody knows, unless all have left."""
        import numpy as np

        watched = self.watched(days)
        step = -1 if self.fitted is None else int(np.searchsorted(self.fitted.surv_times, days, side="right")) - 1
        left = 1.0 if step < 0 else float(self.fitted.surv_prob[step])
        if not watched and left > ROUNDING:
            return ShareAt(days, watched)
        worth = float(watched) if step < 0 else self._worth(step)
        return ShareAt(days, watched, left, *wilson(left * worth, worth))

    def _worth(self, step: int) -> float:
        fitted = self.fitted
        return worth(fitted.surv_prob[step::-1], fitted.surv_prob_se[step::-1], float(fitted.n_risk[0]))

    def quantile(self, gone: float) -> Quantile:
        import numpy as np

        if self.fitted is None:
            return Quantile()
        reached = np.flatnonzero(self.fitted.surv_prob <= 1 - gone + ROUNDING)
        days = float(self.fitted.surv_times[reached[0]]) if len(reached) else None
        with np.errstate(all="ignore"):
            low, high = (float(limit) for limit in self.fitted.quantile_ci(gone))
        if np.isnan(low):
            # So many left on one day that the share cannot have been crossed on another.
            return Quantile(days, days, days)
        return Quantile(days, low, high if np.isfinite(high) else None)


def worth(shares: Iterable[float], errors: Iterable[float], otherwise: float) -> float:
    """How many cases a share is worth: ``share (1 - share) / variance``, from the latest step at which there is one.

    There is none while the share is all or nothing. Shares and standard errors come latest first.
    """
    for share, error in zip(shares, errors, strict=True):
        if ROUNDING < share < 1 - ROUNDING and error > 0:
            return float(share * (1 - share) / error**2)
    return otherwise
