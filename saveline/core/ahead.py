"""What lies ahead: renewals of the next months and how much of them is at risk, and plays that no longer fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from saveline.core.facts import Account, Fact

MOST_LISTED = 10


class Renewals(Fact, frozen=True):
    """The accounts whose contract is up in a calendar ``month`` (2026-12), and those of them with an open deal."""

    month: str
    accounts: int
    arr_cents: int
    at_risk: int
    at_risk_cents: int


class TightLine(Fact, frozen=True):
    """A deal whose play needs more days than there are until the decision, or the ``renewal`` (``limited_by``)."""

    deal_id: int
    account: str
    arr_cents: int
    stage: str
    needs_days: int
    has_days: int
    limited_by: str


class Ahead(Fact, frozen=True):
    """``until`` is the last day of the renewals. Of the ``running`` deals that are decided soon, ``looked_at``, with
    the most ARR, were asked whether their play still fits; that of ``tight_deals`` does not."""

    until: date
    renewals: tuple[Renewals, ...]
    running: int
    looked_at: int
    tight: tuple[TightLine, ...]
    tight_deals: int
    tight_cents: int


def renewals(accounts: Iterable[Account], at_risk: Collection[int]) -> tuple[Renewals, ...]:
    """By month. ``at_risk`` are numbers of accounts; whoever leaves on or before the day does not renew."""
    by: dict[str, list[Account]] = {}
    for account in accounts:
        if account.renewal is not None and (account.left_on is None or account.left_on > account.renewal):
            by.setdefault(f"{account.renewal:%Y-%m}", []).append(account)
    return tuple(_month(month, by[month], at_risk) for month in sorted(by))


def _month(month: str, accounts: list[Account], at_risk: Collection[int]) -> Renewals:
    risky = [a for a in accounts if a.id in at_risk]
    return Renewals(
        month, len(accounts), sum(a.arr_cents for a in accounts), len(risky), sum(a.arr_cents for a in risky)
    )


def tight(found: list[TightLine]) -> tuple[TightLine, ...]:
    """The most ARR first."""
    return tuple(sorted(found, key=lambda line: (-line.arr_cents, line.deal_id))[:MOST_LISTED])
