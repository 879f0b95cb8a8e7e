"""What is other in another version of a play, in the words of plays: tasks, gates and dates, not lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from saveline.core.decide.crossing import renamed
from saveline.core.facts import Fact
from saveline.core.language.describe import PlayPage, StagePage, TaskPage, describe, in_turn, ladder_page
from saveline.core.play import Play, TaskPlan
from saveline.core.workspace import Workspace

What: TypeAlias = Literal["added", "removed", "moved", "renamed", "changed"]

_KEYS: Final[Mapping[str, str]] = {
    "only_if": "if",
    "who": "assign",
    "asks": "form",
    "ends": "outcomes",
    "decide": "decision date",
    "max": "stage clock",
}
"""The words of the YAML, or of people, for what a page calls otherwise."""
_ELSEWHERE: Final = frozenset({"id", "key", "name", "stages", "tasks", "ladders", "ladder"})
"""Fields of a page that are compared in a way of their own, or name what is compared."""


class Change(Fact, frozen=True, omit_defaults=True):
    """One difference. With ``task`` it is of a task, else with ``stage`` of a stage, else of the play as a whole.

    ``key`` says what of it has changed, ``before`` and ``after`` how it was and is, in words.
    """

    what: What
    stage: str = ""
    task: str = ""
    key: str = ""
    before: str = ""
    after: str = ""

    @property
    def where(self) -> str:
        return self.task or self.stage or "the play"


def compare(old: Play, new: Play, workspace: Workspace) -> tuple[Change, ...]:
    """Every difference: of the play, then of its stages and tasks in the order of the new version."""
    before, after = describe(old, workspace), describe(new, workspace)
    return (
        *_fields(before, after, Change("changed")),
        *_stages(before, after),
        *_tasks(old, new, before, after),
    )


def _stages(before: PlayPage, after: PlayPage) -> Iterator[Change]:
    old, new = {s.key: s for s in before.stages}, {s.key: s for s in after.stages}
    for key, stage in new.items():
        if key not in old:
            yield Change("added", key, after=_count(stage))
        else:
            yield from _fields(old[key], stage, Change("changed", key))
    yield from (Change("removed", key, before=_count(stage)) for key, stage in old.items() if key not in new)


def _count(stage: StagePage) -> str:
    return f"{len(stage.tasks)} task{'' if len(stage.tasks) == 1 else 's'}"


def _tasks(old: Play, new: Play, before: PlayPage, after: PlayPage) -> Iterator[Change]:
    names = {now: was for was, now in renamed(old, new).items()}
    pages = {t.id: t for s in before.stages for t in s.tasks}
    titles = {s.key: s.title for s in (*before.stages, *after.stages)}
    for page in (t for s in after.stages for t in s.tasks):
        now, was = new.tasks[page.id], old.tasks.get(names.get(page.id, page.id))
        if was is None:
            yield Change("added", now.stage, now.id, after=_in_short(page))
            continue
        if was.id != now.id:
            yield Change("renamed", now.stage, now.id, before=was.id, after=now.id)
        if was.stage != now.stage:
            yield Change("moved", now.stage, now.id, before=titles[was.stage], after=titles[now.stage])
        yield from _fields(pages[was.id], page, Change("changed", now.stage, now.id))
        yield from _ladders(was, now)
        yield from _others(was, now)
    gone = (t for t in old.tasks.values() if t.id not in new.tasks and t.id not in names.values())
    yield from (Change("removed", t.stage, t.id, before=_in_short(pages[t.id])) for t in gone)


def _in_short(page: TaskPage) -> str:
    return f"{page.title}; {in_turn(page.who)}; due {page.due}"


def _ladders(was: TaskPlan, now: TaskPlan) -> Iterator[Change]:
    before, after = ladder_page(was.policy), ladder_page(now.policy)
    change = Change("changed", now.stage, now.id)
    for key, old, new in (("remind", before.remind, after.remind), ("escalate", before.rungs, after.rungs)):
        yield from _changed(change, key, old, new)
    yield from _changed(change, "rest", str(was.policy.rest), str(now.policy.rest))


def _others(was: TaskPlan, now: TaskPlan) -> Iterator[Change]:
    """What a page does not show of a task."""
    before, after = _unshown(was), _unshown(now)
    for key in dict.fromkeys((*before, *after)):
        yield from _changed(Change("changed", now.stage, now.id), key, before.get(key, ""), after.get(key, ""))


def _unshown(task: TaskPlan) -> dict[str, str]:
    found = {"repeat": str(task.repeat or ""), "tell": " and ".join(map(str, task.tell)), "stay": task.stay}
    words = {key: _words(value, "") for key, value in found.items() if key not in TaskPage.__struct_fields__}
    return words | {f"severity {name}": _variant(task, other) for name, other in task.by_severity.items()}


def _variant(task: TaskPlan, other: TaskPlan) -> str:
    """What is other for deals of one severity."""
    parts = []
    if other.due != task.due:
        parts.append(f"due {other.due}")
    if other.assign != task.assign:
        parts.append(in_turn(other.assign))
    if other.repeat != task.repeat:
        parts.append(str(other.repeat or "once"))
    if other.tell != task.tell:
        parts.append(f"tells {' and '.join(map(str, other.tell)) or 'nobody'}")
    if other.policy != task.policy:
        page = ladder_page(other.policy)
        parts += [f"reminds {', '.join(page.remind) or 'nobody'}", *page.rungs]
    if other.branches != task.branches:
        parts += [f"{outcome} goes to {b.goto or 'no other stage'}" for outcome, b in other.branches.items()]
    return "; ".join(parts)


def _fields(before: Any, after: Any, change: Change) -> Iterator[Change]:
    """Every field of two pages of one kind that says something else."""
    for name in after.__struct_fields__:
        if name not in _ELSEWHERE:
            yield from _changed(change, _KEYS.get(name, name), getattr(before, name), getattr(after, name))


def _changed(change: Change, key: str, before: Any, after: Any) -> Iterator[Change]:
    if before != after:
        glue = ", else " if key == "assign" else "; "
        yield Change(change.what, change.stage, change.task, key, _words(before, glue), _words(after, glue))


def _words(value: Any, glue: str) -> str:
    if isinstance(value, tuple):
        return glue.join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
