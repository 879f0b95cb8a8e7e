"""A task's form: checking what a person filled in, and turning text from a terminal or a mail into values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from saveline.core.errors import nearest, one_of
from saveline.core.play import Field

_MOST: Final = 2.0**53
"""Up to here every whole number is exact."""
_YES = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


def check(form: Sequence[Field], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """``(values, problems)``: every answer as its type, and in words what is missing, unknown or out of bounds."""
    values: dict[str, Any] = {}
    names = [f.name for f in form]
    problems = [f"there is no question {n!r}{_hint(n, names)}" for n in given if n not in names]
    for field in form:
        answer = given.get(field.name)
        if answer is None or answer == "":
            if not field.optional:
                problems.append(f"{field.name} is missing: {expected(field)}")
            continue
        try:
            values[field.name] = _READ[field.kind](field, answer)
        except (ValueError, TypeError):
            hint = _hint(str(answer), field.choices)
            problems.append(f"{field.name} is {answer!r}: expected {expected(field)}{hint}")
    return values, problems


def _hint(word: str, known: Sequence[str]) -> str:
    close = nearest(word, known)
    return f" (did you mean {close!r}?)" if close else ""


def expected(field: Field) -> str:
    """What the question takes, in words."""
    match field.kind:
        case "choice":
            return one_of(field.choices)
        case "yes_no":
            return "yes or no"
        case "date":
            return "a date like 2026-11-30"
        case "text":
            return f"a text of at most {field.high:g} characters" if field.high else "a text"
    unit = {"percent": "a percentage", "money": "an amount", "number": "a number"}[field.kind]
    low = f" from {field.low:g}" if field.low is not None else ""
    return f"{unit}{low}" + (f" up to {field.high:g}" if field.high is not None else "")


def _choice(field: Field, answer: Any) -> str:
    if answer not in field.choices:
        raise ValueError(answer)
    return str(answer)


def _text(field: Field, answer: Any) -> str:
    text = str(answer).strip()
    if not text or (field.high is not None and len(text) > field.high):
        raise ValueError(answer)
    return text


def _yes_no(field: Field, answer: Any) -> bool:
    if isinstance(answer, bool):
        return answer
    if str(answer).strip().lower() not in _YES:
        raise ValueError(answer)
    return _YES[str(answer).strip().lower()]


def _number(field: Field, answer: Any) -> float | int:
    if isinstance(answer, bool):
        raise ValueError(answer)
    number = float(str(answer).strip().rstrip("%").replace(",", ""))
    if not abs(number) < _MOST:  # nor is it a number, or it is without end
        raise ValueError(answer)
    if (field.low is not None and number < field.low) or (field.high is not None and number > field.high):
        raise ValueError(answer)
    return int(number) if number == int(number) else number


def _date(field: Field, answer: Any) -> str:
    return date.fromisoformat(str(answer)).isoformat()


_READ: Mapping[str, Callable[[Field, Any], Any]] = {
    "choice": _choice,
    "text": _text,
    "yes_no": _yes_no,
    "percent": _number,
    "number": _number,
    "money": _number,
    "date": _date,
}
