"""What a person can want of a task, the same whichever door they come through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from saveline.core.facts import Fact


class Done(Fact, frozen=True):
    """It is done. Without an ``outcome`` the first that the play names."""

    outcome: str | None = None
    answers: Mapping[str, Any] = {}


class Cannot(Fact, frozen=True):
    reason: str


class Seen(Fact, frozen=True):
    """I have read it."""


class Snooze(Fact, frozen=True):
    until: datetime
    reason: str


class Wait(Fact, frozen=True):
    """The customer has to answer first."""

    until: datetime
    reason: str


class Answered(Fact, frozen=True):
    """The customer has answered."""


class Help(Fact, frozen=True):
    note: str = ""


class HandOver(Fact, frozen=True):
    """``to`` is a person's id."""

    to: int
    note: str = ""


class Claim(Fact, frozen=True):
    """I take what is offered to my department."""


class Comment(Fact, frozen=True):
    body: str


Intent: TypeAlias = Done | Cannot | Seen | Snooze | Wait | Answered | Help | HandOver | Claim | Comment
