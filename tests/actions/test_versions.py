"""A running deal keeps the playbook, and the policies, that it started with, whatever the files say today.

Planted bugs that turned these tests red: a deal that asks for the play by name, a version stored without its policies,
a version stored again when it is there, and a hash over the text alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from saveline.core.errors import Invalid
from saveline.runtime import Runtime
from tests.world import World

PLAY = Path("playbooks") / "champion-left.yaml"


def rewrite(world: World, file: str | Path, old: str, new: str) -> None:
    path = world.settings.workspace / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def restarted(world: World) -> None:
    """As another process finds it: nothing remembered."""
    world.runtime.close()
    world.runtime = Runtime(world.settings)


def versions(world: World) -> list[str]:
    with world.desk.reading() as conn:
        return list(conn.execute(sa.text("SELECT name FROM playbook_version")).scalars())


def test_a_changed_play_is_for_new_deals_only(on_both: World) -> None:
    on_both.open()
    rewrite(on_both, PLAY, "title: Find and meet the new sponsor", "title: Call the new sponsor")
    rewrite(on_both, PLAY, "due: 5 business days after start", "due: 1 business day after start")
    restarted(on_both)
    on_both.open(on_both.account("globex", name="Globex"))
    for deal in (1, 2):
        on_both.done("ana", "diagnosis", deal=deal, root_cause="product_gap", summary="x")
    old, new = on_both.task("new_champion", 1), on_both.task("new_champion", 2)
    assert (old.title, old.running.due_at) == (
        "Find and meet the new sponsor at Acme",
        datetime(2026, 11, 27, 18, tzinfo=UTC),
    )
    assert (new.title, new.running.due_at) == (
        "Call the new sponsor at Globex",
        datetime(2026, 11, 23, 18, tzinfo=UTC),
    )
    assert versions(on_both) == ["champion-left", "champion-left"]
    assert on_both.deal(1).play_hash != on_both.deal(2).play_hash


def test_a_changed_ladder_is_for_new_deals_only(on_both: World) -> None:
    """The text of the play is the same, only a policy in saveline.yaml has changed."""
    on_both.open()
    rewrite(on_both, "saveline.yaml", "{unseen: 4 business hours,", "{unseen: 1 business hour,")
    restarted(on_both)
    on_both.open(on_both.account("globex", name="Globex", team={"csm": "dora"}))
    on_both.at(datetime(2026, 11, 20, 16, tzinfo=UTC))
    told = [(t.at.hour, t.about["rung"]) for t in on_both.told(kind="escalation")]
    assert told == [(11, "unseen for 1 business hour"), (15, "unseen for 4 business hours")]


@pytest.mark.parametrize("harm", ["gone", "broken"])
def test_a_play_that_is_gone_or_broken_costs_running_deals_nothing(on_both: World, harm: str) -> None:
    on_both.open()
    path = on_both.settings.workspace / PLAY
    path.unlink() if harm == "gone" else path.write_text("playbook: [champion-left\n")
    restarted(on_both)
    on_both.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    on_both.pass_time(days=4, hours=12)
    assert on_both.deal().stage == "stabilise"
    assert [t.task for t in on_both.told("ana", "reminder")] == ["open_tickets", "open_tickets"]
    with pytest.raises(Invalid):
        on_both.open(on_both.account("globex", name="Globex"))


def test_a_version_is_kept_once(on_both: World) -> None:
    for key in ("a", "b", "c"):
        on_both.open(on_both.account(key, name=key))
    assert versions(on_both) == ["champion-left"]


def test_a_play_that_is_changed_back_is_the_version_it_was(lite: World) -> None:
    lite.open()
    rewrite(lite, PLAY, "priority: 50", "priority: 60")
    lite.open(lite.account("globex", name="Globex"))
    rewrite(lite, PLAY, "priority: 60", "priority: 50")
    lite.open(lite.account("initech", name="Initech"))
    assert lite.deal(1).play_hash == lite.deal(3).play_hash != lite.deal(2).play_hash
    assert len(versions(lite)) == 2
