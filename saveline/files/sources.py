"""What an import reads: the files it is given, opened, and the map that says what their rows become."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path, PurePath
from typing import Final

from saveline.core.errors import Invalid, Problem, nearest, one_of
from saveline.core.facts import Fact
from saveline.core.importmap import ImportMap, plain
from saveline.core.kinds import IGNORED, Kind, kinds_of, recognised
from saveline.core.language.columns import TableShape
from saveline.core.language.mapping import parse_map, parse_tables
from saveline.core.workspace import Workspace
from saveline.files.rejected import SUFFIX, BadLines
from saveline.files.tables import Table
from saveline.files.yaml import Document, read
from saveline.sandbox import Expressions

CSV: Final = ".csv"


class Wanted(Fact, frozen=True):
    """What to import: files or folders, by a mapping or in the plain format, there all of one ``kind`` if it is named.

    ``strict`` writes nothing unless every line is in order, ``dry_run`` writes nothing at all.
    """

    paths: tuple[Path, ...] = ()
    mapping: Path | None = None
    kind: str | None = None
    strict: bool = False
    dry_run: bool = False


class Sources:
    """Open tables by name, their bad lines, and the map. Close them by leaving the ``with``."""

    def __init__(self, plan: ImportMap, tables: Mapping[str, Table], warnings: Sequence[Problem] = ()) -> None:
        self.plan, self.tables, self.warnings = plan, tables, tuple(warnings)
        self.bad = {name: BadLines(table) for name, table in tables.items()}

    def __enter__(self) -> Sources:
        return self

    def __exit__(self, *_: object) -> None:
        _close(self.tables)


def open_sources(wanted: Wanted, workspace: Workspace, today: date) -> Sources:
    """Open everything. Raises Invalid with every problem of the mapping, and of files that cannot be read at all."""
    kinds = kinds_of(workspace.account_fields)
    if wanted.kind is not None and wanted.kind not in kinds:
        near = nearest(wanted.kind, kinds)
        raise Invalid([Problem("--as", 1, 1, f"unknown kind {wanted.kind!r}", one_of(kinds), near)])
    if wanted.mapping is not None:
        return _mapped(read(wanted.mapping), wanted, kinds, today)
    return _plain(wanted, kinds)


# --- the plain format -----------------------------------------------------------------------------------------


def _plain(wanted: Wanted, kinds: Mapping[str, Kind]) -> Sources:
    files: list[tuple[str, Kind, Sequence[str]]] = []
    problems: list[Problem] = []

    def describe(table: Table) -> None:
        kind = kinds.get(wanted.kind or recognised(table.words, kinds) or "")
        problems.extend([_unrecognised(table, kinds)] if kind is None else _columns(table, kind))
        if kind is not None:
            files.append((table.name, kind, table.words))

    opened = _open_all({str(p): (p, "") for p in _files(wanted.paths)}, problems, describe)
    order = list(kinds)
    return Sources(plain(sorted(files, key=lambda f: order.index(f[1].name))), opened, problems)


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files named, and of folders the CSV files in them, without the rejected lines of an earlier import."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [p for p in sorted(path.iterdir()) if p.suffix.lower() == CSV and not p.name.startswith(".")]
            found += [p for p in inside if p.is_file() and not p.name.endswith(SUFFIX)]
        else:
            found.append(path)
    if not found:
        where = ", ".join(map(str, paths)) or "the command"
        raise Invalid([Problem(where, 1, 1, "no CSV file is here", "files, or a folder of them")])
    return list(dict.fromkeys(found))


def _unrecognised(table: Table, kinds: Mapping[str, Kind]) -> Problem:
    """What a file would have needed, by the kind whose columns it has most of."""
    have = set(table.words)
    like = max(kinds.values(), key=lambda k: len(have & set(k.fields)) - len(set(k.required) - have) / 10)
    missing = [c for c in like.required if c not in have]
    near = next((n for n in (nearest(c, [w for w in table.words if w not in like.fields]) for c in missing) if n), "")
    what = f"what this file holds cannot be told from its columns; as {like.name} it lacks {one_of(missing)}"
    return Problem(table.name, 1, 1, what, f"the columns of {one_of(kinds)}, or --as", near)


def _columns(table: Table, kind: Kind) -> list[Problem]:
    """Columns that are missing, and warnings of those that nothing is done with."""
    problems = []
    unknown = [w for w in table.words if w not in kind.fields and w not in IGNORED]
    for column in kind.needed:
        if column not in table.words:
            near = nearest(column, unknown)
            problems.append(Problem(table.name, 1, 1, f"the column {column!r} is missing", f"it in {kind.name}", near))
    for i, word in enumerate(table.words):
        if word in unknown:
            near = nearest(word, [f for f in kind.fields if f not in table.words])
            what = f"the column {table.headings[i]!r} is not read"
            problems.append(Problem(table.name, 1, i + 1, what, one_of(kind.fields), near, warning=True))
    return problems


# --- by a mapping ---------------------------------------------------------------------------------------------


def _mapped(document: Document, wanted: Wanted, kinds: Mapping[str, Kind], today: date) -> Sources:
    """Tables are looked for in the folders and files that are named, and without any beside the mapping."""
    problems: list[Problem] = []
    places: dict[str, tuple[Path, str]] = {}
    paths = wanted.paths or (Path(document.file).parent,)
    for name, shape in parse_tables(document).items():
        path = _find(shape, paths)
        if path is None:
            problems.append(_not_found(document, name, shape, paths))
        else:
            delimiter = "\t" if shape.delimiter == "tab" else shape.delimiter or ""
            places[name] = (path, delimiter)
    opened = _open_all(places, problems)
    try:
        headings = {name: table.words for name, table in opened.items()}
        plan, warnings = parse_map(document, headings, kinds, Expressions(), today)
    except Invalid:
        _close(opened)
        raise
    return Sources(plan, opened, warnings)


def _find(shape: TableShape, paths: Sequence[Path]) -> Path | None:
    """The file of a table: one of those given, or in a folder given. A name may not lead out of its folder."""
    name = PurePath(shape.file)
    if name.is_absolute() or ".." in name.parts:
        return None
    # A link may lead out of the folder: whoever may put files there is not the one who may read everything.
    inside = (p / name for p in paths if p.is_dir() and (p / name).resolve().is_relative_to(p.resolve()))
    given = (p for p in paths if not p.is_dir() and p.name == shape.file)
    return next((p for p in (*given, *inside) if p.is_file()), None)


def _not_found(document: Document, name: str, shape: TableShape, paths: Sequence[Path]) -> Problem:
    there = [p.name for path in paths if path.is_dir() for p in path.iterdir() if p.suffix.lower() == CSV]
    there += [p.name for p in paths if not p.is_dir()]
    what = f"there is no file {shape.file!r} in {', '.join(map(str, paths))}"
    return document.problem(("tables", name, "file"), what, "a file there", nearest(shape.file, there))


def _close(tables: Mapping[str, Table]) -> None:
    for table in tables.values():
        table.close()


def _open_all(
    places: Mapping[str, tuple[Path, str]], problems: list[Problem], look: Callable[[Table], None] = lambda _: None
) -> dict[str, Table]:
    """Every table, or Invalid with ``problems`` and those of all of them; ``look`` may add to ``problems``."""
    tables: dict[str, Table] = {}
    with ExitStack() as stack:
        for name, (path, delimiter) in places.items():
            try:
                tables[name] = Table(path, str(path), delimiter)
            except Invalid as error:
                problems += error.problems
                continue
            stack.callback(tables[name].close)
            look(tables[name])
        if any(not p.warning for p in problems):
            raise Invalid(problems)
        stack.pop_all()
    return tables
