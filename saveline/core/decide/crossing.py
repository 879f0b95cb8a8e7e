"""Where each task of a running deal belongs in another version of its play, and what stands in the way of a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from saveline.core.decide.draft import Draft
from saveline.core.errors import CannotMigrate
from saveline.core.facts import AHEAD, Fact, Task
from saveline.core.language.outlook import Outlook, asked
from saveline.core.play import Play, TaskPlan

NO_LONGER: Final = "the play no longer asks for it"
ELSEWHERE: Final = "it belongs to {stage} now"


class Crossing(Fact, frozen=True):
    """The deal's tasks as the new version calls and places them, those that come now at the end.

    ``gone`` are numbers of tasks that are to be withdrawn, with the reason.
    """

    tasks: tuple[Task, ...]
    gone: Mapping[int, str]


def crossing(draft: Draft, new: Play, restored: Mapping[int, Task] | None = None) -> Crossing:
    """Place every task of the draft's deal. ``restored`` are tasks as they were before they were withdrawn.

    Raises CannotMigrate where the new version does not have the present stage.
    """
    if new.stage(draft.deal.stage) is None:
        stage = draft.case.workspace.stage_title(draft.deal.stage)
        raise CannotMigrate([f"it stands in {stage}, a stage which the new version does not have"])
    names = renamed(draft.case.play, new)
    tasks: list[Task] = []
    gone: dict[int, str] = {}
    for now in draft.deal.tasks:
        task = (restored or {}).get(now.no, now)
        placed, reason = _place(draft, new, names, task)
        tasks.append(placed)
        if reason:
            gone[task.no] = reason
    for plan in _coming(draft, new, tasks, gone):
        no, deal = len(tasks) + 1, draft.deal
        tasks.append(Task(no=no, plan=plan, stage=deal.stage, visit=deal.visit))
    return Crossing(tuple(tasks), gone)


def renamed(old: Play, new: Play) -> dict[str, str]:
    """Tasks that have another id and the same title: old id → new id, where the title says it without doubt."""
    left, right = _titles(old, new), _titles(new, old)
    return {left[t]: right[t] for t in left if t in right}


def _titles(play: Play, other: Play) -> dict[str, str]:
    """Title → id of the tasks that ``other`` does not have, where only one has it."""
    own = [(t.title.source, t.id) for t in play.tasks.values() if t.id not in other.tasks]
    titles = [title for title, _ in own]
    return {title: name for title, name in own if titles.count(title) == 1}


def _place(draft: Draft, new: Play, names: Mapping[str, str], task: Task) -> tuple[Task, str]:
    """The task where the new version has it, and why it has to be withdrawn if it has."""
    deal = draft.deal
    if draft.reserved(task):
        of = deal.task(task.answers.get("of", 0))
        lost = of is not None and not task.closed and names.get(of.plan, of.plan) not in new.tasks
        return task, NO_LONGER if lost else ""
    plan = new.tasks.get(names.get(task.plan, task.plan))
    if plan is None:
        return task, "" if task.closed else NO_LONGER
    named = task if task.plan == plan.id else replace(task, plan=plan.id)
    if plan.stage == task.stage:
        stops = task.state == "waiting" and task.starts_at is not None and plan.at(deal.severity).repeat is None
        return named, NO_LONGER if stops else ""
    return _moved(draft, new, task, named, plan)


def _moved(draft: Draft, new: Play, task: Task, named: Task, plan: TaskPlan) -> tuple[Task, str]:
    """A task whose stage is another: it moves with its state. One that has not begun, or that comes again and again, is
    asked for by its new stage."""
    deal, keys = draft.deal, [s.key for s in new.stages]
    here, there = keys.index(deal.stage), keys.index(plan.stage)
    begins_anew = task.state == "waiting" or (not task.closed and plan.id in new.repeated)
    if begins_anew and there != here:
        return named, ELSEWHERE.format(stage=draft.case.workspace.stage_title(plan.stage))
    past = task.state == "withdrawn" or there < here or plan.id in new.repeated or deal.latest(task.plan) is not task
    if task.closed and past:
        return named, ""
    return replace(named, stage=plan.stage, visit=deal.visit if there == here else AHEAD), ""


def _coming(draft: Draft, new: Play, tasks: list[Task], gone: Mapping[int, str]) -> Iterator[str]:
    """The tasks of the present stage that are not there yet. What was closed is not asked again."""
    stage, old = new.stage(draft.deal.stage), draft.case.play
    names = {after: before for before, after in renamed(old, new).items()}
    for plan in stage.tasks if stage else ():
        mine = [t for t in tasks if t.plan == plan.id and t.no not in gone]
        goes_on = plan.id in new.repeated and any(not t.closed for t in mine)
        here = [t for t in mine if t.visit == draft.deal.visit]
        if goes_on:
            continue
        known = old.task(plan.stage, names.get(plan.id, plan.id)) is not None
        if not any(known or t.state != "withdrawn" for t in here):
            yield plan.id


def hindrances(old: Draft, new: Draft, over: Crossing) -> list[str]:
    """Why the deal cannot go over: ``new`` holds its tasks as ``over`` has placed them."""
    return [*_other_meanings(old, new, over), *_shut_gates(new, over)]


def _other_meanings(old: Draft, new: Draft, over: Crossing) -> Iterator[str]:
    for before, after in zip(old.deal.tasks, over.tasks, strict=False):
        was, now = old.plan(before), new.plan(after)
        if after.state == "open" and was is not None and now is not None and not _same_work(was, now):
            yield f"{after.plan}, which is open, means something else now: “{now.title.source}”"


def _same_work(was: TaskPlan, now: TaskPlan) -> bool:
    """Whether two tasks of one id are one piece of work: their title, people or one of their questions are the same."""
    questions = {(f.name, f.kind) for f in was.form} & {(f.name, f.kind) for f in now.form}
    return was.title.source == now.title.source or was.assign == now.assign or bool(questions)


def _shut_gates(new: Draft, over: Crossing) -> Iterator[str]:
    """Gates on the way that can never open, because nobody is asked any more for an answer they need."""
    play, deal = new.case.play, new.deal
    keys = [s.key for s in play.stages]
    here, outlook = keys.index(deal.stage), Outlook(play)
    goals = [keys.index(b.goto) for t in play.tasks.values() for b in t.branches.values() if b.goto in keys]
    if any(goal <= here for goal in goals):
        return  # the way leads back: what is missing can be asked again
    to_come = {t.id for s in play.stages[here + 1 :] for t in s.tasks} - {
        t.plan for t in over.tasks if t.ahead and t.closed
    }
    running = {t.plan for t in over.tasks if not t.closed and t.no not in over.gone}
    given = new.facts()["answers"]
    for stage in play.stages[here:]:
        if stage.exit is not None and not outlook.can_hold(stage.exit, given, to_come | running):
            needs = sorted(set(asked(stage.exit)) - to_come - running)
            title = new.case.workspace.stage_title(stage.key)
            yield (
                f"the gate of {title} could never open: {stage.exit.source} needs an answer to "
                f"{' and '.join(needs) or 'something'} that nobody is asked for any more"
            )
