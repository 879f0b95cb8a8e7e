"""What customers talk about, found by words and priced by the ARR of who says it. Nothing leaves the machine.

A theme is a list of words. A word stands for itself, one with ``*`` at its end for all words that begin so; several
words are a phrase, whatever stands between them that is no letter. Capitals make no difference. What is said is not
understood: "not expensive" is about the price as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, TypeAlias

from saveline.core.arr import Course
from saveline.core.facts import Fact

Themes: TypeAlias = Mapping[str, tuple[str, ...]]
_WORDS: Final = re.compile(r"\w+")


class ThemeLine(Fact, frozen=True):
    """``mentions`` are texts, ``arr_cents`` what the distinct ``accounts`` pay that they are about."""

    theme: str
    accounts: int
    mentions: int
    arr_cents: int


class Heard(Fact, frozen=True):
    """Themes, the most expensive first; ``texts`` are all that were looked at, ``silent`` those in which none was."""

    themes: tuple[ThemeLine, ...]
    texts: int
    silent: int


def merged(shipped: Themes, own: Themes) -> Themes:
    """The workspace's own before the shipped ones of the same name; one without words is taken away."""
    return {name: words for name, words in {**shipped, **own}.items() if words}


class Spotter:
    """Finds themes in texts; it remembers every word it has met, since texts use the same few thousand."""

    def __init__(self, themes: Themes) -> None:
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._starts: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for theme, entries in themes.items():
            for entry in entries:
                self._add(tuple(_parts(entry)), theme)
        self._known: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}

    def _add(self, parts: tuple[str, ...], theme: str) -> None:
        if not parts:
            return
        if parts[0].endswith("*"):
            self._starts.setdefault(parts[0][:-1], []).append((parts, theme))
        else:
            self._phrases.setdefault(parts[0], []).append((parts, theme))

    def of(self, text: str) -> frozenset[str]:
        """The themes that the text mentions."""
        words, known = _WORDS.findall(text.casefold()), self._known
        found = set()
        for at, word in enumerate(words):
            entries = known.get(word)
            for parts, theme in self._meet(word) if entries is None else entries:
                if len(parts) == 1 or _follows(words[at + 1 : at + len(parts)], parts[1:]):
                    found.add(theme)
        return frozenset(found)

    def _meet(self, word: str) -> Sequence[tuple[tuple[str, ...], str]]:
        """What may begin with a word that was not met before."""
        starts = (self._starts.get(word[:n], ()) for n in range(1, len(word) + 1))
        found = self._known[word] = (*self._phrases.get(word, ()), *(entry for some in starts for entry in some))
        return found


def _parts(entry: str) -> Iterable[str]:
    """The words of an entry, with the ``*`` of those that have one."""
    return re.findall(r"\w+\*?", entry.casefold())


def _follows(words: Sequence[str], parts: Sequence[str]) -> bool:
    return len(words) == len(parts) and all(
        word.startswith(part[:-1]) if part.endswith("*") else word == part
        for word, part in zip(words, parts, strict=True)
    )


def heard(texts: Iterable[tuple[int, str]], themes: Themes, arr: Mapping[int, int]) -> Heard:
    """``texts`` are of accounts, ``arr`` what each of them pays, in cents a year; who is not in it pays nothing."""
    spotter = Spotter(themes)
    who: dict[str, set[int]] = {}
    mentions: dict[str, int] = {}
    n = silent = 0
    for account_id, text in texts:
        found = spotter.of(text)
        n, silent = n + 1, silent + (not found)
        for theme in found:
            who.setdefault(theme, set()).add(account_id)
            mentions[theme] = mentions.get(theme, 0) + 1
    lines = (ThemeLine(t, len(some), mentions[t], sum(arr.get(i, 0) for i in some)) for t, some in who.items())
    return Heard(tuple(sorted(lines, key=lambda x: (-x.arr_cents, -x.accounts, x.theme))), n, silent)


def worth(course: Course, day: date) -> int:
    """What an account pays on a day, or where it has left, paid last before it; in cents a year."""
    if now := course.on(day):
        return now
    paid = (c for d, c in zip(reversed(course.days), reversed(course.cents), strict=True) if d <= day and c)
    return next(paid, 0)
