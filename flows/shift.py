"""Short shifts: a run looks at the database every second until the next run has begun, and then ends.

So a press in Slack is followed up within a second or two, without a run for each event, and a run that was killed is
replaced by the next one within a minute. Where leases share out the work two shifts stand side by side for a moment;
elsewhere one ends before the next begins.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from functools import cache
from time import monotonic
from typing import Final, TypeVar

from sqlalchemy.exc import OperationalError

from saveline import clock
from saveline.actions.advance import Advanced
from saveline.actions.delivery import Delivered
from saveline.actions.desk import Desk
from saveline.actions.inbox import InboxRead
from saveline.runtime import Runtime

log = logging.getLogger(__name__)

BEFORE: Final = -3.0
"""When a shift ends, in seconds after the next run is due: before it, where two must not be there at once."""
OVERLAPS: Final[Mapping[str, float]] = {"advance": 10.0, "deliver": 10.0}
"""The same for the flows of which two may be: a run takes a while to begin, and what somebody waits for is not to wait
for that."""


R = TypeVar("R")
Sum = TypeVar("Sum", Advanced, Delivered, InboxRead)


@cache
def runtime() -> Runtime:
    """One a process: it keeps its connections, and reads the workspace again when a file of it has changed."""
    return Runtime()


def worker_name() -> str:
    """Who holds a lease: this process on this machine."""
    return f"{socket.gethostname()}-{os.getpid()}"


async def once(action: Callable[[Desk], R]) -> R:
    """One action at the desk, off the event loop: database work is synchronous."""
    return await asyncio.to_thread(lambda: action(runtime().desk()))


async def work(
    action: Callable[[Desk], Sum],
    total: Sum,
    seconds: float | None,
    *,
    every: int,
    pause: float,
    ends: float = BEFORE,
) -> Sum:
    """``action`` each ``pause`` seconds, at least once; returns the sum of what it did.

    For ``seconds``, or without them until ``ends`` seconds after the next run is due of a flow that runs ``every`` so
    many seconds. A database that is away is asked again; only one that still is at the end makes the run fail.
    """
    until = monotonic() + (_until_next(every) + ends if seconds is None else seconds)
    while True:
        try:
            total = total + await once(action)
        except OperationalError as error:
            if monotonic() + pause > until:
                raise
            log.warning("the database does not answer (%s); looking again", type(error.orig).__name__)
        if monotonic() + pause > until:
            return total
        await asyncio.sleep(pause)


def _until_next(every: int) -> float:
    return every - clock.system().timestamp() % every
