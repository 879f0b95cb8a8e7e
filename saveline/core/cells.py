"""One cell of a table → a value, or a ValueError that says what was expected.

Nothing is guessed where a wrong guess could cost money: a number has no separators of thousands and a date is ISO,
unless the mapping says how the file writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from saveline.core.errors import one_of
from saveline.core.facts import Fact

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199
MOST_MONEY: Final = Decimal(10) ** 13
"""The largest amount: whole cents of it fit into a database's BIGINT a hundred times over."""
DATE_TOKENS: Final[Mapping[str, str]] = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "hh": "%H", "mm": "%M", "ss": "%S"}
NUMBER_STYLES: Final[Mapping[str, tuple[str, str]]] = {
    "1234.5": ("", "."),
    "1,234.5": (",", "."),
    "1.234,5": (".", ","),
}
"""A sample of each way of writing numbers → what separates its thousands, and its decimals."""

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[-+][0-9]{2}:?[0-9]{2})?)?"
)
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_EMAIL = re.compile(r"[^@\s<>,;:\"()\\]+@[^@\s<>,;:\"()\\]+\.[^@\s<>,;:\"()\\]+")
_YES_NO: Final = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
_GUESSED: Final = {"yes": True, "true": True, "no": False, "false": False}
_RISKY: Final = frozenset("=+-@|\t\r\n＝＋－＠｜")
_LEAD = re.compile(r"(?:[^\S\t\r\n]|[\ufeff\u200b])*")


class Style(Fact, frozen=True):
    """How a file writes dates and numbers: ``date_format`` for strptime, ``shown`` as the user wrote it."""

    date_format: str = ""
    shown: str = ""
    numbers: str = "1234.5"


PLAIN: Final = Style()


def style_of(date_format: str | None) -> Style:
    """``DD/MM/YYYY`` → a Style. Raises ValueError with what was expected."""
    if not date_format:
        return PLAIN
    pattern = re.sub("%", "%%", date_format)
    for token, directive in DATE_TOKENS.items():
        pattern = pattern.replace(token, directive, 1)
    if not all(d in pattern for d in ("%Y", "%m", "%d")):
        raise ValueError("a format with YYYY, MM and DD, like DD/MM/YYYY, and perhaps hh, mm and ss")
    return Style(pattern, date_format)


def with_numbers(style: Style, sample: Any) -> Style:
    """The style with numbers written like ``1.234,5``. Raises ValueError with what was expected."""
    if sample is None:
        return style
    if str(sample) not in NUMBER_STYLES:
        raise ValueError(f"a number as the file writes it: {one_of(repr(n) for n in NUMBER_STYLES)}")
    return replace(style, numbers=str(sample))


def heading_word(heading: str) -> str:
    """A heading as mappings and conditions name it: ``Account ID`` → ``account_id``."""
    word = re.sub(r"\W+", "_", heading.strip().lower()).strip("_")
    return f"c_{word}" if word[:1].isdigit() else word


def formula(text: str) -> bool:
    """Whether a spreadsheet would take ``text`` for a formula; a plain number is none, whatever its sign."""
    if text[:1].isalnum():  # nearly every cell
        return False
    start = text[_LEAD.match(text).end() :]  # type: ignore[union-attr]  # it matches the empty text at least
    return bool(start) and start[0] in _RISKY and not _NUMBER.fullmatch(start.strip())


def safe(text: str) -> str:
    """``text`` as it may be written into a CSV that somebody opens in a spreadsheet."""
    return f"'{text}" if formula(text) else text


def number(text: str, style: Style = PLAIN) -> Decimal:
    """A finite number; ``1.2e4`` is one, for spreadsheets write large numbers so."""
    thousands, decimals = NUMBER_STYLES[style.numbers]
    plain = _without_thousands(text, thousands, decimals) if thousands else text
    if not _NUMBER.fullmatch(plain):
        raise ValueError(_number_hint(text, style))
    return Decimal(plain)


def _without_thousands(text: str, thousands: str, decimals: str) -> str:
    """Separators only where they belong: ``1.234,5`` and ``1234,5``, but not ``1.2345``."""
    whole, comma, part = text.partition(decimals)
    if thousands in part or not re.fullmatch(rf"[-+]?[0-9]+|[-+]?[0-9]{{1,3}}(\{thousands}[0-9]{{3}})+", whole):
        return "no number"
    return whole.replace(thousands, "") + ("." if comma else "") + part


def _number_hint(text: str, style: Style) -> str:
    if style.numbers != PLAIN.numbers:
        return f"a number written like {style.numbers}, without currency or unit"
    if text.strip(" +-").lower() in ("nan", "inf", "infinity"):
        return "a finite number"
    if re.fullmatch(r"[-+]?[0-9][0-9.,' ]*", text):
        return "a number like 1234.50, without separators of thousands"
    return "a number like 1234.50, without currency or unit"


def money(text: str, style: Style) -> int:
    """Whole cents of an amount that is not negative."""
    amount = number(text, style)
    if amount < 0:
        raise ValueError("an amount that is not negative")
    if amount > MOST_MONEY:
        raise ValueError(f"an amount up to {MOST_MONEY:,.0f}")
    return int((amount * 100).quantize(Decimal(1)))


def quantity(text: str, style: Style) -> float:
    value = number(text, style)
    if abs(value) > Decimal(10) ** 15:
        raise ValueError("a number up to 10^15")
    return float(value)


def whole(text: str, style: Style) -> int:
    value = _figure(text, style, "a whole number")
    if value != int(value) or abs(value) > 10**9:
        raise ValueError("a whole number")
    return int(value)


def percent(text: str, style: Style) -> int:
    """A whole number from 0 to 100; a fraction is rounded."""
    value = _figure(text, style, "a number from 0 to 100")
    if not 0 <= value <= 100:
        raise ValueError("a number from 0 to 100")
    return round(value)


def _figure(text: str, style: Style, expected: str) -> Decimal:
    try:
        return number(text, style)
    except ValueError:
        raise ValueError(expected) from None


def instant(text: str, style: Style, zone: ZoneInfo) -> datetime:
    """A UTC moment: with its offset, else in ``zone``; a day alone means its first minute there."""
    at = _parsed(text, style)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def day(text: str, style: Style = PLAIN) -> date:
    """A calendar day; an hour beside it is left out."""
    return _parsed(text, style).date()


def _parsed(text: str, style: Style) -> datetime:
    hint = f"a date like {style.shown or '2026-11-30'}"
    try:
        if _MOMENT.fullmatch(text):
            at = datetime.fromisoformat(text)
        elif style.date_format:
            at = datetime.strptime(text, style.date_format)  # noqa: DTZ007 - the zone is the caller's
        else:
            raise ValueError(hint)
    except ValueError:
        raise ValueError(_date_hint(text, style, hint)) from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"a date from {FIRST_YEAR} to {LAST_YEAR}")
    return at


def _date_hint(text: str, style: Style, hint: str) -> str:
    if _MOMENT.fullmatch(text):
        return f"{hint} that is in the calendar"
    if not style.date_format and re.fullmatch(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}.*", text):
        return f"{hint}; a mapping can name another date_format"
    return hint


def yes_no(text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise ValueError("yes or no")
    return _YES_NO[text.lower()]


def word(text: str) -> str:
    """A name as playbooks and settings write it."""
    if len(text) > 60 or not _WORD.fullmatch(text):
        raise ValueError("a word of small letters, digits and _, like champion_left")
    return text


def email(text: str) -> str:
    """An e-mail address in small letters: as a key it must not depend on how somebody typed it."""
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise ValueError("an e-mail address")
    return text.casefold()


def guess(text: str, style: Style = PLAIN) -> Any:
    """A cell as conditions see it: None, yes or no, a number, a date (a moment counts as its day), else the text."""
    if not text:
        return None
    if text.lower() in _GUESSED:
        return _GUESSED[text.lower()]
    try:
        return day(text, style)
    except ValueError:
        return _guessed_number(text, style)


def _guessed_number(text: str, style: Style) -> Any:
    """Digits after a leading zero are a code and no number."""
    if style.numbers == PLAIN.numbers and not _PLAIN_NUMBER.fullmatch(text):
        return text
    try:
        value = number(text, style)
    except ValueError:
        return text
    return int(value) if value == int(value) else float(value)


Reads: TypeAlias = Callable[[str, Style], Any]
READ: Final[Mapping[str, Reads]] = {
    "money": money,
    "number": quantity,
    "whole": whole,
    "percent": percent,
    "date": day,
    "yes_no": lambda text, _: yes_no(text),
    "word": lambda text, _: word(text),
    "email": lambda text, _: email(text),
}
"""How a cell of each type is read; texts and moments are read by :mod:`saveline.core.kinds`."""
