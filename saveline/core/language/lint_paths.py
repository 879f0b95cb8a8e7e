"""Ways through a play that nobody can have meant: stages that are always passed over, work that goes round, outcomes
and questions that nothing depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from saveline.core.errors import one_of
from saveline.core.language.lint_ids import (
    GOES_ROUND,
    NOT_READ,
    OPTIONAL_AWAITED,
    SAME_ENDINGS,
    STAGE_UNREACHED,
    Lint,
)
from saveline.core.language.problems import Place
from saveline.core.play import Play, StagePlan, TaskPlan


def stages(play: Play) -> Iterator[Lint]:
    """Stages that every way leads past."""
    reached = _reached(play)
    for stage in play.stages:
        if stage.key not in reached:
            what = f"every way leads past {stage.key}"
            yield Lint(STAGE_UNREACHED, ("stages", stage.key), what, "an outcome that leads here, or no such stage")


def task(play: Play, plan: TaskPlan, place: Place) -> Iterator[Lint]:
    """What one task asks and decides, and whether anything depends on it."""
    order = [s.key for s in play.stages]
    targets = _always_leaves(plan)
    if targets and all(order.index(t) <= order.index(plan.stage) for t in targets if t in order):
        what = f"every outcome of {plan.id} leads back to {one_of(sorted(targets))}: only the decision date ends this"
        yield Lint(GOES_ROUND, (*place, "on"), what, "an outcome that leads on")
    used = any(o in plan.branches for o in plan.outcomes) or any(f.outcomes for f in plan.form)
    if len(plan.outcomes) > 1 and not used:
        what = f"{one_of(plan.outcomes)} of {plan.id} lead to the same"
        yield Lint(SAME_ENDINGS, (*place, "outcomes"), what, "a branch, a question for one of them, or one outcome")
    yield from _unread(play, plan, place)
    yield from _awaited(play, plan, place)


def _reached(play: Play) -> set[str]:
    keys = [s.key for s in play.stages]
    reached: set[str] = set()
    ahead = keys[:1]
    while ahead:
        key = ahead.pop()
        stage = play.stage(key)
        if stage is None or key in reached:
            continue
        reached.add(key)
        ahead += [b.goto for t in stage.tasks for b in t.branches.values() if b.goto is not None]
        if not any(_always_leaves(t) for t in stage.tasks):
            ahead += _following(play, stage)
    return reached


def _following(play: Play, stage: StagePlan) -> list[str]:
    following = play.after(stage.key)
    return [following.key] if following is not None else []


def _always_leaves(plan: TaskPlan) -> set[str]:
    """Where the outcomes lead when each of them leads away and the task has to be done; nothing where one stays.

    That it can also be found impossible is no way that somebody has planned.
    """
    if plan.optional or plan.condition is not None or not all(o in plan.branches for o in plan.outcomes):
        return set()
    targets = [plan.branches[o].goto for o in plan.outcomes]
    return set() if None in targets else {t for t in targets if t is not None}


def _unread(play: Play, plan: TaskPlan, place: Place) -> Iterator[Lint]:
    """A text or a figure is for people to read. A choice is for the play, and should make a difference in it."""
    text = _everything_asked(play)
    for field in plan.form:
        name = rf"answers\.{plan.id}\.{field.name}\b"
        if field.kind in ("choice", "yes_no") and not re.search(name, text):
            what = f"nothing in the play depends on {plan.id}.{field.name}"
            yield Lint(NOT_READ, (*place, "form", field.name), what, "a condition that uses it, or a text")


def _everything_asked(play: Play) -> str:
    tasks = [t for s in play.stages for t in s.tasks]
    conditions = [c.source for c in (*(s.exit for s in play.stages), *(t.condition for t in tasks)) if c is not None]
    return "\n".join([*conditions, *(t.title.source for t in tasks)])


def _awaited(play: Play, plan: TaskPlan, place: Place) -> Iterator[Lint]:
    for i, name in enumerate(plan.after):
        other = play.tasks.get(name)
        if other is not None and other.optional and other.stage == plan.stage and not plan.optional:
            what = f"{name} is optional, and {plan.id}, which is not, waits for it"
            yield Lint(OPTIONAL_AWAITED, (*place, "after", i), what, "both optional, or neither")
