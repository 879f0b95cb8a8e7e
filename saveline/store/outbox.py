"""The outbox's rows: claimed under a lease, marked as they are sent, and put in by whoever has something to say.

A claim is a lease: owner, and until when. Every later statement about a claimed notice asks for that lease, so a worker
that slept through it changes nothing any more. What a dead worker was sending when its lease ran out is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from models.records import UNDELIVERED
from saveline.core.delivery import Queued, Verdict
from saveline.core.facts import Fact
from saveline.core.notices import Notice
from saveline.store.database import is_sqlite
from saveline.store.rows import DEAL, NOTICE, encode_json

_FIELDS = Queued.__struct_fields__
_COLUMNS = [NOTICE.c[f] for f in _FIELDS]
_FREE = {"lease": None, "lease_until": None}


class Lease(Fact, frozen=True):
    """Whose the claimed notices are. ``name`` is new with each claim, so that nobody inherits an old one."""

    name: str
    until: datetime


def claim(conn: Connection, lease: Lease, now: datetime, most: int, held: Iterable[str] = ()) -> list[Queued]:
    """At most ``most`` notices that are due and nobody else has, the oldest first; none of the channels in ``held``,
    and none of which it was not judged yet that it may go (see :mod:`saveline.actions.attention`)."""
    due = (
        sa.select(NOTICE.c.id)
        .where(UNDELIVERED, NOTICE.c.judged_at.is_not(None), NOTICE.c.not_before <= now)
        .where(sa.or_(NOTICE.c.lease_until.is_(None), NOTICE.c.lease_until <= now))
        .where(*(_not_by(channel) for channel in held))
        .order_by(NOTICE.c.not_before, NOTICE.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
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


def _not_by(channel: str) -> sa.ColumnElement[bool]:
    rooms = NOTICE.c.channel.startswith(f"{channel}:", autoescape=True)
    return sa.and_(NOTICE.c.channel != channel, sa.not_(rooms))


def renew(conn: Connection, lease: Lease) -> None:
    """Keep what is claimed for longer."""
    conn.execute(sa.update(NOTICE).where(NOTICE.c.lease == lease.name).values(lease_until=lease.until))


def release(conn: Connection, lease: Lease, only: int | None = None) -> None:
    """Give back what was claimed and not sent; with ``only`` one notice."""
    mine = sa.update(NOTICE).where(NOTICE.c.lease == lease.name, NOTICE.c.status != "sending").values(**_FREE)
    conn.execute(mine if only is None else mine.where(NOTICE.c.id == only))


def superseded(conn: Connection, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` after which something later was queued or sent about the same task.

    Without a task it is the same deal, kind and reader that count: two people hear of two withdrawn tasks.
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
        .where(other.c.at > NOTICE.c.at, other.c.status.in_(("queued", "sending", "unknown", "sent")))
    )
    return set(conn.execute(sa.select(NOTICE.c.id).where(NOTICE.c.id.in_(ids), later.exists())).scalars())


_SENDING: Final = (
    sa.update(NOTICE)
    .where(NOTICE.c.id == sa.bindparam("here_id"), NOTICE.c.lease == sa.bindparam("here_lease"))
    .where(NOTICE.c.lease_until > sa.bindparam("here_now"))
    .where(
        sa.or_(
            NOTICE.c.deal_id == 0,
            sa.exists().where(DEAL.c.id == NOTICE.c.deal_id, DEAL.c.seq == sa.bindparam("here_seq")),
        )
    )
    .values(
        status="sending",
        attempts=NOTICE.c.attempts + 1,
        tried_at=sa.func.coalesce(NOTICE.c.tried_at, sa.bindparam("here_now")),
        lease_until=sa.bindparam("here_until"),
    )
)


def mark_sending(conn: Connection, notice: Queued, lease: Lease, now: datetime, seq: int) -> bool:
    """Say that the notice is being sent. False where the lease is lost, or the deal has moved on from event ``seq``
    since the message was worded: then it must not be sent as it is."""
    here = {"here_id": notice.id, "here_lease": lease.name, "here_now": now, "here_until": lease.until}
    return conn.execute(_SENDING, here | {"here_seq": seq}).rowcount == 1


def mark(conn: Connection, notice: Queued, lease: Lease, verdict: Verdict, now: datetime) -> bool:
    """Write what came of it, and let go of it. False where somebody else has it by now: nothing is written then."""
    values: dict[str, Any] = {**_FREE, "status": verdict.status, "error": verdict.reason, "doubts": verdict.doubts}
    if verdict.status == "sent":
        values |= {"sent_at": now, "ref": verdict.ref}
    if verdict.not_before is not None:
        values["not_before"] = verdict.not_before
    if verdict.status not in ("cancelled", "missed"):
        values |= {"attempts": notice.attempts + 1, "tried_at": notice.tried_at or now}
    mine = sa.update(NOTICE).where(NOTICE.c.id == notice.id, NOTICE.c.lease == lease.name)
    return conn.execute(mine.values(**values)).rowcount == 1


def add(conn: Connection, deal_id: int, notices: Iterable[Notice], now: datetime) -> int:
    """Put notices in that no decision about a deal caused; one that is there already stays as it is. Returns how many
    are new."""
    rows = [_row(deal_id, notice, now) for notice in notices]
    if not rows:
        return 0
    insert = (sqlite if is_sqlite(conn) else postgresql).insert(NOTICE)
    new = insert.values(rows).on_conflict_do_nothing().returning(NOTICE.c.id)
    return len(conn.execute(new).all())


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
    key = ("deal_id", "task_no", "kind", "ordinal", "person_id")
    same = [NOTICE.c[k] == getattr(notice, k) for k in key]
    return {row.channel: row.status for row in conn.execute(sa.select(NOTICE.c.channel, NOTICE.c.status).where(*same))}


def notice(conn: Connection, notice_id: int) -> Queued:
    """One notice, whatever has become of it. Raises LookupError where there is none."""
    row = conn.execute(sa.select(*_COLUMNS).where(NOTICE.c.id == notice_id)).first()
    if row is None:
        raise LookupError(f"there is no notice {notice_id}")
    return Queued(*row)
