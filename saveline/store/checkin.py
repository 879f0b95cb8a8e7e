"""The monthly question: who was asked, who has answered, and the answers, between which nothing says what belongs
together."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.checkin import Round
from saveline.store.database import insert_into, is_sqlite
from saveline.store.pulse import ANSWER
from saveline.store.rows import table

ASKED: Final = table(models.PulseAsked)
PRESSED: Final = "pressed"
"""How the source key of an answer begins that was given by a press; what follows is drawn by chance."""
_KEEPING: Final = 0x5A7E12
_DRAWN: Final = secrets.SystemRandom()


def ask(conn: Connection, month: int, groups: Mapping[int, str]) -> set[int]:
    """Write down that these people are asked, each with the department of their answer. Returns those who are new."""
    if not groups:
        return set()
    rows = [{"month": month, "person_id": i, "department": group} for i, group in groups.items()]
    new = insert_into(conn, ASKED).values(rows).on_conflict_do_nothing().returning(ASKED.c.person_id)
    return set(conn.execute(new).scalars())


def answered(conn: Connection, month: int, person_id: int) -> bool | None:
    """Whether somebody has answered; None where they were not asked."""
    mine = (ASKED.c.month == month, ASKED.c.person_id == person_id)
    found: bool | None = conn.execute(sa.select(ASKED.c.answered).where(*mine)).scalar()
    return found


def take_turn(conn: Connection, month: int, person_id: int) -> str | None:
    """Write down that somebody answers, and give the department of their answer; None where they have done so already,
    or were not asked. Of two at once one has it."""
    mine = (ASKED.c.month == month, ASKED.c.person_id == person_id, ASKED.c.answered.is_(False))
    turn = sa.update(ASKED).where(*mine).values(answered=True).returning(ASKED.c.department)
    found: str | None = conn.execute(turn).scalar()
    return found


def keep(conn: Connection, asked: Round, department: str, value: int) -> None:
    """Add an answer. All that were given to the question are written anew with it, by a new order and under new keys:
    neither their order nor the transaction that wrote one tells which was given when, and so by whom.

    They count as written when the question is closed: until then a report does not know of them.
    """
    if not is_sqlite(conn):  # which has one writer anyway
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_KEEPING})")
    of_round = (ANSWER.c.at == asked.opens, ANSWER.c.source_key.startswith(f"{PRESSED}:"))
    gone = sa.delete(ANSWER).where(*of_round).returning(ANSWER.c.department, ANSWER.c.value)
    kept = [(row[0], row[1]) for row in conn.execute(gone)]
    given = [*kept, (department, value)]
    _DRAWN.shuffle(given)
    conn.execute(sa.insert(ANSWER), [_row(asked, *one) for one in given])


def forget(conn: Connection, before: int) -> int:
    """Forget who was asked in months before ``before``; returns how many."""
    return conn.execute(sa.delete(ASKED).where(ASKED.c.month < before)).rowcount


def any_before(conn: Connection, month: int) -> bool:
    """Whether there is somebody to be forgotten."""
    return conn.execute(sa.select(ASKED.c.month).where(ASKED.c.month < month).limit(1)).first() is not None


def _row(asked: Round, department: str, value: int) -> dict[str, Any]:
    return {
        "source_key": f"{PRESSED}:{secrets.token_hex(12)}",
        "department": department,
        "value": value,
        "at": asked.opens,
        "recorded_at": asked.closes,
    }
