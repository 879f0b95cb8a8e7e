"""The catalogues of other languages, ``saveline/languages/CODE.po`` as gettext keeps them, each read once a process.

English needs none: it is what stands in the code.
"""

from __future__ import annotations

from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any, Final

from saveline.core.tongue import ENGLISH, SHIPPED, Tongue

FOLDER: Final = Path(__file__).parents[1] / "languages"


@cache
def tongue(code: str) -> Tongue:
    """The language of that code. One that is no longer known is English: a message must not wait for a catalogue."""
    if code == ENGLISH.code or code not in SHIPPED:
        return ENGLISH
    # Here, because most installations speak one language, and babel's tables take a while to load.
    from babel import Locale
    from babel.messages.pofile import read_po

    with (FOLDER / f"{code}.po").open("rb") as file:
        catalogue: Any = read_po(file, locale=code)
    sentences: dict[str, str | list[str]] = {}
    for message in catalogue:
        if message.id and not message.fuzzy:
            forms = isinstance(message.id, (tuple, list))
            sentences[message.id[0] if forms else message.id] = list(message.string) if forms else message.string
    locale = Locale(code)
    days, months, marks = locale.days["stand-alone"], locale.months["stand-alone"], locale.number_symbols["latn"]
    return Tongue(
        code,
        sentences,
        plural=c2py(catalogue.plural_expr),
        days=([days["wide"][i] for i in range(7)], [days["abbreviated"][i] for i in range(7)]),
        months=([months["wide"][i] for i in range(1, 13)], [months["abbreviated"][i] for i in range(1, 13)]),
        marks=(marks["decimal"], marks["group"]),
    )
