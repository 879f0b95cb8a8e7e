"""Where the days went: they add up to the time that deals were open, and each hour is where the deal says it was.

Planted bugs that turned these tests red: a task that waits for the customer counted as ours, a sleeping one that never
wakes, the time before the first event of the period left out, a paused deal that is worked on, the hours of the
workspace for somebody who has hours of their own, the night of a task taken for work, and a closed deal that goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from saveline.core.changes import (
    DealClosed,
    DealOpened,
    DealPaused,
    Event,
    TaskAssigned,
    TaskDone,
    TaskGoesOn,
    TaskWaits,
    evolve,
)
from saveline.core.elapsed import Elapsed, elapsed
from saveline.core.facts import Account, Deal, Task
from saveline.core.periods import Period, parse
from saveline.core.records import Record
from saveline.core.shifts import Rota, seconds
from saveline.core.stories import Story, resting, stories
from saveline.core.worktime import between
from tests.core.worked import ANA, DORA, ELI, HOURS, PEOPLE, TOM, Author, histories, hour

ACCOUNTS = {1: Account(1, "acme", "Acme"), 2: Account(2, "globex", "Globex")}
WEEK = parse("2026-W47", "Europe/Lisbon")
MONDAY = 96
"""Hours from the beginning to that of the week."""
LONG = Period("long", "", hour(0), hour(HOURS))
HOUR = 3600


def told(events: Sequence[Event], period: Period = WEEK) -> list[Story]:
    return stories({1: [Record(e) for e in events]}, ACCOUNTS, period)


def spent(events: Sequence[Event], start: float, end: float) -> Elapsed:
    period = Period("p", "", hour(start), hour(end))
    return elapsed(told(events, period), PEOPLE, period.start, period.end)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_week_by_hand() -> None:
    """Monday 9 to Friday 18, in Lisbon, where hours are 9-13 and 14-18 and the clock is that of Greenwich.

    Monday: two hours nobody is asked, then Ana until Tuesday 11, who works 6 hours of Monday and 2 of Tuesday. The
    customer until Wednesday 10: 6 hours of Tuesday and 1 of Wednesday. Eli, whose hours are 8-12, until Thursday 10:
    2 hours of Wednesday and 2 of Thursday. Then it is paused until it is closed.
    """
    author = Author()
    author.write(MONDAY + 9, DealOpened("play", "hash", ANA, 1000, hour(2000)))
    no = author.started(MONDAY + 11, 2000)
    author.write(MONDAY + 11, TaskAssigned(ANA), no)
    author.write(MONDAY + 24 + 11, TaskWaits(hour(1000), "they answer"), no)
    waits = author.deal.tasks[0].running.waits_since
    assert waits is not None
    author.write(MONDAY + 48 + 10, TaskGoesOn(author.later(no, waits, MONDAY + 48 + 10)), no)
    author.write(MONDAY + 48 + 10, TaskAssigned(ELI), no)
    author.write(MONDAY + 72 + 10, DealPaused(hour(1000), "a merger"))
    author.write(MONDAY + 96 + 18, DealClosed("lost", "so"))
    found = elapsed(told(author.events), PEOPLE, WEEK.start, WEEK.end)
    assert found == Elapsed(
        1,
        (("success", 8 * HOUR), ("engineering", 4 * HOUR)),
        customer=7 * HOUR,
        off_hours=(71 - 8 - 4 - 7) * HOUR,
        put_off=0,
        unasked=2 * HOUR,
        paused=32 * HOUR,
    )
    assert (found.ours, found.total) == (12 * HOUR, (4 * 24 + 9) * HOUR)


def test_what_several_have_at_once_is_divided_evenly() -> None:
    """Tuesday 10 to 12: Ana and Eli are at work, and Dora is away. 2 hours by three; Dora's part is off hours."""
    author = Author()
    author.write(MONDAY, DealOpened("play", "hash", ANA, 1000, hour(2000)))
    for person in (ANA, ELI, DORA):
        author.write(MONDAY, TaskAssigned(person), author.started(MONDAY, 2000))
    found = spent(author.events, MONDAY + 24 + 10, MONDAY + 24 + 12)
    assert (found.us, found.off_hours) == ((("engineering", 2400), ("success", 2400)), 2400)


def test_a_deal_that_rested_is_counted_by_what_it_is() -> None:
    author = Author()
    author.write(0, DealOpened("play", "hash", ANA, 1000, hour(2000)))
    no = author.started(0, 2000)
    author.write(0, TaskAssigned(TOM), no)
    author.snooze(10, no, MONDAY + 48)
    rested = resting(author.deal, ACCOUNTS[1], WEEK)
    assert rested is not None
    found = elapsed([rested], PEOPLE, WEEK.start, WEEK.end)
    assert found == elapsed(told(author.events), PEOPLE, WEEK.start, WEEK.end)
    assert (found.put_off, found.us) == (48 * HOUR, (("success", 3 * 8 * HOUR),))


# --- laws -------------------------------------------------------------------------------------------------------------


def lived(events: Sequence[Event], start: datetime, end: datetime) -> int:
    """Seconds in ``[start, end)`` at which the deal was open, by its openings and closings alone."""
    total, since = 0, None
    for event in events:
        if event.kind in ("deal_opened", "deal_reopened"):
            since = event.at
        elif event.kind == "deal_closed" and since is not None:
            total += max(0, seconds(min(event.at, end)) - seconds(max(since, start)))
            since = None
    return total + (max(0, seconds(end) - seconds(max(since, start))) if since is not None else 0)


@given(events=histories(), start=st.integers(0, 300), length=st.integers(1, 200))
def test_the_parts_add_up_to_the_time_that_it_was_open(events: list[Event], start: int, length: int) -> None:
    found = spent(events, start, start + length)
    assert found.total == lived(events, hour(start), hour(start + length))
    assert min([*(n for _, n in found.us), found.customer, found.off_hours, found.put_off, found.paused]) >= 0


def _where(deal: Deal, at: datetime) -> Iterator[tuple[str, Fraction]]:
    """Where the deal says that the hour from ``at`` on belongs, and how many of its seconds."""
    if deal.state == "paused":
        yield "paused", Fraction(HOUR)
        return
    clocks = [(t, t.running) for t in deal.tasks if t.clock is not None]
    waits = [t for t, c in clocks if c.waits_since is not None]
    awake = [t for t, c in clocks if c.waits_since is None and (c.snoozed_until is None or c.snoozed_until <= at)]
    holds = awake or waits
    if not holds:
        yield "put_off" if clocks else "unasked", Fraction(HOUR)
    for task in holds:
        works = round(between(PEOPLE.calendar(task.assignee_id), at, at + timedelta(hours=1)).total_seconds())
        yield _department(task) if awake else "customer", Fraction(works, len(holds))
        yield "off_hours", Fraction(HOUR - works, len(holds))


def _department(task: Task) -> str:
    person = PEOPLE.by_id.get(task.assignee_id or 0)
    return task.department or (person.department if person else None) or ""


@given(events=histories())
def test_every_hour_is_where_the_deal_was(events: list[Event]) -> None:
    """Held against the deal itself, folded up to every single hour of the three weeks."""
    wanted: dict[str, Fraction] = {}
    deal, left = Deal(id=1, account_id=1), list(events)
    for n in range(HOURS):
        while left and left[0].at <= hour(n):
            deal = evolve(deal, [left.pop(0)])
        if deal.opened_at is not None and not deal.closed:
            for name, part in _where(deal, hour(n)):
                wanted[name] = wanted.get(name, Fraction()) + part
    found = elapsed(told(events, LONG), PEOPLE, LONG.start, LONG.end)
    made = {n: getattr(found, n) for n in ("customer", "off_hours", "put_off", "unasked", "paused")} | dict(found.us)
    for name in made.keys() | wanted.keys():
        assert abs(made.get(name, 0) - wanted.get(name, 0)) <= HOURS, name  # a second an hour, of what is divided


@given(events=histories(), cut=st.integers(1, HOURS - 1))
def test_two_times_are_what_both_together_are(events: list[Event], cut: int) -> None:
    """Up to a second for each task among which the time at the cut is divided."""
    whole, first, second = spent(events, 0, HOURS), spent(events, 0, cut), spent(events, cut, HOURS)
    assert whole.total == first.total + second.total
    for name in ("customer", "off_hours", "put_off", "unasked", "paused", "ours"):
        assert abs(getattr(whole, name) - getattr(first, name) - getattr(second, name)) <= len(events)


@given(start=st.integers(0, HOURS * 60), length=st.integers(0, 20_000), person=st.sampled_from([None, 1, 2, 3, 4, 9]))
def test_shifts_are_the_working_time(start: int, length: int, person: int | None) -> None:
    """Also over the night in which New York's clocks change, which is the one before the first of these days."""
    first, end = hour(-300), hour(HOURS * 3)
    a, b = hour(start / 60 - 290), hour(start / 60 - 290 + length / 60)
    worked = Rota(PEOPLE, first, end).of(person).worked(seconds(a), seconds(b))
    assert worked == between(PEOPLE.calendar(person), a, b).total_seconds()


def test_a_task_done_leaves_the_deal_unasked() -> None:
    author = Author()
    author.write(MONDAY + 9, DealOpened("play", "hash", ANA, 1000, hour(2000)))
    no = author.started(MONDAY + 9, 2000)
    author.write(MONDAY + 9, TaskAssigned(ANA), no)
    author.write(MONDAY + 10, TaskDone(), no, ANA)
    found = spent(author.events, MONDAY, MONDAY + 12)
    assert (found.us, found.unasked, found.total) == ((("success", HOUR),), 2 * HOUR, 3 * HOUR)
