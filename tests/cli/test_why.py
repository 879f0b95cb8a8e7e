"""``saveline why`` as it is typed: words for people, JSON for pipes, and refusals that say what there is."""

from __future__ import annotations

import pytest

from saveline.cli import output
from tests.cli.terminal import Terminal
from tests.world import World


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    lite.account()
    built = Terminal(lite, monkeypatch, capsys)
    built.done("deal", "open", "Acme", "--cause", "champion_left", "--as", "bob")
    return built


def test_a_task_says_why(terminal: Terminal) -> None:
    said = terminal.done("why", "task", "1.1")
    assert "Task 1.1  Write the three-sentence diagnosis for Acme  (Acme)" in said
    assert "1 business day after start, in Ana Ruiz's time (Europe/Lisbon, Mon–Fri 9–13, 14–18, holidays of PT)" in said
    assert "  due: Mon 23 Nov 2026 18:00, Europe/Lisbon" in said
    assert "With Ana Ruiz\n" in said
    found = terminal.json("why", "task", "1.1")
    due = next(p for p in found["parts"] if p["title"] == "Due")
    assert (due["at"], due["lines"][-1]) == ("2026-11-23T18:00:00Z", "due: Mon 23 Nov 2026 18:00, Europe/Lisbon")


def test_a_skipped_task_and_one_that_waits_say_why(terminal: Terminal) -> None:
    terminal.done("task", "done", "1.1", "--as", "ana", "-a", "root_cause=relationship", "-a", "summary=She has left.")
    waits = terminal.done("why", "task", "1.4")
    assert "Waiting\n  it needs “Clear what is open with support for Acme”, which is open, with Ana Ruiz" in waits
    assert "  then only if answers.open_tickets.product_change_needed" in waits
    terminal.done("task", "done", "1.3", "--as", "ana", "-a", "pattern=none", "-a", "product_change_needed=no")
    skipped = terminal.done("why", "task", "1.4")
    assert "not needed: answers.open_tickets.product_change_needed does not hold" in skipped
    assert "Done\n" in terminal.done("why", "task", "1.1")


def test_a_deal_says_why(terminal: Terminal) -> None:
    said = terminal.done("why", "deal", "1")
    assert "Play champion-left\n  champion-left was chosen: all 2 lines of its applies hold" in said
    assert "it was opened by hand by Bob Okafor, without a sum" in said
    assert "30 calendar days earlier: Thu 18 Feb 2027" in said
    assert "Stage Triage\n" in said
    assert "Gate\n  “Write the three-sentence diagnosis for Acme” is open\n  its exit condition does not hold" in said
    titles = [p["title"].partition(" ")[0] for p in terminal.json("why", "deal", "1")["parts"]]
    assert titles == ["Play", "Score", "Owner", "Decision", "Stage", "Gate", "Next:"]


def test_the_deal_itself_shows_the_same_in_short(terminal: Terminal) -> None:
    shown = terminal.done("deal", "show", "1")
    assert (
        "Why 1.1\n  due Mon 23 Nov 2026 18:00, Europe/Lisbon: 1 business day after start, in Ana Ruiz's time" in shown
    )
    assert "  with Ana Ruiz: csm: Ana Ruiz\n" in shown
    assert list(terminal.json("deal", "show", "1")["why"]) == ["1.1"]


def test_a_notice_says_why(terminal: Terminal) -> None:
    said = terminal.done("why", "notice", "2")
    assert "Notice 2  assigned of task 1.1, to Ana Ruiz" in said
    assert "You have this task because you are Acme's CSM." in said
    assert "the settings say for assigned: all of slack, email that reaches them" in said


@pytest.mark.parametrize(
    ("words", "expected", "status"),
    [
        (("task", "1.9"), "There is no task 1.9.", output.REFUSED),
        (("task", "7.1"), "There is no deal 7", output.REFUSED),
        (("deal", "7"), "There is no deal 7", output.REFUSED),
        (("notice", "999"), "There is no notice 999.", output.REFUSED),
        (("task", "one"), "DEAL.TASK like 12.3", output.USAGE),
    ],
)
def test_what_there_is_not_has_no_reason(
    terminal: Terminal, words: tuple[str, ...], expected: str, status: int
) -> None:
    assert expected in terminal.refused("why", *words, status=status)
