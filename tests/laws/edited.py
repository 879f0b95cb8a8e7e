"""Edits of generated plays, as an author makes them: a word here, a task there, a stage more or less."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.laws.generated import STAGES, chains, dues, ladders, plays, reminders

repeats = st.sampled_from(["every 1 day until stage ends", "every 3 business days until deal ends"])


@st.composite
def edited_plays(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A play, and the same play after some edits. Both are in order."""
    old = draw(plays())
    for _, task in _tasks(old):
        if draw(st.booleans()):
            task["title"] = f"What was first called {task['id']}"
    new = copy.deepcopy(_in_order(old))
    for _ in range(draw(st.integers(1, 5))):
        _EDITS[draw(st.sampled_from(sorted(_EDITS)))](draw, new)
    return old, _in_order(new)


def _tasks(play: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(key, task) for key, stage in play["stages"].items() for task in stage["tasks"]]


def _reword(draw: st.DrawFn, play: dict[str, Any]) -> None:
    """Another due moment, other people, reminders or rungs, another title."""
    tasks = _tasks(play)
    if tasks:
        _, task = draw(st.sampled_from(tasks))
        key = draw(st.sampled_from(["due", "due", "assign", "remind", "escalate", "title", "optional", "repeat"]))
        task[key] = draw(_NEW[key])


_NEW: dict[str, st.SearchStrategy[Any]] = {
    "due": dues,
    "assign": chains,
    "remind": reminders,
    "escalate": ladders,
    "title": st.sampled_from(["One thing", "Another thing at {{ account.name }}"]),
    "optional": st.booleans(),
    "repeat": repeats,
}


def _add(draw: st.DrawFn, play: dict[str, Any]) -> None:
    stage = draw(st.sampled_from(sorted(play["stages"])))
    name = f"new_{len(_tasks(play))}"
    task = {"id": name, "assign": draw(chains), "due": draw(dues), "form": {"ok": {"yes_no": True}}}
    tasks = play["stages"][stage]["tasks"]
    if tasks and draw(st.booleans()):
        task["after"] = [tasks[-1]["id"]]
    tasks.append(task)


def _remove(draw: st.DrawFn, play: dict[str, Any]) -> None:
    tasks = _tasks(play)
    if tasks:
        stage, task = draw(st.sampled_from(tasks))
        play["stages"][stage]["tasks"].remove(task)


def _move(draw: st.DrawFn, play: dict[str, Any]) -> None:
    tasks = _tasks(play)
    if tasks:
        stage, task = draw(st.sampled_from(tasks))
        play["stages"][stage]["tasks"].remove(task)
        play["stages"][draw(st.sampled_from(sorted(play["stages"])))]["tasks"].append(task)


def _rename(draw: st.DrawFn, play: dict[str, Any]) -> None:
    """Another id. Where the task had a title it is still known by that."""
    tasks = _tasks(play)
    if tasks:
        _, task = draw(st.sampled_from(tasks))
        task["id"] = f"{task['id']}_b"


def _stage(draw: st.DrawFn, play: dict[str, Any]) -> None:
    """A stage more, or one less."""
    stage = draw(st.sampled_from(STAGES))
    if stage not in play["stages"]:
        play["stages"][stage] = {"tasks": []}
    elif len(play["stages"]) > 1:
        del play["stages"][stage]


def _clock(draw: st.DrawFn, play: dict[str, Any]) -> None:
    stage = play["stages"][draw(st.sampled_from(sorted(play["stages"])))]
    stage["max"] = draw(st.sampled_from(["1 business day", "3 days", "2 weeks"]))
    play["decide"] = draw(st.sampled_from(["45 days before renewal", "10 business days after opened"]))


def _gate(draw: st.DrawFn, play: dict[str, Any]) -> None:
    tasks = _tasks(play)
    if tasks:
        stage, task = draw(st.sampled_from(tasks))
        play["stages"][stage]["exit"] = f"answers.{task['id']}.ok is defined"


_EDITS: dict[str, Any] = {
    "reword": _reword,
    "reword more": _reword,
    "add": _add,
    "remove": _remove,
    "move": _move,
    "rename": _rename,
    "stage": _stage,
    "clock": _clock,
    "gate": _gate,
}


def _in_order(play: dict[str, Any]) -> dict[str, Any]:
    """Without words for what is not there any more, or comes too late to be waited for."""
    play["stages"] = {key: play["stages"][key] for key in STAGES if key in play["stages"]}
    before = set[str]()
    for _, task in _tasks(play):
        _clean(task, before, list(play["stages"]))
        if "repeat" not in task:  # what comes again is never finished: nothing can wait for it
            before.add(task["id"])
    for stage in play["stages"].values():
        own = [task["id"] for task in stage["tasks"]]
        if "exit" in stage and stage["exit"].split(".")[1] not in own:
            del stage["exit"]
    return play


def _clean(task: dict[str, Any], before: set[str], stages: list[str]) -> None:
    task["after"] = [name for name in task.get("after", []) if name in before]
    if "if" in task and task["if"].split(".")[1] not in before:
        del task["if"]
    if task["due"].endswith(" done") and task["due"].split()[-2] not in task["after"]:
        task["due"] = "1 business day after start"
    ends = task.get("repeat", "").partition(" until ")[2]
    if ends.endswith(" done") and ends.removesuffix(" done") not in before:
        task["repeat"] = "every 2 days until deal ends"
    for branch in task.get("on", {}).values():
        if branch.get("goto") not in (None, *stages):
            branch["goto"] = stages[0]
