"""How people behave in a rehearsal: how soon they answer, how often they stay silent, refuse, ask or are away.

The figures come from ``rehearsal:`` of the settings, and for departments of which enough is known, from the history.
Times are minutes of the person's own working time, counted from when they get to a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Final

from saveline.core.facts import Fact

HOUR: Final = 60
DAY: Final = 8 * HOUR
"""Minutes in a business day of the settings: what people call a day of work, whatever hours somebody keeps."""
NINE_TIMES: Final = 9.0
"""The odds at nine in ten: how the two figures of a delay become a curve."""
TAIL: Final = 0.995
"""No answer takes longer than what one in two hundred does: such a task counts as forgotten."""


class Delay(Fact, frozen=True):
    """How long something takes: half of all within ``half`` minutes, nine in ten within ``most``.

    With ``measured``, minutes at equal steps from the quickest to the slowest, those are the truth.
    """

    half: float
    most: float
    measured: tuple[float, ...] = ()

    def minutes(self, share: float) -> int:
        """The time that ``share`` of all answers take at most."""
        if self.measured:
            at = share * (len(self.measured) - 1)
            low, part = int(at), at - int(at)
            high = min(low + 1, len(self.measured) - 1)
            return round(self.measured[low] * (1 - part) + self.measured[high] * part)
        # A log-logistic curve: it is fixed by its middle and its ninth tenth, and has the long tail that answers have.
        share = min(max(share, 1 - TAIL), TAIL)
        if self.half <= 0 or self.most <= self.half:
            return round(self.half)
        steepness = log(self.most / self.half) / log(NINE_TIMES)
        return round(self.half * float((share / (1 - share)) ** steepness))


class Habits(Fact, frozen=True):
    """What may be expected of anybody in a department. Shares are from 0 to 1, of tasks.

    ``at_once`` is how many open tasks a person works on whose capacity is not known; further ones wait their turn.
    ``silent`` tasks rest until they were escalated ``wakes_after`` times, ``forgotten`` ones for ever. Each person is
    away ``days_away`` working days a year, ``days_in_a_row`` at a time, with a substitute in a share ``substituted``.
    """

    seen: Delay = Delay(2 * HOUR, DAY)
    done: Delay = Delay(6 * HOUR, 3 * DAY)
    silent: float = 0.06
    wakes_after: int = 1
    forgotten: float = 0.01
    cannot: float = 0.03
    help: float = 0.03
    at_once: int = 10
    days_away: float = 25.0
    days_in_a_row: int = 5
    substituted: float = 0.7


class Learned(Fact, frozen=True):
    """What was taken from the history instead of the settings, and from how many cases."""

    of: str
    what: str
    n: int


class Behaviour(Fact, frozen=True):
    """Everybody's habits, and the weights of what they say.

    ``outcomes`` are by ``PLAY.TASK``, ``answers`` by ``PLAY.TASK.QUESTION``; ``ends`` weighs the deal's outcomes and
    ``causes`` why accounts come to be at risk. What has no weights has equal ones. ``learned`` says what is measured.
    """

    everybody: Habits = Habits()
    departments: Mapping[str, Habits] = {}
    outcomes: Mapping[str, Mapping[str, float]] = {}
    answers: Mapping[str, Mapping[str, float]] = {}
    ends: Mapping[str, float] = {}
    causes: Mapping[str, float] = {}
    learned: tuple[Learned, ...] = ()

    def of(self, department: str | None) -> Habits:
        return self.departments.get(department or "", self.everybody)
