"""From pydantic's errors to problems a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Protocol, TypeAlias, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from saveline.core.errors import Problem, nearest, one_of
from saveline.core.play import Condition, Text

Place: TypeAlias = tuple[str | int, ...]
T = TypeVar("T")

_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
    "date_from_datetime_parsing": "a date like 2026-11-30",
    "date_parsing": "a date like 2026-11-30",
    "date_type": "a date like 2026-11-30",
}


class Source(Protocol):
    """A file as it was read: its plain data, and problems placed in it."""

    file: str
    data: Any

    def problem(
        self, place: Place, what: str, expected: str = "", near: str = "", *, warning: bool = False
    ) -> Problem: ...


class Expressions(Protocol):
    """Compiles conditions and titles; the real one is :class:`saveline.sandbox.Expressions`. Both raise ValueError."""

    def condition(self, source: str, known: Mapping[str, Any]) -> Condition: ...

    def text(self, source: str, known: Mapping[str, Any]) -> Text: ...


class Findings:
    """Collects the problems of one file."""

    def __init__(self, source: Source, *, trusted: bool = False) -> None:
        self.source, self.trusted = source, trusted
        self.problems: list[Problem] = []

    def add(self, place: Place, what: str, expected: str = "", near: str = "") -> None:
        self.problems.append(self.source.problem(place, what, expected, near))

    def warn(self, place: Place, what: str, expected: str = "", near: str = "") -> None:
        self.problems.append(self.source.problem(place, what, expected, near, warning=True))

    @property
    def fatal(self) -> bool:
        return any(not p.warning for p in self.problems)

    def known(self, place: Place, what: str, word: str, words: Iterable[str]) -> bool:
        """Whether ``word`` is among ``words``; if not, a problem with the nearest of them."""
        words = list(words)
        if word in words or self.trusted:
            return True
        self.add(place, f"unknown {what} {word!r}", one_of(words) or f"no {what} is defined", nearest(word, words))
        return False

    def condition(
        self, place: Place, source: str, known: Mapping[str, Any], expressions: Expressions
    ) -> Condition | None:
        """The condition compiled, or None with a problem added."""
        try:
            return expressions.condition(source, known)
        except ValueError as error:
            expected, _, near = str(error).partition(" Did you mean ")
            self.add(place, f"condition {source!r}", expected.rstrip("."), near.strip("?'"))
            return None

    def shaped(self, shape: type[T], data: Any, place: Place = ()) -> T | None:
        """``data`` as ``shape`` (a pydantic model or any type it knows), or None with the problems added."""
        try:
            return TypeAdapter(shape).validate_python(data)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=True):
                self._add_fault(shape, dict(fault), place)
            return None

    def _add_fault(self, shape: Any, fault: dict[str, Any], place: Place) -> None:
        at: Place = (*place, *fault["loc"])
        kind, given = fault["type"], fault["input"]
        if kind == "extra_forbidden":
            keys = _keys_at(shape, fault["loc"][:-1])
            self.add(at, f"unknown key {at[-1]!r}", one_of(keys), nearest(str(at[-1]), keys))
        elif kind == "missing":
            self.add(at[:-1], f"{at[-1]!r} is missing", f"the key {at[-1]!r}")
        else:
            self.add(at, f"{at[-1] if at else 'the file'} is {_short(given)}", _expected(fault), _near(fault))


def _expected(fault: Mapping[str, Any]) -> str:
    context = fault.get("ctx", {})
    if fault["type"] == "value_error":
        return str(context["error"])
    if fault["type"] == "literal_error":
        return str(context["expected"])
    found = _EXPECTED.get(fault["type"])
    return found or str(fault["msg"]).removeprefix("Input should be ")


def _near(fault: Mapping[str, Any]) -> str:
    if fault["type"] != "literal_error":
        return ""
    words = [w.strip(" '") for w in str(fault["ctx"]["expected"]).replace(" or ", ",").split(",")]
    return nearest(str(fault["input"]), words)


def _short(given: Any) -> str:
    text = "empty" if given is None else repr(given)
    return text if len(text) <= 60 else text[:57] + "…"


def _keys_at(shape: Any, loc: tuple[str | int, ...]) -> list[str]:
    """The keys a mapping may have at ``loc`` of ``shape``."""
    for part in loc:
        shape = _step(shape, part)
    models = [s for s in _bare(shape) if isinstance(s, type) and issubclass(s, BaseModel)]
    return [f.alias or name for m in models for name, f in m.model_fields.items()]


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
