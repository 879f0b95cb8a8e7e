"""A message for any of Apprise's services: in the form that the service renders, within the length that it takes.

Our text is plain, and most services do not show it so: Telegram reads HTML, Teams and Discord read Markdown, and in a
chat ``@everyone`` calls everybody. So what could be more than text is escaped in each form, and only our own addresses
become links. A text that is too long ends with a link to the rest: Apprise would cut it in two, or not at all.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from saveline.core.phrases import shortened
from saveline.notify.languages import tongue
from saveline.notify.message import CUT, REPEAT, Outgoing

MARKDOWN: Final = frozenset(
    {"discord", "flock", "gchat", "guilded", "matrix", "matrixs", "mmost", "mmosts", "msteams", "revolt", "rocket"}
    | {"rockets", "ryver", "slack", "webex", "workflow", "workflows", "wxteams", "zulip"}
)
"""Services that read Markdown, or something like it, whatever Apprise calls their form."""
LONGEST_TITLE: Final = 150

_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>|~#])")
_CALLS: Final = re.compile(r"@(?=\w)|:(?=//)")
_ADDRESS: Final = re.compile(r"^<(https?://[^\s<>]+)>$")
_UNSEEN: Final = "\u200b"
"""Stands after an @ in a chat, so that it calls nobody, and in addresses that are not ours, so that they are text."""


class Dressed(NamedTuple):
    """``form`` is text, markdown or html, as Apprise calls them."""

    title: str
    body: str
    form: str


def dressed(plugin: Any, message: Outgoing) -> Dressed:
    """The message as the opened Apprise ``plugin`` has to be given it."""
    words = tongue(message.language)
    text = message.text.strip()
    if message.again:
        text = f"{words.say(REPEAT)}\n\n{text}"
    form = _form(plugin)
    title = shortened(message.subject, min(plugin.title_maxlen or LONGEST_TITLE, LONGEST_TITLE))
    above = title if plugin.title_maxlen <= 0 or plugin.overflow_amalgamate_title else ""
    escape, link = _ESCAPES[form], _LINKS[form]
    room = plugin.body_maxlen - len(escape(above)) - _AROUND_TITLE
    page = next((a.url.partition("?")[0] for a in message.acts), "")
    more = link(words.say(CUT), page) if page else escape(words.say(CUT))
    lines = _lines(text, escape, link)
    return Dressed(escape(title), _within(lines, room, more, "<br/>" if form == "html" else "\n"), form)


_AROUND_TITLE: Final = 20
"""What Apprise puts around a title that becomes part of the text."""


def _form(plugin: Any) -> str:
    """What the service makes of a text."""
    if plugin.schema in MARKDOWN:
        return "markdown"
    form = str(getattr(plugin.notify_format, "value", plugin.notify_format))
    return form if form in _ESCAPES else "text"


def _lines(text: str, escape: Callable[[str], str], link: Callable[[str, str], str]) -> list[str]:
    """The lines, escaped. An address of ours, on a line of its own, is the link of what stands above it."""
    made: list[str] = []
    label = ""
    for line in text.splitlines():
        address = _ADDRESS.match(line.strip())
        if address is None:
            made.append(escape(line))
            label = line.strip().removesuffix(":")
        elif label and made:
            made[-1] = link(label, address[1])
            label = ""
        else:
            made.append(link(address[1], address[1]))
    return made


def _within(lines: list[str], room: int, more: str, end: str) -> str:
    """As many whole lines as fit; where not all do, ``more`` at the end."""
    if sum(len(line) + len(end) for line in lines) <= room:
        return end.join(lines)
    taken: list[str] = []
    room -= len(more) + 2 * len(end)
    for line in lines:
        room -= len(line) + len(end)
        if room < 0:
            break
        taken.append(line)
    while taken and not taken[-1].strip():
        taken.pop()
    return end.join([*taken, "", more]) if taken else more


def _for_markdown(text: str) -> str:
    return _CALLS.sub(rf"\g<0>{_UNSEEN}", _MARKS.sub(r"\\\1", text))


_ESCAPES: Final[dict[str, Callable[[str], str]]] = {
    "text": lambda text: text,
    "markdown": _for_markdown,
    "html": lambda text: html.escape(text, quote=False),
}
_LINKS: Final[dict[str, Callable[[str, str], str]]] = {
    "text": lambda label, url: f"{label}:\n<{url}>",
    "markdown": lambda label, url: f"[{_for_markdown(label)}]({url})",
    "html": lambda label, url: f'<a href="{html.escape(url)}">{html.escape(label, quote=False)}</a>',
}
