"""People whom a channel does not reach any more, because something that was sent to them came back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Fact
from saveline.store.database import insert_into
from saveline.store.rows import table

UNREACHABLE: Final = table(models.Unreachable)


class Mark(Fact, frozen=True):
    """Somebody whom a channel does not reach at an address, since when, and what was said about it."""

    person_id: int
    channel: str
    address: str
    at: datetime
    reason: str
    notice_id: int | None


def everybody(conn: Connection) -> list[Mark]:
    """All marks in order of time; they are few, for somebody who cannot be reached is soon given another address."""
    columns = [UNREACHABLE.c[f] for f in Mark.__struct_fields__]
    return [Mark(*row) for row in conn.execute(sa.select(*columns).order_by(UNREACHABLE.c.at))]


def mark(conn: Connection, new: Mark) -> bool:
    """Mark somebody, in place of an older address; False where they are marked with that address already."""
    known = (UNREACHABLE.c.person_id == new.person_id, UNREACHABLE.c.channel == new.channel)
    conn.execute(sa.delete(UNREACHABLE).where(*known, UNREACHABLE.c.address != new.address))
    values = {f: getattr(new, f) for f in Mark.__struct_fields__}
    put = insert_into(conn, UNREACHABLE).values(values).on_conflict_do_nothing()
    return conn.execute(put.returning(UNREACHABLE.c.person_id)).first() is not None


def reached(conn: Connection, person_id: int, channel: str | None = None) -> int:
    """Take the marks of a person away (of one channel): they are reached again. Returns how many there were."""
    gone = sa.delete(UNREACHABLE).where(UNREACHABLE.c.person_id == person_id)
    return conn.execute(gone if channel is None else gone.where(UNREACHABLE.c.channel == channel)).rowcount
