"""Bodies of calls: plain JSON, told apart from anything else. How long one may be is seen to for every door."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from starlette.requests import Request

from saveline.core.errors import in_quotes
from saveline.core.posted import Digits
from saveline.core.writable import half_or_nul
from saveline.web.problems import Refused

DEEPEST: Final = 8
"""Lists and objects within each other."""
_LONGEST_NUMBER: Final = 40
MOST_NUMBER: Final = 10.0**15


def check_type(request: Request) -> None:
    """Raises Refused with 415 for anything but plain JSON in UTF-8."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    charset = rest.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise Refused(415, "Send JSON: Content-Type: application/json.", headers={"Accept": "application/json"})
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "Send the JSON as it is, without Content-Encoding.", headers={"Accept-Encoding": "identity"})


def parse(body: bytes) -> Any:
    """The value of a body, its numbers as :class:`Digits`. Raises Refused with 400 for what is no JSON, and with 422
    for a name that stands twice, a number that nobody needs, and what lies too deep."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(400, f"The body is not UTF-8: byte {error.start} is 0x{body[error.start]:02x}.") from None
    try:
        value = json.loads(
            text, parse_int=_digits, parse_float=_digits, parse_constant=_no_number, object_pairs_hook=_object
        )
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise Refused(400, f"The body is no JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from None
    _depth(value, DEEPEST)
    return value


def _digits(text: str) -> Digits:
    if len(text) > _LONGEST_NUMBER:
        raise Refused(422, f"A number has {len(text):,} digits: at most {_LONGEST_NUMBER}.")
    return Digits(text)


def _no_number(word: str) -> NoReturn:
    raise Refused(400, f"The body is no JSON: {word} is no number.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refused(422, f"{in_quotes(name)} stands twice in one object.")
        found[name] = value
    return found


def _depth(value: Any, deepest: int) -> None:
    """Raises Refused for what lies deeper."""
    if isinstance(value, (dict, list)):
        if not deepest:
            raise _too_deep()
        for held in value if isinstance(value, list) else value.values():
            _depth(held, deepest - 1)


def plain(value: Any) -> Any:
    """The value with its numbers as Python's. Raises Refused with 422 for a number or a text that cannot be kept."""
    if isinstance(value, Digits):
        return _number(value)
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    bad = half_or_nul(value) if isinstance(value, str) else ""
    if bad:
        raise Refused(422, f"A text has {bad} in it: it cannot be kept.")
    return value


def _number(digits: Digits) -> int | float:
    number = float(digits)
    if abs(number) > MOST_NUMBER:
        raise Refused(422, f"The number {digits} is too large.")
    return int(digits) if digits.lstrip("-").isdigit() else number


def _too_deep() -> Refused:
    return Refused(422, "Lists and objects lie too deep within each other: send an object, or a list of objects.")
