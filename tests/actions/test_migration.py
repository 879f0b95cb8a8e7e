"""What is decided about running deals when a play has changed, at its edges: moves, refusals, pins, and a power cut.

Planted: a stage that asks again for what lies ahead of it; a stage passed over that leaves it open; tasks known by
their id only; no look at gates, or at what an open task means; pins that nobody reads; no summary after a power cut; a
due moment counted from today, in the past, or of a late task made new; a pause that does not count; words of the ladder
that are not looked for; a deal taken back into a visit that is over; one deal that cannot be decided and ends all.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from saveline.actions import deals, migration, tasks, versions
from saveline.actions.housekeeping import keep_house
from saveline.actions.migration import GIVEN_UP, Outcome, Wanted, Way
from saveline.core.errors import Missing, UnknownWord
from saveline.core.migration import Effect
from saveline.store.playbooks import VERSION
from tests.world import FRIDAY, World

PLAY: Final = "champion-left"
FORM: Final = {"ok": {"yes_no": True}}


def task(name: str, **more: Any) -> dict[str, Any]:
    """One task, whose title is its id in capitals unless it says otherwise."""
    return {
        "id": name,
        "title": name.upper(),
        "assign": "csm",
        "due": "2 business days after start",
        "form": FORM,
        **more,
    }


def write(world: World, stages: dict[str, list[dict[str, Any]]], **more: Any) -> None:
    """The play with these stages; ``exits`` are their gates."""
    exits = more.pop("exits", {})
    built = {k: {"tasks": t} | ({"exit": exits[k]} if k in exits else {}) for k, t in stages.items()}
    play = {"playbook": PLAY, "title": "Champion left", "benefit": "They stay.", "stages": built, **more}
    (world.settings.workspace / "playbooks" / f"{PLAY}.yaml").write_text(json.dumps(play))
    problems = [p for p in world.desk.plays.problems if not p.warning]
    assert not problems, problems


def way(world: World) -> Way:
    return Way(by=world.by("bob"), reason="it is better")


def migrated(world: World) -> Outcome:
    return migration.migrate_deals(world.desk, PLAY, way(world))


def only(made: Outcome) -> Effect:
    assert len(made.deals) == 1
    return made.deals[0]


# --- where tasks belong -----------------------------------------------------------------------------------------------


def test_an_open_task_waits_ahead_of_its_new_stage(on_both: World) -> None:
    """It keeps its clock, the gate does not wait for it, and its stage does not ask for it a second time."""
    write(on_both, {"triage": [task("one"), task("two")], "stabilise": [task("three")]})
    on_both.open()
    was = on_both.task("two")
    write(on_both, {"triage": [task("one")], "stabilise": [task("three"), task("two")]})
    assert [(t.what, t.why) for t in only(migrated(on_both)).tasks] == [("moved", "to Stabilise")]
    assert on_both.task("two").clock == was.clock
    on_both.done("ana", "one", ok=True)
    deal = on_both.deal()
    assert deal.stage == "stabilise"
    assert [(t.plan, t.state) for t in deal.current()] == [("two", "open"), ("three", "open")]
    on_both.done("ana", "three", ok=True)
    assert not on_both.deal().decision_asked, "now the gate waits for it"
    on_both.done("ana", "two", ok=True)
    assert on_both.deal().decision_asked


def test_what_was_done_is_not_asked_again_in_its_new_stage(on_both: World) -> None:
    write(on_both, {"triage": [task("one"), task("two")], "stabilise": [task("three")]})
    on_both.open()
    on_both.done("ana", "two", ok=True)
    write(on_both, {"triage": [task("one")], "stabilise": [task("two"), task("three")]})
    migrated(on_both)
    on_both.done("ana", "one", ok=True)
    assert [(t.plan, t.state) for t in on_both.deal().current()] == [("two", "done"), ("three", "open")]


def test_a_stage_that_is_passed_over_takes_what_lay_ahead_of_it_along(on_both: World) -> None:
    jump = task("one", outcomes=["done", "at_once"], on={"at_once": {"goto": "decide"}})
    rest = {"decide": [task("last")]}
    write(on_both, {"triage": [jump, task("two")], "stabilise": [task("three")], **rest})
    on_both.open()
    write(on_both, {"triage": [jump], "stabilise": [task("three"), task("two")], **rest})
    migrated(on_both)
    on_both.done("ana", "one", "at_once", ok=True)
    assert (on_both.deal().stage, on_both.task("two").state) == ("decide", "withdrawn")
    assert on_both.task("two").note == "its stage was passed over"


def test_a_task_under_another_id_is_known_by_its_title(on_both: World) -> None:
    """An open one keeps its clock, and the answers of one that is done are found under its new id."""
    write(on_both, {"triage": [task("one"), task("two")]})
    on_both.open()
    on_both.done("ana", "one", ok=True)
    clock = on_both.task("two").clock
    first, second = task("first", title="ONE"), task("second", title="TWO")
    write(on_both, {"triage": [first, second]}, exits={"triage": "answers.first.ok"})
    assert {t.what for t in only(migrated(on_both)).tasks} == {"title"}
    assert on_both.task("second").clock == clock
    assert on_both.task("first").answers == {"ok": True}
    on_both.done("ana", "second", ok=True)
    assert on_both.deal().decision_asked


def test_a_new_task_of_a_stage_that_is_past_is_not_asked_for(lite: World) -> None:
    write(lite, {"triage": [task("one")], "stabilise": [task("two")]})
    lite.open()
    lite.done("ana", "one", ok=True)
    write(lite, {"triage": [task("one"), task("late")], "stabilise": [task("two")]})
    assert only(migrated(lite)).nothing
    assert lite.deal().latest("late") is None


def test_a_change_that_opens_the_gate_lets_the_deal_go_on_and_back_again(on_both: World) -> None:
    write(on_both, {"triage": [task("one"), task("two")], "stabilise": [task("three")]})
    on_both.open()
    on_both.done("ana", "one", ok=True)
    was = on_both.task("two")
    write(on_both, {"triage": [task("one")], "stabilise": [task("three")]})
    made = only(migrated(on_both))
    assert [m.words for m in made.more] == ["it goes on to Stabilise"]
    assert on_both.deal().stage == "stabilise"
    migration.roll_back(on_both.desk, PLAY, way(on_both))
    assert on_both.deal().stage == "triage"
    assert on_both.task("two").clock == was.clock
    assert on_both.task("three").state == "withdrawn"
    on_both.done("ana", "two", ok=True)
    assert [(t.plan, t.state) for t in on_both.deal().current()] == [("three", "open")]


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_a_pause_is_as_long_as_it_was(on_both: World) -> None:
    """The play changes on the second of three days of pause. Its due moment would have passed by the calendar, but not
    by a clock that stands still: it is later by all three."""
    write(on_both, {"triage": [task("one")]})
    on_both.open()
    until = datetime(2026, 11, 25, 10, tzinfo=UTC)
    deals.pause(on_both.desk, 1, on_both.by("bob"), until=until, reason="a fair")
    on_both.at(datetime(2026, 11, 24, 10, tzinfo=UTC))
    write(on_both, {"triage": [task("one", due="1 business day after start", remind=["at due"])]})
    migrated(on_both)
    on_both.at(datetime(2026, 11, 25, 12, tzinfo=UTC))
    # Monday the 23rd; Friday, Monday and Tuesday were slept.
    assert on_both.task("one").running.due_at == datetime(2026, 11, 26, 18, tzinfo=UTC)
    assert on_both.task("one").running.reminded == 0


def test_a_due_moment_that_has_passed_is_the_next_close_and_says_so(on_both: World) -> None:
    write(on_both, {"triage": [task("one", due="5 business days after start")]})
    on_both.open()
    on_both.at(datetime(2026, 11, 25, 11, tzinfo=UTC))
    write(on_both, {"triage": [task("one", due="1 business day after start")]})
    effect = only(migrated(on_both)).tasks[0]
    assert effect.due_at == on_both.task("one").running.due_at == datetime(2026, 11, 25, 18, tzinfo=UTC)
    assert effect.why == (
        "due is “1 business day after start” now, not “5 business days after start”; "
        "its new moment has passed, so it is the next close of business"
    )


def test_what_is_late_stays_late(on_both: World) -> None:
    write(on_both, {"triage": [task("one", due="1 business day after start")]})
    on_both.open()
    on_both.at(datetime(2026, 11, 24, 11, tzinfo=UTC))
    due = on_both.task("one").running.due_at
    write(on_both, {"triage": [task("one", due="3 hours after start")]})
    effect = only(migrated(on_both)).tasks[0]
    assert on_both.task("one").running.due_at == due
    assert effect.why.endswith("it was late already, and stays so")


def test_the_ladder_goes_on_where_it_stood(on_both: World) -> None:
    """Two rungs have been climbed. The new ladder has one between them and one above, and it is due so much
    later that all their moments lie ahead: only the last is left."""
    chris, bob = {"to": {"person": "chris@x.example"}}, {"to": {"person": "bob@x.example"}}
    first, second = {"when": "1 business day after due", **chris}, {"when": "2 business days after due", **chris}
    write(on_both, {"triage": [task("one", remind=[], escalate=[first, second])]})
    on_both.open()
    on_both.at(datetime(2026, 11, 27, 11, tzinfo=UTC))
    climbed = on_both.task("one").running
    assert climbed.rung == 2
    between = {"when": "1 business day 4 business hours after due", **bob}
    above = {"when": "5 business days after due", **bob}
    later = task("one", due="10 business days after start", remind=[], escalate=[first, between, second, above])
    write(on_both, {"triage": [later]})
    migrated(on_both)
    told = len(on_both.told(kind="escalation"))
    on_both.at(datetime(2026, 12, 16, 10, tzinfo=UTC))
    after = on_both.told(kind="escalation")[told:]
    assert [(t.to, t.at.day, t.ordinal) for t in after] == [("bob", 15, climbed.escalated + 1)]


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (
            {"triage": [task("one", title="Send flowers", assign="sponsor", form={"sort": {"text": "short"}})]},
            "one, which is open, means something else now: “Send flowers”",
        ),
        ({"stabilise": [task("one")]}, "it stands in Triage, a stage which the new version does not have"),
    ],
)
def test_a_deal_that_cannot_go_over_says_why_and_stays(lite: World, after: Any, reason: str) -> None:
    write(lite, {"triage": [task("one")]})
    lite.open()
    was = lite.deal()
    write(lite, after)
    assert only(migrated(lite)).refused == (reason,)
    assert lite.deal() == was


def test_a_gate_that_needs_what_nobody_is_asked_any_more(lite: World) -> None:
    """The question is new in a task of a stage that is past."""
    write(lite, {"triage": [task("one")], "stabilise": [task("two")]})
    lite.open()
    lite.done("ana", "one", ok=True)
    asks = task("one", form={"ok": {"yes_no": True}, "how": {"choice": ["well", "badly"]}})
    stages = {"triage": [asks], "stabilise": [task("two")]}
    write(lite, stages, exits={"stabilise": 'answers.one.how == "well"'})
    assert only(migrated(lite)).refused == (
        'the gate of Stabilise could never open: answers.one.how == "well" needs an answer to one that nobody is asked '
        "for any more",
    )
    write(lite, stages, exits={"stabilise": 'answers.one.how == "well" or answers.two.ok'})
    assert not only(migrated(lite)).refused


def test_one_deal_that_cannot_be_decided_hinders_nobody(on_both: World) -> None:
    write(on_both, {"triage": [task("one")]})
    on_both.open()
    write(on_both, {"triage": [task("one", due="1 day after start")]})
    on_both.open(on_both.account("globex", name="Globex"))
    with on_both.desk.writing() as conn:
        conn.execute(sa.update(VERSION).where(VERSION.c.hash == on_both.deal(1).play_hash).values(text="{}"))
    on_both.runtime.close()
    on_both.runtime = type(on_both.runtime)(on_both.settings)
    write(on_both, {"triage": [task("one", due="3 days after start")]})
    made = migrated(on_both)
    assert [e.refused for e in made.deals] == [("the version it runs by cannot be read any more",), ()]
    assert on_both.deal(2).play_hash == made.version


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_pinned_deal_is_left_alone_until_it_is_asked_for(on_both: World) -> None:
    write(on_both, {"triage": [task("one")]})
    on_both.open()
    on_both.open(on_both.account("globex", name="Globex"))
    write(on_both, {"triage": [task("one", due="1 day after start")]})
    migration.pin(on_both.desk, PLAY, way(on_both), Wanted((2,)))
    found = migration.preview(on_both.desk, PLAY)
    assert ([e.deal for e in found.deals], found.pinned) == ([1], (2,))
    assert [e.deal for e in migration.preview(on_both.desk, PLAY, Wanted(pinned=True)).deals] == [1, 2]
    migrated(on_both)
    assert on_both.deal(2).play_hash != on_both.deal(1).play_hash
    migration.migrate_deals(on_both.desk, PLAY, way(on_both), Wanted((2,)))
    assert on_both.deal(2).play_hash == on_both.deal(1).play_hash
    decided = versions.listed(on_both.desk, PLAY).decisions
    assert [(d.choice, d.reason, d.at) for d in decided] == [
        (choice, "it is better", FRIDAY) for choice in ("migrate", "migrate", "pin")
    ]


def test_new_deals_only_is_a_decision_too(lite: World) -> None:
    write(lite, {"triage": [task("one")]})
    lite.open()
    was = lite.deal()
    write(lite, {"triage": [task("one", due="1 day after start")]})
    migration.new_only(lite.desk, PLAY, way(lite))
    assert lite.deal() == was
    assert [(d.choice, d.by_id) for d in versions.listed(lite.desk, PLAY).decisions] == [
        ("new_only", lite.person("bob"))
    ]


def test_a_deal_that_has_changed_since_the_preview_is_decided_anew_and_named(on_both: World) -> None:
    write(on_both, {"triage": [task("one"), task("two")]})
    on_both.open()
    on_both.open(on_both.account("globex", name="Globex"))
    write(on_both, {"triage": [task("one")]})
    foreseen = migration.preview(on_both.desk, PLAY)
    on_both.done("ana", "two", ok=True, deal=2)
    made = migration.migrate_deals(on_both.desk, PLAY, way(on_both), expected=foreseen)
    assert [(d.deal, d.expected, d.happened) for d in made.differences] == [
        (2, "1 withdrawn", "nothing that anybody would notice")
    ]


def test_a_preview_of_something_else_is_refused(lite: World) -> None:
    write(lite, {"triage": [task("one")]})
    lite.open()
    write(lite, {"triage": [task("one", due="1 day after start")]})
    foreseen = migration.preview(lite.desk, PLAY)
    write(lite, {"triage": [task("one", due="2 days after start")]})
    was = lite.deal()
    with pytest.raises(Missing, match="That is a preview of"):
        migration.migrate_deals(lite.desk, PLAY, way(lite), expected=foreseen)
    assert lite.deal() == was


def test_a_power_cut_between_two_batches(on_both: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done is done, its summary comes with the next housekeeping, and the next try takes the rest."""
    write(on_both, {"triage": [task("one"), task("two")]})
    for key in ("a", "b"):
        on_both.open(on_both.account(key, name=key))
    write(on_both, {"triage": [task("one")]})

    def cut(done: int, _total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(migration, "BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        migration.migrate_deals(on_both.desk, PLAY, way(on_both), told=cut)
    assert on_both.task("two", 1).state == "withdrawn"
    assert on_both.task("two", 2).state == "open"
    keep_house(on_both.desk)
    assert on_both.told(kind="news") == [], "it may still be under way"
    on_both.pass_time(seconds=GIVEN_UP.total_seconds() + 1)
    for _ in range(2):
        keep_house(on_both.desk)
        assert [line["accounts"] for t in on_both.told(kind="news") for line in t.about["lines"]] == [["a"]]
    assert [e.deal for e in migrated(on_both).deals] == [2]
    assert [line["accounts"] for t in on_both.told(kind="news") for line in t.about["lines"]] == [["a"], ["b"]]


def test_what_is_not_there_is_named(lite: World) -> None:
    with pytest.raises(UnknownWord, match="champion-left"):
        migration.preview(lite.desk, "champion-lift")
    with pytest.raises(Missing, match="ever migrated"):
        migration.roll_back(lite.desk, PLAY, way(lite))
    with pytest.raises(Missing, match="There is no other version"):
        versions.diff(lite.desk, PLAY)
    lite.open()
    with pytest.raises(Missing, match="Deal 7 does not run by an older version"):
        migration.preview(lite.desk, PLAY, Wanted((7,)))
    with pytest.raises(UnknownWord, match="a version of"):
        versions.diff(lite.desk, PLAY, before="zz")


def test_two_files_are_compared_in_words(lite: World, tmp_path: Path) -> None:
    path = lite.settings.workspace / "playbooks" / f"{PLAY}.yaml"
    draft = tmp_path / "draft.yaml"
    text = path.read_text()
    draft.write_text(text.replace("due: 5 business days after start", "due: 1 week after start"))
    found = versions.diff(lite.desk, PLAY, before=str(path), after=str(draft))
    assert [(c.task, c.key, c.before, c.after) for c in found.changes] == [
        ("new_champion", "due", "5 business days after start", "7 days after start")
    ]
    assert not versions.diff(lite.desk, PLAY, before=str(path), after=str(path)).changes


def test_a_snoozed_task_is_not_woken(on_both: World) -> None:
    write(on_both, {"triage": [task("one")]})
    on_both.open()
    until = datetime(2026, 11, 25, 10, tzinfo=UTC)
    tasks.snooze(on_both.desk, on_both.ref("one"), on_both.by("ana"), until=until, reason="a fair")
    write(on_both, {"triage": [task("one", escalate="urgent", remind=["1 business day after start"])]})
    migrated(on_both)
    assert on_both.task("one").running.snoozed_until == until
    on_both.at(datetime(2026, 11, 25, 9, 59, tzinfo=UTC))
    assert not on_both.told(kind="reminder") + on_both.told(kind="escalation")
