"""The task that asks whoever may for a concession that another may not grant: what it is and whom it goes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from saveline.core.facts import Task
from saveline.core.people import Chain, Owner
from saveline.core.play import Facts, Field, TaskPlan
from saveline.core.workspace import Workspace

APPROVED: Final = "approved"
REFUSED: Final = "refused"
_FORM: Final = (Field("reason", "text", high=4000.0, outcomes=(REFUSED,)),)


class _Said:
    """A title that is known when the task is asked for."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __call__(self, facts: Facts) -> str:
        return self.source


def approval_plan(workspace: Workspace, task: Task) -> TaskPlan:
    """The approval as a task of a play: with the ladder of the decision, approved or refused."""
    return TaskPlan(
        id=task.plan,
        stage=task.stage,
        title=_Said(task.title or "Approve a concession"),
        assign=chain_for(workspace, task.answers),
        due=workspace.decision.due,
        policy=workspace.decision.policy,
        why="They hear one offer that stands, and hear it soon.",
        form=_FORM,
        outcomes=(APPROVED, REFUSED),
    )


def chain_for(workspace: Workspace, request: Mapping[str, Any]) -> Chain:
    """Who may grant what was asked for: the least of the limits that reaches so far, then those above it."""
    limits = workspace.concessions.get(str(request.get("concession", "")), ())
    amount = float(request.get("amount", 0))
    may = [x for x in limits if x.reaches(amount)]
    return tuple(link for limit in may for link in limit.by) or (Owner(),)
