"""How wide a text is, without a font: widths of letters as wide as any of the fonts that may draw them.

Pictures are seen with whatever sans serif the reader has. What fits with these widths fits with Inter, Source Sans,
Segoe, Helvetica and Roboto; most texts are a little narrower than measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_CLASSES: Final = {
    0.26: "ijl'.,:;|!",
    0.31: "I \u00a0()[]·",
    0.40: "frt/\\-",
    0.46: '1*"',
    0.55: "cksvxyzJ?_",
    0.61: "abdeghnopquFLE0234567895$+=<>~",
    0.68: "ABKPRSTXYZVC#&–",
    0.78: "DGHNOQU→…—",
    0.92: "mwMW%@",
}
_WIDTHS: Final = {letter: width for width, letters in _CLASSES.items() for letter in letters}
_UNKNOWN: Final = 0.66
_WIDE: Final = 1.05
"""A letter of a script that is drawn in squares."""
_HEAVY: Final = 1.05
"""How much wider semibold letters are."""


def width(text: str, size: float, *, heavy: bool = False) -> float:
    """The width of ``text`` in pixels at ``size``, at most."""
    ems = sum(_WIDTHS.get(c, _WIDE if ord(c) >= 0x1100 else _UNKNOWN) for c in text)
    return ems * size * (_HEAVY if heavy else 1)


def cut(text: str, size: float, room: float, *, heavy: bool = False) -> str:
    """``text``, or as much of it as fits ``room`` with an ellipsis; nothing where not even that fits."""
    if width(text, size, heavy=heavy) <= room:
        return text
    kept = text
    while kept and width(kept + "…", size, heavy=heavy) > room:
        kept = kept[:-1]
    # A word that is hardly begun says nothing.
    whole, _, begun = kept.rpartition(" ")
    kept = (whole if whole and len(begun) < 3 else kept).rstrip(" ,;:·")
    return f"{kept}…" if kept else ""


def wrap(text: str, size: float, room: float, *, most: int = 99, heavy: bool = False) -> list[str]:
    """``text`` in lines of ``room``, at most ``most`` of them; a word too long for a line is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, heavy=heavy) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = lines[: most - 1] + ([" ".join(lines[most - 1 :])] if len(lines) >= most else [])
    return [cut(line, size, room, heavy=heavy) for line in kept]


def widest(texts: Iterable[str], size: float, *, heavy: bool = False) -> float:
    return max((width(t, size, heavy=heavy) for t in texts), default=0.0)
