"""The handbook's own examples do what it says they do."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from saveline.core.language.reference import reference
from saveline.core.language.shapes import PlayShape, RungShape, Shape, TaskShape
from saveline.files import shipped
from saveline.files.check import Checked, check

REFERENCE = Path(__file__).parents[2] / "docs" / "reference.md"
HANDBOOK = Path(__file__).parents[2] / "docs" / "playbooks.md"
TEXT = HANDBOOK.read_text()
BLOCKS: list[str] = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)


def block(beginning: str) -> str:
    return next(b for b in BLOCKS if b.startswith(beginning))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped settings and people, and no play but the handbook's."""
    for name in ("saveline.yaml", "people.yaml"):
        shutil.copy(shipped.folder(name), tmp_path)
    (tmp_path / "playbooks").mkdir()
    return tmp_path


def written(folder: Path, play: str, cases: str = "") -> Checked:
    (folder / "playbooks" / "rival-calls.yaml").write_text(play)
    if cases:
        (folder / "playbooks" / "rival-calls.test.yaml").write_text(cases)
    checked = check(folder)
    own = [p for p in checked.problems if p.file.startswith("playbooks")]
    return Checked(tuple(own), checked.workspace, checked.persons, checked.plays, checked.cases, checked.names)


def the_whole_play() -> str:
    head = block("playbook: rival-calls").split("      - id: listen")[0]
    return head + block("      - id: listen\n        title") + block("      - id: gap") + "  decide: {}\n"


def test_the_first_version_gets_the_warning_that_is_printed(folder: Path) -> None:
    checked = written(folder, block("playbook: rival-calls"))
    said = " ".join(re.search(r"```\n(playbooks/rival-calls.yaml:9.*?)```", TEXT, flags=re.DOTALL)[1].split())  # type: ignore[index]
    assert [str(p) for p in checked.problems] == [said]


def test_the_whole_play_is_in_order_and_its_cases_hold(folder: Path) -> None:
    checked = written(folder, the_whole_play(), block("- case: A missing feature"))
    assert checked.problems == ()
    assert len(checked.cases) == 2
    assert [checked.verdict(c).failures for c in checked.cases] == [(), ()]


def test_the_failure_that_is_printed_is_the_one_that_comes(folder: Path) -> None:
    cases = block("- case: A missing feature").replace("at: 2026-11-24 10:00", "at: 2026-11-24 09:00")
    checked = written(folder, the_whole_play(), cases)
    filed = checked.cases[1]
    failure = checked.verdict(filed).failures[0]
    line, column = filed.source.where(failure.place)
    printed = [
        f"{filed.source.file}:{line}:{column}: {filed.case.name}",
        f"    expected: {failure.expected}",
        f"    happened: {failure.happened}",
    ]
    assert "\n".join(printed) in TEXT


def test_every_condition_of_the_handbook_can_be_read(folder: Path) -> None:
    """Each line ``if: …`` or ``exit: …`` stands where its names are known."""
    play = the_whole_play().replace(
        "      - id: gap",
        "      - {id: plan, assign: [owner], due: at stage start, form: {agreed_with: {text: short}}}\n"
        "      - {id: first_call, assign: [owner], due: at stage start, form: {reached: {yes_no: true}}}\n"
        "      - id: gap",
    )
    lines = [line for line in block("if: answers.listen").splitlines() if line]
    assert len(lines) == 4
    for line in lines:
        key, _, condition = line.partition(": ")
        changed = play.replace('if: answers.listen.what == "feature"', f"if: {condition}")
        if key == "exit":
            changed = play.replace("  triage:\n", f"  triage:\n    exit: {condition}\n")
        problems = [p for p in written(folder, changed).problems if not p.warning]
        assert problems == [], line


def test_the_reference_is_what_the_schema_says() -> None:
    """`make golden` writes it anew. Planted: a key's description changed in its shape only."""
    if os.environ.get("SAVELINE_GOLDEN") == "write":
        REFERENCE.write_text(reference())
    assert REFERENCE.read_text() == reference()


def test_every_key_of_the_language_stands_in_the_reference_with_what_it_means() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", reference(), flags=re.MULTILINE)
    play_keys = {name for shape in (PlayShape, TaskShape, RungShape) for name in _keys(shape)}
    assert play_keys <= {key for key, _ in rows}
    assert not [key for key, meaning in rows if key in play_keys and not meaning]


def _keys(shape: type[Shape]) -> set[str]:
    return {field.alias or name for name, field in shape.model_fields.items()}
