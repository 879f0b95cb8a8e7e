"""What was posted where: the thread of each deal in each conversation, and posts that change when their task does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from models.records import LIVE
from saveline.core.delivery import Queued
from saveline.core.facts import Fact
from saveline.core.pressing import TO_HOLDERS, UPDATE, is_live, is_post
from saveline.store.bulk import Many, Read, upsert
from saveline.store.database import insert_into
from saveline.store.rows import DEAL, NOTICE, TASK, encode_json, table

THREAD: Final = table(models.Thread)


class Post(Fact, frozen=True):
    """A post with buttons: the notice that was sent, and the channel's name for it."""

    id: int
    deal_id: int
    task_no: int
    kind: str
    person_id: int
    channel: str
    ref: str


_POST_COLUMNS = [NOTICE.c[f] for f in Post.__struct_fields__]
_OUT_OF_DATE: Final = (
    sa.select(*_POST_COLUMNS)
    .outerjoin(TASK, sa.and_(TASK.c.deal_id == NOTICE.c.deal_id, TASK.c.no == NOTICE.c.task_no))
    .outerjoin(DEAL, DEAL.c.id == NOTICE.c.deal_id)
    .where(LIVE)
    .where(
        sa.or_(
            TASK.c.state.is_(None),
            TASK.c.state != "open",
            DEAL.c.state == "closed",
            sa.and_(NOTICE.c.kind.in_(TO_HOLDERS), sa.func.coalesce(TASK.c.assignee_id, 0) != NOTICE.c.person_id),
        )
    )
)


_THREADS: Final = Read(sa.select(THREAD.c.deal_id, THREAD.c.address, THREAD.c.ref), THREAD.c.deal_id)
_FIRST: Final = upsert(THREAD, ("deal_id", "address", "ref", "at"), ("deal_id", "address"), keep=True)
_LIVE: Final = Many.update(NOTICE, (), ("id",), live=True)


def address(notice: Queued) -> str:
    """The conversation in which a notice is said: a room's name, or one person's by that channel."""
    return notice.channel if notice.room else f"{notice.channel}/{notice.person_id}"


def threads(conn: Connection, notices: Iterable[Queued]) -> dict[int, str]:
    """Notice id → the first post about its deal in its conversation, where there is one."""
    wanted = {(n.deal_id, address(n)): n.id for n in notices if n.deal_id}
    if not wanted:
        return {}
    known = {(row[0], row[1]): row[2] for row in _THREADS.rows(conn, sorted({deal for deal, _ in wanted}))}
    return {n.id: known[n.deal_id, address(n)] for n in notices if (n.deal_id, address(n)) in known}


def posted(conn: Connection, sent: Sequence[tuple[Queued, str]], now: datetime) -> None:
    """Remember posts by the bot, each ``(notice, the channel's name for it)``: those with buttons, and the first about
    a deal in its conversation, to which later ones are answers."""
    live = [n.id for n, ref in sent if is_live(n.kind, n.task_no, ref)]
    _LIVE.run(conn, [(id_,) for id_ in live])
    first: dict[tuple[int, str], tuple[Any, ...]] = {}
    for n, ref in sent:
        if n.deal_id and n.kind != UPDATE and is_post(ref):
            key = (n.deal_id, address(n))
            first.setdefault(key, (*key, ref, now))
    _FIRST.run(conn, list(first.values()))


def out_of_date(conn: Connection, most: int, deal_id: int | None = None) -> list[Post]:
    """Posts whose buttons mean nothing any more, locked against another worker; with ``deal_id`` those of a deal."""
    query = _OUT_OF_DATE.order_by(NOTICE.c.id).limit(most).with_for_update(of=NOTICE, skip_locked=True)
    if deal_id is not None:
        query = query.where(NOTICE.c.deal_id == deal_id)
    return [Post(*row) for row in conn.execute(query)]


def any_out_of_date(conn: Connection) -> bool:
    """Whether there are such posts: a look that needs no transaction of a writer."""
    return conn.execute(_OUT_OF_DATE.limit(1)).first() is not None


def change(conn: Connection, posts: Sequence[Post], now: datetime) -> int:
    """Queue a notice for each of ``posts`` that takes its buttons away, and forget that they have any: both or
    neither. Returns how many are new."""
    if not posts:
        return 0
    conn.execute(sa.update(NOTICE).where(NOTICE.c.id.in_([p.id for p in posts])).values(live=False))
    insert = insert_into(conn, NOTICE)
    new = insert.values([_update(p, now) for p in posts]).on_conflict_do_nothing().returning(NOTICE.c.id)
    return len(conn.execute(new).all())


def _update(post: Post, now: datetime) -> dict[str, Any]:
    return {
        "deal_id": post.deal_id,
        "task_no": post.task_no,
        "kind": UPDATE,
        "ordinal": post.id,
        "person_id": post.person_id,
        "channel": post.channel,
        "at": now,
        "about": encode_json({"of": post.id, "ref": post.ref, "kind": post.kind}),
        "not_before": now,
        "judged_at": now,  # changing what is there already disturbs nobody
        "status": "queued",
        "attempts": 0,
    }
