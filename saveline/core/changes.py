"""Everything that can happen to a deal: a closed union of frozen values, each with what it means for the deal.

An :class:`Event` is a change with its number, its moment, who did it and through which door. Folding a deal's events
in order (:func:`evolve`) gives the deal; the history table holds them one row each, and nothing else changes a deal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from saveline.core.deal_changes import (
    ApprovalAsked,
    CauseAdded,
    Commented,
    DealChange,
    DealClosed,
    DealMigrated,
    DealOpened,
    DealPaused,
    DealResumed,
    DecisionAsked,
    GateOverridden,
    Moved,
    OwnerChanged,
    SeverityChanged,
    StageEntered,
    StageLate,
    TaskRepeats,
)
from saveline.core.facts import Deal, Fact
from saveline.core.life_changes import (
    CausesSplit,
    DealJoined,
    DealKept,
    DealLeft,
    DealMerged,
    DealReopened,
    DealStayed,
    RiskCleared,
)
from saveline.core.task_changes import (
    Escalated,
    HelpAsked,
    Reminded,
    RungPassed,
    TaskAssigned,
    TaskCannot,
    TaskChange,
    TaskDone,
    TaskGoesOn,
    TaskSeen,
    TaskSkipped,
    TaskSnoozed,
    TaskStarted,
    TaskWaits,
    TaskWithdrawn,
)

__all__ = [
    "KIND",
    "AnyDealChange",
    "AnyTaskChange",
    "ApprovalAsked",
    "CauseAdded",
    "CausesSplit",
    "Change",
    "Commented",
    "DealChange",
    "DealClosed",
    "DealJoined",
    "DealKept",
    "DealLeft",
    "DealMerged",
    "DealMigrated",
    "DealOpened",
    "DealPaused",
    "DealReopened",
    "DealResumed",
    "DealStayed",
    "DecisionAsked",
    "Escalated",
    "Event",
    "GateOverridden",
    "HelpAsked",
    "Moved",
    "OwnerChanged",
    "Reminded",
    "RiskCleared",
    "RungPassed",
    "SeverityChanged",
    "StageEntered",
    "StageLate",
    "TaskAssigned",
    "TaskCannot",
    "TaskChange",
    "TaskDone",
    "TaskGoesOn",
    "TaskRepeats",
    "TaskSeen",
    "TaskSkipped",
    "TaskSnoozed",
    "TaskStarted",
    "TaskWaits",
    "TaskWithdrawn",
    "decode",
    "encode",
    "evolve",
]

AnyDealChange: TypeAlias = (
    DealOpened
    | SeverityChanged
    | GateOverridden
    | TaskRepeats
    | ApprovalAsked
    | CauseAdded
    | OwnerChanged
    | StageEntered
    | StageLate
    | DecisionAsked
    | DealPaused
    | DealResumed
    | DealClosed
    | DealMigrated
    | Commented
    | DealKept
    | DealLeft
    | DealStayed
    | DealReopened
    | DealMerged
    | DealJoined
    | CausesSplit
    | RiskCleared
)
AnyTaskChange: TypeAlias = (
    TaskStarted
    | TaskWaits
    | TaskGoesOn
    | TaskAssigned
    | TaskSeen
    | TaskSnoozed
    | HelpAsked
    | TaskDone
    | TaskCannot
    | TaskSkipped
    | TaskWithdrawn
    | Reminded
    | Escalated
    | RungPassed
)
Change: TypeAlias = AnyDealChange | AnyTaskChange


class Event(Fact, frozen=True):
    """One line of a deal's history. ``by`` is a person's id, None for the engine; ``via`` is the door."""

    seq: int
    at: datetime
    change: Change
    task_no: int = 0
    by: int | None = None
    via: str = "engine"

    @property
    def kind(self) -> str:
        return KIND[type(self.change)]


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


KIND: Final[Mapping[type[Any], str]] = {cls: _snake(cls.__name__) for cls in get_args(Change)}
"""The word that stands for each change in the history table."""

_ENCODER = msgspec.json.Encoder()
_DECODERS = {kind: msgspec.json.Decoder(cls) for cls, kind in KIND.items()}


def encode(change: Change) -> str:
    """The change's own fields as JSON, without those that hold their default."""
    return _ENCODER.encode(change).decode()


def decode(kind: str, data: str) -> Change:
    """The change that :func:`encode` wrote. Raises KeyError for an unknown kind, msgspec's errors for bad data."""
    change: Change = _DECODERS[kind].decode(data)
    return change


def evolve(deal: Deal, events: Iterable[Event]) -> Deal:
    """The deal after ``events``, which follow on from ``deal.seq``."""
    tasks, seq = list(deal.tasks), deal.seq
    moved = False
    for event in events:
        change, seq = event.change, event.seq
        if isinstance(change, TaskChange):
            tasks[event.task_no - 1] = change.fold(tasks[event.task_no - 1], event)
            moved = True
            continue
        # Changes of tasks are put into the deal only where one of the deal itself comes: a history is mostly theirs.
        if moved:
            deal, moved = replace(deal, tasks=tuple(tasks)), False
        before = deal.tasks
        deal = change.fold(deal, event)
        if deal.tasks is not before:
            tasks = list(deal.tasks)
    if moved:
        return replace(deal, tasks=tuple(tasks), seq=seq)
    return deal if deal.seq == seq else replace(deal, seq=seq)
