"""History for data that leaves: read in parts, so that it need not fit into memory, and all of it of one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from saveline.core.facts import Account, Fact
from saveline.core.records import Record, was_known
from saveline.store import load, remembered
from saveline.store.bulk import Read
from saveline.store.database import is_sqlite
from saveline.store.load import ACCOUNT
from saveline.store.rows import DEAL, EVENT

CHUNK = 1_000
"""Deals that are read at a time: of fifty events each, some ten megabytes."""

_OWNERS = Read(sa.select(DEAL.c.id, DEAL.c.account_id).order_by(DEAL.c.id), DEAL.c.id)


class History(Fact, frozen=True):
    """Everything that happened to one deal, in order, and whose deal it is."""

    deal_id: int
    account_id: int
    records: tuple[Record, ...]


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads everything as it was at its first statement, however long it takes."""
    with engine.connect() as conn:
        # SQLite's reading transactions are like that by themselves.
        yield conn if is_sqlite(conn) else conn.execution_options(isolation_level="REPEATABLE READ")


def known_deals(conn: Connection, as_of: datetime | None) -> list[int]:
    """The deals that had been opened before the moment, and of which that was written by then; in order."""
    if as_of is None:
        return list(conn.execute(sa.select(DEAL.c.id).order_by(DEAL.c.id)).scalars())
    first = (
        sa.select(DEAL.c.id, EVENT.c.at, EVENT.c.late_s)
        .join(EVENT, sa.and_(EVENT.c.deal_id == DEAL.c.id, EVENT.c.seq == 1))
        .where(EVENT.c.at < as_of)
        .order_by(DEAL.c.id)
    )
    return [row.id for row in conn.execute(first) if was_known(row.at, row.late_s, as_of, as_of)]


def histories(conn: Connection, ids: list[int]) -> Iterator[list[History]]:
    """The histories of the deals, in their order, CHUNK of them at a time."""
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        records = load.records(conn, part)
        yield [History(row[0], row[1], tuple(records.get(row[0], ()))) for row in _OWNERS.rows(conn, part)]


def all_accounts(conn: Connection, as_of: datetime | None) -> Iterator[list[Account]]:
    """Every account as it was known at the moment, in order of id, CHUNK of them at a time."""
    ids = list(conn.execute(sa.select(ACCOUNT.c.id).order_by(ACCOUNT.c.id)).scalars())
    for start in range(0, len(ids), CHUNK):
        yield accounts(conn, ids[start : start + CHUNK], as_of)


def accounts(conn: Connection, ids: list[int], as_of: datetime | None) -> list[Account]:
    """These accounts as they were known at the moment, with their teams as they are now, in order of id."""
    found = sorted(load.accounts(conn, ids), key=lambda a: a.id)
    return found if as_of is None else remembered.accounts_as_of(conn, found, as_of)


def account_versions(conn: Connection, as_of: datetime | None) -> Iterator[list[Sequence[Any]]]:
    """What was known of accounts, and from when on: the columns of ``account_version`` in order of account and moment,
    those of CHUNK accounts at a time; only what was known by the moment."""
    ids = list(conn.execute(sa.select(ACCOUNT.c.id).order_by(ACCOUNT.c.id)).scalars())
    for start in range(0, len(ids), CHUNK):
        rows = remembered.account_versions(conn, ids[start : start + CHUNK])
        yield [row for row in rows if as_of is None or row[1] <= as_of]
