"""Plays a generated script on a world: each step is an action through the real doors; refusals are part of the game."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from saveline.actions import deals, tasks
from saveline.actions.tasks import TaskRef
from saveline.core.changes import Event
from saveline.core.decide.draft import Case
from saveline.core.decide.due import on_due
from saveline.core.errors import Refusal
from saveline.core.facts import Deal, Task
from saveline.core.people import Duty
from saveline.store import load
from tests.laws.generated import Step
from tests.world import FRIDAY, World


def start(world: World, play: dict[str, Any]) -> int:
    """A world with nothing in it but this play and one deal that runs it. Returns the deal's id."""
    _empty(world)
    path = world.settings.workspace / "playbooks" / "generated.yaml"
    path.write_text(json.dumps(play))  # JSON is YAML
    problems = [p for p in world.desk.plays.problems if not p.warning]
    assert not problems, f"{problems}\n{json.dumps(play, indent=1)}"
    return world.open(world.account(), "value_not_seen")


def _empty(world: World) -> None:
    world.clock.set(FRIDAY)
    with world.desk.writing() as conn:
        for name in ("notice", "event", "comment", "deal_cause", "task", "deal", "account_role", "account", "rotation"):
            conn.execute(sa.text(f"DELETE FROM {name}"))


def act(world: World, deal_id: int, step: Step) -> str | None:
    """Do the step if there is something to do it to. Returns what was refused, if it was.

    What there is, is what an engine that is never late would show: the people must not behave differently.
    """
    deal = on_due(case(world, deal_id), world.now).deal
    open_tasks = [t for t in deal.tasks if t.state == "open"]
    try:
        if step.do in ("pause", "resume", "move"):
            _act_on_deal(world, deal, step)
        elif open_tasks and step.do != "wait":
            _act_on_task(world, deal, open_tasks[step.pick % len(open_tasks)], step)
    except Refusal as refusal:
        return str(refusal)
    return None


def _act_on_deal(world: World, deal: Deal, step: Step) -> None:
    by = world.by(step.person)
    if step.do == "pause":
        deals.pause(world.desk, deal.id, by, until=world.now + timedelta(days=step.pick + 1), reason="they are away")
    elif step.do == "resume":
        deals.resume(world.desk, deal.id, by)
    else:
        with world.desk.reading() as conn:
            keys = [s.key for s in world.desk.play(conn, deal.play_hash).stages]
        deals.move_stage(world.desk, deal.id, by, to=keys[step.pick % len(keys)], reason="a reason")


def _act_on_task(world: World, deal: Deal, task: Task, step: Step) -> None:
    ref, by, desk = TaskRef(deal.id, task.no), world.by(step.person, "slack"), world.desk
    match step.do:
        case "done" | "other" if task.plan == "decision":
            outcome = "lost" if step.flag else "saved"
            answers = {"reason": "so it is", "kept": 100, "evidence": "a mail"}
            tasks.complete_task(desk, ref, by, outcome=outcome, answers=answers)
        case "done":
            tasks.complete_task(desk, ref, by, answers={"ok": step.flag})
        case "other":
            tasks.complete_task(desk, ref, by, outcome="other", answers={"ok": step.flag})
        case "cannot":
            tasks.cannot_do(desk, ref, by, reason="not possible")
        case "seen":
            tasks.mark_seen(desk, ref, by)
        case "snooze":
            tasks.snooze(desk, ref, by, until=world.now + timedelta(hours=step.pick * 9 + 1), reason="later")
        case "hand_over":
            tasks.hand_over(desk, ref, by, to=world.person(step.person))
        case "claim":
            tasks.claim_task(desk, ref, by)
        case "help":
            tasks.ask_help(desk, ref, by, note="please")


def case(world: World, deal_id: int) -> Case:
    with world.desk.reading() as conn:
        deal, account = load.deals(conn, [deal_id])[0]
        return world.desk.case(conn, world.desk.people(conn), deal, account, Duty())


def events(world: World, deal_id: int) -> list[Event]:
    with world.desk.reading() as conn:
        return load.history(conn, [deal_id])[deal_id]
