"""Telling deals that there are already of what is new about their accounts."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core.changes import DealLeft, Event, RiskCleared
from saveline.core.decide import deals as decide
from saveline.core.decide.clearing import clear_risk, clears
from saveline.core.decide.draft import Case, Decision, duty_after
from saveline.core.errors import Problem
from saveline.core.facts import Account, Deal, Fact
from saveline.core.risk import Assessment
from saveline.store import load
from saveline.store.apply import apply

log = logging.getLogger(__name__)

READ = 200
"""Deals read at a time, to see for which there is anything new."""


class Joined(Fact, frozen=True):
    """A cause that joined a running deal."""

    deal: int
    account: str
    cause: str


class Left(Fact, frozen=True):
    """An account that has left ``on`` a day, or will. With ``lost`` it had been saved: a delayed loss."""

    deal: int
    account: str
    on: date
    lost: bool


class Cleared(Fact, frozen=True):
    """A deal whose risk has gone, with the score that is left; ``closed`` where the settings close it then."""

    deal: int
    account: str
    score: int
    closed: bool


class Told(Fact, frozen=True):
    joined: tuple[Joined, ...] = ()
    left: tuple[Left, ...] = ()
    cleared: tuple[Cleared, ...] = ()
    problems: tuple[Problem, ...] = ()


def tell_deals(
    desk: Desk, conn: Connection, assessments: Mapping[int, Assessment], changed: Collection[int], now: datetime
) -> Told:
    """Add new causes to running deals, and look again at what depends on the facts of an account that ``changed``."""
    ids = _with_news(desk, conn, assessments, changed)
    (found, faults), people = load.readable(conn, ids, lock=True), desk.people(conn)
    problems = [_undecided(deal_id, error) for deal_id, error in faults.items()]
    duty = desk.duty(conn, people, desk.picks(conn, {deal.play_hash for deal, _ in found}))
    made: list[tuple[Account, Decision]] = []
    for deal, account in found:
        try:
            decision = _told(desk.case(conn, people, deal, account, duty), assessments[deal.id], now)
        except Exception as error:  # one deal that cannot be decided must not cost the import
            problems.append(_undecided(deal.id, error))
            continue
        duty = duty_after(duty, decision)
        made.append((account, decision))
    apply(conn, [decision for _, decision in made], now)
    return _result(made, problems)


def _undecided(deal_id: int, error: Exception) -> Problem:
    log.error("deal %s could not be decided", deal_id, exc_info=error)
    return Problem(f"deal {deal_id}", 1, 1, f"could not be decided: {error}", warning=True)


def _with_news(
    desk: Desk, conn: Connection, assessments: Mapping[int, Assessment], changed: Collection[int]
) -> list[int]:
    """The deals for which there is anything new. Only these are locked: people work on the others meanwhile."""
    ids, news, risk = list(assessments), list[int](), desk.workspace.risk
    for start in range(0, len(ids), READ):
        found, faults = load.readable(conn, ids[start : start + READ])
        news += faults
        for deal, account in found:
            assessment = assessments[deal.id]
            if account.id in changed or _new_causes(deal, assessment) or clears(deal, assessment.score, risk):
                news.append(deal.id)
    return news


def _new_causes(deal: Deal, assessment: Assessment) -> list[str]:
    return [cause for cause in assessment.causes if cause not in deal.causes]


def _told(case: Case, assessment: Assessment, now: datetime) -> Decision:
    """One decision for a deal: what can start or end now that its account is another, then its new causes."""
    made = decide.reconsider(case, at=now)
    if made.deal.closed:
        return made
    score = assessment.score
    for cause in _new_causes(case.deal, assessment):
        after = replace(case, deal=made.deal)
        note = assessment.explained(cause)
        made = made.then(decide.add_cause(after, at=now, cause=cause, score=score, note=note))
    if clears(made.deal, score, case.workspace.risk):
        made = made.then(clear_risk(replace(case, deal=made.deal), at=now, score=score))
    return made


def _result(made: Sequence[tuple[Account, Decision]], problems: Iterable[Problem]) -> Told:
    joined, left, cleared = list[Joined](), list[Left](), list[Cleared]()
    for account, decision in made:
        deal_id, causes = decision.deal.id, decision.before.causes
        joined += [Joined(deal_id, account.key, c) for c in decision.deal.causes if c not in causes]
        for event in decision.events:
            left += _left(event, account, decision)
            cleared += _cleared(event, account, decision)
    return Told(tuple(joined), tuple(left), tuple(cleared), tuple(problems))


def _left(event: Event, account: Account, decision: Decision) -> list[Left]:
    match event.change:
        case DealLeft(left_on=on):
            return [Left(decision.deal.id, account.key, on, decision.before.closed)]
        case _:
            return []


def _cleared(event: Event, account: Account, decision: Decision) -> list[Cleared]:
    match event.change:
        case RiskCleared(score=score):
            return [Cleared(decision.deal.id, account.key, score, decision.deal.closed)]
        case _:
            return []
