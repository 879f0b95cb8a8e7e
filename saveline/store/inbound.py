"""Presses, links, replies and calls that were acted on, so that each is acted on once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.store.database import insert_into
from saveline.store.rows import table

INBOUND: Final = table(models.Inbound)


def remember(conn: Connection, source: str, key: str, now: datetime) -> str | None:
    """None where it is new, and then it is remembered with this transaction; else what came of it before.

    On PostgreSQL a second one waits here until the first has been committed or rolled back.
    """
    insert = insert_into(conn, INBOUND)
    new = insert.values(source=source, key=key, at=now, result="").on_conflict_do_nothing().returning(INBOUND.c.key)
    if conn.execute(new).first() is not None:  # not by rowcount, which is -1 for an insert on PostgreSQL
        return None
    return result(conn, source, key) or ""


def result(conn: Connection, source: str, key: str) -> str | None:
    """What came of it, or None where it was never there."""
    query = sa.select(INBOUND.c.result).where(INBOUND.c.source == source, INBOUND.c.key == key)
    found: str | None = conn.execute(query).scalar()
    return found


def settle(conn: Connection, source: str, key: str, result: str) -> None:
    """Write down what came of it."""
    mine = sa.update(INBOUND).where(INBOUND.c.source == source, INBOUND.c.key == key)
    conn.execute(mine.values(result=result))


def count(conn: Connection, source: str, prefix: str) -> int:
    """How many keys of ``source`` start with ``prefix``."""
    like = INBOUND.c.key.startswith(prefix, autoescape=True)
    return int(conn.execute(sa.select(sa.func.count()).where(INBOUND.c.source == source, like)).scalar_one())


def of(conn: Connection, source: str) -> list[tuple[datetime, str]]:
    """Everything of one source, in order: when, and what came of it."""
    query = sa.select(INBOUND.c.at, INBOUND.c.result).where(INBOUND.c.source == source).order_by(INBOUND.c.at)
    return [(row[0], row[1]) for row in conn.execute(query)]
