"""Changes of a deal's life as a whole: watched after a save, opened again, merged and split, its risk gone."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from saveline.core.deal_changes import DealChange
from saveline.core.facts import Deal

if TYPE_CHECKING:
    from saveline.core.changes import Event

MERGED: Final = "merged"
"""What stands as the outcome of a deal that was merged into another. It is none of the workspace's outcomes."""


class DealKept(DealChange, frozen=True):
    """The time to watch a save is over, and the account still pays."""

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, kept_at=event.at)


class DealLeft(DealChange, frozen=True):
    """The account stopped paying on ``left_on``, or will. On a deal that was saved, this is a delayed loss."""

    left_on: date
    evidence: str = ""

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, left_at=event.at, kept_at=None)


class DealStayed(DealChange, frozen=True):
    """The account pays after all: what was said of its leaving was wrong, or was taken back."""

    why: str = ""

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, left_at=None)


class DealReopened(DealChange, frozen=True):
    """An account that had been closed as ``was`` is at risk again. Its history goes on, its play starts anew.

    What it was closed with stays in the history; ARR stays as it was when the deal was first opened, so that a report
    over both times counts the account once and with one value.
    """

    play: str
    play_hash: str
    owner_id: int | None
    decide_at: datetime
    was: str = ""
    score: int = 0
    why: tuple[str, ...] = ()
    severity: str | None = None
    owner_why: tuple[str, ...] = ()

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(
            deal,
            state="open",
            play=self.play,
            play_hash=self.play_hash,
            owner_id=self.owner_id,
            decide_at=self.decide_at,
            score=self.score,
            severity=self.severity,
            reopened_at=event.at,
            closed_before=deal.closed_at,
            earlier=len(deal.tasks),
            closed_at=None,
            outcome=None,
            reason=None,
            evidence=None,
            kept_cents=None,
            override_until=None,
            watch_until=None,
            kept_at=None,
            left_at=None,
            merged_into=None,
        )


class DealMerged(DealChange, frozen=True):
    """The deal goes on as part of deal ``into``. That is no outcome: nobody was saved or lost by it."""

    into: int
    reason: str = ""

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(
            deal,
            state="closed",
            closed_at=event.at,
            outcome=MERGED,
            reason=self.reason or None,
            merged_into=self.into,
            paused_at=None,
            paused_until=None,
        )


class DealJoined(DealChange, frozen=True):
    """Deal ``deal_id`` of another account was merged into this one, with ``arr_cents`` that are at risk here now."""

    deal_id: int
    account: str
    score: int
    arr_cents: int = 0

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, score=self.score, arr_cents=deal.arr_cents + self.arr_cents)


class CausesSplit(DealChange, frozen=True):
    """``causes`` belong to another account and are deal ``deal_id`` now; ``arr_cents`` go back there."""

    deal_id: int
    account: str
    causes: tuple[str, ...]
    score: int
    arr_cents: int = 0

    def fold(self, deal: Deal, event: Event) -> Deal:
        left = tuple(c for c in deal.causes if c not in self.causes)
        return replace(deal, causes=left, score=self.score, arr_cents=deal.arr_cents - self.arr_cents)


class RiskCleared(DealChange, frozen=True):
    """The account's score has fallen below the level at which its risk counts as gone."""

    score: int
    level: int

    def fold(self, deal: Deal, event: Event) -> Deal:
        return replace(deal, score=self.score)
