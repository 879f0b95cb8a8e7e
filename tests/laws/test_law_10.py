"""Law 10: a rehearsal equals life, byte for byte, for generated plays on SQLite and on PostgreSQL.

Each docstring names the bug that was planted once to see the test turn red. tests/flows holds the same against real
flow runs.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.actions import deals
from saveline.core.rehearse import Open
from tests.laws.generated import Step, plays, scripts
from tests.laws.playing import SEVERITIES, act, empty
from tests.laws.rehearsing import SCORE, Double, account, live, lived, opening_of, portfolio, rehearsed
from tests.laws.test_laws import generated
from tests.world import FRIDAY, World

COLLEAGUES = """
  - {email: fay@x.example, name: Fay Costa, department: finance, manager: dora@x.example, capacity: 2}
  - {email: gus@x.example, name: Gus Lind, department: finance, manager: dora@x.example, capacity: 1}
  - {email: hal@x.example, name: Hal Dunn, department: customer_success, manager: bob@x.example, capacity: 1,
     away: [{from: 2026-12-01, to: 2026-12-04, substitute: ana@x.example}]}
  - {email: ida@x.example, name: Ida Holm, department: engineering, manager: eli@x.example, zone: Asia/Tokyo,
     away: [{from: 2026-11-25, to: 2026-11-30}, {from: 2026-12-14, to: 2026-12-18, substitute: eli@x.example}]}
"""
"""So that it matters who is picked, who has too much and who is away."""


def write(world: World, play: dict[str, Any]) -> None:
    """A world without deals in which this is the only play, and in which departments are more than one person."""
    empty(world)
    settings = world.settings.workspace / "saveline.yaml"
    if SEVERITIES not in settings.read_text():
        settings.write_text(settings.read_text() + SEVERITIES)
    people = world.settings.workspace / "people.yaml"
    if "fay@" not in people.read_text():
        people.write_text(people.read_text().rstrip() + COLLEAGUES)
    path = world.settings.workspace / "playbooks" / "generated.yaml"
    path.write_text(json.dumps(play))
    problems = [p for p in world.desk.plays.problems if not p.warning]
    assert not problems, f"{problems}\n{json.dumps(play, indent=1)}"


AFTERWARDS = ("leaves", "stays", "reopen")


@generated
@given(play=plays(), script=scripts)
def test_law_10_a_script_rehearsed_is_the_script_lived(
    on_both: World, play: dict[str, Any], script: list[Step]
) -> None:
    """The same people doing the same things at the same moments. What comes after a close is no part of a rehearsal.

    Planted: ``Rehearsal.run_to`` fired one moment and not all that are due by then.
    """
    write(on_both, play)
    acme = on_both.account()
    double = Double(on_both, opening_of(on_both, account(on_both, acme), "value_not_seen"))
    deal_id = deals.open_deal(on_both.desk, acme, causes=["value_not_seen"], score=SCORE).id
    for step in (replace(s, do="wait") if s.do in AFTERWARDS else s for s in script):
        on_both.at(on_both.now + step.wait)
        act(on_both, deal_id, step)
        double.pass_time(step.wait)
        double.act(step)
    on_both.pass_time(days=3)
    double.pass_time(timedelta(days=3))
    assert double.text() == lived(on_both, deal_id)


@generated
@given(play=plays(), seed=st.integers(0, 10_000), gaps=st.lists(st.integers(0, 9_000), min_size=2, max_size=4))
def test_law_10_a_portfolio_rehearsed_is_the_portfolio_lived(
    on_both: World, play: dict[str, Any], seed: int, gaps: list[int]
) -> None:
    """Deals that share people, loads and rotations: what luck let people do, done once more by the engine's doors,
    leaves the same history and the same notices of every deal.

    Planted: a task that somebody is done with still counted among what they have to do, so that others were picked.
    """
    write(on_both, play)
    opened, at = [], FRIDAY
    for i, gap in enumerate(gaps):
        at += timedelta(minutes=gap)
        account_id = on_both.account(f"a{i}", name=f"Customer {i}", renewal=date(2027, 1, 20) + timedelta(days=30 * i))
        opened.append(opening_of(on_both, account(on_both, account_id), "value_not_seen", at=at))
    lives = portfolio(on_both, opened, str(seed), days=60)
    ids = live(on_both, lives, lives[0].until)
    assert any(len(life.events) > 3 for life in lives)
    assert all(isinstance(life.steps[0].act, Open) for life in lives)
    for life, deal_id in zip(lives, ids, strict=True):
        assert rehearsed(life.events, life.notices) == lived(on_both, deal_id)
