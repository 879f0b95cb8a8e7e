"""The gate of a stage, tried through every door there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from saveline.actions import deals
from saveline.actions.advance import advance
from saveline.actions.intake import import_files
from saveline.core.decide.deals import Closing
from saveline.core.errors import GateHolds
from saveline.files.sources import Wanted
from tests.cli.terminal import Terminal
from tests.world import World

DOORS = ("cli", "web", "slack", "email", "api", "import", "engine", "automation", "admin")
MISSING = "“Write the three-sentence diagnosis for Acme” is open"


@pytest.mark.parametrize("via", DOORS)
@pytest.mark.parametrize("who", ["ana", "chris"])
def test_a_gate_is_no_matter_of_who_asks_and_through_what(on_both: World, via: str, who: str) -> None:
    """The one who has the task and the workspace's steward are refused alike, with what is missing, and nothing is
    written.

    Planted: ``move_stage`` that let the steward pass; ``close`` that looked at gates only for the door cli.
    """
    world = on_both
    world.open()
    before, by = world.history(), world.by(who, via)
    with pytest.raises(GateHolds, match=MISSING):
        deals.move_stage(world.desk, 1, by, to="stabilise")
    with pytest.raises(GateHolds, match=MISSING):
        deals.close_deal(world.desk, 1, by, Closing("saved", "wishful", 8_000_000))
    assert world.deal().stage == "triage"
    assert world.history() == before


def test_the_engine_waits_at_the_gate_however_long(on_both: World) -> None:
    """Automation moves a deal only when its gate lets go: until the decision date it stays, late, and is told of.

    Planted: ``_leave`` that did not ask ``gate``.
    """
    world = on_both
    world.open()
    world.pass_time(days=60)
    assert world.deal().stage == "triage"
    assert "stage_late" in world.history()
    for _ in range(3):
        advance(world.desk)
    assert world.deal().stage == "triage"


def test_an_import_cannot_move_a_deal(on_both: World, tmp_path: Path) -> None:
    """Facts that come in with a file can start a deal and add causes to it; they move it through no gate, and there is
    no column for its stage: one that says so is named as unknown."""
    world = on_both
    world.open()
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "accounts.csv").write_text("key,name,stage,outcome\nacme,Acme,decide,saved\n")
    result = import_files(world.desk, world.settings.workspace, Wanted((folder,)))
    assert any("stage" in str(p) for p in result.problems), result.problems
    (folder / "accounts.csv").write_text("key,name,health\nacme,Acme,99\n")
    (folder / "signals.csv").write_text("account,kind,at,value\nacme,escalation,2026-11-20T09:00:00Z,1\n")
    import_files(world.desk, world.settings.workspace, Wanted((folder,)))
    assert (world.deal().stage, world.deal().state) == ("triage", "open")


def test_the_terminal_is_refused_too(
    lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lite.open()
    terminal = Terminal(lite, monkeypatch, capsys)
    for words in (
        ("deal", "move", "1", "decide", "--as", "chris"),
        ("deal", "close", "1", "saved", "--kept", "80000", "--reason", "they stay", "--as", "chris"),
    ):
        assert MISSING in terminal.refused(*words)
    assert "  “Write the three-sentence diagnosis for Acme” is open" in terminal.done("why", "deal", "1")
