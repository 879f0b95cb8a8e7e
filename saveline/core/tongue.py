"""A language, as the core is told it: sentences by their English ones, plurals, and how dates and figures are written.

Every sentence stands in the code in English, with names in braces where something is put in. In another language the
whole sentence is replaced, never a part of it, so that its words can stand in another order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeAlias

SHIPPED: Final = ("en", "de")
"""The languages that messages can be in. All but English have a catalogue in saveline/languages."""
NAMES: Final = {"english": "en", "englisch": "en", "deutsch": "de", "german": "de"}
"""What people call them: to say which code is meant."""

_OWNER = re.compile(r"\{(\w+)\}'s")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_Names: TypeAlias = tuple[Sequence[str], Sequence[str]]
_DAY_NAMES: Final[_Names] = (_WEEKDAYS, [name[:3] for name in _WEEKDAYS])
_MONTH_NAMES: Final[_Names] = (_MONTHS, [name[:3] for name in _MONTHS])


def sentence(text: str) -> str:
    """Marks an English sentence that is said elsewhere, so that it is found for the catalogues."""
    return text


def plural(one: str, many: str) -> tuple[str, str]:
    """The same for a sentence that counts ``{n}`` things."""
    return one, many


class Tongue:
    """``sentences`` are translations by the English sentence: one, or its plural forms, of which ``plural`` picks one
    by the number. ``days`` and ``months`` are (long, short) names, from Monday and January on."""

    def __init__(
        self,
        code: str,
        sentences: Mapping[str, str | Sequence[str]] | None = None,
        *,
        plural: Callable[[int], int] = lambda n: int(n != 1),
        days: _Names = _DAY_NAMES,
        months: _Names = _MONTH_NAMES,
        marks: tuple[str, str] = (".", ","),
    ) -> None:
        self.code = code
        self._sentences = sentences or {}
        self._plural = plural
        self.days, self.months, self._marks = days, months, marks

    def say(self, text: str, /, **values: Any) -> str:
        """``text`` in this language, with ``values`` put in as they are."""
        found = self._sentences.get(text, text)
        return self._filled(found if isinstance(found, str) else found[0], values)

    def counted(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """The form of the sentence for ``n`` things, which it names ``{n}``."""
        forms = self._sentences.get(one)
        if forms is None or isinstance(forms, str):
            forms = (one, many)
        return self._filled(forms[self._plural(n)], {**values, "n": n})

    def inside(self, title: str) -> str:
        """A title of the settings within a sentence: English writes it small, a language may not."""
        return title.lower() if self.code == "en" else title

    def weekday(self, on: date, *, long: bool = False) -> str:
        return self.days[0 if long else 1][on.weekday()]

    def month(self, on: date, *, long: bool = False) -> str:
        return self.months[0 if long else 1][on.month - 1]

    def figure(self, text: str) -> str:
        """A number as Python writes it (``1,023.5``) with this language's marks."""
        if self._marks == (".", ","):
            return text
        point, group = self._marks
        return "".join(point if c == "." else group if c == "," else c for c in text)

    def _filled(self, text: str, values: Mapping[str, Any]) -> str:
        if not values:
            return text
        if "}'s" in text and self.code == "en":
            text = _OWNER.sub(lambda m: f"{{{m[1]}}}{_ending(str(values[m[1]]))}", text)
        return text.format(**values)


def _ending(name: str) -> str:
    """``Acme's``, but ``Northwind Systems'``."""
    return "'" if name.endswith(("s", "S")) else "'s"


ENGLISH: Final = Tongue("en")
