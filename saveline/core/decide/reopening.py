"""Opening a deal again: an account that was closed a short while ago is at risk once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from saveline.core.changes import CauseAdded, DealReopened
from saveline.core.decide import flow
from saveline.core.decide.deals import owner_and_date, tell_circle, warn_of_time
from saveline.core.decide.draft import Case, Decision
from saveline.core.decide.due import caught_up, finish
from saveline.core.facts import Doer


def reopen_deal(
    case: Case, *, at: datetime, causes: Mapping[str, str], score: int, why: Sequence[str], by: Doer | None = None
) -> Decision:
    """Let the deal go on with ``case.play``, which was chosen anew: it may be another, or another version.

    Its history, its old tasks and its causes stay, and ``causes`` join them, each with a note. The first stage is
    entered, its tasks wait anew, the decision is asked for anew, and a watch ends.
    """
    draft = caught_up(case, at)
    deal, play = draft.deal, case.play
    if not deal.closed:
        raise ValueError(f"deal {deal.id} is open: it cannot be opened again")
    owner, owner_id, decide_at = owner_and_date(draft, at)
    severity = case.workspace.severity_of(score)
    again = DealReopened(play.name, play.hash, owner_id, decide_at, deal.ending, score, tuple(why), severity, owner.why)
    draft.record(again, at=at, by=by)
    for cause, note in causes.items():
        if cause not in deal.causes:
            draft.record(CauseAdded(cause, score, note), at=at, by=by)
    flow.enter_stage(draft, play.stages[0].key, at, "opened again")
    tell_circle(draft, at)
    flow.settle(draft, at)
    warn_of_time(draft, at)
    return finish(draft)
