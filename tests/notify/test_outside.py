"""A web hook leads out into the world; inside the house it leads only where saveline.yaml says so.

Real servers on loopback stand for what an attacker would like to reach. Planted bugs that turned these red: only the
name looked at and not what it is resolved to (localhost and the hex number got through); addresses of the second
family let through (``::1`` and the mapped ones did).
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from saveline.core.delivery import Outcome, Permanent, Sent, Transient
from saveline.notify.channels import Misconfigured, open_channel
from saveline.notify.channels.outside import guarded
from saveline.notify.message import Outgoing
from tests.notify.looking import put, row
from tests.servers import Reply, Slack, slack_server
from tests.world import World

MESSAGE = Outgoing("", "Hello", "m-1", datetime(2026, 11, 20, tzinfo=UTC), text="Hi")


@pytest.fixture
def server() -> Iterator[Slack]:
    with slack_server() as found:
        yield found


def port(server: Slack) -> str:
    return server.url.rpartition(":")[2]


def sent(url: str, *internal: str) -> Outcome:
    channel = open_channel(url, folder=Path(), to_persons=False, internal=internal)
    try:
        return channel.deliver(MESSAGE, deadline=monotonic() + 10)
    finally:
        channel.close()


def test_nothing_inside_the_house_is_reached_unless_it_is_named(server: Slack) -> None:
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "127.0.0.2", "[::1]"):
        with suppress(Misconfigured):  # some of these are no host to Apprise
            assert not isinstance(sent(f"json://{host}:{port(server)}/hook"), Sent), host
    assert server.calls == []
    outcome = sent(f"json://localhost:{port(server)}/hook")
    assert isinstance(outcome, Permanent)
    assert "lies inside the network: name the host under internal in saveline.yaml" in outcome.reason
    assert sent(f"json://127.0.0.1:{port(server)}/hook", "chat.corp.example", "127.0.0.1") == Sent()
    assert sent(f"json://localhost:{port(server)}/hook", "localhost") == Sent()
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%1", "fc00::1", "fd00:ec2::254",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_address_that_is_not_of_the_world_is_connected_to(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with guarded(()) as guard, socket.socket(family, kind) as tried:
            with pytest.raises(PermissionError, match="lies inside the network"):
                tried.connect((address, 9))
            if kind is socket.SOCK_DGRAM:
                with pytest.raises(PermissionError):
                    tried.sendto(b"x", (address, 9))
        assert guard.refused


def test_a_socket_in_the_file_system_is_inside_too(tmp_path: Path) -> None:
    path = str(tmp_path / "docker.sock")
    with socket.socket(socket.AF_UNIX) as there, guarded(()), socket.socket(socket.AF_UNIX) as tried:
        there.bind(path)
        there.listen()
        with pytest.raises(PermissionError):
            tried.connect(path)


def test_addresses_of_the_world_are_not_hindered() -> None:
    from saveline.notify.channels.outside import Guard

    for address in ("8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::"):
        Guard(()).check(address)


def test_a_server_that_sends_us_elsewhere_is_not_followed(server: Slack) -> None:
    """Also where the first server is one that may be reached."""
    with slack_server() as secret:
        server.replies.extend(
            Reply(status, headers=(("Location", secret.url + "/meta"),)) for status in (301, 302, 307, 308)
        )
        for _ in range(4):
            assert sent(f"json://127.0.0.1:{port(server)}/hook", "127.0.0.1") == Transient(
                "the service did not take it"
            )
        assert (len(server.calls), secret.calls) == (4, [])


def test_a_name_that_means_something_else_the_second_time_is_no_way_in(
    server: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever checks a name and then connects by name is told two addresses. Here there is one look, at the address."""
    real, asked = socket.getaddrinfo, []

    def turning(host: str, *more: object, **named: object) -> object:
        asked.append(host)
        return real("127.0.0.1" if host == "hook.example" else host, *more, **named)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(socket, "getaddrinfo", turning)
    outcome = sent(f"json://hook.example:{port(server)}/hook")
    assert isinstance(outcome, Permanent)
    assert ("hook.example" in asked, server.calls) == (True, [])


def test_other_threads_and_the_time_after_are_not_guarded(server: Slack) -> None:
    reached = []

    def other() -> None:
        with socket.create_connection(("127.0.0.1", int(port(server))), timeout=5):
            reached.append("other")

    with guarded(()):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
    other()
    assert reached == ["other", "other"]


def test_what_the_machine_itself_would_do_is_no_channel() -> None:
    for url in ("dbus://", "syslog://", "windows://", "macosx://", "gnome://", "MAILTO://a:canary@b.example"):
        with pytest.raises(Misconfigured, match="is done by this machine itself") as refused:
            open_channel(url, folder=Path(), to_persons=False)
        assert "canary" not in str(refused.value)


def test_a_url_that_cannot_be_read_is_not_logged_either(caplog: pytest.LogCaptureFixture) -> None:
    """Planted: Apprise's errors let through. It logs the URL, and with it the token."""
    with caplog.at_level(logging.DEBUG), pytest.raises(Misconfigured) as refused:
        open_channel("json://127.1:99999/canary-4711", folder=Path(), to_persons=False)
    assert "canary" not in caplog.text + str(refused.value)


def test_a_room_inside_the_house_is_reached_once_it_is_named(lite: World, slack: Slack, mail: object) -> None:
    """Until then whoever asks is told why, and nobody is connected to."""
    room = f'channels:\n  cellar: {{url: "json://localhost:{port(slack)}/hook", reach: room}}\n'
    lite.setting("saveline.yaml", "channels:\n", room)
    lite.setting("saveline.yaml", "slack:#engineering", "cellar")
    lite.open()
    about: dict[str, Any] = {"person_id": 0, "channel": "cellar", "about": {"stage": "triage"}}
    first = put(lite, 1, **about, ordinal=91)
    lite.deliver()
    found = row(lite, id=first)
    assert (slack.hooks, found.status, "lies inside the network" in found.error) == ([], "dead", True)
    lite.setting("saveline.yaml", "default_play:", "internal: [localhost]\ndefault_play:")
    second = put(lite, 1, **about, ordinal=92)
    lite.deliver()
    assert (row(lite, id=second).status, len(slack.hooks)) == ("sent", 1)
