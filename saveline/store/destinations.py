"""Destinations: a channel as a whole (``slack``), and each room or mailbox of it (``slack:C0815``).

What a row says holds for every worker on every machine: before ``not_before`` nobody sends there. So a service that
asks to wait, or takes one message a second, is obeyed by all of them, and health can be read off in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Fact
from saveline.store.bulk import Ask, Many, upsert
from saveline.store.database import insert_into
from saveline.store.rows import table

DESTINATION: Final = table(models.Destination)


class Destination(Fact, frozen=True):
    """How it is with a channel, or with a room or mailbox of it; ``failures`` are those since ``sent_at``."""

    key: str
    not_before: datetime | None = None
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    failures: int = 0
    error: str | None = None


_COLUMNS = [DESTINATION.c[f] for f in Destination.__struct_fields__]
_CLOSED: Final = Ask(sa.select(DESTINATION.c.key).where(DESTINATION.c.not_before > sa.bindparam("now")))
_SENT: Final = upsert(DESTINATION, ("key", "sent_at", "failures"), ("key",))
_REST: Final = Many.update(DESTINATION, ("not_before",), ("key",))


def key_of(channel: str, address: str) -> str:
    """The key of a room or mailbox; without an address that of the channel as a whole."""
    return f"{channel}:{address}" if address else channel


def closed(conn: Connection, now: datetime) -> list[str]:
    """The keys to which nothing may be sent at ``now``."""
    return [row[0] for row in _CLOSED.rows(conn, now=now)]


def everything(conn: Connection) -> list[Destination]:
    """All of them, in order of their keys."""
    return [Destination(*row) for row in conn.execute(sa.select(*_COLUMNS).order_by(DESTINATION.c.key))]


def take(conn: Connection, key: str, now: datetime, until: datetime) -> bool:
    """Take the turn at a destination that has one message at a time: closed until ``until`` for everybody else.

    False where somebody has it already.
    """
    insert = insert_into(conn, DESTINATION).values(key=key, not_before=until)
    free = sa.or_(DESTINATION.c.not_before.is_(None), DESTINATION.c.not_before <= now)
    mine = insert.on_conflict_do_update(index_elements=["key"], set_={"not_before": until}, where=free)
    return conn.execute(mine.returning(DESTINATION.c.key)).first() is not None


def rest(conn: Connection, until: Mapping[str, datetime]) -> None:
    """Keep those whose turn is over closed for a little longer, so that their next is a whole pause away."""
    _REST.run(conn, [(at, key) for key, at in sorted(until.items())])


def succeeded(conn: Connection, sent: Mapping[str, datetime]) -> None:
    """Something arrived there: whatever went wrong before is over."""
    _SENT.run(conn, [(key, at, 0) for key, at in sorted(sent.items())])


def failed(conn: Connection, key: str, reason: str, now: datetime, *, began: datetime | None = None) -> Destination:
    """Note a failure; returns how it is there now. Attempts that were under way together (this one ``began`` before
    the last failure was noted) count as one."""
    found = conn.execute(sa.select(*_COLUMNS).where(DESTINATION.c.key == key).with_for_update()).first()
    before = Destination(*found) if found else Destination(key)
    together = before.failed_at is not None and before.failures > 0 and (began or now) <= before.failed_at
    failures = before.failures if together else before.failures + 1
    values = {"failed_at": now, "failures": failures, "error": reason}
    insert = insert_into(conn, DESTINATION).values(key=key, **values)
    conn.execute(insert.on_conflict_do_update(index_elements=["key"], set_=values))
    return Destination(key, before.not_before, before.sent_at, now, failures, reason)


def close(conn: Connection, key: str, until: datetime) -> None:
    """Let nobody send there before ``until``; it never opens earlier than somebody else has said."""
    longer = sa.or_(DESTINATION.c.not_before.is_(None), DESTINATION.c.not_before < until)
    conn.execute(sa.update(DESTINATION).where(DESTINATION.c.key == key, longer).values(not_before=until))


def failing(conn: Connection, since: datetime, least: int) -> list[Destination]:
    """Those at which at least ``least`` attempts in a row have failed, the last of them after ``since``."""
    wanted = sa.select(*_COLUMNS).where(DESTINATION.c.failures >= least, DESTINATION.c.failed_at >= since)
    return [Destination(*row) for row in conn.execute(wanted.order_by(DESTINATION.c.key))]
