"""What a report has to add to those before it: facts of their time that were written after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from saveline.core.changes import (
    DealClosed,
    DealKept,
    DealLeft,
    DealOpened,
    DealPaused,
    DealReopened,
    DealResumed,
    Event,
    RiskCleared,
    StageEntered,
    StageLate,
)
from saveline.core.facts import Fact
from saveline.core.stories import Story
from saveline.core.tongue import ENGLISH, Tongue, sentence
from saveline.core.workspace import Workspace

FIGURES: Final[Mapping[type[Any], str]] = {
    DealOpened: "opened",
    StageEntered: "stage_entered",
    StageLate: "stage_late",
    DealPaused: "paused",
    DealResumed: "resumed",
    DealClosed: "closed",
    DealReopened: "reopened",
    RiskCleared: "cleared",
    DealKept: "kept",
    DealLeft: "left",
}
"""The events that a figure of a report is made of."""


class CorrectionLine(Fact, frozen=True):
    """What happened before the period, ``at``, and was ``written`` in it, too late for the report of its own.

    ``what`` is one of :data:`FIGURES`; ``title`` that of the stage or outcome it came to, where there is one.
    """

    deal_id: int
    account: str
    what: str
    at: datetime
    written: datetime
    title: str = ""


def corrections(told: Iterable[Story], workspace: Workspace) -> tuple[CorrectionLine, ...]:
    """All of them, in the order in which they were written."""
    lines = (
        CorrectionLine(
            s.now.id,
            s.account.name,
            FIGURES[type(r.event.change)],
            r.event.at,
            r.recorded_at,
            _title(r.event, workspace),
        )
        for s in told
        for r in s.late
        if type(r.event.change) in FIGURES
    )
    return tuple(sorted(lines, key=lambda c: (c.written, c.at, c.deal_id)))


def in_words(line: CorrectionLine, day: Callable[[datetime], str], tongue: Tongue = ENGLISH) -> str:
    """``17 Nov: Acme's save came through its watch (known since 23 Nov).`` ``day`` words a moment's day."""
    values = {"day": day(line.at), "account": line.account, "title": line.title, "written": day(line.written)}
    return tongue.say(SENTENCES[line.what], **values)


SENTENCES: Final = {
    "opened": sentence("{day}: the deal with {account} was opened (known since {written})."),
    "stage_entered": sentence("{day}: {account} came to {title} (known since {written})."),
    "stage_late": sentence("{day}: the time of {account} in its stage ran out (known since {written})."),
    "paused": sentence("{day}: the deal with {account} was paused (known since {written})."),
    "resumed": sentence("{day}: the deal with {account} went on after its pause (known since {written})."),
    "closed": sentence("{day}: {account} ended as {title} (known since {written})."),
    "reopened": sentence("{day}: the deal with {account} was opened again (known since {written})."),
    "cleared": sentence("{day}: the risk of {account} was over (known since {written})."),
    "kept": sentence("{day}: the save of {account} came through its watch (known since {written})."),
    "left": sentence("{day}: {account} left (known since {written})."),
}


def _title(event: Event, workspace: Workspace) -> str:
    match event.change:
        case StageEntered(stage=stage):
            return workspace.stage_title(stage)
        case DealClosed(outcome=key):
            outcome = workspace.outcome(key)
            return outcome.title if outcome else key
        case _:
            return ""
