"""Tasks that go from one to another: handed over, offered and taken, helped with, commented, and many at a time.

Planted bugs that turned these tests red: a claim that does not look at the department, a hand-over that resets the
ladder, and a refused intent that costs its neighbours in ``act_many``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from saveline.actions import tasks
from saveline.actions.tasks import TaskRef, act_many
from saveline.core.decide import tasks as decide
from saveline.core.errors import (
    Missing,
    NotTheirs,
    Refusal,
    TaskClosed,
    TaskTaken,
)
from saveline.core.facts import Doer
from saveline.store import load
from saveline.store.rows import EVENT
from tests.actions.attempts import AWAY, DIAGNOSIS, FIX, SAID, at_once, people, refused
from tests.world import World


def offered(world: World) -> TaskRef:
    """A deal whose fix is offered to engineering."""
    world.open()
    world.done("ana", "diagnosis", **SAID)
    world.done("ana", "open_tickets", pattern="the export", product_change_needed=True)
    return world.ref("fix")


def last_event(world: World) -> tuple[Any, ...]:
    with world.desk.reading() as conn:
        row = conn.execute(sa.select(EVENT.c.kind, EVENT.c.by_id, EVENT.c.via).order_by(EVENT.c.id.desc())).first()
    assert row is not None
    return tuple(row)


# --- handed over, claimed, helped -------------------------------------------------------------------------------------


def test_handed_over_by_a_third_person_tells_both_and_the_ladder_stays(on_both: World) -> None:
    on_both.open()
    on_both.pass_time(hours=6)  # bob was told
    before = on_both.task("diagnosis").running
    tasks.hand_over(
        on_both.desk, on_both.ref("diagnosis"), on_both.by("bob"), to=on_both.person("eli"), note="You know."
    )
    task = on_both.task("diagnosis")
    clock = task.running
    assert (task.assignee_id, clock.due_at, clock.rung, clock.seen_at) == (
        on_both.person("eli"),
        before.due_at,
        before.rung,
        None,
    )
    assert [(t.kind, t.channel, t.about["note"]) for t in on_both.told("eli")] == [
        ("assigned", "slack", "You know."),
        ("assigned", "email", "You know."),
    ]
    assert [t.about for t in on_both.told("ana", "news")] == [
        {"news": "reassigned", "to": on_both.person("eli"), "by": on_both.person("bob")}
    ]


def test_whom_a_task_cannot_be_given_to(on_both: World) -> None:
    people(on_both, "eli", AWAY)
    people(on_both, "dora", "active: false")
    on_both.open()
    ref = on_both.ref("diagnosis")

    def give(to: int) -> str:
        return refused(on_both, lambda: tasks.hand_over(on_both.desk, ref, on_both.by("bob"), to=to))

    assert give(on_both.person("ana")) == f"{DIAGNOSIS} is taken already: Ana Ruiz has it."
    assert give(on_both.person("eli")) == "It cannot go to Eli Stern: Eli Stern is away until 28 Nov."
    assert give(on_both.person("dora")) == "It cannot go to Dora Weiss: Dora Weiss has left."


def test_the_first_to_take_it_has_it(on_both: World) -> None:
    ref = offered(on_both)
    assert [(t.to, t.channel) for t in on_both.told(kind="assigned") if t.task == "fix"] == [
        ("slack:#engineering", "slack:#engineering")
    ]
    assert refused(on_both, lambda: tasks.claim_task(on_both.desk, ref, on_both.by("dora"))) == (
        f"{FIX} is offered to engineering; Dora Weiss is not in that department."
    )
    with pytest.raises(NotTheirs):
        tasks.claim_task(on_both.desk, ref, on_both.by("ana"))
    tasks.claim_task(on_both.desk, ref, on_both.by("eli", "slack"))
    assert last_event(on_both) == ("task_assigned", on_both.person("eli"), "slack")
    assert on_both.task("fix").assignee_id == on_both.person("eli")
    for who in ("eli", "ana"):
        said = refused(on_both, lambda who=who: tasks.claim_task(on_both.desk, ref, on_both.by(who)))  # type: ignore[misc]
        assert said == f"{FIX} is taken already: Eli Stern has it."
    with pytest.raises(TaskTaken):  # what was never on offer cannot be taken either
        tasks.claim_task(on_both.desk, on_both.ref("new_champion"), on_both.by("ana"))


def test_of_two_who_take_it_at_once_one_has_it(on_both: World) -> None:
    people(on_both, "dora", "active: true")
    path = on_both.settings.workspace / "people.yaml"
    path.write_text(path.read_text().replace("department: finance", "department: engineering"))
    ref = offered(on_both)
    desk, eli, dora = on_both.desk, on_both.by("eli"), on_both.by("dora")
    results = at_once([lambda: tasks.claim_task(desk, ref, eli), lambda: tasks.claim_task(desk, ref, dora)])
    assert sorted(type(r).__name__ for r in results) == ["Decision", "TaskTaken"]
    holder = on_both.task("fix").assignee_id
    name = "Eli Stern" if holder == eli.person_id else "Dora Weiss"
    assert [str(r) for r in results if isinstance(r, TaskTaken)] == [f"{FIX} is taken already: {name} has it."]


def test_what_is_offered_and_not_taken_can_be_done_all_the_same(lite: World) -> None:
    offered(lite)
    lite.done("eli", "fix")
    assert (lite.task("fix").state, lite.task("fix").closed_by) == ("done", lite.person("eli"))


def test_help_comes_from_the_next_rung_now(on_both: World) -> None:
    """Asked twice it climbs twice, and the rung that was climbed is not climbed again when its moment comes."""
    on_both.open()
    ref = on_both.ref("diagnosis")
    tasks.ask_help(on_both.desk, ref, on_both.by("ana"), note=" Nobody there answers. ")
    assert [(t.to, t.about["asked"]) for t in on_both.told(kind="escalation")] == [("bob", "Nobody there answers.")]
    tasks.ask_help(on_both.desk, ref, on_both.by("bob"))
    assert on_both.task("diagnosis").running.rung == 2
    on_both.at(datetime(2026, 11, 24, 13, tzinfo=UTC))  # when the first two rungs would have been
    assert [t.to for t in on_both.told(kind="escalation")] == ["bob", "bob"]
    on_both.at(datetime(2026, 11, 24, 18, tzinfo=UTC))
    assert [t.to for t in on_both.told(kind="escalation")] == ["bob", "bob", "chris"]


def test_a_comment_is_kept_with_its_task_or_with_the_deal(on_both: World) -> None:
    on_both.open()
    ana = on_both.by("ana", "web")
    tasks.comment(on_both.desk, on_both.ref("diagnosis"), ana, body=" They called back. ")
    tasks.comment(on_both.desk, TaskRef(1, 0), ana, body="Two lines,\nand a “quote”.")
    with pytest.raises(Missing, match=r"The comment is empty\."):
        tasks.comment(on_both.desk, TaskRef(1, 0), ana, body="\n")
    with on_both.desk.reading() as conn:
        rows = conn.execute(sa.text("SELECT task_no, person_id, body FROM comment ORDER BY seq")).all()
    assert [tuple(r) for r in rows] == [
        (1, ana.person_id, "They called back."),
        (0, ana.person_id, "Two lines,\nand a “quote”."),
    ]


# --- many at once -----------------------------------------------------------------------------------------------------


def test_many_intents_in_one_transaction_each_with_its_own_answer(on_both: World) -> None:
    """The second and third are about one deal, one after the other; what is refused hinders nobody."""
    on_both.open()
    on_both.open(on_both.account("globex", name="Globex"))
    ana = on_both.by("ana")

    def done(by: Doer, no: int = 1) -> tasks.Intent:
        return lambda case, now: decide.complete_task(case, no, by=by, at=now, answers=SAID)

    def seen(no: int) -> tasks.Intent:
        return lambda case, now: decide.mark_seen(case, no, by=ana, at=now)

    answers = act_many(
        on_both.desk, [(7, seen(1)), (1, seen(1)), (1, done(ana)), (1, done(on_both.by("bob"))), (2, seen(1))]
    )
    assert [type(a).__name__ for a in answers] == ["UnknownDeal", "Decision", "Decision", "TaskClosed", "Decision"]
    assert isinstance(answers[3], TaskClosed)
    assert "done by Ana Ruiz" in str(answers[3])
    assert on_both.deal(1).stage == "stabilise"
    assert on_both.task("diagnosis", 2).running.seen_at == on_both.now
    with on_both.desk.reading() as conn:
        history = load.history(conn, [1])[1]
    assert [e.seq for e in history] == list(range(1, len(history) + 1))


def test_many_intents_that_are_all_refused_write_nothing(on_both: World) -> None:
    on_both.open()
    by = on_both.by("ana")

    def attempt() -> None:
        raise next(
            a
            for a in act_many(on_both.desk, [(1, lambda case, now: decide.complete_task(case, 1, by=by, at=now))])
            if isinstance(a, Refusal)
        )

    assert "root_cause is missing" in refused(on_both, attempt)
