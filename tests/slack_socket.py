"""The other end of Socket Mode: a websocket server that hands out envelopes and waits until each is acknowledged."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from queue import Queue
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.slack_server import Slack


class SlackSocket:
    """``connected`` is set while somebody listens; ``opened`` counts the connections there have been."""

    def __init__(self) -> None:
        self.connected = threading.Event()
        self.opened = 0
        self._connection: ServerConnection | None = None
        self._answers: dict[str, Queue[dict[str, Any]]] = {}
        self._numbers = 0

    def hold(self, connection: ServerConnection) -> None:
        """One connection, until it ends."""
        self._connection, self.opened = connection, self.opened + 1
        connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        self.connected.set()
        try:
            for text in connection:
                answer = json.loads(text)
                self._answers[answer["envelope_id"]].put(answer)
        except ConnectionClosed:
            pass
        finally:
            if self._connection is connection:
                self.connected.clear()

    def hand_over(self, kind: str, payload: Mapping[str, Any], *, envelope: str = "") -> dict[str, Any]:
        """Send an envelope; returns its acknowledgement, which Slack waits for three seconds."""
        self._numbers += 1
        name = envelope or f"envelope-{self._numbers}"
        self._answers[name] = Queue()
        assert self._connection is not None
        message = {"type": kind, "envelope_id": name, "payload": payload, "accepts_response_payload": True}
        self._connection.send(json.dumps(message))
        return self._answers[name].get(timeout=3)

    def hang_up(self, *, announced: bool = True) -> None:
        """As Slack does every few hours; or unannounced, as when a network goes."""
        assert self._connection is not None
        self.connected.clear()
        if announced:
            self._connection.send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
        self._connection.close()


@contextmanager
def slack_socket(slack: Slack) -> Iterator[SlackSocket]:
    """A socket at which ``apps.connections.open`` of ``slack`` points."""
    ledger = SlackSocket()
    with serve(ledger.hold, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        slack.socket_url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/link/?ticket=secret"
        try:
            yield ledger
        finally:
            server.shutdown()
            thread.join(10)
