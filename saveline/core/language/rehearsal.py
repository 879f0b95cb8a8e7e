"""``rehearsal:`` of ``saveline.yaml``: how people behave when a play is rehearsed, and what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

from msgspec.structs import replace
from pydantic import BeforeValidator, Field, WithJsonSchema

from saveline.core.behaviour import DAY, HOUR, Behaviour, Delay, Habits
from saveline.core.errors import Problem
from saveline.core.language.problems import Findings, Place, Source
from saveline.core.language.shapes import Shape
from saveline.core.language.words import Span, Word
from saveline.core.moments import Duration
from saveline.core.play import Field as Question
from saveline.core.play import Play, TaskPlan

SHARE_HINT: Final = "a share like 5%, from 0% to 100%"
_SHARE = re.compile(r"^(\d+(?:\.\d+)?)\s*%$")


def share_of(value: Any) -> float:
    """``5%`` → 0.05. Raises ValueError with what was expected."""
    match = _SHARE.match(value.strip()) if isinstance(value, str) else None
    if match is None or float(match[1]) > 100:
        raise ValueError(SHARE_HINT)
    return float(match[1]) / 100


Share: TypeAlias = Annotated[
    float, BeforeValidator(share_of), WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"})
]
Weight: TypeAlias = Annotated[float, Field(ge=0, le=1_000_000)]


class DelayShape(Shape):
    """Half of all tasks within ``half``, nine in ten within ``most``."""

    half: Span
    most: Span


class LeaveShape(Shape):
    days: float | None = Field(default=None, ge=0, le=200, description="Working days a year that somebody is away.")
    in_a_row: int | None = Field(default=None, ge=1, le=60, description="Working days in a row.")
    substituted: Share | None = Field(default=None, description="How often somebody stands in.")


class HabitsShape(Shape):
    seen: DelayShape | None = Field(default=None, description="From getting to a task until it is marked seen.")
    done: DelayShape | None = Field(default=None, description="From getting to a task until it is done.")
    silent: Share | None = Field(default=None, description="Tasks that rest until they were escalated.")
    wakes_after: int | None = Field(default=None, ge=1, le=20, description="Escalations that wake a silent task.")
    forgotten: Share | None = Field(default=None, description="Tasks that are never done.")
    cannot: Share | None = Field(default=None, description="Tasks that are found impossible.")
    help: Share | None = Field(default=None, description="Tasks with which people ask for help.")
    at_once: int | None = Field(default=None, ge=1, le=1000, description="Open tasks of a person without a capacity.")
    away: LeaveShape = LeaveShape()


class WeightsShape(Shape):
    outcomes: dict[Word, Weight] = {}
    answers: dict[Word, dict[str, Weight]] = {}


class RehearsalShape(HabitsShape):
    departments: dict[Word, HabitsShape] = {}
    tasks: dict[str, WeightsShape] = {}
    ends: dict[Word, Weight] = {}
    causes: dict[Word, Weight] = {}


def behaviour_of(
    found: Findings, shape: RehearsalShape, known: Mapping[str, Sequence[str]], place: Place = ("rehearsal",)
) -> Behaviour:
    """The behaviour, with what is wrong added to ``found``. ``known`` has the departments, outcomes and causes."""
    for part, what in (("departments", "department"), ("ends", "outcome"), ("causes", "cause")):
        for word in getattr(shape, part):
            found.known((*place, part, word), what, word, known[part], key=True)
    _check_weights(found, (*place, "ends"), shape.ends)
    _check_weights(found, (*place, "causes"), shape.causes)
    for name, task in shape.tasks.items():
        _check_weights(found, (*place, "tasks", name, "outcomes"), task.outcomes)
        for question, weights in task.answers.items():
            _check_weights(found, (*place, "tasks", name, "answers", question), weights)
    everybody = _habits(found, place, shape, Habits())
    return Behaviour(
        everybody=everybody,
        departments={
            key: _habits(found, (*place, "departments", key), of, everybody) for key, of in shape.departments.items()
        },
        outcomes={name: dict(task.outcomes) for name, task in shape.tasks.items() if task.outcomes},
        answers={
            f"{name}.{question}": dict(weights)
            for name, task in shape.tasks.items()
            for question, weights in task.answers.items()
        },
        ends=dict(shape.ends),
        causes=dict(shape.causes),
    )


def _check_weights(found: Findings, place: Place, weights: Mapping[str, float]) -> None:
    if weights and not any(weights.values()):
        found.add(place, "all weights are 0", "a weight above 0 for at least one of them", key=True)


def _habits(found: Findings, place: Place, shape: HabitsShape, otherwise: Habits) -> Habits:
    """The habits of ``shape``, where it says nothing those of ``otherwise``."""
    plain = ("silent", "wakes_after", "forgotten", "cannot", "help", "at_once")
    given = {name: getattr(shape, name) for name in plain if getattr(shape, name) is not None}
    away = shape.away
    leave = {"days_away": away.days, "days_in_a_row": away.in_a_row, "substituted": away.substituted}
    given |= {name: value for name, value in leave.items() if value is not None}
    for name in ("seen", "done"):
        delay = getattr(shape, name)
        if delay is not None:
            given[name] = Delay(_minutes(delay.half), _minutes(delay.most))
            if _minutes(delay.most) < _minutes(delay.half):
                found.add((*place, name, "most"), f"{delay.most} is less than half: {delay.half}", "at least as long")
    habits: Habits = replace(otherwise, **given)
    shares = habits.silent + habits.forgotten + habits.cannot + habits.help
    if shares > 1:
        what = f"silent, forgotten, cannot and help come to {shares:.0%} of all tasks"
        found.add(place, what, "no more than 100% together", key=True)
    return habits


def _minutes(span: Duration) -> int:
    """Working minutes: a day is eight hours of work, whoever's it is."""
    days = span.days + span.business_days
    return days * DAY + (span.minutes + span.business_minutes) * HOUR // 60


def check_weighted(source: Source, plays: Sequence[Play]) -> list[Problem]:
    """What ``rehearsal.tasks`` says of plays, tasks, outcomes and answers that there are not."""
    rehearsal = source.data.get("rehearsal") if isinstance(source.data, dict) else None
    tasks = rehearsal.get("tasks") if isinstance(rehearsal, dict) else None
    found, by_name = Findings(source), {p.name: p for p in plays}
    for name, weights in tasks.items() if isinstance(tasks, dict) else ():
        place: Place = ("rehearsal", "tasks", name)
        play, _, task = str(name).partition(".")
        known = [f"{p.name}.{t}" for p in plays for t in p.tasks]
        if play not in by_name or task not in by_name[play].tasks:
            found.known(place, "task", name, known, key=True)
        elif isinstance(weights, dict):
            _check_task(found, place, by_name[play].tasks[task], weights)
    return found.problems


def _check_task(found: Findings, place: Place, plan: TaskPlan, weights: Mapping[str, Any]) -> None:
    for outcome in weights.get("outcomes") or ():
        found.known((*place, "outcomes", outcome), "outcome", outcome, plan.outcomes, key=True)
    questions = {q.name: q for q in plan.form if _choices(q)}
    for name, answers in (weights.get("answers") or {}).items():
        here = (*place, "answers", name)
        if found.known(here, "question with answers to choose from", name, questions, key=True):
            for answer in answers or ():
                found.known((*here, answer), "answer", str(answer), _choices(questions[name]), key=True)


def _choices(question: Question) -> tuple[str, ...]:
    return ("yes", "no") if question.kind == "yes_no" else question.choices
