"""Real servers on loopback that keep a ledger of what they accepted and misbehave when told to: SMTP, and Slack
(:mod:`tests.slack_server`)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.slack_server import TOKEN, Post, Reply, Slack, slack_server

__all__ = ["TOKEN", "Mail", "Mailserver", "Post", "Reply", "Rule", "Slack", "mailserver", "slack_server"]

Phase = Literal["connect", "ehlo", "mail", "rcpt", "data", "end"]


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
