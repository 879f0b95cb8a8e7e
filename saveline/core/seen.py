"""Which keys of a long file have been seen already, in a few bytes a key."""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from typing import Final

_SMALLEST: Final = 1 << 10


class FirstLines:
    """The line on which each key stood first; a file of millions of lines must not fill the memory.

    A table of hashes and lines, 12 bytes a place and at most two thirds full, where a dict would take ten times that.
    Two keys are told apart by 64 bits: among five million, that some two that differ are taken for one has a chance
    below one in a million.
    """

    def __init__(self) -> None:
        self._count = 0
        self._hashes, self._lines = _places(_SMALLEST)

    def __len__(self) -> int:
        return self._count

    def first(self, key: Hashable, line: int) -> int | None:
        """The earlier line of ``key``; None, and remembered as on ``line``, when it is new."""
        code = hash(key)
        at = self._place(code)
        if self._lines[at]:
            return self._lines[at]
        self._hashes[at], self._lines[at] = code, line
        self._count += 1
        if self._count * 3 > len(self._lines) * 2:
            self._grow()
        return None

    def _place(self, code: int) -> int:
        """Where ``code`` is, or would be: lines count from 1, so a place with line 0 is free."""
        mask = len(self._lines) - 1
        at = code & mask
        while self._lines[at] and self._hashes[at] != code:
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        hashes, lines = self._hashes, self._lines
        self._hashes, self._lines = _places(len(lines) * 2)
        for code, line in zip(hashes, lines, strict=True):
            if line:
                at = self._place(code)
                self._hashes[at], self._lines[at] = code, line


def _places(count: int) -> tuple[array[int], array[int]]:
    return array("q", bytes(8 * count)), array("I", bytes(4 * count))
