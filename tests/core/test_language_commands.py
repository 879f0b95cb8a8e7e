"""``saveline playbook check|schema|show|test`` as an author runs them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from saveline.cli import output, playbook
from saveline.core.errors import Invalid, UnknownWord

BASE = Path(__file__).parents[1] / "golden" / "language" / "base"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small workspace, in a folder of its own, as the one that commands work in."""
    copied = tmp_path / "workspace"
    shutil.copytree(BASE, copied)
    monkeypatch.setenv("SAVELINE_WORKSPACE", str(copied))
    return copied


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """``(exit status, what was printed)`` of a command."""
    app = typer.Typer()
    playbook.register(app)
    app.callback()(lambda: None)

    def command(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            app(args=["playbook", *words], prog_name="saveline")
        code = left.value.code
        return (code if isinstance(code, int) else 0), capsys.readouterr().out

    return command


Run = Callable[..., tuple[int, str]]


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_workspace_in_order(run: Run) -> None:
    assert run("check") == (0, "In order: saveline.yaml, people.yaml, 1 play, 1 case.\n")
    status, printed = run("test")
    assert status == 0
    assert printed.endswith("1 case: 0 failed.\n")
    assert json.loads(run("check", "--json")[1]) == {"errors": 0, "warnings": 0, "problems": []}


def test_all_problems_of_all_files_come_in_one_message(folder: Path, run: Run) -> None:
    edit(folder, "saveline.yaml", "cause: price_pressure}", "cause: price_presure}")
    edit(folder, "people.yaml", "manager: bob@x.example", "manager: bop@x.example")
    edit(folder, "playbooks/save.yaml", "why: They", "wy: They")
    status, printed = run("check")
    assert status == 1
    assert "saveline.yaml:34:88: unknown cause 'price_presure'" in printed
    assert "people.yaml:2:83: unknown person 'bop@x.example'" in printed
    edit(folder, "saveline.yaml", "cause: price_presure}", "cause: price_pressure}")
    printed = run("check")[1]
    assert "playbooks/save.yaml:18:9: unknown key 'wy'" in printed
    assert printed.endswith("2 errors, 0 warnings in 2 files.\n")


def test_warnings_alone_are_no_failure(folder: Path, run: Run) -> None:
    edit(folder, "playbooks/save.yaml", "assign: [ae, owner]", "assign: ae")
    status, printed = run("check")
    assert status == 0
    assert "playbooks/save.yaml:40:17: warning: an account without an ae gives check to the owner" in printed
    assert printed.endswith("0 errors, 1 warning in 1 file.\n")
    problems: list[dict[str, Any]] = json.loads(run("check", "--json")[1])["problems"]
    assert [(p["id"], p["line"], p["warning"]) for p in problems] == [("role-without-fallback", 40, True)]


def test_one_play_alone_is_checked(folder: Path, run: Run) -> None:
    shutil.copy(folder / "playbooks" / "save.yaml", folder / "playbooks" / "other.yaml")
    status, printed = run("check", "save")
    assert (status, printed) == (0, "In order: saveline.yaml, people.yaml, 1 play, 1 case.\n")
    status, printed = run("check", "other")
    assert status == 1
    assert printed.startswith("playbooks/other.yaml:1:11: the playbook is called 'save'")


def test_a_failing_case_says_what_happened_and_where(folder: Path, run: Run) -> None:
    edit(folder, "playbooks/save.test.yaml", "is: open, who: ana", "is: done, who: bob")
    status, printed = run("test", "save")
    assert status == 1
    assert "playbooks/save.test.yaml:11:7: Engineering fixes it" in printed
    assert "expected: task check, is done, who bob" in printed
    assert "happened: check is open, with Ana Ruiz" in printed
    assert "1 case: 1 failed." in printed
    cases: list[dict[str, Any]] = json.loads(run("test", "--json")[1])["cases"]
    assert [(c["play"], c["holds"], c["failures"][0]["line"]) for c in cases] == [("save", False, 11)]


def test_cases_of_a_play_that_is_not_in_order_cannot_hold(folder: Path, run: Run) -> None:
    edit(folder, "playbooks/save.yaml", "due: 10 days before renewal", "due: soon")
    status, printed = run("test")
    assert status == 1
    assert "due is 'soon'" in printed
    assert printed.endswith("0 cases: 0 failed; 1 error above.\n")


def test_a_play_that_is_not_there(folder: Path, run: Run) -> None:
    for words in (("check", "safe"), ("test", "safe"), ("show", "safe")):
        with pytest.raises(UnknownWord, match="Did you mean 'save'"):
            run(*words)
    edit(folder, "playbooks/save.yaml", "title: Save", "titel: Save")
    with pytest.raises(Invalid, match="unknown key 'titel'"):
        run("show", "save")


def test_a_play_as_a_person_reads_it(
    run: Run, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.out, "_width", 100)
    status, printed = run("show", "save")
    assert status == 0
    golden("language/show.txt", "\n".join(line.rstrip() for line in printed.splitlines()) + "\n")
    page = json.loads(run("show", "save", "--json")[1])
    assert [s["key"] for s in page["stages"]] == ["triage", "stabilise", "decide"]


def test_the_schema_offers_the_names_of_the_workspace(run: Run) -> None:
    schema = json.loads(run("schema")[1])
    assert schema["$defs"]["AppliesShape"]["properties"]["causes"]["anyOf"][0]["enum"] == [
        "champion_left",
        "price_pressure",
    ]


def test_the_schema_needs_no_workspace(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAVELINE_WORKSPACE", str(tmp_path / "nothing"))
    assert "stages" in json.loads(run("schema")[1])["properties"]
