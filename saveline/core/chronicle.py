"""History in words: one sentence an event, with people by name and moments in the workspace's zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from saveline.core import changes
from saveline.core.changes import Change, Event
from saveline.core.people import People
from saveline.core.phrases import answer_words, listed, words_of
from saveline.core.workspace import Workspace


class Chronicler:
    """Tells events. ``task_name`` gives what a task is called: its title for readers, its id for authors."""

    def __init__(self, people: People, workspace: Workspace, task_name: Callable[[int], str]) -> None:
        self.people, self.workspace, self.task_name = people, workspace, task_name

    def moment(self, at: datetime) -> str:
        return f"{self.people.calendar(None).local(at):%a %-d %b %Y %H:%M}"

    def event(self, event: Event) -> str:
        """One event as a sentence without its moment."""
        who = self.people.name(event.by) if event.by else ""
        words = _WORDS[type(event.change)](self, event.change, self.task_name(event.task_no) if event.task_no else "")
        return f"{who}: {words}" if who else words


def _assigned(c: Chronicler, change: Any, task: str) -> str:
    if change.department:
        return f"{task} is offered to {change.department}"
    return f"{task} goes to {c.people.name(change.person_id) if change.person_id else 'nobody'}"


def _done(c: Chronicler, change: Any, task: str) -> str:
    outcome = "" if change.outcome == "done" else f", {words_of(change.outcome)}"
    answers = "; ".join(f"{words_of(k)}: {answer_words(v)}" for k, v in change.answers.items())
    return f"{task} is done{outcome}{f' ({answers})' if answers else ''}"


def _opened(c: Chronicler, change: Any, task: str) -> str:
    owner, decision = c.people.name(change.owner_id), c.moment(change.decide_at)
    return f"the deal opens with {change.play}, owner {owner}, decision {decision}"


def _closed(c: Chronicler, change: Any, task: str) -> str:
    outcome = c.workspace.outcome(change.outcome)
    return f"the deal is closed: {outcome.title.lower() if outcome else change.outcome} ({change.reason})"


def _migrated(c: Chronicler, change: Any, task: str) -> str:
    how = "goes back to" if change.back else "goes over to"
    why = f": {change.reason}" if change.reason else ""
    return f"the deal {how} version {change.play_hash} of its play, from {change.before}{why}"


def _left(c: Chronicler, change: Any, task: str) -> str:
    evidence = f" ({change.evidence})" if change.evidence else ""
    return f"the account leaves on {change.left_on:%-d %b %Y}{evidence}"


def _reopened(c: Chronicler, change: Any, task: str) -> str:
    outcome = c.workspace.outcome(change.was)
    was = outcome.title.lower() if outcome else words_of(change.was)
    owner, decision = c.people.name(change.owner_id), c.moment(change.decide_at)
    return f"the deal, closed as {was}, opens again with {change.play}, owner {owner}, decision {decision}"


def _merged(c: Chronicler, change: Any, task: str) -> str:
    return f"the deal is merged into deal {change.into}{f' ({change.reason})' if change.reason else ''}"


def _split(c: Chronicler, change: Any, task: str) -> str:
    causes = listed(words_of(cause) for cause in change.causes)
    return f"{causes} of {change.account} {'go' if len(change.causes) > 1 else 'goes'} to deal {change.deal_id}"


def _cause(c: Chronicler, change: Any, task: str) -> str:
    return f"a further cause: {words_of(change.cause)}{f' ({change.note})' if change.note else ''}"


_WORDS: Final[Mapping[type[Change], Callable[[Chronicler, Any, str], str]]] = {
    changes.DealOpened: _opened,
    changes.CauseAdded: _cause,
    changes.OwnerChanged: lambda c, change, _: f"the owner is {c.people.name(change.owner_id)} now",
    changes.SeverityChanged: lambda c, change, _: f"it is {words_of(change.severity)} now: {change.why}",
    changes.GateOverridden: lambda c, change, _: (
        f"the gate is overridden until {c.moment(change.until)}: {change.reason} (missing: {'; '.join(change.missing)})"
    ),
    changes.TaskRepeats: lambda c, change, _: f"{words_of(change.plan)} comes again {c.moment(change.starts_at)}",
    changes.ApprovalAsked: lambda c, change, _: (
        f"asks for {words_of(change.concession)} {change.amount:g}, which somebody else has to approve"
    ),
    changes.StageEntered: lambda c, change, _: f"enters {c.workspace.stage_title(change.stage)} ({change.why})",
    changes.StageLate: lambda c, change, _: "the stage takes longer than its max",
    changes.DecisionAsked: lambda c, change, _: f"the decision is asked for: {change.why}",
    changes.DealPaused: lambda c, change, _: f"paused until {c.moment(change.until)}: {change.reason}",
    changes.DealResumed: lambda c, change, _: "goes on",
    changes.DealClosed: _closed,
    changes.DealMigrated: _migrated,
    changes.Commented: lambda c, change, task: f"a comment{f' on {task}' if task else ''}: {change.body}",
    changes.DealKept: lambda c, change, _: "the save is kept: the account still pays",
    changes.DealLeft: _left,
    changes.DealStayed: lambda c, change, _: f"the account stays{f': {change.why}' if change.why else ''}",
    changes.DealReopened: _reopened,
    changes.DealMerged: _merged,
    changes.DealJoined: lambda c, change, _: f"deal {change.deal_id} of {change.account} is merged into this one",
    changes.CausesSplit: _split,
    changes.RiskCleared: lambda c, change, _: (
        f"the risk has cleared: its score is {change.score}, below {change.level}"
    ),
    changes.TaskStarted: lambda c, change, task: f"{task} starts, due {c.moment(change.due_at)}",
    changes.TaskAssigned: _assigned,
    changes.TaskSeen: lambda c, change, task: f"{task} is seen",
    changes.TaskSnoozed: lambda c, change, task: f"{task} sleeps until {c.moment(change.until)}: {change.reason}",
    changes.TaskWaits: lambda c, change, task: (
        f"{task} waits for the customer until {c.moment(change.until)}: {change.reason}"
    ),
    changes.TaskGoesOn: lambda c, change, task: (
        f"{task} goes on: {'the customer has answered' if change.answered else 'no answer came'}"
    ),
    changes.HelpAsked: lambda c, change, task: f"help is asked for with {task}",
    changes.TaskDone: _done,
    changes.TaskCannot: lambda c, change, task: f"{task} cannot be done: {change.reason}",
    changes.TaskSkipped: lambda c, change, task: f"{task} is skipped: {change.why}",
    changes.TaskWithdrawn: lambda c, change, task: f"{task} is withdrawn: {change.why}",
    changes.Reminded: lambda c, change, task: f"reminder {change.ordinal} of {task}",
    changes.Escalated: lambda c, change, task: f"{task} goes up to {c.people.name(change.person_id)}",
    changes.RungPassed: lambda c, change, task: f"rung {change.rung + 1} of {task} is passed: {'; '.join(change.why)}",
}
"""How each kind of change is told; a test sees to it that none is left out."""
