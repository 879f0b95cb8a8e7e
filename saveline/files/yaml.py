"""Strict YAML 1.2 that remembers where everything stood, and refuses hostile files before they are built.

The parser's events are read one by one and built into plain data here: anchors, aliases, tags, duplicate keys, depth
and size are refused at the event that shows them, so a bomb never gets to unfold. ``NO`` stays a word, ``22:00`` and
``2026-11-30`` stay text: YAML 1.2's core schema has no other scalars than null, booleans and numbers.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from math import isfinite
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
from ruamel.yaml.reader import ReaderError

from saveline.core.errors import Invalid, Problem, in_quotes

LARGEST: Final = 256 * 1024
DEEPEST: Final = 20
MOST_NODES: Final = 20_000
MOST_OF_PLAY: Final = 4_000
"""Values of a play or of its test cases: a play is a page, and a long one has a few hundred."""
LONGEST_VALUE: Final = 10_000
"""Characters of one key or value: what people answer has at most 4,000."""

Place: TypeAlias = tuple[str | int, ...]
"""The way from the top of a document to a part of it: keys and indexes."""

Mark: TypeAlias = tuple[int, int]
"""Line and column, both from 1."""

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""What nobody sees and what makes text look like another: control characters, turns of direction, blanks of no width,
line breaks that only YAML knows, halves of letters."""

_DIRECTIVE: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*%")
_INT = re.compile(r"[-+]?\d+")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Document:
    """The plain data of a file and the line and column of every part of it.

    ``marks`` says where each value stands (for a collection under a key: where its key does), ``keys`` where each key.
    """

    def __init__(
        self, file: str, text: str, data: Any, marks: Mapping[Place, Mark], keys: Mapping[Place, Mark] | None = None
    ) -> None:
        self.file, self.text, self.data = file, text, data
        self._marks, self._keys = marks, keys or {}

    def where(self, place: Place, *, key: bool = False) -> Mark:
        """Line and column, from 1, of the part at ``place`` (with ``key`` of its key), or of the nearest around it."""
        if key and place in self._keys:
            return self._keys[place]
        while place and place not in self._marks:
            place = place[:-1]
        return self._marks.get(place, (1, 1))

    def problem(
        self, place: Place, what: str, expected: str = "", near: str = "", *, warning: bool = False, key: bool = False
    ) -> Problem:
        line, column = self.where(place, key=key)
        return Problem(self.file, line, column, what, expected, near, warning)


def read(path: Path, *, name: str | None = None, most: int = MOST_NODES) -> Document:
    """The document in ``path``, of ``most`` values. Raises Invalid with the one problem that stopped the reading."""
    file = name or str(path)
    try:
        raw = _content(path, file)
    except OSError as error:
        raise Invalid([Problem(file, 1, 1, f"cannot be read: {error.strerror}", "a YAML file")]) from None
    if len(raw) > LARGEST:
        raise _too_large(file)
    try:
        return parse(raw.decode("utf-8-sig"), file, most)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise Invalid(
            [Problem(file, line, column, f"byte 0x{raw[error.start]:02x} is not UTF-8", "UTF-8 text")]
        ) from None


def _content(path: Path, file: str) -> bytes:
    """The first bytes of a file, one more than may be. A pipe or a device, which could keep us waiting, is refused."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Invalid([Problem(file, 1, 1, "this is no file", "a YAML file, not a folder, a pipe or a device")])
        return stream.read(LARGEST + 1)


def _too_large(file: str) -> Invalid:
    return Invalid([Problem(file, 1, 1, "the file is too large", f"at most {LARGEST // 1024} KB")])


def parse(text: str, file: str, most: int = MOST_NODES) -> Document:
    """The document in ``text``, of ``most`` values; ``file`` is how problems name it. Raises Invalid."""
    built = _built(text, file, most)
    return Document(file, text, deepcopy(built.data), built.marks, built.keys)


# A start reads the settings twice, and whenever a file of the workspace has changed all of them are read; a page takes
# a tenth of a second. Every caller gets data of its own; marks are only ever looked up.
@lru_cache(maxsize=32)
def _built(text: str, file: str, most: int) -> _Builder:
    if len(text) > LARGEST or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise _too_large(file)
    _check_signs(text, file)
    builder = _Builder(file, most)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        raise Invalid([_not_yaml(error, text, file, builder.quoted)]) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        what = f"the control character 0x{ord(text[error.position]):02x}"
        raise Invalid([Problem(file, line, column, what, "text that can be read")]) from None
    except YAMLError as error:
        raise Invalid([Problem(file, 1, 1, f"not YAML: {error}", "YAML 1.2")]) from None
    return builder


def _check_signs(text: str, file: str) -> None:
    """Refuse what cannot be seen, and directives, which change what a text means."""
    unseen, directive = _UNSEEN.search(text), _DIRECTIVE.match(text)
    if unseen is not None:
        at, what, expected = unseen.start(), _named(unseen[0]), "text that can be read"
    elif directive is not None:
        at, what, expected = directive.end() - 1, "a directive", "keys from the first line on: this is YAML 1.2"
    else:
        return
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    raise Invalid([Problem(file, line, column, what, expected)])


def _named(sign: str) -> str:
    return f"the {'control ' if ord(sign) < 160 else 'invisible '}character U+{ord(sign):04X}"


_IN_WORDS: Final = (
    (
        "expected ',' or '",
        "a bracket that is never closed, or a missing comma",
        "a comma between and a closing bracket; quotes around a text with brackets in it",
    ),
    ("end of stream|quoted scalar", "a quote that is never closed", "a second quote like the first"),
    (
        "mapping values are not",
        "a ': ' that cannot stand here",
        "quotes around a text with ': ' in it, or keys at one indent",
    ),
    (
        "cannot start any token.*|'\\\\t'",
        "a sign that no value can begin with",
        "quotes around a text like it",
    ),
    ("found '-'|sequence entries", "a '-' that does not fit the lines above", "the items of a list at one indent"),
    (
        "block end|expected key|unindent",
        "an indent that does not fit the lines above",
        "the keys of a level at one indent",
    ),
    ("find expected ':'", "a line without ': '", "a key, a colon, a space and a value"),
    ("node content", "a sign where a value should stand", "a value, in quotes if it begins with a sign"),
    ("escape", "a backslash in double quotes that means nothing", "single quotes, or two backslashes"),
)
"""What the parser says, and what that means to somebody who has never read a grammar. The first two are placed where
the thing begins, for the parser notices them only where the file ends."""


def _not_yaml(error: MarkedYAMLError, text: str, file: str, quoted: NodeEvent | None) -> Problem:
    said = error.problem or error.context or ""
    found = next((i for i, row in enumerate(_IN_WORDS) if re.search(row[0], said)), None)
    what, expected = (f"not YAML: {said}", "YAML 1.2") if found is None else _IN_WORDS[found][1:]
    mark = (error.context_mark if found in (0, 1) else None) or error.problem_mark or error.context_mark
    if quoted is not None and mark is not None and quoted.end_mark.line == mark.line:
        found, mark = 1, quoted.start_mark  # closed by the next quote of the file, lines below
        what, expected = _IN_WORDS[found][1:]
    line, column = (mark.line, mark.column) if mark else (0, 0)
    faulty = "".join(text.split("\n")[line : line + 1])
    if faulty[column : column + 1] == "\t":
        what, expected = "a tab", "spaces to indent with"
    elif "indent" in what and faulty[:column].strip():
        what, expected = "text after a closing quote or bracket", "nothing more, or quotes around all of it"
    return Problem(file, line + 1, column + 1, what, expected)


class _Builder:
    """Builds plain data event by event. Open collections lie on a stack with their place and their pending key."""

    def __init__(self, file: str, most: int) -> None:
        self.file, self.most = file, most
        self.data: Any = None
        self.quoted: NodeEvent | None = None
        self.marks: dict[Place, Mark] = {}
        self.keys: dict[Place, Mark] = {}
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
            across = isinstance(event, ScalarEvent) and event.end_mark.line > event.start_mark.line
            self.quoted = event if across and getattr(event, "style", None) in ("'", '"') else None
            self._count(event)
            self._node(event)
        elif isinstance(event, CollectionEndEvent):
            self._stack.pop()
            self._key.pop()

    def _count(self, event: NodeEvent) -> None:
        if isinstance(event, AliasEvent) or event.anchor is not None:
            raise self._refused(event, "an anchor or alias", "plain values, each written out")
        if isinstance(event, ScalarEvent):
            self._check_text(event)
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._refused(event, f"the tag {tag}", "plain values without tags")
        self._nodes += 1
        if self._nodes > self.most:
            raise self._refused(event, "too many values", f"at most {self.most}")
        if len(self._stack) >= DEEPEST and not isinstance(event, ScalarEvent):
            raise self._refused(event, "nested too deeply", f"at most {DEEPEST} levels")

    def _check_text(self, event: ScalarEvent) -> None:
        """A backslash in double quotes can hide what would have been refused as it is."""
        unseen = _UNSEEN.search(event.value)
        if unseen is not None:
            raise self._refused(event, f"{_named(unseen[0])} behind a backslash", "text that can be read")
        if len(event.value) > LONGEST_VALUE:
            what = f"a text of {len(event.value)} characters"
            raise self._refused(event, what, f"at most {LONGEST_VALUE}")

    def _node(self, event: NodeEvent) -> None:
        mark = (event.start_mark.line + 1, event.start_mark.column + 1)
        if self._stack and isinstance(self._stack[-1][0], dict) and self._key[-1] is None:
            self._begin_pair(event, mark)
            return
        place = self._place()
        value: Any
        if isinstance(event, ScalarEvent):
            value = scalar(event.value) if event.style is None else event.value
        else:
            value = {} if isinstance(event, MappingStartEvent) else []
        stands = isinstance(event, ScalarEvent) and value is not None  # nothing stands where a value was left out
        self.marks[place] = mark if stands else self.keys.get(place, mark)
        self._put(value)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._stack.append((value, place))
            self._key.append(None)

    def _begin_pair(self, event: NodeEvent, mark: Mark) -> None:
        if not isinstance(event, ScalarEvent):
            raise self._refused(
                event, "a key that is a collection", "a word as key; quotes around a text that begins with {{"
            )
        holder, place = self._stack[-1]
        key = event.value
        if key in holder:
            raise self._refused(event, f"{in_quotes(key)} is there twice", "each key once")
        self._key[-1] = key
        self.keys[(*place, key)] = mark

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
    if _FLOAT.fullmatch(text) and isfinite(float(text)):
        return float(text)
    return text
