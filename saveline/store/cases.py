"""Deals as statistics see them: those of a stretch of time, from their rows where these say all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.deals import DONE, WAY
from saveline.core.cases import TAKEN, Case, Passage, case_of, door, straight
from saveline.core.facts import Fact
from saveline.core.journeys import Journey, Leg
from saveline.core.periods import Period
from saveline.core.records import known
from saveline.store import load
from saveline.store.bulk import Read
from saveline.store.history import batched
from saveline.store.remembered import known_accounts
from saveline.store.rows import CAUSE, DEAL, EVENT

_ROWS = Read(
    sa.select(DEAL.c.id, DEAL.c.account_id, EVENT.c.at, EVENT.c.late_s, *(DEAL.c[f] for f in TAKEN))
    .join(EVENT, sa.and_(EVENT.c.deal_id == DEAL.c.id, EVENT.c.seq == DEAL.c.seq))
    .order_by(DEAL.c.id),
    DEAL.c.id,
)
"""Each deal with when the last of its events happened, and how many seconds later that was written."""
_STEPS = Read(
    sa.select(EVENT.c.deal_id, EVENT.c.at, EVENT.c.kind, EVENT.c.data)
    .where(WAY)
    .order_by(EVENT.c.deal_id, EVENT.c.seq),
    EVENT.c.deal_id,
)
_CAUSES = Read(sa.select(CAUSE.c.deal_id, CAUSE.c.cause).order_by(CAUSE.c.deal_id, CAUSE.c.place), CAUSE.c.deal_id)
_DOORS = Read(
    sa.select(EVENT.c.deal_id, EVENT.c.via, sa.func.count()).where(DONE).group_by(EVENT.c.deal_id, EVENT.c.via),
    EVENT.c.deal_id,
)


class _Entered(Fact, frozen=True):
    """All that is wanted of a StageEntered."""

    stage: str


_entered = msgspec.json.Decoder(_Entered)


def lived_since(conn: Connection, since: datetime, period: Period) -> list[Case]:
    """Every deal that was opened before the period's end and not closed before ``since``, as far as it was known then.

    A deal is read from its row where nothing has happened to it since then and its way was straight, else folded from
    its events: tests hold the two against each other.
    """
    ids = conn.execute(
        sa.select(DEAL.c.id)
        .where(DEAL.c.opened_at < period.end, sa.or_(DEAL.c.closed_at.is_(None), DEAL.c.closed_at >= since))
        .order_by(DEAL.c.id)
    ).scalars()
    found: list[Case] = []
    for some in batched(ids.all()):
        found += _cases(conn, some, period)
    return [c for c in found if c.closed_at is None or c.closed_at >= since]


def _cases(conn: Connection, ids: Sequence[int], period: Period) -> Iterator[Case]:
    rows = _ROWS.rows(conn, ids)
    steps = load.grouped((row[0], row) for row in _STEPS.rows(conn, ids))
    straight_on = {row[0] for row in rows if _settled(row[2], row[3], period) and _straight(steps.get(row[0], ()))}
    accounts = known_accounts(conn, sorted({row[1] for row in rows}), period.known)
    causes = load.grouped((row[0], row[1]) for row in _CAUSES.rows(conn, ids))
    doors = load.grouped((row[0], (row[1], row[2])) for row in _DOORS.rows(conn, ids))
    folded = load.records(conn, [i for i in ids if i not in straight_on])
    for row in rows:
        deal_id, account = row[0], accounts[row[1]]
        if deal_id in straight_on:
            way, passages = _way(row, steps.get(deal_id, ()))
            by = door(doors.get(deal_id, ()))
            why = tuple(causes.get(deal_id, ()))
            yield Case(*(deal_id, account, *row[4:], why, passages, way, by, row[_PLAY]))
            continue
        events = [r.event for r in known(folded[deal_id], period.end, period.known)]
        if events:
            yield case_of(account, events, deal_id)


def _settled(at: datetime, late_s: int, period: Period) -> bool:
    """Whether the row says what was known at the period's end: its last event had happened and was written."""
    return at < period.end and at + timedelta(seconds=late_s) <= period.known


def _straight(steps: Sequence[Sequence[Any]]) -> bool:
    return all(step[2] == "stage_entered" for step in steps)


_PLAY, _OPENED, _CLOSED, _OUTCOME = (4 + TAKEN.index(n) for n in ("play", "opened_at", "closed_at", "outcome"))


def _way(row: Sequence[Any], steps: Sequence[Sequence[Any]]) -> tuple[Journey, tuple[Passage, ...]]:
    stages = tuple(_entered.decode(step[3]).stage for step in steps)
    return straight(row[0], Leg(row[_OPENED], stages, row[_OUTCOME] or "", row[_CLOSED]), [step[1] for step in steps])
