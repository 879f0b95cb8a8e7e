"""Several notices in one message: what waited for its reader, or came at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from saveline.core.attention import AWAY, CAP, QUIET
from saveline.core.phrases import shortened
from saveline.notify import reasons
from saveline.notify.matter import Matter
from saveline.notify.parts import View, act

MOST_LINES: Final = 25
LEAST_NEWS: Final = 5
MOST_NAMES: Final = 3
LONGEST_SAID: Final = 400


def bundle(matter: Matter, view: Callable[[Matter], View]) -> View:
    """Each notice as a line with its own ways to act; ``view`` gives what a notice would say alone."""
    say = matter.say
    members = [replace(m, language=matter.language) for m in matter.members]
    seen = [(m, view(m)) for m in members]
    tasks = sorted((s for s in seen if s[1]["task"]), key=_pressing)
    others = [s for s in seen if not s[1]["task"]]
    room = MOST_LINES - min(len(tasks), MOST_LINES - LEAST_NEWS)
    parts = [_part(say("Your tasks"), tasks, MOST_LINES), _part(say("News"), others, room)]
    return {
        "headline": _headline(matter, tasks, len(others)),
        "opening": _opening(matter),
        "accounts": _named(matter, [v["account"] for _, v in (*tasks, *others)]),
        "benefit": "",
        "parts": [p for p in parts if p["lines"]],
        "acts": [act(say("To see it as it is now"), "task list", "mine", say("See it as it is now"))],
    }


def _headline(matter: Matter, tasks: Sequence[tuple[Matter, View]], others: int) -> str:
    late = sum(1 for _, v in tasks if v["task"]["late"])
    found = [matter.counted("{n} task", "{n} tasks", len(tasks))] if tasks else []
    found += [matter.counted("{n} late", "{n} late", late)] if late else []
    if others and tasks:
        found.append(matter.counted("{n} more message", "{n} more messages", others))
    elif others:
        found.append(matter.counted("{n} message", "{n} messages", others))
    what = ", ".join(found)
    return matter.say("While you were away: {what}", what=what) if _waited(matter) == AWAY else what


def _named(matter: Matter, accounts: Sequence[str]) -> str:
    """The first three of them, and how many more."""
    names = list(dict.fromkeys(a for a in accounts if a))
    more = len(names) - MOST_NAMES
    rest = [matter.counted("{n} more", "{n} more", more)] if more > 0 else []
    return matter.listed([*names[:MOST_NAMES], *rest])


def _waited(matter: Matter) -> str:
    return str(matter.about.get("waited", ""))


def _opening(matter: Matter) -> str:
    waited = _waited(matter)
    if waited == AWAY:
        return matter.say("This came while you were away. What is no longer true is left out.")
    if waited == QUIET:
        return matter.say("This came in your quiet hours and waited until they were over.")
    if waited == CAP:
        day = matter.day(matter.local(matter.notice.at).date())
        return matter.say("On {day} you had as many messages as one day brings. This is the rest, in one.", day=day)
    return matter.say("They came at the same moment, so they come in one message.")


def _pressing(seen: tuple[Matter, View]) -> tuple[bool, object, int]:
    """What is due first comes first; what has no due moment any more comes last."""
    task, id_ = seen[0].task, seen[0].notice.id
    return (False, task.clock.due_at, id_) if task and task.clock else (True, seen[0].notice.at, id_)


def _part(title: str, seen: Sequence[tuple[Matter, View]], most: int) -> View:
    return {"title": title, "lines": [_line(m, v) for m, v in seen[:most]], "more": max(0, len(seen) - most)}


def _line(matter: Matter, seen: View) -> View:
    task = seen["task"]
    named = seen["account"] and seen["account"] not in seen["headline"]
    # What it says beyond its headline and its due moment, which stand beside it.
    opening = "" if matter.notice.kind == "reminder" else str(seen["opening"])
    return {
        "title": shortened(str(seen["headline"]), 200),
        "account": seen["account"] if named else "",
        "ref": task["ref"] if task else "",
        "due": task["due"] if task else "",
        "late": bool(task and task["late"]),
        "said": shortened(opening, LONGEST_SAID),
        "note": shortened(str(seen["note"]), LONGEST_SAID),
        "why": reasons.why(matter),
        "url": next((a["url"].partition("?")[0] for a in seen["acts"] if a["url"]), ""),
        "acts": [a for a in seen["acts"] if a["url"]],
    }
