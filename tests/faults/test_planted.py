"""The bugs that are planted by ``python -m benchmarks faults`` have their places, and each fault has one."""

from __future__ import annotations

import ast
from itertools import chain

import pytest

from tests.faults.planted import OUTBOX_BUGS, ROOT, Bug, planted
from tests.faults.twenty import FAULTS

EVERY = [*OUTBOX_BUGS, *chain.from_iterable(fault.bugs for fault in FAULTS.values())]


@pytest.mark.parametrize("bug", EVERY, ids=lambda b: b.name)
def test_a_bug_can_be_planted(bug: Bug) -> None:
    """Where a line has moved on, its bug moves along: otherwise nobody would plant it any more."""
    for change in bug.changes:
        text = planted((ROOT / change.file).read_text(), change)
        ast.parse(text)
    for test in bug.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text()


def test_every_fault_has_a_test_and_a_bug() -> None:
    assert sorted(FAULTS) == list(range(1, 21))
    for number, fault in FAULTS.items():
        assert fault.bugs or number == 20, number
        for test in fault.tests:
            file, _, name = test.partition("::")
            assert f"def {name}" in (ROOT / file).read_text(), test
