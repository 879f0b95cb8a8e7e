"""A message that is ready to go, and what keeps texts and addresses from being more than texts and addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from saveline.core.facts import Fact
from saveline.core.phrases import shortened
from saveline.core.tongue import sentence

LONGEST_SUBJECT: Final = 150
CUT: Final = sentence("… open in Saveline")
"""What stands at the end of a text that is too long for its channel."""
REPEAT: Final = sentence("This may be a repeat: nobody answered when it was sent before.")

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_SPACES = re.compile(r"\s+")
# Control characters, the separators that some programs take for line ends, and marks that reorder what is read.
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Act(Fact, frozen=True):
    """A way to act: ``verb`` is what a press means, ``label`` what stands on the button, ``url`` its signed page."""

    verb: str
    label: str
    url: str


class Button(Fact, frozen=True):
    """A way to act without leaving the channel: ``verb`` is what a press means, with ``outcome`` how the task ends.

    ``style`` is primary, danger or nothing; one that is ``rare`` may hide behind others.
    """

    verb: str
    text: str
    outcome: str = ""
    style: str = ""
    rare: bool = False


class Picture(Fact, frozen=True):
    """A PNG that belongs to a message: ``cid`` is what its HTML calls it, ``title`` what it says, ``alt`` what is said
    instead of it. The message is whole without it."""

    cid: str
    title: str
    alt: str
    png: bytes


class Outgoing(Fact, frozen=True):
    """One message to one address, in the forms its channel needs.

    ``id`` is the same on every attempt, and ``thread`` on every message about the deal; both are local parts, to which
    a channel adds its domain. ``thread_ref`` is the channel's own name for the thread, where it has one already.
    ``again``: it may have arrived already. ``at`` is the moment of sending. ``changes`` is the channel's name for a
    message that was sent and is to be changed into this one. ``invitation`` is an ICS calendar, ``unsubscribe`` the
    address that ends this kind of message with one POST. ``language`` is what a channel's own words are in.
    ``pictures`` are those that its HTML shows; a channel that has no HTML may show the first, or none.
    """

    to: str
    subject: str
    id: str
    at: datetime
    text: str = ""
    html: str = ""
    slack: str = ""
    thread: str = ""
    headers: Mapping[str, str] = {}
    again: bool = False
    notice_id: int = 0
    acts: tuple[Act, ...] = ()
    buttons: tuple[Button, ...] = ()
    thread_ref: str = ""
    changes: str = ""
    invitation: str = ""
    unsubscribe: str = ""
    language: str = "en"
    pictures: tuple[Picture, ...] = ()


def is_address(text: str) -> bool:
    """Whether it is one plain e-mail address and nothing else: no name, no list, no header."""
    return len(text) <= 254 and not text.startswith("-") and _ADDRESS.fullmatch(text) is not None


def cleaned(value: Any) -> Any:
    """``value`` with everything unseen taken out of its texts, however deep they lie. Line breaks stay."""
    if isinstance(value, str):
        # What is printable through and through has nothing unseen in it; most texts are, and this is the quick way.
        return value if value.isprintable() else _UNSEEN.sub(" ", value)
    if isinstance(value, (dict, Mapping)):
        return {k: cleaned(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(v) for v in value]
    return value


def subject_line(text: str) -> str:
    """One line of at most 150 characters."""
    line = _SPACES.sub(" ", _UNSEEN.sub(" ", unicodedata.normalize("NFC", text))).strip()
    return shortened(line, LONGEST_SUBJECT)
