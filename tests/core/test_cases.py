"""Test cases of plays: the shipped ones hold, and a rehearsal is what the live engine does, event by event.

Planted bugs that turned these tests red: a rehearsal that keeps everybody's load at what it was at the start, one that
forgets the rotations, one that leaves out what falls due at the very moment of its end, one that forgets refusals, and
a judge that takes a day's end for its beginning.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

import models
from saveline.actions import deals, tasks
from saveline.actions.tasks import TaskRef
from saveline.core import chronicle
from saveline.core.changes import Change
from saveline.core.errors import Refusal
from saveline.core.facts import Account, Deal, Doer, Person
from saveline.core.language.cases import with_absences
from saveline.core.language.lint_ids import NOBODY_THERE
from saveline.core.notices import Notice
from saveline.core.people import Duty
from saveline.core.rehearse import (
    AskHelp,
    Close,
    Decline,
    Finish,
    HandOver,
    Move,
    Pause,
    Resume,
    See,
    Snooze,
    Step,
    Take,
    play_out,
)
from saveline.files import shipped
from saveline.files.check import Checked, FiledCase, check
from saveline.store import directory, load
from saveline.store.rows import NOTICE, decode_json, table
from tests import databases
from tests import world as worlds
from tests.world import World

SHIPPED = shipped.folder("playbooks").parent
BASE = Path(__file__).parents[1] / "golden" / "language" / "base"
CHECKED = check(SHIPPED)


def _named(filed: FiledCase) -> str:
    return f"{filed.play}: {filed.case.name}"


def test_the_shipped_workspace_is_in_order() -> None:
    assert CHECKED.problems == ()
    assert len(CHECKED.plays) == 6
    assert {c.play for c in CHECKED.cases} == {p.name for p in CHECKED.plays}


@pytest.mark.parametrize("filed", CHECKED.cases, ids=_named)
def test_every_shipped_case_holds(filed: FiledCase) -> None:
    assert CHECKED.verdict(filed).failures == ()


@pytest.mark.parametrize("play", CHECKED.plays, ids=lambda p: p.name)
def test_every_shipped_play_is_one_page_for_several_departments(play: Any) -> None:
    text = (SHIPPED / "playbooks" / f"{play.name}.yaml").read_text()
    planned = [t for s in play.stages for t in s.tasks]
    assert text.count("\n") <= 60 + 1, "the first line is for editors"
    assert max(map(len, text.splitlines())) <= 120
    assert 5 <= len(planned) <= 12
    assert len({link.partition(".")[0] for t in planned for link in map(str, t.assign) if "." in link}) >= 3
    assert all(t.why for t in planned)
    assert play.benefit
    assert play.applies.causes


def test_the_first_play_runs_with_the_cast_too(tmp_path: Path) -> None:
    """The cast has fewer departments than the shipped settings, and nobody in support."""
    shutil.copytree(worlds.CAST, tmp_path, dirs_exist_ok=True)
    for name in ("champion-left", "champion-left-short"):
        shutil.copy(SHIPPED / "playbooks" / f"{name}.yaml", tmp_path / "playbooks")
    problems = [p for p in check(tmp_path).problems if p.file.startswith("playbooks")]
    assert {p.id for p in problems} <= {NOBODY_THERE}


def test_an_unexpected_story_is_told_with_what_came_nearest(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    """Every kind of expectation, and every one of them wrong."""
    folder = _copied(tmp_path)
    (folder / "playbooks" / "champion-left.test.yaml").write_text(_WRONG)
    checked = check(folder)
    assert checked.problems == ()
    said = []
    for failure in checked.verdict(next(c for c in checked.cases if c.play == "champion-left")).failures:
        rows = [f"expected: {failure.expected}", f"happened: {failure.happened}", *(f"  {r}" for r in failure.around)]
        said.append("\n".join(rows))
    assert len(said) == 13
    golden("language/failures.txt", "\n\n".join(said) + "\n")


_WRONG = """
- case: Nothing here is as expected
  account: {name: Acme, arr: 80000, runway: 120 days, team: {csm: ana, sponsor: chris}}
  causes: [champion_left]
  opened: 2026-11-20 10:00
  do:
    - {after: 1 business hour, who: ana, done: diagnosis, answers: {root_cause: price}}
    - {after: 1 business hour, who: ana, done: diagnosis, answers: {root_cause: price, summary: Seats}}
    - {after: 1 business hour, who: ana, done: diagnosis, answers: {root_cause: price, summary: Seats}, refused: nobody}
    - {after: 1 business day, who: chris, seen: sponsor_call, refused: they never look}
  expect:
    - {told: ana, kind: assigned, task: diagnosis, at: 2026-11-20 11:00}
    - {told: dora, kind: lost, by: 2026-11-24}
    - {told: ana, kind: assigned, times: 3}
    - {task: sponsor_call, is: done}
    - {task: sponsor_call, who: bob, due: 2026-11-24}
    - {task: offer, is: skipped}
    - {stage: stabilise}
    - {stage: triage, at: 2026-11-21}
    - {outcome: saved}
    - {play: value-not-seen}
"""


def test_a_rehearsal_twice_is_the_same_rehearsal() -> None:
    for filed in CHECKED.cases:
        first, second = CHECKED.verdict(filed).timeline, CHECKED.verdict(filed).timeline
        assert first.events == second.events
        assert first.notices == second.notices


def test_a_rehearsal_can_go_on_where_a_deal_stands() -> None:
    """Played to the middle and on from there, it is the same as played at once."""
    filed = next(c for c in CHECKED.cases if "goes to engineering" in c.case.name)
    end, steps = CHECKED.verdict(filed).timeline.case, filed.case.script
    start = replace(end, deal=Deal(id=1, account_id=1), duty=Duty())
    whole = play_out(start, steps, filed.case.until)
    half = play_out(start, steps[:5], steps[4].at)
    own = Counter(t.assignee_id for t in half.deal.tasks if t.state == "open" and t.assignee_id)
    others = Duty({k: v - own[k] for k, v in half.case.duty.open_tasks.items()}, half.case.duty.last_pick)
    rest = play_out(replace(half.case, duty=others), steps[5:], filed.case.until)
    assert (*half.events, *rest.events) == whole.events
    assert (*half.notices, *rest.notices) == whole.notices


def test_what_falls_due_at_the_end_is_in_it() -> None:
    filed = next(c for c in CHECKED.cases if "Nobody opens" in c.case.name)
    start = replace(CHECKED.verdict(filed).timeline.case, deal=Deal(id=1, account_id=1), duty=Duty())
    opened = play_out(start, filed.case.script, filed.case.steps[0].step.at)
    assert opened.deal.next_at is not None
    until = play_out(start, filed.case.script, opened.deal.next_at)
    assert until.events[-1].at == opened.deal.next_at


def test_every_kind_of_change_is_told() -> None:
    assert set(chronicle._WORDS) == set(get_args(Change))


# --- rehearsal equals life

ALIKE = [c for c in CHECKED.cases if c.play != "price-pressure" or "beside the price" not in c.case.name]
"""Cases whose account gets the play that they test; the one left out says that it gets another."""

FIRST = {c.play: c for c in reversed(ALIKE)}


@pytest.mark.parametrize("filed", ALIKE, ids=_named)
def test_a_rehearsal_is_what_the_live_engine_does(
    filed: FiledCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 10, on SQLite with every shipped case."""
    with _world(filed, databases.sqlite(tmp_path / "saveline.db"), tmp_path, monkeypatch) as world:
        _compare(world, filed, CHECKED)


@pytest.mark.parametrize("filed", FIRST.values(), ids=_named)
def test_a_rehearsal_is_what_the_live_engine_does_on_both(
    filed: FiledCase, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 10, on SQLite and PostgreSQL with one case a play."""
    with _world(filed, database_url, tmp_path, monkeypatch) as world:
        _compare(world, filed, CHECKED)


def test_loads_and_turns_are_those_of_the_live_engine(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 10 where it matters who has how much to do: each pick sees what the ones before it gave out."""
    folder = tmp_path / "base"
    shutil.copytree(BASE, folder)
    (folder / "playbooks" / "save.yaml").write_text(_PICKING)
    (folder / "playbooks" / "save.test.yaml").write_text(_PICKED)
    checked = check(folder)
    assert [p for p in checked.problems if not p.warning] == []
    filed = checked.cases[0]
    assert checked.verdict(filed).failures == ()
    monkeypatch.setattr(worlds, "CAST", folder)
    with worlds.world(tmp_path / "live", database_url, filed.case.steps[0].step.at) as world:
        _compare(world, filed, checked)


_PICKING = """
playbook: save
title: Save
benefit: It is shared out.
stages:
  triage:
    tasks:
      - {id: first, assign: {pick: least_loaded, from: customer_success}, due: 2 business days after start}
      - {id: knock, assign: {person: dora@x.example}, due: 2 business days after start}
      - {id: second, after: [knock], assign: {pick: least_loaded, from: customer_success}, due: 1 day after start}
      - {id: third, after: [second], assign: {pick: least_loaded, from: customer_success}, due: 1 day after start}
  stabilise:
    tasks:
      - {id: turn_a, assign: {pick: round_robin, from: customer_success}, due: 1 day after start}
      - {id: turn_b, after: [turn_a], assign: {pick: round_robin, from: customer_success}, due: 1 day after start}
      - {id: turn_c, after: [turn_b], assign: {pick: round_robin, from: customer_success}, due: 1 day after start}
"""
_PICKED = """
- case: Shared out
  account: {name: Acme}
  causes: [champion_left]
  opened: 2026-11-23 10:00
  do:
    - {after: 1 hour, who: dora, done: knock}
    - {after: 1 hour, who: bob, done: second}
    - {after: 1 hour, who: ana, done: first}
    - {after: 1 hour, who: bob, done: third}
    - {after: 1 hour, who: ana, done: turn_a}
    - {after: 1 hour, who: bob, done: turn_b}
  expect:
    - {task: first, who: ana}
    - {task: second, who: bob}
    - {task: third, who: bob}  # the task that he has just finished is no load any more
    - {task: turn_a, who: ana}
    - {task: turn_b, who: bob}
    - {task: turn_c, who: ana}
"""


@contextmanager
def _world(filed: FiledCase, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The shipped workspace as an installation, with the absences of the case in its people.yaml."""
    folder = _copied(tmp_path)
    (folder / "people.yaml").write_text(_people_yaml(with_absences(CHECKED.persons, filed.case)))
    monkeypatch.setattr(worlds, "CAST", folder)
    with worlds.world(tmp_path / "live", url, filed.case.steps[0].step.at) as world:
        yield world


def _compare(world: World, filed: FiledCase, checked: Checked) -> None:
    with world.desk.reading() as conn:
        assert directory.ids_by_email(conn) == {p.email: p.id for p in checked.persons}
    rehearsed = checked.verdict(filed).timeline
    refused = _live(world, filed)
    with world.desk.reading() as conn:
        events = load.history(conn, [1])[1]
        rows = conn.execute(sa.select(NOTICE).order_by(NOTICE.c.id)).all()
    notices = [
        Notice(r.kind, r.at, r.person_id or 0, r.channel, r.task_no, r.ordinal, decode_json(r.about)) for r in rows
    ]
    assert events == list(rehearsed.events)
    assert notices == list(rehearsed.notices)
    assert refused == [r.words for r in rehearsed.refused]
    assert _bare(world.deal(1)) == _bare(rehearsed.deal)


def _bare(deal: Any) -> Any:
    return {f: getattr(deal, f) for f in deal.__struct_fields__ if f not in ("id", "account_id")}


def _live(world: World, filed: FiledCase) -> list[str]:
    """The case through the actions, with an engine that ticks at every due moment. Returns what was refused."""
    refused = []
    account = _insert(world, filed.case.account)
    deals.open_deal(world.desk, account, causes=filed.case.causes)
    for step in filed.case.script[1:]:
        world.at(step.at)
        try:
            _act(world, step)
        except Refusal as refusal:
            refused.append(str(refusal))
    world.at(filed.case.until)
    return refused


def _act(world: World, step: Step) -> None:
    assert step.by is not None
    desk, by = world.desk, step.by
    match step.act:
        case Move(to, reason):
            deals.move_stage(desk, 1, by, to=to, reason=reason)
        case Pause(until, reason):
            deals.pause(desk, 1, by, until=until, reason=reason)
        case Resume():
            deals.resume(desk, 1, by)
        case Close(closing):
            deals.close_deal(desk, 1, by, closing)
        case _:
            _act_on_task(world, step, by)


def _act_on_task(world: World, step: Step, by: Doer) -> None:
    desk, act = world.desk, step.act
    ref = TaskRef(1, world.task(str(act.task)).no)  # type: ignore[union-attr]  # the others were sorted out above
    match act:
        case Finish(_, outcome, answers):
            tasks.complete_task(desk, ref, by, outcome=outcome, answers=answers)
        case Decline(_, reason):
            tasks.cannot_do(desk, ref, by, reason=reason)
        case See():
            tasks.mark_seen(desk, ref, by)
        case Take():
            tasks.claim_task(desk, ref, by)
        case HandOver(_, to, note):
            tasks.hand_over(desk, ref, by, to=to, note=note)
        case AskHelp(_, note):
            tasks.ask_help(desk, ref, by, note=note)
        case Snooze(_, until, reason):
            tasks.snooze(desk, ref, by, until=until, reason=reason)
        case _:
            raise AssertionError(f"no door for {act}")


def _insert(world: World, account: Account) -> int:
    columns = {f: getattr(account, f) for f in ("key", "name", "segment", "vertical", "region", "arr_cents")}
    columns |= {"renewal": account.renewal, "health": account.health, "fields": json.dumps(dict(account.fields))}
    with world.desk.writing() as conn:
        rows = table(models.Account)
        found: int = conn.execute(sa.insert(rows).returning(rows.c.id), columns).scalar_one()
        team = [{"account_id": found, "role": r, "person_id": p} for r, p in account.team.items()]
        if team:
            conn.execute(sa.insert(table(models.AccountRole)), team)
    return found


def _copied(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    shutil.copytree(SHIPPED / "playbooks", folder / "playbooks")
    for name in ("saveline.yaml", "people.yaml"):
        shutil.copy(SHIPPED / name, folder)
    return folder


def _people_yaml(persons: tuple[Person, ...]) -> str:
    """People as a file; JSON is YAML."""
    by_id = {p.id: p.email for p in persons}

    def entry(p: Person) -> dict[str, Any]:
        away = [
            {"from": str(a.first), "to": str(a.back - timedelta(days=1))}
            | ({"substitute": by_id[a.substitute_id]} if a.substitute_id else {})
            for a in p.absences
        ]
        own: dict[str, Any] = {
            "email": p.email,
            "name": p.name,
            "department": p.department,
            "zone": p.zone,
            "country": p.country,
        }
        own |= {"hours": p.hours, "capacity": p.capacity, "manager": by_id.get(p.manager_id or 0)}
        return {k: v for k, v in own.items() if v is not None} | ({"away": away} if away else {})

    return json.dumps({"people": [entry(p) for p in persons]})
