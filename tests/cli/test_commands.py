"""A day at the terminal: the same actions as by every other door, with words for people and JSON for pipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from saveline.cli import output
from tests.cli.terminal import Terminal
from tests.world import World


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    lite.account()
    return Terminal(lite, monkeypatch, capsys)


@pytest.fixture
def opened(terminal: Terminal) -> Terminal:
    terminal.done("deal", "open", "Acme", "--cause", "champion_left", "--as", "bob")
    return terminal


def test_a_deal_is_opened_worked_on_and_shown(opened: Terminal) -> None:
    told = opened.done("task", "done", "1.1", "--as", "ana", "-a", "root_cause=price", "-a", "summary=Idle seats.")
    assert (
        "Ana Ruiz: “Write the three-sentence diagnosis for Acme” is done (root cause: price; summary: Idle seats.)"
        in told
    )
    assert "Told: " in told
    shown = opened.done("deal", "show", "1")
    assert "Deal 1  Acme" in shown
    assert "root cause: price" in shown
    assert "1.1" in opened.done("deal", "show", "1")


def test_every_listing_is_json_too(opened: Terminal) -> None:
    assert [c["account"] for c in opened.json("board")] == ["Acme"]
    tasks = opened.json("task", "list", "--of", "ana")
    assert [(t["deal_id"], t["no"], t["account"]) for t in tasks] == [(1, 1, "Acme")]
    deal = opened.json("deal", "show", "1")
    assert deal["deal"]["stage"] == "triage"
    assert [e["seq"] for e in deal["history"]] == list(range(1, len(deal["history"]) + 1))
    assert opened.json("task", "seen", "1.1", "--as", "ana")["events"][0]["task_no"] == 1
    assert opened.json("advance")["deals"] == 0
    assert opened.json("report", "--period", "2026-W47")["at_risk"] == {"deals": 1, "arr_cents": 8_000_000}


def test_the_doctor_names_a_missing_secret_and_asks_the_channels(
    opened: Terminal, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    status, out, _ = opened.type("doctor")
    assert status == output.REFUSED
    assert "The channel slack needs SLACK_BOT_TOKEN" in out
    server, slack = request.getfixturevalue("mail"), request.getfixturevalue("slack")
    assert {c["words"] for c in opened.json("doctor") if c["id"] == "channel"} == {
        "The channel slack is ready",
        "The channel email is ready",
    }
    assert (server.mails, slack.posts) == ([], []), "it sends nothing"
    monkeypatch.setenv("SMTP_PORT", "1")
    status, out, _ = opened.type("doctor")
    assert status == output.REFUSED
    assert "The channel email does not answer: 127.0.0.1: Connection refused" in out


def test_a_gate_refuses_in_words_and_with_status_1(opened: Terminal) -> None:
    said = opened.refused("deal", "move", "1", "decide", "--as", "bob")
    assert "Write the three-sentence diagnosis for Acme” is open" in said
    assert opened.json("deal", "show", "1")["deal"]["stage"] == "triage"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("task", "done", "1.1", "--as", "anna"), "nobody called 'anna'. Did you mean"),
        (("task", "done", "1.9", "--as", "ana"), "There is no task 1.9."),
        (("deal", "show", "77"), "There is no deal 77"),
        (("deal", "open", "Akme", "-c", "champion_left", "--as", "ana"), "Did you mean 'Acme'?"),
        (("deal", "open", "Acme", "-c", "champion_gone", "--as", "ana"), "champion_left"),
        (("task", "done", "1.1"), "Say who you are: --as ana@example.com, or set SAVELINE_AS."),
        (("task", "done", "1.1", "--as", "ana", "-a", "root_cause=prise"), "price"),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest(opened: Terminal, words: tuple[str, ...], expected: str) -> None:
    assert expected in opened.refused(*words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("task", "done", "twelve", "--as", "ana"), "DEAL.TASK like 12.3"),
        (("task", "done", "1.1", "--as", "ana", "-a", "price"), "NAME=VALUE"),
        (("task", "snooze", "1.1", "--until", "soon", "--reason", "x", "--as", "ana"), "2026-12-01"),
        (("report", "--period", "last"), "2026-W47"),
        (("deal", "opne"), "opne"),
    ],
)
def test_wrong_usage_has_status_2(opened: Terminal, words: tuple[str, ...], expected: str) -> None:
    assert expected in opened.refused(*words, status=output.USAGE)


def test_a_bug_of_ours_has_status_3(opened: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr("saveline.store.boards.cards", broken)
    assert "This is a bug in Saveline" in opened.refused("board", status=output.BUG)


def test_a_whole_life_in_the_terminal(opened: Terminal, lite: World) -> None:
    opened.done("deal", "pause", "1", "--until", "2026-11-27", "--reason", "they are at a fair", "--as", "bob")
    assert "paused" in opened.done("board")
    opened.done("deal", "resume", "1", "--as", "bob")
    opened.done("task", "hand-over", "1.1", "chris", "--note", "you know them", "--as", "ana")
    opened.done("task", "comment", "1.1", "They ask for a call.", "--as", "chris")
    opened.done("deal", "comment", "1", "Watch this one.", "--as", "bob")
    opened.done("task", "cannot", "1.1", "--reason", "nobody answers", "--as", "chris")
    closed = opened.done(
        "deal", "close", "1", "lost", "--reason", "bought a rival", "--evidence", "mail", "--as", "bob"
    )
    assert "the deal is closed: lost (bought a rival)" in closed
    assert opened.done("task", "list").strip().endswith("Nothing is open.")
    assert "0 deals" in opened.done("board")
    page = opened.done("report", "--period", "2026-W47")
    assert "| Lost | 1 | $80k |" in page


def test_the_report_is_sent_once(opened: Terminal) -> None:
    assert "Queued for 1 reader." in opened.type("report", "--period", "2026-W47", "--send")[2]
    assert "Queued for 0 readers." in opened.type("report", "--period", "2026-W47", "--send")[2]


def test_an_import_names_bad_lines_and_says_so_by_its_status(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("key,name,arr,renewal\nblue,Blue,1200,2027-01-31\nred,Red,-5,2027-01-31\n")
    status, out, _ = terminal.type("import", str(file))
    assert status == output.REFUSED
    assert f"{file}:3:9: " in out or "accounts.csv:3:" in out
    assert (tmp_path / "accounts.csv.rejected.csv").read_text().count("\n") == 2
    file.write_text("key,name,arr,renewal\nblue,Blue,1200,2027-01-31\n")
    assert terminal.json("import", str(file))["counts"]["accounts"]["unchanged"] == 1


def test_a_broken_settings_file_is_named_and_nothing_runs(opened: Terminal, lite: World) -> None:
    settings = lite.settings.workspace / "saveline.yaml"
    settings.write_text(settings.read_text().replace("default_policy: standard", "default_policy: standart"))
    said = opened.refused("board")
    assert "saveline.yaml:" in said
    assert "did you mean 'standard'?" in said
    status, out, _ = opened.type("doctor")
    assert status == output.REFUSED
    assert "standart" in out


def test_init_makes_a_workspace_that_is_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lite: World, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(lite, monkeypatch, capsys)
    for name in ("SAVELINE_DATABASE_URL", "SAVELINE_CLOCK"):
        monkeypatch.delenv(name)
    folder = tmp_path / "new"
    terminal.done("init", str(folder))
    monkeypatch.setenv("SAVELINE_WORKSPACE", str(folder))
    assert "In order: saveline.yaml, people.yaml, 6 plays" in terminal.done("playbook", "check")
    checks = {c["id"]: c["level"] for c in terminal.json("doctor")}
    assert "error" not in checks.values(), checks
    assert "already. Nothing was changed." in terminal.refused("init", str(folder))


def test_deals_that_take_another_turn_at_the_terminal(opened: Terminal, lite: World) -> None:
    told = opened.done("deal", "cause", "add", "1", "price_pressure", "--note", "her mail", "--as", "ana")
    assert "Ana Ruiz: a further cause: price pressure (her mail)" in told
    shown = opened.json("deal", "show", "1")["causes"]
    assert [(c["cause"], c["note"]) for c in shown] == [("champion_left", ""), ("price_pressure", "her mail")]
    assert "her mail" in opened.done("deal", "show", "1")
    lite.account("globex", name="Globex")
    split = opened.json("deal", "split", "1", "--account", "globex", "-c", "price_pressure", "--as", "ana")
    assert (split["deal"]["id"], split["deal"]["causes"]) == (2, ["price_pressure"])
    merged = opened.json("deal", "merge", "2", "--into", "1", "--same-customer", "--as", "bob")
    assert (merged["merged"]["deal"]["merged_into"], merged["into"]["deal"]["arr_cents"]) == (1, 8_000_000)
    assert "merged into deal 1" in opened.done("deal", "show", "2")
    left = opened.json("account", "left", "Acme", "--on", "2027-01-31", "--evidence", "their mail", "--as", "ana")
    assert [e["change"]["left_on"] for e in left["events"]] == ["2027-01-31"]
    assert "the account stays" in opened.done("account", "stays", "acme", "--reason", "signed", "--as", "ana")
    status, _, said = opened.type("account", "left", "Acme", "--on", "soon", "--evidence", "x", "--as", "ana")
    assert (status, "expected a date like 2026-12-01" in said) == (output.USAGE, True)
    status, _, said = opened.type("account", "stays", "Acme", "--reason", "x", "--as", "ana")
    assert (status, "Nobody said that Acme leaves." in said) == (output.REFUSED, True)
