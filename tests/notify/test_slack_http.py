"""Slack over kept connections: one is used again, one that was closed meanwhile is no attempt, and threads share them.

Planted bugs that turn these red, each tried by hand: a connection that is never put back (a connection for each post);
no look whether the other end has hung up, and no other connection where a kept one fails (the post is in doubt); a
fault while sending that is raised as it comes (the post is in doubt although it cannot have been made).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from msgspec.structs import replace

from saveline.core.delivery import Outcome, Sent, Transient, Unknown
from saveline.notify.channels.slack import Sslack
from saveline.notify.channels.slack_http import KeptClient, Whole
from saveline.notify.message import Outgoing

MESSAGE = Outgoing("UANA", "Hello", "notice-1.abc", datetime(2026, 11, 20, tzinfo=UTC), slack="*Hello*")
ANSWER = b'{"ok": true, "channel": "DUANA", "ts": "1.0"}'


class Keeper:
    """A Slack that keeps connections open; it hangs up after ``leave`` posts, or, ``silent``, without an answer."""

    def __init__(self, leave: int = 1_000, *, silent: bool = False) -> None:
        self.leave, self.silent = leave, silent
        self.connections = self.posts = self.left = 0
        self.open: list[socket.socket] = []

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            self._take(connection)
        finally:
            connection.close()
            self.left += 1

    def _take(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            for _ in range(self.leave):
                length = 0
                while (line := lines.readline().strip()) != b"":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                if not length or self.silent:
                    return
                lines.read(length)
                self.posts += 1
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
                connection.sendall(head.encode() + ANSWER)


@contextmanager
def running(keeper: Keeper) -> Iterator[Sslack]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=keeper.serve, args=(listening,))
        thread.start()
        port = listening.getsockname()[1]
        channel = Sslack.open(f"sslack://xoxb-1/?api=http://127.0.0.1:{port}/api&rate=0")
        try:
            yield channel
        finally:
            channel.close()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in keeper.open:
                connection.close()


def sent(channel: Sslack, number: int = 1, seconds: float = 5.0) -> Outcome:
    outcome: Outcome = channel.deliver(replace(MESSAGE, id=f"notice-{number}"), deadline=monotonic() + seconds)
    return outcome


def test_one_connection_for_many_posts() -> None:
    with running(keeper := Keeper()) as channel:
        assert [sent(channel, n) for n in range(5)] == [Sent("DUANA/1.0")] * 5
    assert (keeper.connections, keeper.posts) == (1, 5)


def test_as_many_connections_as_there_are_posts_at_once() -> None:
    with running(keeper := Keeper()) as channel, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: sent(channel, n), range(200)))
    assert set(found) == {Sent("DUANA/1.0")}
    assert keeper.posts == 200
    assert keeper.connections <= 8


def test_a_connection_that_was_closed_meanwhile_is_no_attempt() -> None:
    """Meanwhile: before the next post. Closed in the very moment of one, it leaves that one in doubt."""
    with running(keeper := Keeper(leave=1)) as channel:
        for n in range(3):
            assert isinstance(sent(channel, n), Sent)
            until = monotonic() + 5
            while keeper.left <= n and monotonic() < until:
                sleep(0.01)
    assert (keeper.connections, keeper.posts) == (3, 3)


@pytest.mark.parametrize("where", [(KeptClient, "_request"), (Whole, "connect")], ids=["on its way", "connected"])
def test_what_stood_still_until_its_time_was_over_is_not_sent(where: tuple[type, str]) -> None:
    """A process that was stopped between its look at the clock and the sending: by then another one has the message.

    Planted: no second look at the clock, right before the request goes out; a number of seconds that a request may
    take, which began anew where it was read.
    """
    kind, name = where
    with running(keeper := Keeper()) as channel, pytest.MonkeyPatch.context() as patch:
        usual = getattr(kind, name)

        def slowly(*arguments: Any) -> Any:
            done = usual(*arguments)
            sleep(0.6)
            return done

        patch.setattr(kind, name, slowly)
        outcome = sent(channel, seconds=0.5)
    assert isinstance(outcome, Transient)
    assert keeper.posts == 0


class Halting(socket.socket):
    """Stands still where its owner has looked at the clock and is about to send."""

    def send(self, data: Any, flags: int = 0) -> int:
        sleep(2.5)
        return super().send(data, flags)


def test_of_all_that_is_under_way_one_at_a_time_is_past_its_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is past it goes out whenever the process goes on, which nothing can prevent: so it is never more than one.

    Planted: no gate around the look and the sending (all eight go out, after their time).
    """
    connect = Whole.connect

    def halting(connection: Whole) -> None:
        connect(connection)
        connection.sock = Halting(fileno=connection.sock.detach())

    monkeypatch.setattr(Whole, "connect", halting)
    with running(keeper := Keeper()) as channel, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: sent(channel, n, seconds=2.0), range(8)))
        until = monotonic() + 5
        while not keeper.posts and monotonic() < until:
            sleep(0.01)
    assert keeper.posts == 1
    assert sum(isinstance(outcome, Transient) for outcome in found) == 7


def test_a_post_that_is_larger_than_what_the_system_takes_at_once_goes_out_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted: sending once, whatever was taken of it."""
    connect = Whole.connect

    def narrow(connection: Whole) -> None:
        connect(connection)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    monkeypatch.setattr(Whole, "connect", narrow)
    with running(keeper := Keeper()) as channel:
        assert channel._client.api_call("chat.postMessage", json={"text": "x" * 4_000_000})["ok"]
    assert keeper.posts == 1


def test_hanging_up_instead_of_an_answer_leaves_it_in_doubt() -> None:
    with running(Keeper(silent=True)) as channel:
        assert isinstance(sent(channel, seconds=1.0), Unknown)


def test_a_server_that_is_not_there_was_not_posted_to() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    channel = Sslack.open(f"sslack://xoxb-1/?api=http://127.0.0.1:{port}/api")
    outcome = sent(channel)
    assert isinstance(outcome, Transient)
    assert outcome.channel_wide


def test_a_thread_has_its_own_deadline() -> None:
    """One that waits for its answer does not lend its time to another."""
    with running(Keeper()) as channel, ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda seconds: sent(channel, seconds=seconds), [0.5, 30.0, 0.5, 30.0]))
    assert set(found) == {Sent("DUANA/1.0")}


@pytest.mark.parametrize("body", [b"[]", b'"ok"', b"<html>", b"", b"{"])
def test_an_answer_that_is_no_object_says_nothing(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.notify.test_slack_http.ANSWER", body)
    with running(Keeper()) as channel:
        assert isinstance(sent(channel, seconds=1.0), Unknown)
