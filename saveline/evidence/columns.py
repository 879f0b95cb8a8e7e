"""Cases as columns: what a quarter of a million stays say is counted at once, and not one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from saveline.core.cases import Case
from saveline.core.works import ending
from saveline.core.workspace import Outcome

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    Whole: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool]

MICROSECOND: Final = timedelta(microseconds=1)


class Ends(NamedTuple):
    """How deals ended, by their place among the cases: whether each is ``open``, whether it is ``decided`` and how
    (``saved``), and the moment at which it was ``closed``, of one that is not that from which moments are told."""

    open: Flags
    decided: Flags
    saved: Flags
    closed: Whole


def ends(cases: Sequence[Case], outcomes: Iterable[Outcome], since: datetime) -> Ends:
    """Moments are told from ``since``."""
    import numpy as np

    by_key = {o.key: o for o in outcomes}
    sides = [ending(case, by_key) for case in cases]
    saved = np.array([side == "saved" for side in sides], dtype=bool)
    lost = np.array([side == "not_saved" for side in sides], dtype=bool)
    still = np.array([case.outcome is None for case in cases], dtype=bool)
    return Ends(still, saved | lost, saved, moments([case.closed_at or since for case in cases], since))


class Stays(NamedTuple):
    """Stays in stages, those of a deal together and in their order: the place of the ``deal`` among the cases and of
    the ``stage`` in the pipeline, the moments at which it ``came`` and ``went``. Of one that is not ``gone``, the
    latter is the moment at which it was last seen.
    """

    deal: Whole
    stage: Whole
    came: Whole
    went: Whole
    gone: Flags

    def among(self, some: Whole | Flags) -> Stays:
        """Those at these places, or where it is true."""
        return Stays(self.deal[some], self.stage[some], self.came[some], self.went[some], self.gone[some])

    @property
    def first(self) -> Whole:
        """The places of each deal's first stay in each stage."""
        import numpy as np

        places: Whole = np.unique(self.stage + self._lift, return_index=True)[1]
        return places

    @property
    def furthest(self) -> Whole:
        """For each stay, the furthest stage that the deal came to then or later."""
        import numpy as np

        # Going back, each deal is lifted above those behind it, so that the maximum starts anew with it.
        highest: Whole = np.maximum.accumulate((self.stage + self._lift)[::-1])[::-1]
        return highest - self._lift

    @property
    def _lift(self) -> Whole:
        return -self.deal * (int(self.stage.max(initial=0)) + 1)


def stays(cases: Sequence[Case], stages: Sequence[str], since: datetime, end: datetime) -> Stays:
    """Every stay in one of the ``stages``, which are keys in the order of the pipeline; any other is left out. Whatever
    goes on was last seen at the ``end``; moments are told from ``since``."""
    import numpy as np

    place = {key: at for at, key in enumerate(stages)}
    passages = [p for case in cases for p in case.passages]
    found = Stays(
        np.repeat(np.arange(len(cases)), [len(case.passages) for case in cases]),
        np.array([place.get(p.stage, -1) for p in passages], dtype=np.int64),
        moments([p.since for p in passages], since),
        moments([p.until or end for p in passages], since),
        np.array([p.until is not None for p in passages], dtype=bool),
    )
    return found.among(found.stage >= 0)


def moments(told: Iterable[datetime], since: datetime) -> Whole:
    """In whole microseconds from ``since``, so that nothing is rounded."""
    import numpy as np

    return np.array([(at - since) // MICROSECOND for at in told], dtype=np.int64)
