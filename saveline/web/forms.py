"""What a reader can do on a page, as forms; and a form that was sent, as what its reader wants.

A form keeps what was typed into it. What is wrong stands beside the question it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from msgspec.structs import replace

from saveline.core import answers
from saveline.core.decide.authorize import may
from saveline.core.decide.draft import Draft
from saveline.core.errors import AnswersRefused, Refusal, one_of
from saveline.core.facts import APPROVAL, DECISION, Fact, Person, Task
from saveline.core.intents import (
    Answered,
    Cannot,
    Claim,
    Comment,
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
from saveline.core.worktime import first_opening
from saveline.web.visit import Scene

LONGEST: Final = 4_000
"""Characters of a comment, a note or a reason."""
_FEW: Final = 5
"""So many choices stand below each other; more are a list that opens."""
_LINE: Final = 300
"""A text of at most so many characters is one line."""
Errors: TypeAlias = Mapping[str, str]
"""What is wrong, by the key of the question; "" for what concerns the whole form."""


class Unusable(ValueError):
    """A form that says too little, or what cannot be."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


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


# --- what was sent ----------------------------------------------------------------------------------------------------


def wanted(scene: Scene, form: Form | None, typed: Mapping[str, str]) -> Intent:
    """What the reader wants; of a form that is offered no more, so that they hear why not. Raises Unusable."""
    if form is None:
        return _wanted_of_old(scene, typed)
    too_long = {
        q.key: f"At most {LONGEST:,} characters; these are {len(typed[q.key]):,}."
        for q in form.questions
        if len(typed.get(q.key, "")) > LONGEST
    }
    if too_long:
        raise Unusable(too_long)
    if form.verb == "done":
        return _wanted_done(scene, form, typed)
    missing = {q.key: "This is missing." for q in form.questions if not q.optional and not typed.get(q.key)}
    if missing:
        raise Unusable(missing)
    return _INTENTS[form.verb](scene, {q.key: typed.get(q.key, "") for q in form.questions})


def _wanted_of_old(scene: Scene, typed: Mapping[str, str]) -> Intent:
    verb = typed.get("do", "")
    if verb == "done":
        given = {k.removeprefix("a."): v for k, v in typed.items() if k.startswith("a.") and v}
        return Done(typed.get("outcome") or None, given)
    if verb not in _INTENTS:
        raise Unusable({"": "This form does not say what is to be done."})
    return _INTENTS[verb](scene, {**dict.fromkeys(("until", "reason", "note", "to", "body"), ""), **typed})


def _wanted_done(scene: Scene, form: Form, typed: Mapping[str, str]) -> Done:
    outcome = typed.get("outcome", "")
    if form.outcomes and outcome not in [c.value for c in form.outcomes]:
        raise Unusable({"outcome": "Choose how it ended."})
    asked = [q for q in form.questions if not q.only or outcome in q.only]
    given = {q.key.removeprefix("a."): typed[q.key] for q in asked if typed.get(q.key)}
    return Done(outcome or None, given)


def _day(scene: Scene, text: str) -> datetime:
    """The morning of a day in the reader's working calendar."""
    try:
        return first_opening(scene.case.people.calendar(scene.visit.grant.person_id), date.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Unusable({"until": "Expected a date like 2026-11-30."}) from None


def _to(scene: Scene, text: str) -> int:
    person = scene.case.people.by_id.get(int(text) if text.isascii() and text.isdigit() else 0)
    if person is None or not person.active:
        raise Unusable({"to": "Choose somebody."})
    return person.id


_INTENTS: Final[Mapping[str, Callable[[Scene, Mapping[str, str]], Intent]]] = {
    "claim": lambda _scene, _typed: Claim(),
    "answered": lambda _scene, _typed: Answered(),
    "seen": lambda _scene, _typed: Seen(),
    "snooze": lambda scene, typed: Snooze(_day(scene, typed["until"]), typed["reason"]),
    "wait": lambda scene, typed: Wait(_day(scene, typed["until"]), typed["reason"]),
    "help": lambda _scene, typed: Help(typed["note"]),
    "hand_over": lambda scene, typed: HandOver(_to(scene, typed["to"]), typed["note"]),
    "cannot": lambda _scene, typed: Cannot(typed["reason"]),
    "comment": lambda _scene, typed: Comment(typed["body"]),
}


def problems(scene: Scene, typed: Mapping[str, str], refusal: Refusal) -> Errors:
    """Where what was refused stands on the page: beside its questions where it can be said which."""
    task = scene.task
    if typed.get("do") != "done" or task is None or task.closed:
        return {"": str(refusal)}
    plan = Draft(scene.case).plan(task)
    found = _of_closing(scene, typed) if plan is None else {}
    if plan is not None and isinstance(refusal, AnswersRefused):
        outcome = typed.get("outcome") or plan.outcomes[0]
        found = dict(_of_answers(plan.asks(outcome), typed))
    return found or {"": str(refusal)}


def _of_answers(asked: Sequence[Field], typed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field in asked:
        answer = typed.get(f"a.{field.name}", "")
        _, wrong = answers.check([field], {field.name: answer})
        if wrong:
            yield f"a.{field.name}", _wrong(field, answer)


def _wrong(field: Field, answer: str) -> str:
    if field.kind in ("choice", "yes_no"):
        return "Choose one."
    return f"Expected {answers.expected(field)}." if answer else "This is missing."


def _of_closing(scene: Scene, typed: Mapping[str, str]) -> dict[str, str]:
    outcome = scene.case.workspace.outcome(typed.get("outcome", ""))
    if outcome is None:
        return {"outcome": "Choose how it ended."}
    found = {}
    if not typed.get("a.reason"):
        found["a.reason"] = f"{outcome.title} needs a reason."
    if outcome.saved and not _is_amount(typed.get("a.kept", "")):
        found["a.kept"] = f"Expected an amount in {scene.case.workspace.currency}, like 80000."
    if outcome.evidence and not typed.get("a.evidence"):
        found["a.evidence"] = f"{outcome.title} needs evidence."
    return found


def _is_amount(text: str) -> bool:
    try:
        return float(text.replace(",", "")) >= 0
    except ValueError:
        return False
