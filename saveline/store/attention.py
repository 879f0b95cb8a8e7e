"""Which notices are to be judged, and what was judged of them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.records import UNJUDGED
from saveline.store.rows import NOTICE


def anything(conn: Connection, now: datetime) -> bool:
    """Whether a notice waits to be judged."""
    query = sa.select(NOTICE.c.id).where(UNJUDGED, NOTICE.c.not_before <= now).limit(1)
    return conn.execute(query).first() is not None


def let_all_go(conn: Connection, now: datetime) -> int:
    """Everything that is due may go at once."""
    due = sa.update(NOTICE).where(UNJUDGED, NOTICE.c.not_before <= now)
    return conn.execute(due.values(judged_at=now)).rowcount
