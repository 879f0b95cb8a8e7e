"""How many deals are saved, lost or let go by which day, each outcome being the end of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from saveline.core.certainty import FLOOR, Incidence, ShareAt
from saveline.core.facts import Fact
from saveline.evidence.rates import wilson
from saveline.evidence.survival import ROUNDING, worth

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Course(Fact, frozen=True):
    """A deal from its opening: it ended with ``outcome`` after ``days``, or was open when last seen (None)."""

    days: float
    outcome: str | None


def incidence(
    courses: Iterable[Course], outcomes: Sequence[str], at: Sequence[float], *, floor: int = FLOOR
) -> tuple[Incidence, ...]:
    """Aalen and Johansen (1978, Scand. J. Stat. 5:141) by statsmodels: the share with each outcome after days ``at``.

    Kaplan-Meier of saves alone would count a lost deal as one that may still be saved, and promise too much. The
    interval is Wilson's for as many cases as the share is worth (see ``survival.stay``), the variance that of Dinse
    and Larson (1986, Biometrika 73:379). Below ``floor`` deals only counts. Raises ValueError on another outcome.

    Not lifelines: it moves deals that end on the same day apart by chance, so that no two reports would be alike, and
    some would leave the day they are counted on. tests/evidence holds the two against each other.
    """
    import numpy as np

    told = list(courses)
    number: dict[str | None, int] = {None: 0, **{name: at for at, name in enumerate(outcomes, 1)}}
    if any(course.outcome not in number for course in told):
        raise ValueError("a deal ended with an outcome that is not among those asked for")
    days = np.array([course.days for course in told], dtype=float)
    kinds = np.array([number[course.outcome] for course in told], dtype=int)
    return of_columns(days, kinds, outcomes, at, floor=floor)


def of_columns(
    days: NDArray[np.float64],
    kinds: NDArray[np.int64],
    outcomes: Sequence[str],
    at: Sequence[float],
    *,
    floor: int = FLOOR,
) -> tuple[Incidence, ...]:
    """The same of deals that are given as columns: ``kinds`` are 0 for one that was open when last seen, 1 for the
    first of the ``outcomes`` and so on."""
    import numpy as np

    counts = np.bincount(kinds, minlength=len(outcomes) + 1).tolist()[1:]
    if len(days) < max(floor, 1):
        return tuple(map(Incidence, outcomes, counts))
    curves = _Curves(days, kinds, len(outcomes))
    return tuple(
        Incidence(name, counts[number], tuple(curves.share(number, days) for days in at))
        for number, name in enumerate(outcomes)
    )


class _Curves:
    """The share with each outcome, rising on ``times``, on which any deal ended or was last seen."""

    def __init__(self, days: NDArray[np.float64], kinds: NDArray[np.int64], outcomes: int) -> None:
        import numpy as np
        from statsmodels.duration.survfunc import CumIncidenceRight

        self.days = days
        # Its variance divides by nothing when the last deal watched has ended; ``worth`` then looks a step back.
        with np.errstate(all="ignore"):
            fitted: Any = CumIncidenceRight(days, kinds)
        self.times: NDArray[np.float64] = fitted.times
        nothing = np.zeros(len(self.times))
        lacking = outcomes - len(fitted.cinc)
        self.shares: list[NDArray[np.float64]] = [*fitted.cinc, *[nothing] * lacking]
        self.errors: list[NDArray[np.float64]] = [*fitted.cinc_se, *[nothing] * lacking]

    def share(self, number: int, days: float) -> ShareAt:
        import numpy as np

        watched = int((self.days >= days).sum())
        step = int(np.searchsorted(self.times, days, side="right")) - 1
        ended = sum(float(curve[step]) for curve in self.shares) if step >= 0 else 0.0
        if not watched and ended < 1 - ROUNDING:
            return ShareAt(days, watched)
        found = min(1.0, float(self.shares[number][step])) if step >= 0 else 0.0
        # What no deal has come to yet is worth as many cases as were watched for so long.
        cases = self._worth(number, step, max(watched, 1))
        return ShareAt(days, watched, found, *wilson(found * cases, cases))

    def _worth(self, number: int, step: int, watched: int) -> float:
        if step < 0:
            return float(watched)
        return worth(self.shares[number][step::-1], self.errors[number][step::-1], float(watched))
