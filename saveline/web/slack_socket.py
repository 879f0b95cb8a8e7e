"""Socket Mode: Slack over a connection that we open, so that nothing of ours has to be reachable from outside.

slack_sdk's own client keeps the connection, opens it anew when Slack says so, and gives each envelope to the same door
as HTTP. What it cannot do is wait for a Slack that is not there when we start: that is done here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, Final

from msgspec import json
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from saveline.notify.channels.slack_api import SlackApi
from saveline.runtime import Runtime
from saveline.web.slack_door import Reply, SlackDoor

log = logging.getLogger("saveline.web.slack")

LONGEST_PAUSE: Final = 60.0
PING_SECONDS: Final = 5.0
# The library's lines hold the address of the connection, which is a secret.
_SILENT = logging.Logger("saveline.slack.socket", level=logging.CRITICAL + 1)


@contextmanager
def listening(runtime: Runtime) -> Iterator[None]:
    """Listen while the block lasts, where SLACK_APP_TOKEN is set."""
    token = runtime.settings.slack_app_token
    if token is None or not token.get_secret_value():
        yield
        return
    socket = Socket(runtime, token.get_secret_value())
    socket.start()
    try:
        yield
    finally:
        socket.stop()


class Socket:
    """One connection to Slack and whatever comes through it."""

    def __init__(self, runtime: Runtime, app_token: str) -> None:
        self._door = SlackDoor(runtime)
        self._stopping = Event()
        web = SlackApi(app_token, runtime.settings.slack_api).client
        self._client = SocketModeClient(app_token, logger=_SILENT, web_client=web, ping_interval=PING_SECONDS)
        self._client.socket_mode_request_listeners.append(self._came)
        self._thread = Thread(target=self._connect, name="slack-socket", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with suppress(Exception):  # it closes what may be closed already
            self._client.close()
        self._thread.join(10)
        self._door.close()

    @property
    def connected(self) -> bool:
        return bool(self._client.is_connected())

    def _connect(self) -> None:
        """Until it stands: from then on the client opens it anew by itself."""
        pause = 1.0
        while not self._stopping.is_set():
            try:
                self._client.connect()
                log.info("Slack is connected by Socket Mode")
                return
            except Exception as error:  # whatever it is, Slack may be there later; its text may hold the address
                word = (
                    error.response.get("error", "")
                    if isinstance(error, SlackClientError) and hasattr(error, "response")
                    else type(error).__name__
                )
                log.warning("Slack's socket cannot be opened (%s); trying again in %.0f s", word, pause)
            self._stopping.wait(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def _came(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """One envelope: answered within three seconds, whatever it holds."""
        reply = Reply()
        try:
            reply = self._answer(request.type, request.payload or {})
        except Exception:
            log.exception("an envelope of Slack could not be read")
        with suppress(Exception):  # the connection went; Slack sends it again by the next
            body = dict(reply.body) if reply.body is not None else None
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id, body))

    def _answer(self, kind: str, payload: dict[str, Any]) -> Reply:
        match kind:
            case "interactive":
                return self._door.interaction(json.encode(payload))
            case "slash_commands":
                return self._door.command(payload)
            case "events_api":
                return self._door.event(json.encode(payload))
            case _:
                return Reply()
