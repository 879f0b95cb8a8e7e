"""A Slack text as Block Kit: a section for each paragraph and small print at the end, within Slack's limits."""

from __future__ import annotations

import re
from typing import Any, Final

MOST_BLOCKS: Final = 50
LONGEST_SECTION: Final = 3_000
LONGEST_MESSAGE: Final = 12_000
CUT: Final = "… more in Saveline"

_PARAGRAPHS = re.compile(r"\n[ \t]*\n+")
_HALF_ENTITY = re.compile(r"&[a-z]{0,4}$")


def as_blocks(text: str) -> list[dict[str, Any]]:
    """``text`` is Slack's own markup, escaped already; its last paragraph is the small print."""
    paragraphs = [p.strip() for p in _PARAGRAPHS.split(text.strip()) if p.strip()]
    if not paragraphs:
        return []
    *body, small = paragraphs if len(paragraphs) > 1 else [*paragraphs, ""]
    blocks = [_section(p) for p in _within(body, LONGEST_MESSAGE - len(small[:LONGEST_SECTION]))]
    if small:
        blocks.append({"type": "context", "elements": [_markup(cut(small, LONGEST_SECTION))]})
    return blocks


def _within(paragraphs: list[str], most: int) -> list[str]:
    """As many paragraphs as fit, then a line that says that there is more."""
    taken: list[str] = []
    room = most - len(CUT)
    for paragraph in paragraphs:
        shown = cut(paragraph, LONGEST_SECTION)
        if len(shown) > room or len(taken) >= MOST_BLOCKS - 2:
            return [*taken, CUT]
        taken.append(shown)
        room -= len(shown)
    return taken


def cut(text: str, most: int) -> str:
    """At most ``most`` characters, never in the middle of ``&amp;``."""
    return text if len(text) <= most else _HALF_ENTITY.sub("", text[: most - 1]) + "…"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _markup(text)}


def _markup(text: str) -> dict[str, Any]:
    # verbatim: what looks like an address or a channel in somebody's data stays text.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
