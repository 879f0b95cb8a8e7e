"""The gates that somebody overrode: every one of them, by name and with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from saveline.core.changes import Event, GateOverridden, StageEntered
from saveline.core.facts import Fact
from saveline.core.people import People
from saveline.core.periods import Period
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
    histories: Iterable[tuple[int, str, Iterable[Event]]], people: People, workspace: Workspace, period: Period
) -> tuple[OverrideLine, ...]:
    """Every override of the period, in order; each history is ``(deal, account, its events)``."""
    found = (line for h in histories for line in _of(h, people, workspace) if period.start <= line.at < period.end)
    return tuple(sorted(found, key=lambda line: (line.at, line.deal_id)))


def _of(history: tuple[int, str, Iterable[Event]], people: People, workspace: Workspace) -> Iterator[OverrideLine]:
    deal_id, account, events = history
    stage = ""
    for event in events:
        match event.change:
            case StageEntered(stage=entered):
                stage = workspace.stage_title(entered)
            case GateOverridden(until=until, reason=reason):
                yield OverrideLine(deal_id, account, stage, people.name(event.by), reason, event.at, until)
