"""The outbox as people ask about it: which notices there are, what became of them, and putting one right by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.facts import Fact
from saveline.core.notice_states import State
from saveline.store.load import ACCOUNT
from saveline.store.outbox import goes_by, the_same
from saveline.store.rows import DEAL, NOTICE


class Line(Fact, frozen=True):
    """One notice as its row says it, and the account it is about."""

    id: int
    deal_id: int
    task_no: int
    kind: str
    ordinal: int
    person_id: int
    channel: str
    at: datetime
    status: str
    attempts: int
    doubts: int
    not_before: datetime
    tried_at: datetime | None
    sent_at: datetime | None
    ref: str | None
    error: str | None
    judged_at: datetime | None
    bundle_id: int | None
    held_for: str | None
    lease: str | None
    lease_until: datetime | None
    account: str | None = None


class Wanted(Fact, frozen=True):
    """Which notices are asked for: all of what is given must hold. ``since`` is when they were about."""

    ids: Collection[int] = ()
    states: Collection[State] = ()
    person_id: int | None = None
    deal_id: int | None = None
    channel: str | None = None
    since: datetime | None = None
    most: int = 200


_COLUMNS: Final = [NOTICE.c[f] for f in Line.__struct_fields__[:-1]]
_NEW: Final = NOTICE.c.attempts == 0


def lines(conn: Connection, wanted: Wanted) -> list[Line]:
    """The newest first, at most ``wanted.most``."""
    deals = NOTICE.outerjoin(DEAL, DEAL.c.id == NOTICE.c.deal_id).outerjoin(ACCOUNT, ACCOUNT.c.id == DEAL.c.account_id)
    query = sa.select(*_COLUMNS, ACCOUNT.c.name).select_from(deals).order_by(NOTICE.c.id.desc()).limit(wanted.most)
    return [Line(*row) for row in conn.execute(query.where(*_conditions(wanted)))]


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.ids:
        found.append(NOTICE.c.id.in_(list(wanted.ids)))
    if wanted.states:
        found.append(sa.or_(*(_in_state(s) for s in wanted.states)))
    if wanted.person_id is not None:
        found.append(NOTICE.c.person_id == wanted.person_id)
    if wanted.deal_id is not None:
        found.append(NOTICE.c.deal_id == wanted.deal_id)
    if wanted.channel is not None:
        found.append(goes_by(wanted.channel))
    if wanted.since is not None:
        found.append(NOTICE.c.at >= wanted.since)
    return found


def _in_state(state: State) -> sa.ColumnElement[bool]:
    """As :func:`saveline.core.notice_states.state_of` reads a row."""
    if state in ("queued", "failed"):
        return sa.and_(NOTICE.c.status == "queued", _NEW if state == "queued" else sa.not_(_NEW))
    return NOTICE.c.status == state


def counts(conn: Connection) -> dict[str, int]:
    """How many notices there are in each state."""
    state = sa.case((sa.and_(NOTICE.c.status == "queued", sa.not_(_NEW)), "failed"), else_=NOTICE.c.status)
    return {row[0]: row[1] for row in conn.execute(sa.select(state, sa.func.count()).group_by(state))}


def twins(conn: Connection, line: Line) -> list[Line]:
    """The same notice by other channels."""
    query = sa.select(*_COLUMNS).where(*the_same(line), NOTICE.c.id != line.id).order_by(NOTICE.c.id)
    return [Line(*row) for row in conn.execute(query)]


def queue_again(conn: Connection, line: Line, now: datetime) -> bool:
    """Let it be sent as if for the first time: looked for first, where it may have arrived. False where somebody else
    was faster."""
    values = {
        "status": "unknown" if line.status == "unknown" or (line.status == "dead" and line.doubts) else "queued",
        "attempts": 0,
        "tried_at": None,
        "error": None,
        "not_before": now,
        "judged_at": now,
        "held_for": None,
        "lease": None,
        "lease_until": None,
    }
    return _in_nobodys_hands(conn, line, now, values)


def cancel(conn: Connection, line: Line, reason: str, now: datetime) -> bool:
    """Let it never be sent. False where somebody else was faster."""
    values = {"status": "cancelled", "error": reason, "lease": None, "lease_until": None}
    return _in_nobodys_hands(conn, line, now, values)


def _in_nobodys_hands(conn: Connection, line: Line, now: datetime, values: Mapping[str, object]) -> bool:
    mine = sa.update(NOTICE).where(NOTICE.c.id == line.id, NOTICE.c.status == line.status)
    free = sa.or_(NOTICE.c.lease_until.is_(None), NOTICE.c.lease_until <= now)
    return conn.execute(mine.where(free).values(**values)).rowcount == 1


def by_id(conn: Connection, ids: Sequence[int]) -> dict[int, Line]:
    """Those of ``ids`` that there are."""
    return {line.id: line for line in lines(conn, Wanted(ids=ids, most=len(ids)))} if ids else {}
