"""The report at the terminal: printed, and as files that other programs read.

Planted bugs that turned these tests red: what draws imported at the top of the module, and a folder that is not there
taken for a bug of ours.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.world import World


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    lite.open(lite.account())
    return Terminal(lite, monkeypatch, capsys)


def test_every_form_is_of_the_same_report(terminal: Terminal, tmp_path: Path) -> None:
    files = {form: tmp_path / f"report.{form}" for form in ("html", "pdf", "csv", "parquet")}
    options = [word for form, path in files.items() for word in (f"--{form}", str(path))]
    assert terminal.done("report", "--period", "2026-W47", *options) == ""
    assert "<h1>Week 47, 16–22 November 2026</h1>" in files["html"].read_text()
    assert files["pdf"].read_bytes().startswith(b"%PDF-1.7")
    assert files["parquet"].read_bytes().startswith(b"PAR1")
    with files["csv"].open(newline="") as file:
        lines = {(line["section"], line["line"], line["figure"]): line["value"] for line in csv.DictReader(file)}
    assert lines["summary", "at_risk", "value"] == "80000.00"
    before = {form: path.read_bytes() for form, path in files.items()}
    terminal.done("report", "--period", "2026-W47", *options)
    assert {form: path.read_bytes() for form, path in files.items()} == before


def test_a_slice_is_named_by_every_form(terminal: Terminal, tmp_path: Path) -> None:
    files = {form: tmp_path / f"slice.{form}" for form in ("html", "csv")}
    options = [word for form, path in files.items() for word in (f"--{form}", str(path))]
    terminal.done("report", "--period", "2026-W47", "--segment", "Enterprise", "--owner", "ana", *options)
    assert "· segment enterprise, owner Ana Ruiz</h1>" in files["html"].read_text()
    with files["csv"].open(newline="") as file:
        lines = [(line["line"], line["value"]) for line in csv.DictReader(file) if line["section"] == "slice"]
    assert lines == [("segment", "enterprise"), ("owner", "ana@x.example")]
    assert "Did you mean 'enterprise'?" in terminal.refused("report", "--segment", "enterprize")
    assert "nobody called" in terminal.refused("report", "--owner", "zoe")


def test_in_the_language_that_was_asked_for(terminal: Terminal) -> None:
    assert "## Wo die Fälle stehen" in terminal.done("report", "--period", "2026-W47", "--language", "de")
    assert "expected en or de" in terminal.refused("report", "--language", "fr", status=2)


def test_a_file_that_cannot_be_written_is_said(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.refused("report", "--csv", str(tmp_path / "nowhere" / "report.csv"))
    assert "cannot be written: No such file or directory" in said


def test_what_draws_is_loaded_only_where_something_is_drawn() -> None:
    """Every command would be a second slower."""
    loaded = "import sys, saveline.cli.main; print({'altair', 'typst', 'pyarrow', 'vl_convert'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
