"""Read models for lists: the board, and people's tasks. Each one query."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.facts import Fact
from saveline.store.load import ACCOUNT
from saveline.store.rows import DEAL, TASK

_OPEN: Final[sa.ColumnElement[str]] = sa.literal_column("'open'")


class Card(Fact, frozen=True):
    """One open deal as the board shows it. Money in cents; ``late`` tasks are past their due moment."""

    deal_id: int
    account: str
    stage: str
    state: str
    arr_cents: int
    score: int
    owner_id: int | None
    renewal: date | None
    decide_at: datetime
    stage_due_at: datetime | None
    open_tasks: int
    late_tasks: int
    next_due_at: datetime | None
    error: str | None


class TaskLine(Fact, frozen=True):
    """One open task as a list shows it."""

    deal_id: int
    no: int
    account: str
    arr_cents: int
    title: str
    assignee_id: int | None
    department: str | None
    due_at: datetime
    seen_at: datetime | None
    snoozed_until: datetime | None


def cards(conn: Connection, now: datetime) -> list[Card]:
    """Every open deal, the most valuable first."""
    due = sa.case((TASK.c.state == _OPEN, TASK.c.due_at))
    tasks = (
        sa.select(
            TASK.c.deal_id,
            sa.func.count(due).label("open"),
            sa.func.sum(sa.case((sa.and_(TASK.c.state == _OPEN, TASK.c.due_at < now), 1), else_=0)).label("late"),
            sa.type_coerce(sa.func.min(due), TASK.c.due_at.type).label("next"),
        )
        .group_by(TASK.c.deal_id)
        .subquery()
    )
    d, a = DEAL.c, ACCOUNT.c
    columns = (d.id, a.name, d.stage, d.state, d.arr_cents, d.score, d.owner_id, a.renewal, d.decide_at, d.stage_due_at)
    counted = (sa.func.coalesce(tasks.c.open, 0), sa.func.coalesce(tasks.c.late, 0), tasks.c.next, d.error)
    query = (
        sa.select(*columns, *counted)
        .join(ACCOUNT, a.id == d.account_id)
        .outerjoin(tasks, tasks.c.deal_id == d.id)
        .where(d.state != "closed")
        .order_by(d.arr_cents.desc(), d.id)
    )
    return [Card(*row) for row in conn.execute(query)]


def open_tasks(conn: Connection, person_id: int | None = None, department: str | None = None) -> list[TaskLine]:
    """Open tasks, the earliest due first: all, those of a person, or those offered to a department."""
    t, d, a = TASK.c, DEAL.c, ACCOUNT.c
    query = (
        sa.select(
            t.deal_id,
            t.no,
            a.name,
            d.arr_cents,
            t.title,
            t.assignee_id,
            t.department,
            t.due_at,
            t.seen_at,
            t.snoozed_until,
        )
        .join(DEAL, d.id == t.deal_id)
        .join(ACCOUNT, a.id == d.account_id)
        .where(t.state == _OPEN, d.state != "closed")
        .order_by(t.due_at, t.deal_id, t.no)
    )
    if person_id is not None:
        mine = t.assignee_id == person_id
        query = query.where(sa.or_(mine, t.department == department) if department else mine)
    return [TaskLine(*row) for row in conn.execute(query)]


def find_deal(conn: Connection, words: str) -> int | None:
    """The deal of that number, or the newest of the account with that key or name, an open one before all others."""
    d, a = DEAL.c, ACCOUNT.c
    query = (
        sa.select(d.id).where(d.id == int(words))
        if words.isascii() and words.isdigit() and len(words) < 16
        else (
            sa.select(d.id)
            .join(ACCOUNT, a.id == d.account_id)
            .where(sa.or_(a.key == words, sa.func.lower(a.name) == words.lower()))
            .order_by(sa.case((d.state == "closed", 1), else_=0), d.id.desc())
        )
    )
    found: int | None = conn.execute(query.limit(1)).scalar()
    return found


def account_names(conn: Connection, most: int = 5_000) -> list[str]:
    """The names of accounts that ever were at risk: what somebody may have meant."""
    query = sa.select(ACCOUNT.c.name).join(DEAL, DEAL.c.account_id == ACCOUNT.c.id).distinct().limit(most)
    return list(conn.execute(query).scalars())
