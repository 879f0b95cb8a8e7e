"""The parts of the language that the first plays did without: repeats, waiting, people that change, overrides, limits.

Planted bugs that turned these tests red: a next turn counted from when the one before was finished; a gate that waits
for a repeating task; a wait that begins anew with each hand-over; a task that goes to the substitute and stays there;
an override that outlives its stage; an approval that anybody may give; a resumed deal whose turns stay where they were.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from saveline.actions import deals, tasks
from saveline.core.decide.draft import Decision
from saveline.core.facts import Deal
from tests.actions.attempts import people, refused
from tests.rhythms import opened, with_rhythm
from tests.world import World


@pytest.fixture
def rhythm(on_both: World) -> World:
    return with_rhythm(on_both)


def updates(world: World) -> list[tuple[str, datetime | None]]:
    return [(t.state, t.starts_at) for t in world.deal().tasks if t.plan == "update"]


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


# --- what comes again -------------------------------------------------------------------------------------------------


def test_an_update_comes_every_business_day_however_late_the_one_before_was(rhythm: World) -> None:
    """Opened Friday 10:00. Friday's is done on time, Monday's on Tuesday afternoon: Tuesday's turn is left out."""
    opened(rhythm)
    assert updates(rhythm) == [("open", utc(20, 10))]
    rhythm.at(utc(20, 12))
    rhythm.done("ana", "update", said="We look into it.")
    assert updates(rhythm)[1:] == [("waiting", utc(23, 10))]
    assert rhythm.next_at() is not None
    rhythm.at(utc(23, 9))
    assert updates(rhythm)[1][0] == "waiting"
    rhythm.at(utc(24, 15))
    assert updates(rhythm)[1:] == [("open", utc(23, 10))]
    rhythm.done("ana", "update", said="Still at it.")
    assert updates(rhythm)[2:] == [("waiting", utc(25, 10))]
    told = rhythm.told("chris", "news")
    assert [t.about["news"] for t in told] == ["outcome", "outcome"]


def test_the_gate_does_not_wait_for_what_comes_again_and_it_ends_with_the_stage(rhythm: World) -> None:
    opened(rhythm)
    rhythm.done("ana", "terms", sure=True)
    deal = rhythm.deal()
    assert (deal.stage, updates(rhythm)) == ("decide", [("withdrawn", utc(20, 10))])
    assert [t.about["why"] for t in rhythm.told("ana", "news")] == ["its stage has ended"]
    rhythm.at(utc(24, 17))
    assert updates(rhythm) == [("withdrawn", utc(20, 10))]


def test_a_worse_severity_has_its_own_rhythm_and_its_own_circle(rhythm: World) -> None:
    opened(rhythm)
    assert (rhythm.deal().severity, rhythm.told("chris", "news")) == ("normal", [])
    said = refused(rhythm, lambda: deals.set_severity(rhythm.desk, 1, rhythm.by("bob"), to="critcal", reason="x"))
    assert "Did you mean 'critical'?" in said
    deals.set_severity(rhythm.desk, 1, rhythm.by("bob"), to="critical", reason="Their board has heard of it.")
    assert [t.about for t in rhythm.told("chris", "news")] == [{"news": "severity", "severity": "critical"}]
    rhythm.done("ana", "update", said="On it.")
    assert updates(rhythm)[1:] == [("waiting", utc(20, 12))]
    rhythm.at(utc(20, 12))
    due = rhythm.deal().tasks[-1].running.due_at
    assert due == utc(20, 13)


def test_a_deal_with_a_high_score_is_critical_from_the_start_and_says_so(rhythm: World) -> None:
    opened(rhythm, score=130)
    assert rhythm.deal().severity == "critical"
    assert [t.about["severity"] for t in rhythm.told("chris", "news")] == ["critical"]


def test_a_pause_moves_the_turns_to_come(rhythm: World) -> None:
    opened(rhythm)
    rhythm.done("ana", "update", said="We look into it.")
    deals.pause(rhythm.desk, 1, rhythm.by("bob"), until=utc(25, 10), reason="They are at a fair.")
    rhythm.at(utc(25, 9, 30))
    assert updates(rhythm)[1] == ("waiting", utc(23, 10))
    rhythm.at(utc(25, 10))
    # Friday 10:00 to Wednesday 10:00 are three working days: Monday's turn is Thursday's.
    assert updates(rhythm)[1] == ("waiting", utc(26, 10))


# --- waiting for the customer -----------------------------------------------------------------------------------------


def wait(world: World, until: datetime) -> Decision:
    return tasks.wait_for_customer(
        world.desk, world.ref("terms"), world.by("ana"), until=until, reason="Their lawyers."
    )


def test_the_customers_days_are_not_ours(rhythm: World) -> None:
    """Due Monday 7 December 18:00; they take from Monday 10:00 to Wednesday 12:00: two days and two hours."""
    opened(rhythm)
    assert rhythm.task("terms").running.due_at == datetime(2026, 12, 7, 18, tzinfo=UTC)
    rhythm.at(utc(23, 10))
    wait(rhythm, utc(27, 10))
    rhythm.at(utc(24, 10))
    tasks.hand_over(rhythm.desk, rhythm.ref("terms"), rhythm.by("ana"), to=rhythm.person("bob"))
    assert "waits for the customer already" in refused(rhythm, lambda: wait(rhythm, utc(27, 10)))
    rhythm.at(utc(25, 12))
    assert not [t for t in rhythm.told(kind="reminder") if t.task == "terms"]
    tasks.customer_answered(rhythm.desk, rhythm.ref("terms"), rhythm.by("bob"))
    clock = rhythm.task("terms").running
    # Monday 10:00 to Wednesday 12:00 with hours 9–13 and 14–18: 7 + 8 + 3 hours. 8 December is a holiday in Portugal.
    assert (clock.waits_since, clock.due_at) == (None, datetime(2026, 12, 11, 11, tzinfo=UTC))
    assert clock.promised_at == datetime(2026, 12, 7, 18, tzinfo=UTC)
    assert "does not wait" in refused(
        rhythm, lambda: tasks.customer_answered(rhythm.desk, rhythm.ref("terms"), rhythm.by("bob"))
    )


def test_no_answer_by_the_date_and_the_clock_runs_again_by_itself(rhythm: World) -> None:
    opened(rhythm)
    wait(rhythm, utc(24, 10))
    rhythm.at(utc(24, 10))
    assert rhythm.task("terms").running.waits_since is None
    assert [t.about["news"] for t in rhythm.told("ana", "news") if t.task == "terms"] == ["no_answer"]
    assert rhythm.history()[-1] == "task_goes_on"


# --- people that change -----------------------------------------------------------------------------------------------


def holders(world: World) -> dict[str, int | None]:
    return {t.plan: t.assignee_id for t in world.deal().tasks if t.state == "open"}


def test_a_away_to_b_and_b_away_to_c_and_all_comes_back(rhythm: World) -> None:
    """Ana is away from Tuesday to Friday with Bob instead, Bob on Wednesday with Eli instead."""
    people(rhythm, "ana", "away: [{from: 2026-11-24, to: 2026-11-27, substitute: bob@x.example}]")
    people(rhythm, "bob", "away: [{from: 2026-11-25, to: 2026-11-25, substitute: eli@x.example}]")
    ana, bob, eli = (rhythm.person(who) for who in ("ana", "bob", "eli"))
    opened(rhythm)
    seen = []
    for moment in (utc(23, 18), utc(24, 10), utc(25, 10), utc(26, 10), datetime(2026, 11, 30, 10, tzinfo=UTC)):
        rhythm.at(moment)
        seen.append(holders(rhythm))
    assert [h["terms"] for h in seen] == [ana, bob, eli, bob, ana]
    assert [h["update"] for h in seen] == [ana, bob, eli, bob, ana]
    moves = [t for t in rhythm.told("eli", "news") if t.about["news"] == "followed"]
    assert [(t.at, len(t.about["tasks"]), "from" in t.about) for t in moves if t.channel == moves[0].channel] == [
        (utc(25, 9), 2, True),
        (utc(26, 9), 2, False),
    ]


def test_the_csm_changes_and_the_tasks_follow_with_one_message_each(rhythm: World) -> None:
    opened(rhythm)
    with rhythm.desk.writing() as conn:
        conn.exec_driver_sql(f"UPDATE account_role SET person_id = {rhythm.person('eli')} WHERE role = 'csm'")
    people(rhythm, "eli", "zone: Europe/Berlin")  # any change of the directory lets the deals look again
    rhythm.pass_time(minutes=1)
    assert set(holders(rhythm).values()) == {rhythm.person("eli")}
    assert rhythm.deal().owner_id == rhythm.person("eli")
    tasks_now = [t for t in rhythm.told("eli", "news") if t.about["news"] == "followed"]
    assert len({t.ordinal for t in tasks_now}) == 1
    before = [t for t in rhythm.told("ana", "news") if t.about["news"] == "followed"]
    assert len({t.ordinal for t in before}) == 1
    assert set(tasks_now[0].about["tasks"]) == set(before[0].about["tasks"]) == {1, 2}


def test_a_leavers_tasks_go_to_whoever_is_next(rhythm: World) -> None:
    opened(rhythm)
    people(rhythm, "ana", "active: false")
    rhythm.pass_time(minutes=1)
    assert set(holders(rhythm).values()) == {rhythm.person("bob")}
    assert rhythm.deal().owner_id == rhythm.person("bob")


def test_what_was_handed_over_stays_there(rhythm: World) -> None:
    opened(rhythm)
    tasks.hand_over(rhythm.desk, rhythm.ref("terms"), rhythm.by("ana"), to=rhythm.person("eli"))
    people(rhythm, "ana", "zone: Europe/Berlin")
    rhythm.pass_time(minutes=1)
    assert holders(rhythm)["terms"] == rhythm.person("eli")


# --- overriding a gate ------------------------------------------------------------------------------------------------


A_WEEK: Final = utc(27, 18)


def override(world: World, who: str, until: datetime = A_WEEK, reason: str = "We know them.") -> Decision:
    return deals.override_gate(world.desk, 1, world.by(who), until=until, reason=reason)


def test_a_gate_is_overridden_by_name_with_a_reason_and_until_a_day(rhythm: World) -> None:
    opened(rhythm)
    assert "Ana Ruiz may not override a gate: Chris Moreau may" in refused(rhythm, lambda: override(rhythm, "ana"))
    assert "needs a reason" in refused(rhythm, lambda: override(rhythm, "chris", reason=" "))
    assert "a moment to come" in refused(rhythm, lambda: override(rhythm, "chris", until=utc(20, 9)))
    override(rhythm, "chris")
    assert rhythm.deal().stage == "triage"  # there is work left: somebody has to move it on
    assert [t.about["by"] for t in rhythm.told("ana", "news")] == [rhythm.person("chris")]
    deals.move_stage(rhythm.desk, 1, rhythm.by("ana"), to="decide", reason="Chris lets it through.")
    deal: Deal = rhythm.deal()
    assert (deal.stage, deal.override_until) == ("decide", None)
    assert "gate of Renewal decision holds" in refused(rhythm, lambda: rhythm.close_deal("ana", "saved", kept=80_000))


def test_an_override_that_has_ended_lets_nobody_pass(rhythm: World) -> None:
    opened(rhythm)
    override(rhythm, "chris", until=utc(20, 16))
    rhythm.at(utc(20, 16))
    said = refused(rhythm, lambda: deals.move_stage(rhythm.desk, 1, rhythm.by("ana"), to="decide", reason="Now."))
    assert "The gate of Triage holds" in said


def test_with_the_work_done_an_overridden_condition_lets_the_deal_go_on(rhythm: World) -> None:
    opened(rhythm)
    rhythm.done("ana", "terms", sure=False)
    assert rhythm.deal().stage == "triage"
    override(rhythm, "chris")
    assert rhythm.deal().stage == "decide"


# --- limits of concessions --------------------------------------------------------------------------------------------


def test_what_one_may_not_grant_is_put_before_somebody_who_may(rhythm: World) -> None:
    opened(rhythm)
    rhythm.done("ana", "terms", sure=True, discount=20)
    assert (rhythm.task("terms").state, rhythm.deal().stage) == ("open", "triage")
    request = rhythm.task("approval")
    assert (request.assignee_id, request.title) == (
        rhythm.person("dora"),
        "Approve discount 20 for Acme, asked by Ana Ruiz",
    )
    assert [t.task for t in rhythm.told("dora", "assigned")] == ["approval"]
    rhythm.done("dora", "approval", "approved")
    done = rhythm.task("terms")
    assert (done.state, done.closed_by, done.answers) == ("done", rhythm.person("ana"), {"sure": True, "discount": 20})
    assert rhythm.deal().stage == "decide"
    assert [t.about["outcome"] for t in rhythm.told("ana", "news") if t.about["news"] == "approval"] == ["approved"]


def test_a_refusal_leaves_the_task_open_and_less_needs_nobody(rhythm: World) -> None:
    opened(rhythm)
    rhythm.done("ana", "terms", sure=True, discount=30)
    assert rhythm.task("approval").assignee_id == rhythm.person("chris")
    rhythm.done("chris", "approval", "refused", reason="Not for this product.")
    assert rhythm.task("terms").state == "open"
    rhythm.done("ana", "terms", sure=True, discount=10)
    assert rhythm.task("terms").state == "done"


def test_asking_for_less_withdraws_what_was_asked_before(rhythm: World) -> None:
    opened(rhythm)
    rhythm.done("ana", "terms", sure=True, discount=20)
    rhythm.done("ana", "terms", sure=True, discount=5)
    assert (rhythm.task("approval").state, rhythm.task("terms").state) == ("withdrawn", "done")


def test_nobody_approves_their_own_wish(rhythm: World) -> None:
    """The approval is dora's: ana may close the task only by asking for less."""
    opened(rhythm)
    rhythm.done("ana", "terms", sure=True, discount=20)
    said = refused(rhythm, lambda: rhythm.done("ana", "approval", "approved"))
    assert "Ana Ruiz may not grant" in said
