"""Promises: kept or broken as the deal's own clocks say, each counted once, and charged to who had the time.

Planted bugs that turned these tests red: one late hand-over charged to the last owner, a promise that a snooze mends
after it was broken, a task that waits for the customer called late, the working time of a pause charged to whoever had
the task, one that is done at its promised moment called late, a broken promise counted again when the task is done, and
of a deal that rested the last owner charged without a look at its history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from saveline.core.changes import DealOpened, DealPaused, Event, TaskAssigned, TaskDone, TaskGoesOn, TaskWaits, evolve
from saveline.core.facts import Deal
from saveline.core.periods import Period, parse
from saveline.core.promises import Promise, answers_for, charged, in_hands, promised, promises, unsure
from saveline.core.stories import resting
from tests.core.test_elapsed import ACCOUNTS, told
from tests.core.worked import ANA, DORA, ELI, HOURS, PEOPLE, Author, histories, hour

WEEK = parse("2026-W47", "Europe/Lisbon")
MON, TUE, WED, THU, FRI = (96 + 24 * n for n in range(5))
END = hour(HOURS)


def task(*given: tuple[float, int], start: float = MON + 9, due: float = WED + 13) -> tuple[Author, int]:
    """A deal with one task, given to people in turn. Without more it is two and a half days of work: 20 hours."""
    author = Author()
    author.write(start, DealOpened("play", "hash", ANA, 1000, hour(2000)))
    no = author.started(start, due)
    for at, person in given:
        author.write(at, TaskAssigned(person), no)
    return author, no


def whose(author: Author) -> str:
    (found,) = promised(author.events, PEOPLE, END)
    assert found.kept == "late"
    return charged(found, PEOPLE)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_late_hand_over_is_charged_to_who_had_the_time() -> None:
    """Finance has it for 18 of the 20 hours, Customer success for the last two, and is late."""
    author, no = task((MON + 9, DORA), (WED + 11, ANA))
    author.write(FRI, TaskDone(), no, ANA)
    (found,) = promised(author.events, PEOPLE, END)
    assert (found.broken_at, charged(found, PEOPLE)) == (hour(WED + 13), "finance")


def test_who_had_a_quarter_of_the_time_had_a_fair_chance() -> None:
    """Of 20 hours 5 are a quarter. (Dora is away from Tuesday on, so here Ana is before and Eli after: 8-12.)"""
    author, _ = task((MON + 9, ANA), (TUE + 10, ELI), due=WED + 13)  # 9 hours before, 2 and 4 after
    assert whose(author) == "engineering"
    author, _ = task((MON + 9, ANA), (WED + 9, ELI), due=WED + 13)  # 16 before, 3 after
    assert whose(author) == "success"


def test_what_is_handed_over_after_it_is_late_stays_where_it_was() -> None:
    author, no = task((MON + 9, ANA), (THU + 9, ELI))
    author.write(FRI, TaskDone(), no, ELI)
    assert whose(author) == "success"


def test_a_moment_with_somebody_else_changes_nothing() -> None:
    author, _ = task((MON + 9, ANA), (TUE + 17, ELI), (TUE + 17.5, ANA))
    assert whose(author) == "success"


def test_it_went_through_three_hands() -> None:
    """Success has 10 hours of 16, Engineering 2, the offered Finance 4: exactly a quarter is enough."""
    author, no = task((MON + 9, ANA), (TUE + 11, ELI), due=WED + 9)
    author.write(TUE + 14, TaskAssigned(None, "finance"), no)
    (found,) = promised(author.events, PEOPLE, END)
    hours = {name: n.total_seconds() / 3600 for name, n in in_hands(found, PEOPLE, hour(WED + 9)).items()}
    assert hours == {"success": 10, "engineering": 1, "finance": 4}
    assert charged(found, PEOPLE) == "finance"


def kept_of(author: Author) -> Promise:
    (found,) = promised(author.events, PEOPLE, END)
    return found


def test_on_time_is_up_to_the_promised_moment() -> None:
    author, no = task((MON + 9, ANA), due=WED + 13)
    author.write(WED + 13, TaskDone(), no, ANA)
    found = kept_of(author)
    assert (found.kept, found.settled_at, answers_for(found, PEOPLE)) == ("on_time", hour(WED + 13), "success")


def test_the_customers_days_are_nobodys() -> None:
    """They take from Tuesday 9 to Thursday 9, 16 hours: due on Friday 13, and done by then it is postponed."""
    author, no = task((MON + 9, ANA), due=WED + 13)
    author.write(TUE + 9, TaskWaits(hour(2000), "they answer"), no)
    assert kept_of(author).kept is None, "it waits, so nothing is late"
    author.write(THU + 9, TaskGoesOn(author.later(no, hour(TUE + 9), THU + 9)), no)
    assert author.deal.tasks[0].running.due_at == hour(FRI + 13)
    done = Author()
    done.events, done.deal = [*author.events], author.deal
    done.write(FRI + 13, TaskDone(), no, ANA)
    assert (kept_of(done).kept, kept_of(done).settled_at) == ("postponed", hour(FRI + 13))
    author.write(FRI + 14, TaskDone(), no, ANA)
    assert (kept_of(author).kept, kept_of(author).settled_at) == ("late", hour(FRI + 13))


def test_a_pause_is_charged_to_nobody() -> None:
    """Finance has it from Monday 9 to Tuesday 11, but from Monday 11 on the deal was paused: 2 hours of 8."""
    author, no = task((MON + 9, ANA), due=TUE + 9)
    author.write(MON + 9, TaskAssigned(None, "finance"), no)
    author.write(MON + 11, DealPaused(hour(2000), "so"))
    author.resume(TUE + 11)
    author.write(TUE + 11, TaskAssigned(ANA), no)
    found = kept_of(author)
    assert found.broken_at == hour(TUE + 18)
    hours = {name: n.total_seconds() / 3600 for name, n in in_hands(found, PEOPLE, hour(TUE + 18)).items()}
    assert hours == {"success": 6, "finance": 2}


def test_what_was_late_before_it_was_put_off_stays_late() -> None:
    author, no = task((MON + 9, ANA), due=TUE + 9)
    author.snooze(WED + 9, no, FRI + 9)
    author.write(THU + 9, TaskDone(), no, ANA)
    assert (kept_of(author).kept, kept_of(author).broken_at) == ("late", hour(TUE + 9))


def test_of_a_deal_that_rested_the_history_is_asked_for_where_it_matters() -> None:
    author, _ = task((0, DORA), (90, ANA), start=0, due=MON + 11)
    story = resting(author.deal, ACCOUNTS[1], WEEK)
    assert story is not None
    assert unsure([story], WEEK.start, WEEK.end) == [1]
    (found,) = promises([story], PEOPLE, WEEK.start, WEEK.end, {1: author.events})
    assert (found.broken_at, charged(found, PEOPLE)) == (hour(MON + 11), "finance")
    plain, _ = task((0, ANA), start=0, due=TUE + 9)
    story = resting(plain.deal, ACCOUNTS[1], WEEK)
    assert story is not None
    assert unsure([story], WEEK.start, WEEK.end) == []
    (found,) = promises([story], PEOPLE, WEEK.start, WEEK.end, {})
    assert (found.kept, found.broken_at, charged(found, PEOPLE)) == ("late", hour(TUE + 9), "success")


# --- laws -------------------------------------------------------------------------------------------------------------


def broken(events: Sequence[Event], end: datetime) -> dict[int, datetime]:
    """By task, the due moment that passed: by the clocks of the deal itself, folded up to each event."""
    deal, found = Deal(id=1, account_id=1), dict[int, datetime]()
    for i, event in enumerate(events):
        deal = evolve(deal, [event])
        until = events[i + 1].at if i + 1 < len(events) else end
        for task in deal.tasks:
            clock = task.clock
            if clock is not None and deal.state == "open" and clock.waits_since is None and clock.due_at < until:
                found.setdefault(task.no, clock.due_at)
    return found


@given(events=histories())
def test_promises_are_what_the_clocks_say(events: list[Event]) -> None:
    deal = evolve(Deal(id=1, account_id=1), events)
    late = broken(events, END)
    for no, found in enumerate(promised(events, PEOPLE, END), 1):
        task = deal.tasks[no - 1]
        assert (found.broken_at, found.closed_at) == (late.get(no), task.closed_at)
        assert found.ended == (task.state if task.closed else "")
        if found.kept in ("on_time", "postponed"):
            assert (task.closed_at is not None and task.closed_at <= found.promised_at) == (found.kept == "on_time")
        else:
            assert found.kept == ("late" if no in late else None)


@given(events=histories(), cut=st.integers(1, HOURS))
def test_what_is_settled_stays_settled(events: list[Event], cut: int) -> None:
    """However much later one looks: so each promise is counted once, in the period in which it was settled."""
    known = [e for e in events if e.at < hour(cut)]
    for then, now in zip(promised(known, PEOPLE, hour(cut)), promised(events, PEOPLE, END), strict=False):
        if then.kept is not None:
            assert (now.kept, now.settled_at) == (then.kept, then.settled_at)
            assert answers_for(now, PEOPLE) == answers_for(then, PEOPLE)
        elif now.settled_at is not None:
            assert now.settled_at >= hour(cut), "or it could have been seen then"


@given(events=histories(), place=st.integers(0, 60))
def test_of_a_period_only_what_can_be_settled_in_it_is_followed(events: list[Event], place: int) -> None:
    """The period begins with one of the events."""
    period = Period("p", "", events[place % len(events)].at, hour(2000))
    every = promised(events, PEOPLE, period.end)
    made = promises(told(events, period), PEOPLE, period.start, period.end, {})
    assert [p for p in made if p.settled_at is not None and p.settled_at >= period.start] == [
        p for p in every if p.settled_at is not None and p.settled_at >= period.start
    ]
    assert [p for p in made if p.started_at >= period.start] == [p for p in every if p.started_at >= period.start]


@given(events=histories())
def test_a_late_one_is_charged_to_somebody_who_had_it(events: list[Event]) -> None:
    """To one of the departments that had it before it was late, and never to one that got it with less than a quarter
    of the time, if another had more."""
    for found in promised(events, PEOPLE, END):
        if found.broken_at is None:
            continue
        department = charged(found, PEOPLE)
        before = [s for s in found.stints if s.start < found.broken_at]
        assert department in ({s.department for s in before} or {""})
        worked = in_hands(found, PEOPLE, found.broken_at)
        if before:
            total, most = sum(worked.values(), timedelta()), max(worked.values())
            assert worked[department] * 4 >= total or worked[department] == most


@given(told=st.lists(histories(), max_size=4), cuts=st.lists(st.integers(1, HOURS - 1), max_size=3))
def test_periods_add_up(told: list[list[Event]], cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), HOURS]
    every = [p for events in told for p in promised(events, PEOPLE, END)]
    whole = Counter(p.kept for p in every if p.settled_at is not None and p.settled_at < END)
    parts = Counter[object]()
    for start, end in pairwise(edges):
        for events in told:
            known = [e for e in events if e.at < hour(end)]
            for p in promised(known, PEOPLE, hour(end)) if known else ():
                if p.settled_at is not None and hour(start) <= p.settled_at < hour(end):
                    parts[p.kept] += 1
    assert parts == whole
