"""Laws 1 to 8 of the playbook language, on generated plays and scripts, on SQLite and on PostgreSQL.

Each docstring names the bug that was planted once to see the test turn red.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from saveline.actions import deals, tasks
from saveline.actions.tasks import TaskRef
from saveline.core.changes import (
    DealClosed,
    DealOpened,
    Escalated,
    Event,
    RungPassed,
    StageEntered,
    TaskCannot,
    TaskDone,
    TaskSkipped,
    TaskWithdrawn,
    evolve,
)
from saveline.core.decide import flow
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Case, Draft
from saveline.core.decide.due import on_due
from saveline.core.decide.ladder import policy_of
from saveline.core.delivery import unwanted
from saveline.core.errors import GateHolds, SomebodyWasFaster, TaskClosed
from saveline.core.facts import Deal, Fact
from saveline.core.worktime import between
from saveline.store.apply import apply
from saveline.store.rows import DEAL, NOTICE, TASK
from tests.laws.generated import Step, idle_scripts, open_plays, plays, scripts, turning_scripts
from tests.laws.playing import act, events, notices, people, start
from tests.laws.playing import case as case_of
from tests.world import World

# One world serves all examples of a test: each opens a deal of its own.
generated = settings(
    max_examples=int(os.environ.get("LAWS_EXAMPLES", "25")),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # shrinking a whole life takes minutes; the script is printed as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def play_script(world: World, deal_id: int, script: Sequence[Step]) -> None:
    """The script with an engine that ticks often."""
    for step in script:
        world.at(world.now + step.wait)
        act(world, deal_id, step)
    world.pass_time(days=3)


@generated
@given(play=plays(), script=scripts)
def test_law_1_nobody_is_forgotten(on_both: World, play: dict[str, Any], script: list[Step]) -> None:
    """After every step an open deal and each of its open tasks have a next moment, which lies ahead; so has a save that
    is watched, and no other deal that is closed.

    Planted: ``_next_at`` left out the decision date; ``scheduled`` did not clear and recompute ``stale``.
    """
    deal_id = start(on_both, play)
    for step in script:
        on_both.at(on_both.now + step.wait)
        act(on_both, deal_id, step)
        deal = on_both.deal(deal_id)
        if deal.closed:
            assert all(t.closed for t in deal.tasks)
            assert (deal.next_at is not None) == (deal.watch_until is not None and not (deal.kept_at or deal.left_at))
        else:
            assert deal.next_at is not None
            assert (deal.watch_until, deal.kept_at, deal.outcome, deal.closed_at) == (None,) * 4
        if deal.next_at is None:
            continue
        assert deal.next_at >= on_both.now
        assert all(t.next_at is not None for t in deal.tasks if t.state == "open")


@generated
@given(play=open_plays(), script=turning_scripts)
def test_laws_1_and_8_hold_for_deals_that_turn(on_both: World, play: dict[str, Any], script: list[Step]) -> None:
    """Closed, watched, kept or lost after all, opened again: an open deal and a watched save have a next moment ahead,
    no other has one, and what the database holds is what the history folds to.

    Planted: ``watched_until`` that went on after the account had left; ``_AT_OPENING`` with ``decide_at``, which a deal
    that opens again gets anew.
    """
    deal_id = start(on_both, play)
    for step in script:
        on_both.at(on_both.now + step.wait)
        act(on_both, deal_id, step)
        deal = on_both.deal(deal_id)
        watched = deal.watch_until is not None and not (deal.kept_at or deal.left_at)
        assert (deal.next_at is not None) == (watched or not deal.closed)
        assert deal.next_at is None or deal.next_at >= on_both.now
        folded = evolve(Deal(id=deal_id, account_id=deal.account_id), events(on_both, deal_id))
        assert _timeless(folded) == _timeless(deal)


@generated
@given(play=open_plays(), script=turning_scripts, ticks=st.lists(st.integers(1, 20_000), min_size=1, max_size=8))
def test_law_2_the_tick_does_not_matter_for_deals_that_turn(
    on_both: World, play: dict[str, Any], script: list[Step], ticks: list[int]
) -> None:
    """Planted: ``reopen_deal`` that did not catch up first: a watch that was over never ended."""
    deal_id = start(on_both, play)
    play_script(on_both, deal_id, script)
    often, ended = _timeline(events(on_both, deal_id)), on_both.now
    deal_id = start(on_both, play)
    _play_with_ticks(on_both, deal_id, script, ticks)
    on_both.jump(ended)
    assert _timeline(events(on_both, deal_id)) == often


def test_law_1_the_database_refuses_a_forgotten_deal_and_task(on_both: World) -> None:
    """Planted: the CHECK constraints left out of the migration."""
    on_both.open()
    for statement in (sa.update(DEAL).values(next_at=None), sa.update(TASK).values(next_at=None)):
        with pytest.raises(IntegrityError), on_both.desk.writing() as conn:
            conn.execute(statement)


@generated
@given(play=plays(), script=scripts, ticks=st.lists(st.integers(1, 5000), min_size=1, max_size=12))
def test_law_2_the_tick_does_not_matter(
    on_both: World, play: dict[str, Any], script: list[Step], ticks: list[int]
) -> None:
    """The same script with an engine that ticks at every due moment, and with one that comes when it likes, even only
    with the people's own actions, gives the same events at the same moments.

    Planted: ``climb`` recorded at the engine's ``now`` instead of the due moment; an intent that did not catch up
    first.
    """
    deal_id = start(on_both, play)
    play_script(on_both, deal_id, script)
    often, ended = _timeline(events(on_both, deal_id)), on_both.now
    deal_id = start(on_both, play)
    _play_with_ticks(on_both, deal_id, script, ticks)
    on_both.jump(ended)
    seldom = _timeline(events(on_both, deal_id))
    different = [(a, b) for a, b in zip(often, seldom, strict=False) if a != b]
    assert not different, f"often:  {different[0][0]}\nseldom: {different[0][1]}"
    assert len(seldom) == len(often)


def _play_with_ticks(world: World, deal_id: int, script: Sequence[Step], ticks: Sequence[int]) -> None:
    moments = [world.now]
    for step in script:
        moments.append(moments[-1] + step.wait)
    tick_at = [moments[0] + timedelta(minutes=sum(ticks[: i + 1])) for i in range(len(ticks))]
    for step, moment in zip(script, moments[1:], strict=True):
        for tick in [t for t in tick_at if world.now < t < moment]:
            world.jump(tick)
        world.clock.set(moment)
        act(world, deal_id, step)


def _timeline(history: Sequence[Event]) -> list[Any]:
    """Events without what names the account's own rows."""
    return [(e.seq, e.at, e.task_no, e.by, e.via, e.change) for e in history if not isinstance(e.change, DealOpened)]


@generated
@given(play=plays(), script=scripts)
def test_law_3_once(on_both: World, play: dict[str, Any], script: list[Step]) -> None:
    """Deciding the same moment twice writes once: the second writer is refused whole, and the schema itself refuses a
    second copy of any notice.

    Planted: ``_UPDATE_DEAL`` without ``seq`` in its key together with events without their unique key (either one alone
    refuses the second writer); the unique constraint on notices without ``ordinal``.
    """
    deal_id = start(on_both, play)
    for step in script[:4]:
        act(on_both, deal_id, step)
        due = on_both.deal(deal_id).next_at
        if due is None:
            return
        on_both.clock.set(max(due, on_both.now))
        _decide_twice(on_both, deal_id)
    with on_both.desk.reading() as conn:
        row = dict(conn.execute(sa.select(NOTICE).where(NOTICE.c.deal_id == deal_id)).first()._mapping)  # type: ignore[union-attr]
    del row["id"]
    with pytest.raises(IntegrityError), on_both.desk.writing() as conn:
        conn.execute(sa.insert(NOTICE), row)


def _decide_twice(world: World, deal_id: int) -> None:
    desk, now = world.desk, world.now
    decision = on_due(case_of(world, deal_id), now)
    with desk.writing() as conn:
        apply(conn, [decision], now)
    if decision.events:
        with pytest.raises((SomebodyWasFaster, IntegrityError)), desk.writing() as conn:
            apply(conn, [decision], now)


@generated
@given(play=plays(), script=scripts)
def test_law_4_gates_hold(on_both: World, play: dict[str, Any], script: list[Step]) -> None:
    """Whatever people try: a stage was entered only with its predecessor's gate open or overridden and no other left
    out between, by a branch of the play, or backwards; and a save was recorded only with the gate open, in the last
    stage or when the decision had been asked for.

    Planted: ``move_stage`` without its gate check; ``_leave`` that looked at the tasks and not at ``exit``; ``close``
    without ``_check_gates``.
    """
    deal_id = start(on_both, play)
    for step in script:
        on_both.at(on_both.now + step.wait)
        for do in (step.do, "move", "save"):
            act(on_both, deal_id, replace(step, do=do))
    case = case_of(on_both, deal_id)
    deal = Deal(id=deal_id, account_id=case.account.id)
    for event in events(on_both, deal_id):
        match event.change:
            case StageEntered(stage=stage, why=why) if deal.visit and not why.endswith("ended as other"):
                assert not _in_the_way(case, deal, stage, event.at), event
            case DealClosed(outcome="saved"):
                assert not _gate(case, deal, event.at), event
                assert deal.decision_asked or case.play.after(deal.stage) is None, event
        deal = evolve(deal, [event])


def _in_the_way(case: Case, deal: Deal, stage: str, at: datetime) -> list[str]:
    """What should have kept the deal from ``stage``: its own gate, and stages between that nobody went through."""
    keys = [s.key for s in case.play.stages]
    between = case.play.stages[keys.index(deal.stage) + 1 : keys.index(stage)]
    forward = keys.index(stage) > keys.index(deal.stage)
    return [*_gate(case, deal, at), *(s.key for s in between if s.tasks or s.exit)] if forward else []


def _gate(case: Case, deal: Deal, at: datetime) -> list[str]:
    """What the gate lacks at ``at`` if nobody overrides it, once the tasks that the move itself withdrew are counted as
    they were."""
    reopened = tuple(
        replace(t, state="open") if t.state == "withdrawn" and t.visit == deal.visit else t for t in deal.tasks
    )
    return flow.gate(Draft(replace(case, deal=replace(deal, tasks=reopened))), at)


@pytest.mark.parametrize("via", ["web", "slack", "api", "import", "cli", "email", "admin"])
def test_law_4_every_door_is_refused_with_what_is_missing(on_both: World, via: str) -> None:
    """Planted: ``move_stage`` that let ``via == 'admin'`` pass."""
    deal_id = on_both.open()
    with pytest.raises(GateHolds, match="Write the three-sentence diagnosis for Acme” is open"):
        deals.move_stage(on_both.desk, deal_id, on_both.by("chris", via), to="decide")
    assert on_both.deal(deal_id).stage == "triage"
    with pytest.raises(GateHolds):
        deals.close_deal(on_both.desk, deal_id, on_both.by("chris", via), Closing("saved", "wishful", 1))
    assert not on_both.deal(deal_id).closed


@generated
@given(play=plays(), script=scripts)
def test_law_5_closed_is_closed(on_both: World, play: dict[str, Any], script: list[Step]) -> None:
    """Nothing is decided about a task after it closed, what was decided before is not sent any more, and closing it
    again is refused in words that name who did it.

    Planted: ``_closed`` that kept the clock; ``open_task`` without its check; ``_of_task`` without ``task.closed``.
    """
    deal_id = start(on_both, play)
    play_script(on_both, deal_id, script)
    closed: set[int] = set()
    for event in events(on_both, deal_id):
        assert event.task_no not in closed, event
        if isinstance(event.change, TaskDone | TaskCannot | TaskSkipped | TaskWithdrawn):
            closed.add(event.task_no)
    deal = on_both.deal(deal_id)
    assert closed == {t.no for t in deal.tasks if t.closed}
    names = people(on_both)
    for notice, news in notices(on_both, deal_id):
        if notice.task_no in closed and news not in ("outcome", "withdrawn", "not_needed", "approval"):
            assert unwanted(notice, news, deal, names), notice
    for task in deal.tasks:
        if task.state == "done":
            with pytest.raises(TaskClosed, match=f"done by {names.name(task.closed_by)}"):
                tasks.complete_task(on_both.desk, TaskRef(deal_id, task.no), on_both.by("bob"))


@generated
@given(play=plays(), script=idle_scripts)
def test_law_6_ladders_only_climb(on_both: World, play: dict[str, Any], script: list[Step]) -> None:
    """Rungs of a task come in order, one at a time, later and later; the last one comes again and again while the task
    is open.

    Planted: a hand-over that set the ladder back to rung 0; ``_next_rung`` without the rung before as a bound; a last
    rung that came again only after 999 business days.
    """
    deal_id = start(on_both, play)
    play_script(on_both, deal_id, script)
    climbed = _climbed(events(on_both, deal_id))
    for steps in climbed.values():
        assert steps[0].rung == 0
        assert all(b.rung - a.rung in (0, 1) for a, b in pairwise(steps)), steps
        assert all(a.at <= b.at for a, b in pairwise(steps)), steps
        ordinals = [s.ordinal for s in steps if s.ordinal]
        assert ordinals == list(range(1, len(ordinals) + 1))
    before = on_both.deal(deal_id)
    if before.state == "open":
        on_both.jump(on_both.now + timedelta(days=10))
        after = _climbed(events(on_both, deal_id))
        for no in _at_the_top(case_of(on_both, deal_id), before):
            assert len(after[no]) > len(climbed[no]), before.task(no)


class Climbed(Fact, frozen=True):
    """A rung that was climbed, the ``ordinal``-th time in all, or passed: then 0."""

    rung: int
    at: datetime
    ordinal: int


def _climbed(history: Sequence[Event]) -> dict[int, list[Climbed]]:
    found: dict[int, list[Climbed]] = {}
    for event in history:
        if isinstance(event.change, Escalated | RungPassed):
            step = Climbed(event.change.rung, event.at, getattr(event.change, "ordinal", 0))
            found.setdefault(event.task_no, []).append(step)
    return found


def _at_the_top(case: Case, deal: Deal) -> list[int]:
    """The tasks that have climbed their last rung and are open, now and then."""
    draft = Draft(case)
    open_now = [t for t in deal.tasks if t.clock is not None and t.clock.snoozed_until is None]
    still = [t for t in open_now if not draft.task(t.no).closed]
    return [t.no for t in still if t.running.rung >= len(policy_of(draft, t).escalate)]


@generated
@given(play=plays(), script=scripts, days=st.integers(1, 20))
def test_law_7_pause_is_neutral(on_both: World, play: dict[str, Any], script: list[Step], days: int) -> None:
    """Pausing and resuming at once changes no clock; after a longer pause each open task has as much working time left
    as it had, and its last rung is as long ago.

    Planted: ``clock_after`` that moved by calendar time, that dropped ``escalated_at``, and that left it where it was.
    """
    deal_id = start(on_both, play)
    play_script(on_both, deal_id, script[:4])
    before = on_both.deal(deal_id)
    if before.state != "open" or before.decide_at is None:
        return
    by, now = on_both.by("bob"), on_both.now
    until = (
        min(now + timedelta(days=days), before.decide_at) if not before.decision_asked else now + timedelta(days=days)
    )
    if until <= now:
        return
    deals.pause(on_both.desk, deal_id, by, until=until, reason="they are on holiday")
    deals.resume(on_both.desk, deal_id, by)
    again = on_both.deal(deal_id)
    assert [_clocks(t) for t in again.tasks] == [_clocks(t) for t in before.tasks]
    assert (again.next_at, again.stage_due_at) == (before.next_at, before.stage_due_at)
    deals.pause(on_both.desk, deal_id, by, until=until, reason="they are on holiday")
    on_both.jump(until)
    _assert_conserved(on_both, before, on_both.deal(deal_id), now, until)


def _clocks(task: Any) -> Any:
    """A task's clock but for the note of when it was last touched."""
    return task.clock and replace(task.clock, since=task.clock.started_at)


def _assert_conserved(world: World, before: Deal, after: Deal, paused: datetime, resumed: datetime) -> None:
    directory = people(world)
    for was, now in zip(before.tasks, after.tasks, strict=False):
        if was.clock is None or now.clock is None or was.clock.due_at < paused:
            continue
        calendar = directory.calendar(was.assignee_id)
        left = between(calendar, paused, was.clock.due_at)
        assert between(calendar, resumed, now.clock.due_at) == left, (was, now)
        climbed, then = was.clock.escalated_at, now.clock.escalated_at
        if climbed is not None and then is not None and then <= resumed:
            assert between(calendar, then, resumed) == between(calendar, climbed, paused), (was, now)


@generated
@given(play=plays(), script=scripts)
def test_law_8_two_readings_agree(on_both: World, play: dict[str, Any], script: list[Step]) -> None:
    """What a decision says the deal is, what the database holds, and what its history folds to, are the same deal.

    Planted: ``_TASK_ENDS`` without ``note``; ``stage_due_at`` counted among what only the opening writes; an ``encode``
    that dropped ``why``.
    """
    deal_id = start(on_both, play)
    for step in script:
        on_both.at(on_both.now + step.wait)
        act(on_both, deal_id, step)
        case = case_of(on_both, deal_id)
        folded = evolve(Deal(id=deal_id, account_id=case.account.id), events(on_both, deal_id))
        assert _timeless(folded) == _timeless(case.deal)
    case = case_of(on_both, deal_id)
    later = on_both.now + timedelta(days=9)
    decision = on_due(case, later)
    with on_both.desk.writing() as conn:
        apply(conn, [decision], later)
    assert on_both.deal(deal_id) == decision.deal


def _timeless(deal: Deal) -> Deal:
    """The deal without its next moments: those are computed from the rest, and are no part of history."""
    calm = tuple(replace(t, clock=replace(t.clock, next_at=None)) if t.clock else t for t in deal.tasks)
    return replace(deal, next_at=None, tasks=calm)


def test_a_done_task_in_history_names_its_answers(lite: World) -> None:
    lite.open()
    lite.done("ana", "diagnosis", root_cause="price", summary="They pay for seats nobody uses.")
    done = [e.change for e in events(lite, 1) if isinstance(e.change, TaskDone)]
    assert done == [TaskDone("done", {"root_cause": "price", "summary": "They pay for seats nobody uses."})]
