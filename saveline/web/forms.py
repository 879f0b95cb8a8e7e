"""What a reader can do on a page, as forms. What came of one that was sent is in :mod:`saveline.web.sent`.

A form keeps what was typed into it. What is wrong stands beside the question it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

from msgspec.structs import replace

from saveline.core import answers
from saveline.core.decide.authorize import may
from saveline.core.decide.draft import Draft
from saveline.core.errors import one_of
from saveline.core.facts import APPROVAL, DECISION, Fact, Person, Task
from saveline.core.intents import (
    Answered,
    Cannot,
    Claim,
    Done,
    HandOver,
    Help,
    Intent,
    Seen,
    Snooze,
    Wait,
)
from saveline.core.phrases import words_of
from saveline.core.play import Field, TaskPlan
from saveline.web.visit import Scene

_FEW: Final = 5
"""So many choices stand below each other; more are a list that opens."""
_LINE: Final = 300
"""A text of at most so many characters is one line."""
Errors: TypeAlias = Mapping[str, str]
"""What is wrong, by the key of the question; "" for what concerns the whole form."""


class Choice(Fact, frozen=True):
    value: str
    label: str


class Question(Fact, frozen=True):
    """One input. ``only`` are the outcomes for which it is asked, where it is not for all; ``groups`` are lists of
    choices, each under a heading."""

    key: str
    label: str
    kind: str
    choices: tuple[Choice, ...] = ()
    groups: tuple[tuple[str, tuple[Choice, ...]], ...] = ()
    hint: str = ""
    unit: str = ""
    only: tuple[str, ...] = ()
    optional: bool = False
    least: str = ""
    value: str = ""
    error: str = ""


class Form(Fact, frozen=True):
    """One thing to do. ``outcomes`` are the ways in which it can end, where there are several; ``once`` tells this form
    from the same one sent before."""

    verb: str
    title: str
    button: str
    once: str
    questions: tuple[Question, ...] = ()
    outcomes: tuple[Choice, ...] = ()
    outcome: str = ""
    hint: str = ""
    error: str = ""
    outcome_error: str = ""
    open: bool = False

    def labels(self, outcomes: Sequence[str]) -> str:
        """What some of the outcomes are called."""
        return one_of(c.label for c in self.outcomes if c.value in outcomes)

    def opened(self, outcome: str) -> Form:
        """The form that somebody came for, with the outcome that they chose already."""
        known = outcome in [c.value for c in self.outcomes]
        return replace(self, open=True, outcome=outcome if known else self.outcome)

    def with_typed(self, typed: Mapping[str, str], errors: Errors) -> Form:
        """The form with what was typed, and what is wrong with it beside each question."""
        asked = tuple(replace(q, value=typed.get(q.key, q.value), error=errors.get(q.key, "")) for q in self.questions)
        return replace(
            self,
            questions=asked,
            outcome=typed.get("outcome", self.outcome),
            error=errors.get("", ""),
            outcome_error=errors.get("outcome", ""),
            open=True,
        )


# --- what is offered --------------------------------------------------------------------------------------------------


def offered(scene: Scene, once: str) -> list[Form]:
    """All that the reader may do with the task as it stands, the likeliest first. ``once`` is new with each page."""
    task, reader = scene.task, scene.visit.reader
    if task is None or reader is None:
        return []
    draft, version = Draft(scene.case), str(scene.deal.seq)
    forms = list(_of_open(scene, draft, task, reader, version)) if task.state == "open" else []
    return [*forms, comment_form(once)]


def comment_form(once: str) -> Form:
    body = Question("body", "Comment", "text", hint="Everybody on this account can read it.")
    return Form("comment", "Write a comment", "Comment", once, (body,))


def _of_open(scene: Scene, draft: Draft, task: Task, reader: Person, version: str) -> Iterator[Form]:
    for kind, make in _FORMS.items():
        if may(draft, task, reader, kind, scene.visit.now):
            form = make(scene, draft, task, version)
            if form is not None:
                yield form


def _done(scene: Scene, draft: Draft, task: Task, version: str) -> Form | None:
    if task.offered:
        return None
    plan = draft.plan(task)
    if plan is None:
        return _decision(scene, version)
    several = len(plan.outcomes) > 1
    asked = tuple(_question(scene, plan, f) for f in plan.form)
    outcomes = tuple(Choice(o, words_of(o).capitalize()) for o in plan.outcomes) if several else ()
    title = "Approve it or not" if task.plan == APPROVAL else "How did it end?" if several else "Finish it"
    return Form("done", title, "Save" if several else "Done", version, asked, outcomes)


def _decision(scene: Scene, version: str) -> Form:
    workspace = scene.case.workspace
    saved = tuple(o.key for o in workspace.outcomes if o.saved)
    proof = tuple(o.key for o in workspace.outcomes if o.evidence)
    asked = [Question("a.reason", "Reason", "text", hint="What made the difference?")]
    if saved:
        hint = "In whole units, a year. The gate of the stage must hold."
        asked.append(Question("a.kept", "Value kept a year", "number", unit=workspace.currency, only=saved, hint=hint))
    if proof:
        hint = "The mail, the notice or the call that says so."
        asked.append(Question("a.evidence", "Evidence", "text", only=proof, hint=hint))
    outcomes = tuple(Choice(o.key, o.title) for o in workspace.outcomes if not o.cleared)
    return Form("done", "How does it end?", "Decide", version, tuple(asked), outcomes)


def _question(scene: Scene, plan: TaskPlan, field: Field) -> Question:
    kind = {"choice": "choice", "yes_no": "choice", "date": "date", "text": "text"}.get(field.kind, "number")
    if field.kind == "choice" and len(field.choices) > _FEW:
        kind = "list"
    if field.kind == "text" and field.high is not None and field.high <= _LINE:
        kind = "line"
    choices = tuple(Choice(c, words_of(c).capitalize()) for c in field.choices)
    if field.kind == "yes_no":
        choices = (Choice("yes", "Yes"), Choice("no", "No"))
    unit = {"percent": "%", "money": scene.case.workspace.currency}.get(field.kind, "")
    bounded = field.kind != "text" and (field.low is not None or field.high is not None)
    hint = answers.expected(field).capitalize() + "." if bounded else ""
    only = field.outcomes if set(field.outcomes) != set(plan.outcomes) else ()
    label = words_of(field.name).capitalize()
    return Question(f"a.{field.name}", label, kind, choices, (), hint, unit, only, field.optional)


def _claim(_scene: Scene, _draft: Draft, task: Task, version: str) -> Form | None:
    return Form("claim", "Take it", "I take it", version, hint="Then it is yours.") if task.offered else None


def _seen(_scene: Scene, _draft: Draft, task: Task, version: str) -> Form | None:
    hint = "It stays yours, and reminders go on."
    return Form("seen", "I have read it", "I have read it", version, hint=hint) if task.running.unread else None


def _until(scene: Scene, label: str, days: int) -> Question:
    today = scene.here.date()
    return Question(
        "until",
        label,
        "date",
        least=(today + timedelta(days=1)).isoformat(),
        value=(today + timedelta(days=days)).isoformat(),
        hint="From the morning of that day, or of the next working day.",
    )


def _snooze(scene: Scene, _draft: Draft, _task: Task, version: str) -> Form:
    asked = (_until(scene, "Until", 3), Question("reason", "Why it has to wait", "line"))
    return Form("snooze", "Snooze it", "Snooze", version, asked, hint="No reminders until then.")


def _wait(scene: Scene, _draft: Draft, task: Task, version: str) -> Form | None:
    if task.running.waits_since is not None or scene.deal.state == "paused":
        return None
    asked = (
        _until(scene, "They will answer by", 7),
        Question("reason", "What the customer has to answer", "line"),
    )
    hint = "The clock stands still: the customer's days do not count as yours."
    return Form("wait", "Wait for the customer", "Wait", version, asked, hint=hint)


def _answered(_scene: Scene, _draft: Draft, task: Task, version: str) -> Form | None:
    if task.running.waits_since is None:
        return None
    return Form("answered", "The customer has answered", "They have answered", version, hint="The clock runs again.")


def _help(_scene: Scene, _draft: Draft, _task: Task, version: str) -> Form:
    asked = (Question("note", "What you need", "text", optional=True),)
    hint = "Whoever comes next on its ladder hears of it now."
    return Form("help", "I need help", "Ask for help", version, asked, hint=hint)


def _hand_over(scene: Scene, _draft: Draft, task: Task, version: str) -> Form:
    to = Question("to", "To whom", "person", groups=_people(scene, task.assignee_id))
    asked = (to, Question("note", "A word for them", "line", optional=True))
    return Form("hand_over", "Hand it over", "Hand over", version, asked, hint="Both of you hear of it.")


def _people(scene: Scene, but: int | None) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    """Everybody active by department, the reader's own first."""
    people, reader = scene.case.people, scene.visit.reader
    own = reader.department if reader else None
    groups: dict[str, list[Choice]] = {}
    active = (p for p in people.by_id.values() if p.active and p.id != but)
    for person in sorted(active, key=lambda p: (p.department != own, p.department or "", p.name)):
        heading = people.department(person.department) or "Others"
        groups.setdefault(heading, []).append(Choice(str(person.id), person.name))
    return tuple((heading, tuple(found)) for heading, found in groups.items())


def _cannot(_scene: Scene, _draft: Draft, task: Task, version: str) -> Form | None:
    if task.plan == DECISION:
        return None
    asked = (Question("reason", "Why it cannot be done", "text"),)
    hint = "It is closed, and the owner of the deal hears why."
    return Form("cannot", "It cannot be done", "It cannot be done", version, asked, hint=hint)


_FORMS: Final[Mapping[type[Intent], Callable[[Scene, Draft, Task, str], Form | None]]] = {
    Claim: _claim,
    Done: _done,
    Answered: _answered,
    Seen: _seen,
    Snooze: _snooze,
    Wait: _wait,
    Help: _help,
    HandOver: _hand_over,
    Cannot: _cannot,
}
