"""Real worker processes for fault tests: forked off a clean process in which everything is imported already."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from saveline.actions.advance import advance
from saveline.actions.delivery import MOST, Worker
from saveline.runtime import Runtime
from saveline.settings import Settings
from tests.world import KEY, World

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.faults.preload"])
_PASSED_ON = ("SMTP_HOST", "SMTP_PORT", "SLACK_BOT_TOKEN", "SLACK_API")


class Site:
    """Where a process finds the installation: its workspace, its database, and its stepped clock if it has one."""

    def __init__(self, world: World, *, stepped: bool = True) -> None:
        self.workspace = str(world.settings.workspace)
        self.database = world.settings.database
        self.clock = str(world.settings.clock) if stepped else None
        self.environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}

    def runtime(self) -> Runtime:
        clock = Path(self.clock) if self.clock else None
        settings = Settings(
            workspace=Path(self.workspace), database_url=SecretStr(self.database), clock=clock, keys=SecretStr(KEY)
        )
        return Runtime(settings)

    def start(self, work: Callable[..., None], *arguments: Any, **environment: str) -> ForkServerProcess:
        """A process that does ``work(site, *arguments)`` with more in its environment."""
        process = _PROCESSES.Process(target=_run, args=(self, work, arguments, {**self.environment, **environment}))
        process.start()
        return process

    def run(self, work: Callable[..., None], *arguments: Any, seconds: float = 60, **environment: str) -> int:
        """The same to its end; returns its exit code, which is -9 where it was killed."""
        return finished(self.start(work, *arguments, **environment), seconds)


def _run(site: Site, work: Callable[..., None], arguments: tuple[Any, ...], environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    work(site, *arguments)


def deliver_once(site: Site, name: str) -> None:
    """One pass of the outbox."""
    with Worker(site.runtime().desk(), name) as worker:
        worker.deliver()


def deliver_on(site: Site, name: str, lease: float) -> None:
    """Pass after pass, until somebody kills it. A database that is away is tried again, as by the flows' shifts; one
    that is away when it starts would end it, and whoever started it would start it again."""
    while True:
        with suppress(DBAPIError), Worker(site.runtime().desk(), name, lease=timedelta(seconds=lease)) as worker:
            while True:
                with suppress(DBAPIError):
                    worker.deliver()
                sleep(0.02)
        sleep(0.1)


def deliver_within(site: Site, name: str, lease: float, most: int = MOST) -> None:
    """One pass of the outbox, under a lease of so many seconds. Having claimed ``most`` it looks for nothing more."""
    with Worker(site.runtime().desk(), name, lease=timedelta(seconds=lease)) as worker:
        worker.deliver(most=most)


def advance_on(site: Site, batch: int) -> None:
    """Fire due moments over and over, until somebody kills it. Small batches, so that two of them meet often."""
    desk = site.runtime().desk()
    while True:
        with suppress(DBAPIError):
            advance(desk, batch=batch)
        sleep(0.01)


def wait_until_stopped(process: ForkServerProcess, seconds: float = 60) -> None:
    """Until SIGSTOP has reached it: then it does nothing, and holds what it holds."""
    until = monotonic() + seconds
    while _state(process) != "T":
        assert monotonic() < until, "it never came to where it stops"
        sleep(0.01)


def _state(process: ForkServerProcess) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def signalled(process: ForkServerProcess, sent: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, sent)


def finished(process: ForkServerProcess, seconds: float = 60) -> int:
    """Wait for its end; its exit code."""
    process.join(seconds)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join(20)
    process.close()
    assert code is not None, "the process hangs"
    return code


def stop(process: ForkServerProcess) -> None:
    """kill -9."""
    process.kill()
    process.join(20)
    process.close()
