"""The words of the language: durations, moments, people, questions, each read from YAML and described for editors.

Each type here is an ``Annotated`` one that pydantic reads: it turns what stands in the file into a value of the core,
raises ``ValueError`` with what was expected (and the nearest known word, see :func:`~.problems.hint`), and says as JSON
Schema what an editor may offer. ``x-names`` marks where names of the workspace stand; see :mod:`.schema`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, TypeAlias

from msgspec.structs import replace
from pydantic import BeforeValidator, Field, WithJsonSchema

from saveline.core.errors import did_you_mean, one_of
from saveline.core.language.problems import NAME, WORD
from saveline.core.moments import DURATION_HINT, LONGEST, MOMENT_HINT, Duration, Moment, parse_duration, parse_moment
from saveline.core.people import PICKS, Assignee, Claim, Lead, Link, Manager, Named, Owner, Pick, Role
from saveline.core.play import STAGE_ENDS, Repeat
from saveline.core.play import Field as FormField

WHO_HINT: Final = (
    "owner, assignee, lead, a team role, DEPARTMENT.lead, X.manager, {person: e-mail}, "
    "{pick: round_robin, from: DEPARTMENT} or {claim: DEPARTMENT}"
)
FORM_HINT: Final = (
    "one of {choice: [...]}, {text: short}, {text: long}, {yes_no: true}, {percent: {max: 20}}, {number: {}}, "
    "{money: {}}, {date: true}"
)
TEXT_LENGTHS: Final = {"short": 200.0, "long": 4000.0}
KINDS: Final = ("choice", "text", "yes_no", "percent", "number", "money", "date")
AMOUNTS: Final = ("percent", "number", "money")
_BESIDES: Final = ("optional", "for", "limit")
SHORTEST_RHYTHM: Final = Duration(minutes=60)
"""A ladder that repeats more often than this would be noise, and one that repeats at once would never end."""

LONGEST_EMAIL: Final = 254
"""Characters that an address can have by the rules of mail."""
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
"""Dates beyond these are slips of the keyboard, and whatever counts from them would leave the calendar."""

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_EVERY = re.compile(r"^every\s+(.+?)(?:\s+until\s+(.+))?$")
_UNTIL = re.compile(rf"^(?:stage ends|deal ends|({WORD.strip('^$')}) done)$")
_EVERY_HINT: Final = "a rhythm like 'every 1 business day'"
_REPEAT_HINT: Final = (
    "'every 1 week until stage ends', 'every 1 day until deal ends' or 'every 2 hours until TASK done'"
)


def _every(value: Any) -> Duration:
    match = _EVERY.match(str(value).strip()) if len(str(value)) <= LONGEST else None
    if match is None or match[2]:
        raise ValueError(_EVERY_HINT)
    return _rhythm(match[1])


def _repeat(value: Any) -> Repeat:
    match = _EVERY.match(str(value).strip()) if len(str(value)) <= LONGEST else None
    until = _UNTIL.match(match[2] or STAGE_ENDS) if match else None
    if match is None or until is None:
        raise ValueError(_REPEAT_HINT)
    return Repeat(_rhythm(match[1]), until[1] or until[0])


def _rhythm(text: str) -> Duration:
    rhythm = parse_duration(text)
    if rhythm.calendar() < SHORTEST_RHYTHM.calendar():
        raise ValueError(f"a rhythm of at least {SHORTEST_RHYTHM}")
    return rhythm


def _text(value: Any) -> str:
    if value is None:
        raise ValueError("a text")
    if not isinstance(value, str):
        raise ValueError("a text; put quotes around a number, true or false that is meant as one")
    if not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def _email(value: Any) -> str:
    if not isinstance(value, str) or not _is_email(value.strip()):
        raise ValueError("an e-mail address")
    return value.strip()


def _is_email(text: str) -> bool:
    return len(text) <= LONGEST_EMAIL and _EMAIL.match(text) is not None


def _day(value: Any) -> date:
    """A date in full. (Left to itself pydantic takes 20261225 for seconds since 1970.)"""
    if isinstance(value, str) and _DAY.match(value.strip()):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            day = date.min
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    raise ValueError("a date like 2026-11-30")


def _words(value: Any) -> list[str]:
    """A list of words; a single one need not be in brackets."""
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(v, str) for v in listed):
        raise ValueError("a word or a list of words")
    return listed


def _listed(value: Any) -> list[Any]:
    """A chain as a list; a single link need not be in brackets."""
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise ValueError(WHO_HINT)
    return listed


def parse_link(value: Any) -> Link:
    """One way of naming a person. Raises ValueError with what was expected; the names in it are checked later."""
    if isinstance(value, dict):
        return _mapped_link(value)
    text = value.strip() if isinstance(value, str) and len(value) <= LONGEST_EMAIL else ""
    if _is_email(text):
        raise ValueError(f"an address as {{person: {text}}}")
    head, dot, tail = text.rpartition(".")
    if dot and re.match(WORD, head.partition(".")[0]):
        return _dotted_link(head, tail)
    if not re.match(WORD, text):
        raise ValueError(WHO_HINT)
    fixed: dict[str, Link] = {"owner": Owner(), "assignee": Assignee(), "lead": Lead()}
    return fixed.get(text) or Role(text)


def _dotted_link(head: str, tail: str) -> Link:
    if tail == "lead" and re.match(WORD, head):
        return Lead(head)
    if head.endswith(".manager"):
        raise ValueError(WHO_HINT)
    if tail != "manager":
        raise ValueError(f"{head}.lead or {head}.manager.{did_you_mean(tail, ('lead', 'manager'))}")
    of = parse_link(head)
    if isinstance(of, Pick | Claim | Manager):
        raise ValueError(WHO_HINT)
    return Manager(of)


def _mapped_link(value: Mapping[str, Any]) -> Link:
    match value:
        case {"person": str(email), **rest} if not rest and _is_email(email):
            return Named(email)
        case {"claim": str(department), **rest} if not rest:
            return Claim(department)
        case {"pick": str(how), "from": str(department), **rest} if not rest and how in PICKS:
            return Pick("round_robin" if how == "round_robin" else "least_loaded", department)
        case {"pick": str(how), "from": str()} if how not in PICKS:
            raise ValueError(f"pick: {one_of(PICKS)}.{did_you_mean(how, PICKS)}")
    known = ("person", "pick", "from", "claim")
    wrong = next((str(k) for k in value if k not in known), "")
    raise ValueError(f"{WHO_HINT}.{did_you_mean(wrong, known) if wrong else ''}")


def parse_question(spec: Any) -> FormField:
    """One question, still without its name. Raises ValueError with what was expected."""
    if not isinstance(spec, dict):
        raise ValueError(FORM_HINT)
    optional, outcomes, limit = spec.get("optional", False), _words(spec.get("for", [])), spec.get("limit")
    kinds = {k: v for k, v in spec.items() if k not in _BESIDES}
    wrong = next((k for k in kinds if k not in KINDS), "")
    if wrong or len(kinds) != 1 or not isinstance(optional, bool):
        near = did_you_mean(wrong, (*KINDS, *_BESIDES))
        raise ValueError(f"{FORM_HINT}, and perhaps optional: true, for: OUTCOME or limit: CONCESSION.{near}")
    kind, value = next(iter(kinds.items()))
    if limit is not None and (kind not in AMOUNTS or not isinstance(limit, str)):
        raise ValueError("limit: CONCESSION beside a percent, a number or an amount of money")
    return replace(_QUESTIONS[kind](kind, value), optional=optional, outcomes=tuple(outcomes), limit=limit)


def _choice(_: str, value: Any) -> FormField:
    if not isinstance(value, list) or not value or not all(isinstance(c, str) for c in value):
        raise ValueError("a list of answers to choose from, like {choice: [price, product]}")
    if len(set(value)) < len(value):
        raise ValueError("answers that differ from each other")
    return FormField("", "choice", choices=tuple(value))


def _length(_: str, value: Any) -> FormField:
    if value not in TEXT_LENGTHS:
        raise ValueError(f"{{text: short}} or {{text: long}}.{did_you_mean(str(value), TEXT_LENGTHS)}")
    return FormField("", "text", high=TEXT_LENGTHS[value])


def _flag(kind: str, value: Any) -> FormField:
    if value is not True:
        raise ValueError(f"{{{kind}: true}}")
    return FormField("", "yes_no" if kind == "yes_no" else "date")


def _amount(kind: str, value: Any) -> FormField:
    numbers = isinstance(value, dict) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in value.values()
    )
    if not numbers or not set(value) <= {"min", "max"}:
        raise ValueError(f"{{{kind}: {{}}}}, or with bounds like {{{kind}: {{min: 0, max: 20}}}}")
    low, high = value.get("min"), value.get("max")
    if low is not None and high is not None and low > high:
        raise ValueError("a min that is not above the max")
    return FormField("", "percent" if kind == "percent" else "money" if kind == "money" else "number", (), low, high)


_QUESTIONS: Final = {
    "choice": _choice,
    "text": _length,
    "yes_no": _flag,
    "date": _flag,
    "percent": _amount,
    "number": _amount,
    "money": _amount,
}


def form_of(questions: Mapping[str, FormField]) -> tuple[FormField, ...]:
    """A task's form: its questions, each with its name, in the order of the file."""
    return tuple(replace(question, name=name) for name, question in questions.items())


_NUMBERS: Final = {
    "type": "object",
    "properties": {"min": {"type": "number"}, "max": {"type": "number"}},
    "additionalProperties": False,
}
_QUESTION_SCHEMA: Final = {
    "description": "One question: what kind of answer it takes.",
    "type": "object",
    "minProperties": 1,
    "maxProperties": 4,
    "properties": {
        "choice": {"description": "One of these.", "type": "array", "items": {"type": "string"}, "minItems": 1},
        "text": {"description": "A short text (200 characters) or a long one (4,000).", "enum": list(TEXT_LENGTHS)},
        "yes_no": {"description": "Yes or no.", "const": True},
        "percent": {"description": "A percentage.", **_NUMBERS},
        "number": {"description": "A number.", **_NUMBERS},
        "money": {"description": "An amount in the company's currency.", **_NUMBERS},
        "date": {"description": "A date.", "const": True},
        "optional": {"description": "The task can be finished without it.", "type": "boolean"},
        "for": {
            "description": "Asked only when the task ends like this.",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        },
        "limit": {"description": "The concession that says who may grant how much.", "x-names": "concessions"},
    },
    "additionalProperties": False,
}
_LINK_SCHEMA: Final = {
    "anyOf": [
        {"type": "string", "x-names": "people", "description": "A word for somebody."},
        {
            "type": "object",
            "properties": {"person": {"type": "string", "x-names": "emails"}},
            "required": ["person"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"claim": {"type": "string", "x-names": "departments"}},
            "required": ["claim"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"pick": {"enum": list(PICKS)}, "from": {"type": "string", "x-names": "departments"}},
            "required": ["pick", "from"],
            "additionalProperties": False,
        },
    ]
}
_SPAN_SCHEMA: Final = {
    "type": "string",
    "pattern": r"^(\d+\s+(business\s+)?(minute|hour|day|week)s?\s*)+$",
    "examples": ["2 business days", "4 business hours", "90 days", "1 business day 4 business hours"],
    "errorMessage": f"Expected {DURATION_HINT}.",
}
_WHEN_SCHEMA: Final = {
    "type": "string",
    "pattern": r"^(at\s|(\d+\s+(business\s+)?(minute|hour|day|week)s?\s+)+(after|before)\s).+$",
    "examples": ["1 business day after start", "2 business hours before due", "30 days before renewal", "at due"],
    "errorMessage": f"Expected {MOMENT_HINT}.",
}
_EVERY_SCHEMA: Final = {
    "type": "string",
    "pattern": r"^every\s+.+$",
    "examples": ["every 1 business day", "every 2 business days"],
}
_REPEAT_SCHEMA: Final = {
    "type": "string",
    "pattern": r"^every\s+.+$",
    "examples": ["every 1 week until stage ends", "every 1 day until deal ends", "every 2 hours until fix done"],
    "errorMessage": f"Expected {_REPEAT_HINT}.",
}


def listing(names: str) -> WithJsonSchema:
    """A word or a list of words, out of the workspace's ``names``."""
    word = {"type": "string", "x-names": names}
    return WithJsonSchema({"anyOf": [word, {"type": "array", "items": word}]})


def named(names: str) -> dict[str, Any]:
    """For ``json_schema_extra``: the value is one of the workspace's ``names``."""
    return {"x-names": names}


Text: TypeAlias = Annotated[str, BeforeValidator(_text)]
Words: TypeAlias = Annotated[list[str], BeforeValidator(_words), listing("")]
Span: TypeAlias = Annotated[Duration, BeforeValidator(parse_duration), WithJsonSchema(_SPAN_SCHEMA)]
When: TypeAlias = Annotated[Moment, BeforeValidator(parse_moment), WithJsonSchema(_WHEN_SCHEMA)]
Again: TypeAlias = Annotated[Repeat, BeforeValidator(_repeat), WithJsonSchema(_REPEAT_SCHEMA)]
Every: TypeAlias = Annotated[Duration, BeforeValidator(_every), WithJsonSchema(_EVERY_SCHEMA)]
Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
Who: TypeAlias = Annotated[Any, BeforeValidator(parse_link), WithJsonSchema(_LINK_SCHEMA)]
Chain: TypeAlias = Annotated[
    tuple[Who, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [_LINK_SCHEMA, {"type": "array", "items": _LINK_SCHEMA, "minItems": 1}]}),
]
Email: TypeAlias = Annotated[str, BeforeValidator(_email)]
Word: TypeAlias = Annotated[str, Field(pattern=WORD)]
Name: TypeAlias = Annotated[str, Field(pattern=NAME)]
Question: TypeAlias = Annotated[Any, BeforeValidator(parse_question), WithJsonSchema(_QUESTION_SCHEMA)]
