"""When the risk goes away by itself: the owner decides what that means, or the settings say it beforehand."""

from __future__ import annotations

from datetime import datetime

from saveline.core.changes import RiskCleared
from saveline.core.decide import deals, flow
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Case, Decision
from saveline.core.decide.due import caught_up, finish
from saveline.core.facts import Deal
from saveline.core.workspace import Risk


def clears(deal: Deal, score: int, risk: Risk) -> bool:
    """Whether the risk of a running deal is gone now. A deal that somebody opened below the level never had one that
    could fall; of a paused one nobody is asked, and it is looked at again when it goes on."""
    return risk.clear is not None and deal.state == "open" and score < risk.clear.at <= deal.score


def clear_risk(case: Case, *, at: datetime, score: int) -> Decision:
    """The account's score has fallen to ``score``. Its owner is asked for the decision; where the settings say so, the
    deal is closed instead, open tasks are withdrawn, and everybody with a part in it hears of it once.

    It is no save: whoever wants to call it one has to say so, with the gates held.
    """
    draft = caught_up(case, at)
    clear = case.workspace.risk.clear
    if clear is None or not clears(draft.deal, score, case.workspace.risk):
        return finish(draft)
    draft.record(RiskCleared(score, clear.at), at=at)
    why = f"the risk has cleared: the score is {score}, below {clear.at}"
    asked = draft.deal.decision()
    if clear.outcome is not None:
        deals.close(draft, Closing(clear.outcome, why), by=None, at=at)
    elif asked is None:
        flow.ask_decision(draft, at, why)
    else:
        about = {"news": "risk_cleared", "score": score, "level": clear.at}
        draft.tell("news", asked.assignee_id or draft.deal.owner_id, at=at, about=about)
    return finish(draft)
