"""A play as a person reads it: every stage, task, gate and ladder in words, with nothing left to look up."""

from __future__ import annotations

from collections.abc import Iterator

from saveline.core import answers
from saveline.core.errors import one_of
from saveline.core.facts import Fact
from saveline.core.people import Chain, Link
from saveline.core.play import Branch, Field, Play, Policy, Rung, StagePlan, TaskPlan
from saveline.core.workspace import Workspace


class TaskPage(Fact, frozen=True):
    """A task; ``who`` is in the order in which people are tried, ``asks`` and ``ends`` one line each."""

    id: str
    title: str
    why: str
    who: tuple[str, ...]
    due: str
    ladder: str
    after: tuple[str, ...] = ()
    only_if: str = ""
    asks: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    optional: bool = False
    repeats: str = ""
    tells: str = ""
    stays: bool = False
    by_severity: tuple[str, ...] = ()


class StagePage(Fact, frozen=True):
    key: str
    title: str
    max: str = ""
    gate: str = ""
    tasks: tuple[TaskPage, ...] = ()


class LadderPage(Fact, frozen=True):
    name: str
    remind: tuple[str, ...] = ()
    rungs: tuple[str, ...] = ()


class PlayPage(Fact, frozen=True):
    """A whole play; ``applies`` has one line for each that must hold."""

    name: str
    title: str
    benefit: str
    decide: str
    applies: tuple[str, ...] = ()
    priority: int = 0
    short: str = ""
    watch: str = ""
    stages: tuple[StagePage, ...] = ()
    ladders: tuple[LadderPage, ...] = ()


def describe(play: Play, workspace: Workspace) -> PlayPage:
    """The play, with the ladders that its tasks and its decision climb."""
    ladders = {t.policy.name: t.policy for s in play.stages for t in s.tasks}
    ladders.setdefault(workspace.decision.policy.name, workspace.decision.policy)
    return PlayPage(
        name=play.name,
        title=play.title,
        benefit=play.benefit,
        decide=str(play.decide),
        applies=tuple(_applies(play)),
        priority=play.priority,
        short=play.short or "",
        watch=str(play.watch) if play.watch else "",
        stages=tuple(_stage(s, workspace) for s in play.stages),
        ladders=tuple(ladder_page(p) for p in ladders.values()),
    )


def _applies(play: Play) -> Iterator[str]:
    applies = play.applies
    for name, words in (
        ("cause", applies.causes),
        ("segment", applies.segments),
        ("vertical", applies.verticals),
        ("region", applies.regions),
    ):
        if words:
            yield f"{name} is {one_of(words)}"
    for name, bounds, unit in (("ARR", applies.arr, ""), ("runway", applies.runway_days, " days")):
        if bounds is not None:
            yield f"{name} {bounds}{unit}"
    if applies.health is not None:
        yield f"health {applies.health}"
    if applies.condition is not None:
        yield applies.condition.source


def _stage(stage: StagePlan, workspace: Workspace) -> StagePage:
    return StagePage(
        key=stage.key,
        title=workspace.stage_title(stage.key),
        max=str(stage.max) if stage.max else "",
        gate=stage.exit.source if stage.exit else "",
        tasks=tuple(_task(t, workspace) for t in stage.tasks),
    )


def _task(task: TaskPlan, workspace: Workspace) -> TaskPage:
    return TaskPage(
        id=task.id,
        title=task.title.source,
        why=task.why,
        who=tuple(str(link) for link in task.assign),
        due=str(task.due),
        ladder=task.policy.name,
        after=task.after,
        only_if=task.condition.source if task.condition else "",
        asks=tuple(_question(f) for f in task.form),
        ends=tuple(_ending(outcome, task.branches.get(outcome), workspace) for outcome in _outcomes(task)),
        optional=task.optional,
        repeats=str(task.repeat) if task.repeat else "",
        tells=_names(task.tell),
        stays=task.stay,
        by_severity=tuple(_variant(key, task, plan) for key, plan in task.by_severity.items()),
    )


def _variant(severity: str, task: TaskPlan, plan: TaskPlan) -> str:
    """What is different for deals of a severity."""
    parts = []
    if plan.due != task.due:
        parts.append(f"due {plan.due}")
    if plan.repeat != task.repeat and plan.repeat is not None:
        parts.append(f"again {plan.repeat}")
    if plan.assign != task.assign:
        parts.append(f"goes to {in_turn(plan.assign)}")
    if plan.tell != task.tell:
        parts.append(f"tells {_names(plan.tell)}")
    if plan.policy != task.policy:
        same = plan.policy.name == task.policy.name
        parts.append("other reminders" if same else f"ladder {plan.policy.name}")
    parts += [f"on {o} other steps" for o, b in plan.branches.items() if task.branches.get(o) != b]
    return f"{severity}: {', '.join(parts) or 'the same'}"


def _names(links: tuple[Link, ...]) -> str:
    return " and ".join(str(link) for link in links)


def _outcomes(task: TaskPlan) -> tuple[str, ...]:
    """Nothing for a task that can only be done."""
    every = (*task.outcomes, *(o for o in task.branches if o not in task.outcomes))
    return () if every == ("done",) else every


def _question(field: Field) -> str:
    notes = [f"when {one_of(field.outcomes)}"] if field.outcomes else []
    notes += ["optional"] if field.optional else []
    notes += [f"limit {field.limit}"] if field.limit else []
    return f"{field.name}: {answers.expected(field)}" + (f" ({', '.join(notes)})" if notes else "")


def _ending(outcome: str, branch: Branch | None, workspace: Workspace) -> str:
    if branch is None:
        return outcome
    goes = [f"goes to {workspace.stage_title(branch.goto)}"] if branch.goto else []
    goes += [f"tells {_names(branch.tell)}"] if branch.tell else []
    return f"{outcome}: {', '.join(goes)}"


def ladder_page(policy: Policy) -> LadderPage:
    """Reminders and rungs, one line each."""
    return LadderPage(policy.name, tuple(str(m) for m in policy.remind), tuple(_rung(r) for r in policy.escalate))


def _rung(rung: Rung) -> str:
    does = {"tell": "tells", "reassign": "gives the task to", "decide": "asks for a decision of"}[rung.do]
    again = f", again every {rung.repeat}" if rung.repeat else ""
    return f"{rung}: {does} {in_turn(rung.to)}{again}{', at any hour' if rung.ignore_hours else ''}"


def in_turn(chain: Chain | tuple[str, ...]) -> str:
    """``csm, else lead``: the order in which people are tried."""
    return ", else ".join(str(link) for link in chain)
