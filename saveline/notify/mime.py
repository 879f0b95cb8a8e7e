"""A message as an e-mail: the same bytes whenever the same message is built.

Written by hand because the standard library's message objects cost 3 ms a mail, which is most of what a mail costs.
The rules are few: no control character in a header, encoded words (RFC 2047) where a header is not ASCII, bodies as
quoted-printable UTF-8 with lines of at most 76 characters.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import Final

from saveline.core.facts import Fact
from saveline.notify.invitations import method_of, with_organizer
from saveline.notify.message import Outgoing, Picture, subject_line

NOTICE: Final = "notice-"
"""How the Message-IDs of our notices begin; their number and mark follow."""
LONGEST_NUMBER: Final = 19
_END: Final = "\r\n"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Sender(Fact, frozen=True):
    """Who our mails come from; ``reply_to`` where answers go, if it is somebody else. With ``plus`` that mailbox takes
    mail for ``name+anything`` too, and then the address itself says which notice is answered."""

    address: str
    name: str = "Saveline"
    reply_to: str = ""
    plus: bool = False

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def message_id(message: Outgoing, sender: Sender) -> str:
    """The same on every attempt: mail programs show two messages with one id once."""
    return f"<{message.id}@{sender.domain}>"


def notice_named(identifier: str) -> tuple[int, str] | None:
    """The notice and the mark in a Message-ID or an address of ours, ``12.abc…``; None where it is neither's."""
    number, _, mark = identifier.partition(".")
    if number.isascii() and number.isdigit() and len(number) < LONGEST_NUMBER and mark.isascii() and mark.isalnum():
        return int(number), mark
    return None


def reply_address(message: Outgoing, sender: Sender) -> str:
    """Where an answer goes; '' where it goes to whom the mail comes from."""
    if not sender.plus or not message.id.startswith(NOTICE):
        return sender.reply_to
    name, _, domain = (sender.reply_to or sender.address).rpartition("@")
    return f"{name}+{message.id.removeprefix(NOTICE)}@{domain}"


def as_mail(message: Outgoing, sender: Sender) -> bytes:
    """The mail with a text part of its own and, where there are any, an HTML part with its pictures and an invitation.
    Lines end with CR LF.

    Raises ValueError where a header holds a control character.
    """
    head = "".join(f"{name}: {_header(name, value)}{_END}" for name, value in _headers(message, sender))
    parts = [_part("plain", message.text)]
    if message.html:
        parts.append(_with_pictures(message) if message.pictures else _part("html", message.html))
    if message.invitation:
        calendar = with_organizer(message.invitation, sender.name, sender.address)
        parts.append(_part("calendar", calendar, f"; method={method_of(calendar)}"))
    if len(parts) == 1:
        return head.encode() + parts[0]
    return head.encode() + _several("alternative", f"=-{message.id}", parts)


def _several(kind: str, mark: str, parts: Iterable[bytes]) -> bytes:
    """Parts, each with its own headers, as one."""
    line = mark.encode()
    head = f'Content-Type: multipart/{kind};{_END} boundary="{mark}"{_END}{_END}'.encode()
    return head + b"".join(b"--%s\r\n%s\r\n" % (line, part) for part in parts) + b"--%s--\r\n" % line


def _with_pictures(message: Outgoing) -> bytes:
    """The HTML with the pictures it shows, as RFC 2387 has it."""
    parts = [_part("html", message.html), *(_picture(p) for p in message.pictures)]
    return _several("related", f"=_{message.id}", parts)


def _picture(picture: Picture) -> bytes:
    name = picture.cid.partition("@")[0]
    head = (
        f"Content-Type: image/png{_END}Content-Transfer-Encoding: base64{_END}Content-ID: <{picture.cid}>{_END}"
        f'Content-Disposition: inline; filename="{name}.png"{_END}{_END}'
    )
    return head.encode() + base64.encodebytes(picture.png).replace(b"\n", b"\r\n")


def _headers(message: Outgoing, sender: Sender) -> Iterator[tuple[str, str]]:
    yield "From", _named(sender.name, sender.address)
    yield "To", message.to
    yield "Subject", subject_line(message.subject)
    yield "Date", format_datetime(message.at)
    yield "Message-ID", message_id(message, sender)
    if message.thread:
        yield "In-Reply-To", f"<{message.thread}@{sender.domain}>"
        yield "References", f"<{message.thread}@{sender.domain}>"
    reply_to = reply_address(message, sender)
    if reply_to:
        yield "Reply-To", reply_to
    yield "Auto-Submitted", "auto-generated"
    # What Auto-Submitted asks for, in the words of the one large program that does not know it.
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"
    if message.unsubscribe:
        yield "List-Unsubscribe", f"<{message.unsubscribe}>"
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    yield from message.headers.items()
    yield "MIME-Version", "1.0"


def _header(name: str, value: str) -> str:
    if _CONTROL.search(value) or not name.replace("-", "").isalnum():
        raise ValueError(f"a control character in the header {name!r}")
    return value if value.isascii() else Header(value, "utf-8", maxlinelen=76, header_name=name).encode(linesep=_END)


@lru_cache(maxsize=16)
def _named(name: str, address: str) -> str:
    return formataddr((subject_line(name), address))


def _part(subtype: str, text: str, more: str = "") -> bytes:
    body = binascii.b2a_qp(text.replace("\r\n", "\n").encode(), istext=True).replace(b"\n", b"\r\n")
    kind = f"Content-Type: text/{subtype}; charset=utf-8{more}{_END}"
    return f"{kind}Content-Transfer-Encoding: quoted-printable{_END}{_END}".encode() + body
