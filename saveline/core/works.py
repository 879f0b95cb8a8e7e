"""What works, for the stage report: which deals are counted on which side, and what became of them.

Every deal that was opened with a play counts for that play, whatever then happened to it: also one that was let go,
paused for months, given to somebody else, or closed and opened again with another play. Counting only those that went
through the play as it is meant would leave out the ones with which it did not work (intention to treat: Montori and
Guyatt 2001, CMAJ 165:1339).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from saveline.core.allocation import Lot
from saveline.core.cases import Case
from saveline.core.certainty import Comparison, MoneyMean, Rebound, Trial, Verdict
from saveline.core.facts import Fact
from saveline.core.intervals import Rate
from saveline.core.life_changes import MERGED
from saveline.core.workspace import Outcome

Dimension: TypeAlias = Literal["play", "cause", "segment", "door"]
DIMENSIONS: Final[tuple[Dimension, ...]] = ("play", "cause", "segment", "door")
Ending: TypeAlias = Literal["saved", "not_saved", "open", "merged", "cleared"]
Fate: TypeAlias = Literal["held", "lost", "watched"]


class Lasting(Fact, frozen=True):
    """What became of saves. ``held`` came through their watch, or had none and still pay; ``lost`` left after all;
    of those that are ``watched`` nobody knows yet. ``rate`` is how many held of those of which it is known."""

    held: int
    lost: int
    watched: int
    rate: Rate


class Line(Fact, frozen=True):
    """One group of a dimension, held against the rest of it. ``name`` is a key, empty for deals that have none.

    ``kept`` is the value kept per decided deal; ``open`` are deals of the group that are not decided yet.
    """

    comparison: Comparison
    kept: MoneyMean
    lasting: Lasting
    open: int = 0

    @property
    def dimension(self) -> str:
        return self.comparison.dimension

    @property
    def name(self) -> str:
        return self.comparison.name

    @property
    def verdict(self) -> Verdict:
        return self.comparison.verdict


class Standout(Fact, frozen=True):
    """The best or the worst group of a dimension until a quarter ago, and what became of it since."""

    dimension: str
    name: str
    best: bool
    rebound: Rebound


class Entrant(Fact, frozen=True):
    """A deal that a trial drew a lot for, and what was drawn."""

    case: Case
    lot: Lot


class Tried(Fact, frozen=True):
    """What became of a trial so far. Its arms are named by their plays; each account counts with the first deal that a
    lot was drawn for. ``to`` is the last day on which lots are drawn, ``over`` says that it has passed.

    ``waves`` are the shares (0 to 1) that the new play was given with while both were. Of each arm, the new one first,
    ``open`` deals are not decided yet and ``neither`` ones are on no side: merged, or cleared. ``again`` are further
    deals of accounts, ``alone`` are decided ones that were drawn while there was no other arm to hold them against.
    """

    name: str
    trial: Trial
    to: date
    over: bool
    waves: tuple[float, ...] = ()
    open: tuple[int, int] = (0, 0)
    neither: tuple[int, int] = (0, 0)
    again: int = 0
    alone: int = 0


class Works(Fact, frozen=True):
    """Of the twelve months from ``since`` to ``until``: ``saved`` of the deals decided in them, the value ``kept`` per
    deal, and every group of every dimension. ``open``, ``merged`` and ``cleared`` deals are on neither side.

    ``doorless`` are decided deals of which no task was ever finished: they are in no group of the dimension ``door``.
    The ``standouts`` were picked by what was decided before ``quarter``. Of the ``trials`` a deal lived in these
    months; they are told from their beginning on.
    """

    since: datetime
    quarter: datetime
    until: datetime
    saved: Rate
    kept: MoneyMean
    lasting: Lasting
    open: int
    merged: int
    cleared: int
    doorless: int
    lines: tuple[Line, ...]
    standouts: tuple[Standout, ...] = ()
    trials: tuple[Tried, ...] = ()

    def of(self, *dimensions: str) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.dimension in dimensions)

    @property
    def compared(self) -> int:
        """How many comparisons were made: what the guard has to guard against."""
        groups = sum(line.comparison.gap is not None for line in self.lines)
        return groups + sum(tried.trial.gap is not None for tried in self.trials)


def ending(case: Case, outcomes: Mapping[str, Outcome]) -> Ending:
    """On which side a deal counts. One that was merged goes on as another; of one that is ``cleared`` the risk went
    away by itself, or it ended in a way that the settings do not name: both are on neither."""
    if case.closed_at is None:
        return "open"
    if case.outcome == MERGED:
        return "merged"
    outcome = outcomes.get(case.outcome or "")
    if outcome is None or outcome.cleared:
        return "cleared"
    return "saved" if outcome.saved else "not_saved"


def fate(case: Case, last: date) -> Fate:
    """What became of a save by the end of the day ``last``. A watch counts as over only when the engine has said so."""
    if case.left_at is not None:
        return "lost"
    if case.kept_at is not None:
        return "held"
    if case.watch_until is not None:
        return "watched"
    return "lost" if case.account.left_on is not None and case.account.left_on <= last else "held"


def group(case: Case, dimension: Dimension) -> str:
    """Whose deal it is in a dimension: the play it was first opened with, the first of its causes, the account's
    segment, the door by which most of its tasks were finished. Empty where it has none."""
    match dimension:
        case "play":
            return case.opened_with
        case "cause":
            return case.causes[0] if case.causes else ""
        case "segment":
            return case.account.segment or ""
        case "door":
            return case.door


def found(
    works: Works, verdicts: Sequence[Verdict] = ("better", "worse"), dimension: str | None = None
) -> tuple[Line, ...]:
    """The lines with one of these verdicts, of one dimension or of all, the surest first."""
    lines = [x for x in works.lines if x.verdict in verdicts and dimension in (None, x.dimension)]
    return tuple(sorted(lines, key=lambda x: (x.comparison.adjusted or 0.0, x.dimension, x.name)))
