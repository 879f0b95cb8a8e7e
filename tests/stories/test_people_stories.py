"""Who gets what when people are away, have left, have their hands full, or say nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from saveline.actions import tasks, why
from saveline.actions.advance import advance
from saveline.actions.intake import import_files
from saveline.actions.tasks import TaskRef
from saveline.core.changes import Escalated
from saveline.core.why.lines import Why
from saveline.files.sources import Wanted
from tests.casting import away, people, play
from tests.laws.playing import events
from tests.world import FRIDAY, World

Golden = Callable[[str, str], None]
LADDER = [
    {"unseen": "4 business hours", "to": "assignee.manager"},
    {"when": "4 business hours after due", "to": ["ae", "support.lead"]},
    {"when": "1 business day after due", "to": "sponsor", "repeat": "every 1 business day"},
]


def part(found: Why, start: str) -> tuple[str, ...]:
    return next(p.lines for p in found.parts if p.title.startswith(start))


def test_a_substitute_of_a_substitute_has_both_tasks(on_both: World) -> None:
    """Ana is away and Dora stands in; Dora is away and Eli stands in: Eli has Ana's task and Dora's.

    Planted: ``at_work`` that stops at the first substitute.
    """
    world = on_both
    people(world, ana=away("2026-11-16", "2026-11-24", "dora"), dora=away("2026-11-18", "2026-11-25", "eli"))
    play(
        world,
        {"id": "call", "assign": "csm", "due": "2 business days after start"},
        {"id": "invoice", "assign": "finance.lead", "due": "2 business days after start"},
    )
    world.open()
    eli = world.person("eli")
    assert [world.task(t).assignee_id for t in ("call", "invoice")] == [eli, eli]
    assert part(why.task(world.desk, TaskRef(1, 1)), "With Eli Stern")[:4] == (
        "Fri 20 Nov 2026 10:00: Eli Stern",
        "  Ana Ruiz is away until 25 Nov",
        "  Dora Weiss is away until 26 Nov",
        "  csm: Eli Stern",
    )


def test_a_rotation_passes_over_a_leaver_and_somebody_at_capacity(on_both: World, golden: Golden) -> None:
    """Gus has left and Mia takes two tasks at most and has two: the turn goes to Fay, and the reasons are kept.

    Planted: a rotation without its look at capacity; leavers that count as members at work.
    """
    world = on_both
    support: dict[str, dict[str, Any]] = {
        "gus": {"name": "Gus Lind", "department": "support"},
        "mia": {"name": "Mia Sousa", "department": "support", "capacity": 2},
        "fay": {"name": "Fay Costa", "department": "support"},
    }
    people(world, **support)
    mias = [{"id": f"mine_{n}", "assign": {"person": "mia@x.example"}, "due": "9 days after start"} for n in (1, 2)]
    play(
        world,
        *mias,
        {"id": "tickets", "assign": {"pick": "round_robin", "from": "support"}, "due": "1 day after start"},
    )
    support["gus"]["active"] = False
    people(world, **support)
    world.open()
    assert world.task("tickets").assignee_id == world.person("fay")
    golden("why/rotation.txt", why.task(world.desk, TaskRef(1, 3)).printed())


def test_a_pick_by_load_says_how_much_everybody_has(lite: World) -> None:
    people(lite, fay={"name": "Fay Costa", "department": "finance"})
    doras = {"id": "first", "assign": {"person": "dora@x.example"}, "due": "9 days after start"}
    pick = {"id": "second", "assign": {"pick": "least_loaded", "from": "finance"}, "due": "1 day after start"}
    play(lite, doras, pick)
    lite.open()
    assert part(why.task(lite.desk, TaskRef(1, 2)), "With Fay Costa") == (
        "Fri 20 Nov 2026 10:00: Fay Costa",
        "  open tasks in finance: Fay Costa 0, Dora Weiss 1",
        "  least loaded of finance: Fay Costa",
    )


def test_a_rung_that_comes_to_nobody_is_passed_at_once_and_told_once(on_both: World, golden: Golden) -> None:
    """Nobody is the account's ae, and the lead of support is away: the rung is passed at its own moment, the one above
    it is climbed with it, the steward hears of it, and not again when the last rung comes back.

    Planted: ``escalate`` that returned after a passed rung.
    """
    world = on_both
    people(world, bob=away("2026-11-23", "2027-02-26"))
    play(world, {"id": "call", "assign": "csm", "due": "1 business day after start", "escalate": LADDER})
    world.open()
    world.pass_time(days=14)
    empty = [t for t in world.told("chris", "news") if t.about["news"] == "empty_rung"]
    assert len(empty) == 1
    kinds = [(k, str(at)[5:16]) for k, at in _climbs(world)]
    assert kinds[0][0] == "escalated"
    assert kinds[1][0] == "rung_passed"
    assert kinds[2] == ("escalated", kinds[1][1])
    assert all(kind == "escalated" for kind, _ in kinds[2:])
    golden("why/empty-rung.txt", why.task(world.desk, TaskRef(1, 1)).printed())


def test_a_last_rung_that_comes_to_nobody_again_and_again_is_told_of_once(lite: World) -> None:
    """Planted: ``_pass`` that told on every return of the last rung."""
    rung = {"when": "1 business day after due", "to": "ae", "repeat": "every 1 business day"}
    play(lite, {"id": "call", "assign": "csm", "due": "1 business day after start", "escalate": [rung]})
    lite.open()
    lite.pass_time(days=14)
    assert lite.history().count("rung_passed") > 3
    assert len([t for t in lite.told("chris", "news") if t.about["news"] == "empty_rung"]) == 1


def _climbs(world: World) -> list[tuple[str, datetime]]:
    return [(e.kind, e.at) for e in events(world, 1) if e.kind in ("escalated", "rung_passed")]


def test_seen_and_then_silence_resumes_the_ladder_where_it_stood(on_both: World) -> None:
    """A rung for the unseen is held by the mark; after two days of rest the same rung comes, and the ones above it in
    their order, none of them twice.

    Planted: a mark that put the ladder back to its first rung; ``rest`` that never ran out.
    """
    world = on_both
    play(world, {"id": "call", "assign": "csm", "due": "9 business days after start", "escalate": LADDER})
    world.open()
    world.pass_time(hours=1)
    tasks.mark_seen(world.desk, TaskRef(1, 1), world.by("ana", "slack"))
    world.at(FRIDAY.replace(day=24, hour=10, minute=59))
    assert world.told("bob", "escalation") == [], "four unseen hours have passed, but it was seen"
    said = part(why.task(world.desk, TaskRef(1, 1)), "Next")
    assert any("Tue 24 Nov 2026 11:00: rung 1 (unseen for 4 business hours)" in line for line in said), said
    world.pass_time(days=30)
    rungs = [e[0] for e in _rungs(world)]
    assert rungs[:3] == [0, 1, 2]
    assert set(rungs[3:]) == {2}
    assert _rungs(world)[0][1] == "11-24T11:00"


def _rungs(world: World) -> list[tuple[int, str]]:
    found = [(e.change.rung, e.at) for e in events(world, 1) if isinstance(e.change, Escalated)]
    return [(rung, at.isoformat()[5:16]) for rung, at in found]


@pytest.mark.parametrize("how", ["left", "away"])
def test_nobody_of_a_chain_is_there_and_the_owner_has_it(lite: World, how: str) -> None:
    people(lite, eli={"active": False} if how == "left" else away("2026-11-16", "2026-11-24"))
    play(lite, {"id": "fix", "assign": ["ae", {"person": "eli@x.example"}], "due": "1 day after start"})
    lite.open()
    reason = "has left" if how == "left" else "is away until 25 Nov"
    assert part(why.task(lite.desk, TaskRef(1, 1)), "With Ana Ruiz")[1:] == (
        "  ae: nobody is named",
        f"  Eli Stern {reason}",
        "  owner: Ana Ruiz",
    )


def test_work_goes_on_to_whoever_stands_in_and_comes_back_on_each_return(on_both: World, golden: Golden) -> None:
    """A away → B, B away → C: C gets both tasks; B has both on B's return, and A's goes to A in the end. Each time the
    two who are concerned get one message, however many tasks went.

    Planted: ``at_work`` that stops at the first substitute; a task that is meant for whoever had it last.
    """
    world = on_both
    play(
        world,
        {"id": "call", "assign": "csm", "due": "30 business days after start"},
        {"id": "invoice", "assign": "finance.lead", "due": "30 business days after start"},
    )
    world.open()
    world.pass_time(hours=1)
    people(world, ana=away("2026-11-23", "2026-11-27", "dora"), dora=away("2026-11-24", "2026-11-25", "eli"))
    advance(world.desk)
    days = {20: ("ana", "dora"), 23: ("dora", "dora"), 24: ("eli", "eli"), 26: ("dora", "dora"), 30: ("ana", "dora")}
    for day, holders in days.items():
        before = len(world.told())
        world.at(datetime(2026, 11, day, 12, tzinfo=UTC))
        assert tuple(_holder(world, t) for t in ("call", "invoice")) == holders, day
        told = [t for t in world.told()[before:] if t.kind in ("assigned", "news")]
        people_told = [t.to for t in told if t.channel == "email" or t.kind == "news"]
        assert len(people_told) == len(set(people_told)), told
    golden("why/there-and-back.txt", why.task(world.desk, TaskRef(1, 1)).printed())


def test_an_import_names_another_csm_and_the_tasks_follow(on_both: World, tmp_path: Path) -> None:
    """A file of teams gives the account another CSM: the open tasks of the CSM go along, what was handed over by hand
    stays, and the two who are concerned get one message each.

    Planted: an import that looks again only at accounts whose own columns changed.
    """
    world = on_both
    thrice = [{"id": n, "assign": "csm", "due": "9 business days after start"} for n in ("call", "plan", "given")]
    play(world, *thrice)
    world.open()
    world.pass_time(hours=1)
    tasks.hand_over(world.desk, TaskRef(1, 3), world.by("ana"), to=world.person("chris"))
    before = len(world.told())
    (tmp_path / "team.csv").write_text("account,role,person\nacme,csm,eli@x.example\n")
    result = import_files(world.desk, world.settings.workspace, Wanted((tmp_path / "team.csv",)))
    assert not result.problems
    assert [_holder(world, t) for t in ("call", "plan", "given")] == ["eli", "eli", "chris"]
    told = {(t.to, t.about.get("news"), tuple(t.about.get("tasks", ()))) for t in world.told()[before:]}
    assert {(who, tasks) for who, news, tasks in told if news == "followed"} == {("ana", (1, 2)), ("eli", (1, 2))}


def _holder(world: World, plan: str) -> str:
    who = world.task(plan).assignee_id
    return next(name for name in ("ana", "bob", "chris", "dora", "eli") if world.person(name) == who)
