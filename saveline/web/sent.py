"""A form that was sent, as what its reader wants; and where on the page it is said what was wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from saveline.core import answers
from saveline.core.decide.draft import Draft
from saveline.core.errors import AnswersRefused, Refusal
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
from saveline.core.play import Field
from saveline.core.worktime import first_opening
from saveline.web.forms import Errors, Form
from saveline.web.visit import Scene

LONGEST: Final = 4_000
"""Characters of a comment, a note or a reason."""


class Unusable(ValueError):
    """A form that says too little, or what cannot be."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


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
