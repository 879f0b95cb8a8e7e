"""Every due moment says why, on generated plays and people: what is printed is what was computed, and adds up.

Without a database: the core plays the script, and the derivation reads its history.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from msgspec.structs import replace

from saveline.core.changes import Event
from saveline.core.decide.draft import Case
from saveline.core.facts import DECISION, Account, Deal, Doer, Task
from saveline.core.language.directory import parse_people, persons_of
from saveline.core.language.names import Names
from saveline.core.language.playbooks import parse_play
from saveline.core.rehearse import (
    Act,
    Answered,
    AskHelp,
    Decline,
    Finish,
    Grade,
    HandOver,
    Open,
    Pause,
    Rehearsal,
    Resume,
    See,
    Snooze,
    Take,
    Wait,
)
from saveline.core.rehearse import Step as Taken
from saveline.core.trial import people_of
from saveline.core.why.deal import deal_brief, why_deal
from saveline.core.why.due import CHANGED
from saveline.core.why.lines import Part, Why
from saveline.core.why.task import why_task
from saveline.core.workspace import Workspace
from saveline.files import workspace as files
from saveline.files.yaml import parse
from saveline.sandbox import Expressions
from tests.casting import entries
from tests.laws.generated import PEOPLE, Step, plays, scripts
from tests.laws.places import place_of
from tests.laws.playing import SEVERITIES
from tests.world import CAST

derived = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
IDS = {f"{name}@x.example": no for no, name in enumerate(PEOPLE, 1)}


@cache
def workspace() -> Workspace:
    text = (CAST / "saveline.yaml").read_text() + SEVERITIES
    return files.read_workspace(parse(text, "saveline.yaml"), IDS)[0]


def case_of(play: dict[str, Any]) -> Case:
    """The deal before it opens, at the place that the play's text draws."""
    place = place_of(play)
    found = persons_of(parse_people(parse(entries(**place.people), "people.yaml")))
    assert {p.email: p.id for p in found} == IDS
    names = Names.of(workspace(), tuple(IDS), ("generated",))
    compiled, problems = parse_play(parse(json.dumps(play), "play"), "hash", workspace(), names, Expressions())
    assert compiled is not None, problems
    team = {"csm": IDS["ana@x.example"], "sponsor": IDS["chris@x.example"]}
    account = Account(1, "acme", "Acme", segment="enterprise", arr_cents=80_000_00, renewal=place.renewal, team=team)
    return Case(workspace(), people_of(workspace(), found), compiled, account, Deal(id=1, account_id=1))


def played(play: dict[str, Any], script: Sequence[Step]) -> tuple[Case, tuple[Event, ...]]:
    """The script in virtual time: the case as it stands at the end, and its history."""
    rehearsal, at = Rehearsal(case_of(play)), place_of(play).start
    rehearsal.take(Taken(at, Open(("value_not_seen",))))
    for step in script:
        at += step.wait
        rehearsal.run_to(at)
        act = _act(rehearsal.case.deal, step, at)
        if act is not None:
            rehearsal.take(Taken(at, act, Doer(IDS[f"{step.person}@x.example"])))
    return rehearsal.case, rehearsal.timeline(at).events


def _act(deal: Deal, step: Step, at: datetime) -> Act | None:
    if step.do == "pause":
        return Pause(at + timedelta(days=step.pick + 1), "they are away")
    if step.do == "resume":
        return Resume()
    if step.do == "grade":
        return Grade("critical" if step.flag else "normal", "it is worse")
    tasks = [t.plan for t in deal.tasks if t.state == "open" and t.plan != DECISION]
    return _task_act(tasks[step.pick % len(tasks)], step, at) if tasks else None


def _task_act(plan: str, step: Step, at: datetime) -> Act | None:
    known: dict[str, Act] = {
        "done": Finish(plan, None, {"ok": step.flag}),
        "cannot": Decline(plan, "not possible"),
        "seen": See(plan),
        "snooze": Snooze(plan, at + timedelta(hours=step.pick * 9 + 1), "later"),
        "hand_over": HandOver(plan, IDS[f"{step.person}@x.example"]),
        "claim": Take(plan),
        "help": AskHelp(plan, "please"),
        "customer": Wait(plan, at + timedelta(hours=step.pick * 9 + 1), "they think"),
        "answered": Answered(plan),
    }
    return known.get(step.do)


@derived
@given(play=plays(), script=scripts)
def test_a_derivation_ends_at_the_due_moment_and_adds_up(play: dict[str, Any], script: list[Step]) -> None:
    """The last line is the moment that the task carries, nothing is said to have changed, and the hours of each day
    add up to the play's business hours and to what a pause or a sleep took.

    Planted: a sleep counted in the company's hours; the calendar of whoever has the task now for a moment that was
    computed in somebody else's; folded days that leave out the last one; ``between`` without its days in the trace.
    """
    case, events = played(play, script)
    for task in case.deal.tasks:
        if task.clock is None:
            continue
        due = _part(why_task(case, events, task.no), "Due")
        calendar = case.people.calendar(task.assignee_id)
        assert due.at == task.clock.due_at
        assert due.lines[-1] == f"due: {calendar.local(task.clock.due_at):%a %-d %b %Y %H:%M}, {calendar.zone.key}"
        assert not [line for line in due.lines if CHANGED in line], due
        _assert_adds_up(case, task, due)


def _part(why: Why, title: str) -> Part:
    return next(p for p in why.parts if p.title == title)


def _assert_adds_up(case: Case, task: Task, due: Part) -> None:
    plan = case.play.task(task.stage, task.plan)
    plain = not any("instead" in line or "calendar time" in line for line in due.lines)
    if plan is not None and plan.due.duration.business_minutes and plain:
        first = list(takewhile(lambda line: not _MOVED.search(line), due.lines))
        assert _worked(first) == timedelta(minutes=plan.due.duration.business_minutes), due
    if plain and CHANGED not in " ".join(due.lines):
        named = [_END.match(line) for line in takewhile(lambda line: not _MOVED.search(line), due.lines)]
        zone = ZoneInfo(due.lines[0].partition("time (")[2].partition(",")[0])
        for close in filter(None, named):
            assert close["at"] == f"{task.running.promised_at.astimezone(zone):%a %-d %b %H:%M}", due
    for i, line in enumerate(due.lines):
        passed = _PASSED.match(line)
        if passed:
            begin = max(n for n in range(i) if _MOVED.search(due.lines[n]))
            assert _worked(due.lines[begin:i]) == _span(passed["span"]), due
            onward = list(takewhile(lambda text: text.startswith("  "), due.lines[i + 2 :]))
            assert not plain or _worked(onward) == _span(passed["span"]), due


_MOVED = re.compile(r"^(the deal was paused from|\S.* let it sleep from|it waited on the customer from)")
_END = re.compile(r"^end of business: (?P<at>.+)$")
_PASSED = re.compile(r"^  (?P<span>.+) of .* working time passed$")
_DAYS = re.compile(
    r"^ *(?P<first>\w{3} \d+ \w{3})(?: – (?P<last>\w{3} \d+ \w{3}))?: (?P<span>(?:\d+ (?:h|min|s) ?)+)(?:a day)?$"
)


def _worked(lines: Iterable[str]) -> timedelta:
    """The working time that the lines name day by day."""
    total = timedelta()
    for match in filter(None, map(_DAYS.match, lines)):
        first, last = _date(match["first"]), _date(match["last"] or match["first"])
        total += (abs((last - first).days) + 1) * _span(match["span"])
    return total


def _span(words: str) -> timedelta:
    unit = {"h": 3600, "min": 60, "s": 1}
    return timedelta(seconds=sum(int(n) * unit[u] for n, u in re.findall(r"(\d+) (h|min|s)", words)))


def _date(words: str) -> date:
    """``Tue 29 Feb``: the year is that in which it is a Tuesday."""
    for year in range(2026, 2032):
        with suppress(ValueError):
            found = datetime.strptime(f"{words} {year}", "%a %d %b %Y").replace(tzinfo=UTC).date()
            if f"{found:%a %-d %b}" == words:
                return found
    raise AssertionError(words)


@derived
@given(play=plays(), script=scripts)
def test_everything_about_a_deal_can_be_explained(play: dict[str, Any], script: list[Step]) -> None:
    """Every task in whatever state, and the deal: something is said about each, the decision date is the stored one,
    and what comes next comes at the moment at which the engine will wake.

    Planted: a derivation of a closed task that looked for its clock; next steps that began at the due moment.
    """
    case, events = played(play, script)
    assert _part(why_deal(case, events), "Decision date").at == case.deal.decide_at
    assert [no for no, _ in deal_brief(case, events)] == [t.no for t in case.deal.tasks if not t.closed]
    for task in case.deal.tasks:
        parts = why_task(case, events, task.no).parts
        assert parts[0].title.lower() == task.state
        assert all(part.lines for part in parts), parts
        if task.clock is not None and case.deal.state == "open":
            following = next(p for p in parts if p.title.startswith("Next"))
            assert following.at is not None
            assert task.clock.next_at is not None
            # It can go to somebody else sooner, together with another task of the deal.
            sooner = following.at < task.clock.next_at and "goes to" in following.lines[0]
            assert sooner or following.at == task.clock.next_at


@derived
@given(play=plays(), script=scripts)
def test_a_sum_that_no_longer_holds_is_not_printed(play: dict[str, Any], script: list[Step]) -> None:
    """After everybody's hours have changed, a moment is either derived to the same end or said to have been computed
    otherwise then: never a sum with another end.

    Planted: ``Sum.shown`` that always gives its lines.
    """
    case, events = played(play, script)
    nights = [replace(p, hours="mon-sun 20-24", zone="Asia/Kathmandu") for p in case.people.by_id.values()]
    other = replace(case, people=people_of(case.workspace, nights))
    for task in case.deal.tasks:
        if task.clock is None:
            continue
        due = _part(why_task(other, events, task.no), "Due")
        assert due.at == task.clock.due_at
        assert due.lines[-1].startswith("due: ")
        if not any(CHANGED in line for line in due.lines):
            _assert_adds_up(other, task, due)
