"""The mailbox to which answers come, over IMAP: what lies in its inbox, and two folders for what has been looked at.

A mail stays where it is until it has been dealt with, and is moved then. Whoever dies in between finds it again.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from saveline.core.phrases import shortened
from saveline.notify.channels.base import redacted, secret
from saveline.notify.incoming import LONGEST

SECONDS: Final = 15.0
"""The longest that one answer of the server is waited for."""
DONE: Final = "Saveline done"
UNMATCHED: Final = "Saveline unmatched"
"""What nobody of ours has written in answer to something: for a person to look at."""
_UIDS = re.compile(rb"\d+")


class MailboxDown(Exception):
    """It cannot be read now, and why: in words, without its password."""


class Inbox:
    """An open mailbox. Every method raises MailboxDown where the server does not do what it is asked."""

    def __init__(self, box: BaseMailBox, folder: str, secrets: Sequence[str]) -> None:
        self._box, self._folder, self._secrets = box, folder, secrets
        self._names: dict[str, str] = {}

    def uids(self) -> list[str]:
        """What lies there, the oldest first."""
        with self._asking():
            return list(self._box.uids("ALL"))

    def read(self, uid: str) -> bytes:
        """The beginning of a mail, without marking it as read; b'' where it is there no more."""
        with self._asking():
            _, data = self._client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LONGEST}>)")
            return next((bytes(item[1]) for item in data if isinstance(item, tuple)), b"")

    def put_away(self, uid: str, name: str) -> None:
        """Move it to a folder of ours, which is made when it is first needed."""
        with self._asking():
            self._box.move(uid, self._own(name))

    def count(self, name: str) -> int:
        """How many mails lie in a folder of ours."""
        with self._asking():
            known = self._known(name)
            return self._box.folder.status(known, ["MESSAGES"])["MESSAGES"] if known else 0

    def begin(self, user: str, password: str) -> None:
        with self._asking():
            self._box.login(user, password, initial_folder=self._folder)
            # Many servers say what they can do only to who has logged in: without MOVE a mail is copied and deleted.
            _, said = self._client.capability()
            self._client.capabilities = tuple(bytes(said[-1] or b"").decode("ascii", "replace").upper().split())

    @property
    def _client(self) -> Any:
        return self._box.client

    def _own(self, name: str) -> str:
        known = self._known(name)
        if known is None:
            known = name
            try:
                self._box.folder.create(name)
            except ImapToolsError:  # a server that keeps everything under INBOX
                known = f"INBOX{self._box.folder.list('INBOX')[0].delim}{name}"
                self._box.folder.create(known)
            self._names[name] = known
        return known

    def _known(self, name: str) -> str | None:
        if name not in self._names:
            for found in self._box.folder.list():
                if found.name in (name, f"INBOX{found.delim}{name}"):
                    self._names[name] = found.name
        return self._names.get(name)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError) as error:
            words = redacted(" ".join(str(error).split()), self._secrets)
            raise MailboxDown(shortened(words, 300) or type(error).__name__) from None


@contextmanager
def opened(url: str) -> Iterator[Inbox]:
    """The inbox at ``imaps://user:password@host/INBOX``, or ``imap://`` for STARTTLS; on this machine without either.
    Raises MailboxDown, which never quotes the password."""
    parts = urlsplit(url)
    user, password = secret(parts.username), secret(parts.password)
    host, query = parts.hostname or "", dict(parse_qsl(parts.query))
    secrets = [s for s in (password, parts.password or "") if s]
    context = ssl.create_default_context()
    if query.get("verify", "yes") in ("no", "false", "0"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        box = _connected(parts.scheme.lower(), host, parts.port, context)
    except (OSError, ValueError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise MailboxDown(f"{host}: {redacted(str(error), secrets) or type(error).__name__}") from None
    try:
        inbox = Inbox(box, unquote(parts.path).strip("/") or "INBOX", secrets)
        inbox.begin(user, password)
        yield inbox
    finally:
        try:
            box.client.logout()
        except (OSError, imaplib.IMAP4.error):
            box.client.shutdown()


def _connected(scheme: str, host: str, port: int | None, context: ssl.SSLContext) -> BaseMailBox:
    if scheme == "imaps":
        return MailBox(host, port or 993, timeout=SECONDS, ssl_context=context)
    if scheme != "imap" or not host:
        raise ValueError("expected imaps://user:password@host/INBOX")
    # A password does not travel in the clear, except to this machine.
    if host in ("127.0.0.1", "::1", "localhost"):
        return MailBoxUnencrypted(host, port or 143, timeout=SECONDS)
    return MailBoxStartTls(host, port or 143, timeout=SECONDS, ssl_context=context)
