"""Socket Mode: slack_sdk's own client listens, and everything works as by HTTP with nothing reachable from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep

import httpx
import pytest
from pydantic import SecretStr

from saveline.store import inbound
from saveline.web.slack_socket import listening
from tests.servers import Mailserver, Slack
from tests.slack_server import APP_TOKEN
from tests.slack_socket import SlackSocket, slack_socket
from tests.web.slacking import Members, pressing, submission
from tests.world import World


@dataclass
class Connected:
    world: World
    slack: Slack
    socket: SlackSocket
    members: Members


def listen_by(world: World, slack: Slack) -> None:
    """As with SLACK_APP_TOKEN in the environment."""
    more = {"slack_app_token": SecretStr(APP_TOKEN), "slack_api": slack.api}
    world.runtime.settings = world.runtime.settings.model_copy(update=more)


@pytest.fixture
def connected(lite: World, mail: Mailserver, slack: Slack) -> Iterator[Connected]:
    listen_by(lite, slack)
    lite.open()
    lite.deliver()
    with slack_socket(slack) as socket, listening(lite.runtime), httpx.Client() as nowhere:
        assert socket.connected.wait(10)
        yield Connected(lite, slack, socket, Members(lite, slack, nowhere))


def test_a_task_is_done_by_socket(connected: Connected) -> None:
    socket, members, world = connected.socket, connected.members, connected.world
    post = connected.slack.to("UANA")[1]
    ack = socket.hand_over("interactive", pressing("UANA", post, "Done", "DUANA"))
    assert ack.get("payload") is None
    view = members.modal()
    refused = socket.hand_over("interactive", submission("UANA", view, {"root_cause": "price", "summary": " "}))
    assert list(refused["payload"]["errors"]) == ["answer:summary"]
    done = socket.hand_over("interactive", submission("UANA", view, {"root_cause": "price", "summary": "Too dear."}))
    assert done["payload"] == {"response_action": "clear"}
    assert world.task("diagnosis").state == "done"
    assert "is done, thanks to Ana Ruiz" in members.told("UANA")


def test_an_envelope_that_comes_again_acts_once(connected: Connected) -> None:
    """Slack sends an envelope again whose acknowledgement was lost. Planted bug: a key made of the envelope."""
    payload = pressing("UANA", connected.slack.to("UANA")[1], "I have read it", "DUANA")
    connected.socket.hand_over("interactive", payload, envelope="one")
    connected.socket.hand_over("interactive", payload, envelope="two")
    assert connected.world.history().count("task_seen") == 1
    with connected.world.desk.reading() as conn:
        assert inbound.count(conn, "slack", "") == 1


def test_commands_and_homes_come_by_socket(connected: Connected) -> None:
    ack = connected.socket.hand_over("slash_commands", {"user_id": "UANA", "text": "", "channel_id": "C1"})
    assert ack["payload"]["blocks"][0]["text"]["text"] == "1 open task"
    event = {"type": "event_callback", "event": {"type": "app_home_opened", "user": "UANA", "tab": "home"}}
    connected.socket.hand_over("events_api", event)
    connected.members.wait(lambda: "UANA" in connected.slack.homes)


def test_it_connects_again_when_slack_hangs_up(connected: Connected) -> None:
    """Planted bug: a client that connects again only when Slack says so hears nothing once the network was gone."""
    for announced in (True, False):
        before = connected.socket.opened
        connected.socket.hang_up(announced=announced)
        assert connected.socket.connected.wait(20)
        assert connected.socket.opened > before
    ack = connected.socket.hand_over("slash_commands", {"user_id": "UANA", "text": "help", "channel_id": "C1"})
    assert "/saveline" in ack["payload"]["blocks"][0]["text"]["text"]


def test_what_cannot_be_read_is_acknowledged_all_the_same(connected: Connected) -> None:
    for payload in ({}, {"type": "block_actions"}, {"type": "view_submission", "user": {"id": "UANA"}, "view": {}}):
        assert connected.socket.hand_over("interactive", payload).get("payload") is None


def test_a_slack_that_is_not_there_yet_is_waited_for(
    lite: World, mail: Mailserver, slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    """Planted bug: giving up when the first connection fails. No secret is logged."""
    listen_by(lite, slack)
    with listening(lite.runtime):
        until = monotonic() + 20
        while "trying again" not in caplog.text:  # Slack says internal_error until its socket is there
            assert monotonic() < until
            sleep(0.01)
        with slack_socket(slack) as socket:
            assert socket.connected.wait(20)
    assert "ticket" not in caplog.text
    assert APP_TOKEN not in caplog.text
