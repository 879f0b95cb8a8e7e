"""A workspace's own templates: its folder ``templates``, laid out like the shipped one, each checked before it is used.

``templates/KIND/email.html`` goes before the shipped one for everybody, ``templates/KIND/de/email.html`` for those who
read German. What is wrong is a problem with its place, and the shipped template stays in use.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import TemplateError, UndefinedError

from saveline.core.errors import Problem, nearest, one_of
from saveline.core.facts import Fact
from saveline.core.tongue import NAMES, SHIPPED
from saveline.notify import fence
from saveline.notify.fence import Allowed
from saveline.notify.message import cleaned
from saveline.notify.render import FILES, SUBJECT, Form, OwnKey, Wording

FOLDER: Final = "templates"
MOST: Final = 500
"""Files and folders that are looked at."""

_FORMS: Final[Mapping[str, Form]] = {SUBJECT: "text", **{file: form for form, file in FILES.items()}}
_LINE: Final = re.compile(r"line (\d+)")
Views = Callable[[str], Sequence[Mapping[str, Any]]]
"""Sample views of a kind, the first of which says what names there are."""


class OwnTemplates(Fact, frozen=True):
    """The texts that may be used, and what is wrong with the others."""

    texts: Mapping[OwnKey, str] = {}
    problems: tuple[Problem, ...] = ()


def read(workspace: Path, shipped: Path, views: Views) -> OwnTemplates:
    """Everything in the workspace's folder ``templates``; nothing where there is none."""
    folder = workspace / FOLDER
    if not folder.is_symlink() and not folder.is_dir():
        return OwnTemplates()
    reading = _Reading(workspace, shipped, views)
    reading.kinds(folder)
    return OwnTemplates(reading.texts, tuple(reading.problems))


class _Reading:
    def __init__(self, workspace: Path, shipped: Path, views: Views) -> None:
        self.workspace, self.shipped, self.views = workspace, shipped, views
        self.texts: dict[OwnKey, str] = {}
        self.problems: list[Problem] = []
        self.known = sorted(p.name for p in shipped.iterdir() if (p / SUBJECT).is_file())
        self._seen = 0

    def kinds(self, folder: Path) -> None:
        for path in self._within(folder):
            if path.name not in self.known:
                what = f"no kind of notice is called {path.name!r}"
                self._wrong(path, what, one_of(self.known), nearest(path.name, self.known))
            elif path.is_dir():
                self._kind(path)
            else:
                self._wrong(path, f"{path.name} is no folder", f"a folder with {one_of(_FORMS)} in it")

    def _kind(self, folder: Path) -> None:
        for path in self._within(folder):
            if path.is_dir() and path.name in SHIPPED:
                for file in self._within(path):
                    self._file(folder.name, path.name, file)
            elif path.is_dir():
                near = NAMES.get(path.name.casefold(), "") or nearest(path.name, SHIPPED)
                self._wrong(path, f"unknown language {path.name!r}", one_of(SHIPPED), near)
            else:
                self._file(folder.name, "", path)

    def _within(self, folder: Path) -> Iterator[Path]:
        """What is in a folder, without links and what is neither file nor folder: those are problems."""
        if folder.is_symlink():
            self._wrong(folder, f"{folder.name} is a link", "a folder of the workspace's own")
            return
        for path in self._listed(folder):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                self._wrong(path, f"{path.name} is a link", "a file of the workspace's own")
            elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                self._wrong(path, f"{path.name} is no file", "a text file")
            elif not path.name.startswith("."):
                yield path

    def _listed(self, folder: Path) -> list[Path]:
        """What is in a folder, as far as it is looked at."""
        try:
            found = sorted(folder.iterdir())
        except OSError:
            self._wrong(folder, f"{folder.name} cannot be read", "a folder that Saveline may read")
            return []
        left = max(0, MOST - self._seen)
        if len(found) > left:
            self._wrong(folder, "more than is looked at", f"at most {MOST} files and folders in all")
        self._seen += len(found)
        return found[:left]

    def _file(self, kind: str, language: str, path: Path) -> None:
        form = _FORMS.get(path.name)
        if form is None or not path.is_file():
            self._wrong(path, f"no template is called {path.name!r}", one_of(_FORMS), nearest(path.name, _FORMS))
            return
        source = self._text(path)
        if source is None:
            return
        key, views = (kind, language, path.name), [cleaned(v) for v in self.views(kind)]
        if not views:
            self._wrong(path, "there is no play to try it with", "a play in playbooks/ that is in order")
            return
        wording = Wording(self.shipped, {key: source})
        view = {**views[0], "subject": ""}
        allowed = Allowed(view, _parents(self.shipped, path.name), wording.filters(form))
        problem = fence.check(source, self._name(path), allowed) or self._failed(path, wording, key, form, views)
        if problem is None:
            self.texts[key] = source
        else:
            self.problems.append(problem)

    def _text(self, path: Path) -> str | None:
        try:
            if path.stat().st_size > fence.LONGEST:
                self._wrong(path, "a template that is too long", f"at most {fence.LONGEST // 1024} KB")
                return None
            return path.read_text(encoding="utf-8")
        except (UnicodeError, OSError):
            self._wrong(path, "the file cannot be read", "text in UTF-8")
            return None

    def _failed(
        self, path: Path, wording: Wording, key: OwnKey, form: Form, views: Sequence[Mapping[str, Any]]
    ) -> Problem | None:
        """What goes wrong when it prints the samples."""
        for view in views:
            try:
                wording.tried(key, form, {**view, "subject": "", **wording.said(view)})
            except (TemplateError, ValueError, TypeError, ArithmeticError, RecursionError, LookupError) as error:
                line = _line_of(error)
                what = f"it fails with the sample: {error}"
                expected = "a name that the sample has" if isinstance(error, UndefinedError) else "a text"
                return Problem(self._name(path), line, 1, what, expected)
        return None

    def _wrong(self, path: Path, what: str, expected: str, near: str = "") -> None:
        self.problems.append(Problem(self._name(path), 1, 1, what, expected, near))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.workspace).as_posix()


def _line_of(error: BaseException) -> int:
    """The line of the template, which Jinja puts into the traceback."""
    if isinstance(getattr(error, "lineno", None), int):
        return int(error.lineno)  # type: ignore[attr-defined]
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _parents(shipped: Path, file: str) -> dict[str, frozenset[str]]:
    """The shipped templates of the same form, each with its blocks and those of what it extends itself."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted(shipped.glob(f"*/{file}")):
        _blocks(shipped, path.relative_to(shipped).as_posix(), found)
    return found


_BLOCK: Final = re.compile(r"\{% block (\w+) %\}")
_EXTENDS: Final = re.compile(r"\{% extends \"([\w./]+)\" %\}")


def _blocks(shipped: Path, name: str, found: dict[str, frozenset[str]]) -> frozenset[str]:
    if name not in found:
        text = (shipped / name).read_text(encoding="utf-8")
        above = _EXTENDS.search(text)
        inherited = _blocks(shipped, above[1], found) if above else frozenset()
        found[name] = inherited | frozenset(_BLOCK.findall(text))
    return found[name]
