"""Every fault in a file is named with its place, what was expected and the nearest known word, within a second.

The messages are a golden file: ``SAVELINE_GOLDEN=write`` writes it anew, and then a person reads the difference.
Planted bugs that turned these tests red: the mark of a key used for its value (columns), no check of values in
comparisons (two faults unnoticed), ``repeat: every 0 minutes`` accepted.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from saveline.core.errors import Problem
from saveline.files.check import check
from tests.core.faults import FAULTS, Fault

BASE = Path(__file__).parents[1] / "golden" / "language" / "base"


def test_the_base_is_in_order() -> None:
    checked = check(BASE)
    assert checked.problems == ()
    assert [c.case.name for c in checked.cases] == ["Engineering fixes it"]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Fault, tuple[Problem, ...], float]]:
    """Every fault, planted and checked: what was said about it, and after how many seconds."""
    folder, found = tmp_path_factory.mktemp("faults"), []
    for i, fault in enumerate(FAULTS):
        planted = _planted(folder / str(i), fault)
        began = time.monotonic()
        problems = check(planted).problems
        found.append((fault, problems, time.monotonic() - began))
    return found


Said = list[tuple[Fault, tuple[Problem, ...], float]]


def test_every_fault_is_named_in_words(said: Said, golden: Callable[[str, str], None]) -> None:
    parts = [f"{f.file}: {f.title}\n{''.join(map(_line, problems))}" for f, problems, _ in said]
    golden("language/faults.txt", "\n".join(parts))


def test_every_message_has_a_place_and_says_what_was_expected(said: Said) -> None:
    for fault, problems, _ in said:
        assert problems, fault.title
        assert not any(p.expected == "" or min(p.line, p.column) < 1 for p in problems), fault.title


def test_every_fault_is_named_at_once(said: Said) -> None:
    assert {f.title: seconds for f, _, seconds in said if seconds > _PATIENCE} == {}


def _line(problem: Problem) -> str:
    return f"  {problem}{f' [{problem.id}]' if problem.id else ''}\n"


_PATIENCE = 60.0
"""Seconds after which it counts as hanging. One is what people are promised, and benchmarks measure that."""


def _planted(folder: Path, fault: Fault) -> Path:
    shutil.copytree(BASE, folder)
    path = folder / fault.file
    text = path.read_text()
    if fault.old == "*":
        path.write_text(fault.new)
        return folder
    assert fault.old in text, f"{fault.title}: {fault.old!r} is not in {fault.file}"
    path.write_bytes(text.replace(fault.old, fault.new, 1).encode("utf-8", "surrogateescape"))
    return folder
