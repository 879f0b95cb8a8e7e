"""What a message with buttons says once its task has moved on: what became of it, through whom, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from saveline.core.changes import TaskAssigned
from saveline.core.facts import Task
from saveline.core.phrases import moment, shortened, words_of
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, act, task_view

DONE: Final = ("done", "approved")
"""Outcomes that are said as a plain Done."""


def updated(matter: Matter) -> View:
    """The message that takes the place of the one with buttons."""
    task = matter.task
    title = task_view(matter, task)["title"] if task is not None else ""
    mark, became = _became(matter, task)
    return {
        "headline": title or "This is no longer there",
        "opening": "",
        "mark": mark,
        "became": became,
        "said": shortened(task.note, LONGEST_NOTE) if task is not None and task.note else "",
        "acts": [act("To see all of it", f"deal show {matter.notice.deal_id}", "look", "See the deal")],
    }


def _became(matter: Matter, task: Task | None) -> tuple[str, str]:
    """A mark, and a sentence: “Done by Bob Okafor, Fri 20 Nov 10:02.”"""
    if task is None:
        return "–", "It is no longer part of the deal."
    if task.state == "open":
        return _elsewhere(matter, task)
    when, by = _when(matter, task.closed_at), matter.people.name(task.closed_by)
    match task.state:
        case "done":
            ended = words_of(task.outcome or "done")
            return "✓", f"{'Done' if ended in DONE else f'Closed as “{ended}”'} by {by}{when}."
        case "cannot":
            return "✗", f"It cannot be done, says {by}{when}."
        case "skipped" | "withdrawn":
            return "–", f"No longer needed{when}."
        case _:
            return "–", "It waits for something else now."


def _elsewhere(matter: Matter, task: Task) -> tuple[str, str]:
    """It is open, and with somebody else than whoever got the message."""
    given = next(
        (e for e in reversed(matter.steps) if e.task_no == task.no and isinstance(e.change, TaskAssigned)), None
    )
    when = _when(matter, given.at if given else None)
    if task.assignee_id is None:
        return "→", f"It is offered to {matter.department(task.department)} now{when}."
    name = matter.people.name(task.assignee_id)
    if given is None or given.by is None:
        return "→", f"{name} has it now{when}."
    if given.by == task.assignee_id:
        return "→", f"{name} took it{when}."
    return "→", f"{matter.people.name(given.by)} gave it to {name}{when}."


def _when(matter: Matter, at: datetime | None) -> str:
    return f", {moment(matter.local(at), matter.here)}" if at else ""
