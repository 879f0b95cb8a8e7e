"""Who does the work, worked out by hand: promises by department, ladders, load, who is over, and who had a part.

Planted bugs that turned these tests red: a deal that was lost credited, an owner without a task left out, help that the
asker gave themselves, an absent person's places counted, tasks of a paused deal counted as load, a rung counted from
nothing, what was done before a deal was opened again credited, and tasks of all times in the ladders of the period.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.changes import (
    ApprovalAsked,
    Commented,
    DealOpened,
    DealPaused,
    DealReopened,
    Escalated,
    Event,
    HelpAsked,
    TaskAssigned,
    TaskDone,
    TaskStarted,
)
from saveline.core.credit import Credit, Helper, Team
from saveline.core.facts import Account
from saveline.core.intervals import Rate
from saveline.core.periods import Period, parse
from saveline.core.records import Record
from saveline.core.report import stage_report
from saveline.core.stories import stories
from saveline.core.work import Attainment, Load, Over, Rung, Work, work
from tests.core import test_report
from tests.core.worked import ANA, DORA, ELI, HOURS, PEOPLE, TOM, Author, histories, hour

WORKSPACE = replace(test_report.WORKSPACE, departments=tuple(PEOPLE.departments.values()))
WEEK = parse("2026-W47", "Europe/Lisbon")
MON, TUE, WED, THU, FRI = (96 + 24 * n for n in range(5))
LONG = Period("long", "", hour(0), hour(HOURS))


def told(*lives: list[Event], period: Period = WEEK) -> Work:
    records = {i: [Record(e) for e in events] for i, events in enumerate(lives, 1)}
    accounts = {i: Account(i, f"a{i}", f"Account {i}") for i in records}
    return work(stories(records, accounts, period), WORKSPACE, PEOPLE, period, more={})


def opened(at: float = MON + 9) -> Author:
    author = Author()
    author.write(at, DealOpened("play", "hash", ANA, 1000, hour(2000)))
    return author


def given_to(author: Author, person: int | None, at: float, due: float, department: str | None = None) -> int:
    no = author.started(at, due)
    author.write(at, TaskAssigned(person, department), no)
    return no


def test_promises_and_ladders_by_hand() -> None:
    """Finance is charged with what it passed on late; Eli did one in time, after two rungs, and one is still open."""
    author = opened()
    late = given_to(author, DORA, MON + 9, WED + 13)
    quick = given_to(author, ELI, MON + 9, FRI)
    author.write(TUE + 9, Escalated(0, 1, 1, ANA), quick)
    author.write(TUE + 10, Escalated(1, 2, 2, ANA), quick)
    author.write(WED + 9, TaskDone(), quick, ELI)
    author.write(WED + 11, TaskAssigned(ANA), late)
    author.write(WED + 12, Escalated(0, 1, 1, ANA), late)
    author.write(FRI, TaskDone(), late, ANA)
    given_to(author, ANA, FRI, FRI + 200)
    found = told(author.events)
    assert found.attainment == (
        Attainment("engineering", 1, 0, 0, 0, Rate(1, 1)),
        Attainment("finance", 0, 0, 1, 1, Rate(0, 1)),
    )
    assert found.settled == Attainment("", 1, 0, 1, 1, Rate(1, 2))
    assert found.rungs == (Rung(0, 0, 1, 0), Rung(1, 1, 0, 0), Rung(2, 1, 0, 0))
    assert found.began == 3


def test_load_and_who_is_over() -> None:
    """Ana takes on one task and has two; Tom, of the same department, says nothing. Dora's deal is paused. An offered
    task is with its department."""
    author = opened()
    given_to(author, ANA, MON + 9, FRI)
    given_to(author, ANA, MON + 9, FRI + 200)
    given_to(author, None, MON + 9, FRI + 200, "engineering")
    paused = opened()
    given_to(paused, DORA, MON + 9, FRI)
    paused.write(TUE, DealPaused(hour(2000), "so"))
    found = told(author.events, paused.events)
    assert found.loads == (
        Load("success", 2, 1, 1, 2, 1),
        Load("engineering", 1, 0, 0, 1, 1),
        Load("finance", 0, 0, 0, 1, 1),
    )
    assert found.over == (Over(ANA, "Ana Ruiz", "success", 2, 1),)
    away = told(author.events, paused.events, period=Period("p", "", WEEK.start, hour(WED)))
    assert away.loads[-1] == Load("finance", 0, 0, 0, 0, 0), "Dora is away on that day"


def test_everybody_who_had_a_part_is_credited_with_the_whole() -> None:
    """Ana owns both deals and did a task in each; Eli did one after Ana had asked for help; Dora approved. The deal of
    Tom alone was lost."""
    first = opened()
    no = given_to(first, ANA, MON + 9, FRI)
    first.write(TUE, HelpAsked("how?"), no, ANA)
    first.write(TUE + 1, Commented("so"), no, ANA)
    first.write(TUE + 2, TaskDone(), no, ELI)
    other = given_to(first, ANA, TUE, FRI)
    first.write(TUE + 3, HelpAsked("and this?"), other, ANA)
    first.write(TUE + 4, TaskDone(), other, ANA)
    first.write(WED, ApprovalAsked(other, "discount", "discount", 10, "done"))
    approval = len(first.deal.tasks)
    first.write(WED, TaskStarted("Approve", hour(FRI)), approval)
    first.write(WED, TaskAssigned(DORA), approval)
    first.write(WED + 9, TaskDone("approved"), approval, DORA)
    first.close(THU, kept=700)
    second = opened()
    no = given_to(second, ANA, MON + 9, FRI)
    second.write(TUE, TaskDone(), no, ANA)
    second.close(THU, kept=300)
    lost = opened()
    no = given_to(lost, TOM, MON + 9, FRI)
    lost.write(TUE, TaskDone(), no, TOM)
    lost.close(THU, "lost", None)
    assert told(first.events, second.events, lost.events).credit == Credit(
        2, 1000, 3,
        (
            Helper(ANA, "Ana Ruiz", "success", 2, 2, 2, 0, 0, 1000),
            Helper(ELI, "Eli Stern", "engineering", 1, 0, 1, 1, 0, 700),
            Helper(DORA, "Dora Weiss", "finance", 1, 0, 0, 0, 1, 700),
        ),
        (
            Team("success", 1, 2, 2, 1000),
            Team("engineering", 1, 1, 1, 700),
            Team("finance", 1, 1, 1, 700),
        ),
        asked=2, answered=1,
    )  # fmt: skip


def test_what_was_done_before_it_was_lost_and_opened_again_has_no_part_in_the_save() -> None:
    author = opened()
    author.write(TUE, TaskDone(), given_to(author, ELI, MON + 9, FRI), ELI)
    author.close(TUE + 1, "lost", None)
    author.write(WED, DealReopened("play", "hash", ANA, hour(2000)))
    author.write(THU, TaskDone(), given_to(author, ANA, WED, FRI), ANA)
    author.close(FRI, kept=500)
    (helper,) = told(author.events).credit.helpers
    assert (helper.name, helper.tasks, helper.kept_cents) == ("Ana Ruiz", 1, 500)


@given(lives=st.lists(histories(), min_size=1, max_size=4))
def test_what_is_told_adds_up(lives: list[list[Event]]) -> None:
    """Of all tasks, by counting them in the deals themselves."""
    records = {i: [Record(e) for e in events] for i, events in enumerate(lives, 1)}
    accounts = {i: Account(i, f"a{i}", f"Account {i}") for i in records}
    known = stories(records, accounts, LONG)
    found = work(known, WORKSPACE, PEOPLE, LONG, more={})
    tasks = [t for s in known for t in s.now.tasks]
    states = Counter(t.state for t in tasks)
    assert found.began == len(tasks)
    assert sum(r.done for r in found.rungs) == states["done"]
    assert sum(r.open for r in found.rungs) == states["open"]
    for name in ("on_time", "postponed", "late", "passed_on"):
        assert getattr(found.settled, name) == sum(getattr(a, name) for a in found.attainment)
    report = stage_report(known, WORKSPACE, PEOPLE, LONG)
    assert sum(n for _, n in report.overdue_by_department) == sum(load.overdue for load in found.loads)
    kept = sum(s.now.kept_cents or 0 for s in known if s.now.outcome == "saved")
    assert (found.credit.kept_cents, found.credit.deals) == (kept, sum(s.now.outcome == "saved" for s in known))
