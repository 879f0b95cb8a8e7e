"""A champion leaves five weeks before the renewal: the long play does not fit any more, and everybody is told why.

Planted bugs that turned these tests red: the short form chosen without looking whether the long one fits, the reason
left out of the deal, and the owner told of every deal and not only of one for which there is too little time.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from saveline.core.changes import DealOpened
from saveline.store import load
from saveline.store.rows import NOTICE
from tests.cli.terminal import Terminal
from tests.notify.forms import Golden, in_every_form
from tests.world import FRIDAY, World

SHORT = """\
playbook: champion-left-short
title: Champion left, little time
benefit: They hear from somebody who can decide.
applies: {causes: [champion_left], runway: {min: 30 days}}
decide: 7 days before renewal
stages:
  triage:
    tasks:
      - {id: call, title: "Call {{ account.name }} today", assign: [sponsor, owner], due: 4 business hours after start}
  decide:
    tasks:
      - {id: talk, title: "Hold the renewal talk", assign: [ae, owner], due: 3 business days after start}
"""


@pytest.fixture
def world(lite: World) -> World:
    """The cast, with a short form of its play."""
    folder = lite.settings.workspace / "playbooks"
    (folder / "champion-left-short.yaml").write_text(SHORT)
    long = folder / "champion-left.yaml"
    long.write_text(long.read_text().replace("priority: 50\n", "priority: 50\nshort: champion-left-short\n"))
    return lite


def why(world: World, deal: int = 1) -> tuple[str, ...]:
    with world.desk.reading() as conn:
        opened = load.history(conn, [deal])[deal][0].change
    assert isinstance(opened, DealOpened)
    return opened.why


def test_with_little_time_the_short_form_is_taken_and_the_deal_says_why(world: World) -> None:
    """Five weeks are left, but only five days until the long play's decision; the short one decides a week before."""
    deal = world.open(world.account(renewal=date(2026, 12, 25)))
    assert world.deal(deal).play == "champion-left-short"
    assert why(world) == (
        "champion-left was chosen: all 2 lines of its applies hold",
        "champion-left needs 13 days, 5 are left until its decision date: its short form champion-left-short is taken",
    )
    assert world.deal(deal).decide_at == datetime(2026, 12, 18, 18, tzinfo=UTC)
    assert world.told("ana", "news") == []
    assert [t.to for t in world.told(kind="assigned")][:1] == ["chris"]


def test_with_time_the_long_one_runs(world: World) -> None:
    world.open(world.account(renewal=date(2027, 3, 20)))
    assert world.deal().play == "champion-left"
    assert "champion-left was chosen: all 2 lines of its applies hold" in why(world)
    assert any(line.startswith("champion-left-short: applies as closely, with a lower priority") for line in why(world))
    assert world.told("ana", "news") == []


def test_each_account_gets_the_form_that_fits_it(world: World) -> None:
    near = world.open(world.account("acme", renewal=date(2026, 12, 25)))
    far = world.open(world.account("globex", name="Globex", renewal=date(2027, 3, 20)))
    assert [world.deal(d).play for d in (near, far)] == ["champion-left-short", "champion-left"]


def test_nothing_fits_and_the_owner_hears_it_at_once(world: World, golden: Golden) -> None:
    """The call and the talk need until Wednesday, and the decision has to be taken on Monday."""
    text = SHORT.replace("runway: {min: 30 days}", "runway: {max: 9 days}")
    (world.settings.workspace / "playbooks" / "champion-left-short.yaml").write_text(text)
    world.open(world.account(renewal=date(2026, 11, 25)))
    assert world.deal().play == "champion-left-short"
    told = world.told("ana", "news")
    assert [(t.at, t.about["news"]) for t in told] == [(FRIDAY, "too_late")] * len(told)
    with world.desk.reading() as conn:
        id_ = conn.execute(sa.select(NOTICE.c.id).where(NOTICE.c.kind == "news")).scalars().all()[-1]
    in_every_form(golden, world, id_, "news_too_late")


def test_deal_show_dates_the_last_moments_of_what_is_left(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    golden: Golden,
) -> None:
    """On Wednesday nobody has called yet. The talk may begin on Tuesday 15 December, so the call must be over then."""
    world.open(world.account(renewal=date(2026, 12, 25)))
    world.at(FRIDAY + timedelta(days=5))
    terminal = Terminal(world, monkeypatch, capsys)
    shown = terminal.done("deal", "show", "1")
    runway = shown.split("\nRunway\n")[1].split("\nHistory\n")[0]
    golden("pictures/deal_runway.txt", "\n".join(line.rstrip() for line in runway.splitlines()) + "\n")
    left = json.loads(terminal.done("deal", "show", "1", "--json"))["runway"]
    assert [s["task"] for s in left["slots"]] == ["call", "talk"]
    assert left["slots"][0]["last"] == "2026-12-15T18:00:00Z"
    world.done("chris", "call")
    world.done("ana", "talk")
    world.close_deal("ana", "saved", kept=80_000)
    assert terminal.json("deal", "show", "1")["runway"] is None
    assert "\nRunway\n" not in terminal.done("deal", "show", "1")
