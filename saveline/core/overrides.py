"""The gates that somebody overrode: every one of them, by name and with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from saveline.core.changes import Event, GateOverridden, StageEntered
from saveline.core.facts import Fact
from saveline.core.people import People
from saveline.core.periods import Period
from saveline.core.stories import since
from saveline.core.workspace import Workspace


class OverrideLine(Fact, frozen=True):
    """Whose deal left which stage although its gate was shut, or could have, until ``until``."""

    deal_id: int
    account: str
    stage: str
    by: str
    reason: str
    at: datetime
    until: datetime


def overrides(
    histories: Iterable[tuple[int, str, Sequence[Event]]], people: People, workspace: Workspace, period: Period
) -> tuple[OverrideLine, ...]:
    """Every override of the period, in order; each history is ``(deal, account, its events)``."""
    found = (line for h in histories for line in _of(h, people, workspace, period) if line.at < period.end)
    return tuple(sorted(found, key=lambda line: (line.at, line.deal_id)))


def _of(
    history: tuple[int, str, Sequence[Event]], people: People, workspace: Workspace, period: Period
) -> Iterator[OverrideLine]:
    """Those since the period's start."""
    deal_id, account, events = history
    recent = since(events, period.start)
    for place, event in enumerate(recent, len(events) - len(recent)):
        match event.change:
            case GateOverridden(until=until, reason=reason):
                stage = _stage(events[:place], workspace)
                yield OverrideLine(deal_id, account, stage, people.name(event.by), reason, event.at, until)


def _stage(events: Sequence[Event], workspace: Workspace) -> str:
    """What the stage is called that was entered last; empty where none was."""
    entered = (e.change.stage for e in reversed(events) if isinstance(e.change, StageEntered))
    return next(map(workspace.stage_title, entered), "")
