"""Firing what is due: claim a batch, load it, decide each deal, write them all at once.

A deal that cannot be read or decided is set aside with its error and tried again later; all others go on. Where it is
only the writing that fails, the batch is written again deal by deal, so that the one at fault is found.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from saveline.actions.desk import Desk
from saveline.actions.people import follow_people
from saveline.core.decide.draft import Decision, duty_after
from saveline.core.decide.due import on_due
from saveline.core.errors import Invalid, SomebodyWasFaster
from saveline.core.facts import Fact
from saveline.store import load
from saveline.store.apply import apply
from saveline.store.rows import DEAL

log = logging.getLogger(__name__)

BATCH = 500
"""Deals in one transaction: large enough that its fixed cost is lost, small enough that a press waits a moment only."""


class Advanced(Fact, frozen=True):
    """What a pass did: deals looked at, events by kind, notices queued, and deals set aside with their errors."""

    deals: int = 0
    events: dict[str, int] = {}
    notices: int = 0
    set_aside: dict[int, str] = {}

    def __add__(self, other: Advanced) -> Advanced:
        events = dict(Counter(self.events) + Counter(other.events))
        return Advanced(
            self.deals + other.deals, events, self.notices + other.notices, self.set_aside | other.set_aside
        )


def advance(desk: Desk, *, batch: int = BATCH) -> Advanced:
    """Fire everything that is due now, after open tasks have followed whoever came, went or changed."""
    followed = follow_people(desk)
    done = _counted(followed, len(followed))
    while True:
        step = advance_batch(desk, batch)
        done += step
        if step.deals < batch:
            return done


def advance_batch(desk: Desk, most: int) -> Advanced:
    """One transaction's worth of what is due."""
    try:
        with desk.writing() as conn:
            now = desk.now(conn)
            return _decide_and_apply(desk, conn, load.claim_due(conn, now, most), now)
    except (SQLAlchemyError, SomebodyWasFaster):
        log.exception("a batch of due deals could not be written; trying them one by one")
        return _one_by_one(desk, most)


def _one_by_one(desk: Desk, most: int) -> Advanced:
    with desk.reading() as conn:
        ids = load.due_ids(conn, desk.now(conn), most)
    done = Advanced()
    for deal_id in ids:
        try:
            with desk.writing() as conn:
                now = desk.now(conn)
                done += _decide_and_apply(desk, conn, load.claim_due(conn, now, 1, deal_id), now)
        except (SQLAlchemyError, SomebodyWasFaster) as error:
            with desk.writing() as conn:
                done += _set_aside(conn, {deal_id: _words(error)}, desk.now(conn))
    return done


def _decide_and_apply(desk: Desk, conn: Connection, ids: Sequence[int], now: datetime) -> Advanced:
    if not ids:
        return Advanced()
    decisions: list[Decision] = []
    found, faults = load.readable(conn, ids)
    failed = {deal_id: _words(error) for deal_id, error in faults.items()}
    for deal_id, error in faults.items():
        log.error("deal %s could not be read", deal_id, exc_info=error)
    people = desk.people(conn)
    duty = desk.duty(conn, people, desk.picks(conn, {deal.play_hash for deal, _ in found}))
    for deal, account in found:
        try:
            decisions.append(on_due(desk.case(conn, people, deal, account, duty), now))
            duty = duty_after(duty, decisions[-1])
        except Exception as error:  # any bug in one deal must not stop the others: it is kept, shown and tried again
            log.exception("deal %s could not be decided", deal.id)
            failed[deal.id] = _words(error)
    apply(conn, decisions, now)
    done = _counted(decisions, len(ids))
    return done + _set_aside(conn, failed, now) if failed else done


def _counted(decisions: Sequence[Decision], deals: int) -> Advanced:
    events = Counter(e.kind for d in decisions for e in d.events)
    return Advanced(deals, dict(events), sum(len(d.notices) for d in decisions))


def _set_aside(conn: Connection, failed: dict[int, str], now: datetime) -> Advanced:
    """Keep the error with the deal and leave it alone for a minute, then two, four … at most an hour."""
    for deal_id, error in failed.items():
        failures = conn.execute(sa.select(DEAL.c.failures).where(DEAL.c.id == deal_id)).scalar_one() + 1
        wait = min(timedelta(hours=1), timedelta(minutes=2 ** min(failures - 1, 6)))
        values = {"failures": failures, "error": error[:2000], "retry_at": now + wait}
        conn.execute(sa.update(DEAL).where(DEAL.c.id == deal_id).values(**values))
    return Advanced(set_aside=failed)


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, Invalid) else f"{type(error).__name__}: {error}"
