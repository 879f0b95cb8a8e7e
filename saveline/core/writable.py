"""Text that a database can hold, and a terminal may show: what comes in through any door is asked this."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")
"""What no database takes as text: NUL, and halves of letters."""
UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""The same and the other control characters, but for tabs and line ends."""


def half_or_nul(text: str) -> str:
    """What in ``text`` cannot be kept, in words; '' where all of it can."""
    found = NO_TEXT.search(text)
    return _named(found[0]) if found else ""


def control(text: str) -> str:
    """The same for a field of a row, in which no control character belongs."""
    found = UNSEEN.search(text)
    return _named(found[0]) if found else ""


def words_in(value: Any) -> Iterator[str]:
    """Every text in a value: of a fact, a mapping or a sequence, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from words_in(getattr(value, field))
    elif isinstance(value, Mapping):
        for key, held in value.items():
            yield from words_in(key)
            yield from words_in(held)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for held in value:
            yield from words_in(held)


def _named(sign: str) -> str:
    if sign > "\x7f":
        return f"half a letter (U+{ord(sign):04X})"
    return "a NUL character" if sign == "\x00" else f"the control character 0x{ord(sign):02x}"
