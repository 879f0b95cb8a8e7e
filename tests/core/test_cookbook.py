"""Every pattern of the cookbook is in order and does what its cases say, with the settings and people that are shipped.

Planted bugs that turned these tests red: a rung that tells instead of reassigning, a limit that binds nobody, and a
task with ``stay`` that goes to the substitute.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from saveline.files import shipped
from saveline.files.check import check

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "cookbook.md").read_text()


class Pattern(NamedTuple):
    """A pattern: its heading, its plays by name, and the cases of the last of them."""

    title: str
    plays: dict[str, str]
    cases: str


def _pattern(section: str) -> Pattern:
    title, _, body = section.partition("\n")
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", body, flags=re.DOTALL)
    plays = {b.split("\n", 1)[0].removeprefix("playbook: "): b for b in blocks if b.startswith("playbook: ")}
    return Pattern(title, plays, next((b for b in blocks if b.startswith("- case: ")), ""))


PATTERNS = [_pattern(section) for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]]


def test_there_are_twenty_patterns_and_the_list_leads_to_each() -> None:
    assert [p.title.partition(".")[0] for p in PATTERNS] == [str(n) for n in range(1, 21)]
    anchors = {re.sub(r"[^a-z0-9 -]", "", p.title.lower()).replace(" ", "-") for p in PATTERNS}
    assert set(re.findall(r"\(#([^)]+)\)", TEXT)) == anchors
    assert all(p.plays and p.cases for p in PATTERNS)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.title)
def test_a_pattern_is_in_order_and_its_cases_hold(pattern: Pattern, tmp_path: Path) -> None:
    for name in ("saveline.yaml", "people.yaml"):
        shutil.copy(shipped.folder(name), tmp_path)
    (tmp_path / "playbooks").mkdir()
    for name, text in pattern.plays.items():
        (tmp_path / "playbooks" / f"{name}.yaml").write_text(text)
    (tmp_path / "playbooks" / f"{name}.test.yaml").write_text(pattern.cases)
    checked = check(tmp_path)
    assert [str(p) for p in checked.problems if p.file.startswith("playbooks")] == []
    assert {p.name for p in checked.plays} == set(pattern.plays)
    assert checked.cases
    assert [failure for filed in checked.cases for failure in checked.verdict(filed).failures] == []
