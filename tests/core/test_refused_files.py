"""Files that are hostile and files that are merely wrong: each is refused with its place and what was expected.

The messages are golden files. Planted bugs that turned these tests red: a reader that opens a pipe and waits, an escape
in double quotes that is not looked at, a condition whose depth is not bounded (it ended the program), tries of a gate
that are not counted (it never ended), and a link that is passed over in silence.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from saveline.core.errors import Problem
from saveline.files.check import check
from tests.core.faults import Fault
from tests.core.hostile import HOSTILE
from tests.core.wrong import WRONG

BASE = Path(__file__).parents[1] / "golden" / "language" / "base"
PATIENCE = 20
"""Seconds after which a file is taken to hang. A second is what people are promised, and benchmarks measure; a machine
with other work to do gets more."""
SHOWN = 3
"""Problems of a file that the golden files show."""


def test_there_are_sixty_of_each() -> None:
    assert min(len(HOSTILE), len(WRONG)) >= 60
    assert len({h.title for h in HOSTILE}) == len(HOSTILE)
    assert len({w.title for w in WRONG}) == len(WRONG)


def test_every_hostile_file_is_refused(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    said = []
    for i, hostile in enumerate(HOSTILE):
        folder = _copied(tmp_path / str(i))
        hostile.plant(folder)
        said.append(_refused(hostile.title, folder))
    golden("language/hostile.txt", "\n".join(said))


def test_every_wrong_file_is_refused(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    said = []
    for i, wrong in enumerate(WRONG):
        folder = _copied(tmp_path / str(i))
        _plant(wrong, folder)
        said.append(_refused(wrong.title, folder))
    golden("language/wrong.txt", "\n".join(said))


_TYPED = """
import os, sys
from saveline.cli.main import run

for number, folder in enumerate(sys.argv[1:]):
    os.environ["SAVELINE_WORKSPACE"], sys.argv = folder, ["saveline", "playbook", "check"]
    print("folder", number, flush=True)
    try:
        run()
    except SystemExit as end:
        print("status", end.code, flush=True)
"""
"""The command as it is typed, for one folder after the other: to start the program takes longer than all of them."""


def test_the_command_ends_with_status_1_and_words(tmp_path: Path) -> None:
    """The whole program, in a terminal that knows no more than ASCII: it does not hang, and it does not fall over."""
    planted = [h for h in HOSTILE if "pipe" in h.title or "no text" in h.title or "brackets" in h.title]
    folders = []
    for number, hostile in enumerate(planted):
        folders.append(_copied(tmp_path / str(number)))
        hostile.plant(folders[-1])
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:backslashreplace"}
    command = [sys.executable, "-c", _TYPED, *map(str, folders)]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    said = re.split(rb"^folder \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert len(planted) >= 9
    for hostile, words in zip(planted, said, strict=True):
        assert words.endswith(b"status 1\n"), hostile.title
        assert b"; expected " in words, hostile.title


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    folder = _copied(tmp_path / "workspace")
    (folder / "playbooks" / "save.yaml").chmod(0)
    assert [p.what for p in check(folder).problems] == ["cannot be read: Permission denied"]


def test_no_message_is_longer_than_anybody_reads(tmp_path: Path) -> None:
    """A file with a thousand mistakes is told of a hundred, and words are cut: nothing scrolls away."""
    for title in ("1,700 keys that nobody knows", "a list of 3,500 causes"):
        folder = _copied(tmp_path / title.replace(" ", "-"))
        next(h for h in HOSTILE if h.title == title).plant(folder)
        problems = check(folder).problems
        assert len(problems) == 101
        assert problems[-1].what == "there is more than this: the first 100 problems are shown"
        assert max(len(str(p)) for p in problems) < 1_000


def _refused(title: str, folder: Path) -> str:
    """What is said of the folder, for the golden file; it must be refused, with a place and an expectation."""
    with _patience(title):
        problems = check(folder).problems
    errors = [p for p in problems if not p.warning]
    assert errors, f"{title} is accepted"
    assert not any(p.expected == "" or min(p.line, p.column) < 1 for p in errors), title
    more = f"  and {len(errors) - SHOWN} more\n" if len(errors) > SHOWN else ""
    return f"{title}\n{''.join(_line(p, folder) for p in errors[:SHOWN])}{more}"


def _line(problem: Problem, folder: Path) -> str:
    return f"  {problem}{f' [{problem.id}]' if problem.id else ''}\n".replace(f"{folder}/", "")


@contextmanager
def _patience(title: str) -> Iterator[None]:
    """Fail instead of hanging."""

    def out_of_patience(*_: object) -> None:
        pytest.fail(f"{title}: no answer after {PATIENCE} seconds")

    before = signal.signal(signal.SIGALRM, out_of_patience)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _copied(folder: Path) -> Path:
    shutil.copytree(BASE, folder)
    return folder


def _plant(fault: Fault, folder: Path) -> None:
    path = folder / fault.file
    text = path.read_text()
    assert fault.old in text, f"{fault.title}: {fault.old!r} is not in {fault.file}"
    path.write_text(text.replace(fault.old, fault.new, 1))
