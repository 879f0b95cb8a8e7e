"""Daily: forget what is old by policy, check that what is kept is whole, and work out what reports will ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from saveline.actions.desk import Desk
from saveline.actions.migration import finish_interrupted
from saveline.core.facts import Fact
from saveline.store import cases, health
from saveline.store.directory import revision, set_revision

KEEP_NOTICES: Final = timedelta(days=400)
KEEP_INBOUND: Final = timedelta(days=90)
KEEP_IMPORTS: Final = timedelta(days=400)
CHECKED_A_DAY: Final = 2_000
"""Deals whose history is folded and compared; the next day goes on with the ones after."""

REPORTED: Final = timedelta(days=400)
"""Of deals that were closed so long ago what statistics see is worked out ahead: the twelve months of a report."""
WORKED_OUT_AT_ONCE: Final = 500
"""Deals of one transaction: nobody waits longer than a moment for it."""

_MARK: Final = "housekeeping"


class Kept(Fact, frozen=True):
    """What was deleted, how many deals were checked, and what was found wrong."""

    deleted: dict[str, int]
    checked: int
    faults: tuple[str, ...] = ()


def keep_house(desk: Desk) -> Kept:
    """Queue what an interrupted change of a play left unsaid, prune, check the database file, compare deals with their
    histories, a part of them each day, and work out what reports will ask for."""
    with desk.writing() as conn:
        now = desk.now(conn)
        deleted = health.prune(conn, notices=now - KEEP_NOTICES, inbound=now - KEEP_INBOUND, imports=now - KEEP_IMPORTS)
    finish_interrupted(desk)
    with desk.reading() as conn:
        faults = health.faults_of_file(conn)
        compared = list(health.disagreeing(conn, revision(conn, _MARK), CHECKED_A_DAY))
    faults += [f"deal {deal_id} is not what its history says" for deal_id, agrees in compared if not agrees]
    with desk.writing() as conn:
        set_revision(conn, _MARK, compared[-1][0] if len(compared) == CHECKED_A_DAY else 0)
    work_ahead(desk)  # last: a deal that cannot be read must not keep the rest from being done
    return Kept(deleted, len(compared), tuple(faults))


def work_ahead(desk: Desk) -> int:
    """Keep what statistics see of deals to which something has happened since the last time; returns of how many. A
    report says the same without it, and takes longer."""
    done, some = 0, WORKED_OUT_AT_ONCE
    while some == WORKED_OUT_AT_ONCE:
        with desk.writing() as conn:
            some = cases.keep(conn, desk.now(conn) - REPORTED, WORKED_OUT_AT_ONCE)
        done += some
    return done
