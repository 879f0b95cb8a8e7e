"""After new facts came in: accounts at risk become deals, and running deals hear of them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.deals import Wanted, open_deals
from saveline.actions.desk import Desk
from saveline.core.decide import deals as decide
from saveline.core.decide.draft import Case, Decision, duty_after
from saveline.core.errors import Invalid, Problem
from saveline.core.facts import Deal, Fact
from saveline.core.opening import judged, opens
from saveline.core.risk import Assessment
from saveline.store import accounts, load
from saveline.store.accounts import Watched
from saveline.store.apply import apply

log = logging.getLogger(__name__)

LOOKED_AT = 25
"""Accounts whose signals are in memory at a time: some have thousands."""
OPENED = 200
"""Deals opened by one set of statements."""


class Opened(Fact, frozen=True):
    """A deal that was opened, with the sum of its score line by line."""

    deal: int
    account: str
    name: str
    score: int
    causes: tuple[str, ...]
    play: str
    sum: str


class Joined(Fact, frozen=True):
    """A cause that joined a running deal."""

    deal: int
    account: str
    cause: str


class Judged(Fact, frozen=True):
    """What became of the accounts that were looked at; ``problems`` are deals that could not be decided."""

    opened: tuple[Opened, ...] = ()
    joined: tuple[Joined, ...] = ()
    problems: tuple[Problem, ...] = ()


def judge(desk: Desk, conn: Connection, ids: Iterable[int], changed: Collection[int], now: datetime) -> Judged:
    """Assess the accounts ``ids``: open deals on those at risk, and tell the running deals of the others.

    ``changed`` are accounts whose own facts are new, so that conditions of their deals are looked at again.
    """
    opening: list[tuple[Watched, Assessment]] = []
    running: list[tuple[Watched, Assessment]] = []
    risk, ordered = desk.workspace.risk, sorted(ids)
    for start in range(0, len(ordered), LOOKED_AT):
        for found in accounts.watched(conn, ordered[start : start + LOOKED_AT], now):
            assessment = judged(found.account, found.signals, desk.workspace, now=now, closed_at=found.closed_at)
            kept = (replace(found, signals=()), assessment)
            if found.open_deal is not None:
                running.append(kept)
            elif opens(assessment, risk, now=now, closed_at=found.closed_at):
                opening.append(kept)
    opening.sort(key=lambda o: (-o[1].score, o[0].account.key))
    opened, refused = _open(desk, conn, opening, now)
    joined, failed = _tell_running(desk, conn, running, changed, now)
    return Judged(tuple(opened), tuple(joined), (*refused, *failed))


def _open(
    desk: Desk, conn: Connection, wanted: Sequence[tuple[Watched, Assessment]], now: datetime
) -> tuple[list[Opened], tuple[Problem, ...]]:
    """Open the deals, the highest score first, so that whoever has least to do gets the worst of them."""
    opened: list[Opened] = []
    for start in range(0, len(wanted), OPENED):
        some = wanted[start : start + OPENED]
        lines = [Wanted(w.account, a.causes, a.score, a.printed().splitlines()) for w, a in some]
        try:
            deals = open_deals(desk, conn, lines, now)
        except Invalid as error:  # what came in is no worse for a playbook that is not in order
            return opened, error.problems
        for deal, (found, assessment) in zip(deals, some, strict=True):
            account = found.account
            causes, total = assessment.causes, assessment.printed()
            opened.append(Opened(deal.id, account.key, account.name, deal.score, causes, deal.play, total))
    return opened, ()


def _tell_running(
    desk: Desk,
    conn: Connection,
    running: Sequence[tuple[Watched, Assessment]],
    changed: Collection[int],
    now: datetime,
) -> tuple[list[Joined], list[Problem]]:
    """Add new causes to running deals, and look again at what waits for the facts of an account that changed."""
    assessments = {w.open_deal: a for w, a in running if w.open_deal is not None}
    ids = _with_news(conn, assessments, changed)
    joined: list[Joined] = []
    decisions: list[Decision] = []
    (found, faults), people = load.readable(conn, ids, lock=True), desk.people(conn)
    problems = [_undecided(deal_id, error) for deal_id, error in faults.items()]
    duty = desk.duty(conn, people, desk.picks(conn, {deal.play_hash for deal, _ in found}))
    for deal, account in found:
        causes = _new_causes(deal, assessments[deal.id])
        try:
            made = _told(desk.case(conn, people, deal, account, duty), causes, assessments[deal.id], now)
        except Exception as error:  # one deal that cannot be decided must not cost the import
            problems.append(_undecided(deal.id, error))
            continue
        duty = duty_after(duty, made)
        decisions.append(made)
        joined += [Joined(deal.id, account.key, cause) for cause in causes]
    apply(conn, decisions, now)
    return joined, problems


def _undecided(deal_id: int, error: Exception) -> Problem:
    log.error("deal %s could not be decided", deal_id, exc_info=error)
    return Problem(f"deal {deal_id}", 1, 1, f"could not be decided: {error}", warning=True)


def _with_news(conn: Connection, assessments: Mapping[int, Assessment], changed: Collection[int]) -> list[int]:
    """The deals for which there is anything new. Only these are locked: people work on the others meanwhile."""
    ids, news = list(assessments), list[int]()
    for start in range(0, len(ids), OPENED):
        found, faults = load.readable(conn, ids[start : start + OPENED])
        news += faults
        for deal, account in found:
            if account.id in changed or _new_causes(deal, assessments[deal.id]):
                news.append(deal.id)
    return news


def _new_causes(deal: Deal, assessment: Assessment) -> list[str]:
    return [cause for cause in assessment.causes if cause not in deal.causes]


def _told(case: Case, causes: Iterable[str], assessment: Assessment, now: datetime) -> Decision:
    """One decision for a deal: its new causes, then what can start or end now that its account is another."""
    made = decide.reconsider(case, at=now)
    for cause in causes:
        note = "; ".join(line.text for line in assessment.lines if line.cause == cause)
        after = replace(case, deal=made.deal)
        made = _as_one(made, decide.add_cause(after, at=now, cause=cause, score=assessment.score, note=note))
    return made


def _as_one(first: Decision, then: Decision) -> Decision:
    """Two decisions about a deal, the second made of the first's, as one."""
    return Decision(
        first.before,
        then.deal,
        (*first.events, *then.events),
        (*first.notices, *then.notices),
        {**first.rotations, **then.rotations},
    )
