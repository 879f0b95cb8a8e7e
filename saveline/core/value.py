"""What saves cost and what they kept, for the stage report: hours, concessions and value by how deals ended.

Hours are what people answered to a question called ``hours``: nothing else in the history says how long somebody
worked. The time between start and end of a task is waiting, mostly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Any, Final, TypeAlias

from saveline.core.changes import ApprovalAsked, Event, TaskDone
from saveline.core.decide.approval import APPROVED, REFUSED
from saveline.core.facts import APPROVAL, RESERVED, Fact
from saveline.core.periods import Period
from saveline.core.play import Play
from saveline.core.stories import Story
from saveline.core.workspace import Outcome

HOURS: Final = "hours"
"""The question whose answer is the time that somebody put into a task."""


class Granted(Fact, frozen=True):
    """A concession that an answer gave: ``amount`` in percent, units of money, or a plain number, as ``unit`` says."""

    concession: str
    unit: str
    amount: float


class Effort(Fact, frozen=True):
    """What a deal has taken: the ``hours`` that were told (None: by nobody), and the concessions that were given."""

    hours: float | None = None
    granted: tuple[Granted, ...] = ()


class Mean(Fact, frozen=True):
    """Of ``n`` deals, ``total`` in all and the ``mean`` of each with its interval, in hours; None where too few."""

    n: int
    total: float
    mean: float | None = None
    low: float | None = None
    high: float | None = None


class CostLine(Fact, frozen=True):
    """The decided deals of one outcome: what was at risk and what is kept of it, the hours of those of which they are
    told, how many ``concessions`` were given in how many deals. One that is ``let_go`` was not saved by choice."""

    key: str
    title: str
    saved: bool
    let_go: bool
    deals: int
    arr_cents: int
    kept_cents: int
    hours: Mean
    conceding: int
    concessions: int


class ConcessionLine(Fact, frozen=True):
    """One concession in the period: how often it was ``given``, the sum and the largest of it; how many of those given
    had been ``approved`` by somebody else. ``asked`` and ``refused`` in the period, ``waiting`` at its end."""

    concession: str
    unit: str
    given: int
    total: float
    largest: float
    approved: int
    asked: int
    refused: int
    waiting: int

    @property
    def own(self) -> int:
        """How many were given by somebody within their own limit."""
        return max(0, self.given - self.approved)


class Value(Fact, frozen=True):
    """Of the deals decided in twelve months and of the concessions of the period. ``hours`` are of all decided deals of
    which they are told, ``kept_there_cents`` is what is kept of these; ``saved_hours`` are of the saved ones."""

    since: datetime
    until: datetime
    lines: tuple[CostLine, ...]
    hours: Mean
    kept_there_cents: int
    saved_hours: Mean
    concessions: tuple[ConcessionLine, ...]

    @property
    def deals(self) -> int:
        return sum(line.deals for line in self.lines)

    @property
    def let_go_hours(self) -> float | None:
        """What the deals that were let go would have taken, at the mean of those that were saved; None where that is
        not known."""
        mean = self.saved_hours.mean
        return None if mean is None else mean * sum(line.deals for line in self.lines if line.let_go)

    @property
    def saved_concessions(self) -> float | None:
        """How many concessions a saved deal took in the mean; None where none was saved."""
        saved = [line for line in self.lines if line.saved]
        deals = sum(line.deals for line in saved)
        return sum(line.concessions for line in saved) / deals if deals else None


Answered: TypeAlias = tuple[str, Mapping[str, Any]]
"""The id of a task in its play, and the answers with which it was finished."""


def let_go(outcome: Outcome) -> bool:
    """Whether it is the company that lets the customer go: neither saved nor cleared, and it asks for no evidence that
    the customer leaves."""
    return not (outcome.saved or outcome.cleared or outcome.evidence)


def effort(answered: Iterable[Answered], play: Play | None) -> Effort:
    """What the finished tasks of a deal have taken. A play that cannot be read any more knows of no concession."""
    hours: list[float] = []
    granted: list[Granted] = []
    for plan, answers in answered:
        if plan in RESERVED:
            continue
        hours += told_hours(answers)
        granted += grants(plan, answers, play)
    return Effort(round(sum(hours), 2) if hours else None, tuple(granted))


def told_hours(answers: Mapping[str, Any]) -> list[float]:
    """One number, or none: only one that is not negative counts."""
    said = answers.get(HOURS)
    if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said) or said < 0:
        return []
    return [float(said)]


def grants(plan: str, answers: Mapping[str, Any], play: Play | None) -> list[Granted]:
    """The concessions that the answers of a task give: what its play puts a limit on. Nothing is no concession."""
    task = play.tasks.get(plan) if play is not None else None
    found = []
    for field in task.form if task is not None else ():
        amount = answers.get(field.name)
        if field.limit is not None and amount:
            found.append(Granted(field.limit, field.kind, float(amount)))
    return found


# --- the concessions of a period --------------------------------------------------------------------------------------


class _Asked(Fact, frozen=True):
    """A request, and how it ended: approved, refused, withdrawn, or empty while somebody has to say."""

    request: ApprovalAsked
    at: datetime
    ended: str
    ended_at: datetime | None


def conceded(told: Sequence[Story], plays: Mapping[str, Play], period: Period) -> tuple[ConcessionLine, ...]:
    """Every concession that was given, asked for or refused in the period, or waits at its end, by name and unit.

    ``plays`` are by their hash; of a deal whose play is not among them nothing is known but what was asked for.
    """
    given: dict[tuple[str, str], list[float]] = {}
    asked: dict[tuple[str, str], list[_Asked]] = {}
    for story in told:
        play = plays.get(story.now.play_hash)
        for grant in _given(story, play, period.start):
            given.setdefault((grant.concession, grant.unit), []).append(grant.amount)
        for one in _requests(story):
            asked.setdefault((one.request.concession, _unit(one.request, story, play)), []).append(one)
    lines = (_concession(key, given.get(key, []), asked.get(key, []), period) for key in sorted({*given, *asked}))
    return tuple(line for line in lines if line.given or line.asked or line.approved or line.refused or line.waiting)


def _given(story: Story, play: Play | None, start: datetime) -> Iterable[Granted]:
    for event in story.events:
        if event.at >= start and isinstance(event.change, TaskDone):
            yield from grants(_plan(story, event), event.change.answers, play)


def _plan(story: Story, event: Event) -> str:
    return story.now.tasks[event.task_no - 1].plan


def _requests(story: Story) -> list[_Asked]:
    """Every request opened a task of its own, in this order."""
    made = [(e.change, e.at) for e in story.events if isinstance(e.change, ApprovalAsked)]
    tasks = [t for t in story.now.tasks if t.plan == APPROVAL] if made else []
    return [
        _Asked(request, at, (t.outcome or t.state) if t.closed else "", t.closed_at)
        for (request, at), t in zip(made, tasks, strict=True)
    ]


def _unit(request: ApprovalAsked, story: Story, play: Play | None) -> str:
    task = play.tasks.get(story.now.tasks[request.of - 1].plan) if play is not None else None
    return next((f.kind for f in task.form if f.name == request.field), "number") if task is not None else "number"


def _concession(
    key: tuple[str, str], given: Sequence[float], asked: Sequence[_Asked], period: Period
) -> ConcessionLine:
    ended = [a.ended for a in asked if a.ended_at is not None and a.ended_at >= period.start]
    return ConcessionLine(
        *key,
        given=len(given),
        total=round(sum(given), 2),
        largest=max(given, default=0.0),
        approved=ended.count(APPROVED),
        asked=sum(a.at >= period.start for a in asked),
        refused=ended.count(REFUSED),
        waiting=sum(not a.ended for a in asked),
    )
