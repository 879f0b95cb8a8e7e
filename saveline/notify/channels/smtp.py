"""E-mail by SMTP: ``smail://user:password@host:port?from=…`` (STARTTLS where offered), ``smails://`` (TLS at once).

A mail is handed over in phases. Until the line with the final dot is sent, nothing that fails can have delivered the
mail, so it is safe to try again; from there on silence means that nobody knows (RFC 1047).
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from saveline.core.delivery import Outcome, Permanent, Sent, Transient, Unknown
from saveline.core.phrases import shortened
from saveline.notify.channels.base import SECONDS, Misconfigured, Plugin, host_of, left, secret
from saveline.notify.message import Outgoing, is_address
from saveline.notify.mime import Sender, as_mail

MOST_MAILS: Final = 200
"""Mails over one connection."""
IDLE_SECONDS: Final = 20.0
"""A connection that rested longer is not used again: servers close them, and a closed one costs a round trip."""
_LEADING_DOT = re.compile(rb"(?m)^\.")


class Session(smtplib.SMTP):
    """One connection, in which every wait ends at ``deadline``, however slowly the server drips."""

    def __init__(self, host: str, deadline: float, helo: str, context: ssl.SSLContext, *, tls_at_once: bool) -> None:
        super().__init__(local_hostname=helo, timeout=SECONDS)
        self._host = host  # what STARTTLS checks the certificate against
        self.deadline, self._context, self._tls_at_once = deadline, context, tls_at_once
        self.mails, self.used_at = 0, monotonic()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect within the deadline in all, not within one for each address of the host."""
        error: OSError | None = None
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                sock = socket.create_connection((str(address[0]), port), timeout=left(self.deadline))
            except OSError as failed:
                error = failed
                continue
            # The final dot is a packet of its own and must not wait for the acknowledgement of the one before.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._context.wrap_socket(sock, server_hostname=host) if self._tls_at_once else sock
        raise error or OSError(f"{host} has no address")

    def send(self, s: Any) -> None:
        data = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        while data:
            self.sock.settimeout(left(self.deadline))
            data = data[self.sock.send(data) :]

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Lines(self)
        return super().getreply()

    def hand_over(self, mail: bytes) -> None:
        """Everything but the final dot."""
        quoted = _LEADING_DOT.sub(b"..", mail)
        self.send(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n")

    @property
    def is_local(self) -> bool:
        return self.sock is not None and ipaddress.ip_address(self.sock.getpeername()[0]).is_loopback

    @property
    def is_private(self) -> bool:
        return isinstance(self.sock, ssl.SSLSocket)


class _Lines:
    """Replies, line by line. A file object would start its time-out anew with every byte."""

    def __init__(self, session: Session) -> None:
        self._session, self._buffer = session, b""

    def readline(self, most: int) -> bytes:
        sock = self._session.sock
        assert sock is not None
        while b"\n" not in self._buffer and len(self._buffer) < most:
            sock.settimeout(left(self._session.deadline))
            data = sock.recv(8192)
            if not data:
                break
            self._buffer += data
        end = min(self._buffer.find(b"\n") + 1 or len(self._buffer), most)
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line

    def close(self) -> None:
        self._buffer = b""


class Refused(Exception):
    """The server said no before it had the mail."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(str(outcome))


class Smail(Plugin):
    """Typed delivery by SMTP. One connection is kept between mails."""

    service_name = "Saveline mail"
    protocol = "smail"
    secure_protocol = "smails"
    forms = ("text", "html")
    doubt = "same_id"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user, self._password = secret(self.parts.username), secret(self.parts.password)
        self.secrets = tuple(s for s in (self._password, self.parts.password or "") if s)
        self._host = host_of(self.parts)
        self._port = self._checked_port()
        self.sender = sender_of(self.query)
        self._tls = self.query.get("tls", "offered")
        if self._tls not in ("offered", "always", "never"):
            raise Misconfigured(f"tls is {self._tls!r}: expected offered, always or never")
        self._context = ssl.create_default_context()
        if self.query.get("verify", "yes") in ("no", "false", "0"):
            self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE
        self._kept: Session | None = None

    def _checked_port(self) -> int:
        try:
            port = self.parts.port
        except ValueError:
            raise Misconfigured("the port is no number") from None
        if not self._host:
            raise Misconfigured("no host: expected smail://host:port?from=address")
        return port or (465 if self.secure else 587 if self.user else 25)

    def deliver(self, message: Outgoing, *, deadline: float) -> Outcome:
        if not is_address(message.to):
            return Permanent(f"{shortened(message.to, 80)!r} is no e-mail address")
        mail = as_mail(message, self.sender)
        deadline = min(deadline, monotonic() + SECONDS)
        kept = self._take_kept(deadline)
        outcome = self._transact(kept, message.to, mail) if kept is not None else None
        # A kept connection may have been closed at the other end: that is no attempt, a new one is opened.
        if outcome is None or (isinstance(outcome, Transient) and outcome.channel_wide):
            try:
                outcome = self._transact(self._connect(deadline), message.to, mail)
            except Refused as refused:
                return refused.outcome
        return outcome

    def probe(self, deadline: float) -> str:
        """Connects, greets and logs in, as before a mail."""
        try:
            self._kept = self._kept or self._connect(deadline)
        except Refused as refused:
            return getattr(refused.outcome, "reason", str(refused))
        return ""

    def _take_kept(self, deadline: float) -> Session | None:
        session, self._kept = self._kept, None
        if session is None:
            return None
        if session.mails >= MOST_MAILS or monotonic() - session.used_at > IDLE_SECONDS:
            _leave(session)
            return None
        session.deadline = deadline
        return session

    def _connect(self, deadline: float) -> Session:
        """A session that is ready for mails. Raises Refused: whatever fails here is the channel's fault, no mail's."""
        session = Session(self._host, deadline, self.sender.domain, self._context, tls_at_once=bool(self.secure))
        try:
            self._greet(session)
            return session
        except (OSError, smtplib.SMTPException, ValueError) as error:
            session.close()
            raise Refused(Transient(f"{self._host}: {_words(error)}", channel_wide=True)) from None

    def _greet(self, session: Session) -> None:
        code, text = session.connect(self._host, self._port)
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        session.ehlo_or_helo_if_needed()
        offered = session.has_extn("starttls")
        if not session.is_private and (self._tls == "always" or (self._tls == "offered" and offered)):
            session.starttls(context=self._context)
            session.ehlo_or_helo_if_needed()
        if self.user:
            if not (session.is_private or session.is_local):
                raise smtplib.SMTPException("it offers no TLS, and a password must not travel in the clear")
            session.login(self.user, self._password)

    def _transact(self, session: Session, to: str, mail: bytes) -> Outcome:
        handed_over = False
        try:
            _accepted(session.mail(self.sender.address), (250,))
            _accepted(session.rcpt(to), (250, 251))
            _accepted(session.docmd("DATA"), (354,))
            session.hand_over(mail)
            handed_over = True
            session.send(b".\r\n")
            reply = _accepted(session.getreply(), (250,), handed_over=True)
        except Refused as refused:
            session.close()
            return refused.outcome
        except (OSError, smtplib.SMTPException) as error:
            session.close()
            if handed_over:
                return Unknown(f"{self._host} did not say whether it took the mail: {_words(error)}")
            return Transient(f"{self._host}: {_words(error)}", channel_wide=True)
        session.mails, session.used_at, self._kept = session.mails + 1, monotonic(), session
        return Sent(reply)

    def close(self) -> None:
        if self._kept is not None:
            _leave(self._kept)
            self._kept = None


def sender_of(query: dict[str, str]) -> Sender:
    """From ``?from=``, ``&name=``, ``&reply_to=`` and ``&plus=yes``. Raises Misconfigured."""
    plus = query.get("plus", "no") in ("yes", "true", "1")
    sender = Sender(query.get("from", ""), query.get("name", "Saveline"), query.get("reply_to", ""), plus)
    for key, address in (("from", sender.address), ("reply_to", sender.reply_to or "a@b")):
        if not is_address(address):
            raise Misconfigured(f"{key} is {address!r}: expected an e-mail address, as in ?from=saveline@example.com")
    return sender


def _accepted(answer: tuple[int, bytes], wanted: tuple[int, ...], *, handed_over: bool = False) -> str:
    """The server's words where it agrees. Raises Refused with what its answer means."""
    code, text = answer[0], _plain(answer[1])
    if code in wanted:
        return text
    said = f"{code} {text}".strip()
    if code == 421:
        raise Refused(Transient(said, channel_wide=True))
    if 400 <= code < 500:
        raise Refused(Transient(said))
    if 500 <= code < 600:
        raise Refused(Permanent(said))
    raise Refused(Unknown(f"not an answer: {said}") if handed_over else Transient(f"not an answer: {said}"))


def _leave(session: Session) -> None:
    """Say goodbye without waiting for an answer."""
    with suppress(OSError, smtplib.SMTPException):
        session.deadline = monotonic() + 1
        session.putcmd("QUIT")
    session.close()


def _plain(text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return shortened(" ".join(shown.split()), 200)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_plain(error.smtp_error)}"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _plain(str(error)) or type(error).__name__
