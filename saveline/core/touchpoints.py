"""Human contact: how long ago somebody last met each customer, and how customers were met in a period.

The accounts are all there are, not a sample of them: shares have no interval.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from saveline.core.facts import Fact
from saveline.core.intervals import median

SHORT: Final = 30
LONG: Final = 90


class Met(Fact, frozen=True):
    """Of ``accounts``: how many were met within 30 and within 90 whole days, and how many ``never``; the median of days
    is that of the others."""

    accounts: int
    within_30: int = 0
    within_90: int = 0
    never: int = 0
    median_days: float | None = None


class How(Fact, frozen=True):
    """How customers were met in the period: ``touchpoints`` of a kind, with how many accounts."""

    how: str
    touchpoints: int
    accounts: int


class Contacts(Fact, frozen=True):
    """``all`` are the accounts that pay on the period's last day, ``at_risk`` those with an open deal at its end."""

    all: Met
    at_risk: Met
    by_how: tuple[How, ...] = ()


def met(accounts: Collection[int], last: Mapping[int, datetime], at: datetime) -> Met:
    """Of these accounts at a moment; ``last`` is when somebody last met each, up to then."""
    days = [(at - last[account]).days for account in accounts if account in last]
    middle = median(days)
    return Met(
        len(accounts),
        sum(d <= SHORT for d in days),
        sum(d <= LONG for d in days),
        len(accounts) - len(days),
        middle,
    )
