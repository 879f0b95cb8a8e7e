"""Deals as statistics see them: those of a stretch of time, from their rows where these say all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.deals import DONE, WAY
from saveline.core.cases import TAKEN, Case, case_of, door, straight
from saveline.core.facts import Account, Fact
from saveline.core.journeys import Leg
from saveline.core.periods import Period
from saveline.core.records import known
from saveline.store import load
from saveline.store.bulk import Read
from saveline.store.history import batched
from saveline.store.remembered import accounts_as_of
from saveline.store.rows import CAUSE, DEAL, EVENT

_OF_ROW: Final = tuple(name for name in TAKEN if name != "causes")
_ROWS = Read(
    sa.select(DEAL.c.id, DEAL.c.account_id, EVENT.c.at, EVENT.c.late_s, *(DEAL.c[f] for f in _OF_ROW))
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
    steps = load.grouped((deal_id, step) for deal_id, *step in _STEPS.rows(conn, ids))
    straight_on = {row[0] for row in rows if _settled(row[2], row[3], period) and _straight(steps.get(row[0], ()))}
    accounts = _accounts(conn, {row[1] for row in rows}, period.known)
    causes = load.grouped((row[0], row[1]) for row in _CAUSES.rows(conn, ids))
    doors = load.grouped((row[0], (row[1], row[2])) for row in _DOORS.rows(conn, ids))
    folded = load.records(conn, [i for i in ids if i not in straight_on])
    for deal_id, account_id, _, _, *values in rows:
        if deal_id in straight_on:
            taken = dict(zip(_OF_ROW, values, strict=True))
            yield _from_row(deal_id, accounts[account_id], taken, causes, steps, doors)
            continue
        events = [r.event for r in known(folded[deal_id], period.end, period.known)]
        if events:
            yield case_of(accounts[account_id], events, deal_id)


def _settled(at: datetime, late_s: int, period: Period) -> bool:
    """Whether the row says what was known at the period's end: its last event had happened and was written."""
    return at < period.end and at + timedelta(seconds=late_s) <= period.known


def _straight(steps: Sequence[Sequence[Any]]) -> bool:
    return all(kind == "stage_entered" for _, kind, _ in steps)


def _from_row(
    deal_id: int,
    account: Account,
    taken: Mapping[str, Any],
    causes: Mapping[int, Sequence[str]],
    steps: Mapping[int, Sequence[Sequence[Any]]],
    doors: Mapping[int, Sequence[tuple[str, int]]],
) -> Case:
    mine = steps.get(deal_id, ())
    stages = tuple(_entered.decode(data).stage for _, _, data in mine)
    leg = Leg(taken["opened_at"], stages, taken["outcome"] or "", taken["closed_at"])
    way, passages = straight(deal_id, leg, [at for at, _, _ in mine])
    said = {**taken, "causes": tuple(causes.get(deal_id, ()))}
    by = door(doors.get(deal_id, ()))
    return Case(deal_id, account, **said, passages=passages, journey=way, door=by)


def _accounts(conn: Connection, ids: set[int], at: datetime) -> dict[int, Account]:
    found = load.accounts(conn, sorted(ids))
    return {a.id: a for a in accounts_as_of(conn, found, at)}
