"""What a worker has claimed and not finished: who goes next, behind whom, and how many at once.

A reader's messages by a channel go one after the other, so that they arrive in order. Of a channel that can look
whether a message has arrived, many are under way at once: what a dying worker leaves is looked for. Where a second copy
would be all that anybody can do, there is one under way at a time: by e-mail in all, by other services to each room.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Final

from saveline.actions.wording import Facts
from saveline.core.delivery import Queued
from saveline.notify.channels import Channel
from saveline.notify.message import Outgoing
from saveline.store.outbox import place

MANY: Final = 96
"""Messages of one channel that are under way at once, where that is safe."""
AHEAD: Final = 3
"""Messages that are worded while one is under way, where there is one at a time."""


@dataclass(slots=True, eq=False)
class Job:
    """A claimed notice. What comes after ``facts`` is known once it is worded; ``began`` and ``deadline`` once it is
    marked as being sent, ``since`` when it goes (both of :func:`time.monotonic`). ``deals`` are those that a bundle
    tells of, each with the number of its last event."""

    notice: Queued
    lease: str
    facts: Facts
    key: str = ""
    channel: Channel | None = None
    message: Outgoing | None = None
    seq: int = 0
    deals: Mapping[int, int] = field(default_factory=dict)
    began: datetime | None = None
    deadline: float = 0.0
    since: float = 0.0
    place: str = ""

    def __post_init__(self) -> None:
        self.place = place(self.notice.person_id, self.notice.channel)


def at_once(channel: Channel) -> int:
    """How many messages of the channel may be under way."""
    return 1 if channel.doubt == "same_id" else MANY


class Lanes:
    """Jobs by channel: ``waiting`` to be worded, then ready, then under way."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Job]] = {}
        self._ready: dict[str, deque[Job]] = {}
        self._limit: dict[str, int] = {}
        self._under_way: dict[str, set[Job]] = {}
        self._busy: Counter[str] = Counter()

    # --- in and on --------------------------------------------------------------------------------------------

    def add(self, job: Job) -> None:
        self._waiting.setdefault(job.notice.channel_name, deque()).append(job)

    def next_to_word(self) -> Job | None:
        """The next of a channel that has room for one more that is ready."""
        for name, waiting in self._waiting.items():
            most = self._limit.get(name, 1)
            if waiting and len(self._ready.get(name, ())) < max(most, AHEAD):
                return waiting.popleft()
        return None

    def ready(self, job: Job) -> None:
        name = job.notice.channel_name
        if job.channel is not None:
            self._limit[name] = at_once(job.channel)
        self._ready.setdefault(name, deque()).append(job)

    def startable(self) -> list[Job]:
        """Those that may go now, taken out: the first of each free place, as many as their channels take."""
        found: list[Job] = []
        for name, jobs in self._ready.items():
            room = self._limit[name] - len(self._under_way.get(name, ()))
            if room > 0 and jobs:
                found += self._first_of_each(jobs, room)
        return found

    def _first_of_each(self, jobs: deque[Job], room: int) -> list[Job]:
        passed: set[str] = set()
        chosen: list[Job] = []
        for job in jobs:
            if len(chosen) == room:
                break
            if not self._busy[job.place] and job.place not in passed:
                chosen.append(job)
            passed.add(job.place)
        for job in chosen:
            jobs.remove(job)
        return chosen

    def go(self, job: Job) -> None:
        self._under_way.setdefault(job.notice.channel_name, set()).add(job)
        self._busy[job.place] += 1
        job.since = monotonic()

    def done(self, job: Job) -> bool:
        """It is no longer under way; False where it was not, because it has been given up meanwhile."""
        under_way = self._under_way.get(job.notice.channel_name, set())
        if job not in under_way:
            return False
        under_way.discard(job)
        self._busy[job.place] -= 1
        return True

    # --- out --------------------------------------------------------------------------------------------------

    def without_place(self, place_: str) -> list[Job]:
        """Take out everything for a place that is not under way: none of it may overtake what was put back."""
        return self._out(lambda job: job.place == place_)

    def without_channel(self, name: str) -> list[Job]:
        """Take out everything of a channel that is not under way."""
        return self._out(lambda job: job.notice.channel_name == name)

    def without_any(self) -> list[Job]:
        """Take out everything that is not under way."""
        return self._out(lambda _: True)

    def _out(self, wanted: Callable[[Job], bool]) -> list[Job]:
        found: list[Job] = []
        for jobs in (*self._waiting.values(), *self._ready.values()):
            gone = [job for job in jobs if wanted(job)]
            found += gone
            for job in gone:
                jobs.remove(job)
        return found

    # --- what there is ----------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def under_way(self) -> Iterator[Job]:
        return (job for jobs in self._under_way.values() for job in jobs)

    @property
    def idle(self) -> bool:
        """Whether a channel that has one message at a time has none under way and one ready."""
        return any(
            jobs and self._limit[name] == 1 and not self._under_way.get(name) for name, jobs in self._ready.items()
        )

    def alone(self) -> Iterator[Job]:
        """Those under way by a channel that has one message at a time, where the next is ready."""
        return (
            job
            for name, jobs in self._ready.items()
            if jobs and self._limit[name] == 1
            for job in self._under_way.get(name, ())
        )

    def startable_of(self, most: int) -> bool:
        """Whether at least ``most`` of a channel could go now, counting a place more than once."""
        busy = self._busy
        return any(
            len(jobs) >= most
            and self._limit[name] - len(self._under_way.get(name, ())) >= most
            and sum(not busy[job.place] for job in jobs) >= most
            for name, jobs in self._ready.items()
        )

    def full(self, most: int) -> list[str]:
        """Channels of which at least ``most`` are claimed and not under way."""
        names = {*self._waiting, *self._ready}
        return [n for n in names if len(self._waiting.get(n, ())) + len(self._ready.get(n, ())) >= most]

    @property
    def empty(self) -> bool:
        return not (self.waiting or any(self._ready.values()) or any(self._under_way.values()))

    def leases(self) -> set[str]:
        jobs = (*self._waiting.values(), *self._ready.values(), *self._under_way.values())
        return {job.lease for group in jobs for job in group}
