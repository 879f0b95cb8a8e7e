"""What was sent in a period, and what people have done since it began."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.attention import BUNDLE
from saveline.core.checkin import KIND
from saveline.core.effect import Doing, Said
from saveline.core.pressing import UPDATE
from saveline.store.rows import EVENT, NOTICE

_ABOUT = [NOTICE.c[f] for f in ("person_id", "deal_id", "task_no", "ordinal")]


def said(conn: Connection, start: datetime, end: datetime) -> list[Said]:
    """What was sent in ``[start, end)``; what a bundle said counts as sent with it, by its channel."""
    alone = sa.select(NOTICE.c.kind, NOTICE.c.channel, *_ABOUT, NOTICE.c.sent_at).where(
        NOTICE.c.status == "sent",
        NOTICE.c.sent_at >= start,
        NOTICE.c.sent_at < end,
        NOTICE.c.kind.not_in((BUNDLE, UPDATE, KIND)),  # what a question led to, nothing says
    )
    # A bundle that went by another channel in the end is another row with the same number for the same reader.
    first, went = NOTICE.alias("first"), NOTICE.alias("went")
    same = sa.and_(went.c.kind == BUNDLE, went.c.ordinal == first.c.ordinal, went.c.person_id == first.c.person_id)
    together = (
        sa.select(NOTICE.c.kind, went.c.channel, *_ABOUT, went.c.sent_at)
        .select_from(NOTICE.join(first, first.c.id == NOTICE.c.bundle_id).join(went, same))
        .where(NOTICE.c.status == "bundled", went.c.status == "sent")
        .where(went.c.sent_at >= start, went.c.sent_at < end)
    )
    return [Said(*row) for query in (alone, together) for row in conn.execute(query)]


def doings(conn: Connection, start: datetime) -> list[Doing]:
    """What people did from ``start`` on."""
    query = sa.select(EVENT.c.by_id, EVENT.c.deal_id, EVENT.c.task_no, EVENT.c.at)
    rows = conn.execute(query.where(EVENT.c.by_id.is_not(None), EVENT.c.at >= start))
    return [Doing(row.by_id, row.deal_id, row.task_no or 0, row.at) for row in rows]
