"""Which notices are to be judged, what their readers have got today, and what was judged of them.

Whoever judges does it alone (:func:`saveline.store.outbox.one_at_a_time`): two workers never count or bundle for one
person at the same time, and nothing is claimed meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.records import UNDELIVERED, UNJUDGED
from saveline.core.attention import ASKED_FOR, BUNDLE, CAP, Bundle, Hold, Waiting
from saveline.core.delivery import Queued
from saveline.core.facts import Fact
from saveline.core.notices import REFUSABLE
from saveline.core.pressing import UPDATE
from saveline.store.bulk import Ask, Many
from saveline.store.database import insert_into
from saveline.store.directory import PERSON
from saveline.store.outbox import one_at_a_time
from saveline.store.rows import DEAL, NOTICE, TASK, encode_json
from saveline.store.unsubscribed import UNSUBSCRIBED

_HOLD = Many.update(NOTICE, ("not_before", "held_for"), ("id",))
_JOIN = Many.update(NOTICE, ("judged_at", "bundle_id"), ("id", "status"), status="bundled")
_LEFT_OUT = Many.update(NOTICE, ("status", "error"), ("id", "status"))
_QUEUED_COLUMNS = [NOTICE.c[f] for f in Queued.__struct_fields__]


_ANYTHING = Ask(sa.select(NOTICE.c.id).where(UNJUDGED, NOTICE.c.not_before <= sa.bindparam("now")).limit(1))
_ANSWERS = [NOTICE.c.about.contains(f'"news":"{news}"') for news in ASKED_FOR]


class ToReader(Fact, frozen=True):
    """A bundle and whom it goes to."""

    person_id: int
    bundle: Bundle


def anything(conn: Connection, now: datetime) -> bool:
    """Whether a notice waits to be judged."""
    return bool(_ANYTHING.rows(conn, now=now))


def _due(now: datetime) -> tuple[Any, ...]:
    return UNJUDGED, NOTICE.c.not_before <= now


def let_all_go(conn: Connection, now: datetime) -> int:
    """Everything that is due may go."""
    return conn.execute(sa.update(NOTICE).where(*_due(now)).values(judged_at=now)).rowcount


def let_rooms_go(conn: Connection, now: datetime) -> int:
    """What goes to no person, changes what was sent before, or was begun by a Saveline that did not judge, may go."""
    person = sa.exists().where(PERSON.c.id == NOTICE.c.person_id)
    free = sa.or_(sa.not_(person), NOTICE.c.status != "queued", NOTICE.c.kind == UPDATE)
    return conn.execute(sa.update(NOTICE).where(*_due(now), free).values(judged_at=now)).rowcount


def cancel_refused(conn: Connection, now: datetime) -> int:
    """What its reader has asked not to get any more, after it was queued."""
    asked = sa.exists().where(UNSUBSCRIBED.c.person_id == NOTICE.c.person_id, UNSUBSCRIBED.c.kind == NOTICE.c.kind)
    refused = sa.update(NOTICE).where(*_due(now), NOTICE.c.status == "queued", NOTICE.c.kind.in_(REFUSABLE), asked)
    values = {"status": "cancelled", "error": "they asked not to get it", "judged_at": now}
    return conn.execute(refused.values(**values)).rowcount


def readers(conn: Connection, now: datetime, most: int) -> list[int]:
    """At most ``most`` people for whom something is to be judged."""
    due = sa.select(NOTICE.c.person_id).where(*_due(now))
    return list(
        conn.execute(sa.select(PERSON.c.id).where(PERSON.c.id.in_(due)).order_by(PERSON.c.id).limit(most)).scalars()
    )


def waiting(conn: Connection, people: Sequence[int], now: datetime, most: int) -> dict[int, list[Waiting]]:
    """What is to be judged for them, person by person, the oldest first."""
    task = sa.and_(TASK.c.deal_id == NOTICE.c.deal_id, TASK.c.no == NOTICE.c.task_no)
    columns = [NOTICE.c[f] for f in ("person_id", "id", "kind", "channel", "at", "deal_id", "task_no")]
    rows = conn.execute(
        sa.select(*columns, TASK.c.due_at, NOTICE.c.held_for, sa.or_(*_ANSWERS))
        .select_from(NOTICE.outerjoin(TASK, task))
        .where(*_due(now), NOTICE.c.person_id.in_(people))
        .order_by(NOTICE.c.not_before, NOTICE.c.id)
        .limit(most)
    )
    found: dict[int, list[Waiting]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Waiting(*row[1:]))
    return found


def got(conn: Connection, since: Mapping[int, datetime]) -> dict[int, int]:
    """How many messages each of these people got since their moment, or are about to get."""
    query = sa.select(NOTICE.c.person_id, NOTICE.c.judged_at).where(
        NOTICE.c.person_id.in_(list(since)),
        NOTICE.c.judged_at >= min(since.values()),
        NOTICE.c.kind != UPDATE,
        NOTICE.c.status.in_(("queued", "sending", "unknown", "sent")),
    )
    counted = dict.fromkeys(since, 0)
    for person_id, at in conn.execute(query):
        counted[person_id] += at >= since[person_id]
    return counted


def rests(conn: Connection, people: Sequence[int], now: datetime) -> dict[int, datetime]:
    """When what was beyond the cap comes, for those of ``people`` for whom something is."""
    moment = sa.type_coerce(sa.func.max(NOTICE.c.not_before), NOTICE.c.not_before.type)
    held = sa.select(NOTICE.c.person_id, moment).where(
        UNJUDGED, NOTICE.c.not_before > now, NOTICE.c.held_for == CAP, NOTICE.c.person_id.in_(people)
    )
    return {row[0]: row[1] for row in conn.execute(held.group_by(NOTICE.c.person_id))}


# --- what was judged --------------------------------------------------------------------------------------------------


def let_go(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """These may go. What was held takes its old place in the queue again, so that nothing later overtakes it."""
    if not ids:
        return
    at = sa.case((NOTICE.c.held_for.is_not(None), NOTICE.c.at), else_=NOTICE.c.not_before)
    mine = sa.update(NOTICE).where(NOTICE.c.id.in_(ids), UNJUDGED)
    conn.execute(mine.values(judged_at=now, not_before=at))


def hold(conn: Connection, holds: Iterable[Hold]) -> None:
    """These wait: at their moment they are judged again."""
    _HOLD.run(conn, [(h.until, h.why, h.id) for h in holds])


def bundle(conn: Connection, bundles: Sequence[ToReader], now: datetime) -> None:
    """Put in a notice for each, and let its members be said by it. The first member's number tells bundles apart."""
    if not bundles:
        return
    rows = [_row(b, now) for b in bundles]
    insert = insert_into(conn, NOTICE).values(rows).on_conflict_do_nothing()
    ids = {r.ordinal: r.id for r in conn.execute(insert.returning(NOTICE.c.id, NOTICE.c.ordinal))}
    joined = [b for b in bundles if _ordinal(b) in ids]
    _JOIN.run(conn, [(now, ids[_ordinal(b)], member, "queued") for b in joined for member in b.bundle.ids])
    # One that was bundled before and put back by hand: its number is taken, so these go each for itself.
    let_go(conn, [member for b in bundles if b not in joined for member in b.bundle.ids], now)


def _ordinal(to: ToReader) -> int:
    return to.bundle.ids[0]


def _row(to: ToReader, now: datetime) -> dict[str, Any]:
    about = {"members": to.bundle.ids} | ({"waited": to.bundle.why} if to.bundle.why else {})
    return {
        "kind": BUNDLE,
        "ordinal": _ordinal(to),
        "person_id": to.person_id,
        "channel": to.bundle.channel,
        "at": to.bundle.at,
        "about": encode_json(about),
        "not_before": to.bundle.at,
        "judged_at": now,
        "held_for": to.bundle.why,
    }


def stale(conn: Connection, now: datetime, before: datetime) -> bool:
    """Whether something is to be judged again."""
    return bool(_ANY_STALE.rows(conn, now=now, before=before))


def judge_again(conn: Connection, now: datetime, before: datetime) -> int:
    """What was let go before ``before`` and did not get away since, because its channel was down: the hour may be
    another now. What is being sent, or may have arrived, stays as it is."""
    one_at_a_time(conn)
    return conn.execute(sa.update(NOTICE).where(*_stale(now, before)).values(judged_at=None)).rowcount


def _stale(now: Any, before: Any) -> tuple[Any, ...]:
    return (
        UNDELIVERED,
        NOTICE.c.not_before <= now,
        NOTICE.c.judged_at < before,
        NOTICE.c.status == "queued",
        sa.or_(NOTICE.c.lease_until.is_(None), NOTICE.c.lease_until <= now),
    )


_MOMENT = NOTICE.c.not_before.type
_ANY_STALE = Ask(
    sa.select(NOTICE.c.id)
    .where(*_stale(sa.bindparam("now", type_=_MOMENT), sa.bindparam("before", type_=_MOMENT)))
    .limit(1)
)


# --- bundles that are sent --------------------------------------------------------------------------------------------


def members(conn: Connection, ids: Sequence[int]) -> dict[int, Queued]:
    """Those of ``ids`` that are still to be said by their bundle."""
    if not ids:
        return {}
    query = sa.select(*_QUEUED_COLUMNS).where(NOTICE.c.id.in_(ids), NOTICE.c.status == "bundled")
    return {row.id: Queued(*row) for row in conn.execute(query)}


def leave_out(conn: Connection, left_out: Mapping[int, tuple[str, str | None]]) -> None:
    """Members that their bundle does not say: each gets a status and a reason. One that is queued again goes alone."""
    _LEFT_OUT.run(conn, [(status, why, i, "bundled") for i, (status, why) in left_out.items()])


def moved_on(conn: Connection, seen: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of these deals, each with the number of its last event as a bundle was worded, that have moved on."""
    if not seen:
        return set()
    now = sa.select(DEAL.c.id, DEAL.c.seq).where(DEAL.c.id.in_({deal_id for deal_id, _ in seen}))
    here = {(row[0], row[1]) for row in conn.execute(now)}
    return {deal for deal in seen if deal not in here}
