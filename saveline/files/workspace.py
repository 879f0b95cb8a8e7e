"""The workspace folder: saveline.yaml, people.yaml and playbooks/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from saveline.core.errors import Invalid, Problem, nearest, one_of
from saveline.core.facts import Fact
from saveline.core.language.directory import PersonEntry, parse_people
from saveline.core.language.names import Names
from saveline.core.language.playbooks import parse_play, used_policies, version_hash
from saveline.core.language.settings import parse_workspace
from saveline.core.language.trials import check_trials
from saveline.core.play import Play
from saveline.core.workspace import Workspace
from saveline.files.folder import TESTS_SUFFIX, files_in, strangers
from saveline.files.yaml import MOST_OF_PLAY, Document, parse, read
from saveline.sandbox import Expressions

SETTINGS_FILE: Final = "saveline.yaml"
PEOPLE_FILE: Final = "people.yaml"
PLAYBOOKS: Final = "playbooks"


class LivePlay(Fact, frozen=True):
    """A playbook file that is in order: the play, its text, and as plain data the policies that it uses."""

    play: Play
    text: str
    policies: Mapping[str, Any]


class Plays(Fact, frozen=True):
    """What the playbooks folder holds: the plays in order, and the problems (warnings too) of all files."""

    live: tuple[LivePlay, ...] = ()
    broken: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_people(folder: Path) -> tuple[PersonEntry, ...]:
    """Everybody in people.yaml. Raises Invalid."""
    departments, channels = _named_in_settings(folder)
    return parse_people(read(folder / PEOPLE_FILE, name=PEOPLE_FILE), departments, channels)


def _named_in_settings(folder: Path) -> tuple[Sequence[str], Mapping[str, str]]:
    """The departments, and the channels with whom they reach; nothing where the settings are not in order."""
    try:
        data = read(folder / SETTINGS_FILE, name=SETTINGS_FILE).data
        departments, channels = data.get("departments"), data.get("channels")
    except (Invalid, AttributeError):
        return (), {}  # reported where the settings are read
    reaches = {
        str(name): str(channel.get("reach"))
        for name, channel in (channels.items() if isinstance(channels, dict) else ())
        if isinstance(channel, dict)
    }
    return list(departments) if isinstance(departments, dict) else (), reaches


def read_settings(folder: Path) -> Document:
    """saveline.yaml. Raises Invalid, also when there is none: the folder is no workspace then."""
    path = folder / SETTINGS_FILE
    if not path.exists():
        hint = "a workspace: go to its folder, set SAVELINE_WORKSPACE, or make one with `saveline init`"
        raise Invalid([Problem(str(path), 1, 1, "there is no saveline.yaml here", hint)])
    return read(path, name=SETTINGS_FILE)


def read_workspace(document: Document, people: Mapping[str, int]) -> tuple[Workspace, tuple[Problem, ...]]:
    """The settings, with the ids of the people they name. Raises Invalid."""
    return parse_workspace(document, people, Expressions())


def read_plays(folder: Path, settings: Document, workspace: Workspace, emails: Sequence[str]) -> Plays:
    """Every playbook in ``playbooks/``. A broken file spoils only itself."""
    paths = [p for p in files_in(folder / PLAYBOOKS) if not p.name.endswith(TESTS_SUFFIX)]
    names = Names.of(workspace, tuple(emails), tuple(p.stem for p in paths))
    live: list[LivePlay] = []
    broken: list[str] = []
    problems = [*strangers(folder / PLAYBOOKS)]
    for path in paths:
        try:
            found, faults = read_play(path, settings, workspace, names)
        except Invalid as error:
            found, faults = None, error.problems
        problems += faults
        if found is None:
            broken.append(path.stem)
        else:
            live.append(found)
    if workspace.default_play not in names.plays:
        problems.append(
            settings.problem(
                ("default_play",),
                f"there is no playbook {workspace.default_play!r}",
                one_of(names.plays) or "a file in playbooks/",
                nearest(workspace.default_play, names.plays),
            )
        )
    problems += check_trials(settings, workspace.trials, [found.play for found in live], names.plays)
    return Plays(tuple(live), tuple(broken), tuple(problems))


def read_play(
    path: Path, settings: Document, workspace: Workspace, names: Names, *, named: bool = True
) -> tuple[LivePlay | None, tuple[Problem, ...]]:
    """One playbook file, checked; its name must be the file's, unless it is ``named`` otherwise because it lies
    elsewhere. Raises Invalid when it is no YAML."""
    document = read(path, name=f"{PLAYBOOKS}/{path.name}" if named else str(path), most=MOST_OF_PLAY)
    used = used_policies(document.data, workspace.default_policy)
    policies = {k: v for k, v in sorted(settings.data["policies"].items()) if k in used}
    play, problems = parse_play(document, version_hash(document.text, policies), workspace, names, Expressions())
    if named and play is not None and play.name != path.stem:
        wrong = document.problem(
            ("playbook",), f"the playbook is called {play.name!r}", f"the name of its file, {path.stem!r}"
        )
        return None, (*problems, wrong)
    return (LivePlay(play, document.text, policies) if play else None), problems


def play_at(path: Path, settings: Document, workspace: Workspace, names: Names) -> Play:
    """A playbook file that may lie anywhere and be called anything. Raises Invalid with what is wrong."""
    if not path.is_file():
        raise Invalid([Problem(str(path), 1, 1, "there is no such file", "a playbook, like playbooks/NAME.yaml")])
    document = read(path, name=str(path))
    used = used_policies(document.data, workspace.default_policy)
    policies = {k: v for k, v in sorted(settings.data["policies"].items()) if k in used}
    play, problems = parse_play(document, version_hash(document.text, policies), workspace, names, Expressions())
    if play is None:
        raise Invalid([p for p in problems if not p.warning])
    return play


def stored_play(hash_: str, text: str, policies: Mapping[str, Any], settings: Document) -> Play:
    """A version as it was stored, with the policies of its day. Raises Invalid only if the language has changed."""
    data = {**settings.data, "policies": {**settings.data["policies"], **policies}}
    workspace, _ = parse_workspace(Document(settings.file, settings.text, data, {}), {}, Expressions(), trusted=True)
    names = Names.of(workspace, ())
    play, problems = parse_play(parse(text, f"version {hash_}"), hash_, workspace, names, Expressions(), trusted=True)
    if play is None:
        raise Invalid(problems)
    return play
