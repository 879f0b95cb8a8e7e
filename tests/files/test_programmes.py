"""The six programmes of examples/programmes: a page each, in order, and all of their cases hold.

Planted bugs that turned these tests red: a rhythm that forgets the severity of the deal, and a deal of a case that
opens without its score.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from saveline.core.play import Play
from saveline.files.check import FiledCase, check

FOLDER = Path(__file__).parents[2] / "examples" / "programmes"
CHECKED = check(FOLDER)
README = (FOLDER / "README.md").read_text()


def _named(filed: FiledCase) -> str:
    return f"{filed.play}: {filed.case.name}"


def test_the_workspace_is_in_order_and_has_six_programmes() -> None:
    assert CHECKED.problems == ()
    assert len(CHECKED.plays) == 6


@pytest.mark.parametrize("filed", CHECKED.cases, ids=_named)
def test_every_case_of_a_programme_holds(filed: FiledCase) -> None:
    assert CHECKED.verdict(filed).failures == ()


@pytest.mark.parametrize("play", CHECKED.plays, ids=lambda play: play.name)
def test_a_programme_is_one_page_with_cases_and_a_note_of_what_did_not_fit(play: Play) -> None:
    text = (FOLDER / "playbooks" / f"{play.name}.yaml").read_text()
    assert text.count("\n") <= 65
    assert max(map(len, text.splitlines())) <= 120
    assert 3 <= sum(c.play == play.name for c in CHECKED.cases) <= 5
    _, _, own = README.partition(f"## {play.name}\n")
    assert "*What did not fit.*" in own.partition("\n## ")[0]


def test_each_programme_is_the_one_that_its_accounts_get() -> None:
    """Some case of each says so, without the play being named to the engine."""
    said = {c.play for c in CHECKED.cases if any(e.words == f"play {c.play}" for e in c.case.expected)}
    assert said == {p.name for p in CHECKED.plays}
