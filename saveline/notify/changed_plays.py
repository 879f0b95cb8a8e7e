"""The one summary of a changed play: what of the reader's came, went or is otherwise, on which accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from saveline.core.phrases import shortened
from saveline.core.tongue import sentence
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_TITLE, View, act
from saveline.notify.recalled import with_reasons

_HEADS: Final[Mapping[str, str]] = {
    "came": sentence("New: {line}"),
    "went": sentence("No longer needed: {line}"),
    "moved": sentence("In another stage: {line}"),
    "due": sentence("Due at another time: {line}"),
    "title": sentence("Under another name: {line}"),
}
_NAMED: Final = 8
"""Accounts that a line names; of more it says how many there are."""


def play_changed(matter: Matter) -> View:
    """Moments are in the reader's zone, as in every other message."""
    about, say = matter.about, matter.say
    lines = [_line(matter, line) for line in about.get("lines", ())]
    more = int(about.get("more", 0))
    who, reason = matter.people.name(about.get("by")), str(about.get("reason") or "")
    opening = say("{name} took them over to its new version", name=who)
    if about.get("back"):
        opening = say("{name} took them back to the version they had before", name=who)
    return {
        "headline": say("“{play}” has changed under running deals", play=about.get("play", "")),
        "opening": f"{opening}: {reason}" if reason else f"{opening}.",
        "lines": lines + ([matter.counted("and {n} more line", "and {n} more lines", more)] if more else []),
        "acts": [act(say("To see your tasks"), "task list", "mine", say("See your tasks"))],
        "benefit": say("Nothing starts again from the beginning, and nothing that was said already is said again."),
    }


def _line(matter: Matter, line: Mapping[str, Any]) -> str:
    what, title, say = str(line["what"]), shortened(str(line.get("title", "")), LONGEST_TITLE), matter.say
    first, *others = map(str, line["accounts"])
    title = title if what in _HEADS else with_reasons(title, matter.tongue)
    words = title if first in title else f"{first}: {title}"
    if line.get("due_at") and what in ("came", "due"):
        when = matter.moment(datetime.fromisoformat(str(line["due_at"])))
        words = say("{task}, due {when}", task=words, when=when)
    words = say(_HEADS[what], line=words) if what in _HEADS else words
    if not others:
        return words
    rest = len(others) - _NAMED
    named = matter.listed([*others[:_NAMED], *([matter.counted("{n} more", "{n} more", rest)] if rest > 0 else [])])
    return say("{line}; the same for {accounts}", line=words, accounts=named)
