"""The outbox's rows: put in by whoever has something to say, and claimed under a lease by whoever sends.

A claim is a lease: owner, and until when. Every later statement about a claimed notice asks for that lease, so a worker
that slept through it changes nothing any more. What a dead worker was sending when its lease ran out is in doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.records import UNDELIVERED, UNJUDGED
from saveline.core.attention import BUNDLE
from saveline.core.delivery import Queued
from saveline.core.errors import UnknownNotice
from saveline.core.facts import Fact
from saveline.core.notices import Notice
from saveline.core.pressing import UPDATE
from saveline.store.bulk import Ask
from saveline.store.database import insert_into, is_sqlite
from saveline.store.rows import NOTICE, decode_json, encode_json

_FIELDS = Queued.__struct_fields__
_COLUMNS = [NOTICE.c[f] for f in _FIELDS]
_FREE = {"lease": None, "lease_until": None}


class Lease(Fact, frozen=True):
    """Whose the claimed notices are. ``name`` is new with each claim, so that nobody inherits an old one."""

    name: str
    until: datetime


class Shut(Fact, frozen=True):
    """What is not to be claimed: whole channels, and the places of single readers (see :func:`place`)."""

    channels: Collection[str] = ()
    places: Collection[str] = ()


def place(person_id: int, channel: str) -> str:
    """A reader by a channel. Its notices are sent one after the other, by one worker at a time."""
    return f"{person_id}:{channel}"


_PLACE: Final = sa.cast(NOTICE.c.person_id, sa.String) + sa.literal_column("':'") + NOTICE.c.channel


def anything(conn: Connection, now: datetime) -> bool:
    """Whether something may be due: a look that needs no transaction of a writer."""
    return bool(_DUE.rows(conn, now=now))


def claim(conn: Connection, lease: Lease, now: datetime, most: int, shut: Shut) -> list[Queued]:
    """At most ``most`` notices that are due, the oldest first. Nothing by a channel or for a place that is ``shut``,
    and nothing of which it was not judged yet that it may go (see :mod:`saveline.actions.attention`). Nor anything for
    a place for which somebody has claimed something already, or something waits to be judged: nobody is overtaken."""
    one_at_a_time(conn)
    places = [*shut.places, *_places(_TAKEN, conn, now), *_places(_UNJUDGED, conn, now)]
    due = (
        sa.select(NOTICE.c.id)
        .where(UNDELIVERED, NOTICE.c.judged_at.is_not(None), NOTICE.c.not_before <= now)
        .where(sa.or_(NOTICE.c.lease_until.is_(None), NOTICE.c.lease_until <= now))
        .where(*(sa.not_(goes_by(channel)) for channel in shut.channels))
        .order_by(NOTICE.c.not_before, NOTICE.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    if places:
        due = due.where(_PLACE.not_in(places))
    ids = list(conn.execute(due).scalars())
    if not ids:
        return []
    sending = NOTICE.c.status == "sending"
    taken = (
        sa.update(NOTICE)
        .where(NOTICE.c.id.in_(ids))
        .values(
            lease=lease.name,
            lease_until=lease.until,
            status=sa.case((sending, "unknown"), else_=NOTICE.c.status),
            doubts=NOTICE.c.doubts + sa.case((sending, 1), else_=0),
        )
        .returning(*_COLUMNS)
    )
    return sorted((Queued(*row) for row in conn.execute(taken)), key=lambda q: (q.at, q.id))


def one_at_a_time(conn: Connection) -> None:
    """Whoever claims, or judges what may be claimed, does it alone, until the transaction ends. Two that claim at once
    could each take a part of what one reader gets; and a claim passes over rows that somebody else has locked, as one
    that judges does, even those it leaves as they are. SQLite has one writer anyway."""
    if not is_sqlite(conn):
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CLAIMING})")


_DUE: Final = Ask(sa.select(NOTICE.c.id).where(UNDELIVERED, NOTICE.c.not_before <= sa.bindparam("now")).limit(1))
_CLAIMING: Final = 0x5A7E11
_TAKEN: Final = Ask(
    sa.select(NOTICE.c.person_id, NOTICE.c.channel)
    .where(NOTICE.c.lease.is_not(None), NOTICE.c.lease_until > sa.bindparam("now"))
    .distinct()
)


_UNJUDGED: Final = Ask(
    sa.select(NOTICE.c.person_id, NOTICE.c.channel)
    .where(UNJUDGED, NOTICE.c.not_before <= sa.bindparam("now"))
    .distinct()
)


def _places(ask: Ask, conn: Connection, now: datetime) -> Iterator[str]:
    return (place(person_id, channel) for person_id, channel in ask.rows(conn, now=now))


def goes_by(channel: str) -> sa.ColumnElement[bool]:
    """What goes by a channel, to people and to its rooms."""
    return sa.or_(NOTICE.c.channel == channel, NOTICE.c.channel.startswith(f"{channel}:", autoescape=True))


def renew(conn: Connection, leases: Iterable[str], until: datetime) -> None:
    """Keep what is claimed for longer."""
    mine = sa.update(NOTICE).where(NOTICE.c.lease.in_(list(leases)))
    conn.execute(mine.values(lease_until=until))


def release(conn: Connection, leases: Iterable[str], only: Iterable[int] | None = None) -> None:
    """Give back what was claimed and is not being sent; with ``only`` these notices."""
    mine = sa.update(NOTICE).where(NOTICE.c.lease.in_(list(leases)), NOTICE.c.status != "sending").values(**_FREE)
    conn.execute(mine if only is None else mine.where(NOTICE.c.id.in_(list(only))))


def superseded(conn: Connection, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` after which something later was queued or sent about the same task.

    Without a task it is the same deal, kind and reader that count: two people hear of two withdrawn tasks. One that was
    held for its reader's sake gives way only to what the same reader gets: that others heard more is no news to them.
    """
    if not ids:
        return set()
    other = NOTICE.alias("other")
    same_matter = sa.or_(
        NOTICE.c.task_no != 0, sa.and_(other.c.kind == NOTICE.c.kind, other.c.person_id == NOTICE.c.person_id)
    )
    later = (
        sa.select(other.c.id)
        .where(other.c.deal_id == NOTICE.c.deal_id, other.c.task_no == NOTICE.c.task_no, same_matter)
        .where(NOTICE.c.kind != UPDATE, other.c.kind != UPDATE)
        .where(other.c.at > NOTICE.c.at)
        .where(other.c.status.in_(("queued", "sending", "unknown", "sent", "bundled")))
        .where(sa.or_(NOTICE.c.held_for.is_(None), other.c.person_id == NOTICE.c.person_id))
    )
    mine = sa.select(NOTICE.c.id).where(NOTICE.c.id.in_(ids), NOTICE.c.kind != BUNDLE, later.exists())
    return set(conn.execute(mine).scalars())


def add(conn: Connection, deal_id: int, notices: Iterable[Notice], now: datetime) -> int:
    """Put notices in that no decision about a deal caused; one that is there already stays as it is. Returns how many
    are new."""
    rows = [_row(deal_id, notice, now) for notice in notices]
    if not rows:
        return 0
    insert = insert_into(conn, NOTICE)
    new = insert.values(rows).on_conflict_do_nothing().returning(NOTICE.c.id)
    return len(conn.execute(new).all())


def reported(conn: Connection, kind: str, ordinal: int) -> set[tuple[int, str, str]]:
    """Who was told of which report under a number: the person, by which channel, and the report's key."""
    mine = (NOTICE.c.deal_id == 0, NOTICE.c.task_no == 0, NOTICE.c.kind == kind, NOTICE.c.ordinal == ordinal)
    rows = conn.execute(sa.select(NOTICE.c.person_id, NOTICE.c.channel, NOTICE.c.about).where(*mine))
    return {(person_id, channel, str(decode_json(about).get("report"))) for person_id, channel, about in rows}


def _row(deal_id: int, n: Notice, now: datetime) -> dict[str, Any]:
    return {
        "deal_id": deal_id,
        "task_no": n.task_no,
        "kind": n.kind,
        "ordinal": n.ordinal,
        "person_id": n.person_id,
        "channel": n.channel,
        "at": n.at,
        "about": encode_json(n.about),
        "not_before": now,
        "status": "queued",
        "attempts": 0,
    }


def by_channel(conn: Connection, notice: Queued) -> Mapping[str, str]:
    """The status of the same notice by every channel it went by."""
    query = sa.select(NOTICE.c.channel, NOTICE.c.status).where(*the_same(notice))
    return {row.channel: row.status for row in conn.execute(query)}


def the_same(notice: Any) -> list[sa.ColumnElement[bool]]:
    """What says the same to the same reader, by whatever channel: ``notice`` is one of them, as any fact of it."""
    return [NOTICE.c[k] == getattr(notice, k) for k in ("deal_id", "task_no", "kind", "ordinal", "person_id")]


def came_back(conn: Connection, notice_id: int, reason: str) -> bool:
    """Write that what was sent did not arrive. False where it was not sent."""
    sent = sa.update(NOTICE).where(NOTICE.c.id == notice_id, NOTICE.c.status.in_(_HANDED_OVER))
    return bool(conn.execute(sent.values(status="dead", error=reason)).rowcount)


def handed_over(conn: Connection, notice_id: int) -> bool:
    """Whether its mail was given to the mail server, as far as anybody knows."""
    query = sa.select(NOTICE.c.status).where(NOTICE.c.id == notice_id)
    return conn.execute(query).scalar() in (*_HANDED_OVER, "dead")


_HANDED_OVER: Final = ("sent", "unknown", "sending")


def notice(conn: Connection, notice_id: int) -> Queued:
    """One notice, whatever has become of it. Raises UnknownNotice where there is none."""
    row = conn.execute(sa.select(*_COLUMNS).where(NOTICE.c.id == notice_id)).first()
    if row is None:
        raise UnknownNotice(notice_id)
    return Queued(*row)
