"""Reading a mail that came in: who it says it is from, which of ours it answers or gives back, and what it says.

Whoever likes can write to a mailbox, so nothing here trusts a mail: it is read with Python's own parser in its oldest
and most patient manner, of every header only what is needed, and whatever is wrong with it, it is only not understood.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

from saveline.core.facts import Fact
from saveline.notify.message import cleaned, is_address
from saveline.notify.mime import NOTICE, notice_named
from saveline.notify.quotes import answer_of, text_of_html

LONGEST: Final = 262_144
"""Bytes of a mail that are read: what is longer has attachments, and those are not kept."""
MOST_PARTS: Final = 100
DEEPEST: Final = 12
"""Parts within parts; the parser asks about each line at every depth."""
LONGEST_HEADER: Final = 2_000
LONGEST_IDS: Final = 20_000
"""Letters of References that are looked at: they grow with every answer."""
MOST_MARKS: Final = 50

Mark: TypeAlias = tuple[int, str]
"""The number of a notice and what stands behind it, which may or may not be its mark."""


class Report(Fact, frozen=True):
    """What a mail server tells of a mail of ours (RFC 3464): of which, to whom, and whether it gave up.

    ``final``: the address does not do (5.x.x). A mail that was given up for another reason has ``failed`` only.
    """

    action: str
    final: bool
    addresses: tuple[str, ...]
    marks: tuple[Mark, ...]
    words: str

    @property
    def failed(self) -> bool:
        return self.action == "failed"


class Letter(Fact, frozen=True):
    """A mail. ``key`` is the same however often it comes in. ``sender`` is '' where it does not name exactly one.

    ``marks`` are the notices that it claims to answer, the likeliest first; ``automatic`` says why nobody has written
    it. ``vouched`` are the verdicts of the mail server that was asked for, as ``method=result`` and properties.
    """

    key: str
    sender: str
    text: str = ""
    attachments: int = 0
    marks: tuple[Mark, ...] = ()
    automatic: str = ""
    report: Report | None = None
    vouched: tuple[tuple[str, str, dict[str, str]], ...] = ()


class Unreadable(ValueError):
    """It is no mail, or made so that it cannot be read."""


def read(raw: bytes, trusted: str = "") -> Letter:
    """The mail. ``raw`` may be cut off anywhere; ``trusted`` is the name whose Authentication-Results count. Raises
    Unreadable, and nothing else, whatever the bytes are."""
    if raw.lower().count(b"boundary") > DEEPEST:
        raise Unreadable("parts within parts within parts")
    try:
        mail = email.message_from_bytes(raw[:LONGEST], policy=email.policy.compat32)
        return _letter(mail, trusted)
    except (
        Exception
    ) as error:  # a parser's bug on a hostile mail, a recursion too deep: it is the mail that is to blame
        raise Unreadable(type(error).__name__) from error


def _letter(mail: Message, trusted: str) -> Letter:
    parts = list(_parts(mail))
    text, attachments = _text(parts)
    sender = _sender(mail)
    one = "\n".join((_header(mail, "Message-ID"), sender, _header(mail, "Date"), _header(mail, "Subject"), text))
    return Letter(
        key=sha256(one.encode("utf-8", "replace")).hexdigest()[:32],
        sender=sender,
        text=answer_of(cleaned(text)),
        attachments=attachments,
        marks=_marks(mail),
        automatic=_automatic(mail),
        report=_report(mail, parts),
        vouched=tuple(_vouched(mail, trusted)) if trusted else (),
    )


# --- headers ----------------------------------------------------------------------------------------------------------


def _header(mail: Message, name: str, longest: int = LONGEST_HEADER) -> str:
    """One line, its encoded words read; '' where there is none."""
    value = mail.get(name)
    if value is None:
        return ""
    raw = str(value)[:longest]
    pieces = []
    for piece, charset in decode_header(raw):
        pieces.append(piece if isinstance(piece, str) else _decoded(piece, charset))
    return " ".join(str(cleaned("".join(pieces))).split())


def _decoded(data: bytes, charset: str | None) -> str:
    try:
        return data.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return data.decode("latin-1")


def _sender(mail: Message) -> str:
    """The address in From, in small letters; '' where there are several, or none that is plain."""
    values = mail.get_all("From", [])
    if len(values) != 1:
        return ""
    bare, inside = [], False
    for letter in " ".join(str(values[0])[:LONGEST_HEADER].split()):
        if letter == '"':
            inside = not inside
        elif not inside:
            bare.append(letter)
    text = "".join(bare)
    if inside or any(sign in text for sign in ",;()\\") or text.count("<") > 1:
        return ""
    address = text[text.index("<") + 1 : -1] if "<" in text and text.endswith(">") else text
    return address.casefold() if is_address(address) else ""


def _marks(mail: Message) -> tuple[Mark, ...]:
    """The notices named by the address it was sent to, by In-Reply-To and by References, the last of them first."""
    to = " ".join(_header(mail, name) for name in ("To", "Delivered-To", "X-Original-To", "Cc"))
    found = [notice_named(word.partition("@")[0].rpartition("+")[2]) for word in _words(to) if "+" in word]
    ids = [_header(mail, "In-Reply-To"), *reversed(_words(_header(mail, "References", LONGEST_IDS)))]
    found += [_of_id(word) for text in ids for word in _words(text)]
    return tuple(dict.fromkeys(mark for mark in found if mark is not None))[:MOST_MARKS]


def _words(text: str) -> list[str]:
    return [word.strip("<>,;\"'") for word in text.replace("><", "> <").split()]


def _of_id(word: str) -> Mark | None:
    name = word.partition("@")[0]
    return notice_named(name.removeprefix(NOTICE)) if name.startswith(NOTICE) else None


def _automatic(mail: Message) -> str:
    """Why nobody has written it, in words; '' for a mail of a person. (RFC 3834, and what is older than that.)"""
    submitted = _header(mail, "Auto-Submitted").partition(";")[0].strip().casefold()
    if submitted not in ("", "no"):
        return f"Auto-Submitted: {submitted[:40]}"
    precedence = _header(mail, "Precedence").casefold()
    if precedence in ("bulk", "junk", "list", "auto_reply"):
        return f"Precedence: {precedence}"
    for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "List-Id", "X-Loop", "Feedback-ID"):
        if mail.get(name) is not None:
            return name
    if mail.get("Return-Path") is not None and _header(mail, "Return-Path") in ("<>", ""):
        return "it was sent from no address"
    if mail.get_content_type() in ("multipart/report", "text/calendar"):
        return mail.get_content_type()
    subject = _header(mail, "Subject").casefold()
    return "its subject" if subject.startswith(_AWAY) else ""


_AWAY: Final = (
    "automatic reply:",
    "auto:",
    "autoreply:",
    "out of office",
    "automatische antwort:",
    "abwesenheit",
    "abwesend:",
    "réponse automatique",
    "respuesta automática",
    "resposta automática",
    "accepted:",
    "declined:",
    "tentative:",
)


# --- the text ---------------------------------------------------------------------------------------------------------


def _parts(mail: Message) -> Iterator[Message]:
    """All parts in order; of a mail within the mail only that it is there."""
    waiting: list[Message] = [mail]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        inside: Any = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting[:0] = inside


def _text(parts: list[Message]) -> tuple[str, int]:
    """The text of the mail and how many attachments it has."""
    texts: dict[str, str] = {}
    attachments = 0
    for part in parts:
        kind = part.get_content_type()
        if part.get_content_maintype() == "multipart":
            continue
        attached = part.get_content_disposition() == "attachment" or part.get_filename() is not None
        if kind in ("text/plain", "text/html") and not attached and not texts.get(kind, "").strip():
            texts[kind] = _content(part)
        elif attached or kind not in ("text/plain", "text/html", "text/calendar"):
            attachments += 1
    plain = texts.get("text/plain", "")
    return (plain if plain.strip() else text_of_html(texts.get("text/html", ""))), attachments


def _content(part: Message) -> str:
    data = part.get_payload(decode=True)
    return _decoded(data, part.get_content_charset()) if isinstance(data, bytes) else ""


# --- what servers say -------------------------------------------------------------------------------------------------


def _report(mail: Message, parts: list[Message]) -> Report | None:
    """What a delivery report says of the mail that it carries; None for any other mail."""
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") != "delivery-status":
        return None
    status = next((p for p in parts if p.get_content_type() == "message/delivery-status"), None)
    blocks: Any = status.get_payload() if status is not None else None
    if not isinstance(blocks, list):
        return None
    action, code, addresses, words = "", "", [], ""
    for block in blocks[:MOST_PARTS]:
        addresses += [_recipient(block, name) for name in ("Original-Recipient", "Final-Recipient")]
        action = action or _header(block, "Action").casefold()
        code = code or _header(block, "Status")
        words = words or _header(block, "Diagnostic-Code").partition(";")[2].strip()
    final = action == "failed" and code.startswith("5")
    known = tuple(dict.fromkeys(a for a in addresses if a))
    return Report(action, final, known, _returned(parts), " ".join(w for w in (code, words) if w)[:300])


def _recipient(block: Message, name: str) -> str:
    """``rfc822;ana@x.example`` → the address."""
    kind, _, address = _header(block, name).partition(";")
    found = address.strip().strip("<>").casefold()
    return found if kind.strip().casefold() == "rfc822" and is_address(found) else ""


def _returned(parts: list[Message]) -> tuple[Mark, ...]:
    """The notice whose mail, or whose headers, the report brings back."""
    for part in parts:
        inside: Any = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(inside, list) and inside:
            original = inside[0]
        elif part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            original = email.message_from_string(_content(part), policy=email.policy.compat32)
        else:
            continue
        mark = _of_id(_header(original, "Message-ID").strip("<>"))
        return (mark,) if mark else ()
    return ()


def _vouched(mail: Message, trusted: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The verdicts in the topmost Authentication-Results (RFC 8601) of that name: what stands below the sender could
    have written."""
    for value in mail.get_all("Authentication-Results", [])[:MOST_PARTS]:
        name, *verdicts = _without_comments(" ".join(str(value)[: 2 * LONGEST_HEADER].split())).split(";")
        if name.split()[:1] != [trusted]:
            continue
        for verdict in verdicts:
            words = [w.partition("=") for w in verdict.split() if "=" in w]
            if words:
                yield words[0][0].casefold(), words[0][2].casefold(), {k.casefold(): v.casefold() for k, _, v in words}
        return


def _without_comments(text: str) -> str:
    kept, depth = [], 0
    for letter in text:
        depth += letter == "("
        if not depth:
            kept.append(letter)
        depth -= letter == ")" and depth > 0
    return "".join(kept)


Standing: TypeAlias = Literal["passed", "failed"]


def standing(letter: Letter) -> Standing:
    """Whether the receiving server says that the mail is from whom it says: by DMARC, or by what DMARC goes by."""
    domain = letter.sender.rpartition("@")[2]
    results = [(method, result, _domain_of(method, more)) for method, result, more in letter.vouched]
    said = [result for method, result, _ in results if method == "dmarc"]
    if said:
        own = [d for method, _, d in results if method == "dmarc"]
        return "passed" if said == ["pass"] and own[0] in ("", domain) else "failed"
    aligned = (d for method, result, d in results if result == "pass" and method in ("dkim", "spf"))
    return "passed" if any(d and (domain == d or domain.endswith(f".{d}")) for d in aligned) else "failed"


def _domain_of(method: str, more: dict[str, str]) -> str:
    names = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}.get(method, ())
    return next((more[name].rpartition("@")[2] for name in names if name in more), "")
