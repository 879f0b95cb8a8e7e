"""Answers to the monthly question, as they were known at a moment. No person stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.pulse import Felt
from saveline.store.natural import Natural
from saveline.store.rows import table

ANSWER: Final = table(models.PulseAnswer)
BEFORE: Final = table(models.PulseAnswerBefore)
ANSWERS: Final = Natural(ANSWER, ("source_key",), before=BEFORE)


def felt(conn: Connection, starts: Sequence[datetime], end: datetime, known: datetime) -> list[Felt]:
    """Of the months that begin with ``starts``, the last one first; it ends with ``end``."""
    both = sa.union_all(_known(ANSWER, known), _known(BEFORE, known).where(BEFORE.c.until > known)).subquery()
    rows = conn.execute(sa.select(both).where(both.c.at >= starts[-1], both.c.at < end))
    return [Felt(row.department, next(i for i, at in enumerate(starts) if row.at >= at), row.value) for row in rows]


def _known(answers: sa.Table, known: datetime) -> sa.Select[Any]:
    return sa.select(answers.c.department, answers.c.at, answers.c.value).where(answers.c.recorded_at <= known)
