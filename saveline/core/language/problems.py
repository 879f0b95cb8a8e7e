"""From pydantic's errors to problems a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Protocol, TypeAlias, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from saveline.core.errors import Problem, in_quotes, listed, nearest, one_of
from saveline.core.play import Condition, Text

Place: TypeAlias = tuple[str | int, ...]
T = TypeVar("T")
NAME: Final = r"^[a-z][a-z0-9-]*$"
WORD: Final = r"^[a-z][a-z0-9_]*$"

_LIKE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("name", "label"), "title"),
    **dict.fromkeys(("description", "reason", "purpose"), "why"),
    **dict.fromkeys(("owner", "responsible", "assigned_to", "who"), "assign"),
    **dict.fromkeys(("deadline", "due_date", "due_in", "by"), "due"),
    **dict.fromkeys(("depends_on", "needs", "requires", "waits_for"), "after"),
    **dict.fromkeys(("when", "condition", "only_if"), "if"),
    **dict.fromkeys(("fields", "questions", "answers"), "form"),
    **dict.fromkeys(("results", "endings"), "outcomes"),
    **dict.fromkeys(("steps", "actions", "todo"), "tasks"),
    **dict.fromkeys(("gate", "leave_when"), "exit"),
    **dict.fromkeys(("until", "end", "last"), "to"),
}
"""What other tools call a thing, and what it is called here."""

MOST: Final = 100
"""Problems of one file that are told: nobody mends more at once."""

_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "finite_number": "a number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list, each item after '- ' or all in [ ]",
    "tuple_type": "a list, each item after '- ' or all in [ ]",
    "dict_type": "names, each with a colon and what belongs to it",
}


class Source(Protocol):
    """A file as it was read: its plain data, and problems placed in it."""

    file: str
    data: Any

    def problem(
        self, place: Place, what: str, expected: str = "", near: str = "", *, warning: bool = False, key: bool = False
    ) -> Problem: ...


class Expressions(Protocol):
    """Compiles conditions and titles; the real one is :class:`saveline.sandbox.Expressions`. Both raise ValueError."""

    def condition(self, source: str, known: Mapping[str, Any]) -> Condition: ...

    def text(self, source: str, known: Mapping[str, Any]) -> Text: ...


class Findings:
    """Collects the problems of one file, up to :data:`MOST`."""

    def __init__(self, source: Source, *, trusted: bool = False) -> None:
        self.source, self.trusted = source, trusted
        self.problems: list[Problem] = []

    def add(self, place: Place, what: str, expected: str = "", near: str = "", *, key: bool = False) -> None:
        """A problem with the value at ``place``, or with its ``key``. A trusted text keeps it as a warning only."""
        self._keep(place, what, expected, near, warning=self.trusted, key=key)

    def refuse(self, place: Place, what: str, expected: str = "", near: str = "", *, key: bool = False) -> None:
        """A problem that leaves nothing to run, however much the text is trusted."""
        self._keep(place, what, expected, near, key=key)

    def warn(self, place: Place, what: str, expected: str = "", near: str = "") -> None:
        self._keep(place, what, expected, near, warning=True)

    def _keep(
        self, place: Place, what: str, expected: str, near: str, *, warning: bool = False, key: bool = False
    ) -> None:
        if len(self.problems) < MOST:
            self.problems.append(self.source.problem(place, what, expected, near, warning=warning, key=key))
        elif len(self.problems) == MOST and not warning:
            what = f"there is more than this: the first {MOST} problems are shown"
            self.problems.append(self.source.problem(place, what, "fewer to begin with", key=key))

    @property
    def full(self) -> bool:
        """Whether no further problem would be kept: then looking for its words is not worth the time."""
        return len(self.problems) > MOST

    @property
    def fatal(self) -> bool:
        return any(not p.warning for p in self.problems)

    def known(self, place: Place, what: str, word: str, words: Iterable[str], *, key: bool = False) -> bool:
        """Whether ``word`` is among ``words``; if not, a problem with the nearest of them."""
        words = list(words)
        if word in words or self.trusted:
            return True
        if not self.full:
            expected = listed(words) or f"no {what} is defined"
            self.add(place, f"unknown {what} {in_quotes(word)}", expected, nearest(word, words), key=key)
        return False

    def condition(
        self, place: Place, source: str, known: Mapping[str, Any], expressions: Expressions
    ) -> Condition | None:
        """The condition compiled, or None with a problem added."""
        try:
            return expressions.condition(source, known)
        except ValueError as error:
            self.refuse(place, f"the condition {in_quotes(source, 120)}", *hint(error))
            return None

    def shaped(self, shape: type[T], data: Any, place: Place = ()) -> T | None:
        """``data`` as ``shape`` (a pydantic model or any type it knows), or None with the problems added."""
        try:
            return TypeAdapter(shape).validate_python(data)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=True)[: MOST + 1]:
                self._add_fault(shape, dict(fault), place)
            return None

    def _add_fault(self, shape: Any, fault: dict[str, Any], place: Place) -> None:
        loc: tuple[str | int, ...] = fault["loc"]
        kind, given = fault["type"], fault["input"]
        if kind == "extra_forbidden":
            keys = _keys_at(shape, loc[:-1])
            what = f"unknown key {in_quotes(loc[-1])}"
            if given is None and " " in str(loc[-1]):
                keys = [*keys, "quotes around a text with a comma"]
            self.refuse((*place, *loc), what, one_of(keys), _near_key(str(loc[-1]), keys), key=True)
        elif kind == "missing":
            about = _about(shape, loc)
            self.refuse((*place, *loc[:-1]), f"{loc[-1]!r} is missing", about or f"the key {loc[-1]!r}", key=True)
        elif loc and loc[-1] == "[key]":
            self.refuse((*place, *loc[:-1]), f"the name {in_quotes(loc[-2])}", *_expected(shape, fault), key=True)
        else:
            at = self._written((*place, *loc))
            self.refuse(at, f"{_name(at)} is {shown(given)}", *_expected(shape, fault))

    def _written(self, place: Place) -> Place:
        """``place`` without an index that the file does not have: a single word need not be in a list."""
        data = self.source.data
        for i, part in enumerate(place):
            if isinstance(part, int) and not isinstance(data, list):
                return place[:i]
            try:
                data = data[part]
            except (LookupError, TypeError):
                return place  # it is the very part that is wrong or missing
        return place


def _near_key(word: str, keys: Sequence[str]) -> str:
    """The key that somebody means who writes ``word``."""
    meant = _LIKE.get(word.casefold(), "")
    return meant if meant in keys else nearest(word, keys)


def hint(error: ValueError) -> tuple[str, str]:
    """``(expected, nearest word)`` of an error that may end in ``Did you mean 'word'?``"""
    expected, _, near = str(error).partition(" Did you mean ")
    return expected.rstrip("."), near.strip("?'")


def shown(given: Any) -> str:
    """What somebody wrote, short enough for one line."""
    if given is None:
        return "empty"
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, list):
        return "a list" if given else "an empty list"
    text = _flow(given) if isinstance(given, dict) else repr(given)
    return text if len(text) <= 60 else text[:57] + "…" + ("}" if text[0] == "{" else text[0])


def _flow(given: Mapping[str, Any]) -> str:
    """Keys and values as they would stand in one line of the file."""
    parts = (_flow(v) if isinstance(v, dict) else "[…]" if isinstance(v, list) else str(v) for v in given.values())
    return f"{{{', '.join(f'{k}: {v}' for k, v in zip(given, parts, strict=True))}}}"


def _name(at: Place) -> str:
    """How people call the part at ``at``: the last key, with the number of the item where it is one of a list."""
    keys = [part for part in at if isinstance(part, str)]
    if not keys:
        return f"item {int(at[-1]) + 1}" if at else "the file"
    last = at[-1]
    return f"item {last + 1} of {keys[-1]}" if isinstance(last, int) else keys[-1]


def _expected(shape: Any, fault: Mapping[str, Any]) -> tuple[str, str]:
    """What was expected, and the nearest known word."""
    kind, context = fault["type"], fault.get("ctx", {})
    match kind:
        case "value_error":
            return hint(context["error"])
        case "literal_error":
            words = [w.strip(" '") for w in str(context["expected"]).replace(" or ", ",").split(",")]
            return one_of(words), nearest(str(fault["input"]), words)
        case "string_pattern_mismatch":
            dashes = context["pattern"] == NAME
            sign, like = ("hyphens", "champion-left") if dashes else ("underscores", "value_not_seen")
            return f"small letters, digits and {sign}, beginning with a letter, like {like}", ""
        case "too_short":
            return "at least one", ""
        case "greater_than_equal" | "less_than_equal":
            low = kind == "greater_than_equal"
            return f"{'at least' if low else 'at most'} {context['ge' if low else 'le']:,.10g}", ""
        case "model_type" | "model_attributes_type":
            return f"keys: {one_of(_keys_at(shape, fault['loc']))}", ""
    return _EXPECTED.get(kind) or str(fault["msg"]).removeprefix("Input should be "), ""


def _about(shape: Any, loc: tuple[str | int, ...]) -> str:
    """A missing key with what it is for, from the shape's own description."""
    for model in _models_at(shape, loc[:-1]):
        for name, field in model.model_fields.items():
            if loc[-1] in (name, field.alias) and field.description:
                return f"{loc[-1]}: {field.description[0].lower()}{field.description[1:].rstrip('.')}"
    return ""


def _models_at(shape: Any, loc: tuple[str | int, ...]) -> list[type[BaseModel]]:
    for part in loc:
        shape = _step(shape, part)
    return [s for s in _bare(shape) if isinstance(s, type) and issubclass(s, BaseModel)]


def _keys_at(shape: Any, loc: tuple[str | int, ...]) -> list[str]:
    """The keys a mapping may have at ``loc`` of ``shape``."""
    return [f.alias or name for m in _models_at(shape, loc) for name, f in m.model_fields.items()]


def _step(shape: Any, part: str | int) -> Any:
    for bare in _bare(shape):
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            for name, field in bare.model_fields.items():
                if part in (name, field.alias):
                    return field.annotation
        elif get_origin(bare) in (list, tuple, dict):
            return get_args(bare)[-1 if get_origin(bare) is dict else 0]
    return None


def _bare(shape: Any) -> list[Any]:
    """A type without Annotated and Optional around it."""
    if get_origin(shape) is Annotated:
        return _bare(get_args(shape)[0])
    if get_origin(shape) in (list, tuple, dict) or isinstance(shape, type):
        return [shape]
    return [b for arg in get_args(shape) for b in _bare(arg)]
