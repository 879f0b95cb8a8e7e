"""The buttons of a message: what its reader can do with the task at once, without leaving the channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saveline.core import checkin
from saveline.core.decide.approval import APPROVED, REFUSED
from saveline.core.facts import APPROVAL, DECISION, Deal, Task
from saveline.core.phrases import words_of
from saveline.core.play import TaskPlan
from saveline.core.pressing import WITH_BUTTONS
from saveline.core.tongue import ENGLISH, Tongue, sentence
from saveline.notify.matter import Matter
from saveline.notify.message import Button

WORDS: Final[Mapping[str, str]] = {
    "done": sentence("Done"),
    "seen": sentence("I have read it"),
    "snooze": sentence("Snooze"),
    "help": sentence("I need help"),
    "hand_over": sentence("Hand over"),
    "claim": sentence("I take it"),
    "decide": sentence("Decide"),
    "approve": sentence("Approve"),
    "refuse": sentence("Refuse"),
    "cannot": sentence("It cannot be done"),
    "wait": sentence("Waits for the customer"),
    "answered": sentence("The customer has answered"),
    "comment": sentence("Comment"),
    "open": sentence("Open in Saveline"),
    "more": sentence("More"),
    "no_pulse": sentence("Do not ask me again"),
}
"""What stands on buttons, in English."""

MOST_OUTCOMES: Final = 12
"""Buttons for outcomes; a task with more is finished on its page."""


def buttons(matter: Matter) -> tuple[Button, ...]:
    """What the reader of a notice can press; nothing where the notice asks for nothing, or the task is not open."""
    task, deal = matter.task, matter.deal
    if matter.notice.kind == checkin.KIND:
        return checkin_buttons(matter)
    if task is None or deal is None or task.state != "open" or matter.notice.kind not in WITH_BUTTONS:
        return ()
    if matter.notice.kind == "escalation" and task.assignee_id not in (None, matter.notice.person_id):
        return (_plain("hand_over", matter.tongue), _plain("comment", matter.tongue))
    return for_task(task, deal, matter.plan, matter.tongue)


def checkin_buttons(matter: Matter) -> tuple[Button, ...]:
    """The five answers to the monthly question, and that somebody does not want to be asked."""
    question = matter.workspace.pulse or checkin.Question()
    ends = {checkin.SCALE[0]: question.low, checkin.SCALE[-1]: question.high}
    words = {n: f"{n}: {matter.say(ends[n])}" if n in ends else str(n) for n in checkin.SCALE}
    answers = (Button(checkin.KIND, text, str(n)) for n, text in words.items())
    return (*answers, Button(checkin.ENOUGH, matter.say(WORDS[checkin.ENOUGH]), rare=True))


def for_task(task: Task, deal: Deal, plan: TaskPlan | None, tongue: Tongue = ENGLISH) -> tuple[Button, ...]:
    """What whoever has an open task can press; of one that is offered, that they take it."""

    def word(verb: str) -> str:
        return tongue.say(WORDS[verb])

    def plain(*verbs: str) -> tuple[Button, ...]:
        return tuple(_plain(verb, tongue) for verb in verbs)

    if task.plan == DECISION:
        return (Button("decide", word("decide"), style="primary"), *plain("snooze", "help"))
    if task.plan == APPROVAL:
        approve = Button("done", word("approve"), APPROVED, "primary")
        refuse = Button("done", word("refuse"), REFUSED, "danger")
        return (approve, refuse, *plain("seen", "help", "hand_over"))
    if task.assignee_id is None:
        return (Button("claim", word("claim"), style="primary"), *plain("comment"))
    here = plan.at(deal.severity) if plan else None
    waits = task.clock is not None and task.clock.waits_since is not None
    return (
        *_outcomes(here, tongue),
        *plain("seen", "snooze", "help", "hand_over"),
        *(Button(verb, word(verb), rare=True) for verb in ("answered" if waits else "wait", "cannot", "comment")),
    )


def _plain(verb: str, tongue: Tongue) -> Button:
    return Button(verb, tongue.say(WORDS[verb]))


def _outcomes(plan: TaskPlan | None, tongue: Tongue) -> tuple[Button, ...]:
    """One button for each way in which the task can end; the first is the usual one."""
    outcomes = plan.outcomes[:MOST_OUTCOMES] if plan else ()
    if len(outcomes) < 2:
        return (Button("done", tongue.say(WORDS["done"]), style="primary"),)
    first, *others = outcomes
    return (
        Button("done", words_of(first).capitalize(), first, "primary"),
        *(Button("done", words_of(o).capitalize(), o) for o in others),
    )
