"""Laws of the runway, on generated plays: what is planned is what happens, and the last moments are the last.

Each docstring names the bug that was planted once to see the test turn red.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.course import Course
from saveline.core.decide.draft import Case
from saveline.core.facts import DECISION, Account, Deal, Doer
from saveline.core.language.playbooks import parse_play
from saveline.core.rehearse import Finish, Open, Rehearsal, Step
from saveline.core.runway import runway, with_last_moments
from saveline.core.trial import people_of
from saveline.core.worktime import next_opening
from saveline.files.check import check
from saveline.files.yaml import parse
from saveline.sandbox import Expressions
from tests.laws.generated import plays
from tests.world import CAST

CHECKED = check(CAST)
IDS = {p.email.partition("@")[0]: p.id for p in CHECKED.persons}
MOMENTS = st.integers(0, 60 * 24 * 400).map(lambda m: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m))
RUNWAYS = st.integers(0, 150)

generated = settings(
    max_examples=int(os.environ.get("LAWS_EXAMPLES", "25")),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def case(written: dict[str, Any], at: datetime, days: int) -> Case:
    """An account of the cast, whose deal would be opened at ``at`` with ``days`` until its renewal."""
    assert CHECKED.workspace is not None
    assert CHECKED.names is not None
    play, problems = parse_play(
        parse(json.dumps(written), "p.yaml"), "hash", CHECKED.workspace, CHECKED.names, Expressions()
    )
    assume(play is not None)  # a gate that nothing can open is refused
    assert play is not None, problems
    people = people_of(CHECKED.workspace, CHECKED.persons)
    renewal: date = at.date() + timedelta(days=days)
    team = {"csm": IDS["ana"], "sponsor": IDS["chris"]}
    return Case(CHECKED.workspace, people, play, Account(1, "a", "A", renewal=renewal, team=team), Deal(1, 1))


@generated
@given(play=plays(), at=MOMENTS, days=RUNWAYS)
def test_there_is_slack_everywhere_just_where_the_plan_fits(play: dict[str, Any], at: datetime, days: int) -> None:
    """And where it does not, the task that is named lies on the path, and some task of the path is too late.

    Planted: a last moment moved to the close before it, though the plan itself is later than that.
    """
    found = with_last_moments(case(play, at, days), at)
    held_up = [s for s in found.slots if not s.spare]
    spare = [s.slack is not None and s.slack >= timedelta() for s in held_up]
    assert all(spare) == (found.fits or not held_up)
    assert all((e.last is not None and e.last >= e.at) for e in found.exits) == found.fits
    if not found.fits and found.path:
        assert found.too_long in found.path
        assert found.breaks in found.path


@generated
@given(play=plays(), at=MOMENTS, days=RUNWAYS)
def test_the_last_moment_is_in_time_and_the_next_is_not(play: dict[str, Any], at: datetime, days: int) -> None:
    """Planted: the minute after the last one taken; a layout that ends with the stage of the task."""
    start = case(play, at, days)
    found, course = with_last_moments(start, at), Course(start, at)
    for slot in found.slots:
        if slot.last is None:
            continue
        assert course.end_through(slot.task, slot.last) <= found.limit
        calendar = start.people.calendar(slot.holder)
        later = next_opening(calendar, max(slot.last, slot.ends) + timedelta(minutes=1))
        assert course.end_through(slot.task, later) > found.limit


def lived(start: Case, at: datetime, late: Mapping[str, datetime]) -> Deal:
    """The deal when everybody finishes what they have when it is due, and the tasks of ``late`` at another moment."""
    rehearsal = Rehearsal(start)
    rehearsal.take(Step(at, Open(("value_not_seen",))))
    for _ in range(40):
        found = [t for t in rehearsal.case.deal.tasks if t.state == "open" and t.plan != DECISION]
        if not found:
            break
        task = min(found, key=lambda t: (late.get(t.plan, t.running.due_at), t.no))
        due = late.get(task.plan, task.running.due_at)
        rehearsal.run_to(due)
        assert rehearsal.take(Step(due, Finish(task.plan, answers={"ok": True}), Doer(IDS["ana"]))) is None
    return rehearsal.case.deal


@generated
@given(play=plays(), at=MOMENTS, days=RUNWAYS)
def test_who_finishes_everything_when_it_is_due_is_done_as_planned(
    play: dict[str, Any], at: datetime, days: int
) -> None:
    """The engine is at no task later than the plan, and where no condition was in doubt, at each to the minute.

    Planted: ``stage start`` counted from the deal's opening; optional tasks that hold a stage up.
    """
    start = case(play, at, days)
    planned, deal = runway(start, at), lived(start, at, {})
    sure = all(not s.maybe for s in planned.slots)
    for slot in planned.slots:
        done = deal.latest(slot.task)
        assert done is not None, f"{slot.task} never began"
        if done.state == "done":
            assert done.closed_at is not None
            assert done.closed_at <= slot.ends
            assert done.closed_at == slot.ends or not sure


@generated
@given(play=plays(), at=MOMENTS, days=st.integers(60, 200), pick=st.integers(0, 11))
def test_who_is_late_until_the_last_moment_is_in_time(play: dict[str, Any], at: datetime, days: int, pick: int) -> None:
    """One task is done at its last moment, by the real engine, and all the others when they are due.

    Planted: a layout that ends with the stage of the task.
    """
    start = case(play, at, days)
    found = with_last_moments(start, at)
    movable = [s for s in found.slots if s.last is not None]
    assume(found.fits and movable)
    slot = movable[pick % len(movable)]
    assert slot.last is not None
    deal = lived(start, at, {slot.task: slot.last})
    # What comes again has further turns, later than that.
    needed = {s.task for s in found.slots if not s.spare and start.play.tasks[s.task].repeat is None}
    held_up = [t for t in deal.tasks if t.state == "done" and t.plan in needed]
    assert all(t.closed_at is not None and t.closed_at <= found.limit for t in held_up)


@generated
@given(play=plays(), at=MOMENTS, days=RUNWAYS)
def test_an_opened_deal_is_planned_as_it_was_before_it_was_opened(
    play: dict[str, Any], at: datetime, days: int
) -> None:
    """Unless a condition was looked at meanwhile; whose turn it is moves on.

    Planted: open tasks that take their whole time from now again.
    """
    start = case(play, at, days)
    rehearsal = Rehearsal(start)
    rehearsal.take(Step(at, Open(("value_not_seen",))))
    before, after = runway(start, at), runway(rehearsal.case, at)
    assume(all(t.state != "skipped" for t in rehearsal.case.deal.tasks))
    assume(rehearsal.case.deal.stage == start.play.stages[0].key and not rehearsal.case.deal.decision_asked)
    assert (after.ends, after.limit, after.path) == (before.ends, before.limit, before.path)
    assert [replace(s, state="waiting", maybe=False, after=(), holder=None) for s in after.slots] == [
        replace(s, state="waiting", maybe=False, after=(), holder=None) for s in before.slots
    ]
