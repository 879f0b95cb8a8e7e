"""W(N) by DBOS, the nearest peer that gives the same guarantees: exactly once, and it survives a kill at any line.

The best of the shapes that were tried: one workflow a deal, its tasks in order, each change a datasource transaction
that writes the application's rows and DBOS's checkpoint together, a timer ``recv`` with a time-out, a person's answer
``send``. DBOS runs by the wall clock, so a timer of W is one that has just elapsed: nothing is waited for. The tables
are the reference's. On SQLite both of its databases run as ours does, in WAL mode with ``synchronous=NORMAL``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

import sqlalchemy as sa

from benchmarks import workload
from benchmarks.databases import Place
from benchmarks.w_reference import DEAL, EVENT, OUTBOX, TASK, meta, payload

THREADS: Final = 4
"""Workflows at a time; more were not faster on two cores."""

_OPENED = sa.text(
    "INSERT INTO deal (id, account, arr, state, open_tasks, version) VALUES (:deal, :account, 0, 'open', 12, 1)"
)
_WAITING = sa.text(
    "INSERT INTO task (id, deal_id, idx, name, state, pending, version)"
    " VALUES (:task, :deal, :idx, :name, 'waiting', :pending, 1)"
)
_MOVED = sa.text("UPDATE task SET state = :kind, version = version + 1 WHERE id = :task")
_CLOSED = sa.text("UPDATE deal SET state = 'closed', version = version + 1 WHERE id = :deal")
_EVENT = sa.text("INSERT INTO event (deal_id, task_id, kind, at) VALUES (:deal, :task, :kind, 0)")
_OUTBOX = sa.text(
    "INSERT INTO outbox (deal_id, task_id, kind, at, payload, status) VALUES (:deal, :task, :kind, 0, :payload, 0)"
)


def run(place: Place, n: int) -> dict[str, Any]:
    """Run W(n); returns the figures, or ``skipped`` with the reason where DBOS is not installed."""
    if find_spec("dbos") is None:
        return {"name": "dbos", "n": n, "skipped": "dbos is not installed (dependency group bench)"}
    engine = _engine(place.url)
    meta.create_all(engine)
    with _launched(place, engine) as play, place.meter() as meter, ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(play, range(1, n + 1)))
    changes = workload.expected(n)
    _check(engine, n, changes)
    engine.dispose()
    return meter.figures(changes, name="dbos", n=n) | {"bytes_a_change": round(place.bytes() / changes)}


@contextmanager
def _launched(place: Place, engine: sa.Engine) -> Iterator[Callable[[int], None]]:
    """DBOS, started; gives a function that runs one deal to its end."""
    from dbos import DBOS, DBOSConfig, SetWorkflowID, SQLAlchemyDatasource  # only where it is installed

    system = place.another("system")
    config: DBOSConfig = {
        "name": "w_of_n",
        "system_database_url": system,
        "log_level": "ERROR",
        "max_executor_threads": THREADS + 4,
        "notification_listener_polling_interval_sec": 0.01,
    }
    if system.startswith("sqlite"):
        config["system_database_engine"] = _engine(system)
    DBOS(config=config)
    source = SQLAlchemyDatasource.create(place.url, engine=engine)
    people = ThreadPoolExecutor(THREADS)
    workflow = DBOS.workflow()(_deal(source, people))
    DBOS.launch()
    logging.getLogger("dbos").setLevel(logging.ERROR)

    def play(deal: int) -> None:
        with SetWorkflowID(f"deal-{deal}"):
            handle = DBOS.start_workflow(workflow, deal)
        handle.get_result(polling_interval_sec=0.02)

    try:
        yield play
    finally:
        people.shutdown()
        DBOS.destroy()


def _deal(source: Any, people: ThreadPoolExecutor) -> Callable[[int], None]:
    """The workflow of one deal. The twelve tasks of W are numbered so that each comes after those it waits for."""
    from dbos import DBOS

    isolation = "SERIALIZABLE" if source.engine.dialect.name == "sqlite" else "READ COMMITTED"

    def change(deal: int, task: int | None, kind: str) -> None:
        source.run_tx_step(
            {"name": kind, "isolation_level": isolation}, lambda: _write(source.sql_session(), deal, task, kind)
        )

    def whole(deal: int) -> None:
        change(deal, None, "start")
        for task in range(workload.SIZE):
            *before, end = workload.steps(deal, task)
            for kind in before:
                if kind not in ("open", "assign"):
                    assert DBOS.recv(f"end{task}", timeout_seconds=0) is None  # the timer has elapsed, nobody answered
                change(deal, task, kind)
            if end == "done":
                people.submit(DBOS.send, f"deal-{deal}", "done", f"end{task}").result()
            assert DBOS.recv(f"end{task}", timeout_seconds=60 if end == "done" else 0) == (
                "done" if end == "done" else None
            )
            change(deal, task, end)
        change(deal, None, "close")

    return whole


def _write(session: Any, deal: int, task: int | None, kind: str) -> None:
    """The rows of one change: the deal's or the task's own, its history and its outbox row."""
    number = None if task is None else deal * workload.SIZE + task
    if kind == "start":
        session.execute(_OPENED, {"deal": deal, "account": f"account {deal}"})
        waiting = [
            {"task": deal * workload.SIZE + i, "deal": deal, "idx": i, "name": name, "pending": len(after)}
            for i, (name, after, _) in enumerate(workload.TASKS)
        ]
        session.execute(_WAITING, waiting)
    elif kind == "close":
        session.execute(_CLOSED, {"deal": deal})
    else:
        session.execute(_MOVED, {"kind": kind, "task": number})
    session.execute(_EVENT, {"deal": deal, "task": number, "kind": kind})
    text = payload(number if number is not None else deal * workload.SIZE, kind)
    session.execute(_OUTBOX, {"deal": deal, "task": number, "kind": kind, "payload": text})


def _engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url, pool_size=2 * THREADS)
    if url.startswith("sqlite"):
        sa.event.listen(engine, "connect", _as_ours)
    return engine


def _as_ours(raw: Any, _entry: object) -> None:
    raw.isolation_level = "IMMEDIATE"
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")


def _check(engine: sa.Engine, n: int, changes: int) -> None:
    def count(table: sa.Table, where: sa.ColumnElement[bool] | None = None) -> int:
        query = sa.select(sa.func.count()).select_from(table)
        with engine.connect() as conn:
            return conn.execute(query if where is None else query.where(where)).scalar_one()

    ended = TASK.c.state.in_(("done", "expire"))
    found = count(DEAL, DEAL.c.state == "closed"), count(TASK, ended), count(EVENT), count(OUTBOX)
    assert found == (n, n * workload.SIZE, changes, changes), found
