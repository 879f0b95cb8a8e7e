"""What is in order by the letter and still not what its author can have meant: a gate that never opens, a ladder that
ends with nobody, a task that nothing reaches.

Each finding has an id, see :mod:`.lint_ids`. Two are errors; the others are warnings, which a play can accept by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from saveline.core.errors import one_of
from saveline.core.facts import Department
from saveline.core.language import lint_clock, lint_paths
from saveline.core.language.lint_ids import (
    AFTER_CLAIM,
    CANNOT_END,
    LADDER_EMPTY,
    LADDER_OPEN,
    LADDER_ORDER,
    LATE_DECISION,
    NO_ANCHOR,
    NO_BRANCH,
    NO_FALLBACK,
    NO_LEAD,
    NO_PLAY,
    NOBODY_THERE,
    OVERLAP,
    SHORT_CIRCLE,
    STAYS_SHUT,
    UNREACHED,
    Lint,
)
from saveline.core.language.names import Names
from saveline.core.language.outlook import Outlook
from saveline.core.language.problems import Place
from saveline.core.moments import Moment
from saveline.core.people import Assignee, Chain, Claim, Lead, Manager, Pick, Role
from saveline.core.play import Play, Policy, Range, Rung, StagePlan, TaskPlan


def lint_play(play: Play, departments: Sequence[Department] = ()) -> tuple[Lint, ...]:
    """Everything that looks wrong in one play, in the order of the file."""
    outlook = Outlook(play)
    leaderless = frozenset(d.key for d in departments if d.lead_id is None)
    found = [*_decision(play), *lint_paths.stages(play)]
    for stage in play.stages:
        found += _gate(stage, outlook)
        for i, task in enumerate(stage.tasks):
            place: Place = ("stages", stage.key, "tasks", i)
            found += [*_reach(task, place, outlook), *_assignment(task, place), *_branches(task, place)]
            found += [*lint_paths.task(play, task, place), *_leads(task, place, leaderless)]
            found += lint_clock.task(play, task, place)
            if task.policy.name == task.id:
                found += lint_ladder(task.policy, (*place, "escalate"))
    return tuple(found)


def lint_ladder(policy: Policy, place: Place) -> Iterator[Lint]:
    """A ladder of saveline.yaml, or of a task of its own."""
    for i, rung in enumerate(policy.escalate):
        if all(isinstance(link, Assignee) for link in rung.to):
            what = "this rung goes to whoever has the task, and is passed over"
            yield Lint(LADDER_EMPTY, (*place, i), what, "somebody else: their manager, a lead, the owner")
    for i, (lower, upper) in enumerate(pairwise(policy.escalate)):
        if _earlier(upper, lower):
            what = f"{upper} comes before {lower}, the rung below it"
            yield Lint(LADDER_ORDER, (*place, i + 1), what, "rungs in the order of their moments")
    if policy.escalate and policy.escalate[-1].do != "decide":
        what = f"the ladder {policy.name!r} only tells people, for ever"
        yield Lint(LADDER_OPEN, (*place, len(policy.escalate) - 1), what, "a last rung with do: decide")


def overlaps(plays: Sequence[Play]) -> Iterator[tuple[str, Lint]]:
    """``(play, lint)`` for each play whose accounts are as much another's: then only the name decides between them."""
    for i, play in enumerate(plays):
        for other in plays[:i]:
            if _rank(play) == _rank(other) and play.applies.lines and _meet(play, other):
                what = f"applies to the same accounts as {other.name}, as closely and with the same priority"
                yield play.name, Lint(OVERLAP, ("applies",), what, "another priority, or a further line in applies")


def circles(plays: Iterable[Play]) -> Iterator[tuple[str, Lint]]:
    """``(play, lint)`` for each play whose short form leads back to it, directly or by way of others."""
    by_name = {p.name: p for p in plays}
    for play in by_name.values():
        way, following = [play.name], by_name.get(play.short or "")
        while following is not None and following.name not in way:
            way.append(following.name)
            following = by_name.get(following.short or "")
        if following is play:
            what = f"the short form of {play.name} leads back to it: {' → '.join((*way, play.name))}"
            yield play.name, Lint(SHORT_CIRCLE, ("short",), what, "a shorter play that has no short form, or another")


def deserted(plays: Sequence[Play], staffed: frozenset[str]) -> Iterator[tuple[str, Lint]]:
    """``(play, lint)`` for each task picked from, or offered to, a department that is not in ``staffed``."""
    for play in plays:
        for stage in play.stages:
            for i, task in enumerate(stage.tasks):
                links = [link.department for link in task.assign if isinstance(link, Pick | Claim)]
                for department in (d for d in links if d not in staffed):
                    what = f"nobody works in {department}"
                    place: Place = ("stages", stage.key, "tasks", i, "assign")
                    yield play.name, Lint(NOBODY_THERE, place, what, f"somebody of {department} in people.yaml")


def uncovered(plays: Iterable[Play], names: Names) -> Iterator[Lint]:
    """Causes that no play names: their accounts get the default play. With a single play that goes without saying."""
    plays = tuple(plays)
    if len(plays) < 2:
        return
    named = {cause for play in plays for cause in play.applies.causes}
    for i, cause in enumerate(names.causes):
        if cause not in named:
            what = f"no play is made for {cause}: such an account gets the default play"
            yield Lint(NO_PLAY, ("causes", i), what, "the cause in the applies of a play")


def _decision(play: Play) -> Iterator[Lint]:
    if play.decide.anchor.kind == "renewal" and play.decide.direction > 0:
        yield Lint(LATE_DECISION, ("decide",), "the decision comes after the renewal", "a date before renewal")


def _gate(stage: StagePlan, outlook: Outlook) -> Iterator[Lint]:
    if stage.exit is None:
        return
    place: Place = ("stages", stage.key, "exit")
    if not outlook.can_open(stage):
        later = outlook.later(stage)
        why = f"; {one_of(later)} only comes later" if later else ""
        what = f"the gate of {stage.key} can never open, so the play cannot be gone through{why}"
        yield Lint(CANNOT_END, place, what, "a condition that the work of this stage can fulfil")
        return
    shut = outlook.shut(stage)
    if shut is not None:
        what = f"the gate of {stage.key} can stay shut when all its work is done, for example with {shut}"
        yield Lint(STAYS_SHUT, place, what, "an outcome with a goto, or a task, for that case")


def _reach(task: TaskPlan, place: Place, outlook: Outlook) -> Iterator[Lint]:
    unknown = outlook.unanswered(task)
    if task.condition is not None and not outlook.can_start(task):
        why = f": {one_of(unknown)} has no answer when it is looked at" if unknown else ""
        expected = f"after: [{', '.join(unknown)}]" if unknown else "a condition that can hold"
        yield Lint(UNREACHED, (*place, "if"), f"nothing leads to {task.id}{why}", expected)
    anchor = task.due.anchor
    if anchor.kind == "done" and anchor.name in outlook.open_when_starting(task):
        what = f"{anchor.name} may be open when {task.id} starts; it is then due 2 business days after its start"
        yield Lint(NO_ANCHOR, (*place, "due"), what, f"after: [{anchor.name}]")


def _assignment(task: TaskPlan, place: Place) -> Iterator[Lint]:
    role = _only_role(task.assign)
    if role is not None:
        what = f"an account without {_article(role)} gives {task.id} to the owner of the deal"
        expected = f"a second choice: [{role}, …]"
        yield Lint(NO_FALLBACK, (*place, "assign"), what, expected)
    for i, link in enumerate(task.assign[:-1]):
        if isinstance(link, Claim):
            what = f"nobody after {{claim: {link.department}}} is ever asked"
            yield Lint(AFTER_CLAIM, (*place, "assign", i), what, "the claim as the last of the list")


def _leads(task: TaskPlan, place: Place, leaderless: frozenset[str]) -> Iterator[Lint]:
    """The leads that a task names, on its rungs too, of departments that have none."""
    rungs = [(("escalate",), link) for rung in task.policy.escalate for link in rung.to]
    seen: set[str] = set()
    for ends, link in [*((("assign",), link) for link in task.assign), *rungs]:
        of = link.of if isinstance(link, Manager) else link
        department = (of.department or task.department) if isinstance(of, Lead) else None
        if department in leaderless and department not in seen:
            seen.add(department)
            what = f"{department} has no lead, so {link} is nobody"
            yield Lint(NO_LEAD, (*place, *ends), what, f"a lead of {department} in saveline.yaml, or somebody else")


def _branches(task: TaskPlan, place: Place) -> Iterator[Lint]:
    """The first outcome is the plain one; where another has a branch, each of the others is expected to have one."""
    if not any(outcome in task.branches for outcome in task.outcomes[1:]):
        return
    for i, outcome in enumerate(task.outcomes[1:], start=1):
        if outcome not in task.branches:
            what = f"{outcome!r} leads nowhere, while other outcomes of {task.id} have a branch"
            yield Lint(NO_BRANCH, (*place, "outcomes", i), what, f"on: {{{outcome}: …}}, or one outcome fewer")


def _only_role(chain: Chain) -> str | None:
    if len(chain) != 1:
        return None
    link = chain[0].of if isinstance(chain[0], Manager) else chain[0]
    return link.name if isinstance(link, Role) else None


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


def _earlier(upper: Rung, lower: Rung) -> bool:
    """Whether two rungs that count from the same thing come in the wrong order."""
    if upper.unseen and lower.unseen:
        return upper.unseen.calendar() < lower.unseen.calendar()
    if upper.when is None or lower.when is None or upper.when.anchor != lower.when.anchor:
        return False
    return _offset(upper.when) < _offset(lower.when)


def _offset(moment: Moment) -> float:
    return moment.direction * moment.duration.calendar().total_seconds()


def _rank(play: Play) -> tuple[int, int]:
    return play.applies.lines, play.priority


def _meet(one: Play, other: Play) -> bool:
    """Whether some account could fit both, as far as can be told without looking at conditions."""
    a, b = one.applies, other.applies
    listed = ((a.causes, b.causes), (a.segments, b.segments), (a.verticals, b.verticals), (a.regions, b.regions))
    ranges = ((a.arr, b.arr), (a.runway_days, b.runway_days), (a.health, b.health))
    return all(not x or not y or set(x) & set(y) for x, y in listed) and all(_cross(x, y) for x, y in ranges)


def _cross(one: Range | None, other: Range | None) -> bool:
    if one is None or other is None:
        return True
    low = max((r.low for r in (one, other) if r.low is not None), default=None)
    high = min((r.high for r in (one, other) if r.high is not None), default=None)
    return low is None or high is None or low <= high
