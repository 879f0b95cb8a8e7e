"""Test cases beside a playbook, ``champion-left.test.yaml``: an account, what people do when, and what to expect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from saveline.core.errors import Problem
from saveline.core.expect import Ends, Expectation, Runs, Stands, TaskIs, Told, Window
from saveline.core.facts import Absence, Account, Fact, Person
from saveline.core.language.case_shapes import (
    OPEN,
    STATES,
    SUBJECTS,
    CaseAccountShape,
    CaseAwayShape,
    CaseShape,
    ExpectShape,
    Local,
)
from saveline.core.language.case_steps import Scripted, StepReader
from saveline.core.language.problems import Findings, Place, Source
from saveline.core.people import People
from saveline.core.play import Play
from saveline.core.rehearse import Step
from saveline.core.workspace import NOTICE_KINDS, Workspace


class Expected(Fact, frozen=True):
    """An expectation with its place in the file and as the author wrote it."""

    that: Expectation
    place: Place
    words: str


class PlayCase(Fact, frozen=True):
    """One test case, ready to be played."""

    name: str
    place: Place
    account: Account
    causes: tuple[str, ...]
    steps: tuple[Scripted, ...]
    expected: tuple[Expected, ...]
    until: datetime
    absences: Mapping[int, tuple[Absence, ...]] = {}

    @property
    def script(self) -> tuple[Step, ...]:
        return tuple(s.step for s in self.steps)


def parse_cases(
    source: Source, play: Play, workspace: Workspace, people: People, plays: tuple[str, ...]
) -> tuple[tuple[PlayCase, ...], tuple[Problem, ...]]:
    """The cases of one file, and the problems in it; with a fatal problem there are no cases."""
    found = Findings(source)
    shapes = found.shaped(list[CaseShape], source.data) if source.data != [] else []
    reader = _Reader(found, play, workspace, people, plays)
    cases = [reader.case((i,), shape) for i, shape in enumerate(shapes or ())]
    if shapes == []:
        found.add((), "there is no case", "a list of cases, each beginning with '- case: …'")
    for i, case in enumerate(cases):
        if case.name in [c.name for c in cases[:i]]:
            found.add((i, "case"), f"the case {case.name!r} is there twice", "a name of its own for each case")
    return (() if found.fatal else tuple(cases)), tuple(found.problems)


class _Reader(StepReader):
    def case(self, place: Place, shape: CaseShape) -> PlayCase:
        for i, cause in enumerate(shape.causes):
            self.found.known((*place, "causes", i), "cause", cause, self.names.causes)
        opened = self._moment(shape.opened)
        steps = self._steps(place, shape, opened)
        expected = tuple(self._expected((*place, "expect", i), e) for i, e in enumerate(shape.expect))
        return PlayCase(
            name=shape.case,
            place=place,
            account=self._account((*place, "account"), shape.account, shape.opened.day),
            causes=tuple(shape.causes),
            steps=steps,
            expected=expected,
            until=self._until(shape, steps, expected),
            absences=self._absences(place, shape.away),
        )

    def _account(self, place: Place, shape: CaseAccountShape, opened: datetime) -> Account:
        team: dict[str, int] = {}
        for role, who in shape.team.items():
            self.found.known((*place, "team", role), "role", role, self.names.roles, key=True)
            team[role] = self._person((*place, "team", role), who)
        for name in shape.fields:
            self.found.known((*place, "fields", name), "field", name, self.names.account_fields, key=True)
        if shape.runway is not None and shape.renewal is not None:
            self.found.add((*place, "runway"), "both a runway and a renewal", "one of them", key=True)
        renewal = shape.renewal
        if shape.runway is not None:
            renewal = (opened + shape.runway.calendar()).date()
        return Account(
            id=1,
            key=shape.name.lower(),
            name=shape.name,
            segment=shape.segment,
            vertical=shape.vertical,
            region=shape.region,
            arr_cents=round(shape.arr * 100),
            renewal=renewal,
            health=shape.health,
            team=team,
            fields=shape.fields,
        )

    def _absences(self, place: Place, away: list[CaseAwayShape]) -> dict[int, tuple[Absence, ...]]:
        absences: dict[int, tuple[Absence, ...]] = {}
        for i, shape in enumerate(away):
            here: Place = (*place, "away", i)
            who = self._person((*here, "who"), shape.who)
            instead = self._person((*here, "substitute"), shape.substitute) if shape.substitute else None
            if shape.to < shape.from_:
                self.found.add((*here, "to"), "an absence that ends before it begins", "a last day after the first")
            absence = Absence(shape.from_, shape.to + timedelta(days=1), instead)
            absences[who] = (*absences.get(who, ()), absence)
        return absences

    # --- what is expected ---------------------------------------------------------------------------------------------

    def _expected(self, place: Place, shape: ExpectShape) -> Expected:
        subject = self._chosen(place, shape, SUBJECTS, ())
        window = self._window(shape)
        words = ", ".join(f"{f.alias or n} {getattr(shape, n)}" for n, f in ExpectShape.model_fields.items()
                          if getattr(shape, n) is not None)  # fmt: skip
        that: Expectation = Ends(None)
        match subject:
            case "told":
                that = self._told(place, shape, window)
            case "task":
                that = self._task_is(place, shape, window)
            case "stage":
                stages = [s.key for s in self.play.stages]
                self.found.known((*place, "stage"), "stage of this play", str(shape.stage), stages)
                that = Stands(str(shape.stage), window, shape.times)
            case "outcome":
                self._outcome((*place, "outcome"), str(shape.outcome), OPEN)
                that = Ends(None if shape.outcome == OPEN else shape.outcome, window)
            case "play":
                self.found.known((*place, "play"), "playbook", str(shape.play), self.names.plays)
                that = Runs(str(shape.play))
        return Expected(that, place, words)

    def _told(self, place: Place, shape: ExpectShape, window: Window) -> Told:
        if shape.kind is not None:
            self.found.known((*place, "kind"), "kind of notice", shape.kind, NOTICE_KINDS)
        if shape.task is not None:
            self.found.known((*place, "task"), "task of this play", shape.task, self.tasks)
        who = str(shape.told)
        department = who if who in self.names.departments and who not in self.known else ""
        person = 0 if department else self._person((*place, "told"), who, self.names.departments)
        return Told(person, department, shape.kind, shape.task, window, shape.times)

    def _task_is(self, place: Place, shape: ExpectShape, window: Window) -> TaskIs:
        self.found.known((*place, "task"), "task of this play", str(shape.task), self.tasks)
        if shape.is_ is not None:
            self.found.known((*place, "is"), "state", shape.is_, STATES)
        who = self._person((*place, "who"), shape.who) if shape.who else None
        due = self._span(shape.due, shape.due, f"due {shape.due}") if shape.due else None
        return TaskIs(str(shape.task), shape.is_, who, shape.outcome, due, window if window.moment else None)

    def _window(self, shape: ExpectShape) -> Window:
        if shape.at is not None:
            return self._span(shape.at, shape.at, f"at {shape.at}")
        return self._span(shape.from_, shape.by, "")

    def _span(self, first: Local | None, last: Local | None, words: str) -> Window:
        """From ``first`` to ``last``, both included: a day to its end, a time to the end of its minute."""
        end = None
        if last is not None:
            end = self._moment(last) + timedelta(minutes=1)
            if last.minute is None:
                end = self.calendar.wall(last.day.date() + timedelta(days=1), 0)
        return Window(self._moment(first) if first else None, end, words)

    def _until(self, shape: CaseShape, steps: tuple[Scripted, ...], expected: tuple[Expected, ...]) -> datetime:
        """The end of the case: as it says, else the last moment that it names."""
        if shape.until is not None:
            return self._moment(shape.until)
        windows: list[Window | None] = [getattr(e.that, "window", None) for e in expected]
        named = [moment for w in windows if w is not None for moment in (w.first, w.end) if moment is not None]
        return max([steps[-1].step.at, *named])


def with_absences(persons: tuple[Person, ...], case: PlayCase) -> tuple[Person, ...]:
    """Everybody, with the days away that the case adds."""
    return tuple(
        replace(p, absences=(*p.absences, *case.absences[p.id])) if p.id in case.absences else p for p in persons
    )
