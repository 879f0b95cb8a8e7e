"""The closed union of changes: each is written and read as itself, and a history folds to one deal.

Planted bugs that turned these tests red: words of kinds without their underscores, a decoder that takes "2" for 2,
``StageEntered`` that numbers its tasks from 1 in each stage, a closed task that keeps its clock, a clock that forgets
until when it sleeps, and ``TaskAssigned`` that leaves the mark of having been seen.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.changes import (
    KIND,
    ApprovalAsked,
    CauseAdded,
    CausesSplit,
    Change,
    Commented,
    DealClosed,
    DealJoined,
    DealKept,
    DealLeft,
    DealMerged,
    DealMigrated,
    DealOpened,
    DealPaused,
    DealReopened,
    DealResumed,
    DealStayed,
    DecisionAsked,
    Escalated,
    Event,
    GateOverridden,
    HelpAsked,
    Moved,
    OwnerChanged,
    Reminded,
    RiskCleared,
    RungPassed,
    SeverityChanged,
    StageEntered,
    StageLate,
    TaskAssigned,
    TaskCannot,
    TaskDone,
    TaskGoesOn,
    TaskRepeats,
    TaskSeen,
    TaskSkipped,
    TaskSnoozed,
    TaskStarted,
    TaskWaits,
    TaskWithdrawn,
    decode,
    encode,
    evolve,
)
from saveline.core.facts import APPROVAL, DECISION, Clock, Deal, Fact, Task

START = datetime(2026, 11, 20, 10, tzinfo=UTC)

# --- written and read -------------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_SCALAR = st.one_of(_TEXT, st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e9, 1e9))
_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(-(2**63), 2**63 - 1),
    datetime: st.integers(0, 4 * 10**15).map(lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)),
    date: st.dates(),
    type(None): st.none(),
    bool: st.booleans(),
    float: st.floats(-1e9, 1e9),
}


def _values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field of a change, from its annotation."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin in (Union, types.UnionType):
        return st.one_of(*map(_values, parts))
    if origin is tuple and parts[-1] is not Ellipsis:
        return st.tuples(*map(_values, parts))
    if origin is tuple:
        return st.lists(_values(parts[0]), max_size=3).map(tuple)
    if origin is Literal:
        return st.sampled_from(parts)
    if issubclass(origin or hint, Mapping):
        return st.dictionaries(_TEXT, _SCALAR, max_size=4)
    assert issubclass(hint, Fact), hint
    return _changes(hint)


def _changes(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Any value of ``cls``, with its defaults where a field is left out."""
    hints = {name: _values(hint) for name, hint in get_type_hints(cls).items()}
    required = {f.name for f in msgspec.structs.fields(cls) if f.required}
    return st.fixed_dictionaries(
        {n: s for n, s in hints.items() if n in required},
        optional={n: s for n, s in hints.items() if n not in required},
    ).map(lambda fields: cls(**fields))


@pytest.mark.parametrize("cls", list(KIND), ids=list(KIND.values()))
@given(data=st.data())
def test_every_change_is_read_as_it_was_written(cls: type[Any], data: st.DataObject) -> None:
    change = data.draw(_changes(cls))
    read = decode(KIND[cls], encode(change))
    assert read == change
    assert type(read) is cls


def test_every_kind_of_change_has_a_word_of_its_own() -> None:
    assert len(set(KIND.values())) == len(KIND) == len(get_args(Change)) == 37
    assert KIND[TaskWithdrawn] == "task_withdrawn"


def test_what_no_change_wrote_is_not_read() -> None:
    with pytest.raises(KeyError):
        decode("task_forgotten", "{}")
    with pytest.raises(msgspec.ValidationError, match="missing required field `reason`"):
        decode("task_cannot", "{}")
    with pytest.raises(msgspec.ValidationError, match="Expected `int`"):
        decode("reminded", '{"ordinal": "2"}')


# --- folded -----------------------------------------------------------------------------------------------------------


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def history(*steps: tuple[float, Change] | tuple[float, Change, int] | tuple[float, Change, int, int]) -> list[Event]:
    """Each step as (hours after the start, change, task, person), numbered from 1."""
    padded = [(*step, *(0, None)[len(step) - 2 :]) for step in steps]
    return [Event(seq, at(h), change, no, by) for seq, (h, change, no, by) in enumerate(padded, 1)]


ANA, ELI = 1, 5
WEEKLY = Task(no=6, plan="weekly_call", stage="decide", visit=2, starts_at=at(116))
LIFE = history(
    (0, DealOpened("play", "hash", ANA, 80_000_00, at(2000), ("champion_left",), 60, ("so it is",))),
    (0, StageEntered("triage", ("diagnosis", "call"), at(48))),
    (0, TaskStarted("Diagnosis", at(24)), 1),
    (0, TaskAssigned(ANA), 1),
    (0, TaskSkipped("not needed"), 2),
    (1, CauseAdded("price_pressure", 85)),
    (2, TaskSeen(), 1, ANA),
    (3, TaskAssigned(ELI, None, ("handed over",)), 1, ANA),
    (4, TaskSnoozed(at(10), "a fair", Moved(1, at(30), at(6), None, None, at(10))), 1, ELI),
    (22, Reminded(1), 1),
    (31, Escalated(0, 1, 1, 2), 1),
    (32, HelpAsked("please"), 1, ELI),
    (32, RungPassed(1, 2, ("nobody",)), 1),
    (40, DealPaused(at(90), "a merger"), 0, ANA),
    (90, DealResumed((Moved(1, at(80), at(56)),), at(98))),
    (98, StageLate()),
    (99, Commented("nearly done"), 1, ELI),
    (100, TaskDone("done", {"root_cause": "price", "sure": True}), 1, ELI),
    (100, OwnerChanged(2)),
    (100, StageEntered("decide", ("offer", "terms"), None, "its gate held")),
    (100, TaskStarted("Offer", at(120)), 3),
    (100, TaskAssigned(None, "finance"), 3),
    (110, TaskCannot("no budget"), 3, ELI),
    (110, TaskSkipped("needs “Offer”, which was found impossible"), 4),
    (110, DecisionAsked("everything in the play is done")),
    (110, TaskStarted("Decide about Acme", at(2000)), 5),
    (110, TaskAssigned(2), 5),
    (111, SeverityChanged("critical", "the board has heard of it"), 0, ANA),
    (111, GateOverridden(at(130), "the gate asks for too much", ("“Offer” is open",)), 0, 2),
    (112, TaskWaits(at(140), "their lawyers"), 5, 2),
    (113, TaskGoesOn(Moved(5, at(2001), at(111)), answered=True), 5, 2),
    (114, TaskRepeats("call", at(116), 2, "decide")),
    (115, ApprovalAsked(3, "discount", "discount", 25.0, "approved", {"discount": 25}, 2), 0, 2),
    (115, DealMigrated("hash", "next", at(2000), "decide", 2, at(100), tasks=(WEEKLY,), reason="a better play"), 0, 2),
    (116, TaskWithdrawn("its stage has ended"), 6),
    (116, TaskWithdrawn("it was finished otherwise"), 7),
    (120, TaskWithdrawn("the account is let go"), 5, 2),
    (120, DealClosed("let_go", "they were bought", None, None), 0, 2),
)
EMPTY = Deal(id=7, account_id=3)
AFTERWARDS = history(
    (0, DealOpened("play", "hash", ANA, 80_000_00, at(2000), ("champion_left",), 60)),
    (0, StageEntered("triage", ("call",))),
    (0, TaskStarted("Call", at(24)), 1),
    (0, TaskAssigned(ANA), 1),
    (5, DealJoined(9, "Globex", 85, 20_000_00)),
    (5, CauseAdded("price_pressure", 85)),
    (6, CausesSplit(11, "Hooli", ("price_pressure",), 60, 20_000_00)),
    (9, TaskDone(), 1, ANA),
    (9, RiskCleared(12, 20)),
    (10, DealClosed("saved", "a discount", 70_000_00, None, at(100)), 0, ANA),
    (100, DealKept()),
    (101, DealLeft(date(2026, 11, 22), "their mail"), 0, ANA),
    (102, DealStayed("another Acme"), 0, ANA),
    (103, DealLeft(date(2026, 11, 23))),
    (110, DealReopened("other", "later", ELI, at(3000), "saved", 70, ("so it is",), "high")),
    (110, StageEntered("triage", ("call",))),
    (120, DealMerged(12, "one save for both"), 0, ANA),
)
"""What can come after a close, and turn a deal into another."""


def test_the_life_holds_every_kind_of_change() -> None:
    assert {type(e.change) for e in (*LIFE, *AFTERWARDS)} == set(KIND)


def test_a_history_folds_to_the_deal() -> None:
    deal = evolve(EMPTY, LIFE)
    assert (deal.id, deal.account_id, deal.seq, deal.play, deal.play_hash) == (7, 3, 38, "play", "next")
    assert (deal.state, deal.outcome, deal.reason, deal.closed_at) == ("closed", "let_go", "they were bought", at(120))
    assert (deal.stage, deal.visit, deal.stage_at, deal.stage_due_at, deal.stage_late_at) == (
        "decide",
        2,
        at(100),
        None,
        None,
    )
    assert (deal.owner_id, deal.causes, deal.score) == (2, ("champion_left", "price_pressure"), 85)
    assert (deal.paused_at, deal.paused_until) == (None, None)
    assert [(t.no, t.plan, t.stage, t.visit, t.state) for t in deal.tasks] == [
        (1, "diagnosis", "triage", 1, "done"),
        (2, "call", "triage", 1, "skipped"),
        (3, "offer", "decide", 2, "cannot"),
        (4, "terms", "decide", 2, "skipped"),
        (5, DECISION, "decide", 2, "withdrawn"),
        (6, "weekly_call", "decide", 2, "withdrawn"),
        (7, APPROVAL, "decide", 2, "withdrawn"),
    ]
    assert (deal.severity, deal.override_until, deal.tasks[5].starts_at) == ("critical", at(130), at(116))
    waits = evolve(EMPTY, LIFE[:30]).tasks[4].running
    assert (waits.waits_since, waits.snoozed_until) == (at(112), at(140))
    goes_on = evolve(EMPTY, LIFE[:31]).tasks[4].running
    assert (goes_on.waits_since, goes_on.snoozed_until, goes_on.due_at) == (None, None, at(2001))
    assert all(t.clock is None and t.closed_at is not None for t in deal.tasks)
    assert [(t.closed_by, t.outcome, t.note) for t in deal.tasks[:3]] == [
        (ELI, "done", None),
        (None, None, "not needed"),
        (ELI, "cannot", "no budget"),
    ]
    assert deal.tasks[0].answers == {"root_cause": "price", "sure": True}


def test_what_comes_after_a_close_folds_too() -> None:
    def after(hours: float) -> Deal:
        return evolve(EMPTY, [e for e in AFTERWARDS if e.at <= at(hours)])

    both = ("champion_left", "price_pressure")
    assert (after(5).causes, after(5).score, after(5).arr_cents) == (both, 85, 100_000_00)
    assert (after(6).causes, after(6).score, after(6).arr_cents) == (("champion_left",), 60, 80_000_00)
    assert (after(9).score, after(10).state, after(10).watch_until) == (12, "closed", at(100))
    assert (after(100).kept_at, after(101).kept_at, after(101).left_at) == (at(100), None, at(101))
    assert (after(102).left_at, after(103).left_at) == (None, at(103))
    again = after(110)
    assert (again.state, again.play, again.play_hash, again.owner_id) == ("open", "other", "later", ELI)
    assert (again.decide_at, again.score, again.severity) == (at(3000), 70, "high")
    assert (again.opened_at, again.reopened_at, again.closed_before, again.earlier) == (at(0), at(110), at(10), 1)
    assert (again.outcome, again.reason, again.kept_cents, again.closed_at) == (None,) * 4
    assert (again.watch_until, again.kept_at, again.left_at, again.arr_cents) == (None, None, None, 80_000_00)
    assert [(t.state, t.visit) for t in again.tasks] == [("done", 1), ("waiting", 2)]
    assert again.latest("call") == again.tasks[1]
    ended = after(120)
    assert (ended.state, ended.outcome, ended.merged_into) == ("closed", "merged", 12)
    assert (ended.reason, ended.ending) == ("one save for both", "merged into deal 12")


def test_the_clock_of_a_task_says_what_its_ladder_counts_from() -> None:
    """Assigned anew it is unseen again; the first promise never moves; a rung that was passed is climbed."""
    seen = evolve(EMPTY, LIFE[:7]).tasks[0].running
    assert (seen.seen_at, seen.assigned) == (at(2), 1)
    given_on = evolve(EMPTY, LIFE[:8]).tasks[0]
    assert (given_on.assignee_id, given_on.running.seen_at, given_on.running.assigned) == (ELI, None, 2)
    climbed = evolve(EMPTY, LIFE[:13]).tasks[0].running
    assert climbed == Clock(
        at(0), at(30), at(24), at(6), at(4), None, at(10), at(32), assigned=2, reminded=1, rung=2, escalated=1
    )
    paused = evolve(EMPTY, LIFE[:14])
    assert (paused.state, paused.paused_at, paused.paused_until) == ("paused", at(40), at(90))
    resumed = evolve(EMPTY, LIFE[:15])
    assert (resumed.state, resumed.paused_until, resumed.stage_due_at) == ("open", None, at(98))
    assert resumed.tasks[0].running == replace(
        climbed, due_at=at(80), anchor_at=at(56), escalated_at=None, snoozed_until=None, since=at(90)
    )


@given(cut=st.integers(0, len(LIFE)))
def test_it_does_not_matter_in_how_many_parts_a_history_is_folded(cut: int) -> None:
    before = evolve(EMPTY, LIFE[:cut])
    kept = msgspec.json.encode(before)
    assert evolve(before, LIFE[cut:]) == evolve(EMPTY, LIFE)
    assert msgspec.json.encode(before) == kept
    assert before.seq == cut


def test_a_history_read_back_folds_to_the_same_deal() -> None:
    for life in (LIFE, AFTERWARDS):
        read = [replace(e, change=decode(e.kind, encode(e.change))) for e in life]
        assert evolve(EMPTY, read) == evolve(EMPTY, life)


def test_a_change_of_a_task_that_is_not_open_is_a_bug_and_not_a_silent_nothing() -> None:
    with pytest.raises(ValueError, match=r"task 2 \(call\) is skipped and has no clock"):
        evolve(EMPTY, [*LIFE[:5], Event(6, at(1), Reminded(1), 2)])
