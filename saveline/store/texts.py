"""What was written about customers, and what people answered to tasks, as it was known at a moment.

A year of it is hundreds of thousands of rows: statements return plain numbers and texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import RESERVED, Fact
from saveline.core.product_changes import Work
from saveline.store.accounts import SIGNAL
from saveline.store.bulk import Ask, Read
from saveline.store.rows import DEAL, EVENT, TASK, decode_json, table
from saveline.store.voice import SIGNAL_BEFORE

COMMENT: Final = table(models.Comment)


class Reply(Fact, frozen=True):
    """What somebody answered to a task when they closed it, or said of why it cannot be done."""

    deal_id: int
    account_id: int
    no: int
    answers: dict[str, Any]
    note: str


def replies(conn: Connection, start: datetime, end: datetime) -> list[Reply]:
    """Of the tasks that were closed in ``[start, end)`` with an answer or a note, in that order."""
    rows = _REPLIES.rows(conn, start=start, end=end)
    return [Reply(d, a, no, decode_json(answers), note or "") for d, a, no, answers, note in rows]


def written(conn: Connection, start: datetime, end: datetime, known: datetime) -> Iterable[tuple[int, str]]:
    """Texts with the account they are about: notes of signals, comments, and why deals were closed as they were."""
    for kind in (_NOTES, _COMMENTS, _REASONS):
        yield from ((row[0], row[1]) for row in kind.rows(conn, start=start, end=end, known=known))
    for account_id, data in _CLOSED.rows(conn, start=start, end=end):
        yield account_id, _reason.decode(data).reason


def begun(conn: Connection, ids: Sequence[int], end: datetime) -> Iterable[tuple[int, int, int | None, Work]]:
    """The tasks of deals that had begun by then, as ``(deal, number, whose, task)``."""
    for deal_id, no, department, assignee_id, started_at, closed_at, state, outcome in _BEGUN.rows(conn, ids):
        if started_at is None or started_at >= end:
            continue
        over = closed_at is not None and closed_at < end
        ended = (closed_at, state, outcome) if over else (None, "open", None)
        yield deal_id, no, assignee_id, Work(department, started_at, *ended)


# --- statements -------------------------------------------------------------------------------------------------------


class _Closed(Fact, frozen=True):
    """All that is wanted of a DealClosed."""

    reason: str


_reason = msgspec.json.Decoder(_Closed)


def _between(at: sa.ColumnElement[Any]) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return at >= sa.bindparam("start"), at < sa.bindparam("end")


def _notes(signals: sa.Table) -> sa.Select[Any]:
    known: sa.BindParameter[Any] = sa.bindparam("known")
    rows = sa.select(signals.c.account_id, signals.c.note).where(
        *_between(signals.c.at), signals.c.note != sa.literal_column("''"), signals.c.recorded_at <= known
    )
    return rows.where(signals.c.until > known) if "until" in signals.c else rows


_both: Final = sa.union_all(_notes(SIGNAL), _notes(SIGNAL_BEFORE)).subquery()
_NOTES: Final = Ask(sa.select(_both.c.account_id, _both.c.note))
_COMMENTS: Final = Ask(
    sa.select(DEAL.c.account_id, COMMENT.c.body)
    .join(DEAL, DEAL.c.id == COMMENT.c.deal_id)
    .where(*_between(COMMENT.c.at))
)
# A deal that was opened again has lost its reason, and was perhaps closed again since: its history has them all.
_REASONS: Final = Ask(
    sa.select(DEAL.c.account_id, DEAL.c.reason).where(
        *_between(DEAL.c.closed_at), DEAL.c.reopened_at.is_(None), DEAL.c.reason.is_not(None)
    )
)
_CLOSED: Final = Ask(
    sa.select(DEAL.c.account_id, EVENT.c.data)
    .join(EVENT, EVENT.c.deal_id == DEAL.c.id)
    .where(DEAL.c.reopened_at.is_not(None), EVENT.c.kind == sa.literal_column("'deal_closed'"), *_between(EVENT.c.at))
)
_REPLIES: Final = Ask(
    sa.select(TASK.c.deal_id, DEAL.c.account_id, TASK.c.no, TASK.c.answers, TASK.c.note)
    .join(DEAL, DEAL.c.id == TASK.c.deal_id)
    .where(
        *_between(TASK.c.closed_at),
        # What was skipped or withdrawn has a note of the engine's, and the workspace's own tasks repeat the deal's.
        TASK.c.state.in_([sa.literal_column("'done'"), sa.literal_column("'cannot'")]),
        TASK.c.plan.not_in([sa.literal_column(f"'{plan}'") for plan in sorted(RESERVED)]),
        sa.or_(TASK.c.answers != sa.literal_column("'{}'"), TASK.c.note.is_not(None)),
    )
    .order_by(TASK.c.closed_at, TASK.c.deal_id, TASK.c.no)
)
_BEGUN: Final = Read(
    sa.select(
        *(TASK.c.deal_id, TASK.c.no, TASK.c.department, TASK.c.assignee_id, TASK.c.started_at, TASK.c.closed_at),
        *(TASK.c.state, TASK.c.outcome),
    ),
    TASK.c.deal_id,
)
