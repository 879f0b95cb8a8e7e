"""W(N) in plain SQL: SQLAlchemy Core, executemany, at most 500 changes a transaction. What any engine is measured by.

Four tables and the least that the workload needs in them; no rules, no people, no calendar, no text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from benchmarks import workload
from benchmarks.databases import Place
from saveline.store.database import connect

TICK: Final = 60
BATCH: Final = 500
SIZE: Final = workload.SIZE

meta = sa.MetaData()
_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DEAL = sa.Table(
    "deal",
    meta,
    sa.Column("id", _key, primary_key=True, autoincrement=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("arr", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("open_tasks", sa.Integer, nullable=False),
    sa.Column("started_at", sa.Integer),
    sa.Column("closed_at", sa.Integer),
    sa.Column("version", sa.Integer, nullable=False),
)
TASK = sa.Table(
    "task",
    meta,
    sa.Column("id", _key, primary_key=True, autoincrement=False),
    sa.Column("deal_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("idx", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text),
    sa.Column("pending", sa.Integer, nullable=False),
    sa.Column("opened_at", sa.Integer),
    sa.Column("next_at", sa.Integer),
    sa.Column("next_kind", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index(
        "task_due",
        "next_at",
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    ),
)
EVENT = sa.Table(
    "event",
    meta,
    sa.Column("id", _key, primary_key=True),
    sa.Column("deal_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("task_id", sa.BigInteger),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Column("data", sa.Text),
)
OUTBOX = sa.Table(
    "outbox",
    meta,
    sa.Column("id", _key, primary_key=True),
    sa.Column("deal_id", sa.BigInteger, nullable=False),
    sa.Column("task_id", sa.BigInteger),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Index("outbox_todo", "id", sqlite_where=sa.text("status = 0"), postgresql_where=sa.text("status = 0")),
)

_b = sa.bindparam
_MOVE = (
    sa.update(TASK)
    .where(TASK.c.id == _b("b_id"))
    .values(state=_b("b_state"), version=TASK.c.version + 1, next_kind=_b("b_kind"), next_at=_b("b_at"))
)
_OPEN = (
    sa.update(TASK)
    .where(TASK.c.id == _b("b_id"))
    .values(state="open", version=TASK.c.version + 1, opened_at=_b("b_now"))
)
_ASSIGN = (
    sa.update(TASK)
    .where(TASK.c.id == _b("b_id"))
    .values(
        state="assign", version=TASK.c.version + 1, assignee=_b("b_who"), next_kind=_b("b_kind"), next_at=_b("b_at")
    )
)
_LESS = sa.update(TASK).where(TASK.c.id == _b("b_id")).values(pending=TASK.c.pending - 1)
_FEWER = sa.update(DEAL).where(DEAL.c.id == _b("b_id")).values(open_tasks=DEAL.c.open_tasks - 1)
_READY = sa.select(TASK.c.id).where(
    TASK.c.id.in_(_b("ids", expanding=True)), TASK.c.pending == 0, TASK.c.state == "waiting"
)
_EMPTY = sa.select(DEAL.c.id).where(
    DEAL.c.id.in_(_b("ids", expanding=True)), DEAL.c.open_tasks == 0, DEAL.c.state == "open"
)
_CLOSE = (
    sa.update(DEAL)
    .where(DEAL.c.id == _b("b_id"))
    .values(state="closed", closed_at=_b("b_now"), version=DEAL.c.version + 1)
)
_DUE = (
    sa.select(TASK.c.id, TASK.c.next_kind, TASK.c.opened_at)
    .where(TASK.c.next_at <= _b("now"))
    .order_by(TASK.c.next_at)
    .limit(_b("most"))
)
_TIMERS: Final = (("remind1", 0.5), ("remind2", 0.8), ("escalate1", 1.0), ("escalate2", 1.5), ("expire", 2.0))


def run(place: Place, n: int) -> dict[str, Any]:
    """Run W(n); returns the figures."""
    engine = connect(place.url)
    meta.create_all(engine)
    with place.meter() as meter:
        reference = _Reference(engine, n)
        reference.play()
    assert reference.changes == workload.expected(n), (reference.changes, workload.expected(n))
    engine.dispose()
    changes = workload.expected(n)
    return meter.figures(changes, name="core-500", n=n) | {"bytes_a_change": round(place.bytes() / changes)}


class _Reference:
    def __init__(self, engine: sa.Engine, n: int) -> None:
        self.engine, self.n, self.changes, self.closed = engine, n, 0, 0
        self.starts: dict[int, list[int]] = defaultdict(list)
        self.ends: dict[int, list[int]] = defaultdict(list)
        for deal in range(1, n + 1):
            self.starts[_tick(workload.starts_at(deal))].append(deal)

    def play(self) -> None:
        tick = 0
        while self.closed < self.n:
            now = tick * TICK
            for batch in _batches(self.starts.pop(tick, []), BATCH // 3):
                with self.engine.begin() as conn:
                    self._start(conn, batch, now)
            for batch in _batches(self.ends.pop(tick, []), BATCH // 3):
                with self.engine.begin() as conn:
                    self._end(conn, [(t, "done") for t in batch], now)
            self._fire(now)
            tick += 1

    def _fire(self, now: int) -> None:
        while True:
            with self.engine.begin() as conn:
                due = conn.execute(_DUE, {"now": now, "most": BATCH}).all()
                if not due:
                    return
                over = [(t, kind) for t, kind, _ in due if kind == "expire"]
                moves = [(t, kind, opened) for t, kind, opened in due if kind != "expire"]
                if moves:
                    conn.execute(_MOVE, [self._move(*m) for m in moves])
                    self._log(conn, [(t, kind) for t, kind, _ in moves], now)
                if over:
                    self._end(conn, over, now)

    def _move(self, task: int, kind: str, opened: int) -> dict[str, Any]:
        following = _next(kind, task % SIZE)
        return {
            "b_id": task,
            "b_state": kind,
            "b_kind": following[0] if following else None,
            "b_at": opened + following[1] if following else None,
        }

    def _start(self, conn: Connection, deals: Sequence[int], now: int) -> None:
        rows = [
            {
                "id": d,
                "account": f"account {d}",
                "arr": d % 1000,
                "state": "open",
                "open_tasks": SIZE,
                "started_at": now,
                "version": 1,
            }
            for d in deals
        ]
        conn.execute(sa.insert(DEAL), rows)
        waiting = [
            {
                "id": d * SIZE + i,
                "deal_id": d,
                "idx": i,
                "name": name,
                "state": "waiting",
                "pending": len(after),
                "version": 1,
            }
            for d in deals
            for i, (name, after, _) in enumerate(workload.TASKS)
        ]
        conn.execute(sa.insert(TASK), waiting)
        self._log(conn, [(d * SIZE, "start") for d in deals], now)
        self._begin(conn, [d * SIZE for d in deals], now)

    def _begin(self, conn: Connection, tasks: Sequence[int], now: int) -> None:
        conn.execute(_OPEN, [{"b_id": t, "b_now": now} for t in tasks])
        rows = []
        for task in tasks:
            kind, after = _next("assign", task % SIZE) or ("", 0)
            rows.append({"b_id": task, "b_who": f"csm{task // SIZE % 50}", "b_kind": kind, "b_at": now + after})
        conn.execute(_ASSIGN, rows)
        self._log(conn, [(t, kind) for t in tasks for kind in ("open", "assign")], now)
        for task in tasks:
            after, done = workload.ends_after(task // SIZE, task % SIZE)
            if done:
                self.ends[_tick(now + after)].append(task)

    def _end(self, conn: Connection, ends: Sequence[tuple[int, str]], now: int) -> None:
        conn.execute(_MOVE, [{"b_id": t, "b_state": kind, "b_kind": None, "b_at": None} for t, kind in ends])
        self._log(conn, ends, now)
        following = [t // SIZE * SIZE + j for t, _ in ends for j in workload.FOLLOWERS[t % SIZE]]
        if following:
            conn.execute(_LESS, [{"b_id": t} for t in following])
            ready = list(conn.execute(_READY, {"ids": sorted(set(following))}).scalars())
            if ready:
                self._begin(conn, ready, now)
        conn.execute(_FEWER, [{"b_id": t // SIZE} for t, _ in ends])
        empty = list(conn.execute(_EMPTY, {"ids": sorted({t // SIZE for t, _ in ends})}).scalars())
        if empty:
            conn.execute(_CLOSE, [{"b_id": d, "b_now": now} for d in empty])
            self._log(conn, [(d * SIZE, "close") for d in empty], now)
            self.closed += len(empty)

    def _log(self, conn: Connection, what: Sequence[tuple[int, str]], now: int) -> None:
        """History and outbox rows of changes; a deal's own carry its first task."""
        history = [{"deal_id": t // SIZE, "task_id": t, "kind": kind, "at": now, "data": "{}"} for t, kind in what]
        conn.execute(sa.insert(EVENT), history)
        outbox = [
            {"deal_id": t // SIZE, "task_id": t, "kind": kind, "at": now, "payload": payload(t, kind), "status": 0}
            for t, kind in what
        ]
        conn.execute(sa.insert(OUTBOX), outbox)
        self.changes += len(what)


def payload(task: int, kind: str) -> str:
    """The outbox row's text: what a message would be made of."""
    deal, name = task // SIZE, workload.TASKS[task % SIZE][0]
    return (
        f'{{"deal":{deal},"task":"{name}","kind":"{kind}","to":"csm{deal % 50}@example.com",'
        f'"subject":"Deal {deal}: {name} is now {kind}"}}'
    )


def _next(kind: str, task: int) -> tuple[str, int] | None:
    order = ("assign", *(k for k, _ in _TIMERS))
    at = order.index(kind)
    if at >= len(_TIMERS):
        return None
    following, share = _TIMERS[at]
    return following, int(share * workload.MINUTES[task])


def _tick(minute: int) -> int:
    return -(-minute // TICK)


def _batches(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (items[i : i + size] for i in range(0, len(items), size))
