"""A message as Block Kit: a header, a section for each paragraph, buttons, small print, all within Slack's limits."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from saveline.notify.buttons import WORDS
from saveline.notify.languages import tongue
from saveline.notify.message import CUT, Act, Button, Outgoing
from saveline.notify.render import escaped_for_slack

Block: TypeAlias = dict[str, Any]

MOST_BLOCKS: Final = 50
LONGEST_SECTION: Final = 3_000
LONGEST_HEADER: Final = 150
LONGEST_BUTTON: Final = 75
LONGEST_MESSAGE: Final = 12_000
MOST_ELEMENTS: Final = 25
"""Buttons in one row of them."""
MOST_RARE: Final = 5
"""Lines of the menu behind the buttons."""
LONGEST_URL: Final = 3_000

_PARAGRAPHS = re.compile(r"\n[ \t]*\n+")
_HALF_ENTITY = re.compile(r"&[a-z]{0,4}$")
_HEADLINE = re.compile(r"\*([^\n]+)\*(?:\n|\Z)")
_STAYS: Final = ("look", "mine", "close")
"""Verbs that lead to a page even where the others are buttons."""


def as_blocks(message: Outgoing, *, pressed: bool, about: str = "") -> list[Block]:
    """The blocks of ``message``, whose text is Slack's own markup, escaped already: its first line in bold is the
    headline, its last paragraph the small print.

    ``pressed`` says whether presses of buttons arrive here: else each way to act is a signed link. ``about`` is what a
    pressed button names, by default the notice.
    """
    headline, body, small = _parts(message.slack)
    foot: list[Block] = [context(small)] if small else []
    acts = [a for a in message.acts if len(a.url) <= LONGEST_URL]
    if pressed:
        rows = _rows(message, acts, about or str(message.notice_id))
    else:
        rows = [section(" · ".join(f"<{a.url}|{escaped_for_slack(a.label)}>" for a in acts))] if acts else []
    head = [header(headline)] if headline else []
    if len(headline) > LONGEST_HEADER:
        body = [f"*{escaped_for_slack(headline)}*", *body]
    kept = [*head, *rows, *foot]
    room = LONGEST_MESSAGE - sum(map(length, kept))
    page, more = _page(acts), tongue(message.language).say(CUT)
    sections = _within(body, room, MOST_BLOCKS - len(kept), f"<{page}|{more}>" if page else more)
    return [*head, *sections, *rows, *foot]


def _parts(text: str) -> tuple[str, list[str], str]:
    """The headline as plain text, the paragraphs, the small print; what is not there is empty."""
    text = text.strip()
    found = _HEADLINE.match(text)
    headline = html.unescape(found[1]) if found else ""
    rest = text[found.end() :] if found else text
    paragraphs = [p.strip() for p in _PARAGRAPHS.split(rest) if p.strip()]
    if found is None and len(paragraphs) < 2:
        return headline, paragraphs, ""
    return headline, paragraphs[:-1], cut(paragraphs[-1], LONGEST_SECTION) if paragraphs else ""


def _page(acts: Sequence[Act]) -> str:
    """The address of the page that shows all of it."""
    found = next((a.url for a in acts if a.verb in _STAYS), acts[0].url if acts else "")
    return found.partition("?")[0]


def _rows(message: Outgoing, acts: Sequence[Act], about: str) -> list[Block]:
    """The buttons, and beside them links to pages. Without buttons every way to act is such a link."""
    buttons = message.buttons
    links = [a for a in acts if a.verb in _STAYS] if buttons else list(acts)
    if buttons and not links and acts:
        links = [Act("look", tongue(message.language).say(WORDS["open"]), _page(acts))]
    elements = button_elements(buttons, about)
    elements += [link(a.label, a.url, i) for i, a in enumerate(links)]
    return [actions(elements[:MOST_ELEMENTS])] if elements else []


# --- the parts --------------------------------------------------------------------------------------------------------


def button_elements(buttons: Iterable[Button], about: str) -> list[Block]:
    """Buttons, and those that are rare in a menu behind them. ``about`` and the outcome are what a press brings back:
    no right lies in them."""
    buttons = list(buttons)
    plain = [_button(b, about, i) for i, b in enumerate(buttons) if not b.rare]
    rare = [_option(b.text, f"{b.verb} {about}") for b in buttons if b.rare][:MOST_RARE]
    return [*plain, {"type": "overflow", "action_id": "more", "options": rare}] if rare else plain


def _button(button: Button, about: str, place: int) -> Block:
    made: Block = {
        "type": "button",
        "action_id": f"{button.verb}:{place}",
        "text": plain_text(button.text, LONGEST_BUTTON),
        "value": f"{about} {button.outcome}".strip(),
    }
    return {**made, "style": button.style} if button.style else made


def link(text: str, url: str, place: int = 0) -> Block:
    """A button that opens a page. Slack tells us of its press all the same."""
    return {"type": "button", "action_id": f"open:{place}", "text": plain_text(text, LONGEST_BUTTON), "url": url}


def _option(text: str, value: str) -> Block:
    return {"text": plain_text(text, LONGEST_BUTTON), "value": value}


def actions(elements: list[Block]) -> Block:
    return {"type": "actions", "elements": elements}


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text, LONGEST_HEADER)}


def section(text: str) -> Block:
    """``text`` is markup, escaped already."""
    return {"type": "section", "text": _markup(cut(text, LONGEST_SECTION))}


def context(text: str) -> Block:
    """Small print; ``text`` is markup, escaped already."""
    return {"type": "context", "elements": [_markup(text)]}


def plain_text(text: str, most: int) -> Block:
    """Text in which nothing is markup; never empty, which Slack refuses."""
    shown = " ".join(text.split()) or "–"
    return {"type": "plain_text", "text": shown if len(shown) <= most else shown[: most - 1] + "…", "emoji": True}


def _markup(text: str) -> Block:
    # verbatim: what looks like an address or a channel in somebody's data stays text.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


# --- the limits -------------------------------------------------------------------------------------------------------


def _within(paragraphs: list[str], room: int, most: int, more: str) -> list[Block]:
    """As many paragraphs as fit, then ``more``, which says where the rest is."""
    taken: list[Block] = []
    room -= len(more)
    for i, paragraph in enumerate(paragraphs):
        shown = cut(paragraph, LONGEST_SECTION)
        last = i == len(paragraphs) - 1
        if len(shown) > room or len(taken) >= most - (0 if last else 1):
            return [*taken, section(more)]
        taken.append(section(shown))
        room -= len(shown)
        if shown != paragraph:
            return [*taken, section(more)] if len(taken) < most else taken
    return taken


def cut(text: str, most: int) -> str:
    """At most ``most`` characters, never in the middle of ``&amp;``."""
    return text if len(text) <= most else _HALF_ENTITY.sub("", text[: most - 1]) + "…"


def length(block: Any) -> int:
    """How many characters of text a block shows."""
    shown = 0
    for name, value in block.items() if isinstance(block, dict) else enumerate(block):
        if isinstance(value, (dict, list)):
            shown += length(value)
        elif name == "text" and isinstance(value, str):
            shown += len(value)
    return shown
