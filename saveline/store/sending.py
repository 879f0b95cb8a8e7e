"""Marking notices while they are sent, many at once, and keeping every attempt.

A notice is marked ``sending`` by the statement that looks once more whether it may be sent: the lease is still ours and
has not run out, its deal is where it was when the message was worded, and nobody has closed its destination. What an
attempt came to is written where the lease is still ours, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.delivery import Queued, Verdict
from saveline.core.facts import Fact
from saveline.store.bulk import Many, given_rows
from saveline.store.destinations import DESTINATION
from saveline.store.rows import DEAL, NOTICE, table

ATTEMPT: Final = table(models.Attempt)


class Start(Fact, frozen=True):
    """A notice that is to be sent: under whose lease, worded after which event of its deal, and what must be open."""

    id: int
    lease: str
    seq: int
    channel: str
    destination: str


class End(Fact, frozen=True):
    """What became of a notice. ``outcome`` and ``said`` are those of the attempt, empty where there was none;
    ``begun`` says that the attempt was written down when it began."""

    notice: Queued
    lease: str
    verdict: Verdict
    outcome: str = ""
    said: str | None = None
    begun: bool = False


class Attempt(Fact, frozen=True):
    """One attempt. ``outcome`` is empty while it lasts; one that stays empty died with its worker."""

    id: int
    notice_id: int
    at: datetime
    ended_at: datetime | None
    worker: str
    outcome: str
    reason: str | None
    ref: str | None


def begin(conn: Connection, starts: Sequence[Start], until: datetime, now: datetime) -> set[int]:
    """Mark them as being sent, under a lease until ``until``, and begin their attempts. Returns the ids of those that
    may be sent: for the others the lease is lost, the deal has moved on, or the destination is closed."""
    if not starts:
        return set()
    found = _BEGIN.returned(conn, [(s.id, s.lease, s.seq, s.channel, s.destination, now, until) for s in starts])
    begun = {row[0] for row in found}
    _BEGIN_ATTEMPT.run(conn, [(s.id, now, s.lease) for s in starts if s.id in begun])
    return begun


def settle(conn: Connection, ends: Sequence[End], now: datetime) -> set[int]:
    """Write what became of them, and let go of them. Returns the ids of those that were still ours."""
    if not ends:
        return set()
    mine = {row[0] for row in _SETTLE.returned(conn, [_settled(e, now) for e in ends])}
    tried = [e for e in ends if e.outcome]
    _END_ATTEMPT.run(
        conn,
        [(now, e.outcome, e.said, e.verdict.ref, e.notice.id, e.lease, "") for e in tried if e.begun],
    )
    _WHOLE_ATTEMPT.run(
        conn,
        [(e.notice.id, now, now, e.lease, e.outcome, e.said) for e in tried if not e.begun and e.notice.id in mine],
    )
    return mine


def _settled(end: End, now: datetime) -> tuple[Any, ...]:
    n, v = end.notice, end.verdict
    attempts, tried_at = (n.attempts + 1, n.tried_at or now) if end.outcome else (n.attempts, n.tried_at)
    sent_at = now if v.status == "sent" else None
    return (v.status, v.reason, v.doubts, attempts, tried_at, v.not_before, sent_at, v.ref, n.id, end.lease)


def attempts(conn: Connection, ids: Iterable[int]) -> list[Attempt]:
    """Every attempt to send these notices, in the order in which they began."""
    columns = [ATTEMPT.c[f] for f in Attempt.__struct_fields__]
    wanted = sa.select(*columns).where(ATTEMPT.c.notice_id.in_(list(ids))).order_by(ATTEMPT.c.id)
    return [Attempt(*row) for row in conn.execute(wanted)]


# --- statements -------------------------------------------------------------------------------------------------------

_MOMENT: Final = NOTICE.c.not_before.type
_STARTING: Final = {
    "its_id": NOTICE.c.id.type,
    "its_lease": NOTICE.c.channel.type,
    "its_seq": DEAL.c.seq.type,
    "its_channel": NOTICE.c.channel.type,
    "its_destination": NOTICE.c.channel.type,
    "its_now": _MOMENT,
    "its_until": _MOMENT,
}
_ENDING: Final = {
    "its_status": NOTICE.c.status.type,
    "its_error": NOTICE.c.channel.type,
    "its_doubts": NOTICE.c.doubts.type,
    "its_attempts": NOTICE.c.attempts.type,
    "its_tried_at": _MOMENT,
    "its_not_before": _MOMENT,
    "its_sent_at": _MOMENT,
    "its_ref": NOTICE.c.channel.type,
    "its_id": NOTICE.c.id.type,
    "its_lease": NOTICE.c.channel.type,
}


def _beginning(given: Any) -> sa.Update:
    same_deal = sa.exists().where(DEAL.c.id == NOTICE.c.deal_id, DEAL.c.seq == given["its_seq"])
    here = sa.or_(DESTINATION.c.key == given["its_channel"], DESTINATION.c.key == given["its_destination"])
    return (
        sa.update(NOTICE)
        .where(NOTICE.c.id == given["its_id"], NOTICE.c.lease == given["its_lease"])
        .where(NOTICE.c.lease_until > given["its_now"])
        .where(sa.or_(NOTICE.c.deal_id == sa.literal_column("0"), same_deal))
        .where(~sa.exists().where(here, DESTINATION.c.not_before > given["its_now"]))
        .values(
            status=sa.literal_column("'sending'"),
            attempts=NOTICE.c.attempts + sa.literal_column("1"),
            tried_at=sa.func.coalesce(NOTICE.c.tried_at, given["its_now"]),
            lease_until=given["its_until"],
        )
        .returning(NOTICE.c.id)
    )


def _ending(given: Any) -> sa.Update:
    kept = {c: sa.func.coalesce(given[f"its_{c}"], NOTICE.c[c]) for c in ("not_before", "sent_at", "ref")}
    plain = {c: given[f"its_{c}"] for c in ("status", "error", "doubts", "attempts", "tried_at")}
    return (
        sa.update(NOTICE)
        .where(NOTICE.c.id == given["its_id"], NOTICE.c.lease == given["its_lease"])
        .values(lease=sa.null(), lease_until=sa.null(), **plain, **kept)
        .returning(NOTICE.c.id)
    )


_BEGIN: Final = given_rows(_beginning, _STARTING)
_SETTLE: Final = given_rows(_ending, _ENDING)
_BEGIN_ATTEMPT: Final = Many.insert(ATTEMPT, ("notice_id", "at", "worker"))
_END_ATTEMPT: Final = Many.update(ATTEMPT, ("ended_at", "outcome", "reason", "ref"), ("notice_id", "worker", "outcome"))
_WHOLE_ATTEMPT: Final = Many.insert(ATTEMPT, ("notice_id", "at", "ended_at", "worker", "outcome", "reason"))
