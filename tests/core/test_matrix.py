"""``saveline playbook coverage``: cause by segment over accounts, with the holes and what only priority decides.

Planted bugs that turned these tests red: the default play counted as made for every cause, holes in the order of their
number and not of what they pay, and accounts that have left among the others.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from saveline.cli import playbook_coverage
from saveline.core.errors import Invalid
from saveline.core.facts import Account
from saveline.core.matrix import NO_SEGMENT, Share, matrix
from saveline.core.play import Applies, Play, Range
from tests.core.test_language import play_of, task, workspace
from tests.core.test_language_commands import Run, folder, run

__all__ = ["folder", "run"]

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
CSV = """\
key,name,segment,arr,renewal
acme,Acme,enterprise,80000,2027-03-01
bolt,Bolt,smb,500,2027-03-01
calm,Calm,smb,700,2027-03-01
dusk,Dusk,,90000,2026-12-01
"""


def made(name: str, applies: Applies, priority: int = 0) -> Play:
    play, _ = play_of(f"  triage: {{tasks: [{task('a')}]}}")
    assert play is not None
    return replace(play, name=name, applies=applies, priority=priority)


def account(no: int, segment: str | None, arr: int, left: date | None = None) -> Account:
    return Account(no, f"a{no}", f"A{no}", segment=segment, arr_cents=arr * 100, left_on=left)


HOME = replace(workspace(), causes=("price_pressure", "champion_left"), default_play="wide")


def test_holes_weigh_by_what_they_pay() -> None:
    plays = [
        made("price", Applies(causes=("price_pressure",), arr=Range(1000, None))),
        made("wide", Applies(segments=("x",))),
    ]
    accounts = [account(1, "smb", 500), account(2, "smb", 700), account(3, "smb", 5000), account(4, None, 9000)]
    found = matrix(accounts, plays, HOME, NOW)
    assert found.segments == ((NO_SEGMENT, Share(1, 900_000)), ("smb", Share(3, 620_000)))
    cell = found.cell("price_pressure", "smb")
    assert cell.plays == (("price", Share(1, 500_000)),)
    assert (cell.hole, cell.instead) == (Share(2, 120_000), "wide")
    assert [(c.cause, c.segment, c.hole.accounts) for c in found.holes] == [
        ("champion_left", NO_SEGMENT, 1),
        ("champion_left", "smb", 3),
        ("price_pressure", "smb", 2),
    ]


def test_without_a_default_there_is_no_play_at_all() -> None:
    home = replace(HOME, default_play="gone")
    found = matrix([account(1, "smb", 500)], [made("price", Applies(causes=("price_pressure",)))], home, NOW)
    assert found.cell("champion_left", "smb").instead is None
    assert "they would get no play at all" in playbook_coverage.headline(found, home)


def test_what_priority_alone_decides_is_an_overlap() -> None:
    one, other = Applies(causes=("price_pressure",)), Applies(causes=("price_pressure", "champion_left"))
    close = [made("high", one, 9), made("low", other)]
    cell = matrix([account(1, "smb", 500)], close, HOME, NOW).cell("price_pressure", "smb")
    assert ([name for name, _ in cell.plays], cell.rivals, cell.close) == (["high"], ("low",), Share(1, 50_000))
    nearer = [made("high", replace(one, segments=("smb",))), made("low", other)]
    cell = matrix([account(1, "smb", 500)], nearer, HOME, NOW).cell("price_pressure", "smb")
    assert ([name for name, _ in cell.plays], cell.rivals) == (["high"], ())


def test_accounts_that_have_left_are_left_out() -> None:
    found = matrix([account(1, "smb", 500, date(2026, 11, 1)), account(2, "smb", 700)], [], HOME, NOW)
    assert found.total == Share(1, 70_000)


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    clock = tmp_path / "clock"
    clock.write_text("2026-11-20T10:00:00+00:00")
    monkeypatch.setenv("SAVELINE_CLOCK", str(clock))
    path = tmp_path / "accounts.csv"
    path.write_text(CSV)
    return path


def test_from_a_file_without_a_database(folder: Path, run: Run, accounts: Path) -> None:
    status, printed = run("coverage", "--accounts", str(accounts))
    assert status == 0
    assert printed.startswith(
        "The largest hole: champion_left in no segment, €90k a year, 1 account: they would get save, the default. "
        "In all: 4 accounts, €171k a year.\n"
    )
    assert not (folder / ".saveline").exists()
    plain = json.loads(run("coverage", "--accounts", str(accounts), "--json")[1])
    assert [(h["cause"], h["segment"], h["hole"]["accounts"]) for h in plain["holes"]][:2] == [
        ("champion_left", "no segment", 1),
        ("price_pressure", "no segment", 1),
    ]
    assert plain["total"] == {"accounts": 4, "arr_cents": 17_120_000}


def test_a_bad_line_is_named(run: Run, accounts: Path) -> None:
    accounts.write_text(CSV.replace("500", "five hundred"))
    with pytest.raises(Invalid, match=r"accounts.csv:3:4: "):
        run("coverage", "--accounts", str(accounts))


def test_from_the_database(run: Run, folder: Path, accounts: Path) -> None:
    status, printed = run("coverage")
    assert (status, printed) == (0, "There are no accounts yet: import some, or name a file with --accounts.\n")
    from saveline.cli.main import main

    assert main(["import", str(accounts)]) == 0
    assert "The largest hole: champion_left in no segment, €90k a year" in run("coverage")[1]
