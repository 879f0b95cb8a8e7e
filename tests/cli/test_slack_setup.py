"""Setting the app up at Slack: its manifest, what the doctor misses, and whom Slack knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from saveline.notify.channels.slack_api import WANTED
from tests.cli.terminal import Terminal
from tests.servers import Mailserver, Slack
from tests.slack_server import APP_TOKEN
from tests.slack_socket import slack_socket
from tests.world import World


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(lite, monkeypatch, capsys)


def found(terminal: Terminal) -> dict[str, str]:
    """What the doctor says of Slack, by id and level."""
    _, out, _ = terminal.type("doctor", "--json")
    checks: list[dict[str, Any]] = json.loads(out)
    return {f"{c['id']} {c['level']}": c["words"] for c in checks if c["id"].startswith("slack-")}


def test_the_manifest_is_for_socket_mode_or_for_an_address(terminal: Terminal) -> None:
    printed = terminal.done("slack", "manifest")
    assert printed == Path("docs/slack-manifest.yaml").read_text(), (
        "`saveline slack manifest > docs/slack-manifest.yaml`"
    )
    socket: Any = YAML(typ="safe").load(printed)
    assert socket["settings"]["socket_mode_enabled"] is True
    assert socket["oauth_config"]["scopes"]["bot"] == list(WANTED)
    assert 174 < len(socket["display_information"]["long_description"]) <= 4000
    http = terminal.json("slack", "manifest", "--url", "https://save.example.com/")
    assert http["settings"]["socket_mode_enabled"] is False
    assert http["settings"]["interactivity"]["request_url"] == "https://save.example.com/slack/interact"
    assert http["settings"]["event_subscriptions"]["request_url"] == "https://save.example.com/slack/events"
    assert http["features"]["slash_commands"][0]["url"] == "https://save.example.com/slack/command"
    assert "https://saveline.example.com" in terminal.refused("slack", "manifest", "--url", "http://save.example.com")


def test_the_doctor_says_what_is_missing(
    terminal: Terminal, mail: Mailserver, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_SIGNING_SECRET", raising=False)
    slack.scopes = "chat:write,im:write"
    first = found(terminal)
    assert first["slack-deaf warning"] == "Buttons in Slack do nothing: presses do not reach us"
    assert "it cannot answer /saveline" in str(terminal.type("doctor")[1])
    slack.scopes = ",".join(WANTED)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "x")
    assert list(found(terminal)) == ["slack-http ok"]
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-wrong")
    assert found(terminal) == {"slack-socket error": "Slack refuses Socket Mode: invalid_auth"}
    monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
    with slack_socket(slack):
        assert list(found(terminal)) == ["slack-socket ok"]
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-wrong")
    assert found(terminal) == {"slack-token error": "Slack refuses the bot: invalid_auth"}


def test_whom_slack_knows_is_printed_for_people_yaml(terminal: Terminal, mail: Mailserver, slack: Slack) -> None:
    slack.members["UCHRIS"] = "chris@x.example"
    assert terminal.json("slack", "people") == [
        {"name": "Chris Moreau", "email": "chris@x.example", "line": "slack: UCHRIS"},
        {"name": "Dora Weiss", "email": "dora@x.example", "line": ""},
    ]
    assert "slack: UCHRIS" in terminal.done("slack", "people")
