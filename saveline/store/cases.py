"""Deals as statistics see them: those of a stretch of time, from their rows where these say all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from models.deals import DONE, WAY
from saveline.core.cases import TAKEN, Case, Passage, case_of, door, part_taken, straight
from saveline.core.facts import Fact
from saveline.core.journeys import Journey, Leg
from saveline.core.periods import Period
from saveline.core.records import known, was_known
from saveline.store import kept, load
from saveline.store.bulk import Ask, Read, upsert
from saveline.store.history import batched
from saveline.store.kept import FORM
from saveline.store.remembered import known_accounts
from saveline.store.rows import CAUSE, DEAL, EVENT, TASK, table

KEPT: Final = table(models.KeptCase)

_ROWS = Read(
    sa.select(DEAL.c.id, DEAL.c.account_id, EVENT.c.at, EVENT.c.late_s, *(DEAL.c[f] for f in TAKEN))
    .join(EVENT, sa.and_(EVENT.c.deal_id == DEAL.c.id, EVENT.c.seq == DEAL.c.seq))
    .order_by(DEAL.c.id),
    DEAL.c.id,
)
"""Each deal with when the last of its events happened, and how many seconds later that was written."""
_KEPT = Read(
    sa.select(KEPT.c.deal_id, DEAL.c.account_id, KEPT.c.at, KEPT.c.late_s, KEPT.c.alike, KEPT.c.own)
    .join(DEAL, sa.and_(DEAL.c.id == KEPT.c.deal_id, DEAL.c.seq == KEPT.c.seq))
    .where(KEPT.c.form == sa.literal_column(str(FORM))),
    KEPT.c.deal_id,
)
_UNKEPT = Ask(
    sa.select(DEAL.c.id, DEAL.c.seq)
    .outerjoin(KEPT, sa.and_(KEPT.c.deal_id == DEAL.c.id, KEPT.c.seq == DEAL.c.seq, KEPT.c.form == FORM))
    .where(
        sa.or_(DEAL.c.closed_at.is_(None), DEAL.c.closed_at >= sa.bindparam("since", type_=DEAL.c.closed_at.type)),
        KEPT.c.deal_id.is_(None),
    )
    .order_by(DEAL.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_KEEP = upsert(KEPT, ("deal_id", "seq", "at", "late_s", "form", "alike", "own"), ("deal_id",))
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
_PARTS = Read(
    sa.select(TASK.c.deal_id, TASK.c.department, TASK.c.assignee_id, TASK.c.closed_by).distinct(), TASK.c.deal_id
)


class _Entered(Fact, frozen=True):
    """All that is wanted of a StageEntered."""

    stage: str


_entered = msgspec.json.Decoder(_Entered)


def lived_since(conn: Connection, since: datetime, period: Period) -> list[Case]:
    """Every deal that was opened before the period's end and not closed before ``since``, as far as it was known then.

    A deal to which nothing has happened since then is taken as it is kept, or read from its row where its way was
    straight; any other is folded from its events. Tests hold the three against each other.
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


def of_deals(conn: Connection, ids: Sequence[int], period: Period) -> list[Case]:
    """The same of certain deals, whenever they were closed."""
    return [case for some in batched(ids) for case in _cases(conn, some, period)]


def keep(conn: Connection, since: datetime, most: int) -> int:
    """Keep what statistics see of deals that are open, or were closed ``since``, and are not kept as they are; at most
    so many. Returns how many."""
    # The numbers of their last events are read first: what happens meanwhile makes what is kept here of no use.
    last = {row[0]: row[1] for row in _UNKEPT.rows(conn, since=since, most=most)}
    rows = {row[0]: row for row in _ROWS.rows(conn, list(last))}
    found = [
        (c.deal_id, last[c.deal_id], *rows[c.deal_id][2:4], FORM, *kept.written(c))
        for c in _worked_out(conn, list(rows.values()), _ALL)
    ]
    _KEEP.run(conn, found)
    return len(found)


_ALL: Final = Period("", "", datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def _cases(conn: Connection, ids: Sequence[int], period: Period) -> list[Case]:
    there = [row for row in _KEPT.rows(conn, ids) if was_known(row[2], row[3], period.end, period.known)]
    accounts = known_accounts(conn, sorted({row[1] for row in there}), period.known)
    cases = {row[0]: kept.read(row[0], accounts[row[1]], row[4], row[5]) for row in there}
    rows = _ROWS.rows(conn, [i for i in ids if i not in cases])
    cases |= {case.deal_id: case for case in _worked_out(conn, rows, period)}
    return [cases[i] for i in ids if i in cases]


def _worked_out(conn: Connection, rows: Sequence[Sequence[Any]], period: Period) -> Iterator[Case]:
    until, ids = (period.end, period.known), [row[0] for row in rows]
    steps = load.grouped((row[0], row) for row in _STEPS.rows(conn, ids))
    straight_on = {row[0] for row in rows if was_known(row[2], row[3], *until) and _straight(steps.get(row[0], ()))}
    accounts = known_accounts(conn, sorted({row[1] for row in rows}), period.known)
    causes = load.grouped((row[0], row[1]) for row in _CAUSES.rows(conn, ids))
    doors = load.grouped((row[0], (row[1], row[2])) for row in _DOORS.rows(conn, ids))
    parts = load.grouped((row[0], row[1:]) for row in _PARTS.rows(conn, ids))
    folded = load.records(conn, [i for i in ids if i not in straight_on])
    for row in rows:
        deal_id, account = row[0], accounts[row[1]]
        if deal_id in straight_on:
            way, passages = _way(row, steps.get(deal_id, ()))
            by = door(doors.get(deal_id, ()))
            why = tuple(causes.get(deal_id, ()))
            held = part_taken(parts.get(deal_id, ()))
            yield Case(*(deal_id, account, *row[4:], why, passages, way, by, row[_PLAY], *held))
            continue
        events = [r.event for r in known(folded[deal_id], *until)]
        if events:
            yield case_of(account, events, deal_id)


def _straight(steps: Sequence[Sequence[Any]]) -> bool:
    return all(step[2] == "stage_entered" for step in steps)


_PLAY, _OPENED, _CLOSED, _OUTCOME = (4 + TAKEN.index(n) for n in ("play", "opened_at", "closed_at", "outcome"))


def _way(row: Sequence[Any], steps: Sequence[Sequence[Any]]) -> tuple[Journey, tuple[Passage, ...]]:
    stages = tuple(_entered.decode(step[3]).stage for step in steps)
    return straight(row[0], Leg(row[_OPENED], stages, row[_OUTCOME] or "", row[_CLOSED]), [step[1] for step in steps])
