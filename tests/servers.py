"""Real servers on loopback that keep a ledger of what they accepted and misbehave when told to: SMTP, and Slack."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import ssl
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs

from aiosmtpd.smtp import SMTP, Envelope, Session

Phase = Literal["connect", "ehlo", "mail", "rcpt", "data", "end"]
TOKEN = "xoxb-1-test"


# --- SMTP -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What the server does once, when a client comes to ``phase``: answer something else, answer slowly, byte by byte
    or not at all, or hang up. ``end`` is the answer after the final dot; ``accepts`` says that the mail is taken."""

    phase: Phase
    answer: str = ""
    silent: bool = False
    cut: bool = False
    seconds: float = 0.0
    drip: float = 0.0
    accepts: bool = False


@dataclass(frozen=True)
class Mail:
    """A mail that was accepted."""

    to: str
    sender: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def text(self, kind: str = "plain") -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


class Mailserver:
    """Run by :func:`mailserver`. ``rules`` are used up in order, each when its phase comes."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.rules: deque[Rule] = deque()
        self.sessions = 0
        self.port = 0
        self.context: ssl.SSLContext | None = None
        self.login: tuple[str, str] | None = None
        self.stopping = threading.Event()
        self.transports: set[asyncio.BaseTransport] = set()

    def rule(self, phase: Phase) -> Rule | None:
        if self.rules and self.rules[0].phase == phase:
            return self.rules.popleft()
        return None

    def to(self, who: str) -> list[Mail]:
        return [m for m in self.mails if m.to.startswith(f"{who}@")]

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        rule = self.rule("end")
        if rule is None or rule.accepts:
            assert isinstance(envelope.content, bytes)
            self.mails.append(Mail(envelope.rcpt_tos[0], envelope.mail_from or "", envelope.content))
        server.pending = rule
        return "250 taken"


class _Server(SMTP):
    """aiosmtpd's server, with every answer going through the script."""

    def __init__(self, ledger: Mailserver, **options: Any) -> None:
        super().__init__(ledger, hostname="test.example", **options)
        self.ledger, self.pending = ledger, ledger.rule("connect")
        ledger.sessions += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.ledger.transports.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.ledger.transports.discard(self.transport or asyncio.BaseTransport())
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        rule, self.pending = self.pending, None
        if rule is None:
            await super().push(status)
            return
        transport: Any = self.transport
        if rule.cut:
            transport.abort()
            raise ConnectionResetError("cut by the script")
        await self._rest(rule.seconds or (3600 if rule.silent else 0))
        text = rule.answer or (status if isinstance(status, str) else status.decode())
        for letter in text if rule.drip else "":
            self._writer.write(letter.encode())
            await self._rest(rule.drip)
        await super().push("" if rule.drip else text)

    async def _rest(self, seconds: float) -> None:
        transport: Any = self.transport
        for _ in range(int(seconds / 0.02)):
            if self.ledger.stopping.is_set() or transport.is_closing():
                raise ConnectionResetError("stopped")
            await asyncio.sleep(0.02)

    async def _scripted(self, phase: Phase, command: Callable[[Any], Awaitable[None]], arg: Any) -> None:
        self.pending = self.ledger.rule(phase)
        await command(arg)

    async def smtp_EHLO(self, hostname: Any) -> None:  # noqa: N802 - aiosmtpd finds commands by name
        await self._scripted("ehlo", super().smtp_EHLO, hostname)

    async def smtp_MAIL(self, arg: Any) -> None:  # noqa: N802
        await self._scripted("mail", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg: Any) -> None:  # noqa: N802
        await self._scripted("rcpt", super().smtp_RCPT, arg)

    async def smtp_DATA(self, arg: Any) -> None:  # noqa: N802
        await self._scripted("data", super().smtp_DATA, arg)


@contextmanager
def mailserver(
    *, tls: ssl.SSLContext | None = None, at_once: bool = False, login: tuple[str, str] | None = None
) -> Iterator[Mailserver]:
    """A server on a port of its own; ``tls`` is offered by STARTTLS, or with ``at_once`` spoken from the start."""
    ledger = Mailserver()
    loop = asyncio.new_event_loop()
    options: dict[str, Any] = {"loop": loop, "tls_context": None if at_once else tls}
    if login is not None:
        options |= {"auth_require_tls": False, "authenticator": _authenticator(login)}

    def connected() -> SMTP:
        return _Server(ledger, **options)

    server = loop.run_until_complete(loop.create_server(connected, "127.0.0.1", 0, ssl=tls if at_once else None))
    ledger.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield ledger
    finally:
        ledger.stopping.set()
        asyncio.run_coroutine_threadsafe(_stopped(server, ledger), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _authenticator(login: tuple[str, str]) -> Callable[..., Any]:
    from aiosmtpd.smtp import AuthResult, LoginPassword

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == login, handled=False)

    return check


async def _stopped(server: asyncio.Server, ledger: Mailserver) -> None:
    server.close()
    for transport in list(ledger.transports):
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
    running = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for _ in range(5):  # an aborted transport closes its socket in a later turn of the loop
        await asyncio.sleep(0.01)


# --- Slack ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """What Slack does once with a post: an HTTP answer, a long silence, or hanging up. ``posted``: it was made."""

    status: int = 200
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    cut: bool = False
    posted: bool = False
    kind: str = "application/json"


@dataclass(frozen=True)
class Post:
    """A post that was made. ``room`` is what it was addressed to, ``id`` our mark in its metadata."""

    room: str
    text: str
    blocks: list[dict[str, Any]]
    id: str
    ts: str

    @property
    def shown(self) -> str:
        """Everything a reader sees of it."""
        parts = [b["text"]["text"] if b["type"] == "section" else b["elements"][0]["text"] for b in self.blocks]
        return "\n\n".join(parts)


@dataclass
class Slack:
    """Speaks chat.postMessage, conversations.open, .list and .history, incoming webhooks, and plain JSON hooks."""

    posts: list[Post] = field(default_factory=list)
    hooks: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    look_replies: deque[Reply] = field(default_factory=deque)
    rooms: tuple[str, ...] = ("engineering",)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    def to(self, room: str) -> list[Post]:
        return [p for p in self.posts if p.room == room]

    def make(self, data: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            ts = f"{1_700_000_000 + len(self.posts)}.000100"
            payload = (data.get("metadata") or {}).get("event_payload", {})
            self.posts.append(
                Post(data["channel"], data.get("text", ""), data.get("blocks", []), payload.get("id", ""), ts)
            )
        return {"ok": True, "channel": data["channel"], "ts": ts}

    def history(self, data: dict[str, Any]) -> dict[str, Any]:
        room = data["channel"]
        mine = [p for p in self.posts if self.conversation(p.room) == room]
        shown = [self._message(p, str(data.get("include_all_metadata", "")).lower() in ("1", "true")) for p in mine]
        return {"ok": True, "messages": shown[::-1], "response_metadata": {"next_cursor": ""}}

    def conversation(self, room: str) -> str:
        """Posts to a member lie in a conversation with them, posts to #name in the room of that name."""
        if room.startswith("U"):
            return f"D{room}"
        return f"C{room[1:]}" if room.startswith("#") else room

    @staticmethod
    def _message(post: Post, with_metadata: bool) -> dict[str, Any]:
        mark = {"event_type": "saveline_notice", "event_payload": {"id": post.id}}
        return {"ts": post.ts, "text": post.text, **({"metadata": mark} if with_metadata else {})}

    def answer(self, method: str, data: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "conversations.open":
                return {"ok": True, "channel": {"id": f"D{data['users']}"}}
            case "conversations.list":
                return {"ok": True, "channels": [{"id": f"C{name}", "name": name} for name in self.rooms]}
            case "conversations.history":
                return self.history(data)
        return {"ok": False, "error": "unknown_method"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    slack: Slack

    def log_message(self, *_: Any) -> None:
        """Tests print for themselves."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        is_json = "json" in self.headers.get("Content-Type", "")
        data = json.loads(body or "{}") if is_json else {k: v[0] for k, v in parse_qs(body).items()}
        method = self.path.rpartition("/api/")[2] if "/api/" in self.path else ""
        self.slack.calls.append(method or self.path)
        looks = method.startswith("conversations.")
        script = self.slack.look_replies if looks else self.slack.replies
        reply = script.popleft() if script else None
        if method and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send(Reply(body='{"ok": false, "error": "invalid_auth"}'))
        if method == "auth.test":
            return self._send(Reply(body='{"ok": true, "user": "saveline"}'))
        if looks:
            return self._send(reply or Reply(body=json.dumps(self.slack.answer(method, data))))
        if reply is None or reply.posted:
            made = self._made(method, data)
            reply = reply or Reply(body=made)
        return self._send(reply)

    def _made(self, method: str, data: dict[str, Any]) -> str:
        if method == "chat.postMessage":
            return json.dumps(self.slack.make(data))
        with self.slack.lock:
            self.slack.hooks.append({"path": self.path, **data})
        return "ok"

    def _send(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.seconds:
            self.slack.stopping.wait(reply.seconds)
        if reply.cut or self.slack.stopping.is_set():
            return
        content = reply.body.encode()
        self.send_response(reply.status)
        for name, value in (("Content-Type", reply.kind), ("Content-Length", str(len(content))), *reply.headers):
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, _request: Any, _address: Any) -> None:
        """A worker that was killed leaves its connection broken."""


@contextmanager
def slack_server() -> Iterator[Slack]:
    slack = Slack()
    handler = type("Handler", (_Handler,), {"slack": slack})
    server = _HTTPServer(("127.0.0.1", 0), handler)
    slack.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield slack
    finally:
        slack.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
