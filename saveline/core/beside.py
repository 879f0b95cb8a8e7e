"""Saves beside support: how many deals were saved whose accounts had come to support before, and how many others.

It is what happened together and no more. Who complains may still expect something of us, the large ones write more, and
a bad time brings both complaints and deals. So nothing here is called better or worse, and it takes no part in the
guard over all comparisons (``saveline.evidence.comparisons``), which is there for such words.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal, TypeAlias

from saveline.core.facts import Fact
from saveline.core.intervals import Rate
from saveline.core.support import Trouble

BEFORE: Final = timedelta(days=90)
"""How long before a deal was opened its account's cases count."""

Came: TypeAlias = Literal["wrote", "escalated", "complained"]
CAME: Final[tuple[Came, ...]] = ("wrote", "escalated", "complained")


class Beside(Fact, frozen=True):
    """Of the decided deals: how many were saved of those whose account ``came`` so, and of the ``others``."""

    came: Came
    rate: Rate
    others: Rate


def times(trouble: Trouble, came: Came) -> int:
    """How often an account came so."""
    match came:
        case "wrote":
            return trouble.cases
        case "escalated":
            return trouble.escalated
        case "complained":
            return trouble.complaints
