"""``saveline notices preview`` and ``templates`` as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from saveline.notify.samples import KINDS
from tests.cli.terminal import Terminal
from tests.world import World


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    lite.setting("people.yaml", "slack: UBOB}", "slack: UBOB, language: de}")
    return Terminal(lite, monkeypatch, capsys)


def test_every_kind_can_be_looked_at(terminal: Terminal, lite: World) -> None:
    """Samples are decided by the engine: nothing is kept of them, and nothing is sent."""
    for kind in KINDS:
        said = terminal.json("notices", "preview", kind, "--person", "bob", "--language", "en")
        assert ("Acme" in said["subject"] + said["text"] + said["slack"]) is (kind != "pulse"), kind
    assert lite.told() == []


def test_it_is_in_the_readers_language(terminal: Terminal) -> None:
    assert terminal.done("notices", "preview", "reminder", "--person", "bob").startswith("Subject: Erinnerung: ")
    assert terminal.done("notices", "preview", "reminder", "--person", "ana").startswith("Subject: Reminder: ")
    assert "Du hast diese Aufgabe" in terminal.done(
        "notices", "preview", "assigned", "--person", "ana", "--language", "Deutsch", "--channel", "slack"
    )


def test_a_page_is_written(terminal: Terminal, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    assert "out.html" in terminal.done("notices", "preview", "saved", "--person", "bob", "--html", str(page))
    assert '<html lang="de">' in page.read_text()
    assert "Acme &amp; Söhne" in page.read_text()


def test_a_notice_that_there_is(terminal: Terminal, lite: World) -> None:
    lite.open()
    assert "for Acme" in terminal.done("notices", "preview", "--notice", "3")
    assert "There is no notice 99." in terminal.refused("notices", "preview", "--notice", "99")


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        (["remainder"], "reminder"),
        (["reminder", "--channel", "slak"], "slack"),
        (["reminder", "--language", "dee"], "de"),
    ],
)
def test_a_wrong_word_is_told_with_the_nearest(terminal: Terminal, typed: list[str], near: str) -> None:
    assert f"Did you mean '{near}'?" in terminal.refused("notices", "preview", *typed)


def test_the_state_of_own_templates(terminal: Terminal, lite: World) -> None:
    assert "no templates of your own" in terminal.done("notices", "templates")
    folder = lite.settings.workspace / "templates" / "assigned"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Look: {{ title }}")
    assert terminal.json("notices", "templates") == {"used": ["assigned/subject.txt"], "problems": []}
    assert "Subject: Look: " in terminal.done("notices", "preview", "assigned", "--person", "ana")
    (folder / "subject.txt").write_text("Look: {{ titel }}")
    told = terminal.refused("notices", "templates")
    assert "templates/assigned/subject.txt:1:10: unknown name 'titel'" in told
