"""What the auditor asks: is everything that should have happened happening? Each a query on an index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

import models
from saveline.core.changes import evolve
from saveline.core.facts import Deal
from saveline.store import load
from saveline.store.database import is_sqlite
from saveline.store.rows import DEAL, NOTICE, table
from saveline.store.sending import ATTEMPT

INBOUND: Final = table(models.Inbound)
IMPORT_RUN: Final = table(models.ImportRun)
_WAITING: Final = NOTICE.c.status.in_(("queued", "sending", "unknown"))


def untaken(conn: Connection, before: datetime) -> tuple[int, datetime | None]:
    """``(number, the oldest moment)`` of deals whose due moment passed before ``before`` and nobody took."""
    query = sa.select(sa.func.count(), sa.type_coerce(sa.func.min(DEAL.c.next_at), DEAL.c.next_at.type)).where(
        DEAL.c.next_at < before, DEAL.c.retry_at.is_(None)
    )
    row = conn.execute(query).one()
    return row[0], row[1]


def set_aside(conn: Connection) -> list[tuple[int, int, str]]:
    """``(deal, failures, error)`` of deals that could not be decided."""
    query = sa.select(DEAL.c.id, DEAL.c.failures, DEAL.c.error).where(DEAL.c.retry_at.is_not(None)).order_by(DEAL.c.id)
    return [(row[0], row[1], row[2] or "") for row in conn.execute(query)]


def past_their_lease(conn: Connection, before: datetime) -> int:
    """Notices whose worker has not come back, and which nobody took over."""
    query = sa.select(sa.func.count()).where(_WAITING, NOTICE.c.lease_until < before)
    return int(conn.execute(query).scalar_one())


def release_leases(conn: Connection, before: datetime) -> int:
    """Free them for the next worker; one that was being sent keeps its state, so that it is looked into first."""
    values = {"lease": None, "lease_until": None}
    return conn.execute(sa.update(NOTICE).where(_WAITING, NOTICE.c.lease_until < before).values(**values)).rowcount


def stuck(conn: Connection, since: datetime) -> dict[str, int]:
    """How many notices have been due since before ``since`` while none was sent, by channel; none when some were."""
    due = sa.select(NOTICE.c.channel, sa.func.count()).where(_WAITING, NOTICE.c.not_before < since)
    waiting = {row[0]: row[1] for row in conn.execute(due.group_by(NOTICE.c.channel).order_by(NOTICE.c.channel))}
    last = conn.execute(sa.select(sa.func.max(NOTICE.c.sent_at))).scalar() if waiting else None
    return {} if last is not None and last >= since else waiting


def unjudged(conn: Connection, before: datetime) -> int:
    """Notices of which nobody has said for long whether they may go."""
    waiting = sa.select(sa.func.count()).where(_WAITING, NOTICE.c.judged_at.is_(None), NOTICE.c.not_before < before)
    return int(conn.execute(waiting).scalar_one())


def dead(conn: Connection, since: datetime) -> int:
    query = sa.select(sa.func.count()).where(NOTICE.c.status == "dead", NOTICE.c.at >= since)
    return int(conn.execute(query).scalar_one())


def faults_of_file(conn: Connection) -> list[str]:
    """What SQLite's own check finds wrong with the file; PostgreSQL looks after its files itself."""
    if not is_sqlite(conn):
        return []
    found = [row[0] for row in conn.exec_driver_sql("PRAGMA integrity_check(20)")]
    broken = [
        f"{row[0]}: a row refers to a missing row of {row[2]}"
        for row in conn.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    return [f for f in found if f != "ok"] + broken


def disagreeing(conn: Connection, after: int, most: int) -> Iterator[tuple[int, bool]]:
    """``(deal, whether its history folds to what is stored)`` for up to ``most`` deals with ids above ``after``."""
    ids = list(conn.execute(sa.select(DEAL.c.id).where(DEAL.c.id > after).order_by(DEAL.c.id).limit(most)).scalars())
    histories = load.history(conn, ids)
    for deal, account in load.deals(conn, ids):
        folded = evolve(Deal(id=deal.id, account_id=account.id), histories.get(deal.id, ()))
        yield deal.id, _timeless(folded) == _timeless(deal)


def _timeless(deal: Deal) -> Deal:
    """Without its next moments, which are computed from the rest and are no part of history."""
    calm = tuple(replace(t, clock=replace(t.clock, next_at=None)) if t.clock else t for t in deal.tasks)
    return replace(deal, next_at=None, tasks=calm)


def prune(conn: Connection, *, notices: datetime, inbound: datetime, imports: datetime) -> dict[str, int]:
    """Delete what is older: notices that are settled, presses seen, records of imports. History stays."""
    settled = NOTICE.c.status.in_(("sent", "cancelled", "missed", "dead", "bundled"))
    old = sa.select(NOTICE.c.id).where(settled, NOTICE.c.at < notices)
    return {
        "attempts": conn.execute(sa.delete(ATTEMPT).where(ATTEMPT.c.notice_id.in_(old))).rowcount,
        "notices": conn.execute(sa.delete(NOTICE).where(settled, NOTICE.c.at < notices)).rowcount,
        "inbound": conn.execute(sa.delete(INBOUND).where(INBOUND.c.at < inbound)).rowcount,
        "imports": conn.execute(sa.delete(IMPORT_RUN).where(IMPORT_RUN.c.finished_at < imports)).rowcount,
    }
