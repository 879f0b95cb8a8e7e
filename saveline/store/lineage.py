"""Which deal an account had last, followed to where it was merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.facts import Fact
from saveline.store.bulk import Read
from saveline.store.rows import DEAL

_COLUMNS: Final = ("id", "account_id", "state", "closed_at", "closed_before", "merged_into", "watch_until")
_SELECT = sa.select(*(DEAL.c[name] for name in _COLUMNS))
_OF_ACCOUNTS = Read(_SELECT, DEAL.c.account_id)
_BY_ID = Read(_SELECT, DEAL.c.id)
_MERGED_INTO = Read(_SELECT, DEAL.c.merged_into)


class LastDeal(Fact, frozen=True):
    """The deal in which an account's risk was or is dealt with last.

    ``own`` is the account's own deal, another one where that was merged; ``account_id`` is whose deal it is; ``saved``
    says that it ended as a save that is or was watched. ``closed_at`` is when a deal of the account was closed last:
    before this one, or with it.
    """

    id: int
    own: int
    account_id: int
    open: bool
    closed_at: datetime | None = None
    saved: bool = False


def last_deals(conn: Connection, account_ids: Sequence[int]) -> dict[int, LastDeal]:
    """By account: the open deal if there is one, else the one that was closed last."""
    own: dict[int, Sequence[Any]] = {}
    ended: dict[int, datetime] = {}
    for row in _OF_ACCOUNTS.rows(conn, account_ids):
        # A deal that was merged goes on: nothing was dealt with by that.
        for moment in (row[3] if row[5] is None else None, row[4]):
            if moment is not None:
                ended[row[1]] = max(moment, ended.get(row[1], moment))
        before = own.get(row[1])
        if before is None or _order(row) > _order(before):
            own[row[1]] = row
    known = {row[0]: row for row in own.values()}
    while missing := {row[5] for row in known.values() if row[5] is not None} - known.keys():
        known |= {row[0]: row for row in _BY_ID.rows(conn, sorted(missing))}
    return {account_id: _followed(row, known, ended.get(account_id)) for account_id, row in own.items()}


def members(conn: Connection, deal_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The accounts of each deal into which others were merged, its own first; other deals are left out."""
    roots, found = {i: i for i in deal_ids}, dict[int, list[int]]()
    step: Sequence[int] = deal_ids
    while rows := _MERGED_INTO.rows(conn, step) if step else ():
        for row in rows:
            roots[row[0]] = roots[row[5]]
            found.setdefault(roots[row[0]], []).append(row[1])
        step = [row[0] for row in rows]
    own = {row[0]: row[1] for row in _BY_ID.rows(conn, sorted(found))} if found else {}
    return {deal: tuple(dict.fromkeys((own[deal], *ids))) for deal, ids in found.items()}


def _order(row: Sequence[Any]) -> tuple[bool, Any, int]:
    """The open one comes last, else whichever was closed last."""
    is_open = row[2] != "closed"
    return is_open, None if is_open else row[3], row[0]


def _followed(row: Sequence[Any], known: Mapping[int, Sequence[Any]], ended: datetime | None) -> LastDeal:
    root = row
    while root[5] is not None:
        root = known[root[5]]
    is_open = root[2] != "closed"
    return LastDeal(root[0], row[0], root[1], is_open, ended if is_open else root[3], root[6] is not None)
