"""What people wrote and found on real deals comes into the report, and a past week stays as it was printed.

Planted bugs that turned these tests red: the answer of a list taken for a text, the reason of a deal that was opened
again forgotten, and what was written after the week counted in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from saveline.actions import reports, tasks
from saveline.core.periods import parse
from saveline.core.product_changes import Change
from saveline.core.voice import Voice
from tests.stories.test_afterwards import bring_in
from tests.world import World

ZONE = "Europe/Lisbon"
AGAIN = "globex,champion_left,2026-12-01,Left us,s3\n"
WEEK = parse("2026-W48", ZONE)


def voice(world: World) -> Voice:
    found = reports.build(world.desk, WEEK).voice
    assert found is not None
    return found


def lived(world: World, folder: Path) -> None:
    """Acme asks for a product change, and engineering says no; Globex is let go, for its price."""
    departures = 'account,key,on,reason,note\nacme,d1,2026-11-24,budget,"Far too expensive, they say."\n'
    signals = "account,kind,at,note,key\nacme,nps,2026-11-23,The export is slow,s1\n"
    world.open()
    bring_in(world, folder, departures=departures, signals=signals)
    other = world.open(world.account("globex", name="Globex", arr=20_000))
    world.at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    world.done(
        "ana", "diagnosis", root_cause="product_gap", summary="Their export never worked; an outage came on top."
    )
    world.done("bob", "open_tickets", pattern="support", product_change_needed=True)
    tasks.claim_task(world.desk, world.ref("fix"), world.by("eli"))
    world.done("eli", "fix", "not_feasible")
    tasks.comment(world.desk, world.ref("diagnosis", other), world.by("bob"), body="They want a discount.")
    world.close_deal("bob", "let_go", deal=other, reason="Zu teuer für sie.")


def test_what_was_written_and_found(on_both: World, tmp_path: Path) -> None:
    lived(on_both, tmp_path / "in")
    found = voice(on_both)
    assert found.heard is not None
    assert found.verified is not None
    assert {line.theme: (line.accounts, line.mentions, line.arr_cents // 100) for line in found.heard.themes} == {
        "price": (2, 3, 100_000),
        "speed": (1, 1, 80_000),
        "reliability": (1, 1, 80_000),
    }
    assert found.changes == (Change("cannot", 1, 80_000_00, 0),)
    assert (found.verified.found, found.verified.few, found.verified.unknown) == ((), 2, 1)


def test_the_week_stays_as_it_was(on_both: World, tmp_path: Path) -> None:
    lived(on_both, tmp_path / "in")
    on_both.at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    then = msgspec.json.encode(reports.build(on_both.desk, WEEK))
    tasks.comment(on_both.desk, on_both.ref("diagnosis", 1), on_both.by("bob"), body="The support is slow.")
    bring_in(on_both, tmp_path / "late", signals="account,kind,at,note,key\nglobex,nps,2026-11-25,outage,s2\n" + AGAIN)
    assert on_both.deal(2).state == "open", "and so it has no reason any more"
    on_both.at(datetime(2026, 12, 2, 9, tzinfo=UTC))
    on_both.close_deal("bob", "let_go", deal=2, reason="All said.")
    assert msgspec.json.encode(reports.build(on_both.desk, WEEK)) == then


def test_a_workspace_has_its_own_themes(lite: World, tmp_path: Path) -> None:
    lite.setting("saveline.yaml", "report_to:", "voice: {themes: {exports: [export*], price: []}}\nreport_to:")
    lived(lite, tmp_path / "in")
    found = voice(lite).heard
    assert found is not None
    assert {line.theme for line in found.themes} == {"exports", "speed", "reliability"}
