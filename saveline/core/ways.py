"""The ways through a play: which outcomes, branches, conditions and rungs a rehearsal took, and which it never did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from saveline.core.changes import StageEntered, TaskCannot, TaskDone, TaskSkipped, TaskStarted
from saveline.core.facts import Fact
from saveline.core.lives import climbed
from saveline.core.play import Play, TaskPlan
from saveline.core.portfolio import Life

CANNOT = "cannot"


class Way(Fact, frozen=True):
    """Something that can happen, ``taken`` so many times of the ``chances`` there were. ``what`` is it in words."""

    play: str
    task: str
    what: str
    taken: int
    chances: int


def ways(lives: Sequence[Life]) -> list[Way]:
    """All of every play that was played, in the order of the plays' own text."""
    plays = {life.opening.play.hash: life.opening.play for life in lives}
    found: list[Way] = []
    for hash_, play in sorted(plays.items(), key=lambda p: p[1].name):
        found += _Counted(play, [life for life in lives if life.opening.play.hash == hash_]).ways()
    return found


class _Counted:
    """What happened in all lives of one play, by task."""

    def __init__(self, play: Play, lives: Iterable[Life]) -> None:
        self.play = play
        self.lives = 0
        self.entered: Counter[str] = Counter()
        self.started: Counter[str] = Counter()
        self.unneeded: Counter[str] = Counter()
        self.ended: Counter[tuple[str, str]] = Counter()
        self.rungs: Counter[tuple[str, int]] = Counter()
        for life in lives:
            self._add(life)

    def _add(self, life: Life) -> None:
        self.lives += 1
        self.rungs.update(set(climbed(life)))
        stages = set()
        for event in life.events:
            plan = life.deal.tasks[event.task_no - 1].plan if event.task_no else ""
            match event.change:
                case StageEntered(stage=stage):
                    stages.add(stage)
                case TaskStarted():
                    self.started[plan] += 1
                case TaskSkipped(why=why) if why.startswith("not needed"):
                    self.unneeded[plan] += 1
                case TaskDone(outcome=outcome):
                    self.ended[plan, outcome] += 1
                case TaskCannot():
                    self.ended[plan, CANNOT] += 1
        self.entered.update(stages)

    def ways(self) -> Iterator[Way]:
        for stage in self.play.stages:
            yield self._way("", f"{stage.key} is entered", self.entered[stage.key], self.lives)
            for task in stage.tasks:
                yield from self._of(task)

    def _of(self, task: TaskPlan) -> Iterator[Way]:
        name, started = task.id, self.started[task.id]
        looked = started + self.unneeded[name]
        if task.condition is not None:
            yield self._way(name, f"{task.condition.source} holds", started, looked)
            yield self._way(name, f"{task.condition.source} does not hold", self.unneeded[name], looked)
        else:
            yield self._way(name, "is started", started, self.entered[task.stage])
        outcomes = [*task.outcomes, *([CANNOT] if CANNOT in task.branches else [])]
        ended = sum(n for (plan, _), n in self.ended.items() if plan == name)
        for outcome in outcomes if len(outcomes) > 1 else ():
            goto = task.branches[outcome].goto if outcome in task.branches else None
            leads = f", which leads to {goto}" if goto else ""
            yield self._way(name, f"ends as {outcome}{leads}", self.ended[name, outcome], ended)
        for i, rung in enumerate(task.policy.escalate):
            yield self._way(name, f"rung {i + 1}, {rung}", self.rungs[name, i], started)

    def _way(self, task: str, what: str, taken: int, chances: int) -> Way:
        return Way(self.play.name, task, what, taken, chances)
