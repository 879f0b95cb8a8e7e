"""What customers answer when they are asked: NPS (0 to 10) and CSAT (1 to 5), by quarter and in the period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from saveline.core.facts import Fact
from saveline.core.intervals import Rate
from saveline.core.periods import Period, end_of

PROMOTER: Final = 9
"""From this answer on somebody recommends us (Reichheld 2003); those from ``PASSIVE`` on say neither yes nor no."""
PASSIVE: Final = 7
SATISFIED: Final = 4
NPS_SCALE: Final = (0.0, 10.0)
CSAT_SCALE: Final = (1.0, 5.0)
QUARTERS: Final = 4
PERIOD: Final = "period"


class Listening(Fact, frozen=True):
    """Which kinds of signals are answers to which question, which departments change the product, and the workspace's
    own themes: by name the words that speak for it."""

    nps: tuple[str, ...] = ("nps",)
    csat: tuple[str, ...] = ("csat",)
    product: tuple[str, ...] = ("product", "engineering")
    themes: Mapping[str, tuple[str, ...]] = {}
    pulse: bool = False


class Answer(Fact, frozen=True):
    """Somebody's answer; ``contact`` is who, where that is known."""

    account_id: int
    value: float
    contact: str | None = None


class Net(Fact, frozen=True):
    """Promoters less detractors in percent of all, -100 to 100, with its 95 % interval; None for too few answers."""

    promoters: int
    passives: int
    detractors: int
    score: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def n(self) -> int:
        return self.promoters + self.passives + self.detractors


class NetLine(Fact, frozen=True):
    """One window: ``key`` is a quarter (``2026-Q4``) or ``period``. ``given`` counts all answers, ``net`` those that
    count."""

    key: str
    given: int
    accounts: int
    net: Net


class ShareLine(Fact, frozen=True):
    """The same for a share of content customers."""

    key: str
    given: int
    accounts: int
    rate: Rate


class Surveys(Fact, frozen=True):
    """The last four quarters, the oldest first and the last as far as it has gone, and then the period."""

    nps: tuple[NetLine, ...] = ()
    csat: tuple[ShareLine, ...] = ()


class Window(Fact, frozen=True):
    key: str
    start: datetime
    end: datetime


def quarters(period: Period, zone: str) -> tuple[Window, ...]:
    """The workspace's calendar quarters up to the period's end, the oldest first; the last ends with the period."""
    local = period.end.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)
    year, place = local.year, (local.month - 1) // 3
    found = []
    for back in range(QUARTERS):
        at = 4 * year + place - back
        first, after = (date(n // 4, n % 4 * 3 + 1, 1) for n in (at, at + 1))
        end = _midnight(after, zone) if back else period.end
        found.append(Window(f"{first.year}-Q{at % 4 + 1}", _midnight(first, zone), end))
    return tuple(reversed(found))


def _midnight(day: date, zone: str) -> datetime:
    return end_of(day - timedelta(days=1), zone)


def that_count(answers: Iterable[Answer], scale: tuple[float, float]) -> tuple[list[Answer], int]:
    """Of answers in the order in which they were given: those that count, and how many there were.

    Of each contact of an account the last; an answer without a contact may be anybody's and counts by itself. What
    does not lie on the ``scale`` is no answer.
    """
    known: dict[tuple[int, str], Answer] = {}
    unknown, given = list[Answer](), 0
    for answer in answers:
        if not scale[0] <= answer.value <= scale[1]:
            continue
        given += 1
        if answer.contact is None:
            unknown.append(answer)
        else:
            known[answer.account_id, answer.contact] = answer
    return [*known.values(), *unknown], given
