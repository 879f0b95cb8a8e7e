"""What somebody has written in an answer, without the mail that they answer and without their signature.

Line by line and letter by letter, with no regular expression that can be made slow: the text comes from whoever writes
to us. (The library that does this, mail-parser-reply, needs more than six seconds for 8,000 well chosen letters.)
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

LONGEST: Final = 20_000
"""Letters of a text that are looked at: an answer stands at the top."""
LONGEST_HTML: Final = 50_000
"""The same of HTML without its styles and comments; the parser's time grows with the square of what is badly made."""
_NEAR: Final = 3
"""Lines over which a mail program breaks “On … wrote:”."""

_WROTE: Final = (
    ("On ", ("wrote:",)),
    ("Am ", ("schrieb:",)),
    ("Le ", ("a écrit :", "a écrit:")),
    ("El ", ("escribió:",)),
    ("Em ", ("escreveu:",)),
    ("Il ", ("ha scritto:",)),
    ("Op ", ("schreef:",)),
)
_HEADS: Final = frozenset(
    (
        *("from", "sent", "date", "to", "cc", "subject"),
        *("von", "gesendet", "datum", "an", "betreff"),
        *("de", "envoyé", "à", "objet", "enviado", "para", "asunto", "assunto"),
    )
)
"""Words before the colon in the header that Outlook puts above what is answered."""
_BREAKS: Final = ("original message", "ursprüngliche nachricht", "forwarded message", "weitergeleitete nachricht")
_SENT_FROM: Final = ("sent from my ", "get outlook for ", "von meinem ", "gesendet von ", "enviado do meu ")


def answer_of(text: str) -> str:
    """The words of the answer; '' where there are none."""
    lines = [line.rstrip() for line in text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    kept: list[str] = []
    i = 0
    while i < len(lines):
        line = lines[i].strip()
        skip = _attribution(lines, i)
        if skip:
            # Where the quoted lines are marked, an answer may stand between them; else all that follows is quoted.
            if not _next(lines, i + skip).startswith(">"):
                break
            i += skip
            continue
        if _ends(lines, i):
            break
        if not line.startswith(">"):
            kept.append(lines[i])
        i += 1
    return _trimmed(kept)


def _attribution(lines: list[str], i: int) -> int:
    """How many lines “On Monday Ana wrote:” takes from line ``i`` on; 0 where it does not begin there."""
    line = lines[i].strip().lstrip("> ")
    ends = next((ends for begin, ends in _WROTE if line.startswith(begin)), None)
    if ends is None:
        return 0
    for more in range(_NEAR):
        if i + more < len(lines) and lines[i + more].strip().endswith(ends):
            return more + 1
    return 0


def _ends(lines: list[str], i: int) -> bool:
    """Whether the answer ends before line ``i``: a signature, a ruled line, the header of what is answered."""
    line = lines[i].strip()
    if lines[i] in ("--", "-- ") or line.casefold().startswith(_SENT_FROM):
        return True
    bare = line.strip("-_* ").casefold()
    if line.startswith(("---", "___")) and (not bare or bare.startswith(_BREAKS)):
        return True
    return _is_head(line) and sum(_is_head(other.strip()) for other in lines[i : i + 6]) > 2


def _is_head(line: str) -> bool:
    word, colon, _ = line.strip("* ").partition(":")
    return bool(colon) and word.strip("* ").casefold() in _HEADS


def _next(lines: list[str], i: int) -> str:
    return next((line.strip() for line in lines[i:] if line.strip()), "")


def _trimmed(lines: list[str]) -> str:
    """Without empty lines around it, and with no more than one between."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return "\n".join(kept).strip()


def text_of_html(html: str) -> str:
    """The text of a mail that has no other, without what it quotes."""
    for begin, end in (("<style", "</style>"), ("<!--", "-->")):
        html = _without(html, begin, end)
    reader = _Reader()
    reader.feed(html[:LONGEST_HTML])
    reader.close()
    return "".join(reader.pieces)


def _without(html: str, begin: str, end: str) -> str:
    """``html`` without what stands from each ``begin`` to the next ``end``."""
    small, pieces, at = html.lower(), [], 0
    while (start := small.find(begin, at)) >= 0:
        pieces.append(html[at:start])
        stop = small.find(end, start)
        if stop < 0:
            return "".join(pieces)
        at = stop + len(end)
    return "".join((*pieces, html[at:]))


_BLOCKS: Final = frozenset(["p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"])
_SILENT: Final = frozenset(["style", "script", "head", "title", "blockquote"])
_QUOTED: Final = ("gmail_quote", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "divrplyfwdmsg", "appendonsend")
"""Names by which mail programs mark what is answered; all after it is."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent: list[str] = []
        self._over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = " ".join(value or "" for key, value in attrs if key in ("class", "id")).casefold()
        if any(word in names for word in _QUOTED):
            self._over = True
        if tag in _SILENT:
            self._silent.append(tag)
        if tag in _BLOCKS:
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        if tag in ("p", "div", "tr", "li"):
            self._add("\n")

    def handle_data(self, data: str) -> None:
        before, after = (" " if edge.isspace() else "" for edge in (data[:1], data[-1:]))
        self._add(f"{before}{' '.join(data.split())}{after}" if data.strip() else before)

    def _add(self, text: str) -> None:
        if not self._silent and not self._over and not (text == "\n" and self.pieces[-1:] == ["\n"]):
            self.pieces.append(text)
