"""The steps of a test case: what people do, when, and what has to be refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from saveline.core.decide.deals import Closing
from saveline.core.errors import one_of
from saveline.core.facts import APPROVAL, DECISION, Doer, Fact, Person
from saveline.core.language.case_shapes import TASK_VERBS, VERBS, CaseShape, Local, StepShape
from saveline.core.language.names import Names
from saveline.core.language.problems import Findings, Place
from saveline.core.language.shapes import Shape
from saveline.core.moments import later
from saveline.core.people import People
from saveline.core.play import Play
from saveline.core.rehearse import (
    Act,
    Answered,
    Appoint,
    AskHelp,
    Close,
    Decline,
    Finish,
    Grade,
    HandOver,
    Join,
    Move,
    Open,
    Override,
    Pause,
    Resume,
    See,
    Snooze,
    Step,
    Take,
    Wait,
)
from saveline.core.workspace import Workspace


class Scripted(Fact, frozen=True):
    """A step of a case; ``refused`` is a part of the words with which it has to be refused."""

    step: Step
    place: Place
    refused: str | None = None


class StepReader:
    """Reads what people do in a case, and the words by which a case names people, outcomes and moments."""

    def __init__(
        self, found: Findings, play: Play, workspace: Workspace, people: People, plays: tuple[str, ...]
    ) -> None:
        self.found, self.play, self.workspace, self.people = found, play, workspace, people
        self.calendar = people.calendar(None)
        self.names = Names.of(workspace, tuple(people.by_email), plays)
        self.tasks = (*play.tasks, DECISION, APPROVAL)
        self.known = _ways_to_name(people.by_id.values())

    def _steps(self, place: Place, shape: CaseShape, opened: datetime) -> tuple[Scripted, ...]:
        steps = [Scripted(Step(opened, Open(tuple(shape.causes), shape.score)), (*place, "opened"))]
        for i, step in enumerate(shape.do):
            here: Place = (*place, "do", i)
            verb = self._chosen(here, step, VERBS, ("after", "on", "who", "refused"))
            by = self._person((*here, "who"), step.who) if step.who else 0
            at = self._step_at(here, step, by, steps[-1].step.at)
            if not step.who and verb not in ("cause", ""):
                self.found.add(here, "nobody does it", "who: a person of people.yaml", key=True)
            if verb:
                act = self._act(here, verb, step)
                steps.append(Scripted(Step(at, act, Doer(by) if by else None), here, step.refused))
        return tuple(steps)

    def _step_at(self, place: Place, step: StepShape, by: int, before: datetime) -> datetime:
        if (step.after is None) == (step.on is None):
            what = "both 'after' and 'on'" if step.on is not None else "neither 'after' nor 'on'"
            self.found.add(place, what, "one of them: 'after: 2 business days' or 'on: 2026-11-25 09:00'", key=True)
            return before
        if step.after is not None:
            return later(step.after, before, self.people.calendar(by))
        assert step.on is not None
        at = self._moment(step.on)
        if at < before:
            self.found.add((*place, "on"), f"{step.on} comes before the step above it", "steps in the order of time")
        return at

    def _act(self, place: Place, verb: str, step: StepShape) -> Act:
        if verb in TASK_VERBS:
            return self._task_act(place, verb, step)
        return _DEAL_ACTS[verb](self, place, step)

    def move(self, place: Place, step: StepShape) -> Act:
        self.found.known((*place, "move"), "stage of this play", str(step.move), [s.key for s in self.play.stages])
        return Move(str(step.move), step.reason)

    def pause(self, _place: Place, step: StepShape) -> Act:
        assert step.pause is not None
        return Pause(self._moment(step.pause), step.reason)

    def cause(self, place: Place, step: StepShape) -> Act:
        self.found.known((*place, "cause"), "cause", str(step.cause), self.names.causes)
        return Join(str(step.cause))

    def severity(self, place: Place, step: StepShape) -> Act:
        self.found.known((*place, "severity"), "severity", str(step.severity), self.names.severities)
        return Grade(str(step.severity), step.reason)

    def override(self, _place: Place, step: StepShape) -> Act:
        assert step.override is not None
        return Override(self._moment(step.override), step.reason)

    def role(self, place: Place, step: StepShape) -> Act:
        self.found.known((*place, "role"), "role", str(step.role), self.names.roles)
        return Appoint(str(step.role), self._needed(place, "to", step.to))

    def close(self, place: Place, step: StepShape) -> Act:
        self._outcome((*place, "close"), str(step.close))
        kept = round(step.kept * 100) if step.kept is not None else None
        return Close(Closing(str(step.close), step.reason, kept, step.evidence))

    def _task_act(self, place: Place, verb: str, step: StepShape) -> Act:
        task: str = getattr(step, verb)
        self.found.known((*place, verb), "task of this play", task, self.tasks)
        simple = _TASK_ACTS.get(verb)
        if simple is not None:
            return simple(task, step)
        if verb == "done":
            self._check_answers(place, task, step)
            return Finish(task, step.outcome, step.answers)
        if verb == "hand_over":
            return HandOver(task, self._needed(place, "to", step.to), step.note)
        if step.until is None:
            self.found.add(place, "'until' is missing", "until: a moment", key=True)
            return See(task)
        sleep = Wait if verb == "wait" else Snooze
        return sleep(task, self._moment(step.until), step.reason)

    def _check_answers(self, place: Place, task: str, step: StepShape) -> None:
        plan = self.play.tasks.get(task)
        if plan is None:
            return
        if step.outcome is not None:
            self.found.known((*place, "outcome"), "outcome", step.outcome, plan.outcomes)
        for name in step.answers:
            self.found.known((*place, "answers", name), "question", name, [f.name for f in plan.form], key=True)

    # --- words --------------------------------------------------------------------------------------------------

    def _chosen(self, place: Place, shape: Shape, words: Mapping[str, tuple[str, ...]], always: Iterable[str]) -> str:
        """The first of ``words`` that is there, or '' with a problem; every other key must be one that goes with it."""
        fields = type(shape).model_fields
        there = [field.alias or name for name, field in fields.items() if name in shape.model_fields_set]
        chosen = next((w for w in words if w in there), "")
        if not chosen:
            self.found.add(place, "nothing is said", f"one of {', '.join(words)}", key=True)
            return ""
        allowed = (*words[chosen], *always)
        for key in there:
            if key != chosen and key not in allowed:
                expected = one_of(allowed) or f"{chosen!r} alone"
                self.found.add((*place, key), f"{key!r} means nothing with {chosen!r}", expected, key=True)
        return chosen

    def _person(self, place: Place, who: str, others: tuple[str, ...] = ()) -> int:
        found = self.known.get(who.casefold())
        if found is None:
            self.found.known(place, "person", who, (*sorted(_short_names(self.people.by_id.values())), *others))
        return found or 0

    def _needed(self, place: Place, key: str, who: str | None) -> int:
        if who is None:
            self.found.add(place, f"{key!r} is missing", f"{key}: a person of people.yaml", key=True)
            return 0
        return self._person((*place, key), who)

    def _outcome(self, place: Place, outcome: str, *others: str) -> None:
        self.found.known(place, "outcome", outcome, (*(o.key for o in self.workspace.outcomes), *others))

    def _moment(self, local: Local) -> datetime:
        return self.calendar.wall(local.day.date(), local.minute or 0)


_DEAL_ACTS: Final[Mapping[str, Callable[[StepReader, Place, StepShape], Act]]] = {
    "move": StepReader.move,
    "pause": StepReader.pause,
    "resume": lambda _reader, _place, _step: Resume(),
    "cause": StepReader.cause,
    "severity": StepReader.severity,
    "override": StepReader.override,
    "role": StepReader.role,
    "close": StepReader.close,
}
_TASK_ACTS: Final[Mapping[str, Callable[[str, StepShape], Act]]] = {
    "cannot": lambda task, step: Decline(task, step.reason),
    "seen": lambda task, _step: See(task),
    "take": lambda task, _step: Take(task),
    "answered": lambda task, _step: Answered(task),
    "help": lambda task, step: AskHelp(task, step.note),
}


def _short_names(people: Iterable[Person]) -> set[str]:
    return {p.email.partition("@")[0].casefold() for p in people}


def _ways_to_name(people: Iterable[Person]) -> dict[str, int]:
    """A person by address, by the part of it before the @, or by full name; what means two people means nobody."""
    known: dict[str, int] = {}
    twice: set[str] = set()
    for person in people:
        for name in {person.email.casefold(), person.email.partition("@")[0].casefold(), person.name.casefold()}:
            if name in known:
                twice.add(name)
            known[name] = person.id
    return {name: i for name, i in known.items() if name not in twice}
