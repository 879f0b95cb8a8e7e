"""Law 9: a change of version resets no clock and fires no finished timer again; on generated plays and edits.

With it stands what else a change promises: the result is what the preview said, twice is once, and a change that is
taken back at once leaves everything as it was. Each docstring names the bugs that were planted to see the
test turn red.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given
from msgspec.structs import replace

from saveline.actions import migration
from saveline.actions.migration import Outcome, Way
from saveline.core.changes import DealMigrated, DealOpened, Escalated, Event, Reminded, RungPassed, evolve
from saveline.core.decide.draft import Draft
from saveline.core.decide.ladder import policy_of
from saveline.core.facts import Clock, Deal, Task
from saveline.core.migration import Effect
from saveline.core.play import Play
from saveline.store import health
from tests.laws.edited import edited_plays
from tests.laws.generated import Step, scripts
from tests.laws.playing import act, case, events, notices, start
from tests.laws.test_laws import generated
from tests.world import World

NAME = "generated"


def lived(world: World, deal_id: int, script: Sequence[Step]) -> None:
    for step in script:
        done = world.at(world.now + step.wait)
        assert not done.set_aside, done.set_aside
        act(world, deal_id, step)


def rewritten(world: World, play: dict[str, Any]) -> None:
    path = world.settings.workspace / "playbooks" / f"{NAME}.yaml"
    path.write_text(json.dumps(play))
    problems = [p for p in world.desk.plays.problems if not p.warning]
    assert not problems, f"{problems}\n{json.dumps(play, indent=1)}"


def migrated(world: World) -> Outcome:
    """Preview, then the change: what the preview said is what happens."""
    way = Way(by=world.by("bob"), reason="a better play")
    foreseen = migration.preview(world.desk, NAME)
    made = migration.migrate_deals(world.desk, NAME, way, expected=foreseen)
    assert made.deals == foreseen.deals
    assert made.differences == ()
    assert migration.preview(world.desk, NAME).id == foreseen.id or not all(e.refused for e in made.deals)
    return made


def agrees(world: World, deal_id: int) -> bool:
    with world.desk.reading() as conn:
        return dict(health.disagreeing(conn, deal_id - 1, 1))[deal_id]


def timeless(task: Task) -> Task:
    return replace(task, clock=replace(task.clock, next_at=None)) if task.clock else task


@generated
@given(change=edited_plays(), before=scripts, after=scripts)
def test_law_9_no_clock_is_reset_and_no_finished_timer_fires_again(
    on_both: World, change: tuple[dict[str, Any], dict[str, Any]], before: list[Step], after: list[Step]
) -> None:
    """A life, a change of the play in the middle of it, and the life goes on.

    Planted: a new ladder whose moments have passed fires them (``caught_up`` that keeps the clock); reminders and rungs
    that begin from the first again; the deal's own notices not muted; a due moment counted anew although its words are
    the same; ``DealMigrated.fold`` without the tasks that came; ``apply`` that writes a moved task as any other.
    """
    old, new = change
    deal_id = start(on_both, old)
    lived(on_both, deal_id, before)
    was, told = on_both.deal(deal_id), len(notices(on_both, deal_id))
    rewritten(on_both, new)
    if was.closed:
        assert migration.preview(on_both.desk, NAME).deals == ()
        return
    made = migrated(on_both)
    now = on_both.deal(deal_id)
    assert agrees(on_both, deal_id), "the history folds to what is stored"
    assert len(notices(on_both, deal_id)) == told, "the deal itself says nothing of it"
    if not made.deals or made.deals[0].refused:
        assert now == was
        return
    _nothing_reset(was, now, made.deals[0], _plays(on_both, was, now))
    assert _asked_for(on_both, now), "every task of the stage is there"
    happened = len(events(on_both, deal_id))
    assert not on_both.at(on_both.now).set_aside
    assert len(events(on_both, deal_id)) == happened, "nothing is due because of the change"
    lived(on_both, deal_id, after)
    assert not on_both.pass_time(days=9).set_aside
    assert agrees(on_both, deal_id)
    assert migration.migrate_deals(on_both.desk, NAME, Way(by=on_both.by("bob"), reason="again")).deals == ()
    _each_timer_once(on_both, deal_id)


def _plays(world: World, was: Deal, now: Deal) -> tuple[Play, Play]:
    with world.desk.reading() as conn:
        return world.desk.play(conn, was.play_hash), world.desk.play(conn, now.play_hash)


def _asked_for(world: World, deal: Deal) -> bool:
    stage = _plays(world, deal, deal)[0].stage(deal.stage)
    there = {t.plan for t in deal.tasks if t.visit == deal.visit or not t.closed}
    return stage is not None and {t.id for t in stage.tasks} <= there


KEPT = ("started_at", "promised_at", "anchor_at", "seen_at", "snoozed_until", "waits_since", "assigned", "escalated")


def _nothing_reset(was: Deal, now: Deal, effect: Effect, plays: tuple[Play, Play]) -> None:
    said = {t.no: t for t in effect.tasks}
    for before in was.tasks:
        after = now.tasks[before.no - 1]
        if before.closed:
            assert replace(after, plan=before.plan, stage=before.stage, visit=before.visit) == before
        elif before.clock is None or after.clock is None:
            assert after.state != "open" or before.state == "waiting"
        else:
            _kept(before.clock, after.clock)
            assert (after.assignee_id, after.department) == (before.assignee_id, before.department)
            words = [p.tasks[t.plan].due for p, t in zip(plays, (before, after), strict=True) if t.plan in p.tasks]
            if len(set(words)) < 2:
                assert after.clock.due_at == before.clock.due_at, "the words of its due moment are the same"
        assert (before.state == after.state) or before.no in said, "what becomes of a task is said"


def _kept(before: Clock, after: Clock) -> None:
    for name in KEPT:
        assert getattr(after, name) == getattr(before, name), name
    assert after.reminded >= before.reminded
    assert (before.escalated_at is None) or after.escalated_at is not None


def _each_timer_once(world: World, deal_id: int) -> None:
    """Each reminder and each rung, by its words, fired no more often than a version of the play has it."""
    fired: Counter[tuple[int, str]] = Counter()
    most: dict[tuple[int, str], int] = {}
    for no, words, steps in _timers(world, deal_id):
        fired[no, words] += 1
        most[no, words] = max(most.get((no, words), 0), steps.count(words))
    twice = {key: (n, most[key]) for key, n in fired.items() if n > most[key]}
    assert not twice, twice


def _timers(world: World, deal_id: int) -> Iterator[tuple[int, str, list[str]]]:
    """``(task, the words of the step that fired, the words of all steps)`` of the life; repetitions left out."""
    base = case(world, deal_id)
    deal = Deal(id=deal_id, account_id=base.account.id)
    plays: dict[str, Play] = {}
    for event in events(world, deal_id):
        if isinstance(event.change, DealOpened | DealMigrated):
            with world.desk.reading() as conn:
                plays[event.change.play_hash] = world.desk.play(conn, event.change.play_hash)
        else:
            yield from _fired(event, Draft(replace(base, deal=deal, play=plays[deal.play_hash])))
        deal = evolve(deal, [event])


def _fired(event: Event, draft: Draft) -> Iterator[tuple[int, str, list[str]]]:
    if not isinstance(event.change, Reminded | Escalated | RungPassed):
        return
    task = draft.task(event.task_no)
    policy = policy_of(draft, task)
    if isinstance(event.change, Reminded):
        words = [f"remind {m}" for m in policy.remind]
        yield task.no, words[event.change.ordinal - 1], words
    elif task.running.rung < len(policy.escalate):
        words = [f"rung {r}" for r in policy.escalate]
        yield task.no, words[event.change.rung], words


@generated
@given(change=edited_plays(), before=scripts.map(lambda script: script[:3]))
def test_a_change_that_is_taken_back_at_once_leaves_everything_as_it_was(
    on_both: World, change: tuple[dict[str, Any], dict[str, Any]], before: list[Step]
) -> None:
    """But for what came by it, which is withdrawn, and for the number of the visit where it had opened a gate.

    Planted: a way back that is only another change of version; what had come left open; and found by the test itself: a
    task that had begun by the change and waits again was stored as open.
    """
    old, new = change
    deal_id = start(on_both, old)
    lived(on_both, deal_id, before)
    on_both.at(on_both.now)  # what is due at this moment comes to pass with any decision: not by the change
    was = on_both.deal(deal_id)
    rewritten(on_both, new)
    if was.closed:
        return
    made = migrated(on_both)
    if not made.deals or made.deals[0].refused:
        return
    asked = on_both.deal(deal_id).decision_asked and not was.decision_asked
    back = migration.roll_back(on_both.desk, NAME, Way(by=on_both.by("bob"), reason="not so good"))
    now = on_both.deal(deal_id)
    assert agrees(on_both, deal_id)
    assert bool(back.deals[0].refused) == asked
    if asked:
        return
    _as_it_was(was, now)
    happened = len(events(on_both, deal_id))
    assert not on_both.at(on_both.now).set_aside
    assert len(events(on_both, deal_id)) == happened


def _as_it_was(was: Deal, now: Deal) -> None:
    gone: Mapping[str, Any] = {"visit": was.visit, "seq": was.seq, "tasks": was.tasks, "override_until": None}
    assert replace(now, **gone) == replace(was, override_until=None)
    for before in was.tasks:
        after = now.tasks[before.no - 1]
        assert replace(after, visit=before.visit) == before
        assert (after.visit == now.visit) == (before.visit == was.visit)
    assert all(t.closed for t in now.tasks[len(was.tasks) :])
