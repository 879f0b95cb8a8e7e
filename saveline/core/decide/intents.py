"""An intent, decided: the one place where what a person wants becomes what happens."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from saveline.core.decide import tasks
from saveline.core.decide.authorize import authorize
from saveline.core.decide.draft import Case, Decision, Draft
from saveline.core.facts import Doer
from saveline.core.intents import (
    Answered,
    Cannot,
    Claim,
    Comment,
    Done,
    HandOver,
    Help,
    Intent,
    Seen,
    Snooze,
    Wait,
)


# One case for each intent: a table of functions would lose what the type checker sees of their fields.
def decide(case: Case, no: int, intent: Intent, *, by: Doer, at: datetime) -> Decision:  # noqa: C901, PLR0911, PLR0912
    """What comes of it when ``by`` wants ``intent`` of task ``no``. Raises a Refusal that words itself: that they may
    not, that it is closed already and by whom, that an answer is missing."""
    authorize(Draft(case), no, case.people.by_id.get(by.person_id), intent, at)
    match intent:
        case Done(outcome, answers):
            return tasks.complete_task(case, no, by=by, at=at, outcome=outcome, answers=answers)
        case Cannot(reason):
            return tasks.cannot_do(case, no, by=by, at=at, reason=reason)
        case Seen():
            return tasks.mark_seen(case, no, by=by, at=at)
        case Snooze(until, reason):
            return tasks.snooze(case, no, by=by, at=at, until=until, reason=reason)
        case Wait(until, reason):
            return tasks.wait_for_customer(case, no, by=by, at=at, until=until, reason=reason)
        case Answered():
            return tasks.customer_answered(case, no, by=by, at=at)
        case Help(note):
            return tasks.ask_help(case, no, by=by, at=at, note=note)
        case HandOver(to, note):
            return tasks.hand_over(case, no, by=by, at=at, to=to, note=note)
        case Claim():
            return tasks.claim_task(case, no, by=by, at=at)
        case Comment(body):
            return tasks.comment(case, no, by=by, at=at, body=body)
        case _:
            assert_never(intent)
