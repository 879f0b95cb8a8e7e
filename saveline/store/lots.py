"""The deals that trials drew lots for, and what was drawn: from their histories, for settings change."""

from __future__ import annotations

from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.allocation import Lot
from saveline.core.facts import Fact
from saveline.core.periods import Period
from saveline.store.bulk import Read
from saveline.store.history import batched
from saveline.store.rows import DEAL, EVENT

_OPENINGS = Read(
    sa.select(EVENT.c.deal_id, EVENT.c.data).where(sa.text("event.seq = 1")).order_by(EVENT.c.deal_id), EVENT.c.deal_id
)


class _Opened(Fact, frozen=True):
    """All that is wanted of a DealOpened."""

    lot: Lot | None = None


_opened = msgspec.json.Decoder(_Opened)


def drawn(conn: Connection, since: datetime, period: Period) -> dict[int, Lot]:
    """By deal, the lots of every trial of which a deal was open after ``since``: all that were drawn before the
    period's end. Deals and trials that went on only by what became known later are among them: whoever reads the deals
    as they were known then leaves them out."""
    opened = (DEAL.c.trial.is_not(None), DEAL.c.opened_at < period.end)
    lived = sa.or_(DEAL.c.closed_at.is_(None), DEAL.c.closed_at >= since)
    trials = conn.execute(sa.select(DEAL.c.trial).where(*opened, lived).distinct()).scalars().all()
    if not trials:
        return {}
    ids = conn.execute(sa.select(DEAL.c.id).where(*opened, DEAL.c.trial.in_(trials)).order_by(DEAL.c.id)).scalars()
    rows = [(row[0], _opened.decode(row[1]).lot) for some in batched(ids.all()) for row in _OPENINGS.rows(conn, some)]
    return {deal_id: lot for deal_id, lot in rows if lot is not None}
