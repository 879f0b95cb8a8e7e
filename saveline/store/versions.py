"""Versions of a playbook, the deals that run by them, and what was decided about these deals when the play changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Fact
from saveline.core.migration import Effect
from saveline.store.playbooks import VERSION
from saveline.store.rows import DEAL, table

DECISION: Final = table(models.PlaybookDecision)
DECIDED: Final = table(models.PlaybookDecided)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Effect).decode


class Listed(Fact, frozen=True):
    """A version, since when it is known, and how many deals run by it and have ended by it."""

    hash: str
    since: datetime
    running: int
    closed: int


class Decided(Fact, frozen=True):
    """What somebody decided about the running deals of a play, when, and why."""

    id: int
    name: str
    hash: str
    choice: str
    by_id: int | None
    at: datetime
    reason: str
    finished_at: datetime | None


class Passed(Fact, frozen=True):
    """What came of a decision for one deal; ``before`` is the version it had."""

    deal_id: int
    result: str
    before: str
    effect: Effect | None


_COLUMNS = [DECISION.c[f] for f in Decided.__struct_fields__]


def listed(conn: Connection, name: str) -> list[Listed]:
    """Every version of the play, the newest first."""
    deals = DEAL.c.play_hash == VERSION.c.hash
    count = sa.select(sa.func.count()).select_from(DEAL).where(deals)
    running, closed = count.where(DEAL.c.state != "closed"), count.where(DEAL.c.state == "closed")
    query = (
        sa.select(VERSION.c.hash, VERSION.c.seen_at, running.scalar_subquery(), closed.scalar_subquery())
        .where(VERSION.c.name == name)
        .order_by(VERSION.c.seen_at.desc(), VERSION.c.hash)
    )
    return [Listed(*row) for row in conn.execute(query)]


def running(conn: Connection, name: str, *, other_than: str) -> list[int]:
    """The deals that run by a version of the play other than ``other_than``, in the order of their ids."""
    query = sa.select(DEAL.c.id).where(DEAL.c.state != "closed", DEAL.c.play == name, DEAL.c.play_hash != other_than)
    return list(conn.execute(query.order_by(DEAL.c.id)).scalars())


def pinned(conn: Connection, ids: Collection[int]) -> set[int]:
    """Those of ``ids`` about which the last decision was that they keep their version."""
    last = (
        sa.select(DECIDED.c.deal_id, sa.func.max(DECIDED.c.decision_id).label("decision_id"))
        .where(DECIDED.c.deal_id.in_(ids))
        .group_by(DECIDED.c.deal_id)
        .subquery()
    )
    same = sa.and_(DECIDED.c.deal_id == last.c.deal_id, DECIDED.c.decision_id == last.c.decision_id)
    query = sa.select(DECIDED.c.deal_id).join(last, same).where(DECIDED.c.result == "pinned")
    return set(conn.execute(query).scalars())


# --- decisions --------------------------------------------------------------------------------------------------------


def record(conn: Connection, found: dict[str, Any]) -> int:
    """Write down a decision: name, hash, choice, by_id, at, reason, finished_at. Returns its id."""
    made: int = conn.execute(sa.insert(DECISION).returning(DECISION.c.id), found).scalar_one()
    return made


def pass_(conn: Connection, decision_id: int, passed: Iterable[Passed]) -> None:
    """What came of it for these deals; about one that has been through already, what was written stays."""
    rows = [
        {
            "decision_id": decision_id,
            "deal_id": p.deal_id,
            "result": p.result,
            "before": p.before,
            "effect": _encode(p.effect).decode() if p.effect else "{}",
        }
        for p in passed
    ]
    if rows:
        conn.execute(sa.insert(DECIDED), rows)


def passed(conn: Connection, decision_id: int) -> list[Passed]:
    query = sa.select(DECIDED).where(DECIDED.c.decision_id == decision_id).order_by(DECIDED.c.deal_id)
    return [
        Passed(row.deal_id, row.result, row.before, _decode(row.effect) if row.effect != "{}" else None)
        for row in conn.execute(query)
    ]


def finish(conn: Connection, decision_id: int, now: datetime) -> bool:
    """Say that it is through. False where somebody has said so already."""
    open_ = sa.update(DECISION).where(DECISION.c.id == decision_id, DECISION.c.finished_at.is_(None))
    return conn.execute(open_.values(finished_at=now)).rowcount == 1


def interrupted(conn: Connection, before: datetime) -> list[Decided]:
    """Decisions that were begun before ``before`` and are not through."""
    query = sa.select(*_COLUMNS).where(DECISION.c.finished_at.is_(None), DECISION.c.at < before)
    return [Decided(*row) for row in conn.execute(query.order_by(DECISION.c.id))]


def decision(conn: Connection, decision_id: int) -> Decided:
    """Raises NoResultFound for an id that is none."""
    return Decided(*conn.execute(sa.select(*_COLUMNS).where(DECISION.c.id == decision_id)).one())


def decisions(conn: Connection, name: str) -> Sequence[Decided]:
    """Everything that was decided about the play, the last first."""
    query = sa.select(*_COLUMNS).where(DECISION.c.name == name).order_by(DECISION.c.id.desc())
    return [Decided(*row) for row in conn.execute(query)]


def running_by(conn: Connection, ids: Collection[int], hash_: str) -> list[int]:
    """Those of ``ids`` that are open and run by version ``hash_``, in order."""
    query = sa.select(DEAL.c.id).where(DEAL.c.id.in_(ids), DEAL.c.state != "closed", DEAL.c.play_hash == hash_)
    return list(conn.execute(query.order_by(DEAL.c.id)).scalars())
