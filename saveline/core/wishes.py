"""What a program wants of a task on somebody's behalf: the words of each intent, and the intent that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from saveline.core.facts import Fact
from saveline.core.intents import (
    Answered,
    Cannot,
    Claim,
    Comment,
    Done,
    HandOver,
    Help,
    Intent,
    Seen,
    Snooze,
    Wait,
)

Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Address: TypeAlias = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Short: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Wish(BaseModel):
    """Nothing but what is asked for, each in its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    by: Address = Field(description="Who acts: the address of somebody in people.yaml. They must be allowed to.")


class DoneWish(Wish):
    outcome: Short | None = Field(default=None, description="How it ended; without it the first that the play names.")
    answers: dict[Short, str | bool | int | float] = Field(
        default={}, max_length=100, description="The answers that the task's form asks for."
    )


class ReasonWish(Wish):
    reason: Text


class UntilWish(ReasonWish):
    until: Short = Field(description="A moment to come, like 2026-11-30T09:00:00Z.")


class NoteWish(Wish):
    note: Annotated[str, StringConstraints(max_length=4000)] = ""


class HandOverWish(NoteWish):
    to: Address = Field(description="Who gets it.")


class CommentWish(Wish):
    body: Text


class Reads(Protocol):
    """What turns words of a wish into what they name. Both raise a Refusal."""

    def person(self, address: str) -> int: ...

    def moment(self, text: str) -> datetime: ...


class Kind(Fact, frozen=True):
    """An intent by its word in an address: what it needs, what it does, an example, and how it is made."""

    shape: type[Wish]
    title: str
    example: Mapping[str, Any]
    make: Callable[[Any, Reads], Intent]


_ANA: Final = {"by": "ana@example.com"}
_REST: Final = {**_ANA, "until": "2026-11-30T09:00:00Z"}
WISHES: Final[Mapping[str, Kind]] = {
    "done": Kind(
        DoneWish,
        "It is done",
        {**_ANA, "answers": {"root_cause": "product"}},
        lambda w, _: Done(w.outcome, w.answers),
    ),
    "cannot": Kind(
        ReasonWish, "It cannot be done", {**_ANA, "reason": "nobody answers"}, lambda w, _: Cannot(w.reason)
    ),
    "seen": Kind(Wish, "Somebody has read it", _ANA, lambda _w, _: Seen()),
    "snooze": Kind(
        UntilWish,
        "It has to wait",
        {**_REST, "reason": "a public holiday"},
        lambda w, read: Snooze(read.moment(w.until), w.reason),
    ),
    "wait": Kind(
        UntilWish,
        "The customer has to answer first",
        {**_REST, "reason": "which seats they need"},
        lambda w, read: Wait(read.moment(w.until), w.reason),
    ),
    "answered": Kind(Wish, "The customer has answered", _ANA, lambda _w, _: Answered()),
    "help": Kind(NoteWish, "Somebody needs help", {**_ANA, "note": "the logs are not mine"}, lambda w, _: Help(w.note)),
    "hand_over": Kind(
        HandOverWish,
        "Somebody else does it",
        {**_ANA, "to": "bob@example.com", "note": "you know them"},
        lambda w, read: HandOver(read.person(w.to), w.note),
    ),
    "claim": Kind(Wish, "Somebody takes what is offered to their department", _ANA, lambda _w, _: Claim()),
    "comment": Kind(
        CommentWish, "A comment", {**_ANA, "body": "Their new lead starts on Monday."}, lambda w, _: Comment(w.body)
    ),
}
