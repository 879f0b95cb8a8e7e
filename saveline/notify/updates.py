"""What a message with buttons says once its task has moved on: what became of it, through whom, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from saveline.core.changes import TaskAssigned
from saveline.core.facts import Task
from saveline.core.phrases import shortened, words_of
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, task_view, to_look

DONE: Final = ("done", "approved")
"""Outcomes that are said as a plain Done."""


def updated(matter: Matter) -> View:
    """The message that takes the place of the one with buttons."""
    task = matter.task
    title = task_view(matter, task)["title"] if task is not None else ""
    mark, became = _became(matter, task)
    return {
        "headline": title or matter.say("This is no longer there"),
        "opening": "",
        "benefit": "",
        "mark": mark,
        "became": became,
        "said": shortened(task.note, LONGEST_NOTE) if task is not None and task.note else "",
        "acts": [to_look(matter, matter.notice.deal_id)],
    }


def _became(matter: Matter, task: Task | None) -> tuple[str, str]:
    """A mark, and a sentence: “Done by Bob Okafor, Fri 20 Nov 10:02.”"""
    say = matter.say
    if task is None:
        return "–", say("It is no longer part of the deal.")
    if task.state == "open":
        return _elsewhere(matter, task)
    by = matter.people.name(task.closed_by)
    match task.state:
        case "done" if (task.outcome or "done") in DONE:
            return "✓", _at(matter, task.closed_at, say("Done by {name}", name=by))
        case "done":
            ended = words_of(task.outcome or "done")
            said = say("Closed as “{outcome}” by {name}", outcome=ended, name=by)
            return "✓", _at(matter, task.closed_at, said)
        case "cannot":
            return "✗", _at(matter, task.closed_at, say("It cannot be done, says {name}", name=by))
        case "skipped" | "withdrawn":
            return "–", _at(matter, task.closed_at, say("No longer needed"))
        case _:
            return "–", say("It waits for something else now.")


def _elsewhere(matter: Matter, task: Task) -> tuple[str, str]:
    """It is open, and with somebody else than whoever got the message."""
    given = next(
        (e for e in reversed(matter.steps) if e.task_no == task.no and isinstance(e.change, TaskAssigned)), None
    )
    at, say = given.at if given else None, matter.say
    if task.assignee_id is None:
        offered = say("It is offered to {department} now", department=matter.department(task.department))
        return "→", _at(matter, at, offered)
    name = matter.people.name(task.assignee_id)
    if given is None or given.by is None:
        return "→", _at(matter, at, say("{name} has it now", name=name))
    if given.by == task.assignee_id:
        return "→", _at(matter, at, say("{name} took it", name=name))
    return "→", _at(matter, at, say("{giver} gave it to {name}", giver=matter.people.name(given.by), name=name))


def _at(matter: Matter, at: datetime | None, said: str) -> str:
    return matter.say("{said}, {when}.", said=said, when=matter.moment(at)) if at else f"{said}."
