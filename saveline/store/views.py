"""What messages are made of, read for a whole batch in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.core.changes import Event, decode
from saveline.core.delivery import Queued
from saveline.core.facts import Account, Deal, Fact
from saveline.store import load
from saveline.store.bulk import Read
from saveline.store.rows import DEAL, EVENT, TASK

STORIES: Final = frozenset({"saved", "lost"})
_STEP_COLUMNS = ("deal_id", "seq", "at", "kind", "data", "task_no", "by_id", "via")
_STEPS = Read(
    sa.select(*(EVENT.c[f] for f in _STEP_COLUMNS))
    .where(EVENT.c.kind.in_([sa.literal_column("'task_assigned'"), sa.literal_column("'escalated'")]))
    .order_by(EVENT.c.deal_id, EVENT.c.seq),
    EVENT.c.deal_id,
)


class Background(Fact, frozen=True):
    """Deals by id; what assigned and escalated their tasks; and for digests, whose they are: person → deal ids."""

    deals: Mapping[int, tuple[Deal, Account]] = {}
    steps: Mapping[int, Sequence[Event]] = {}
    digests: Mapping[int, Sequence[int]] = {}


def background(conn: Connection, notices: Iterable[Queued]) -> Background:
    """All that the wording of ``notices`` looks at. At most eight queries."""
    notices = list(notices)
    digests = _digests(conn, {n.person_id for n in notices if n.kind == "digest"})
    ids = {n.deal_id for n in notices if n.deal_id} | {i for ids in digests.values() for i in ids}
    deals = {deal.id: (deal, account) for deal, account in load.deals(conn, sorted(ids))}
    with_tasks = sorted({n.deal_id for n in notices if n.deal_id and (n.task_no or n.kind in STORIES)})
    return Background(deals, _steps(conn, with_tasks), digests)


def _steps(conn: Connection, ids: Sequence[int]) -> dict[int, list[Event]]:
    if not ids:
        return {}
    return load.grouped((r[0], Event(r[1], r[2], decode(r[3], r[4]), r[5], r[6], r[7])) for r in _STEPS.rows(conn, ids))


def _digests(conn: Connection, people: set[int]) -> dict[int, list[int]]:
    """Person → the deals in which they have an open task, or which they own."""
    found: dict[int, set[int]] = {}
    if people:
        for person_id, deal_id in conn.execute(_open_with(people)):
            found.setdefault(person_id, set()).add(deal_id)
    return {person: sorted(ids) for person, ids in found.items()}


def busy(conn: Connection) -> set[int]:
    """Everybody who has an open task or owns an open deal."""
    return {row[0] for row in conn.execute(_open_with(None))}


def _open_with(people: set[int] | None) -> sa.CompoundSelect[Any]:
    tasks = sa.select(TASK.c.assignee_id, TASK.c.deal_id).where(TASK.c.state == sa.literal_column("'open'"))
    deals = sa.select(DEAL.c.owner_id, DEAL.c.id).where(DEAL.c.state != sa.literal_column("'closed'"))
    if people is not None:
        return sa.union(tasks.where(TASK.c.assignee_id.in_(people)), deals.where(DEAL.c.owner_id.in_(people)))
    return sa.union(tasks.where(TASK.c.assignee_id.is_not(None)), deals.where(DEAL.c.owner_id.is_not(None)))
