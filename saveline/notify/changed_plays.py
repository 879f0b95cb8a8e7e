"""The one summary of a changed play: what of the reader's came, went or is otherwise, on which accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from saveline.core.phrases import count, moment, shortened
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_TITLE, View, act

_HEADS: Final[Mapping[str, str]] = {
    "came": "New",
    "went": "No longer needed",
    "moved": "In another stage",
    "due": "Due at another time",
    "title": "Under another name",
    "deal": "The deal itself",
}
"""In the order in which the lines stand: what there is to do first."""


def play_changed(matter: Matter) -> View:
    """Lines that come are written in the reader's zone, moments as in every other message."""
    about = matter.about
    given = [line for line in about.get("lines", ()) if line.get("what") in _HEADS]
    order = list(_HEADS)
    lines = [_line(matter, line) for line in sorted(given, key=lambda line: order.index(line["what"]))]
    more = int(about.get("more", 0))
    who = matter.people.name(about.get("by"))
    how = "back to the version they had before" if about.get("back") else "over to its new version"
    reason = f": {about['reason']}" if about.get("reason") else "."
    return {
        "headline": f"“{about.get('play', '')}” has changed under running deals",
        "opening": f"{who} took them {how}{reason}",
        "lines": lines + ([f"and {count(more, 'more line')}"] if more else []),
        "acts": [act("To see your tasks", "task list")],
        "benefit": "Nothing starts again from the beginning, and nothing that was said already is said again.",
    }


def _line(matter: Matter, line: Mapping[str, Any]) -> str:
    head, title = _HEADS[line["what"]], shortened(str(line.get("title", "")), LONGEST_TITLE)
    account = str(line.get("account", ""))
    words = title if account in title else f"{title} ({account})"
    due = ""
    if line.get("due_at") and line["what"] in ("came", "due"):
        due = f", due {moment(matter.local(datetime.fromisoformat(str(line['due_at']))), matter.here)}"
    return f"{head}: {words}{due}"
