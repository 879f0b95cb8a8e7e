"""Playing a test case and judging it: did what its author expects come true?"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from saveline.core.choose import Choice
from saveline.core.decide.draft import Case
from saveline.core.expect import judge
from saveline.core.facts import Deal, Fact, Person
from saveline.core.language.cases import PlayCase, with_absences
from saveline.core.language.problems import Place
from saveline.core.people import People
from saveline.core.play import Play
from saveline.core.rehearse import Open, Timeline, play_out
from saveline.core.storyline import Teller
from saveline.core.suitable import Candidate, suitable
from saveline.core.workspace import Workspace
from saveline.core.worktime import DaysOff


class Failure(Fact, frozen=True):
    """What did not come true: where it is expected, what happened instead, and the story around it."""

    place: Place
    expected: str
    happened: str
    around: tuple[str, ...] = ()


class Verdict(Fact, frozen=True):
    """A case that was played. It holds when nothing failed."""

    case: PlayCase
    timeline: Timeline
    failures: tuple[Failure, ...] = ()


def run_case(
    case: PlayCase, play: Play, workspace: Workspace, persons: tuple[Person, ...], plays: Sequence[Play]
) -> Verdict:
    """Play ``case`` with ``play``, and judge it. ``plays`` are all there are: one of them is the account's. No lots are
    drawn: a case is to come out alike whatever its account is called."""
    workspace = replace(workspace, trials=())
    people = people_of(workspace, with_absences(persons, case))
    choice = _choice(case, workspace, people, plays)
    chosen = choice.play.name if choice.play else "no play"
    opening = case.steps[0].step
    assert isinstance(opening.act, Open)
    step = replace(opening, act=replace(opening.act, why=choice.why if chosen == play.name else ()))
    start = Case(workspace, people, play, case.account, Deal(id=1, account_id=case.account.id))
    timeline = play_out(start, (step, *case.script[1:]), case.until)
    missed = ((e, judge(timeline, e.that, chosen)) for e in case.expected)
    failures = [Failure(e.place, e.words, miss.happened, miss.around) for e, miss in missed if miss is not None]
    return Verdict(case, timeline, (*_refusals(case, timeline), *failures))


def people_of(workspace: Workspace, persons: Sequence[Person]) -> People:
    """The directory of a rehearsal."""
    days_off = DaysOff(workspace.country, workspace.holidays)
    return People(persons, workspace.departments, workspace.zone, workspace.hours, days_off)


def _choice(case: PlayCase, workspace: Workspace, people: People, plays: Sequence[Play]) -> Choice:
    opening = case.steps[0].step
    score = opening.act.score if isinstance(opening.act, Open) else 0
    candidate = Candidate(case.account, tuple(case.causes), opening.at, score)
    return suitable(candidate, plays, workspace, people, workspace.default_play)


def _refusals(case: PlayCase, timeline: Timeline) -> list[Failure]:
    """Steps that were refused and should not have been, and the other way round."""
    teller = Teller(timeline)
    failures = []
    for scripted in case.steps[1:]:
        words = next((r.words for r in timeline.refused if r.step is scripted.step), None)
        wanted = scripted.refused
        if words is None and wanted is not None:
            failures.append(Failure(scripted.place, f"refused with {wanted!r}", "it was done"))
        elif words is not None and (wanted is None or wanted.casefold() not in words.casefold()):
            expected = f"refused with {wanted!r}" if wanted else "the step is taken"
            near = [teller.shown(line) for line in teller.lines() if line.at <= scripted.step.at][-4:]
            failures.append(Failure(scripted.place, expected, f"refused: {words}", tuple(near)))
    return failures
