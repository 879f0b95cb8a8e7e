"""Two moments of an installation: a sweep that finds nothing to do, and one person finishing one task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median, quantiles
from time import perf_counter
from typing import Any, Final

import sqlalchemy as sa

from benchmarks.databases import Place
from benchmarks.w_saveline import accounts, workspace
from benchmarks.workload import SIZE
from saveline.actions.advance import BATCH, advance
from saveline.actions.deals import Wanted, open_deals
from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef, complete_task
from saveline.core.facts import Deal, Doer
from saveline.runtime import Runtime
from saveline.store import load
from saveline.store.database import is_sqlite
from saveline.store.rows import DEAL, TASK

PASSES: Final = 500
AHEAD: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""When everything is due: never, while this runs."""


def idle(place: Place, n: int) -> dict[str, Any]:
    """``n`` task rows (and their deals and accounts) with nothing due: what a pass of the engine costs the database."""
    settings = workspace(place, stepped=False)
    accounts(settings, 1)
    desk = Runtime(settings).desk()
    begun = perf_counter()
    deals = _fill(desk, n)
    built = perf_counter() - begun
    sweeps = _timed(lambda: _sweep(desk))
    passes = _timed(lambda: advance(desk).deals)
    with desk.reading() as conn:
        assert len(load.due_ids(conn, AHEAD, 10)) == min(10, deals)  # the same question finds them when they are due
    return {
        "name": "idle",
        "n": n,
        "deals": deals,
        "database_ms": round(median(sweeps), 3),
        "database_ms_p99": round(quantiles(sweeps, n=100)[98], 3),
        "pass_ms": round(median(passes), 3),
        "built_s": round(built),
        "database_mb": round(place.bytes() / 1e6),
    }


def one_task(place: Place, n: int) -> dict[str, Any]:
    """``n`` times somebody finishes a deal's first task, which starts two others: one action, one transaction."""
    settings = workspace(place, stepped=False)
    accounts(settings, n)
    desk = Runtime(settings).desk()
    with desk.writing() as conn:
        wanted = [Wanted(a, ("risk",), 1) for a in load.accounts(conn, list(range(1, n + 1)))]
        opened = open_deals(desk, conn, wanted, desk.now(conn))
        by = Doer(desk.people(conn).by_email["csm0@bench.example"].id, "api")
    taken = []
    with place.meter() as meter:
        for deal in opened:
            start = perf_counter()
            made = complete_task(desk, TaskRef(deal.id, 1), by)
            taken.append(1000 * (perf_counter() - start))
            assert [e.kind for e in made.events].count("task_started") == 2, made.events
    p50, p95, cpu = median(taken), quantiles(taken, n=20)[18], 1000 * (meter.cpu + meter.server_cpu) / n
    return {"name": "one-task", "n": n, "p50_ms": round(p50, 2), "p95_ms": round(p95, 2), "cpu_ms": round(cpu, 2)}


def _timed(look: Callable[[], int]) -> list[float]:
    """Milliseconds of each of many looks, none of which may find anything."""
    assert not look()  # the first compiles the statements
    taken = []
    for _ in range(PASSES):
        start = perf_counter()
        found = look()
        taken.append(1000 * (perf_counter() - start))
        assert not found
    return taken


def _sweep(desk: Desk) -> int:
    """What a pass asks of the database: one transaction with one question in it."""
    with desk.writing() as conn:
        return len(load.claim_due(conn, desk.clock(), BATCH))


def _fill(desk: Desk, n: int) -> int:
    """Copies of one real deal, of whose twelve tasks eight are done, made by one statement a table; returns how many.

    Every deal is open and due in a far year, so that the index the engine asks is as large as it can be. Foreign keys
    are not looked at meanwhile: the copies have no accounts of their own.
    """
    model = _model(desk)
    number = sa.select(sa.literal(model.id + 1).label("i")).cte("number", recursive=True)
    last = model.id + n // SIZE
    number = number.union_all(sa.select(number.c.i + 1).where(number.c.i < last))
    with desk.engine.connect() as conn:
        raw = "PRAGMA foreign_keys=OFF" if is_sqlite(conn) else "SET session_replication_role = replica"
        conn.connection.cursor().execute(raw)
        for into, key in ((DEAL, "id"), (TASK, "deal_id")):
            conn.execute(_copies(into, key, model.id, number))
        conn.commit()
        conn.execute(sa.text("ANALYZE"))
        conn.commit()
        conn.invalidate()  # its foreign keys are off: it must not go back to the pool
    return n // SIZE


def _copies(into: sa.Table, key: str, model: int, number: sa.CTE) -> sa.Insert:
    """The rows of the model once for each number, with that number for a key (and an account)."""
    source = into.alias()
    columns: list[sa.ColumnElement[Any]] = []
    for column in source.columns:
        if column.name in (key, "account_id"):
            columns.append(number.c.i)
        elif column.name == "next_at":
            columns.append(sa.case((column.is_not(None), sa.literal(AHEAD, into.c.next_at.type))))
        else:
            columns.append(column)
    rows = sa.select(*columns).select_from(source.join(number, sa.true())).where(source.c[key] == model)
    return sa.insert(into).from_select([c.name for c in into.columns], rows)


def _model(desk: Desk) -> Deal:
    """A deal in the middle of its play."""
    with desk.writing() as conn:
        wanted = [Wanted(a, ("risk",), 1) for a in load.accounts(conn, [1])]
        deal = open_deals(desk, conn, wanted, desk.now(conn))[0]
        by = Doer(desk.people(conn).by_email["csm0@bench.example"].id, "api")
    for no in range(1, 9):
        deal = complete_task(desk, TaskRef(deal.id, no), by).deal
    return deal
