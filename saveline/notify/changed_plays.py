"""The one summary of a changed play: what of the reader's came, went or is otherwise, on which accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from saveline.core.phrases import count, listed, moment, shortened
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_TITLE, View, act

_HEADS: Final[Mapping[str, str]] = {
    "came": "New",
    "went": "No longer needed",
    "moved": "In another stage",
    "due": "Due at another time",
    "title": "Under another name",
}
_NAMED: Final = 8
"""Accounts that a line names; of more it says how many there are."""


def play_changed(matter: Matter) -> View:
    """Moments are in the reader's zone, as in every other message."""
    about = matter.about
    lines = [_line(matter, line) for line in about.get("lines", ())]
    more = int(about.get("more", 0))
    who = matter.people.name(about.get("by"))
    how = "back to the version they had before" if about.get("back") else "over to its new version"
    reason = f": {about['reason']}" if about.get("reason") else "."
    return {
        "headline": f"“{about.get('play', '')}” has changed under running deals",
        "opening": f"{who} took them {how}{reason}",
        "lines": lines + ([f"and {count(more, 'more line')}"] if more else []),
        "acts": [act("To see your tasks", "task list", "mine", "See your tasks")],
        "benefit": "Nothing starts again from the beginning, and nothing that was said already is said again.",
    }


def _line(matter: Matter, line: Mapping[str, Any]) -> str:
    what, title = str(line["what"]), shortened(str(line.get("title", "")), LONGEST_TITLE)
    first, *others = map(str, line["accounts"])
    head = f"{_HEADS[what]}: " if what in _HEADS else ""
    words = title if first in title else f"{first}: {title}"
    if line.get("due_at") and what in ("came", "due"):
        due = moment(matter.local(datetime.fromisoformat(str(line["due_at"]))), matter.here)
        words += f", due {due}"
    if not others:
        return head + words
    named = listed([*others[:_NAMED], *([f"{len(others) - _NAMED} more"] if len(others) > _NAMED else [])])
    return f"{head}{words}; the same for {named}"
