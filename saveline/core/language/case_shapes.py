"""The keys of a test case and what each holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from saveline.core.facts import TASK_CLOSED, Fact
from saveline.core.language.shapes import Shape
from saveline.core.language.words import FIRST_YEAR, LAST_YEAR, Day, Span, Text, Word, Words

STATES: Final = ("open", "waiting", *sorted(TASK_CLOSED))
OPEN: Final = "open"
"""As an outcome: the deal is not closed."""

_MOMENT = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}))?$")


class Local(Fact, frozen=True):
    """A moment as a person writes it, in the workspace's zone: a day, perhaps with a time."""

    day: datetime
    minute: int | None = None

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}" + (
            "" if self.minute is None else f" {self.minute // 60:02}:{self.minute % 60:02}"
        )


def _local(value: Any) -> Local:
    match = _MOMENT.match(str(value).strip())
    try:
        if match is None:
            raise ValueError
        day = datetime.strptime(match[1], "%Y-%m-%d")  # noqa: DTZ007 - a wall date; its zone is the workspace's
        hour, minute = map(int, match[2].split(":")) if match[2] else (0, 0)
        if hour > 23 or minute > 59 or not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError
    except ValueError:
        raise ValueError("a moment like '2026-11-20 10:00', or a day like 2026-11-20") from None
    return Local(day, hour * 60 + minute if match[2] else None)


_AT_SCHEMA: Final = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}([ T]\d{1,2}:\d{2})?$",
    "examples": ["2026-11-20 10:00", "2026-11-20"],
}
At: TypeAlias = Annotated[Local, BeforeValidator(_local), WithJsonSchema(_AT_SCHEMA)]


class CaseAccountShape(Shape):
    name: Text = "Acme"
    segment: Text | None = None
    vertical: Text | None = None
    region: Text | None = None
    arr: float = Field(default=50_000, ge=0)
    runway: Span | None = None
    renewal: Day | None = None
    health: int | None = Field(default=None, ge=0, le=100)
    team: dict[str, Text] = {}
    fields: dict[str, Any] = {}


class CaseAwayShape(Shape):
    who: Text
    from_: Day = Field(alias="from", description="The first day away.")
    to: Day = Field(description="The last day away.")
    substitute: Text | None = None


class StepShape(Shape):
    """One verb, when, and by whom."""

    after: Span | None = None
    on: At | None = None
    who: Text | None = None
    done: Word | None = None
    cannot: Word | None = None
    seen: Word | None = None
    take: Word | None = None
    help: Word | None = None
    hand_over: Word | None = None
    snooze: Word | None = None
    wait: Word | None = None
    answered: Word | None = None
    severity: Word | None = None
    override: At | None = None
    role: Word | None = None
    move: Word | None = None
    pause: At | None = None
    resume: bool | None = None
    close: Word | None = None
    cause: Word | None = None
    outcome: Word | None = None
    answers: dict[str, Any] = {}
    reason: Text = ""
    note: Text = ""
    to: Text | None = None
    until: At | None = None
    kept: float | None = Field(default=None, ge=0)
    evidence: Text | None = None
    refused: Text | None = None


class ExpectShape(Shape):
    """One thing that has to come true, and perhaps when."""

    told: Text | None = None
    task: Word | None = None
    stage: Word | None = None
    outcome: Word | None = None
    play: Text | None = None
    kind: Word | None = None
    is_: Word | None = Field(default=None, alias="is")
    who: Text | None = None
    due: At | None = None
    at: At | None = None
    by: At | None = None
    from_: At | None = Field(default=None, alias="from")
    times: int | None = Field(default=None, ge=0)


class CaseShape(Shape):
    case: Text = Field(description="What the case shows, in a few words.")
    account: CaseAccountShape = CaseAccountShape()
    causes: Words = Field(description="Why the account is at risk.")
    opened: At = Field(description="When the deal is opened, like '2026-11-20 10:00'.")
    score: int = Field(default=0, ge=0, description="The score with which it is opened; its severity comes from it.")
    away: list[CaseAwayShape] = []
    do: list[StepShape] = []
    expect: list[ExpectShape] = Field(min_length=1, description="What has to come true.")
    until: At | None = None


TASK_VERBS: Final = ("done", "cannot", "seen", "take", "help", "hand_over", "snooze", "wait", "answered")
VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "done": ("outcome", "answers"),
    "cannot": ("reason",),
    "seen": (),
    "take": (),
    "help": ("note",),
    "hand_over": ("to", "note"),
    "snooze": ("until", "reason"),
    "wait": ("until", "reason"),
    "answered": (),
    "severity": ("reason",),
    "override": ("reason",),
    "role": ("to",),
    "move": ("reason",),
    "pause": ("reason",),
    "resume": (),
    "close": ("reason", "kept", "evidence"),
    "cause": (),
}
"""What people can do in a case, and the further keys of each."""

SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "told": ("kind", "task", "at", "by", "from", "times"),
    "task": ("is", "who", "outcome", "due", "at", "by", "from"),
    "stage": ("at", "by", "from", "times"),
    "outcome": ("at", "by", "from"),
    "play": (),
}
"""What can be expected, and the further keys of each."""
