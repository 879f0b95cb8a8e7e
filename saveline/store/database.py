"""Connections: the one place that knows which database it is.

SQLite runs in WAL mode and takes its write lock at the start of a writing transaction: a lock that is only upgraded
later fails at once, whatever the busy time-out. PostgreSQL runs with its compiler off, which would cost 80 ms a sweep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from saveline.faults import crash_point

BUSY_SECONDS: Final = 10
"""How long a lock is waited for, on both databases."""
CONNECT_SECONDS: Final = 5
# As many as the web server has threads, so that those of a burst wait for the database and not for each other.
_POOL: Final[Mapping[str, Any]] = {"pool_size": 8, "max_overflow": 32, "pool_timeout": 2}
_WRITES: Final = "saveline_writes"


def connect(url: str) -> Engine:
    """An engine for ``sqlite:///file`` or ``postgresql+psycopg://…``. Values never appear in its errors or logs."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}, **_POOL)
        sa.event.listen(engine, "connect", _on_sqlite_connect)
        sa.event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    options = f"-c jit=off -c timezone=UTC -c lock_timeout={BUSY_SECONDS}s"
    given = {"options": options, "connect_timeout": CONNECT_SECONDS}
    return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=given, **_POOL)


def is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


def insert_into(conn: Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what becomes of one that is there already (``on_conflict_…``), in this database's SQL."""
    return sqlite.insert(table) if is_sqlite(conn) else postgresql.insert(table)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads."""
    with engine.connect() as conn:
        yield conn


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: all of it, or on any exception nothing."""
    with engine.connect() as conn:
        writer = conn.execution_options(**{_WRITES: True})
        with writer.begin():
            yield writer
            crash_point("before_commit")
        crash_point("committed")


def server_now(conn: Connection) -> datetime | None:
    """The database's clock where it has one of its own, so that all machines share it; None on SQLite."""
    if is_sqlite(conn):
        return None
    now: datetime = conn.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return now.astimezone(UTC)


def _on_sqlite_connect(raw: Any, _entry: ConnectionPoolEntry) -> None:
    raw.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-32768"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _on_sqlite_begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get(_WRITES) else "BEGIN")
