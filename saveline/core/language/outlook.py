"""What can become of a play: which answers there can be when a condition is looked at, tried out one by one.

The answers that matter can be counted: choices and yes or no as they are, numbers around the bounds and the numbers in
the conditions, texts and dates as given or left out. So "can this gate open, and can it stay shut?" is answered by
trying, not by guessing. Whatever depends on facts of the account or the deal is taken to be possible both ways.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice, product
from math import prod
from typing import Any, Final, TypeAlias

from saveline.core.play import Branch, Condition, Field, Play, StagePlan, TaskPlan

MOST: Final = 4_096
"""Combinations that are tried. A condition with more is taken to be in order."""

MOST_IN_ALL: Final = 40_000
"""Steps that are taken to try out all conditions of a play together; what is left then is taken to be in order."""
MOST_NUMBERS: Final = 60
"""Numbers that are tried for one question."""

Answers: TypeAlias = Mapping[str, Mapping[str, Any]]

_ASKED = re.compile(r"\banswers\.([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?")
_FREE = re.compile(r"\b(account|deal)\.")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")


def asked(condition: Condition) -> dict[str, set[str]]:
    """The tasks whose answers a condition looks at, each with the questions."""
    found: dict[str, set[str]] = {}
    for task, question in _ASKED.findall(condition.source):
        found.setdefault(task, set()).update({question} - {""})
    return found


class _Enough(Exception):
    """More has been tried than is worth the time."""


class Outlook:
    """One play, looked at from every side."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self._left = MOST_IN_ALL
        self._order = {stage.key: i for i, stage in enumerate(play.stages)}
        self._tasks = [t for s in play.stages for t in s.tasks]
        self._jumps = [(self._order[t.stage], self._order.get(b.goto, -1)) for t, b in _branches(self._tasks) if b.goto]

    # --- gates --------------------------------------------------------------------------------------------------------

    def later(self, stage: StagePlan) -> list[str]:
        """The tasks the gate asks about that only come after it."""
        names = asked(stage.exit) if stage.exit else {}
        return [t.id for t in self._tasks if t.id in names and self._order[t.stage] > self._order[stage.key]]

    def can_open(self, stage: StagePlan) -> bool:
        """Whether any answers at all open the gate."""
        gate = stage.exit
        if gate is None or _free(gate):
            return True
        here = self._order[stage.key]
        skips = any(source <= here < target for source, target in self._jumps)
        returns = any(source > here >= target for source, target in self._jumps)
        barred = set() if skips and returns else set(self.later(stage))
        return self._holds(gate, barred)

    def shut(self, stage: StagePlan) -> str | None:
        """Answers, in words, with which all work of the stage is done and its gate stays shut; or None."""
        gate = stage.exit
        if gate is None or _free(gate):
            return None
        names = self._closure(gate)
        questions = self._questions(gate, names)
        try:
            worlds = list(islice(self._played(stage, names, questions), MOST + 1))
        except _Enough:
            return None
        if len(worlds) > MOST:
            return None
        return next((_in_words(w, asked(gate)) for w in worlds if not gate(_facts(self.play, w))), None)

    # --- tasks --------------------------------------------------------------------------------------------------------

    def can_start(self, task: TaskPlan) -> bool:
        """Whether its condition can hold with the answers that there can be when it is looked at."""
        condition = task.condition
        return condition is None or _free(condition) or self._holds(condition, set(self.unanswered(task)))

    def unanswered(self, task: TaskPlan) -> list[str]:
        """The tasks its condition asks about that cannot have been answered when it is looked at."""
        here = self._order[task.stage]
        if task.condition is None or any(target <= here <= source for source, target in self._jumps):
            return []
        open_then = self.open_when_starting(task)
        return [name for name in asked(task.condition) if name in open_then]

    def open_when_starting(self, task: TaskPlan) -> set[str]:
        """The tasks that may be open when it starts: of its stage those it does not wait for, and all later ones."""
        here, waited = self._order[task.stage], self._waited(task)
        return {t.id for t in self._tasks if self._order[t.stage] >= here and t.id not in waited}

    def _waited(self, task: TaskPlan) -> set[str]:
        waited: set[str] = set()
        ahead = list(task.after)
        while ahead:
            name = ahead.pop()
            if name in self.play.tasks and name not in waited:
                waited.add(name)
                ahead += self.play.tasks[name].after
        return waited

    def can_hold(self, condition: Condition, given: Answers, open_: Collection[str]) -> bool:
        """Whether it can come true in a running deal: with the answers ``given``, and any to the tasks ``open_``."""
        if _free(condition):
            return True
        names = [t for t in self._tasks if t.id in asked(condition) and t.id in open_]
        questions = self._questions(condition, names)
        each = [self._each(t, questions.get(t.id, set()), condition.source) for t in names]
        if prod(map(len, each)) > MOST:
            return True
        ids = [t.id for t in names]
        worlds = ({**given, **dict(zip(ids, chosen, strict=True))} for chosen in product(*each))
        return any(condition(_facts(self.play, world)) for world in worlds)

    # --- trying out ---------------------------------------------------------------------------------------------------

    def _holds(self, condition: Condition, barred: set[str]) -> bool:
        """Whether some answers to anything but ``barred`` make the condition true."""
        names = [t for t in self._tasks if t.id in asked(condition) and t.id not in barred]
        questions = self._questions(condition, names)
        try:
            each = [self._each(t, questions.get(t.id, set()), condition.source) for t in names]
            worlds_there = prod(map(len, each))
            self._spend(min(worlds_there, MOST))
        except _Enough:
            return True
        if worlds_there > MOST:
            return True
        ids = [t.id for t in names]
        worlds = (dict(zip(ids, chosen, strict=True)) for chosen in product(*each))
        return any(condition(_facts(self.play, world)) for world in worlds)

    def _each(self, task: TaskPlan, questions: set[str], source: str) -> list[Mapping[str, Any]]:
        """No answers, and every way to answer; no more ways than can be tried."""
        ways = (a for outcome in task.outcomes for a in _answers(task, outcome, questions, source))
        found: list[Mapping[str, Any]] = [{}, *islice(ways, MOST + 1)]
        self._spend(len(found))
        return found

    def _spend(self, steps: int) -> None:
        """Count steps of trying out. Raises _Enough when there are no more."""
        self._left -= steps
        if self._left < 0:
            raise _Enough

    def _closure(self, gate: Condition) -> list[TaskPlan]:
        """The tasks the gate asks about, and those that decide whether these start, in the order of the play."""
        names, ahead = set(), list(asked(gate))
        while ahead:
            name = ahead.pop()
            if name not in names and name in self.play.tasks:
                names.add(name)
                condition = self.play.tasks[name].condition
                ahead += asked(condition) if condition else ()
        return [t for t in self._tasks if t.id in names]

    def _questions(self, gate: Condition, tasks: Iterable[TaskPlan]) -> dict[str, set[str]]:
        found = {name: set(questions) for name, questions in asked(gate).items()}
        for condition in (t.condition for t in tasks if t.condition):
            for name, questions in asked(condition).items():
                found.setdefault(name, set()).update(questions)
        return found

    def _played(
        self, stage: StagePlan, tasks: list[TaskPlan], questions: Mapping[str, set[str]], world: Answers | None = None
    ) -> Iterator[Answers]:
        """Every way in which ``tasks`` can have gone when all work of ``stage`` is done and no branch has led away."""
        world = world or {}
        if not tasks:
            yield world
            return
        task, rest = tasks[0], tasks[1:]
        sources = " ".join(c.source for c in (stage.exit, *(t.condition for t in self._tasks)) if c)
        for answers in self._went(stage, task, questions.get(task.id, set()), world, sources):
            yield from self._played(stage, rest, questions, {**world, task.id: answers})

    def _went(
        self, stage: StagePlan, task: TaskPlan, questions: set[str], world: Answers, sources: str
    ) -> Iterator[Mapping[str, Any]]:
        if self._order[task.stage] > self._order[stage.key]:
            yield {}
            return
        self._spend(1)
        runs, skipped = self._starts(task, world)
        if skipped or task.optional:
            yield {}
        for outcome in task.outcomes if runs else ():
            if task.stage != stage.key or task.branches.get(outcome, Branch()).goto is None:
                yield from _answers(task, outcome, questions, sources)

    def _starts(self, task: TaskPlan, world: Answers) -> tuple[bool, bool]:
        """``(may run, may be skipped)`` after ``world``."""
        if task.condition is None:
            return True, False
        if _free(task.condition):
            return True, True
        unknown = set(self.unanswered(task))
        holds = task.condition(_facts(self.play, {k: v for k, v in world.items() if k not in unknown}))
        return holds, not holds


def _branches(tasks: Iterable[TaskPlan]) -> Iterator[tuple[TaskPlan, Branch]]:
    return ((t, b) for t in tasks for b in t.branches.values())


def _free(condition: Condition) -> bool:
    return bool(_FREE.search(condition.source))


def _facts(play: Play, world: Answers) -> Mapping[str, Any]:
    return {"account": {}, "deal": {}, "answers": {name: world.get(name, {}) for name in play.tasks}}


def _answers(task: TaskPlan, outcome: str, questions: set[str], source: str) -> Iterator[dict[str, Any]]:
    """Every way to answer ``questions`` when the task ends in ``outcome``."""
    form = [f for f in task.asks(outcome) if f.name in questions]
    for values in product(*(_samples(f, source) for f in form)):
        yield {f.name: v for f, v in zip(form, values, strict=True) if v is not None}


@lru_cache(maxsize=256)
def _samples(field: Field, source: str) -> list[Any]:
    """Values that stand for all there can be; None for an answer left out."""
    left_out = [None] if field.optional else []
    match field.kind:
        case "choice":
            return [*field.choices, *left_out]
        case "yes_no":
            return [True, False, *left_out]
        case "text":
            return ["a text", *left_out]
        case "date":
            return ["2026-11-30", *left_out]
    written = dict.fromkeys(map(float, _NUMBER.findall(source)))
    near = {n + d for n in islice(written, MOST_NUMBERS // 3) for d in (-1, 0, 1)}
    near |= {n for n in (field.low, field.high, 0.0, 1.0) if n is not None}
    low, high = field.low, field.high
    return [*sorted(n for n in near if (low is None or n >= low) and (high is None or n <= high)), *left_out]


def _in_words(world: Answers, names: Mapping[str, set[str]]) -> str:
    parts = []
    for name, questions in names.items():
        answers = world.get(name, {})
        if not answers and name in world:
            parts.append(f"{name} left out")
        parts += [f"{name}.{q} = {_shown(answers.get(q))}" for q in sorted(questions) if answers]
    return " and ".join(parts) or "no answers at all"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "no answer" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
