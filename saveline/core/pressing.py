"""Messages with buttons: which notices have them, and when they have to be changed because the task has."""

from __future__ import annotations

import re
from typing import Final

from saveline.core.facts import Deal, Task

WITH_BUTTONS: Final = frozenset({"assigned", "reminder", "escalation", "decision_due"})
"""Kinds of notices that ask somebody to do something with a task."""
TO_HOLDERS: Final = ("assigned", "reminder", "decision_due")
"""Those that go to whoever has the task, or to whom it is offered."""
UPDATE: Final = "update"
"""The kind of notice that changes a message sent before; ``about`` says which."""

_POST = re.compile(r"[A-Z0-9]+/\d+\.\d+")


def is_live(kind: str, task_no: int, ref: str) -> bool:
    """Whether what was sent has buttons: a post by the bot (``C0815/1700000000.000100``) about a task to be done."""
    return task_no != 0 and kind in WITH_BUTTONS and is_post(ref)


def is_post(ref: str) -> bool:
    """Whether a channel's name for what was sent is a post that can be answered and changed."""
    return _POST.fullmatch(ref) is not None


def has_moved_on(kind: str, person_id: int, task: Task | None, deal: Deal) -> bool:
    """Whether the buttons of a message of ``kind`` to ``person_id`` (0 is a room) are out of date: the task is not open
    any more, or whoever it was sent to has it no more."""
    if task is None or task.state != "open" or deal.closed:
        return True
    return kind in TO_HOLDERS and (task.assignee_id or 0) != person_id
