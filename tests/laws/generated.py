"""Generated plays and scripts: what hypothesis plays with when it tries to break a law."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from saveline.core.facts import Fact

STAGES = ("triage", "stabilise", "prove_value", "decide")
PEOPLE = ("ana", "bob", "chris", "dora", "eli")

_DURATIONS = st.sampled_from(
    [
        "30 minutes",
        "3 hours",
        "1 day",
        "2 weeks",
        "2 business hours",
        "9 business hours",
        "30 business hours",
        "1 business day",
        "3 business days",
    ]
)
_RHYTHMS = st.sampled_from(["2 hours", "6 business hours", "1 business day", "2 days", "1 week"])
_DUES = st.one_of(
    _DURATIONS.map(lambda d: f"{d} after start"),
    st.sampled_from(["10 days before renewal", "2 business days after opened", "5 days after stage start"]),
)
_CHAINS = st.lists(
    st.sampled_from(
        [
            "csm",
            "sponsor",
            "ae",
            "owner",
            "finance.lead",
            "support.lead",
            "csm.manager",
            {"pick": "round_robin", "from": "customer_success"},
            {"pick": "least_loaded", "from": "finance"},
            {"claim": "engineering"},
            {"person": "dora@x.example"},
        ]
    ),
    min_size=1,
    max_size=3,
)
_RUNG_PEOPLE = st.lists(
    st.sampled_from(["assignee.manager", "lead", "sponsor", "ae", "owner", "owner.manager", "leadership.lead"]),
    min_size=1,
    max_size=2,
)


@st.composite
def _rungs(draw: st.DrawFn) -> list[dict[str, Any]]:
    rungs: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 3))):
        rung: dict[str, Any] = {"to": draw(_RUNG_PEOPLE)}
        if draw(st.booleans()):
            rung["unseen"] = draw(_DURATIONS)
        else:
            rung["when"] = f"{draw(_DURATIONS)} after due"
        rung["do"] = draw(st.sampled_from(["tell", "tell", "reassign", "decide"]))
        rung["any_hour"] = draw(st.booleans())
        rungs.append(rung)
    if draw(st.booleans()):
        rungs[-1]["repeat"] = f"every {draw(st.sampled_from(['1 business day', '2 days', '6 business hours']))}"
    return rungs


dues, chains = _DUES, _CHAINS
reminders = st.lists(
    st.sampled_from(["1 business day before due", "2 business hours before due", "at due", "1 day after start"]),
    max_size=3,
)
ladders = st.one_of(st.sampled_from(["standard", "urgent"]), _rungs())


@st.composite
def _task(draw: st.DrawFn, name: str, earlier: list[str], stages: list[str]) -> dict[str, Any]:
    task: dict[str, Any] = {"id": name, "assign": draw(_CHAINS), "due": draw(_DUES), "form": {"ok": {"yes_no": True}}}
    here = [t for t in earlier if t.split("_")[0] == name.split("_", maxsplit=1)[0]]
    if here:
        task["after"] = draw(st.lists(st.sampled_from(here), max_size=2, unique=True))
    if earlier and draw(st.integers(0, 3)) == 0:
        task["if"] = f"answers.{draw(st.sampled_from(earlier))}.ok"
    if task.get("after") and draw(st.booleans()):
        task["due"] = f"{draw(_DURATIONS)} after {task['after'][0]} done"
    task["remind"] = draw(reminders)
    if draw(st.integers(0, 4)) == 0:
        endings = ["stage ends", "deal ends", *(f"{t} done" for t in earlier)]
        task["repeat"] = f"every {draw(_RHYTHMS)} until {draw(st.sampled_from(endings))}"
        task["tell"] = ["sponsor"]
    if draw(st.integers(0, 4)) == 0:
        task["severity"] = {"critical": {"due": draw(_DUES), "escalate": draw(_rungs())}}
    task["stay"] = draw(st.integers(0, 4)) == 0
    task["optional"] = draw(st.integers(0, 4)) == 0
    task["escalate"] = draw(ladders)
    if draw(st.integers(0, 3)) == 0:
        task["outcomes"] = ["done", "other"]
        task["on"] = {
            "other": {"goto": draw(st.sampled_from(stages)), "tell": ["sponsor"]},
            "cannot": {"tell": ["owner"]},
        }
    return task


@st.composite
def plays(draw: st.DrawFn) -> dict[str, Any]:
    """A playbook as plain data: one to four stages in order, with everything the engine runs somewhere in it."""
    stages = [s for s in STAGES if draw(st.booleans())] or ["triage"]
    built: dict[str, Any] = {}
    earlier: list[str] = []
    for stage in stages:
        tasks = []
        for i in range(draw(st.integers(0, 3))):
            name = f"{stage.replace('_', '')}_{i}"
            tasks.append(draw(_task(name, list(earlier), stages)))
            if "repeat" not in tasks[-1]:  # nothing waits for what is never finished
                earlier.append(name)
        built[stage] = {"tasks": tasks}
        if draw(st.booleans()):
            built[stage]["max"] = draw(_DURATIONS)
        if tasks and draw(st.integers(0, 3)) == 0:
            built[stage]["exit"] = f"answers.{tasks[-1]['id']}.ok is defined"
    return {
        "playbook": "generated",
        "title": "Generated",
        "benefit": "None: it is a test.",
        "decide": draw(st.sampled_from(["30 days before renewal", "20 business days after opened"])),
        "watch": draw(st.sampled_from(["6 hours", "9 days", "70 days"])),
        "stages": built,
    }


class Step(Fact, frozen=True):
    """After ``wait``, somebody does something; ``pick`` and ``person`` choose among what there is then."""

    wait: timedelta
    do: str
    pick: int
    person: str
    flag: bool


_WAITS = st.one_of(
    st.integers(0, 600).map(lambda m: timedelta(minutes=m)),
    st.integers(0, 14).map(lambda d: timedelta(days=d)),
    st.integers(0, 40).map(lambda h: timedelta(hours=h)),
)
ACTS = (
    "done",
    "done",
    "done",
    "other",
    "cannot",
    "seen",
    "snooze",
    "hand_over",
    "claim",
    "help",
    "move",
    "pause",
    "resume",
    "customer",
    "answered",
    "grade",
    "override",
    "save",
    "let_go",
    "reopen",
    "reopen",
    "leaves",
    "stays",
    "wait",
    "wait",
)
IDLE = ("wait", "wait", "seen", "snooze", "hand_over", "claim", "help", "customer", "grade")


TURNS = ("save", "save", "save", "let_go", "reopen", "reopen", "reopen", "leaves", "stays", "done", "wait", "wait")


@st.composite
def open_plays(draw: st.DrawFn) -> dict[str, Any]:
    """Plays whose gates keep nobody, so that a deal can be saved, and saved again, within a short script."""
    play: dict[str, Any] = draw(plays())
    for stage in play["stages"].values():
        stage.pop("exit", None)
        for task in stage["tasks"]:
            task["optional"] = True
    return play


def _steps(acts: tuple[str, ...]) -> st.SearchStrategy[Step]:
    return st.builds(Step, _WAITS, st.sampled_from(acts), st.integers(0, 7), st.sampled_from(PEOPLE), st.booleans())


scripts = st.lists(_steps(ACTS), min_size=2, max_size=14)
turning_scripts = st.lists(_steps(TURNS), min_size=6, max_size=14)
"""The deal is closed, opened again and watched, and its account leaves and stays."""
idle_scripts = st.lists(_steps(IDLE), min_size=6, max_size=14)
"""Nobody gets anything done, so that ladders are climbed to their end."""
