"""Mails that came back: what was sent to whom, whom a channel does not reach any more, and that it does again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Fact
from saveline.store.database import insert_into
from saveline.store.rows import NOTICE, table

UNREACHABLE: Final = table(models.Unreachable)


class Mark(Fact, frozen=True):
    """Somebody whom a channel does not reach at an address, since when, and what was said about it."""

    person_id: int
    channel: str
    address: str
    at: datetime
    reason: str
    notice_id: int | None


def marks(conn: Connection) -> list[Mark]:
    """Everybody who is marked, in order of time."""
    columns = [UNREACHABLE.c[f] for f in Mark.__struct_fields__]
    return [Mark(*row) for row in conn.execute(sa.select(*columns).order_by(UNREACHABLE.c.at))]


def mark(conn: Connection, new: Mark) -> bool:
    """Mark somebody, in place of an older address; False where they are marked with that address already."""
    known = (UNREACHABLE.c.person_id == new.person_id, UNREACHABLE.c.channel == new.channel)
    conn.execute(sa.delete(UNREACHABLE).where(*known, UNREACHABLE.c.address != new.address))
    insert = insert_into(conn, UNREACHABLE)
    values = {f: getattr(new, f) for f in Mark.__struct_fields__}
    put = insert.values(values).on_conflict_do_nothing().returning(UNREACHABLE.c.person_id)
    return conn.execute(put).first() is not None


def reached(conn: Connection, person_id: int, channel: str | None = None) -> int:
    """Take the marks of a person away (of one channel): they are reached again. Returns how many there were."""
    gone = sa.delete(UNREACHABLE).where(UNREACHABLE.c.person_id == person_id)
    return conn.execute(gone if channel is None else gone.where(UNREACHABLE.c.channel == channel)).rowcount


def came_back(conn: Connection, notice_id: int, reason: str) -> bool:
    """Write that what was sent did not arrive. False where it was not sent."""
    sent = sa.update(NOTICE).where(NOTICE.c.id == notice_id, NOTICE.c.status.in_(_HANDED_OVER))
    return bool(conn.execute(sent.values(status="dead", error=reason)).rowcount)


def handed_over(conn: Connection, notice_id: int) -> bool:
    """Whether its mail was given to the mail server, as far as anybody knows."""
    query = sa.select(NOTICE.c.status).where(NOTICE.c.id == notice_id)
    return conn.execute(query).scalar() in (*_HANDED_OVER, "dead")


_HANDED_OVER: Final = ("sent", "unknown", "sending")


def other_ways(conn: Connection, notice: Any) -> dict[str, str]:
    """The status of the same notice by every channel it went by."""
    key = ("deal_id", "task_no", "kind", "ordinal", "person_id")
    same = [NOTICE.c[k] == getattr(notice, k) for k in key]
    return {row.channel: row.status for row in conn.execute(sa.select(NOTICE.c.channel, NOTICE.c.status).where(*same))}
