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
    name: Text = Field(default="Acme", description="What the customer is called.")
    segment: Text | None = Field(default=None, description="Its segment.")
    vertical: Text | None = Field(default=None, description="Its vertical.")
    region: Text | None = Field(default=None, description="Its region.")
    arr: float = Field(default=50_000, ge=0, description="Its yearly revenue.")
    runway: Span | None = Field(default=None, description="How long it is until its renewal.")
    renewal: Day | None = Field(default=None, description="Or the day on which it renews.")
    health: int | None = Field(default=None, ge=0, le=100, description="Its health, 0 to 100.")
    team: dict[str, Text] = Field(default={}, description="Who has which role: csm: ana.")
    fields: dict[str, Any] = Field(default={}, description="Your own columns of the account.")


class CaseAwayShape(Shape):
    who: Text = Field(description="Who is away.")
    from_: Day = Field(alias="from", description="The first day away.")
    to: Day = Field(description="The last day away.")
    substitute: Text | None = Field(default=None, description="Who stands in meanwhile.")


class StepShape(Shape):
    """One verb, when, and by whom."""

    after: Span | None = Field(default=None, description="So long after the step before, in the person's own time.")
    on: At | None = Field(default=None, description="Or when: at this moment.")
    who: Text | None = Field(default=None, description="Who does it.")
    done: Word | None = Field(default=None, description="Finish this task.")
    cannot: Word | None = Field(default=None, description="Say that this task cannot be done.")
    seen: Word | None = Field(default=None, description="Open this task.")
    take: Word | None = Field(default=None, description="Take this task, which is offered to the department.")
    help: Word | None = Field(default=None, description="Ask for help with this task.")
    hand_over: Word | None = Field(default=None, description="Give this task to somebody else.")
    snooze: Word | None = Field(default=None, description="Let this task rest.")
    wait: Word | None = Field(default=None, description="Let this task wait for the customer.")
    answered: Word | None = Field(default=None, description="The customer has answered, and this task goes on.")
    severity: Word | None = Field(default=None, description="Say how bad it is.")
    override: At | None = Field(default=None, description="Override the gate until this moment.")
    role: Word | None = Field(default=None, description="Somebody else has this role on the account's team.")
    move: Word | None = Field(default=None, description="Ask for this stage.")
    pause: At | None = Field(default=None, description="Stop the clocks of the deal until this moment.")
    resume: bool | None = Field(default=None, description="Start the clocks of the deal again.")
    close: Word | None = Field(default=None, description="Say that it ended like this.")
    cause: Word | None = Field(default=None, description="A further cause joins; nobody does it.")
    outcome: Word | None = Field(default=None, description="With done: how the task ended.")
    answers: dict[str, Any] = Field(default={}, description="With done: the answers.")
    reason: Text = Field(default="", description="Why.")
    note: Text = Field(default="", description="A word to whoever gets it.")
    to: Text | None = Field(default=None, description="With hand_over or role: who has it then.")
    until: At | None = Field(default=None, description="With snooze or wait: until when.")
    kept: float | None = Field(default=None, ge=0, description="With close: the value kept a year.")
    evidence: Text | None = Field(default=None, description="With close: what says so.")
    refused: Text | None = Field(default=None, description="It must be refused, with these words among others.")


class ExpectShape(Shape):
    """One thing that has to come true, and perhaps when."""

    told: Text | None = Field(default=None, description="This person or department gets a notice.")
    task: Word | None = Field(default=None, description="This task is so; with told: the notice is about it.")
    stage: Word | None = Field(default=None, description="The deal enters this stage.")
    outcome: Word | None = Field(default=None, description="The deal is closed like this; with task: its outcome.")
    play: Text | None = Field(default=None, description="The account gets this play, of all there are.")
    kind: Word | None = Field(default=None, description="With told: the kind of notice.")
    is_: Word | None = Field(default=None, alias="is", description="With task: the state it is in.")
    who: Text | None = Field(default=None, description="With task: who has it, or did it.")
    due: At | None = Field(default=None, description="With task: when it is due.")
    at: At | None = Field(default=None, description="That minute, or that day.")
    by: At | None = Field(default=None, description="Not later than this.")
    from_: At | None = Field(default=None, alias="from", description="Not earlier than this.")
    times: int | None = Field(default=None, ge=0, description="How often; 0 says never.")


class CaseShape(Shape):
    case: Text = Field(description="What the case shows, in a few words.")
    account: CaseAccountShape = Field(default=CaseAccountShape(), description="The customer of the case.")
    causes: Words = Field(description="Why the account is at risk.")
    opened: At = Field(description="When the deal is opened, like '2026-11-20 10:00'.")
    score: int = Field(default=0, ge=0, description="The score with which it is opened; its severity comes from it.")
    away: list[CaseAwayShape] = Field(default=[], description="Who is away when.")
    do: list[StepShape] = Field(default=[], description="What people do, in order.")
    expect: list[ExpectShape] = Field(min_length=1, description="What has to come true.")
    until: At | None = Field(default=None, description="How long it is played; else to the last moment named.")


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
