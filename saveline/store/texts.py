"""What was written about customers, and what people answered to tasks, as it was known at a moment.

A year of it is hundreds of thousands of rows: statements return plain numbers and texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.changes import DealClosed, DealMerged, Event, TaskCannot, TaskDone, TaskStarted, evolve
from saveline.core.facts import RESERVED, Deal, Fact
from saveline.core.periods import Period
from saveline.core.product_changes import Work
from saveline.core.records import known
from saveline.store import load
from saveline.store.accounts import SIGNAL
from saveline.store.bulk import Ask, Read
from saveline.store.history import LATE_SECONDS, moved_since, written_since
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


def late(conn: Connection, period: Period) -> set[int]:
    """The deals of which something that had happened by the period's end was written later, more than an hour late."""
    return written_since(conn, period.known, period.end)


def replies(conn: Connection, period: Period, late_ones: Collection[int] | None = None) -> list[Reply]:
    """Of the tasks that were closed in the period with an answer or a note, in that order. Who has asked for
    :func:`late` tells of which deals: half a million events may have been written late."""
    rows = _REPLIES.rows(conn, **_bounds(period))
    unseen = _unseen(conn, period, (row[0] for row in rows if row[-1]), late_ones)
    tasks = {(deal_id, event.task_no) for deal_id, event in unseen if isinstance(event.change, TaskDone | TaskCannot)}
    return [
        Reply(deal_id, account_id, no, decode_json(answers), note or "")
        for deal_id, account_id, no, answers, note, _ in rows
        if (deal_id, no) not in tasks
    ]


def written(conn: Connection, period: Period, late_ones: Collection[int] | None = None) -> Iterator[tuple[int, str]]:
    """Texts with the account they are about: notes of signals, comments, and why deals were closed as they were."""
    comments, reasons = _COMMENTS.rows(conn, **_bounds(period)), _REASONS.rows(conn, **_bounds(period))
    closings = _CLOSED.rows(conn, **_bounds(period))
    near = (row[0] for rows in (comments, reasons, closings) for row in rows if row[-1])
    unseen = _unseen(conn, period, near, late_ones)
    events = {(deal_id, event.seq) for deal_id, event in unseen}
    ends = {deal_id for deal_id, event in unseen if isinstance(event.change, DealClosed | DealMerged)}
    yield from ((row[0], row[1]) for row in _NOTES.rows(conn, start=period.start, end=period.end, known=period.known))
    yield from ((row[2], row[3]) for row in comments if row[:2] not in events)
    yield from ((row[1], row[2]) for row in reasons if row[0] not in ends)
    yield from ((row[2], _reason.decode(row[3]).reason) for row in closings if row[:2] not in events)


def begun(conn: Connection, ids: Sequence[int], period: Period) -> Iterator[tuple[int, int, int | None, Work]]:
    """The tasks of deals that had begun by the period's end, as ``(deal, number, whose, task)``. Of a deal to which
    something has happened since, or became known, they are folded from its events."""
    moved = moved_since(conn, ids, period.end, period.known)
    rest = [i for i in ids if i not in moved]
    for deal_id, no, department, assignee_id, started_at, closed_at, state, outcome in _BEGUN.rows(conn, rest):
        if started_at is not None:
            yield deal_id, no, assignee_id, Work(department, started_at, *_ended(closed_at, state, outcome))
    for deal_id, records in load.records(conn, sorted(moved)).items():
        events = [r.event for r in known(records, period.end, period.known)]
        began = {e.task_no: e.at for e in events if isinstance(e.change, TaskStarted)}
        for task in evolve(Deal(id=deal_id, account_id=0), events).tasks if events else ():
            if task.no in began:
                ended = _ended(task.closed_at, task.state, task.outcome)
                yield deal_id, task.no, task.assignee_id, Work(task.department, began[task.no], *ended)


def _ended(closed_at: datetime | None, state: str, outcome: str | None) -> tuple[datetime | None, str, str | None]:
    return (closed_at, state, outcome) if closed_at is not None else (None, "open", None)


def _bounds(period: Period) -> dict[str, datetime]:
    """``edge`` is the moment from which on even what was written within the hour may not have been known."""
    return {"start": period.start, "end": period.end, "edge": period.known - timedelta(seconds=LATE_SECONDS)}


def _unseen(
    conn: Connection, period: Period, near: Iterable[int], late_ones: Collection[int] | None
) -> list[tuple[int, Event]]:
    """What had happened by the period's end and was not known, with its deal: of the deals to which something happened
    shortly before, and of those of which something was written late."""
    deals = {*near, *(late(conn, period) if late_ones is None else late_ones)}
    return [
        (deal_id, record.event)
        for deal_id, records in (load.records(conn, sorted(deals)) if deals else {}).items()
        for record in records[len(known(records, period.end, period.known)) :]
        if record.event.at < period.end
    ]


# --- statements -------------------------------------------------------------------------------------------------------


class _Closed(Fact, frozen=True):
    """All that is wanted of a DealClosed."""

    reason: str


_reason = msgspec.json.Decoder(_Closed)


def _between(at: sa.ColumnElement[Any]) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return at >= sa.bindparam("start"), at < sa.bindparam("end")


def _near(at: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return at >= sa.bindparam("edge")


def _notes(signals: sa.Table) -> sa.Select[Any]:
    known: sa.BindParameter[Any] = sa.bindparam("known")
    rows = sa.select(signals.c.account_id, signals.c.note).where(
        *_between(signals.c.at), signals.c.note != sa.literal_column("''"), signals.c.recorded_at <= known
    )
    return rows.where(signals.c.until > known) if "until" in signals.c else rows


_both: Final = sa.union_all(_notes(SIGNAL), _notes(SIGNAL_BEFORE)).subquery()
_NOTES: Final = Ask(sa.select(_both.c.account_id, _both.c.note))
_COMMENTS: Final = Ask(
    sa.select(COMMENT.c.deal_id, COMMENT.c.seq, DEAL.c.account_id, COMMENT.c.body, _near(COMMENT.c.at))
    .join(DEAL, DEAL.c.id == COMMENT.c.deal_id)
    .where(*_between(COMMENT.c.at))
)
# A deal that was opened again has lost its reason, and was perhaps closed again since: its history has them all.
_REASONS: Final = Ask(
    sa.select(DEAL.c.id, DEAL.c.account_id, DEAL.c.reason, _near(DEAL.c.closed_at)).where(
        *_between(DEAL.c.closed_at), DEAL.c.reopened_at.is_(None), DEAL.c.reason.is_not(None)
    )
)
_CLOSED: Final = Ask(
    sa.select(EVENT.c.deal_id, EVENT.c.seq, DEAL.c.account_id, EVENT.c.data, _near(EVENT.c.at))
    .join(EVENT, EVENT.c.deal_id == DEAL.c.id)
    .where(
        # Said as a list, so that SQLite begins with these few deals and not with every closing there ever was.
        EVENT.c.deal_id.in_(sa.select(DEAL.c.id).where(DEAL.c.reopened_at.is_not(None)).correlate(None)),
        *(EVENT.c.kind == sa.literal_column("'deal_closed'"), *_between(EVENT.c.at)),
    )
)
_REPLIES: Final = Ask(
    sa.select(TASK.c.deal_id, DEAL.c.account_id, TASK.c.no, TASK.c.answers, TASK.c.note, _near(TASK.c.closed_at))
    .join(DEAL, DEAL.c.id == TASK.c.deal_id)
    .where(
        # First what few tasks have: SQLite looks at conditions in their order.
        sa.or_(TASK.c.answers != sa.literal_column("'{}'"), TASK.c.note.is_not(None)),
        *_between(TASK.c.closed_at),
        # What was skipped or withdrawn has a note of the engine's, and the workspace's own tasks repeat the deal's.
        TASK.c.state.in_([sa.literal_column("'done'"), sa.literal_column("'cannot'")]),
        TASK.c.plan.not_in([sa.literal_column(f"'{plan}'") for plan in sorted(RESERVED)]),
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
