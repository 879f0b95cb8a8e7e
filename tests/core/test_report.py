"""The stage report's figures, each worked out by hand, and that they add up from one week to the next.

Planted bugs that turned these tests red: a deal closed at the first moment of the period left out, one opened at its
end counted, ``now`` folded without ``then``, a paused deal called late, what was kept counted as what was closed, and
a decision asked for already left out because its date has passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.changes import (
    Change,
    DealClosed,
    DealOpened,
    DealPaused,
    DecisionAsked,
    Event,
    StageEntered,
    StageLate,
    TaskAssigned,
    TaskDone,
    TaskStarted,
)
from saveline.core.facts import Account, Department, Person
from saveline.core.people import Named, Owner, People
from saveline.core.periods import Period, parse
from saveline.core.play import Policy
from saveline.core.records import Record
from saveline.core.report import Amount, DecisionLine, OverdueLine, StageReport, stage_report
from saveline.core.stories import stories
from saveline.core.workspace import Decision, Outcome, Risk, Stage, Workspace
from saveline.core.worktime import DaysOff, parse_hours

HOURS = parse_hours("mon-fri 9-13, 14-18")
WORKSPACE = Workspace(
    company="Northwind",
    zone="Europe/Lisbon",
    currency="USD",
    country="PT",
    hours=HOURS,
    stages=(Stage("triage", "Triage"), Stage("stabilise", "Stabilise"), Stage("decide", "Renewal decision")),
    outcomes=(
        Outcome("saved", "Saved", saved=True),
        Outcome("saved_smaller", "Saved smaller", saved=True),
        Outcome("lost", "Lost", evidence=True),
        Outcome("let_go", "Let go"),
    ),
    policies={"standard": Policy("standard")},
    default_policy="standard",
    decision=Decision(Policy("standard")),
    owner=(Owner(),),
    steward=(Named("ana@x.example"),),
    risk=Risk(60),
    default_play="play",
    departments=(Department("success", "Customer success"), Department("engineering", "Engineering")),
)
ANA, ELI = 1, 2
PEOPLE = People(
    [
        Person(ANA, "ana@x.example", "Ana Ruiz", department="success"),
        Person(ELI, "eli@x.example", "Eli Stern", department="engineering"),
    ],
    WORKSPACE.departments,
    WORKSPACE.zone,
    HOURS,
    DaysOff("PT"),
)
WEEK = parse("2026-W47", "Europe/Lisbon")
"""From Monday 16 November 00:00 to Monday 23 November 00:00; Lisbon's winter is UTC."""


def nov(day: float) -> datetime:
    """Day ``day`` of November 2026; 20.5 is noon of the 20th."""
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day - 1)


def told(*steps: tuple[float, Change] | tuple[float, Change, int]) -> list[Event]:
    padded = [(*step, 0)[:3] for step in steps]
    return [Event(seq, nov(day), change, no) for seq, (day, change, no) in enumerate(padded, 1)]


def opened(arr: int, decide: float = 60) -> DealOpened:
    return DealOpened("play", "hash", ANA, arr * 100, nov(decide))


def closed(outcome: str, kept: int | None = None) -> DealClosed:
    return DealClosed(outcome, "so it is", None if kept is None else kept * 100)


HISTORIES = {
    # In Triage since the 10th, its clock ran out on the 12th; two tasks, one of them overdue.
    1: told(
        (10, opened(80_000)),
        (10, StageEntered("triage", ("diagnosis", "tickets"), nov(12))),
        (10, TaskStarted("Diagnosis of Acme", nov(20.75)), 1),
        (10, TaskAssigned(ANA), 1),
        (10, TaskStarted("Tickets of Acme", nov(23)), 2),
        (10, TaskAssigned(None, "engineering"), 2),
        (12, StageLate()),
    ),
    # Saved in the week, with 45 of its 50 thousand.
    2: told((12, opened(50_000)), (12, StageEntered("triage")), (18, closed("saved_smaller", 45_000))),
    # Opened and lost within the week.
    3: told((17, opened(20_000)), (17, StageEntered("triage")), (20, closed("lost"))),
    # Opened in the week, in Stabilise since the 20th at noon; a decision is due on 6 December.
    4: told(
        (19, opened(30_000, 36)),
        (19, StageEntered("triage", ("diagnosis",))),
        (19, TaskStarted("Diagnosis of Umbrella", nov(19.5)), 1),
        (19, TaskAssigned(ELI), 1),
        (20.5, TaskDone(), 1),
        (20.5, StageEntered("stabilise")),
    ),
    # Closed before the week: at no time in it was it open.
    5: told((2, opened(7_000)), (2, StageEntered("triage")), (15.99, closed("saved", 7_000))),
    # Closed at the week's first moment: that is in it.
    6: told((2, opened(10_000)), (2, StageEntered("triage")), (16, closed("let_go"))),
    # Opened at the first moment of the next week: that is not in it.
    7: told((23, opened(90_000)), (23, StageEntered("triage"))),
}
NAMES = ("Acme", "Globex", "Initech", "Umbrella", "Hooli", "Soylent", "Tyrell")
ACCOUNTS = {i: Account(100 + i, name.lower(), name) for i, name in enumerate(NAMES, 1)}


def reported(histories: Mapping[int, Sequence[Event]] = HISTORIES, period: Period = WEEK) -> StageReport:
    records = {deal_id: [Record(e) for e in events] for deal_id, events in histories.items()}
    return stage_report(stories(records, ACCOUNTS, period), WORKSPACE, PEOPLE, period)


# --- a little world, by hand ------------------------------------------------------------------------------------------


def test_the_bridge_from_before_to_after() -> None:
    """140 thousand before (80 + 50 + 10), 50 opened (20 + 30), 50 saved, 20 lost, 10 let go: 110 after (80 + 30)."""
    report = reported()
    assert report.before == Amount(3, 140_000_00)
    assert report.opened == Amount(2, 50_000_00)
    assert [(o.key, o.closed, o.kept_cents) for o in report.outcomes] == [
        ("saved", Amount(), 0),
        ("saved_smaller", Amount(1, 50_000_00), 45_000_00),
        ("lost", Amount(1, 20_000_00), 0),
        ("let_go", Amount(1, 10_000_00), 0),
    ]
    assert (report.closed, report.saved) == (Amount(3, 80_000_00), 1)
    assert report.at_risk == Amount(2, 110_000_00)


def test_where_deals_stand_and_for_how_long() -> None:
    """Acme has been in Triage for 13 days on the 23rd at midnight, Umbrella in Stabilise for 2.5."""
    assert [(s.title, s.here, s.entered, s.median_days, s.late) for s in reported().stages] == [
        ("Triage", Amount(1, 80_000_00), 2, 13.0, 1),
        ("Stabilise", Amount(1, 30_000_00), 1, 2.5, 0),
        ("Renewal decision", Amount(), 0, None, 0),
    ]


def test_what_is_overdue_and_what_must_be_decided() -> None:
    """Tickets of Acme is due at the very end of the week, so not late in it."""
    report = reported()
    assert report.overdue == (
        OverdueLine(1, "Acme", 80_000_00, "Diagnosis of Acme", 1, "Ana Ruiz", "Customer success", nov(20.75)),
    )
    assert report.overdue_by_department == (("Customer success", 1),)
    assert report.decisions == (DecisionLine(4, "Umbrella", 30_000_00, "Stabilise", "Ana Ruiz", nov(36)),)


def test_what_the_numbers_say() -> None:
    assert reported().findings == (
        "$110k is at risk, $30k less than before; 1 of 3 deals closed were saved.",
        "Triage is where deals stop: the one deal there is late.",
        "1 task overdue, it is with Customer success.",
        "1 deal worth $30k must be decided within 14 days.",
    )


def test_a_week_in_which_nothing_was() -> None:
    report = reported(period=parse("2026-W40", "Europe/Lisbon"))
    assert (report.before, report.opened, report.closed, report.at_risk) == (Amount(), Amount(), Amount(), Amount())
    assert report.findings == ("$0 is at risk, as much as before; none closed.",)
    assert [s.median_days for s in report.stages] == [None, None, None]


# --- edges ------------------------------------------------------------------------------------------------------------


def test_a_paused_deal_is_at_risk_but_nothing_of_it_is_late() -> None:
    """Its clocks stand still: what came due meanwhile comes due later."""
    started = told(
        (10, opened(80_000)),
        (10, StageEntered("triage", ("diagnosis",), nov(18))),
        (10, TaskStarted("Diagnosis", nov(18)), 1),
        (10, TaskAssigned(ANA), 1),
    )
    running = reported({1: started})
    assert (running.stages[0].late, len(running.overdue)) == (1, 1)
    paused = reported({1: [*started, Event(5, nov(15), DealPaused(nov(28), "a merger"))]})
    assert (paused.at_risk.deals, paused.stages[0].late, paused.overdue) == (1, 0, ())


def test_a_stage_that_was_late_before_the_pause_stays_late() -> None:
    late = told(
        (10, opened(80_000)),
        (10, StageEntered("triage", (), nov(12))),
        (12, StageLate()),
        (15, DealPaused(nov(28), "x")),
    )
    assert reported({1: late}).stages[0].late == 1


def test_a_decision_that_was_asked_for_is_listed_until_it_is_made() -> None:
    asked = told((2, opened(80_000, 14)), (2, StageEntered("decide")), (14, DecisionAsked()))
    assert [d.decide_at for d in reported({1: asked}).decisions] == [nov(14)]
    until = Event(4, nov(14), TaskStarted("Decide", nov(16)), 1)
    assert [d.decide_at for d in reported({1: [*asked, until]}).decisions] == [nov(16)]
    early = told((2, opened(80_000, 90)), (2, StageEntered("decide")), (18, DecisionAsked()))
    assert reported({1: early}).decisions == (), "the work was done long before its day"
    made = [*asked, Event(4, nov(19), closed("saved", 80_000))]
    assert reported({1: made}).decisions == ()


@pytest.mark.parametrize(("day", "listed"), [(36.99, 1), (37, 0)])
def test_decisions_of_the_next_fourteen_days(day: float, listed: int) -> None:
    deal = told((2, opened(80_000, day)), (2, StageEntered("triage")))
    assert len(reported({1: deal}).decisions) == listed


def test_only_what_is_known_by_the_end_of_the_period_counts() -> None:
    """The report of a past week is the same whenever it is built."""
    later = {**HISTORIES, 1: [*HISTORIES[1], Event(8, nov(23), closed("lost"))], 4: HISTORIES[4][:6]}
    assert reported(later) == reported()


# --- one week after another -------------------------------------------------------------------------------------------

_LIVES = st.lists(
    st.tuples(
        st.integers(0, 27 * 24),
        st.integers(0, 20 * 24),
        st.integers(0, 10**7),
        st.sampled_from(["saved", "saved_smaller", "lost", "let_go", ""]),
    ),
    max_size=7,
)
WEEKS = [parse(f"2026-W{n}", "Europe/Lisbon") for n in range(44, 53)]


@given(lives=_LIVES)
def test_the_bridge_adds_up_every_week_and_each_week_starts_where_the_last_one_ended(
    lives: list[tuple[int, int, int, str]],
) -> None:
    histories = {
        i: told(
            (1 + start / 24, opened(arr)),
            (1 + start / 24, StageEntered("triage")),
            *([(1 + (start + length) / 24, closed(outcome, 1))] if outcome else []),
        )
        for i, (start, length, arr, outcome) in enumerate(lives, 1)
    }
    reports = [reported(histories, week) for week in WEEKS]
    for report in reports:
        assert report.before + report.opened == report.at_risk + report.closed
        assert sum((s.here for s in report.stages), Amount()) == report.at_risk
    for last, following in pairwise(reports):
        assert following.before == last.at_risk
    assert sum(r.opened.deals for r in reports) == len(lives)
