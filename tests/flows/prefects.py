"""A real Prefect for tests: its server, its command line and its workers, each in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

START_SECONDS = 120.0


class Prefect:
    """Its server at ``url``; what it starts is stopped with it."""

    def __init__(self, folder: Path, database: str | None = None) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}/api"
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "PREFECT_HOME": str(folder / "home"),
            "PREFECT_API_URL": self.url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PYTHONWARNINGS": "ignore",  # of Prefect's own dependencies, in its own processes
        }
        if database is not None:
            self.environment["PREFECT_API_DATABASE_CONNECTION_URL"] = database
        self._started: list[subprocess.Popen[bytes]] = []

    def serve(self) -> None:
        """Start the server and wait until it is healthy."""
        server = self.start("server", "server", "start", "--host", "127.0.0.1", "--port", str(self.port))
        until = monotonic() + START_SECONDS
        while not self._healthy():
            assert server.poll() is None, (self.folder / "server.log").read_text()
            assert monotonic() < until, (self.folder / "server.log").read_text()
            sleep(0.25)

    def _healthy(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/health", timeout=5).is_success
        return False

    def run(self, *arguments: str, cwd: Path) -> str:
        """``prefect …`` to its end; returns what it printed."""
        done = subprocess.run(
            [prefect(), *arguments],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(
        self, name: str, *arguments: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """``prefect …`` in the background, in a process group of its own, with its output in NAME.log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [prefect(), *arguments],
                cwd=cwd or self.folder,
                env={**self.environment, **(environment or {})},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def runs(self, flow: str) -> list[dict[str, Any]]:
        """Runs of a flow, as the server knows them."""
        asked = {"flows": {"name": {"any_": [flow]}}, "limit": 200}
        found: list[dict[str, Any]] = httpx.post(f"{self.url}/flow_runs/filter", json=asked, timeout=20).json()
        return found

    def stop(self) -> None:
        for process in reversed(self._started):
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9, with everything it started."""
    for pid in family(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(20)


def family(pid: int) -> list[int]:
    """The process and all its descendants, whatever groups they made for themselves."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


@contextmanager
def prefect_server(folder: Path, database: str | None = None) -> Iterator[Prefect]:
    """A server that is stopped at the end, with all that was started through it. By default on SQLite."""
    made = Prefect(folder, database)
    try:
        made.serve()
        yield made
    finally:
        made.stop()


def prefect() -> str:
    return str(Path(sys.executable).with_name("prefect"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
