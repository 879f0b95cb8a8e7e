"""The events that others may want to react to: deals opened and closed, stages entered, accounts that left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.changes import Change, DealClosed, DealLeft, DealReopened, StageEntered, decode
from saveline.core.facts import Fact
from saveline.store.directory import revision, set_revision
from saveline.store.load import ACCOUNT
from saveline.store.rows import DEAL, EVENT

_MARK: Final = "milestones"
_KINDS: Final = ("deal_opened", "deal_reopened", "stage_entered", "deal_closed", "deal_left")


class Milestone(Fact, frozen=True):
    """``what`` is opened, reopened, the outcome's key, left, or ``stage``; with the deal and account it is about."""

    id: int
    what: str
    deal_id: int
    account: str
    stage: str
    play: str
    arr_cents: int


def newest(conn: Connection) -> int:
    """The id of the last event; 0 when there is none."""
    found: int | None = conn.execute(sa.select(sa.func.max(EVENT.c.id))).scalar()
    return found or 0


def waiting(conn: Connection, up_to: int) -> list[Milestone]:
    """Milestones not yet told, up to event ``up_to``."""
    query = (
        sa.select(EVENT.c.id, EVENT.c.kind, EVENT.c.data, DEAL.c.id, ACCOUNT.c.name, DEAL.c.play, DEAL.c.arr_cents)
        .join(DEAL, DEAL.c.id == EVENT.c.deal_id)
        .join(ACCOUNT, ACCOUNT.c.id == DEAL.c.account_id)
        .where(EVENT.c.id > revision(conn, _MARK), EVENT.c.id <= up_to, EVENT.c.kind.in_(_KINDS))
        .order_by(EVENT.c.id)
    )
    return [_milestone(row) for row in conn.execute(query)]


def told(conn: Connection, up_to: int) -> None:
    """Remember that everything up to ``up_to`` has been told."""
    if up_to > revision(conn, _MARK):
        set_revision(conn, _MARK, up_to)


def _milestone(row: Sequence[Any]) -> Milestone:
    change = decode(row[1], row[2])
    stage = change.stage if isinstance(change, StageEntered) else ""
    return Milestone(row[0], _what(change), row[3], row[4], stage, row[5], row[6])


def _what(change: Change) -> str:
    match change:
        case DealClosed(outcome=outcome):
            return outcome
        case StageEntered():
            return "stage"
        case DealReopened():
            return "reopened"
        case DealLeft():
            return "left"
        case _:
            return "opened"
