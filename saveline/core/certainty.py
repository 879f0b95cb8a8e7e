"""How sure a figure is, as frozen values: what ``saveline.evidence`` works out and reports carry.

They stand in the core so that a report, a template or a chart can hold them without loading a statistics library.
Shares are 0 to 1, money is whole cents, times are days. An interval is 95 % unless it says otherwise. A figure that
is None was not worked out, because there were too few cases or because nothing could be said honestly.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from saveline.core.facts import Fact
from saveline.core.intervals import Rate

FLOOR: Final = 10
"""Cases below which a report says "not enough cases", unless it is given another floor."""

Method: TypeAlias = Literal["", "studentized", "percentile", "t"]
Verdict: TypeAlias = Literal["better", "worse", "no difference shown", "not enough cases"]


class MoneyMean(Fact, frozen=True):
    """The mean of ``n`` amounts in cents with its interval ``low`` to ``high``, and how that was found.

    The total's interval is that of the mean times ``n``: of these deals, had they come out otherwise by chance.
    """

    n: int
    total: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    method: Method = ""

    @property
    def total_low(self) -> float | None:
        return None if self.low is None else self.low * self.n

    @property
    def total_high(self) -> float | None:
        return None if self.high is None else self.high * self.n


class Gap(Fact, frozen=True):
    """One share less another, with its interval, and ``p``: how often chance alone gives a gap at least as unlikely."""

    difference: float
    low: float
    high: float
    p: float


class Group(Fact, frozen=True):
    """What is compared: of the ``n`` deals of a ``group`` of a ``dimension`` (play, cause, …), ``k`` were saved."""

    dimension: str
    name: str
    k: int
    n: int


class Comparison(Fact, frozen=True):
    """A group held against the rest of its dimension.

    ``gap`` and ``adjusted`` (its p after the many-comparisons guard) are None where there were not enough cases on
    either side. ``detectable`` is the smallest difference, upwards and downwards, that would have been found four
    times in five even after the guard; None where not even a share of all or nothing would have been.
    """

    dimension: str
    name: str
    rate: Rate
    rest: Rate
    verdict: Verdict
    gap: Gap | None = None
    adjusted: float | None = None
    more_detectable: float | None = None
    less_detectable: float | None = None


class Arm(Fact, frozen=True):
    """Everyone who was assigned to an arm of a trial, whatever they then got: ``k`` saved, ``other`` got the other."""

    name: str
    rate: Rate
    other: int


class Trial(Fact, frozen=True):
    """Two arms as assigned, and the gap of the first less the second (intention to treat).

    ``adjusted`` is its p after the many-comparisons guard, where the trial stands among other comparisons.
    """

    new: Arm
    usual: Arm
    verdict: Verdict
    gap: Gap | None = None
    adjusted: float | None = None


class Rebound(Fact, frozen=True):
    """A group that was picked because it was extreme, and what became of it (shares 0 to 1).

    ``expected`` is what its next share would be if nothing had changed, and ``low`` to ``high`` is where 95 % of such
    next shares lie. ``by_chance`` is the part, 0 to 1, of the change that this alone explains; None without a change.
    """

    first: Rate
    next: Rate
    expected: float
    low: float
    high: float
    by_chance: float | None

    @property
    def beyond_chance(self) -> bool:
        """Whether the next share lies outside of where chance alone would leave nineteen in twenty."""
        return self.next.share is not None and not self.low <= self.next.share <= self.high


class Quantile(Fact, frozen=True):
    """The day by which a share of the deals had gone. None: not yet reached. ``high`` None: the interval is open."""

    days: float | None = None
    low: float | None = None
    high: float | None = None


class ShareAt(Fact, frozen=True):
    """A share after ``days``, and how many were still watched then. None where nobody was watched for so long."""

    days: float
    watched: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


class Stay(Fact, frozen=True):
    """Time in a stage of ``n`` deals, of which ``gone`` had left it; the others count for as long as they were seen.

    ``early``, ``median`` and ``late`` are the days by which a quarter, half and three quarters had left it;
    ``still_here`` is the share that was still in it after so many days.
    """

    n: int
    gone: int
    early: Quantile = Quantile()
    median: Quantile = Quantile()
    late: Quantile = Quantile()
    still_here: tuple[ShareAt, ...] = ()


class Incidence(Fact, frozen=True):
    """How many of all deals had ended with ``outcome`` after so many days: ``k`` have so far."""

    outcome: str
    k: int
    shares: tuple[ShareAt, ...] = ()


class StageForecast(Fact, frozen=True):
    """Of one stage: the mean chance that was forecast, and what happened, over ``happened.n`` forecasts."""

    stage: str
    forecast: float
    happened: Rate

    @property
    def off(self) -> bool | None:
        """Whether the forecast lies outside the interval of what happened. None: not enough cases to say."""
        if self.happened.low is None or self.happened.high is None:
            return None
        return not self.happened.low <= self.forecast <= self.happened.high


class Calibration(Fact, frozen=True):
    """How good ``n`` forecasts were. ``brier`` is 0 for perfect and ``uncertainty`` for who says the base rate always.

    ``brier = reliability - resolution + uncertainty`` (Murphy 1973). ``skill`` is the part of the base rate's error
    that the forecasts took away: below nothing where they were worse; None where all ended alike.
    """

    n: int
    stages: tuple[StageForecast, ...] = ()
    base_rate: float | None = None
    brier: float | None = None
    reliability: float | None = None
    resolution: float | None = None
    uncertainty: float | None = None
    skill: float | None = None


class Learned(Fact, frozen=True):
    """The chance of a save learned from history: what was seen, drawn toward a wider rate the less was seen.

    ``band`` is None for the whole stage, or the days in stage ``[from, to)``; ``to`` None is without end.
    """

    stage: str
    seen: Rate
    chance: float
    low: float
    high: float
    band: tuple[float, float | None] | None = None
