"""What somebody does with a task, and what they say: drawn from their habits by luck."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, Literal, TypeAlias

from saveline.core.behaviour import Behaviour, Habits
from saveline.core.decide.draft import Case, Draft
from saveline.core.facts import DECISION, Fact, Task
from saveline.core.luck import Luck, weighted
from saveline.core.play import Field
from saveline.core.rehearse import Decline, Finish

Fate: TypeAlias = Literal["answers", "asks", "refuses", "sleeps", "forgets"]
"""Does it; asks for help on the way; finds it impossible; rests until escalated; never does it."""

TRIES: Final = 3
"""A save that a gate refuses is tried again on the next days; after so many tries the account is given up."""
LEFT_OUT: Final = 0.3
"""The share of optional questions that nobody answers."""
LIKELY: Final = 0.6
"""How likely a save is in a stage of which the pipeline does not say it."""
FIRST: Final = 0.75
"""Of the ways in which an account is saved, or not, how often it is the first."""
SMALLER: Final = 0.7
"""What is kept of an account that is saved smaller."""


class Asked(Fact, frozen=True):
    """A task as luck knows it: by the account, its id in the play and how often there was one like it before.

    Not by the version of the play: the same account has the same luck with the same task in every version.
    """

    account: str
    plan: str
    nth: int
    tried: int = 0

    def share(self, luck: Luck, *what: str | int) -> float:
        return luck.share(self.account, self.plan, self.nth, self.tried, *what)


def asked(case: Case, task: Task, account: str, tried: int = 0) -> Asked:
    """``account`` is the name that luck knows the deal by."""
    before = sum(1 for t in case.deal.tasks[: task.no - 1] if t.plan == task.plan)
    return Asked(account, task.plan, before, tried)


def fate(about: Asked, habits: Habits, luck: Luck, assigned: int) -> Fate:
    """What becomes of the task in the hands it was given to for the ``assigned``-th time."""
    share = about.share(luck, "fate", assigned)
    decides = about.plan == DECISION
    chances: tuple[tuple[Fate, float], ...] = (
        # Somebody always decides in the end, and a decision cannot be declined.
        ("forgets", 0.0 if decides else habits.forgotten),
        ("sleeps", habits.silent),
        ("refuses", 0.0 if decides else habits.cannot),
        ("asks", habits.help),
    )
    for kind, chance in chances:
        if share < chance:
            return kind
        share -= chance
    return "answers"


def reply(case: Case, task: Task, about: Asked, behaviour: Behaviour, luck: Luck) -> Finish:
    """How the task is finished: an outcome, and an answer to every question that it asks."""
    if task.plan == DECISION:
        return _decide(case, task, about, behaviour, luck)
    plan = Draft(case).plan(task)
    assert plan is not None  # the task was made from it
    name = f"{case.play.name}.{task.plan}"
    outcome = weighted(plan.outcomes, behaviour.outcomes.get(name, {}), about.share(luck, "outcome"))
    day = case.people.calendar(task.assignee_id).local(task.running.started_at).date()
    answers = {}
    for field in plan.asks(outcome):
        share = about.share(luck, "answer", field.name)
        left_out = field.optional and about.share(luck, "left out", field.name) < LEFT_OUT
        if not left_out:
            answers[field.name] = _answer(field, behaviour.answers.get(f"{name}.{field.name}", {}), share, day, about)
    return Finish(task.no, outcome, answers)


def decline(task: Task) -> Decline:
    return Decline(task.no, "it cannot be done (rehearsed)")


def _answer(field: Field, weights: Any, share: float, day: date, about: Asked) -> Any:
    match field.kind:
        case "choice":
            return weighted(field.choices, weights, share)
        case "yes_no":
            return weighted(("yes", "no"), weights, share) == "yes"
        case "text":
            return "rehearsed"
        case "date":
            return (day + timedelta(days=14)).isoformat()
    low = field.low if field.low is not None else 0.0
    high = field.high if field.high is not None else low + 100
    # Whoever was refused asks for less: a limit may be what stood in the way.
    return min(high, max(low, float(round(low + share * 0.5**about.tried * (high - low)))))


def _decide(case: Case, task: Task, about: Asked, behaviour: Behaviour, luck: Luck) -> Finish:
    outcomes = case.workspace.outcomes
    if about.tried >= TRIES:
        outcomes = tuple(o for o in outcomes if not o.saved) or outcomes
    weights = {o.key: behaviour.ends.get(o.key, 0.0) for o in outcomes} if behaviour.ends else _likely(case)
    key = weighted([o.key for o in outcomes], weights, about.share(luck, "end"))
    saved = [o.key for o in case.workspace.outcomes if o.saved]
    answers: dict[str, Any] = {"reason": "rehearsed", "evidence": "rehearsed"}
    if key in saved:
        del answers["evidence"]
        answers["kept"] = round(case.deal.arr_cents / 100 * (1 if key == saved[0] else SMALLER), 2)
    return Finish(task.no, key, answers)


def _likely(case: Case) -> dict[str, float]:
    """The pipeline's own chance of a save where the deal stands."""
    stage = next((s for s in case.workspace.stages if s.key == case.deal.stage), None)
    chance = LIKELY if stage is None or stage.probability is None else stage.probability
    found: dict[str, float] = {}
    for keys, whole in (
        ([o.key for o in case.workspace.outcomes if o.saved], chance),
        ([o.key for o in case.workspace.outcomes if not o.saved], 1 - chance),
    ):
        for i, key in enumerate(keys):
            alone = len(keys) == 1
            found[key] = whole * (1 if alone else FIRST if i == 0 else (1 - FIRST) / (len(keys) - 1))
    return found
