"""Writing decisions: one function, one transaction, a fixed number of statements, however many deals.

The deal as it was folded is what is written, so memory and database cannot read a change in two ways; the events say
how it came about, and the notices lie in the outbox, all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

import models
from saveline.core.changes import CauseAdded, CausesSplit, Commented, DealOpened, Event, encode
from saveline.core.decide.draft import Decision
from saveline.core.errors import SomebodyWasFaster
from saveline.core.facts import Deal, Task
from saveline.core.notices import Notice
from saveline.faults import crash_point
from saveline.store.bulk import Changed, Many
from saveline.store.rows import (
    CAUSE,
    CLOCK_FIELDS,
    DEAL,
    DEAL_FIELDS,
    EVENT,
    NO_CLOCK,
    NOTICE,
    TASK,
    TASK_FIELDS,
    clock_values,
    deal_values,
    encode_json,
    table,
)

COMMENT: Final = table(models.Comment)
ROTATION: Final = table(models.Rotation)

_AT_OPENING = ("id", "account_id", "opened_at")
_DEAL_MOVES = tuple(f for f in DEAL_FIELDS if f not in _AT_OPENING)
_TASK_MOVES = ("state", "title", "assignee_id", "department", "starts_at", "meant_id", "link", *CLOCK_FIELDS)
_TASK_WAITS = ("starts_at",)
_TASK_PLACES = ("plan", "stage", "visit")
_TASK_ENDS = ("state", "closed_at", "closed_by", "outcome", "note", "answers")

_SET_ASIDE_NO_MORE = {"failures": 0, "error": None, "retry_at": None}
_INSERT_DEALS = sa.insert(DEAL).returning(DEAL.c.id, sort_by_parameter_order=True)
_UPDATE_DEAL = Changed(DEAL, _DEAL_MOVES, ("id", "seq"), **_SET_ASIDE_NO_MORE)
_INSERT_TASK = Many.insert(TASK, ("deal_id", *TASK_FIELDS, *CLOCK_FIELDS))
_UPDATE_TASK = Changed(TASK, _TASK_MOVES, ("deal_id", "no"))
_UPDATE_WAITING = Changed(TASK, _TASK_WAITS, ("deal_id", "no"))
_CLOSE_TASK = Many.update(TASK, _TASK_ENDS, ("deal_id", "no"), next_at=None)
_REWRITE_TASK = Many.update(TASK, (*TASK_FIELDS, *CLOCK_FIELDS), ("deal_id", "no"))
_INSERT_EVENT = Many.insert(EVENT, ("deal_id", "seq", "task_no", "at", "late_s", "kind", "by_id", "via", "data"))
_NOTICE_FIELDS = ("deal_id", "task_no", "kind", "ordinal", "person_id", "channel", "at", "about", "not_before")
_INSERT_NOTICE = Many.insert(NOTICE, _NOTICE_FIELDS)
_INSERT_CAUSE = Many.insert(CAUSE, ("deal_id", "cause", "place", "at"))
_SPLIT_CAUSE = Many.update(CAUSE, ("at", "place"), ("deal_id", "cause"))
_JOIN_AGAIN = Many.update(CAUSE, ("place", "at"), ("deal_id", "cause"))
_SPLIT_OFF: Final = -1
_INSERT_COMMENT = Many.insert(COMMENT, ("deal_id", "seq", "task_no", "person_id", "at", "body"))

_places = attrgetter(*_TASK_PLACES)
_deal_moves = attrgetter(*_DEAL_MOVES)


def apply(conn: Connection, decisions: Sequence[Decision], now: datetime) -> list[Deal]:
    """Write all decisions; returns the deals as they stand, new ones with their ids.

    Raises SomebodyWasFaster when a deal has moved on since it was read: the caller's transaction must then end.
    """
    written = _with_ids(conn, decisions)
    _update_deals(conn, [d for d in written if d.before.id and d.deal is not d.before])
    crash_point("deals_written")
    _write_tasks(conn, written)
    crash_point("tasks_written")
    _INSERT_EVENT.run(conn, [_event_row(d.deal.id, e, now) for d in written for e in d.events])
    crash_point("events_written")
    _INSERT_NOTICE.run(conn, [_notice_row(d.deal.id, n) for d in written for n in d.notices])
    crash_point("notices_written")
    _write_side_rows(conn, written)
    crash_point("side_rows_written")
    return [d.deal for d in written]


def _with_ids(conn: Connection, decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions in their order, those about new deals with the ids that the database has given them."""
    new = [d for d in decisions if not d.before.id]
    if not new:
        return list(decisions)
    rows = [dict(zip(DEAL_FIELDS[1:], deal_values(d.deal)[1:], strict=True)) for d in new]
    ids = iter(conn.execute(_INSERT_DEALS, rows).scalars().all())
    return [d if d.before.id else replace(d, deal=replace(d.deal, id=next(ids))) for d in decisions]


def _update_deals(conn: Connection, decisions: Sequence[Decision]) -> None:
    rows = [(_deal_moves(d.before), _deal_moves(d.deal), (d.deal.id, d.before.seq)) for d in decisions]
    if _UPDATE_DEAL.run(conn, rows) != len(rows):
        raise SomebodyWasFaster(decisions[0].deal.id)


def _write_tasks(conn: Connection, decisions: Iterable[Decision]) -> None:
    new, moved, waiting, ended, rewritten = [], [], [], [], []
    for decision in decisions:
        deal_id, before = decision.deal.id, decision.before.tasks
        for i, task in enumerate(decision.deal.tasks):
            if i >= len(before):
                new.append((deal_id, *_whole_task(task)))
            elif task is before[i]:
                continue
            elif _only_by_another_play(before[i], task) or _came_and_went(before[i], task):
                rewritten.append((*_whole_task(task), deal_id, task.no))
            elif task.clock is not None:
                moved.append((_task_moves(before[i]), _task_moves(task), (deal_id, task.no)))
            elif task.state == "waiting":
                waiting.append(((before[i].starts_at,), (task.starts_at,), (deal_id, task.no)))
            else:
                ended.append((*_task_end(task), deal_id, task.no))
    _INSERT_TASK.run(conn, new)
    _UPDATE_TASK.run(conn, moved)
    _UPDATE_WAITING.run(conn, waiting)
    _CLOSE_TASK.run(conn, ended)
    _REWRITE_TASK.run(conn, rewritten)


def _only_by_another_play(was: Task, now: Task) -> bool:
    """Whether the task belongs elsewhere, or is open or waits again: which nothing but a change of its play does."""
    return was.closed or _places(was) != _places(now) or (was.clock is not None and now.state == "waiting")


def _came_and_went(was: Task, now: Task) -> bool:
    """Whether it began and ended in one decision: then it got its title and its holder on the way."""
    return was.state == "waiting" and now.closed and (now.title, now.assignee_id, now.department) != ("", None, None)


def _task_moves(task: Task) -> tuple[Any, ...]:
    clock = clock_values(task.clock) if task.clock else NO_CLOCK
    return (
        task.state,
        task.title,
        task.assignee_id,
        task.department,
        task.starts_at,
        task.meant_id,
        task.link,
        *clock,
    )


def _whole_task(task: Task) -> list[Any]:
    clock = clock_values(task.clock) if task.clock else NO_CLOCK
    return [*(getattr(task, f) for f in TASK_FIELDS[:-1]), encode_json(task.answers), *clock]


def _task_end(task: Task) -> tuple[Any, ...]:
    return task.state, task.closed_at, task.closed_by, task.outcome, task.note, encode_json(task.answers)


def _event_row(deal_id: int, event: Event, now: datetime) -> tuple[Any, ...]:
    late = max(0, int((now - event.at).total_seconds()))
    return deal_id, event.seq, event.task_no, event.at, late, event.kind, event.by, event.via, encode(event.change)


def _notice_row(deal_id: int, n: Notice) -> tuple[Any, ...]:
    about = encode_json(n.about)
    return deal_id, n.task_no, n.kind, n.ordinal, n.person_id, n.channel, n.at, about, n.at


def _write_side_rows(conn: Connection, decisions: Sequence[Decision]) -> None:
    """Causes and comments, which have tables of their own, and where the rotations stand."""
    causes, joined, split, comments = [], [], [], []
    rotations: dict[str, int] = {}
    for decision in decisions:
        deal_id = decision.deal.id
        rotations.update(decision.rotations)
        for event in decision.events:
            match event.change:
                case DealOpened(causes=named):
                    causes += [(deal_id, cause, place, event.at) for place, cause in enumerate(named)]
                case CauseAdded(cause=cause):
                    joined.append((deal_id, cause, event.seq, event.at))
                case CausesSplit(causes=gone):
                    split += [(event.at, _SPLIT_OFF, deal_id, cause) for cause in gone]
                case Commented(body=body):
                    comments.append((deal_id, event.seq, event.task_no, event.by, event.at, body))
    _INSERT_CAUSE.run(conn, causes)
    _add_and_split(conn, joined, split)
    _INSERT_COMMENT.run(conn, comments)
    for department, person_id in rotations.items():
        conn.execute(sa.delete(ROTATION).where(ROTATION.c.department == department))
        conn.execute(sa.insert(ROTATION), {"department": department, "person_id": person_id})


def _add_and_split(conn: Connection, joined: Sequence[tuple[Any, ...]], split: Sequence[tuple[Any, ...]]) -> None:
    """Causes that joined, and those that were split off. Their rows stay, so one can come back to where it was."""
    if joined:
        keys = [(deal_id, cause) for deal_id, cause, _, _ in joined]
        there = sa.select(CAUSE.c.deal_id, CAUSE.c.cause).where(
            CAUSE.c.place < 0, CAUSE.c.deal_id.in_({deal_id for deal_id, _ in keys})
        )
        gone = {(row[0], row[1]) for row in conn.execute(there)}
        _INSERT_CAUSE.run(conn, [row for row, key in zip(joined, keys, strict=True) if key not in gone])
        _JOIN_AGAIN.run(conn, [(row[2], row[3], *key) for row, key in zip(joined, keys, strict=True) if key in gone])
    _SPLIT_CAUSE.run(conn, split)
