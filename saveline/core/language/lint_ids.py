# ruff: noqa: E501 - a row of the table is read as one line
"""The names of what the checker warns of, so that people, tests and ``accept`` can speak of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from saveline.core.errors import Problem
from saveline.core.facts import Fact
from saveline.core.language.problems import Place, Source

CANNOT_END: Final = "play-cannot-end"
STAYS_SHUT: Final = "gate-can-stay-shut"
UNREACHED: Final = "task-not-reached"
STAGE_UNREACHED: Final = "stage-not-reached"
GOES_ROUND: Final = "goes-round"
NO_BRANCH: Final = "outcome-without-branch"
SAME_ENDINGS: Final = "outcomes-lead-nowhere"
NOT_READ: Final = "question-not-read"
OPTIONAL_AWAITED: Final = "optional-but-awaited"
NO_FALLBACK: Final = "role-without-fallback"
NO_LEAD: Final = "department-without-lead"
NOBODY_THERE: Final = "department-without-people"
AFTER_CLAIM: Final = "claim-before-others"
NO_ANCHOR: Final = "due-may-have-no-anchor"
LATE_DECISION: Final = "decided-after-renewal"
LATE_REMINDER: Final = "reminder-after-due"
EARLY_REMINDER: Final = "reminder-before-start"
LADDER_OPEN: Final = "ladder-cannot-end"
LADDER_LATE: Final = "ladder-ends-after-decision"
LADDER_EMPTY: Final = "rung-reaches-nobody"
LADDER_ORDER: Final = "rung-out-of-order"
RUNG_LATE: Final = "rung-after-renewal"
OVERLAP: Final = "plays-overlap"
SHORT_CIRCLE: Final = "short-form-in-a-circle"
NO_PLAY: Final = "cause-without-play"
NOT_FOUND: Final = "accepted-for-nothing"

ERRORS: Final = frozenset({CANNOT_END, SHORT_CIRCLE})
"""Nobody can accept these: such a play cannot be run to its end, or not be chosen."""

MEND: Final[Mapping[str, tuple[str, str]]] = {
    CANNOT_END: ("no answers at all open the gate of a stage", "ask for something that the stage can answer"),
    STAYS_SHUT: ("all work of a stage can be done and its gate still be shut", "an outcome with a `goto`, or a task, for that case"),
    UNREACHED: ("the `if` of a task can never hold when it is looked at", "name what it asks about in `after`"),
    STAGE_UNREACHED: ("every way leads past a stage", "an outcome that stays, or the stage taken out"),
    GOES_ROUND: ("every outcome of a task leads back, so only the decision date ends the play", "an outcome that leads on"),
    NO_BRANCH: ("an outcome leads nowhere, while others of the task have a branch", "a branch for it, or one outcome fewer"),
    SAME_ENDINGS: ("no outcome of a task leads anywhere, tells anybody or asks anything", "a branch, a question `for` one of them, or one outcome"),
    NOT_READ: ("a choice, or a yes or no, that no condition and no title uses", "a condition that uses it, a text, or the question taken out"),
    OPTIONAL_AWAITED: ("a task that is not optional waits for one that is", "both optional, or neither"),
    NO_FALLBACK: ("an account without that role gives the task to the owner of the deal", "a second choice in the list"),
    NO_LEAD: ("the lead of a department that has none in saveline.yaml", "a lead there, or somebody else"),
    NOBODY_THERE: ("somebody is picked from, or a task is offered to, a department in which nobody works", "people of that department in people.yaml"),
    AFTER_CLAIM: ("nobody after a `claim` is ever asked", "the claim as the last of the list"),
    NO_ANCHOR: ("the due moment counts from a task that may be open", "name that task in `after`"),
    LATE_DECISION: ("the decision comes after the renewal", "a date before it"),
    LATE_REMINDER: ("a reminder after the due moment: that is what the ladder is for", "a moment before due, or a rung"),
    EARLY_REMINDER: ("a reminder before the task begins is never sent", "a shorter time before due"),
    LADDER_OPEN: ("the last rung of a ladder only tells people", "a last rung with `do: decide`"),
    LADDER_LATE: ("a ladder asks for a decision only after the decision date has come, even if the task starts at once", "shorter times, or an earlier due moment"),
    LADDER_EMPTY: ("a rung goes to whoever has the task already", "somebody else: their manager, a lead, the owner"),
    LADDER_ORDER: ("a rung comes before the one below it", "the rungs in the order of their moments"),
    RUNG_LATE: ("a rung comes when the renewal is past", "an earlier due moment, or an earlier rung"),
    OVERLAP: ("two plays apply to the same accounts as closely; only their names decide", "another `priority`, or a further line in `applies`"),
    SHORT_CIRCLE: ("the short form of a play leads back to it", "a shorter play that has no `short`, or another"),
    NO_PLAY: ("no play names a cause: such an account gets the default play", "the cause in the `applies` of a play"),
    NOT_FOUND: ("a warning is accepted that is not given", "the id taken out of `accept`"),
}  # fmt: skip
"""Every id with what it means and how it is mended; docs/checks.md is made of this."""


class Lint(Fact, frozen=True):
    """One finding: where in the file, what, and what to write instead."""

    id: str
    place: Place
    what: str
    expected: str

    @property
    def warning(self) -> bool:
        return self.id not in ERRORS


def problem_of(source: Source, lint: Lint) -> Problem:
    """The finding as a problem of the file it is in."""
    return replace(source.problem(lint.place, lint.what, lint.expected, warning=lint.warning), id=lint.id)
