"""What customers pay."""

from __future__ import annotations

from datetime import date

from saveline.core.arr import Course, Span, of_subscriptions
from saveline.core.retention import Departed, cohorts, retention
from tests.definitions import Values, worked

FIRST, BETWEEN, LAST = date(2025, 11, 22), date(2026, 3, 1), date(2026, 11, 22)


def _courses(given: Values) -> dict[int, Course]:
    paid = zip(given["then"], given["now"], strict=True)
    return {i: Course((date(2025, 1, 1), BETWEEN), steps) for i, steps in enumerate(paid, 1)}


@worked("GRR and NRR")
def kept(given: Values) -> Values:
    found = retention(_courses(given), FIRST, LAST)
    names = ("start", "churn", "contraction", "expansion", "new", "end")
    return {n: getattr(found, n).arr_cents for n in names} | {"grr": found.grr, "nrr": found.nrr}


@worked("Accounts that still pay")
def logos(given: Values) -> Values:
    found = retention(_courses(given), FIRST, LAST).logos
    return {"of": found.n, "still": found.k, "share": found.share, "low": found.low, "high": found.high}


@worked("Why accounts left")
def reasons(given: Values) -> Values:
    courses = {}
    for i, (then, before, gone) in enumerate(zip(given["then"], given["before"], given["gone"], strict=True), 1):
        courses[i] = Course((date(2025, 1, 1), BETWEEN, *([gone] if gone else [])), (then, before, *[0] * bool(gone)))
    departed = [
        Departed(account, on, reason)
        for account, on, reason in zip(given["account"], given["on"], given["reason"], strict=True)
    ]
    found = retention(courses, FIRST, LAST, departed).reasons
    return {
        "reasons": [r.reason for r in found],
        "departures": [r.departed.accounts for r in found],
        "paid_the_day_before": [r.departed.arr_cents for r in found],
        "gone_altogether": [r.churned.accounts for r in found],
        "of_a_year_ago": [r.churned.arr_cents for r in found],
    }


@worked("What is left of each quarter's new accounts")
def by_quarter(given: Values) -> Values:
    spans = zip(given["account"], given["first"], given["end"], given["arr"], strict=True)
    contracts: dict[int, list[Span]] = {}
    for account, first, end, cents in spans:
        contracts.setdefault(account, []).append(Span(first, end or None, cents))
    found = cohorts({i: of_subscriptions(own) for i, own in contracts.items()}, given["last"])
    return {
        "quarters": [c.quarter for c in found],
        "began": [c.began for c in found],
        "still_there": [c.accounts[-1] for c in found],
        "arr_then": [c.arr_cents[0] for c in found],
        "arr_now": [c.arr_cents[-1] for c in found],
    }
