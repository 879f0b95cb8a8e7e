"""How deals move: the funnel, how long they stay, which ways they take, what they are likely to come to.

Of the twelve months up to the period's end. The statistics are worked out in ``saveline.evidence.pipeline``.
"""

from __future__ import annotations

from datetime import date

from saveline.core.certainty import Calibration, Incidence, Learned, Stay
from saveline.core.facts import Fact
from saveline.core.intervals import Rate
from saveline.core.journeys import Journeys


class FunnelStep(Fact, frozen=True):
    """A stage and the deals that came to it within the twelve months, each counted once.

    ``went_on`` are those of them that came to a later stage after it, or were saved; ``stopped`` those that ended there
    otherwise. The rest are ``here`` still, or are gone without an end of their own: merged, or their risk cleared.
    ``rate`` is went_on of went_on and stopped.
    """

    stage: str
    title: str
    came: int
    went_on: int
    stopped: int
    here: int
    rate: Rate


class ForecastLine(Fact, frozen=True):
    """The open deals of a stage, ``arr_cents`` in all, and the chance of a save: as ``stated`` in the settings, and as
    ``learned`` from the deals that were decided in the twelve months. None where nothing is stated, or none decided."""

    stage: str
    title: str
    deals: int
    arr_cents: int
    stated: float | None
    learned: Learned | None


class Outlook(Fact, frozen=True):
    """What of the ARR at risk is likely to be saved, and how good such forecasts have been.

    ``stated_cents`` and ``learned_cents`` are ARR times chance, summed over the stages; None where a stage with open
    deals has no chance of that kind. Past forecasts are of every decided deal at each stage it came to, but for the
    last 120 days: with the ``stated`` chances as they are now, and with those ``learned`` from what had been decided
    before the thirty days in which it came there.
    """

    lines: tuple[ForecastLine, ...]
    stated_cents: int | None
    learned_cents: int | None
    stated: Calibration
    learned: Calibration


class StageTime(Fact, frozen=True):
    """How long deals stay in a stage, in days; those that are still in it count for as long as they have been."""

    stage: str
    title: str
    stay: Stay


class StuckLine(Fact, frozen=True):
    """An open deal that has been in its stage for longer than three quarters of all are (``usual`` days), or for which
    the stage's clock has run out (``late``); ``days`` until the period's end."""

    deal_id: int
    account: str
    arr_cents: int
    stage: str
    days: float
    usual: float | None
    late: bool


class Pipeline(Fact, frozen=True):
    """``since`` is the first of the days that are looked at. ``stuck`` are the ``stuck_deals`` with the most ARR.
    ``endings`` are counted from the opening of a deal, in days."""

    since: date
    funnel: tuple[FunnelStep, ...]
    outlook: Outlook
    times: tuple[StageTime, ...]
    endings: tuple[Incidence, ...]
    stuck: tuple[StuckLine, ...]
    stuck_deals: int
    stuck_cents: int
    journeys: Journeys
