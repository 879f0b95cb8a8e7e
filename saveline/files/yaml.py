"""Strict YAML 1.2 that remembers where everything stood, and refuses hostile files before they are built.

The parser's events are read one by one and built into plain data here: anchors, aliases, tags, duplicate keys, depth
and size are refused at the event that shows them, so a bomb never gets to unfold. ``NO`` stays a word, ``22:00`` and
``2026-11-30`` stay text: YAML 1.2's core schema has no other scalars than null, booleans and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from saveline.core.errors import Invalid, Problem

LARGEST: Final = 256 * 1024
DEEPEST: Final = 20
MOST_NODES: Final = 20_000

Place: TypeAlias = tuple[str | int, ...]
"""The way from the top of a document to a part of it: keys and indexes."""

_INT = re.compile(r"[-+]?\d+")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Document:
    """The plain data of a file and the line and column of every part of it."""

    def __init__(self, file: str, text: str, data: Any, marks: Mapping[Place, tuple[int, int]]) -> None:
        self.file, self.text, self.data = file, text, data
        self._marks = marks

    def where(self, place: Place) -> tuple[int, int]:
        """Line and column, from 1, of the part at ``place``, or of the nearest part around it."""
        while place and place not in self._marks:
            place = place[:-1]
        return self._marks.get(place, (1, 1))

    def problem(self, place: Place, what: str, expected: str = "", near: str = "", *, warning: bool = False) -> Problem:
        line, column = self.where(place)
        return Problem(self.file, line, column, what, expected, near, warning)


def read(path: Path, *, name: str | None = None) -> Document:
    """The document in ``path``. Raises Invalid with the one problem that stopped the reading."""
    file = name or str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        raise Invalid([Problem(file, 1, 1, f"cannot be read: {error.strerror}", "a YAML file")]) from None
    try:
        return parse(raw.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise Invalid(
            [Problem(file, line, column, f"byte 0x{raw[error.start]:02x} is not UTF-8", "UTF-8 text")]
        ) from None


def parse(text: str, file: str) -> Document:
    """The document in ``text``; ``file`` is how problems name it. Raises Invalid."""
    if len(text.encode()) > LARGEST:
        raise Invalid([Problem(file, 1, 1, "the file is too large", f"at most {LARGEST // 1024} KB")])
    builder = _Builder(file)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Invalid(
            [Problem(file, line, column, f"not YAML: {error.problem or error.context}", "YAML 1.2")]
        ) from None
    except YAMLError as error:
        raise Invalid([Problem(file, 1, 1, f"not YAML: {error}", "YAML 1.2")]) from None
    return Document(file, text, builder.data, builder.marks)


class _Builder:
    """Builds plain data event by event. Open collections lie on a stack with their place; a mapping's pending key too."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.data: Any = None
        self.marks: dict[Place, tuple[int, int]] = {}
        self._stack: list[tuple[dict[str, Any] | list[Any], Place]] = []
        self._key: list[str | None] = []
        self._nodes = 0
        self._documents = 0

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refused(event, "a second document", "one document a file")
        elif isinstance(event, NodeEvent):
            self._count(event)
            self._node(event)
        elif isinstance(event, CollectionEndEvent):
            self._stack.pop()
            self._key.pop()

    def _count(self, event: NodeEvent) -> None:
        if isinstance(event, AliasEvent) or event.anchor is not None:
            raise self._refused(event, "an anchor or alias", "plain values, each written out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._refused(event, f"the tag {tag}", "plain values without tags")
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self._refused(event, "too many values", f"at most {MOST_NODES}")
        if len(self._stack) >= DEEPEST and not isinstance(event, ScalarEvent):
            raise self._refused(event, "nested too deeply", f"at most {DEEPEST} levels")

    def _node(self, event: NodeEvent) -> None:
        mark = (event.start_mark.line + 1, event.start_mark.column + 1)
        if self._stack and isinstance(self._stack[-1][0], dict) and self._key[-1] is None:
            self._begin_pair(event, mark)
            return
        place = self._place()
        self.marks.setdefault(place, mark)
        value: Any
        if isinstance(event, ScalarEvent):
            value = scalar(event.value) if event.style is None else event.value
        else:
            value = {} if isinstance(event, MappingStartEvent) else []
        self._put(value)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._stack.append((value, place))
            self._key.append(None)

    def _begin_pair(self, event: NodeEvent, mark: tuple[int, int]) -> None:
        if not isinstance(event, ScalarEvent):
            raise self._refused(event, "a key that is a collection", "a word as key")
        holder, place = self._stack[-1]
        key = event.value
        if key in holder:
            raise self._refused(event, f"{key!r} is there twice", "each key once")
        self._key[-1] = key
        self.marks[(*place, key)] = mark

    def _place(self) -> Place:
        if not self._stack:
            return ()
        holder, place = self._stack[-1]
        return (*place, len(holder) if isinstance(holder, list) else str(self._key[-1]))

    def _put(self, value: Any) -> None:
        if not self._stack:
            self.data = value
            return
        holder, _ = self._stack[-1]
        if isinstance(holder, list):
            holder.append(value)
        else:
            holder[str(self._key[-1])] = value
            self._key[-1] = None

    def _refused(self, event: Event, what: str, expected: str) -> Invalid:
        mark = event.start_mark
        return Invalid([Problem(self.file, mark.line + 1, mark.column + 1, what, expected)])


def scalar(text: str) -> Any:
    """A plain scalar by YAML 1.2's core schema, without its octal and hexadecimal forms."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) < 20 else text
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def files_in(folder: Path) -> Iterator[Path]:
    """The YAML files of a folder by name; links are left out, for they may lead elsewhere."""
    return (p for p in sorted(folder.glob("*.yaml")) if p.is_file() and not p.is_symlink())
