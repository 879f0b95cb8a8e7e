"""Real worker processes for fault tests: forked off a clean process in which everything is imported already."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from time import sleep
from typing import Any

from pydantic import SecretStr

from saveline.actions.advance import advance
from saveline.actions.delivery import Worker
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

    def run(self, work: Callable[..., None], *arguments: Any, **environment: str) -> int:
        """The same to its end; returns its exit code, which is -9 where it was killed."""
        process = self.start(work, *arguments, **environment)
        process.join(60)
        assert process.exitcode is not None, "the process hangs"
        code = process.exitcode
        process.close()
        return code


def _run(site: Site, work: Callable[..., None], arguments: tuple[Any, ...], environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    work(site, *arguments)


def deliver_once(site: Site, name: str) -> None:
    """One pass of the outbox."""
    with Worker(site.runtime().desk(), name) as worker:
        worker.deliver()


def deliver_on(site: Site, name: str, lease: float) -> None:
    """Pass after pass, until somebody kills it."""
    with Worker(site.runtime().desk(), name, lease=timedelta(seconds=lease)) as worker:
        while True:
            worker.deliver()
            sleep(0.02)


def advance_on(site: Site, batch: int) -> None:
    """Fire due moments over and over, until somebody kills it. Small batches, so that two of them meet often."""
    desk = site.runtime().desk()
    while True:
        advance(desk, batch=batch)
        sleep(0.01)


def stop(process: ForkServerProcess) -> None:
    """kill -9."""
    process.kill()
    process.join(20)
    process.close()
