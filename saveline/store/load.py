"""Reading deals: a fixed number of queries, however many deals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

import models
from saveline.core.changes import KIND, Event, Reminded, RungPassed, decode
from saveline.core.facts import Account, Clock, Deal, Task
from saveline.core.records import Record
from saveline.store.bulk import Ask, Read
from saveline.store.rows import (
    CAUSE,
    CLOCK_FIELDS,
    DEAL,
    DEAL_FIELDS,
    EVENT,
    TASK,
    TASK_FIELDS,
    deal_fact,
    decode_json,
    table,
    task_fact,
)

ACCOUNT: Final = table(models.Account)
ROLE: Final = table(models.AccountRole)

_ACCOUNT_FIELDS = (
    "id",
    "key",
    "name",
    "segment",
    "vertical",
    "region",
    "arr_cents",
    "renewal",
    "health",
    "left_on",
    "fields",
)
_ACCOUNT_COLUMNS = [ACCOUNT.c[f] for f in _ACCOUNT_FIELDS]
_DEAL_SELECT = sa.select(*(DEAL.c[f] for f in DEAL_FIELDS), *_ACCOUNT_COLUMNS).join(
    ACCOUNT, ACCOUNT.c.id == DEAL.c.account_id
)

_DEALS = Read(_DEAL_SELECT, DEAL.c.id)
_DEALS_ALONE = Read(sa.select(*(DEAL.c[f] for f in DEAL_FIELDS)), DEAL.c.id)
_DEALS_LOCKED = Read(_DEAL_SELECT, DEAL.c.id, lock=DEAL)
_TASKS = Read(
    sa.select(TASK.c.deal_id, *(TASK.c[f] for f in TASK_FIELDS)).order_by(TASK.c.deal_id, TASK.c.no), TASK.c.deal_id
)
_CLOCKS = Read(
    sa.select(TASK.c.deal_id, TASK.c.no, *(TASK.c[f] for f in CLOCK_FIELDS)).where(
        TASK.c.state == sa.literal_column("'open'")
    ),
    TASK.c.deal_id,
)
_CAUSES = Read(
    sa.select(CAUSE.c.deal_id, CAUSE.c.cause).where(CAUSE.c.place >= sa.literal_column("0")).order_by(CAUSE.c.place),
    CAUSE.c.deal_id,
)
_ROLES = Read(sa.select(ROLE.c.account_id, ROLE.c.role, ROLE.c.person_id), ROLE.c.account_id)
_ACCOUNTS = Read(sa.select(*_ACCOUNT_COLUMNS), ACCOUNT.c.id)
_EVENT_COLUMNS = ("deal_id", "seq", "at", "kind", "data", "task_no", "by_id", "via")
_EVENTS = sa.select(*(EVENT.c[f] for f in _EVENT_COLUMNS)).order_by(EVENT.c.deal_id, EVENT.c.seq)
_HISTORY = Read(_EVENTS, EVENT.c.deal_id)
_RECORDS = Read(_EVENTS.add_columns(EVENT.c.late_s), EVENT.c.deal_id)
_REMINDING: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{KIND[change]}'") for change in (Reminded, RungPassed)]
_BUT_REMINDERS = Read(_EVENTS.add_columns(EVENT.c.late_s).where(EVENT.c.kind.not_in(_REMINDING)), EVENT.c.deal_id)

_DUE = (
    sa.select(DEAL.c.id)
    .where(
        DEAL.c.next_at <= sa.bindparam("now"),
        sa.or_(DEAL.c.retry_at.is_(None), DEAL.c.retry_at <= sa.bindparam("now")),
    )
    .order_by(DEAL.c.next_at)
    .limit(sa.bindparam("most"))
)
_ASK_DUE = Ask(_DUE)
_CLAIM = Ask(_DUE.with_for_update(skip_locked=True))
_CLAIM_ONE = Ask(_DUE.with_for_update(skip_locked=True).where(DEAL.c.id == sa.bindparam("only")))


def due_ids(conn: Connection, now: datetime, most: int) -> list[int]:
    """Ids of deals that are due, the longest first; one index range, however many deals there are."""
    return [row[0] for row in _ASK_DUE.rows(conn, now=now, most=most)]


def claim_due(conn: Connection, now: datetime, most: int, only: int | None = None) -> list[int]:
    """The same, locked until the transaction ends; those another worker has are left to it. ``only`` asks for one."""
    if only is not None:
        return [row[0] for row in _CLAIM_ONE.rows(conn, now=now, most=most, only=only)]
    return [row[0] for row in _CLAIM.rows(conn, now=now, most=most)]


def deals(conn: Connection, ids: Sequence[int], *, lock: bool = False) -> list[tuple[Deal, Account]]:
    """Deals with all their tasks, and accounts with their teams, in the order of ``ids``; unknown ids are left out.

    Five queries. With ``lock`` the deals are locked until the transaction ends (on SQLite a writer has the whole file).
    """
    if not ids:
        return []
    rows = (_DEALS_LOCKED if lock else _DEALS).rows(conn, ids)
    tasks, causes = _tasks(conn, ids), _causes(conn, ids)
    n = len(DEAL_FIELDS)
    teams = _teams(conn, [row[n] for row in rows])
    found = {}
    for row in rows:
        deal = deal_fact(row[:n], causes.get(row[0], ()), tasks.get(row[0], ()))
        found[deal.id] = (deal, account_fact(row[n:], teams.get(deal.account_id, {})))
    return [found[i] for i in ids if i in found]


def alone(conn: Connection, ids: Sequence[int], *, tasks: bool) -> list[Deal]:
    """Deals without their accounts, in no order; without ``tasks``, they come as if they had none."""
    done, causes = _tasks(conn, ids) if tasks else {}, _causes(conn, ids)
    rows = _DEALS_ALONE.rows(conn, ids)
    return [deal_fact(row, causes.get(row[0], ()), done.get(row[0], ())) for row in rows]


def readable(
    conn: Connection, ids: Sequence[int], *, lock: bool = False
) -> tuple[list[tuple[Deal, Account]], dict[int, Exception]]:
    """:func:`deals`, and the errors of those whose rows cannot be read. Where there is one, each is read by itself.

    What is wrong with the database as a whole is raised.
    """
    try:
        return deals(conn, ids, lock=lock), {}
    except SQLAlchemyError:
        raise
    except Exception:
        pass  # which of them it is, and what is wrong with it, is found out below
    found: list[tuple[Deal, Account]] = []
    faults: dict[int, Exception] = {}
    for deal_id in ids:
        try:
            found += deals(conn, [deal_id], lock=lock)
        except SQLAlchemyError:
            raise
        except Exception as error:
            faults[deal_id] = error
    return found, faults


def accounts(conn: Connection, ids: Sequence[int]) -> list[Account]:
    """Accounts with their teams."""
    teams = _teams(conn, ids)
    return [account_fact(row, teams.get(row[0], {})) for row in _ACCOUNTS.rows(conn, ids)]


def history(conn: Connection, ids: Sequence[int]) -> dict[int, list[Event]]:
    """Every event of the deals, in order."""
    rows = _HISTORY.rows(conn, ids)
    return grouped((r[0], Event(r[1], r[2], decode(r[3], r[4]), r[5], r[6], r[7])) for r in rows)


def records(conn: Connection, ids: Sequence[int], *, reminders: bool = True) -> dict[int, list[Record]]:
    """The same with when each was written; without ``reminders`` (a quarter of all events) those are left out, and so
    are rungs that came to nobody."""
    # There are hundreds of thousands in a report: made column by column, it takes them two thirds of the time.
    columns = (_RECORDS if reminders else _BUT_REMINDERS).columns(conn, ids)
    deal_ids, seqs, ats, kinds, data, task_nos, by_ids, vias, late = columns
    events = map(Event, seqs, ats, map(decode, kinds, data), task_nos, by_ids, vias)
    return grouped(zip(deal_ids, map(Record, events, late), strict=True))


def account_fact(row: Sequence[Any], team: dict[str, int]) -> Account:
    """``row`` holds the account's columns, the JSON of the user's own fields last."""
    return Account(*(*row[:-1], team, decode_json(row[-1])))


def _tasks(conn: Connection, ids: Sequence[int]) -> dict[int, list[Task]]:
    """The tasks of the deals, in order; those that are open with their clocks."""
    clocks: dict[int, dict[int, Clock]] = {}
    for row in _CLOCKS.rows(conn, ids):
        clocks.setdefault(row[0], {})[row[1]] = Clock(*row[2:])
    tasks: dict[int, list[Task]] = {}
    for row in _TASKS.rows(conn, ids):
        running = clocks.get(row[0])
        tasks.setdefault(row[0], []).append(task_fact(row, running.get(row[1]) if running else None))
    return tasks


def _causes(conn: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    return grouped((row[0], row[1]) for row in _CAUSES.rows(conn, ids))


def _teams(conn: Connection, account_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    teams: dict[int, dict[str, int]] = {}
    for account_id, role, person_id in _ROLES.rows(conn, account_ids):
        teams.setdefault(account_id, {})[role] = person_id
    return teams


def grouped(pairs: Iterable[tuple[int, Any]]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
