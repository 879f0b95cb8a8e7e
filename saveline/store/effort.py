"""What people answered when they finished the tasks of deals that are decided by now: their hours and concessions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.value import Answered
from saveline.store.bulk import Read
from saveline.store.history import batched
from saveline.store.rows import TASK

_answers = msgspec.json.Decoder(dict[str, object])
_ANSWERED: Final = Read(
    sa.select(TASK.c.deal_id, TASK.c.plan, TASK.c.answers, TASK.c.closed_at)
    .where(TASK.c.state == sa.literal_column("'done'"), TASK.c.answers != sa.literal_column("'{}'"))
    .order_by(TASK.c.deal_id, TASK.c.no),
    TASK.c.deal_id,
)


def answered(conn: Connection, closed: Mapping[int, datetime]) -> dict[int, list[Answered]]:
    """Of deals with the moments at which they were closed: what had been answered by then. A task that is finished
    does not change, so this says the same whenever it is asked."""
    found: dict[int, list[Answered]] = {}
    for some in batched(sorted(closed)):
        for deal_id, plan, answers, at in _ANSWERED.rows(conn, some):
            if at <= closed[deal_id]:
                found.setdefault(deal_id, []).append((plan, _answers.decode(answers)))
    return found
