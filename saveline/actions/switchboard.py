"""The channels a worker has open, and the threads in which it hands messages to them."""

from __future__ import annotations

import logging
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from saveline.actions.desk import Desk
from saveline.actions.lanes import Job
from saveline.core.delivery import Outcome, Permanent, Transient, Unknown
from saveline.core.facts import Fact
from saveline.faults import crash_point
from saveline.notify.channels import Channel, Misconfigured, open_channel
from saveline.settings import expand

log = logging.getLogger(__name__)


class Switchboard:
    """Opens each channel once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[str, Channel] = {}

    def close(self) -> None:
        for channel in self._open.values():
            channel.close()
        self._open.clear()

    def channel(self, name: str) -> Channel | Outcome:
        """The channel of that name; or what it means for a notice that it cannot be opened."""
        found = self._open.get(name)
        if found is not None:
            return found
        opened = self._opened(name)
        if not isinstance(opened, Fact):
            self._open[name] = opened
        return opened

    def _opened(self, name: str) -> Channel | Outcome:
        known = self._desk.workspace.channels.get(name)
        if known is None:
            return Permanent(f"saveline.yaml has no channel {name!r}")
        try:
            ws, to_persons = self._desk.workspace, known.reach != "room"
            url, folder = expand(known.url), self._desk.folder
            return open_channel(url, folder=folder, to_persons=to_persons, internal=ws.internal)
        except KeyError as missing:
            return Transient(f"the environment has no {missing.args[0]}", channel_wide=True)
        except Misconfigured as error:
            return Transient(f"the channel {name!r} cannot be opened: {error}", channel_wide=True)


class Crew:
    """Threads that send, as many as there have been messages under way at once. Nothing but sending happens in them."""

    def __init__(self) -> None:
        self._todo: SimpleQueue[Job | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Job, Outcome]] = SimpleQueue()
        self._threads: list[Thread] = []
        self._under_way = 0

    def send(self, job: Job) -> None:
        self._under_way += 1
        if len(self._threads) < self._under_way:
            thread = Thread(target=self._work, name=f"saveline-send-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._todo.put(job)

    def done(self, patience: float | None = None) -> tuple[Job, Outcome] | None:
        """A job that has come back, with its outcome; None where there is none, after ``patience`` seconds."""
        try:
            found = self._done.get(timeout=patience) if patience else self._done.get_nowait()
        except Empty:
            return None
        self._under_way -= 1
        return found

    def close(self) -> None:
        """Let them end; one that still waits for a service ends when its deadline does."""
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join(0.5)
        self._threads.clear()

    def _work(self) -> None:
        while (job := self._todo.get()) is not None:
            crash_point("before_send")
            outcome = sent(job)
            crash_point("after_send")
            self._done.put((job, outcome))


def sent(job: Job) -> Outcome:
    """Hand it over. A channel that raises has a bug, and whether the message arrived is not known then."""
    assert job.channel is not None  # it is ready
    assert job.message is not None
    if monotonic() >= job.deadline:
        return Transient("the worker stood still until its time was over")
    try:
        return job.channel.deliver(job.message, deadline=job.deadline)
    except Exception as error:
        # Not its traceback: that could print a request, and a request holds the token.
        log.error("%s failed: %s", type(job.channel).__name__, type(error).__name__)
        return Unknown(f"the channel failed: {type(error).__name__}: {error}")
