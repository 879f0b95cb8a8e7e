"""The keys of a playbook and of the parts it shares with the settings, and what each of them holds."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from saveline.core.moments import Duration, Moment, parse_duration, parse_moment
from saveline.core.people import PICKS, Assignee, Claim, Lead, Link, Manager, Named, Owner, Pick, Role
from saveline.core.play import Field as FormField

WHO_HINT: Final = (
    "owner, assignee, lead, a team role, DEPARTMENT.lead, X.manager, {person: e-mail}, "
    "{pick: round_robin, from: DEPARTMENT} or {claim: DEPARTMENT}"
)
FORM_HINT: Final = "one of {choice: [...]}, {text: short}, {text: long}, {yes_no: true}, {percent: {max: 20}}, {number: {}}, {money: {}}, {date: true}"
TEXT_LENGTHS: Final = {"short": 200.0, "long": 4000.0}
WORD: Final = r"^[a-z][a-z0-9_]*$"
NAME: Final = r"^[a-z][a-z0-9-]*$"

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


class Shape(BaseModel):
    """Keys that are not listed are refused: a misspelt one must not be silently nothing."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, populate_by_name=True, strict=False)


def _duration(value: Any) -> Duration:
    return parse_duration(value)


def _moment(value: Any) -> Moment:
    return parse_moment(value)


def _every(value: Any) -> Duration:
    match = re.match(r"^every\s+(.+?)(\s+until stage ends)?$", str(value).strip())
    if match is None:
        raise ValueError("a rhythm like 'every 1 business day' or 'every 1 week until stage ends'")
    return parse_duration(match[1])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    if not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def _email(value: Any) -> str:
    if not isinstance(value, str) or not _EMAIL.match(value.strip()):
        raise ValueError("an e-mail address")
    return value.strip()


def _words(value: Any) -> list[str]:
    """A list of words; a single one need not be in brackets."""
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(v, str) for v in listed):
        raise ValueError("a word or a list of words")
    return listed


def parse_link(value: Any) -> Link:
    """One way of naming a person. Raises ValueError with what was expected; the names in it are checked later."""
    if isinstance(value, dict):
        return _mapped_link(value)
    if not isinstance(value, str):
        raise ValueError(WHO_HINT)
    head, _, tail = value.strip().rpartition(".")
    if tail == "manager" and head:
        of = parse_link(head)
        if isinstance(of, Pick | Claim | Manager):
            raise ValueError(WHO_HINT)
        return Manager(of)
    if tail == "lead" and head:
        return Lead(head)
    if not re.match(WORD, value.strip()):
        raise ValueError(WHO_HINT)
    fixed: dict[str, Link] = {"owner": Owner(), "assignee": Assignee(), "lead": Lead()}
    return fixed.get(value.strip()) or Role(value.strip())


def _mapped_link(value: dict[str, Any]) -> Link:
    match value:
        case {"person": str(email), **rest} if not rest and _EMAIL.match(email):
            return Named(email)
        case {"claim": str(department), **rest} if not rest:
            return Claim(department)
        case {"pick": str(how), "from": str(department), **rest} if not rest and how in PICKS:
            return Pick("round_robin" if how == "round_robin" else "least_loaded", department)
    raise ValueError(WHO_HINT)


def parse_chain(value: Any) -> tuple[Link, ...]:
    links = value if isinstance(value, list) else [value]
    if not links:
        raise ValueError(WHO_HINT)
    return tuple(parse_link(v) for v in links)


def parse_form(value: Any) -> tuple[FormField, ...]:
    """The questions of a task, by name."""
    if not isinstance(value, dict):
        raise ValueError(f"questions by name, each {FORM_HINT}")
    return tuple(_question(name, spec) for name, spec in value.items())


def _question(name: str, spec: Any) -> FormField:
    if not re.match(WORD, name) or not isinstance(spec, dict):
        raise ValueError(f"{name}: {FORM_HINT}")
    optional = spec.get("optional", False)
    kinds = {k: v for k, v in spec.items() if k != "optional"}
    if len(kinds) != 1 or not isinstance(optional, bool):
        raise ValueError(f"{name}: {FORM_HINT}, and perhaps optional: true")
    match next(iter(kinds.items())):
        case ("choice", [*choices]) if choices and all(isinstance(c, str) for c in choices):
            return FormField(name, "choice", choices=tuple(choices), optional=optional)
        case ("text", str(length)) if length in TEXT_LENGTHS:
            return FormField(name, "text", high=TEXT_LENGTHS[length], optional=optional)
        case ("yes_no" | "date" as kind, True):
            return FormField(name, "yes_no" if kind == "yes_no" else "date", optional=optional)
        case ("percent" | "number" | "money" as kind, dict(bounds)) if _bounds(bounds):
            low, high = bounds.get("min"), bounds.get("max")
            return FormField(name, kind, low=low, high=high, optional=optional)
    raise ValueError(f"{name}: {FORM_HINT}")


def _bounds(bounds: dict[str, Any]) -> bool:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in bounds.values())
    return set(bounds) <= {"min", "max"} and numbers


Text: TypeAlias = Annotated[str, BeforeValidator(_text)]
Words: TypeAlias = Annotated[list[str], BeforeValidator(_words)]
Span: TypeAlias = Annotated[Duration, BeforeValidator(_duration)]
When: TypeAlias = Annotated[Moment, BeforeValidator(_moment)]
Every: TypeAlias = Annotated[Duration, BeforeValidator(_every)]
Chain: TypeAlias = Annotated[tuple[Any, ...], BeforeValidator(parse_chain)]
Form: TypeAlias = Annotated[tuple[Any, ...], BeforeValidator(parse_form)]
Email: TypeAlias = Annotated[str, BeforeValidator(_email)]
Word: TypeAlias = Annotated[str, Field(pattern=WORD)]
Name: TypeAlias = Annotated[str, Field(pattern=NAME)]


class RangeShape(Shape):
    min: float | None = None
    max: float | None = None


class RunwayShape(Shape):
    min: Span | None = None
    max: Span | None = None


class AppliesShape(Shape):
    causes: Words = []
    segments: Words = []
    verticals: Words = []
    regions: Words = []
    arr: RangeShape | None = None
    runway: RunwayShape | None = None
    health: RangeShape | None = None
    if_: Text | None = Field(default=None, alias="if")


class RungShape(Shape):
    unseen: Span | None = None
    when: When | None = None
    to: Chain
    do: Literal["tell", "reassign", "decide"] = "tell"
    repeat: Every | None = None
    any_hour: bool = False


class BranchShape(Shape):
    goto: Word | None = None
    tell: Chain = ()


class TaskShape(Shape):
    id: Word
    title: Text | None = None
    why: Text | None = None
    assign: Chain
    department: Word | None = None
    due: When
    after: Words = []
    if_: Any = Field(default=None, alias="if")
    form: Form = ()
    outcomes: list[Word] = ["done"]
    on: dict[str, BranchShape] = {}
    remind: list[When] | None = None
    escalate: Any = None
    optional: bool = False
    repeat: Every | None = None


class StageShape(Shape):
    max: Span | None = None
    exit: Text | None = None
    tasks: list[TaskShape] = []


class PlayShape(Shape):
    playbook: Name
    title: Text
    benefit: Text
    applies: AppliesShape = AppliesShape()
    priority: int = 0
    short: Name | None = None
    decide: When | None = None
    watch: Span | None = None
    stages: dict[str, StageShape]


class PolicyShape(Shape):
    remind: list[When] = []
    escalate: list[RungShape]
    rest: Span = Duration(business_days=2)
