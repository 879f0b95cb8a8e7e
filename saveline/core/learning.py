"""How people behaved: what the history says of each department, where it says enough."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from saveline.core.behaviour import Behaviour, Delay, Habits, Learned
from saveline.core.facts import DECISION, Fact
from saveline.core.people import People
from saveline.core.worktime import between

ENOUGH: Final = 30
"""Cases from which anything is learned; with fewer the settings know better."""
MOST_ANSWERS: Final = 50
POINTS: Final = 21
"""Into how many points a measured delay is kept: every twentieth of all answers."""


class Past(Fact, frozen=True):
    """A task of the history in the hands it was in last, or a decision that was made."""

    play: str
    plan: str
    person_id: int | None
    given: datetime
    state: str
    closed: datetime | None = None
    outcome: str | None = None
    answers: Mapping[str, Any] = {}
    seen: datetime | None = None
    helped: bool = False


class History(Fact, frozen=True):
    """What there is to learn from; ``causes`` are those of the deals that were opened."""

    tasks: tuple[Past, ...] = ()
    causes: tuple[str, ...] = ()


def learn(behaviour: Behaviour, history: History, people: People) -> Behaviour:
    """``behaviour`` with what the history knows better, and a line for each thing that was learned."""
    by: dict[str, list[Past]] = defaultdict(list)
    for past in history.tasks:
        person = people.by_id.get(past.person_id or 0)
        if person is not None and person.department is not None:
            by[person.department].append(past)
    departments, learned = dict(behaviour.departments), list(behaviour.learned)
    for department, tasks in sorted(by.items()):
        habits, lines = _habits(behaviour.of(department), department, tasks, people)
        if lines:
            departments[department] = habits
            learned += lines
    outcomes, answers, lines = _said(history.tasks)
    ends, of_ends = _weights(Counter(t.outcome for t in history.tasks if t.plan == DECISION and t.outcome), "deals")
    causes, of_causes = _weights(Counter(history.causes), "causes")
    return replace(
        behaviour,
        departments=departments,
        outcomes={**behaviour.outcomes, **outcomes},
        answers={**behaviour.answers, **answers},
        ends=ends or behaviour.ends,
        causes=causes or behaviour.causes,
        learned=(*learned, *lines, *of_ends, *of_causes),
    )


def _weights(counted: Counter[str], what: str) -> tuple[dict[str, float], list[Learned]]:
    n = counted.total()
    if n < ENOUGH:
        return {}, []
    words = "how they end" if what == "deals" else "how often each comes"
    return {key: float(k) for key, k in counted.items()}, [Learned(what, words, n)]


def _habits(habits: Habits, department: str, tasks: Sequence[Past], people: People) -> tuple[Habits, list[Learned]]:
    ended = [t for t in tasks if t.state in ("done", "cannot") and t.closed is not None]
    done = _delay([_minutes(t, t.closed, people) for t in ended])
    seen = _delay([_minutes(t, t.seen, people) for t in tasks if t.seen is not None])
    lines: list[Learned] = []
    if seen is not None:
        habits = replace(habits, seen=seen)
        lines.append(Learned(department, "how soon tasks are seen", sum(t.seen is not None for t in tasks)))
    if done is not None:
        habits = replace(habits, done=done, **_shares(ended))
        lines.append(Learned(department, "how soon tasks are done, and how often refused", len(ended)))
    return habits, lines


def _shares(ended: Sequence[Past]) -> dict[str, float]:
    n = len(ended)
    return {
        "cannot": sum(t.state == "cannot" for t in ended if t.plan != DECISION) / n,
        "help": sum(t.helped for t in ended) / n,
        # Who was silent until an escalation answered late: the measured times hold that already.
        "silent": 0.0,
    }


def _minutes(task: Past, at: datetime | None, people: People) -> float:
    assert at is not None
    return between(people.calendar(task.person_id), task.given, max(at, task.given)).total_seconds() / 60


def _delay(minutes: list[float]) -> Delay | None:
    if len(minutes) < ENOUGH:
        return None
    ordered, last = sorted(minutes), len(minutes) - 1
    points = tuple(round(ordered[round(i * last / (POINTS - 1))], 1) for i in range(POINTS))
    return Delay(points[POINTS // 2], points[round((POINTS - 1) * 0.9)], points)


def _said(
    tasks: Iterable[Past],
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]], list[Learned]]:
    """Outcomes by task, and answers by question, of those that were given often enough."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for task in tasks:
        if task.state != "done" or task.plan == DECISION:
            continue
        name = f"{task.play}.{task.plan}"
        outcomes[name][task.outcome or "done"] += 1
        for question, answer in task.answers.items():
            if isinstance(answer, bool):
                answers[f"{name}.{question}"]["yes" if answer else "no"] += 1
            elif isinstance(answer, str):
                answers[f"{name}.{question}"][answer] += 1
    known = {n: dict(c) for n, c in outcomes.items() if c.total() >= ENOUGH}
    # An answer in words of one's own is no choice, and there are as many of them as tasks.
    said = {n: dict(c) for n, c in answers.items() if c.total() >= ENOUGH and len(c) <= MOST_ANSWERS}
    lines = [Learned(n, "how it ends, and what is answered", outcomes[n].total()) for n in sorted(known)]
    return (
        {n: {k: float(v) for k, v in c.items()} for n, c in known.items()},
        {n: {k: float(v) for k, v in c.items()} for n, c in said.items()},
        lines,
    )
