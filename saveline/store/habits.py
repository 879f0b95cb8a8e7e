"""What people did with their tasks, as far back as it is worth learning from, and the deals of a past time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.facts import Account, Deal
from saveline.core.learning import History, Past
from saveline.store import load
from saveline.store.rows import CAUSE, DEAL, EVENT, TASK, decode_json

NEWEST: Final = 5_000
"""Deals that are looked at; older ones are of people who may have left, and of plays that have changed."""
AT_ONCE: Final = 500
_MARKS: Final = ("task_assigned", "task_seen", "help_asked")


def history(conn: Connection, since: datetime) -> History:
    """The tasks of the newest deals that were opened at ``since`` or later, and the causes of those deals."""
    newest = sa.select(DEAL.c.id).where(DEAL.c.opened_at >= since).order_by(DEAL.c.opened_at.desc()).limit(NEWEST)
    ids = sorted(conn.execute(newest).scalars())
    tasks: list[Past] = []
    causes: list[str] = []
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        tasks += _tasks(conn, some)
        causes += conn.execute(sa.select(CAUSE.c.cause).where(CAUSE.c.deal_id.in_(some), CAUSE.c.place == 0)).scalars()
    return History(tuple(tasks), tuple(causes))


def _tasks(conn: Connection, ids: Sequence[int]) -> Iterator[Past]:
    marks = _marked(conn, ids)
    columns = ("deal_id", "no", "plan", "assignee_id", "started_at", "state", "closed_at", "outcome", "answers")
    query = (
        sa.select(DEAL.c.play, *(TASK.c[c] for c in columns))
        .join(DEAL, DEAL.c.id == TASK.c.deal_id)
        .where(TASK.c.deal_id.in_(ids), TASK.c.assignee_id.is_not(None))
        .order_by(TASK.c.deal_id, TASK.c.no)
    )
    for play, deal_id, no, plan, person_id, started, state, closed, outcome, answers in conn.execute(query):
        of = marks.get((deal_id, no), {})
        given = of.get("task_assigned", started)
        if given is not None:
            seen, helped = of.get("task_seen"), "help_asked" in of
            yield Past(play, plan, person_id, given, state, closed, outcome, decode_json(answers), seen, helped)


def _marked(conn: Connection, ids: Sequence[int]) -> dict[tuple[int, int], dict[str, datetime]]:
    """By task, when it was given to whoever has it now, and since then first seen and asked for help with."""
    query = (
        sa.select(EVENT.c.deal_id, EVENT.c.task_no, EVENT.c.kind, EVENT.c.at)
        .where(EVENT.c.deal_id.in_(ids), EVENT.c.kind.in_(_MARKS))
        .order_by(EVENT.c.deal_id, EVENT.c.seq)
    )
    marks: dict[tuple[int, int], dict[str, Any]] = {}
    for deal_id, no, kind, at in conn.execute(query):
        if kind == "task_assigned":
            marks[deal_id, no] = {kind: at}
        else:
            marks.setdefault((deal_id, no), {}).setdefault(kind, at)
    return marks


def deals_between(conn: Connection, start: datetime, end: datetime) -> list[tuple[Deal, Account]]:
    """The deals that were opened in ``[start, end)``, with their accounts as they are today, the oldest first."""
    query = (
        sa.select(DEAL.c.id)
        .where(DEAL.c.opened_at >= start, DEAL.c.opened_at < end, DEAL.c.merged_into.is_(None))
        .order_by(DEAL.c.opened_at, DEAL.c.id)
    )
    ids = list(conn.execute(query).scalars())
    found: list[tuple[Deal, Account]] = []
    for at in range(0, len(ids), AT_ONCE):
        found += load.deals(conn, ids[at : at + AT_ONCE])
    return found
