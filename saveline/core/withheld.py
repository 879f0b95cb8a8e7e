"""What people wrote is left out of data that goes elsewhere, unless somebody asks for it.

Reasons, notes, comments and evidence name people and say what customers said in confidence. Figures need none of it:
what is counted are stages, outcomes, causes, plays, numbers and moments. Each field that holds text is named here, as a
word of the workspace's own or as something that was written; a test sees to it that none is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from saveline.core.changes import Change
from saveline.core.facts import Deal

WORDS: Final = frozenset({
    "account", "against", "arm", "before", "cause", "causes", "concession", "department", "do", "field", "kind",
    "outcome", "plan", "play", "play_hash", "severity", "stage", "state", "tasks", "trial", "via", "was",
})  # fmt: skip
"""Fields whose text is a key of the settings or of a play, or the name of an account."""

WRITTEN: Final = frozenset({
    "answers", "body", "evidence", "link", "missing", "note", "owner_why", "reason", "title", "why",
})  # fmt: skip
"""Fields whose text somebody wrote, or which quote what somebody wrote, or name somebody."""

_ANSWER: Final = re.compile(r"[a-z][a-z0-9_]{0,59}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""An answer that is a word of the form's own, like one of its choices, or a day."""


def without_texts(change: Change) -> Change:
    """The change with everything left out that somebody wrote. Folding it gives the same deal but for its texts."""
    return _without(change)  # type: ignore[no-any-return]  # a fact of the class that came in


def deal_without_texts(deal: Deal) -> Deal:
    """The deal, and its tasks, likewise."""
    return _without(deal)  # type: ignore[no-any-return]  # a fact of the class that came in


def _without(fact: Any) -> Any:
    less = {}
    for field in fact.__struct_fields__:
        value = getattr(fact, field)
        kept = _kept(field, value)
        if kept is not value:
            less[field] = kept
    return replace(fact, **less) if less else fact


def _kept(field: str, value: Any) -> Any:
    if field == "answers":
        return answers_without_texts(value)
    if isinstance(value, str):
        return value if field in WORDS else ""
    if isinstance(value, tuple) and value:
        if isinstance(value[0], msgspec.Struct):
            return tuple(_without(v) for v in value)
        return value if field in WORDS or not isinstance(value[0], str) else ()
    return _without(value) if isinstance(value, msgspec.Struct) else value


def answers_without_texts(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Numbers, yes and no, days and choices; not what was written into a field for text."""
    found = {}
    for name, value in answers.items():
        if isinstance(value, Mapping):
            found[name] = answers_without_texts(value)
        elif not isinstance(value, str) or _ANSWER.fullmatch(value):
            found[name] = value
    return found
