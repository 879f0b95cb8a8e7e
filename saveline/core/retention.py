"""How much of what customers paid is still paid: gross and net revenue retention, logos, cohorts and reasons.

Definitions as in the metrics of the subscription business (SaaS): of the ARR of the customers of the first day, GRR is
the share that is left when nobody's growth is counted, NRR the share with it. New customers are in neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from saveline.core.arr import Course, on
from saveline.core.facts import Fact
from saveline.core.intervals import Rate, rate

NOT_SAID = ""
"""The reason of a departure that nobody gave one for."""


class Amount(Fact, frozen=True):
    """A number of accounts and a sum of ARR in cents."""

    accounts: int = 0
    arr_cents: int = 0


class Reason(Fact, frozen=True):
    """Why accounts left: ``departed``, every departure that gave this reason, with what those accounts paid on the day
    before, and ``churned``, those that pay nothing any more, with what they paid on the first day."""

    reason: str
    departed: Amount = Amount()
    churned: Amount = Amount()


class Retention(Fact, frozen=True):
    """From the ARR at the end of ``first`` to that at the end of ``last``: ``start`` + ``new`` + ``expansion`` -
    ``contraction`` - ``churn`` = ``end``. ``new`` are accounts that paid nothing on the first day, also those that came
    back. ``grr`` and ``nrr`` are shares of ``start``, None where there was nothing; ``logos`` is the share of accounts
    of the first day that still pay, with its 95 % interval."""

    first: date
    last: date
    start: Amount
    new: Amount
    expansion: Amount
    contraction: Amount
    churn: Amount
    end: Amount
    grr: float | None
    nrr: float | None
    logos: Rate
    reasons: tuple[Reason, ...] = ()


class Departed(Fact, frozen=True):
    """An account that left, or said so, on a day, and why."""

    account_id: int
    on: date
    reason: str
    note: str = ""


class Cohort(Fact, frozen=True):
    """The accounts that ``began`` to pay in a calendar quarter, and what is left of them at the end of that quarter and
    of each that followed: accounts that pay, and ARR in cents."""

    quarter: str
    began: int
    accounts: tuple[int, ...]
    arr_cents: tuple[int, ...]


def retention(courses: Mapping[int, Course], first: date, last: date, departed: Iterable[Departed] = ()) -> Retention:
    """Between the ends of two days. A churned account's reason is that of its last departure after ``first`` and up to
    ``last``."""
    then, now = on(courses, first), on(courses, last)
    moved = {i: now.get(i, 0) - cents for i, cents in then.items()}
    gone = {i: then[i] for i in then if i not in now}
    start = sum(then.values())
    less = sum(-m for m in moved.values() if m < 0)
    return Retention(
        first,
        last,
        _amount(then.values()),
        _amount(cents for i, cents in now.items() if i not in then),
        _amount(m for m in moved.values() if m > 0),
        _amount(-m for i, m in moved.items() if m < 0 and i not in gone),
        _amount(gone.values()),
        _amount(now.values()),
        (start - less) / start if start else None,
        (start + sum(moved.values())) / start if start else None,
        rate(len(then) - len(gone), len(then)),
        _reasons(gone, [d for d in departed if first < d.on <= last], courses),
    )


def _amount(cents: Iterable[int]) -> Amount:
    found = list(cents)
    return Amount(len(found), sum(found))


def _reasons(
    gone: Mapping[int, int], departed: Sequence[Departed], courses: Mapping[int, Course]
) -> tuple[Reason, ...]:
    """The most expensive first."""
    last = {d.account_id: d.reason for d in sorted(departed, key=lambda d: (d.on, d.reason))}
    churned: dict[str, list[int]] = {}
    for account_id, cents in gone.items():
        churned.setdefault(last.get(account_id, NOT_SAID), []).append(cents)
    said: dict[str, list[int]] = {}
    for d in departed:
        course = courses.get(d.account_id)
        said.setdefault(d.reason, []).append(course.on(d.on - timedelta(days=1)) if course else 0)
    lines = [Reason(r, _amount(said.get(r, ())), _amount(churned.get(r, ()))) for r in {**said, **churned}]
    return tuple(sorted(lines, key=lambda r: (-r.departed.arr_cents, -r.churned.arr_cents, r.reason)))


def cohorts(courses: Mapping[int, Course], last: date, most: int = 8) -> tuple[Cohort, ...]:
    """The latest ``most`` calendar quarters in which accounts began to pay, up to the quarter of ``last``, which is
    counted as it stands at the end of that day; the oldest first."""
    by: dict[tuple[int, int], list[Course]] = {}
    for course in courses.values():
        if course.began is not None and course.began <= last:
            by.setdefault(_quarter(course.began), []).append(course)
    return tuple(_cohort(quarter, by[quarter], last) for quarter in sorted(by)[-most:])


def _cohort(quarter: tuple[int, int], courses: Sequence[Course], last: date) -> Cohort:
    counts, sums, at = [], [], quarter
    while at <= _quarter(last):
        day = min(_last_day(at), last)
        paid = [cents for c in courses if (cents := c.on(day))]
        counts.append(len(paid))
        sums.append(sum(paid))
        at = (at[0], at[1] + 1) if at[1] < 4 else (at[0] + 1, 1)
    return Cohort(f"{quarter[0]}-Q{quarter[1]}", len(courses), tuple(counts), tuple(sums))


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3 + 1


def _last_day(quarter: tuple[int, int]) -> date:
    year, n = quarter
    return date(year, n * 3, 31 if n in (1, 4) else 30)
