"""The workspace as its authors look at it: every file read and checked, test cases too. No database is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from saveline.core.errors import Invalid, Problem, UnknownWord, nearest, one_of
from saveline.core.facts import Fact, Person
from saveline.core.language.accepting import accepted_at
from saveline.core.language.cases import PlayCase, parse_cases
from saveline.core.language.directory import persons_of
from saveline.core.language.lint_ids import problem_of
from saveline.core.language.lints import circles, deserted, overlaps, uncovered
from saveline.core.language.names import Names
from saveline.core.language.rehearsal import check_weighted
from saveline.core.people import People
from saveline.core.play import Play
from saveline.core.trial import Verdict, people_of, run_case
from saveline.core.workspace import Workspace
from saveline.files import workspace as files
from saveline.files.folder import TESTS_SUFFIX, files_in
from saveline.files.workspace import PEOPLE_FILE, PLAYBOOKS, SETTINGS_FILE
from saveline.files.yaml import MOST_OF_PLAY, Document, read

T = TypeVar("T")


class FiledCase(Fact, frozen=True):
    """A test case, the play it belongs to and the file it stands in."""

    play: str
    case: PlayCase
    source: Document


class Checked(Fact, frozen=True):
    """What the folder holds as far as it is in order, and every problem. Without a workspace there are no plays."""

    problems: tuple[Problem, ...]
    workspace: Workspace | None = None
    persons: tuple[Person, ...] = ()
    plays: tuple[Play, ...] = ()
    cases: tuple[FiledCase, ...] = ()
    names: Names | None = None

    @property
    def fatal(self) -> bool:
        return any(not p.warning for p in self.problems)

    def play(self, name: str) -> Play:
        """Raises UnknownWord, and Invalid where its file is not in order."""
        found = next((p for p in self.plays if p.name == name), None)
        if found is None:
            own = [p for p in self.problems if p.file.startswith((f"{PLAYBOOKS}/{name}.", SETTINGS_FILE, PEOPLE_FILE))]
            if any(not p.warning for p in own):
                raise Invalid([p for p in own if not p.warning])
            raise UnknownWord("a playbook", name, [p.name for p in self.plays])
        return found

    def verdict(self, filed: FiledCase) -> Verdict:
        """The case, played and judged."""
        if self.workspace is None:
            raise ValueError("a case is there only with a workspace")
        return run_case(filed.case, self.play(filed.play), self.workspace, self.persons, self.plays)


def check(folder: Path) -> Checked:
    """Everything in the workspace, checked. Never raises for a file that is wrong: the problems say so."""
    problems: list[Problem] = []
    settings = _attempt(partial(files.read_settings, folder), problems)
    persons = persons_of(_attempt(partial(files.read_people, folder), problems) or ())
    ids = {p.email.casefold(): p.id for p in persons}
    found = None if settings is None else _attempt(partial(files.read_workspace, settings, ids), problems)
    if settings is None or found is None:
        return Checked(tuple(problems), persons=persons)
    workspace, warnings = found
    plays = files.read_plays(folder, settings, workspace, tuple(ids))
    live = tuple(p.play for p in plays.live)
    names = Names.of(workspace, tuple(ids), (*(p.name for p in live), *plays.broken))
    staffed = (
        frozenset(p.department for p in persons if p.active and p.department)
        if persons
        else frozenset(names.departments)
    )
    across = _across(folder, settings, live, None if plays.broken else names, staffed)
    problems += [*warnings, *plays.problems, *across]
    if not persons:
        return Checked(tuple(problems), workspace, persons, live, (), names)  # nobody to play the cases
    cases, faults = _cases(folder, live, workspace, people_of(workspace, persons), names)
    return Checked((*problems, *faults), workspace, persons, live, cases, names)


def _across(
    folder: Path, settings: Document, plays: Sequence[Play], names: Names | None, staffed: frozenset[str]
) -> list[Problem]:
    """What shows only when all files are looked at together; without ``names`` some plays are not in order yet."""
    found = [(settings, lint) for lint in uncovered(plays, names)] if names is not None else []
    documents: dict[str, Document] = {}
    for name, lint in chain(overlaps(plays), circles(plays), deserted(plays, staffed)):
        file = f"{PLAYBOOKS}/{name}.yaml"
        if name not in documents:
            documents[name] = read(folder / file, name=file)
        found.append((documents[name], lint))
    said = [(document, lint) for document, lint in found if lint.id not in accepted_at(document.data, lint.place)]
    weighted = check_weighted(settings, plays) if names is not None else []
    return [*(problem_of(document, lint) for document, lint in said), *weighted]


def _cases(
    folder: Path, plays: Sequence[Play], workspace: Workspace, people: People, names: Names
) -> tuple[tuple[FiledCase, ...], list[Problem]]:
    by_name = {p.name: p for p in plays}
    cases: list[FiledCase] = []
    problems: list[Problem] = []
    for path in files_in(folder / PLAYBOOKS):
        stem = path.name.removesuffix(TESTS_SUFFIX)
        if stem == path.name or (stem in names.plays and stem not in by_name):
            continue  # no test cases; or those of a play that is not in order, which has been said
        document = _attempt(partial(read, path, name=f"{PLAYBOOKS}/{path.name}", most=MOST_OF_PLAY), problems)
        if document is None:
            continue
        if stem not in by_name:
            what = f"there is no playbook {stem!r} to test"
            problems.append(document.problem((), what, one_of(names.plays), nearest(stem, names.plays)))
            continue
        found, faults = parse_cases(document, by_name[stem], workspace, people, names.plays)
        cases += [FiledCase(stem, case, document) for case in found]
        problems += faults
    return tuple(cases), problems


def _attempt(reading: Callable[[], T], problems: list[Problem]) -> T | None:
    """What ``reading`` gives, or None with the problems added."""
    try:
        return reading()
    except Invalid as invalid:
        problems += invalid.problems
        return None
