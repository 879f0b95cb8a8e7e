"""What of a play its test cases have seen: every task begun, every branch gone, every rung climbed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from saveline.core.changes import Escalated, RungPassed, TaskCannot, TaskDone, TaskSkipped, TaskStarted
from saveline.core.facts import Fact
from saveline.core.language.problems import Place
from saveline.core.play import Play, TaskPlan
from saveline.core.rehearse import Timeline

GoalKind: TypeAlias = Literal["task", "branch", "rung"]
KINDS: Final[tuple[GoalKind, ...]] = ("task", "branch", "rung")
CANNOT: Final = "cannot"


class Goal(Fact, frozen=True):
    """Something that a case can show; ``words`` say what no case has shown, ``place`` where it stands in the play."""

    kind: GoalKind
    key: tuple[str, ...]
    words: str
    place: Place


class Coverage(Fact, frozen=True):
    """The goals of a play, in the order of its file, and those that no case has reached."""

    play: str
    goals: tuple[Goal, ...] = ()
    missed: tuple[Goal, ...] = ()

    def of(self, kind: GoalKind) -> tuple[int, int]:
        """``(reached, all)`` of one kind."""
        every = sum(1 for g in self.goals if g.kind == kind)
        return every - sum(1 for g in self.missed if g.kind == kind), every

    @property
    def percent(self) -> float:
        """0 to 100, of all goals alike."""
        return 100.0 if not self.goals else 100 * (1 - len(self.missed) / len(self.goals))


def coverage(play: Play, timelines: Iterable[Timeline]) -> Coverage:
    """How much of ``play`` the timelines of its cases have seen."""
    seen = {key for timeline in timelines for key in _seen(timeline)}
    goals = tuple(_goals(play))
    return Coverage(play.name, goals, tuple(g for g in goals if g.key not in seen))


def _goals(play: Play) -> Iterator[Goal]:
    ladders: set[str] = set()
    for stage in play.stages:
        for i, plan in enumerate(stage.tasks):
            place: Place = ("stages", stage.key, "tasks", i)
            yield Goal("task", ("task", plan.id), f"no case begins {plan.id}", (*place, "id"))
            yield from _branches(plan, place)
            if plan.policy.name not in ladders:
                ladders.add(plan.policy.name)
                yield from _rungs(plan, place)


def _branches(plan: TaskPlan, place: Place) -> Iterator[Goal]:
    """Both sides of a condition, and every outcome where there is more than one."""
    if plan.condition is not None:
        words = f"no case skips {plan.id}: {plan.condition.source} always holds"
        yield Goal("branch", ("skipped", plan.id), words, (*place, "if"))
    outcomes = plan.outcomes if len(plan.outcomes) > 1 or plan.branches else ()
    for outcome in (*outcomes, *(o for o in plan.branches if o == CANNOT)):
        branch = plan.branches.get(outcome)
        leads = f", which leads to {branch.goto}" if branch is not None and branch.goto else ""
        own = (*place, "on", outcome) if branch is not None else (*place, "outcomes", plan.outcomes.index(outcome))
        yield Goal("branch", ("ends", plan.id, outcome), f"no case ends {plan.id} with {outcome}{leads}", own)


def _rungs(plan: TaskPlan, place: Place) -> Iterator[Goal]:
    for i, rung in enumerate(plan.policy.escalate):
        words = f"no case climbs rung {i + 1} of {plan.policy.name} ({rung})"
        yield Goal("rung", ("rung", plan.policy.name, str(i)), words, (*place, "escalate"))


def _seen(timeline: Timeline) -> Iterator[tuple[str, ...]]:
    play = timeline.case.play
    for event in timeline.events:
        task = timeline.deal.task(event.task_no) if event.task_no else None
        plan = play.tasks.get(task.plan) if task is not None else None
        if plan is None:
            continue
        match event.change:
            case TaskStarted():
                yield ("task", plan.id)
            case TaskSkipped(why) if why.startswith("not needed"):
                yield ("skipped", plan.id)
            case TaskDone(outcome):
                yield ("ends", plan.id, outcome)
            case TaskCannot():
                yield ("ends", plan.id, CANNOT)
            case Escalated(rung) | RungPassed(rung):
                yield ("rung", plan.policy.name, str(rung))
            case _:
                pass
