"""The buttons of a message: what its reader can do with the task at once, without leaving the channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saveline.core.decide.approval import APPROVED, REFUSED
from saveline.core.facts import APPROVAL, DECISION, Deal, Task
from saveline.core.phrases import words_of
from saveline.core.play import TaskPlan
from saveline.core.pressing import WITH_BUTTONS
from saveline.notify.matter import Matter
from saveline.notify.message import Button

WORDS: Final[Mapping[str, str]] = {
    "done": "Done",
    "seen": "I have read it",
    "snooze": "Snooze",
    "help": "I need help",
    "hand_over": "Hand over",
    "claim": "I take it",
    "decide": "Decide",
    "approve": "Approve",
    "refuse": "Refuse",
    "cannot": "It cannot be done",
    "wait": "Waits for the customer",
    "answered": "The customer has answered",
    "comment": "Comment",
    "open": "Open in Saveline",
    "more": "More",
}
"""What stands on buttons. Everything that buttons say stands here, so that it can be said in another language."""

MOST_OUTCOMES: Final = 12
"""Buttons for outcomes; a task with more is finished on its page."""


def buttons(matter: Matter) -> tuple[Button, ...]:
    """What the reader of a notice can press; nothing where the notice asks for nothing, or the task is not open."""
    task, deal = matter.task, matter.deal
    if task is None or deal is None or task.state != "open" or matter.notice.kind not in WITH_BUTTONS:
        return ()
    if matter.notice.kind == "escalation" and task.assignee_id not in (None, matter.notice.person_id):
        return (_plain("hand_over"), _plain("comment"))
    return for_task(task, deal, matter.plan)


def for_task(task: Task, deal: Deal, plan: TaskPlan | None) -> tuple[Button, ...]:
    """What whoever has an open task can press; of one that is offered, that they take it."""
    if task.plan == DECISION:
        return (Button("decide", WORDS["decide"], style="primary"), _plain("snooze"), _plain("help"))
    if task.plan == APPROVAL:
        approve = Button("done", WORDS["approve"], APPROVED, "primary")
        refuse = Button("done", WORDS["refuse"], REFUSED, "danger")
        return (approve, refuse, _plain("seen"), _plain("help"), _plain("hand_over"))
    if task.assignee_id is None:
        return (Button("claim", WORDS["claim"], style="primary"), _plain("comment"))
    here = plan.at(deal.severity) if plan else None
    waits = task.clock is not None and task.clock.waits_since is not None
    return (
        *_outcomes(here),
        *(_plain(verb) for verb in ("seen", "snooze", "help", "hand_over")),
        *(Button(verb, WORDS[verb], rare=True) for verb in ("answered" if waits else "wait", "cannot", "comment")),
    )


def _plain(verb: str) -> Button:
    return Button(verb, WORDS[verb])


def _outcomes(plan: TaskPlan | None) -> tuple[Button, ...]:
    """One button for each way in which the task can end; the first is the usual one."""
    outcomes = plan.outcomes[:MOST_OUTCOMES] if plan else ()
    if len(outcomes) < 2:
        return (Button("done", WORDS["done"], style="primary"),)
    first, *others = outcomes
    return (
        Button("done", words_of(first).capitalize(), first, "primary"),
        *(Button("done", words_of(o).capitalize(), o) for o in others),
    )
