"""Bringing people from a CSV into people.yaml, which stays the truth: only the lines that change are touched."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from saveline.core.errors import Invalid, Problem
from saveline.core.facts import Fact
from saveline.core.language.directory import PersonEntry, parse_people
from saveline.files.workspace import PEOPLE_FILE
from saveline.files.yaml import Document, parse, read, scalar

EMPTY: Final = "# Who does the tasks: an address is enough.\npeople: []\n"

_NOBODY = re.compile(r"^people:\s*\[\s*\]", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z][\w.@+/-]*(?: [\w.@+/-]+)*", re.ASCII)


class Merged(Fact, frozen=True):
    """people.yaml as it will be: its text, everybody in it, and in words what changed."""

    text: str
    entries: tuple[PersonEntry, ...]
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def people_text(folder: Path) -> str:
    """people.yaml as it is, or an empty one. Raises Invalid when it cannot be read."""
    path = folder / PEOPLE_FILE
    return read(path, name=PEOPLE_FILE).text if path.is_file() else EMPTY


def merge(text: str, rows: Sequence[Mapping[str, Any]], departments: Sequence[str]) -> Merged:
    """people.yaml with ``rows`` in it. Somebody who is there keeps what a row leaves empty; nobody is taken out.

    Raises Invalid when people.yaml is not in order, before or after.
    """
    document = parse(text, PEOPLE_FILE)
    people = _people(document, departments)
    known = {str(p["email"]).casefold(): i for i, p in enumerate(people)}
    edits: dict[int, str] = {}
    new: dict[str, str] = {}
    changed = []
    for row in rows:
        given = {k: v for k, v in row.items() if v is not None}
        at = known.get(given["email"])
        if at is None:
            new[given["email"]] = _written(given)
            continue
        differing = {k: v for k, v in given.items() if k != "email" and people[at].get(k) != v}
        if differing:
            edits[at] = _written({**people[at], **differing})
            changed.append(f"{people[at]['email']} ({', '.join(differing)})")
    if not edits and not new:
        return Merged(text, ())
    after = _edited(document, edits, list(new.values()))
    return Merged(after, parse_people(parse(after, PEOPLE_FILE), departments), tuple(new), tuple(changed))


def write_people(folder: Path, text: str) -> None:
    """Put the new text in place of the old one, whole or not at all."""
    target = folder / PEOPLE_FILE
    part = target.with_name(f".{PEOPLE_FILE}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _people(document: Document, departments: Sequence[str]) -> list[dict[str, Any]]:
    parse_people(document, departments)
    people: list[dict[str, Any]] = document.data["people"]
    return people


def _edited(document: Document, edits: Mapping[int, str], new: Sequence[str]) -> str:
    """The text with some entries written anew, and new ones after the last."""
    starts = [document.where(("people", i))[0] for i in range(len(document.data["people"]))]
    text = document.text if starts else _NOBODY.sub("people:", document.text)
    lines = [line if line.endswith("\n") else f"{line}\n" for line in text.splitlines(keepends=True)]
    if not all(lines[s - 1].lstrip().startswith("- ") for s in starts):
        what = "people.yaml does not have each person after a '- ' on a line of their own"
        raise Invalid([Problem(PEOPLE_FILE, starts[0], 1, what, "that form, so that single people can be changed")])
    first = lines[starts[0] - 1] if starts else "  - "
    indent = first[: len(first) - len(first.lstrip())]
    end = _last_line(lines, starts[-1], len(lines)) if starts else len(lines)
    lines[end:end] = [f"{indent}- {entry}\n" for entry in new]
    for at, entry in sorted(edits.items(), reverse=True):
        last = _last_line(lines, starts[at], starts[at + 1] - 1 if at + 1 < len(starts) else end)
        lines[starts[at] - 1 : last] = [f"{indent}- {entry}\n"]
    return "".join(lines)


def _last_line(lines: Sequence[str], start: int, end: int) -> int:
    """The last line of what begins at ``start``, without blank lines and comments that come before what follows."""
    while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _written(person: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{k}: {_scalar(v)}" for k, v in person.items()) + "}"


def _scalar(value: Any) -> str:
    """A value in YAML's one-line form, plain where that reads back as the same."""
    if isinstance(value, list):
        return "[" + ", ".join(_written(v) for v in value) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and scalar(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)
