"""Sending the outbox: a worker claims notices, looks at each again, words it, sends it, writes down what came of it.

A notice that was decided is never lost, arrives at least once, and can arrive twice only if a worker dies or stalls
between the sending and the mark. How many are under way at once, and behind whom, is in :mod:`saveline.actions.lanes`.

Order: of what is due the oldest goes first, and what one reader gets by a channel is in one worker's hands at a time. A
notice that waits for another attempt of its own does not hold back later ones to the same person: each message says all
it has to say, a text that nobody's mailbox takes would silence its reader, and what a wait has made stale is found by
the look before sending. A channel that is down as a whole is left alone for a while, by every worker, and all its
notices with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Final
from uuid import uuid4

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from saveline.actions import attention
from saveline.actions.desk import Desk
from saveline.actions.lanes import Job
from saveline.actions.sending import Pass
from saveline.actions.slack_updates import queue_updates
from saveline.actions.switchboard import Crew, Switchboard
from saveline.core.delivery import Queued, Verdict
from saveline.core.facts import Fact
from saveline.core.notices import address_of
from saveline.notify.channels.base import SECONDS
from saveline.store import destinations, outbox
from saveline.store.outbox import Lease, Shut, place

BATCH: Final = 200
"""Notices of one claim. More of a channel are claimed when a quarter of so many are left."""
MOST: Final = 10_000
LEASE: Final = timedelta(seconds=40)
"""How long a claimed notice is nobody else's; a message gets less than half of it."""
NOTE_SECONDS: Final = 1.0
"""How often successes are written down at their destinations."""
SWEEP_SECONDS: Final = 1.0
"""How often posts are looked for whose task has changed."""


class Dead(Fact, frozen=True):
    """A notice that will not arrive by its channel."""

    id: int
    kind: str
    deal_id: int
    task_no: int
    person_id: int
    channel: str
    reason: str


class Delivered(Fact, frozen=True):
    """What a pass did: notices by what became of them, and those that are dead.

    ``queued`` will be tried again, ``unknown`` may have arrived, ``put_back`` was claimed but had changed meanwhile.
    """

    counts: Mapping[str, int] = {}
    dead: tuple[Dead, ...] = ()

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(dict(Counter(self.counts) + Counter(other.counts)), self.dead + other.dead)

    @property
    def sent(self) -> int:
        return self.counts.get("sent", 0)


def deliver(desk: Desk, worker: str, *, most: int = MOST) -> Delivered:
    """Send what is due, at most ``most`` notices. See :class:`Worker`, which keeps its connections between passes."""
    with Worker(desk, worker) as opened:
        return opened.deliver(most=most)


class Worker:
    """One sender. It keeps its channels' connections open between passes, so whoever makes one closes it."""

    def __init__(self, desk: Desk, name: str, *, lease: timedelta = LEASE) -> None:
        self.desk, self.name, self.lease = desk, name, lease
        self.seconds = min(SECONDS, lease.total_seconds() * 0.45)
        self.switchboard, self.crew = Switchboard(desk), Crew()
        self._arrived: dict[str, datetime] = {}
        self._note_at = self._sweep_at = 0.0

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.crew.close()
        self.switchboard.close()

    def deliver(self, *, most: int = MOST, batch: int = BATCH) -> Delivered:
        """Send what is due, at most ``most`` notices."""
        attention.judge_again(self.desk)
        pass_ = Pass(self, most, batch)
        pass_.run()
        return Delivered(dict(pass_.counts), tuple(_dead(notice, verdict) for notice, verdict in pass_.dead))

    def claim(self, most: int, full: Collection[str] = ()) -> tuple[list[Queued], Lease]:
        """At most ``most`` notices of channels that are open and not in ``full``, after a judgement of what is new."""
        self._sweep()
        attention.judge(self.desk)
        name = f"{self.name}/{uuid4().hex[:12]}"
        with self.desk.reading() as conn:
            now = self.desk.now(conn)
            if not outbox.anything(conn, now):
                return [], Lease(name, now)
        with self.desk.writing() as conn:
            now = self.desk.now(conn)
            lease = Lease(name, now + self.lease)
            closed = destinations.closed(conn, now)
            channels = {key for key in closed if ":" not in key}
            shut = Shut(channels | set(full), tuple(self._places(conn, set(closed) - channels)))
            return outbox.claim(conn, lease, now, most, shut), lease

    def _sweep(self) -> None:
        """Posts that are out of date are looked for by the second: what a press has changed is queued with it."""
        if monotonic() >= self._sweep_at:
            self._sweep_at = monotonic() + SWEEP_SECONDS
            queue_updates(self.desk)

    def _places(self, conn: Connection, keys: Collection[str]) -> Iterator[str]:
        """The places behind rooms and mailboxes: the room itself, and everybody who has that address."""
        if not keys:
            return
        yield from (place(0, key) for key in keys)
        channels = {key.partition(":")[0] for key in keys}
        for person in self.desk.people(conn).by_id.values():
            for name in channels:
                if destinations.key_of(name, address_of(name, person, self.desk.workspace)) in keys:
                    yield place(person.id, name)

    # --- health -----------------------------------------------------------------------------------------------

    def arrived(self, job: Job) -> None:
        """Remember that a channel and a destination of it are well."""
        if job.began is not None:
            self._arrived[job.notice.channel_name] = self._arrived[job.key] = job.began

    def note_health(self, *, at_once: bool = False) -> None:
        """Write it down, by the second: it is no part of the promise, and a row for each message would cost as much."""
        if not self._arrived or not (at_once or monotonic() >= self._note_at):
            return
        arrived, self._arrived = self._arrived, {}
        self._note_at = monotonic() + NOTE_SECONDS
        with suppress(SQLAlchemyError), self.desk.writing() as conn:
            destinations.succeeded(conn, arrived)


def _dead(notice: Queued, verdict: Verdict) -> Dead:
    n = notice
    return Dead(n.id, n.kind, n.deal_id, n.task_no, n.person_id, n.channel, verdict.reason or "")
