"""Slack's web client over connections that are kept: opening one for each post costs more than the post.

Only how a request travels is other than in the library: its methods, its answers and its errors stay. Redirects are not
followed. A fault until the request has been sent is a ``URLError``, as with the library's own way; what fails while the
answer is waited for is raised as it comes, for then the post may have been made.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit

import msgspec
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

IDLE_SECONDS: Final = 20.0
"""A connection that rested longer is not used again: at the other end it may be about to be closed."""
MOST_KEPT: Final = 64

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


class KeptClient(WebClient):
    """Safe to use in many threads at once; until when a request may go out is each thread's own (see :meth:`until`)."""

    def __init__(self, token: str, **options: Any) -> None:
        self._of_thread, self._gate = threading.local(), threading.Lock()
        self._kept: deque[tuple[str, Whole, float]] = deque()
        self._context: ssl.SSLContext | None = None
        super().__init__(token, **options)

    def until(self, deadline: float) -> None:
        """The moment (of :func:`time.monotonic`) at which the time of this thread's requests is over. A number of
        seconds would begin anew in a process that stood still before it came to sending."""
        self._of_thread.deadline = deadline

    @property
    def _deadline(self) -> float:
        found: float = getattr(self._of_thread, "deadline", monotonic() + self._usual)
        return found

    @property  # type: ignore[override]  # the library has one number for all threads
    def timeout(self) -> float:
        """Seconds that are left to this thread's requests: what the library asks where it sends itself."""
        return max(0.01, self._deadline - monotonic())

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self._usual = seconds

    def close(self) -> None:
        """Let go of the connections."""
        while self._kept:
            self._kept.pop()[1].close()

    def upload(self, url: str, content: bytes) -> int:
        """Send a file to the address that Slack gave for it, without the token; returns the status."""
        status, _, _ = self._post(url, {"Content-Type": "application/octet-stream"}, content)
        return status

    def _urllib_api_call(self, **call: Any) -> SlackResponse:
        if self.proxy is not None or call.get("files"):
            found: SlackResponse = super()._urllib_api_call(**call)
            return found
        url = call["url"]
        if call.get("query_params"):
            url += ("&" if "?" in url else "?") + urlencode(_plain(call["query_params"]))
        headers, body = self._request(call)
        status, answered, data = self._post(url, headers, body)
        answer: SlackResponse = SlackResponse(
            client=self,
            http_verb="POST",
            api_url=url,
            req_args={},
            data=_data(data),
            headers=answered,
            status_code=status,
        ).validate()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        return answer

    def _request(self, call: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
        headers = self._build_urllib_request_headers(
            token=call.get("token") or self.token or "",
            has_json=False,
            has_files=False,
            additional_headers=call.get("additional_headers") or {},
        )
        if call.get("json_body"):
            return {**headers, "Content-Type": "application/json;charset=utf-8"}, _encode(call["json_body"])
        body = urlencode(_plain(call.get("body_params") or {})).encode()
        return {**headers, "Content-Type": "application/x-www-form-urlencoded"}, body

    # --- connections ------------------------------------------------------------------------------------------

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        deadline = self._deadline
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection = self._sent(parts.scheme, parts.netloc, target, headers, body, deadline)
        try:
            _until(connection, deadline)
            answer = connection.getresponse()
            found = answer.status, dict(answer.getheaders()), answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close or len(self._kept) >= MOST_KEPT:
            connection.close()
        else:
            self._kept.append((parts.netloc, connection, monotonic()))
        return found

    def _sent(
        self, scheme: str, host: str, target: str, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> Whole:
        """A connection on which the request is on its way. Raises URLError where it certainly is not."""
        kept = self._take(host)
        if kept is not None:
            with suppress(OSError, HTTPException):  # closed at the other end: that is no attempt, a new one is opened
                return self._send(kept, target, headers, body, deadline)
            kept.close()
        connection = self._new(scheme, host, deadline)
        try:
            return self._send(connection, target, headers, body, deadline)
        except OSError as error:
            connection.close()
            raise URLError(error) from error

    def _send(self, connection: Whole, target: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Whole:
        if connection.sock is None:
            connection.connect()
        connection.request("POST", target, body, dict(headers))
        connection.hand_over(deadline, self._gate)
        return connection

    def _new(self, scheme: str, host: str, deadline: float) -> Whole:
        seconds = max(0.01, deadline - monotonic())
        if scheme == "http":
            return Whole(host, timeout=seconds)
        self._context = self._context or self.ssl or ssl.create_default_context()
        return _Private(host, timeout=seconds, context=self._context)

    def _take(self, host: str) -> Whole | None:
        """A kept connection that is still open, the one that was used last."""
        while self._kept:
            with suppress(IndexError):  # another thread was faster
                of, connection, used_at = self._kept.pop()
                if of == host and monotonic() - used_at < IDLE_SECONDS and not _closed(connection):
                    return connection
                connection.close()
        return None


class Whole(HTTPConnection):
    """Keeps what it is told to send until all of it is there, so that it goes out in one piece or not at all."""

    _whole = b""

    def send(self, data: Any) -> None:
        self._whole += data

    def hand_over(self, deadline: float, gate: threading.Lock) -> None:
        """Send it. Raises TimeoutError where its time is over: a process that stood still until now must not send what
        somebody else has taken over meanwhile.

        It may also stand still right after its look at the clock, and nothing on this side can take back what it does
        next. So there is nothing between the look and the sending, and of all threads one at a time is past its look:
        a process that stands still says at most one thing twice, however much it has under way.
        """
        rest, self._whole = self._whole, b""
        self.sock.settimeout(0)  # with a time to wait, the system would be asked first whether there is room
        while rest:
            wanted = select.POLLOUT
            with gate:
                if monotonic() >= deadline:
                    raise TimeoutError("its time was over before it was sent")
                try:
                    rest = rest[self.sock.send(rest) :]
                    continue
                except ssl.SSLWantReadError:
                    wanted = select.POLLIN
                except (BlockingIOError, ssl.SSLWantWriteError):
                    pass
            _ready(self.sock, wanted, deadline - monotonic())


class _Private(Whole, HTTPSConnection):
    pass


def _until(connection: HTTPConnection, deadline: float) -> None:
    connection.sock.settimeout(max(0.01, deadline - monotonic()))


def _closed(connection: HTTPConnection) -> bool:
    """Whether the other end has hung up, or says something that nobody asked for."""
    return connection.sock is None or _ready(connection.sock, select.POLLIN, 0)


def _ready(sock: socket.socket, wanted: int, seconds: float) -> bool:
    """Whether there is something to read, or room to write, at the latest after so many seconds."""
    waiting = select.poll()
    waiting.register(sock, wanted)
    return bool(waiting.poll(max(0.0, seconds) * 1000))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: int(v) if isinstance(v, bool) else v for k, v in values.items() if v is not None}


def _data(body: bytes) -> Any:
    with suppress(msgspec.DecodeError):
        found = _decode(body)
        if isinstance(found, dict):
            return found
    return {"ok": False, "error": f"no JSON: {body[:100].decode('utf-8', 'replace')}"}
