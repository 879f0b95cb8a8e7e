"""What people have asked not to get."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.store.database import insert_into
from saveline.store.rows import table

UNSUBSCRIBED: Final = table(models.Unsubscribed)


def put(conn: Connection, person_id: int, kind: str, now: datetime) -> bool:
    """Whether it is new."""
    insert = insert_into(conn, UNSUBSCRIBED)
    new = insert.values(person_id=person_id, kind=kind, at=now).on_conflict_do_nothing()
    return conn.execute(new.returning(UNSUBSCRIBED.c.kind)).first() is not None


def take_back(conn: Connection, person_id: int, kind: str) -> bool:
    """Whether it was there."""
    mine = (UNSUBSCRIBED.c.person_id == person_id, UNSUBSCRIBED.c.kind == kind)
    return bool(conn.execute(sa.delete(UNSUBSCRIBED).where(*mine)).rowcount)


def kinds(conn: Connection, person_id: int) -> set[str]:
    """What a person does not get any more."""
    mine = sa.select(UNSUBSCRIBED.c.kind).where(UNSUBSCRIBED.c.person_id == person_id)
    return set(conn.execute(mine).scalars())


def people(conn: Connection, kind: str) -> set[int]:
    """Who does not get ``kind`` any more."""
    return set(conn.execute(sa.select(UNSUBSCRIBED.c.person_id).where(UNSUBSCRIBED.c.kind == kind)).scalars())
