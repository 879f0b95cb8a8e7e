"""What saves cost: hours that were told, concessions that were given, asked for and refused, by hand.

Planted bugs that turned these tests red: an answer of yes counted as an hour; an approval of the week before counted
in this one; a concession of nothing; the request's own answers counted as given; a percentage added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.blocks import Table
from saveline.core.changes import ApprovalAsked, DealOpened, Event, StageEntered, TaskDone, TaskStarted
from saveline.core.facts import Account
from saveline.core.moments import Anchor, Duration, Moment
from saveline.core.people import Owner
from saveline.core.periods import Period
from saveline.core.play import Field, Play, Policy, StagePlan, TaskPlan, play_of
from saveline.core.records import Record
from saveline.core.report_value import concessions, cost
from saveline.core.saying import Saying
from saveline.core.stories import Story, stories
from saveline.core.tongue import ENGLISH
from saveline.core.value import Answered, ConcessionLine, Effort, Granted, Value, conceded, effort, told_hours
from saveline.evidence.value import value
from tests.core.test_report import WEEK, nov, reported
from tests.evidence.deals import OUTCOMES, SPAN, deal

SAYING = Saying("USD", ZoneInfo("Europe/Lisbon"), ENGLISH)
FORM = (
    Field("hours", "number", low=0, optional=True),
    Field("discount", "percent", limit="discount", optional=True),
    Field("credit", "money", limit="credit", optional=True),
    Field("seats", "number", optional=True),
)


class _Title:
    source = "Terms"

    def __call__(self, facts: object) -> str:
        return self.source


TERMS = TaskPlan(
    "terms", "triage", _Title(), (Owner(),), Moment(Anchor("start"), Duration(days=1), 1), Policy("p"), form=FORM
)
PLAY = play_of(Play("play", "hash", "Play", "", (StagePlan("triage", tasks=(TERMS,)),), TERMS.due))


def history(*steps: tuple[float, Any, int]) -> Story:
    """A deal with the task ``terms``, opened on 10 November; what then happens to it by 23 November."""
    began = (
        (10, DealOpened("play", "hash", 1, 80_000_00, nov(60)), 0),
        (10, StageEntered("triage", ("terms",)), 0),
        (10, TaskStarted("Terms", nov(20)), 1),
    )
    events = [Event(seq, nov(day), change, no) for seq, (day, change, no) in enumerate([*began, *steps], 1)]
    (story,) = stories({1: [Record(e) for e in events]}, {1: Account(1, "a", "A")}, WEEK)
    return story


def asked(day: float, amount: float, **answers: Any) -> list[tuple[float, Any, int]]:
    """Task 1 was to be finished with so much discount, which somebody else has to approve as task 2."""
    request = ApprovalAsked(1, "discount", "discount", amount, "done", {"discount": amount, **answers}, 1)
    return [(day, request, 0), (day, TaskStarted("Approve", nov(25)), 2)]


def told(*found: Story, period: Period = WEEK) -> tuple[ConcessionLine, ...]:
    return conceded(found, {"hash": PLAY}, period)


def granting(given_: Sequence[float], *, approved: int, refused: int) -> tuple[ConcessionLine, ...]:
    """A deal for each discount, of which the first had to be approved; and as many that were refused."""
    made = []
    for i, amount in enumerate(given_):
        ask = [*asked(17, amount), (18, TaskDone("approved"), 2)] if i < approved else []
        made.append(history(*ask, (18, TaskDone("done", {"discount": amount}), 1)))
    made += [history(*asked(17, 50), (18, TaskDone("refused", {"reason": "No."}), 2)) for _ in range(refused)]
    return told(*made)


# --- concessions ------------------------------------------------------------------------------------------------------


def test_concessions_of_the_week_against_limits() -> None:
    assert granting([5, 10, 20], approved=1, refused=2) == (
        ConcessionLine("discount", "percent", 3, 35.0, 20.0, approved=1, asked=3, refused=2, waiting=0),
    )


def test_one_task_can_give_two_things_and_nothing_is_no_concession() -> None:
    both = history((17, TaskDone("done", {"discount": 0, "credit": 500.5, "seats": 3, "hours": 2}), 1))
    assert told(both) == (
        ConcessionLine("credit", "money", 1, 500.5, 500.5, approved=0, asked=0, refused=0, waiting=0),
    )


def test_what_was_asked_for_before_the_week_waits_or_is_decided_in_it() -> None:
    """And what was given before it belongs to the week before."""
    before = replace(WEEK, start=nov(9), end=nov(16))
    waits = history(*asked(13, 20))
    assert told(waits) == (ConcessionLine("discount", "percent", 0, 0.0, 0.0, 0, asked=0, refused=0, waiting=1),)
    decided = history(*asked(13, 20), (17, TaskDone("refused"), 2))
    assert told(decided) == (ConcessionLine("discount", "percent", 0, 0.0, 0.0, 0, asked=0, refused=1, waiting=0),)
    earlier = history(*asked(11, 20), (12, TaskDone("approved"), 2), (12, TaskDone("done", {"discount": 20}), 1))
    assert told(earlier) == ()
    given_ = history((13, TaskDone("done", {"discount": 9}), 1), (17, TaskStarted("again", nov(25)), 1))
    assert told(given_) == ()
    assert [line.given for line in told(given_, period=before)] == [1]
    assert [line.asked for line in told(waits, period=before)] == [1]


def test_a_play_that_cannot_be_read_any_more_tells_of_requests_alone() -> None:
    story = history(*asked(17, 20), (18, TaskDone("approved"), 2), (18, TaskDone("done", {"discount": 20}), 1))
    (line,) = conceded([story], {}, WEEK)
    assert (line.given, line.asked, line.approved, line.own) == (0, 1, 1, 0)


# --- hours ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "hours"),
    [(2, [2.0]), (2.5, [2.5]), (0, [0.0]), (-1, []), (True, []), ("2", []), (None, []), (float("nan"), [])],
)
def test_hours_are_a_number_that_is_not_negative(said: Any, hours: list[float]) -> None:
    assert told_hours({"hours": said}) == hours
    assert told_hours({"days": said}) == []


def test_the_effort_of_a_deal() -> None:
    tasks: list[Answered] = [
        ("terms", {"hours": 2.5, "discount": 10}),
        ("other", {"hours": 1}),
        ("terms", {"seats": 3}),
    ]
    assert effort(tasks, PLAY) == Effort(3.5, (Granted("discount", "percent", 10.0),))
    assert effort(tasks, None) == Effort(3.5)
    assert effort([("approval", {"hours": 9, "reason": "No."})], PLAY) == Effort()


@given(
    ended=st.lists(st.tuples(st.sampled_from(["saved", "lost", "let_go", "no_risk", "merged", None]), st.booleans(),
                             st.none() | st.integers(0, 400), st.integers(0, 10**6)), max_size=30),
)  # fmt: skip
def test_the_lines_make_up_the_whole(ended: list[tuple[str | None, bool, int | None, int]]) -> None:
    """Every decided deal is in one line; hours are those that were told; a save lost after all kept nothing."""
    cases = [
        deal(i, o, kept=kept if o == "saved" else None, left_at=SPAN.until if left else None)
        for i, (o, left, _, kept) in enumerate(ended)
    ]
    efforts = {i: Effort(quarters / 4) for i, (_, _, quarters, _) in enumerate(ended) if quarters is not None}
    found = value(cases, OUTCOMES, SPAN, efforts=efforts, floor=2)
    decided = [(i, *row) for i, row in enumerate(ended) if row[0] in {"saved", "lost", "let_go"}]
    if found is None:
        assert not decided
        return
    hours = [q / 4 for _, _, _, q, _ in decided if q is not None]
    keeps = {i: kept if o == "saved" and not left else 0 for i, o, left, _, kept in decided}
    assert (found.deals, found.hours.n, found.hours.total) == (len(decided), len(hours), sum(hours))
    assert found.hours.n == sum(line.hours.n for line in found.lines)
    assert sum(line.kept_cents for line in found.lines) == sum(keeps.values())
    assert found.kept_there_cents == sum(keeps[i] for i, _, _, q, _ in decided if q is not None)
    assert [line.key for line in found.lines if line.let_go] == ["let_go"]


# --- words ------------------------------------------------------------------------------------------------------------


def _found(*, hours: bool) -> Value:
    cases = [deal(i, "saved" if i < 12 else "let_go", kept=50_000_00) for i in range(14)]
    efforts = {
        i: Effort(6.0 + i % 3, (Granted("discount", "percent", 5.0),) * (i % 2)) for i in range(13 if hours else 0)
    }
    found = value(cases, OUTCOMES, SPAN, efforts=efforts, concessions=granting([5, 20], approved=1, refused=0))
    assert found is not None
    return found


def _said(found: Value) -> str:
    section = cost(replace(reported(), value=found), SAYING)
    assert section is not None
    chart, note = section.blocks
    return f"{chart.finding} {note.text}"  # type: ignore[union-attr]  # a chart, then a note


def test_the_section_says_what_an_hour_kept_and_what_was_let_go() -> None:
    assert _said(_found(hours=True)) == (
        "90 hours went into 13 deals, of which $600k is kept: $6.7k an hour. "
        "Hours are told of 13 of 14 decided deals, and are those that people answered. "
        "2 deals worth $200k were let go. At the mean of those that were saved they would have taken 14 hours. "
        "A saved deal took 0.5 concessions in the mean. "
        "To let go is a decision. Such deals count as not saved in every rate of this report: "
        "no loss is hidden in them."
    )
    assert _said(_found(hours=False)).startswith("Of $1.4M decided, $600k is kept. Nobody says how many hours")


def test_the_table_of_concessions() -> None:
    section = concessions(replace(reported(), value=_found(hours=False)), SAYING)
    assert section is not None
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0].cells] == ["discount", "2", "12.5%", "20.0%", "", "1", "1", "0", "0"]
    assert concessions(reported(), SAYING) is cost(reported(), SAYING) is None


def test_the_period_of_a_request_is_half_open() -> None:
    at_start = history(*asked(16, 20))
    assert told(at_start)[0].asked == 1
    assert told(at_start, period=replace(WEEK, start=nov(16) + timedelta(microseconds=1)))[0].asked == 0
