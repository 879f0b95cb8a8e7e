"""A play that changes, at the terminal: what is printed, what is asked for, and the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from saveline.cli import output
from tests.cli.terminal import Terminal
from tests.world import World

PLAY = "champion-left"


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A deal runs by the play of the cast, which then gives a day more for the diagnosis."""
    lite.open()
    path = lite.settings.workspace / "playbooks" / f"{PLAY}.yaml"
    path.write_text(path.read_text().replace("due: 1 business day after start", "due: 2 business days after start", 1))
    return Terminal(lite, monkeypatch, capsys)


def choose(terminal: Terminal, *words: str) -> tuple[int, str, str]:
    return terminal.type("playbook", "migrate", PLAY, *words, "--as", "bob", "--reason", "more time to think")


def test_preview_choice_and_way_back(terminal: Terminal, lite: World) -> None:
    due = lite.task("diagnosis").running.due_at
    found = terminal.json("playbook", "migrate", PLAY)
    assert [(d["deal"], [t["what"] for t in d["tasks"]]) for d in found["deals"]] == [(1, ["due"])]
    assert [p["person_id"] for p in found["people"]] == [lite.person("ana")]
    assert f"Preview {found['id']}; nothing was changed." in terminal.done("playbook", "migrate", PLAY)
    status, out, _ = choose(terminal, "--migrate", "--expect", found["id"])
    assert (status, "1 deal taken over. Told: 1 reader." in out) == (0, True), out
    assert lite.task("diagnosis").running.due_at > due
    assert "would be taken back; nothing was changed" in terminal.done("playbook", "rollback", PLAY, "--dry-run")
    back = terminal.json("playbook", "rollback", PLAY, "--as", "bob", "--reason", "too long")
    assert (back["choice"], back["told"]) == ("rollback", 1)
    assert lite.task("diagnosis").running.due_at == due
    listed = terminal.json("playbook", "versions", PLAY)
    assert [(d["choice"], d["reason"]) for d in listed["decisions"]] == [
        ("rollback", "too long"),
        ("migrate", "more time to think"),
    ]
    assert sorted(v["running"] for v in listed["versions"]) == [0, 1]


def test_the_history_tells_it(terminal: Terminal) -> None:
    choose(terminal, "--migrate")
    assert "Bob Okafor: the deal goes over to version" in terminal.done("deal", "show", "1")


def test_a_pin_and_a_decision_for_new_deals(terminal: Terminal) -> None:
    assert "1 deal keeps the version it has." in choose(terminal, "--pin")[1]
    assert "Left out, because they are pinned: 1." in terminal.done("playbook", "migrate", PLAY)
    assert len(terminal.json("playbook", "migrate", PLAY, "--all")["deals"]) == 1
    assert f"Only new deals of {PLAY} get version" in choose(terminal, "--new-only")[1]
    told = terminal.done("playbook", "versions", PLAY)
    assert "Bob Okafor decided to pin about" in told
    assert "Bob Okafor decided “new deals only” about" in told


def test_a_deal_that_changed_since_is_named(terminal: Terminal, lite: World, tmp_path: Path) -> None:
    preview = tmp_path / "preview.json"
    preview.write_text(terminal.done("playbook", "migrate", PLAY, "--json"))
    known = terminal.json("playbook", "migrate", PLAY)["id"]
    lite.done("ana", "diagnosis", root_cause="price", summary="Idle seats.")
    status, _, err = choose(terminal, "--migrate", "--expect", known)
    assert (status, "Nothing was changed; look again." in err) == (1, True)
    status, out, _ = choose(terminal, "--migrate", "--expect", str(preview))
    assert status == 1
    assert "Deal 1 (Acme) came out otherwise than the preview: nothing that anybody would notice" in out
    assert "it said: 1 due" in out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("migrate", PLAY, "--migrate", "--as", "bob"), output.REFUSED, "Say in a few words why, with --reason"),
        (("migrate", PLAY, "--migrate", "--reason", "x"), output.REFUSED, "Say who you are"),
        (("migrate", PLAY, "--pin", "--migrate"), output.USAGE, "choose one of"),
        (("migrate", PLAY, "--expect", "x"), output.USAGE, "--expect goes with --migrate"),
        (("migrate", "champion-lift"), output.REFUSED, "Did you mean 'champion-left'?"),
        (("versions", "champion-lift"), output.REFUSED, "Did you mean 'champion-left'?"),
        (("migrate", PLAY, "--deal", "9"), output.REFUSED, "Deal 9 does not run by an older version"),
        (("rollback", PLAY, "--dry-run"), output.REFUSED, "No deal of champion-left was ever migrated."),
        (("diff", PLAY, "--to", "nowhere.yaml"), output.REFUSED, "There is no file nowhere.yaml."),
        (("diff", PLAY, "--from", "zzz"), output.REFUSED, "is not a version of champion-left"),
    ],
)
def test_what_cannot_be_is_said(terminal: Terminal, words: tuple[str, ...], status: int, said: str) -> None:
    assert said in terminal.refused("playbook", *words, status=status)


def test_a_preview_that_is_none_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"deals": 3}')
    status, _, err = choose(terminal, "--migrate", "--expect", str(other))
    assert (status, "is no preview" in err) == (1, True)


def test_the_difference_in_words_and_as_json(terminal: Terminal) -> None:
    assert "2 business days after start" in terminal.done("playbook", "diff", PLAY)
    changes = terminal.json("playbook", "diff", PLAY)["changes"]
    assert [(c["task"], c["key"]) for c in changes] == [("diagnosis", "due")]
    hash_ = terminal.json("playbook", "versions", PLAY)["versions"][0]["hash"]
    same = terminal.done("playbook", "diff", PLAY, "--from", hash_[:6], "--to", hash_)
    assert "Nothing that the play says is other." in same
