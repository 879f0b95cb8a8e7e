"""``saveline playbook test``: what the cases cover, results for CI, and again on every change.

Planted bugs that turned these tests red: a condition taken for tried both ways as soon as its task begins, a stamp of
the files that looks at their size alone, and JUnit sums without the errors.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from saveline.cli import playbook_test
from saveline.core.coverage import KINDS, coverage
from saveline.core.errors import Invalid
from saveline.files import shipped, watching
from saveline.files.check import check
from tests.core.test_language_commands import Run, edit, folder, run

__all__ = ["folder", "run"]

CHECKED = check(shipped.folder("playbooks").parent)
MISSED = """\
playbooks/save.yaml:16:9: no case climbs rung 1 of standard (unseen for 2 business days)
playbooks/save.yaml:16:9: no case climbs rung 2 of standard (1 business day after due)
playbooks/save.yaml:28:9: no case skips fix: answers.diagnosis.root_cause == "product" and answers.diagnosis.sure is defined always holds
playbooks/save.yaml:33:11: no case ends fix with not_feasible, which leads to decide
playbooks/save.yaml:44:13: no case begins offer
play   tasks   branches   rungs   covered
save     3/4        1/3     2/4     54.5%
"""  # noqa: E501 - as it is printed


def test_what_no_case_has_seen_is_named_with_its_place(run: Run) -> None:
    status, printed = run("test", "--coverage")
    assert status == 0
    assert MISSED in "\n".join(line.rstrip() for line in printed.splitlines())


def test_below_what_was_asked_for_the_status_is_1(run: Run) -> None:
    assert run("test", "--at-least", "30")[0] == 0
    status, printed = run("test", "--at-least", "90")
    assert status == 1
    assert "playbooks/save.yaml:1:1: the cases cover 54.5% of save; expected at least 90%" in printed


def test_coverage_as_json(run: Run) -> None:
    [one] = json.loads(run("test", "--json")[1])["coverage"]
    assert (one["play"], one["percent"]) == ("save", 54.5)
    assert (one["tasks"], one["branches"], one["rungs"]) == (
        {"reached": 3, "of": 4},
        {"reached": 1, "of": 3},
        {"reached": 2, "of": 4},
    )
    assert len(one["missed"]) == 5


@pytest.mark.parametrize("play", [p.name for p in CHECKED.plays])
def test_the_shipped_cases_see_every_task_and_every_branch(play: str) -> None:
    own = [CHECKED.verdict(c).timeline for c in CHECKED.cases if c.play == play]
    found = coverage(CHECKED.play(play), own)
    assert [g.words for g in found.missed if g.kind != "rung"] == []
    assert all(reached <= every for reached, every in map(found.of, KINDS))


# --- JUnit


def test_junit_of_a_case_that_fails_and_a_file_that_is_wrong(folder: Path, run: Run, tmp_path: Path) -> None:
    edit(folder, "playbooks/save.test.yaml", "is: open, who: ana", "is: done, who: bob")
    (folder / "playbooks" / "other.yaml").write_text("playbook: other\n")
    assert run("test", "--junit", str(tmp_path / "out.xml"), "--at-least", "60")[0] == 1
    root = ET.parse(tmp_path / "out.xml").getroot()
    assert root.tag == "testsuites"
    assert {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "2",
        "errors": "3",
        "skipped": "0",
    }
    play, files, covered = root.findall("testsuite")
    assert [s.get("name") for s in (play, files, covered)] == ["save", "playbook check", "playbook coverage"]
    [case] = play.findall("testcase")
    assert case.attrib | {"time": ""} == {
        "name": "Engineering fixes it",
        "classname": "playbooks.save",
        "file": "playbooks/save.test.yaml",
        "line": "1",
        "time": "",
    }
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "expected: task check, is done, who bob"
    assert "happened: check is open, with Ana Ruiz" in (failure.text or "")
    assert {c.find("error").get("message") for c in files} >= {"'title' is missing"}  # type: ignore[union-attr]


def test_junit_has_the_structure_that_readers_expect(run: Run, tmp_path: Path) -> None:
    """The elements and attributes of the schema that CI systems share, and sums that add up."""
    run("test", "--junit", str(tmp_path / "out.xml"))
    root = ET.parse(tmp_path / "out.xml").getroot()
    inside = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "error"}}
    for element in root.iter():
        assert {child.tag for child in element} <= inside.get(element.tag, set())
        if element.tag in ("testsuites", "testsuite"):
            assert int(element.get("tests", "")) == len(list(element.iter("testcase")))
            assert float(element.get("time", "")) >= 0
        if element.tag == "testcase":
            assert element.get("name")
            assert element.get("classname")


def test_a_report_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be written: No such file or directory"):
        run("test", "--junit", str(tmp_path / "nowhere" / "out.xml"))


# --- watching


def test_a_change_is_seen_by_name(folder: Path) -> None:
    before = watching.stamp(folder)
    assert watching.changed(before, watching.stamp(folder)) == []
    play = folder / "playbooks" / "save.yaml"
    text = play.read_text()
    play.write_text(text.replace("title: Save", "title: Sava"))  # as long as before
    os.utime(play, ns=(1, 1))
    (folder / "playbooks" / "new.yaml").write_text("playbook: new\n")
    (folder / "people.yaml").unlink()
    names = ["people.yaml", "playbooks/new.yaml", "playbooks/save.yaml"]
    assert watching.changed(before, watching.stamp(folder)) == names


def test_watching_runs_again_on_a_change_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs: list[int] = []

    def once() -> bool:
        runs.append(1)
        return True

    looks = iter(["", "saveline.yaml", "", "playbooks/save.yaml"])

    def rest(_: float) -> None:
        name = next(looks, None)
        if name is None:
            raise KeyboardInterrupt
        if name:
            (folder / name).write_text((folder / name).read_text() + "# seen\n")

    playbook_test.keep_watching(folder, once, rest)
    assert len(runs) == 3
    printed = capsys.readouterr().out
    assert "\nsaveline.yaml changed\n" in printed
    assert "\nplaybooks/save.yaml changed\n" in printed
    assert printed.endswith("\nStopped.\n")


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    """The command itself: it tells of a change, of the case that fails then, and ends with status 0."""
    from tests.core.test_language_commands import BASE

    shutil.copytree(BASE, tmp_path / "workspace")
    environment = {**os.environ, "SAVELINE_WORKSPACE": str(tmp_path / "workspace"), "PYTHONUNBUFFERED": "1"}
    # Where the tests run in the background, Ctrl-C is ignored, and would be by what they start.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{heard}; from saveline.cli.main import run; run()"
    command = [sys.executable, "-c", program, "playbook", "test", "--watch"]
    with (tmp_path / "out").open("w") as out, subprocess.Popen(command, env=environment, stdout=out) as watcher:
        try:
            _until(lambda: "Waiting for a change" in (tmp_path / "out").read_text())
            edit(tmp_path / "workspace", "playbooks/save.test.yaml", "is: open, who: ana", "is: done, who: bob")
            _until(lambda: "1 case: 1 failed." in (tmp_path / "out").read_text())
            watcher.send_signal(signal.SIGINT)
            assert watcher.wait(60) == 0
        finally:
            watcher.kill()
    printed = (tmp_path / "out").read_text()
    assert "1 case: 0 failed." in printed
    assert "playbooks/save.test.yaml changed" in printed
    assert printed.endswith("Stopped.\n")


def _until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("nothing came of it in a minute")
