"""Plays a generated script on a world: each step is an action through the real doors; refusals are part of the game."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from saveline.actions import customers, deals, tasks
from saveline.actions.tasks import TaskRef
from saveline.core.changes import Event
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Case
from saveline.core.decide.due import on_due
from saveline.core.delivery import Queued
from saveline.core.errors import Refusal
from saveline.core.facts import Deal, Doer, Task
from saveline.core.people import Duty, People
from saveline.store import load, outbox
from saveline.store.rows import NOTICE, decode_json
from tests.casting import people as people_of
from tests.laws.generated import Step
from tests.laws.places import place_of
from tests.world import FRIDAY, World

_OF_ACCOUNTS: Final = (
    "playbook_decided",
    "notice",
    "event",
    "comment",
    "deal_cause",
    "task",
    "deal",
    "account_role",
    "signal",
    "account",
    "rotation",
    "import_run",
)


def start(world: World, play: dict[str, Any]) -> int:
    """A world with nothing in it but this play and one deal that runs it, where :mod:`places` puts it. Returns the
    deal's id."""
    empty(world)
    settings = world.settings.workspace / "saveline.yaml"
    if SEVERITIES not in settings.read_text():
        settings.write_text(settings.read_text() + SEVERITIES)
    place = place_of(play)
    world.clock.set(place.start)
    people_of(world, **place.people)
    path = world.settings.workspace / "playbooks" / "generated.yaml"
    path.write_text(json.dumps(play))  # JSON is YAML
    problems = [p for p in world.desk.plays.problems if not p.warning]
    assert not problems, f"{problems}\n{json.dumps(play, indent=1)}"
    return world.open(world.account(renewal=place.renewal), "value_not_seen")


SEVERITIES: Final = """
severities:
  - {severity: critical, title: Critical, score: 100, tell: [leadership.lead]}
  - {severity: normal, title: Normal}
"""


def empty(world: World) -> None:
    """Back to the first day, without accounts and deals."""
    world.clock.set(FRIDAY)
    with world.desk.writing() as conn:
        for name in _OF_ACCOUNTS:
            conn.execute(sa.text(f"DELETE FROM {name}"))


def act(world: World, deal_id: int, step: Step) -> str | None:
    """Do the step if there is something to do it to. Returns what was refused, if it was.

    What there is, is what an engine that is never late would show: the people must not behave differently.
    """
    deal = on_due(case(world, deal_id), world.now).deal
    open_tasks = [t for t in deal.tasks if t.state == "open"]
    try:
        if step.do in _ON_DEAL:
            _ON_DEAL[step.do](world, deal, step)
        elif open_tasks and step.do != "wait":
            _act_on_task(world, deal, open_tasks[step.pick % len(open_tasks)], step)
    except Refusal as refusal:
        return str(refusal)
    return None


def _pause(world: World, deal: Deal, step: Step) -> None:
    until = world.now + timedelta(days=step.pick + 1)
    deals.pause(world.desk, deal.id, world.by(step.person), until=until, reason="they are away")


def _resume(world: World, deal: Deal, step: Step) -> None:
    deals.resume(world.desk, deal.id, world.by(step.person))


def _move(world: World, deal: Deal, step: Step) -> None:
    with world.desk.reading() as conn:
        keys = [s.key for s in world.desk.play(conn, deal.play_hash).stages]
    to = keys[step.pick % len(keys)]
    deals.move_stage(world.desk, deal.id, world.by(step.person), to=to, reason="a reason")


def _grade(world: World, deal: Deal, step: Step) -> None:
    to = "critical" if step.flag else "normal"
    deals.set_severity(world.desk, deal.id, world.by(step.person), to=to, reason="so it is")


def _override(world: World, deal: Deal, step: Step) -> None:
    until = world.now + timedelta(hours=step.pick * 9 + 1)
    deals.override_gate(world.desk, deal.id, world.by("chris"), until=until, reason="so it is")


def _save(world: World, deal: Deal, step: Step) -> None:
    deals.close_deal(world.desk, deal.id, world.by(step.person), Closing("saved", "they stay", 100))


def _let_go(world: World, deal: Deal, step: Step) -> None:
    deals.close_deal(world.desk, deal.id, world.by(step.person), Closing("let_go", "they want to"))


def _reopen(world: World, deal: Deal, step: Step) -> None:
    """Only while it is the same deal that opens again."""
    if deal.closed_at is not None and world.now - deal.closed_at < timedelta(days=60):
        world.open(deal.account_id, "price_pressure" if step.flag else "value_not_seen")


def _leaves(world: World, deal: Deal, step: Step) -> None:
    on = world.now.date() + timedelta(days=step.pick * 5 - 5)
    customers.account_left(world.desk, deal.account_id, world.by(step.person), on=on, evidence="a mail")


def _stays(world: World, deal: Deal, step: Step) -> None:
    customers.account_stays(world.desk, deal.account_id, world.by(step.person), reason="it was another one")


def _act_on_task(world: World, deal: Deal, task: Task, step: Step) -> None:
    ref, by = TaskRef(deal.id, task.no), world.by(step.person, "slack")
    if task.plan == "decision" and step.do in ("done", "other"):
        answers = {"reason": "so it is", "kept": 100, "evidence": "a mail"}
        tasks.complete_task(world.desk, ref, by, outcome="lost" if step.flag else "saved", answers=answers)
    else:
        _ON_TASK[step.do](world, ref, by, step)


def _done(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.complete_task(world.desk, ref, by, answers={"ok": step.flag})


def _other(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.complete_task(world.desk, ref, by, outcome="other", answers={"ok": step.flag})


def _cannot(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.cannot_do(world.desk, ref, by, reason="not possible")


def _seen(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.mark_seen(world.desk, ref, by)


def _snooze(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.snooze(world.desk, ref, by, until=world.now + timedelta(hours=step.pick * 9 + 1), reason="later")


def _customer(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.wait_for_customer(
        world.desk, ref, by, until=world.now + timedelta(hours=step.pick * 9 + 1), reason="they think"
    )


def _answered(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.customer_answered(world.desk, ref, by)


def _hand_over(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.hand_over(world.desk, ref, by, to=world.person(step.person))


def _claim(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.claim_task(world.desk, ref, by)


def _help(world: World, ref: TaskRef, by: Doer, step: Step) -> None:
    tasks.ask_help(world.desk, ref, by, note="please")


_OnDeal: TypeAlias = Callable[[World, Deal, Step], None]
_OnTask: TypeAlias = Callable[[World, TaskRef, Doer, Step], None]
_ON_DEAL: Final[Mapping[str, _OnDeal]] = {
    "pause": _pause,
    "resume": _resume,
    "move": _move,
    "save": _save,
    "grade": _grade,
    "override": _override,
    "let_go": _let_go,
    "reopen": _reopen,
    "leaves": _leaves,
    "stays": _stays,
}
_ON_TASK: Final[Mapping[str, _OnTask]] = {
    "done": _done,
    "other": _other,
    "cannot": _cannot,
    "seen": _seen,
    "snooze": _snooze,
    "hand_over": _hand_over,
    "claim": _claim,
    "help": _help,
    "customer": _customer,
    "answered": _answered,
}


def case(world: World, deal_id: int) -> Case:
    with world.desk.reading() as conn:
        deal, account = load.deals(conn, [deal_id])[0]
        return world.desk.case(conn, world.desk.people(conn), deal, account, Duty())


def events(world: World, deal_id: int) -> list[Event]:
    with world.desk.reading() as conn:
        return load.history(conn, [deal_id])[deal_id]


def people(world: World) -> People:
    with world.desk.reading() as conn:
        return world.desk.people(conn)


def notices(world: World, deal_id: int) -> list[tuple[Queued, str | None]]:
    """Each notice of the deal, and what news it brings if it does."""
    with world.desk.reading() as conn:
        ids = conn.execute(sa.select(NOTICE.c.id).where(NOTICE.c.deal_id == deal_id).order_by(NOTICE.c.id)).scalars()
        found = [outbox.notice(conn, i) for i in ids.all()]
    return [(notice, decode_json(notice.about).get("news")) for notice in found]
