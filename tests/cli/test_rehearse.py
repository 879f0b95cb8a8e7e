"""`saveline playbook rehearse` as somebody types it: with and without a database, for people, pipes and pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from saveline.cli import output
from saveline.core.errors import Problem
from saveline.files.check import check
from tests.cli.terminal import Terminal
from tests.world import World

MADE_UP = ("--arr", "80000", "--renewal", "2027-03-20", "--team", "csm=ana", "--team", "sponsor=chris")
ONE = ("playbook", "rehearse", "champion-left", *MADE_UP, "--from", "2026-11-23")
ACCOUNTS = """key,name,segment,arr,renewal
acme,Acme,enterprise,80000,2027-03-20
globex,Globex,smb,9000,2027-06-01
initech,Initech,mid_market,30000,someday
hooli,Hooli,enterprise,120000,2027-05-11
umbrella,Umbrella,enterprise,45000,
"""


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(lite, monkeypatch, capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.csv"
    path.write_text(ACCOUNTS)
    return path


def test_one_account_is_told_as_a_story(terminal: Terminal, golden: Callable[[str, str], None]) -> None:
    golden("rehearsal/one.txt", terminal.done(*ONE))


def test_a_file_of_accounts_needs_no_database(
    terminal: Terminal, file: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[str, str], None]
) -> None:
    """The bad line is named, the others are played; nothing is written beside the file or into the workspace."""
    monkeypatch.setenv("SAVELINE_DATABASE_URL", f"sqlite:///{file.parent / 'none.db'}")
    told = terminal.done("playbook", "rehearse", "--accounts", str(file), "--from", "2026-11-23", "--days", "200")
    golden("rehearsal/accounts.txt", told.replace(str(file.parent), "FOLDER"))
    assert not (file.parent / "none.db").exists()
    assert not list(file.parent.glob("*rejected*"))


def test_the_same_seed_prints_the_same_bytes(terminal: Terminal, file: Path) -> None:
    """Also in processes that hash texts differently. Planted: luck drawn from Python's ``hash`` of the names."""
    words = ("playbook", "rehearse", "--accounts", str(file), "--from", "2026-11-23", "--json", "--timeline")
    first = terminal.done(*words)
    assert first != terminal.done(*words, "--seed", "2")
    for hashing in ("1", "2"):
        command = [sys.executable, "-c", "from saveline.cli.main import run; run()", *words]
        printed = subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": hashing}, capture_output=True, check=True
        )
        assert printed.stdout.decode() == first
    found = json.loads(first)
    assert found["report"]["deals"] == 4
    assert len(found["timeline"]) == 4
    assert found["summary"][0].startswith("4 deals from 23 Nov 2026 to 23 Nov 2027")


def test_an_account_of_the_database_and_last_years_deals(terminal: Terminal, lite: World) -> None:
    lite.open()
    lite.pass_time(days=10)
    one = terminal.json("playbook", "rehearse", "champion-left", "--account", "acme")
    assert one["timeline"][0]["account"] == "Acme"
    again = terminal.json("playbook", "rehearse", "--past-year", "--timeline")
    assert again["report"]["deals"] == 1
    assert again["timeline"][0]["lines"][0]["at"].startswith("2026-11-20T10:00")
    assert lite.history() == lite.history(1), "a rehearsal writes nothing"
    assert "Initech" in terminal.refused("playbook", "rehearse", "--account", "Initech")


def test_many_runs_say_how_often_the_date_holds(terminal: Terminal) -> None:
    found = terminal.json(*ONE, "--runs", "20")["runs"]
    assert found["runs"] == 20
    held = found["promises"][0]["held"]
    assert held["n"] <= 20
    assert held["low"] <= held["share"] <= held["high"]


def test_two_versions_side_by_side(terminal: Terminal, lite: World, file: Path, tmp_path: Path) -> None:
    """A version with no ladder escalates less, and nothing but luck tells a version from itself."""
    text = (lite.settings.workspace / "playbooks" / "champion-left.yaml").read_text()
    other = tmp_path / "new.yaml"
    other.write_text(text.replace("due: 1 business day after start", "due: 9 business days after start", 1))
    words = ("playbook", "rehearse", "champion-left", "--accounts", str(file), "--from", "2026-11-23", "--runs", "3")
    found = terminal.json(*words, "--against", str(other))["against"]
    names = [name for name, _ in found["versus"]["differences"]]
    assert names[:2] == ["decision date holds", "work is done before it"]
    assert {d["n"] for _, d in found["versus"]["differences"]} <= {3, 4}
    told = terminal.done(*words, "--against", str(other))
    assert "Both versions on the same accounts, with the same luck (paired t interval of 95 %" in told
    same = terminal.json(*words, "--against", "champion-left")["against"]["versus"]["differences"]
    assert {d["mean"] for _, d in same} == {0.0}


def test_everything_is_drawn(terminal: Terminal, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    file.write_text(ACCOUNTS + "".join(f"more{n},More {n},enterprise,40000,2027-05-0{n}\n" for n in range(1, 9)))
    words = ("playbook", "rehearse", "champion-left", "--accounts", str(file), "--from", "2026-11-23", "--timeline")
    found = terminal.json(*words, "--pictures", str(folder), "--against", "champion-left")
    assert sorted(found["pictures"]) == sorted(map(str, folder.iterdir()))
    names = {path.stem for path in folder.iterdir()}
    assert names >= {"load", "people", "messages", "decision", "stages", "ways", "versions"}
    assert any(name.startswith("timeline-") for name in names)
    for path in folder.glob("*.svg"):
        assert path.read_text().startswith("<svg"), path
    for path in folder.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG"), path
    assert "tasks open" in (folder / "load.svg").read_text()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("champion-lef", *MADE_UP), output.REFUSED, "champion-left"),
        (("--account", "acme", "--past-year"), output.USAGE, "name one of them"),
        (("--map", "m.yaml"), output.USAGE, "name them"),
        ((*MADE_UP, "--cause", "champion_lef"), output.REFUSED, "champion_left"),
        ((*MADE_UP, "--share", "20"), output.USAGE, "a share like 5%"),
        ((*MADE_UP, "--open", "togehter"), output.REFUSED, "together"),
        ((*MADE_UP, "--until", "2020-01-01", "--from", "2026-01-01"), output.USAGE, "after it begins"),
        ((*MADE_UP, "--until", "2027-01-01", "--days", "3"), output.USAGE, "name one of them"),
        ((*MADE_UP, "--team", "cms=ana"), output.REFUSED, "csm"),
        ((*MADE_UP, "--against", "nowhere.yaml"), output.REFUSED, "there is no such file"),
        ((*MADE_UP, "--against", "champion-lift"), output.REFUSED, "champion-left"),
        (("--past-year",), output.REFUSED, "No deal was opened in the past year"),
    ],
)
def test_what_cannot_be_rehearsed_is_said(terminal: Terminal, words: tuple[str, ...], status: int, said: str) -> None:
    complaint = terminal.refused("playbook", "rehearse", *words, status=status)
    assert said in " ".join(complaint.replace("│", " ").split())


FAULTS = {
    "seen: {half: 2 business hours}": "'most' is missing",
    "silent: 6": "silent is 6; expected a share like 5%, from 0% to 100%",
    "silnt: 6%": "unknown key 'silnt'; expected",
    "done: {half: 3 business days, most: 1 business day}": "is less than half",
    "departments: {finence: {at_once: 3}}": "did you mean 'finance'?",
    "ends: {savd: 3}": "did you mean 'saved'?",
    "ends: {saved: 0}": "all weights are 0",
    "causes: {champion_lft: 3}": "did you mean 'champion_left'?",
    "silent: 60%, cannot: 50%": "come to 114% of all tasks",
    "tasks: {champion-left.diagnosi: {outcomes: {done: 1}}}": "did you mean 'champion-left.diagnosis'?",
    "tasks: {champion-left.diagnosis: {outcomes: {dne: 1}}}": "did you mean 'done'?",
    "tasks: {champion-left.diagnosis: {answers: {root_cause: {prize: 1}}}}": "did you mean 'price'?",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_the_settings_has_its_place(lite: World, fault: str) -> None:
    path = lite.settings.workspace / "saveline.yaml"
    path.write_text(f"{path.read_text()}\nrehearsal: {{{fault}}}\n")
    line = len(path.read_text().splitlines())
    problems: list[Problem] = [p for p in check(lite.settings.workspace).problems if not p.warning]
    assert [p.line for p in problems] == [line], problems
    assert problems[0].file == "saveline.yaml"
    assert problems[0].column >= 1
    assert FAULTS[fault] in str(problems[0])
