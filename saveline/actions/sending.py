"""A pass over the outbox: claims notices, words them, sends many at once, and writes down what came of each.

One thread does all of that but the sending: it alone touches the database. Marking what has come back and what goes out
next is one transaction, so a mail costs one, and a busy Slack shares one among dozens.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec.structs import replace
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from saveline.actions import wording
from saveline.actions.lanes import Job, Lanes
from saveline.actions.settling import Finished, Settled, settle
from saveline.core import checkin, delivery
from saveline.core.attention import BUNDLE
from saveline.core.delivery import Permanent, Queued, Sent, Transient, Unknown, Verdict
from saveline.core.facts import Fact
from saveline.core.notices import address_of
from saveline.faults import crash_point
from saveline.notify.matter import Matter
from saveline.store import attention as store
from saveline.store import conversations, destinations, outbox, sending
from saveline.store.sending import Start

if TYPE_CHECKING:
    from saveline.actions.delivery import Worker

log = logging.getLogger(__name__)

TOGETHER: Final = 32
"""Outcomes that wait for one transaction, where nothing waits for them."""
LOOK_AGAIN: Final = 0.25
"""Seconds after which the outbox is looked at again while messages are under way."""
SOON: Final = 0.005
"""Seconds within which a message that has its channel for itself is waited for, before others are worded."""
OVERDUE: Final = 5.0
"""Seconds after its deadline at which a channel that has not come back is given up."""

T = TypeVar("T")


class Pass:
    """What a worker has in hand until nothing is left that may go."""

    def __init__(self, worker: Worker, most: int, batch: int) -> None:
        self._worker, self._desk, self._left, self._batch = worker, worker.desk, most, batch
        self.lanes = Lanes()
        self._finished: list[Finished] = []
        self._back: list[Job] = []
        self._late: dict[str, set[int]] = {}
        self._claim_at = 0.0
        self._renew_at = monotonic() + worker.lease.total_seconds() / 2
        self.counts: Counter[str] = Counter()
        self.dead: list[tuple[Queued, Verdict]] = []

    def run(self) -> None:
        try:
            while self.step():
                pass
        finally:
            with suppress(SQLAlchemyError):
                self._let_go()
            self._worker.note_health(at_once=True)

    def step(self) -> bool:
        """One thing, whichever is most pressing; False when nothing is left to do."""
        self._collect()
        if self._pressing():
            self.turn()
        elif self._soon():
            pass
        elif (job := self.lanes.next_to_word()) is not None:
            self.word(job)
        elif self._finished or self._back or self.lanes.startable_of(1):
            self.turn()
        elif self._wants_more() and self.claim():
            pass
        elif not self.lanes.empty:
            self._wait()
        else:
            return False
        self._keep()
        return True

    def _pressing(self) -> bool:
        """Whether somebody waits for the next transaction."""
        waits = any(f.job.channel is None or f.job.channel.doubt != "looks" for f in self._finished)
        return waits or len(self._finished) >= TOGETHER or self.lanes.idle or self.lanes.startable_of(TOGETHER)

    def _soon(self) -> bool:
        """Whether a message came back within a moment, where it has its channel for itself and the next is ready. A
        service nearby answers sooner than the next is worded, and two threads that both want the interpreter all the
        time hand it over so often that each mail costs half as much again."""
        if not any(monotonic() - job.since < SOON for job in self.lanes.alone()):
            return False
        came = self._worker.crew.done(SOON)
        if came is not None:
            self._back_from(*came)
        return came is not None

    # --- claiming ---------------------------------------------------------------------------------------------

    def _wants_more(self) -> bool:
        """Not while one channel alone has enough to do: each claim looks at all that waits."""
        return self._left > 0 and (self.lanes.empty or monotonic() >= self._claim_at)

    def claim(self) -> bool:
        """Take what is due, and the facts around it."""
        wanted = min(self._batch, self._left)
        claimed, lease = self._worker.claim(wanted, self.lanes.full(self._batch // 4))
        self._claim_at = monotonic() + (0.0 if len(claimed) == wanted else LOOK_AGAIN)
        if not claimed:
            return False
        self._left -= len(claimed)
        crash_point("claimed")
        with self._desk.reading() as conn:
            facts = wording.Facts(self._desk, conn, claimed)
            late = facts.now - self._desk.workspace.late_after.calendar()
            self._late[lease.name] = outbox.superseded(conn, [n.id for n in claimed if n.at < late])
        for notice in claimed:
            self.lanes.add(Job(notice, lease.name, facts))
        return True

    # --- wording ----------------------------------------------------------------------------------------------

    def word(self, job: Job) -> None:
        """Look whether it is still wanted, and make it ready."""
        try:
            result = self._worded(job)
        except SQLAlchemyError:
            raise
        except Exception as error:  # a poison notice must not stop the others: it has used an attempt, and is kept
            log.exception("notice %s could not be worded", job.notice.id)
            result = Transient(f"it could not be worded: {type(error).__name__}: {error}")
        if result is not None:
            self._finished.append(Finished(job, result))
            if isinstance(result, Transient) and result.channel_wide:
                self._back += self.lanes.without_channel(job.notice.channel_name)

    def _worded(self, job: Job) -> Verdict | Transient | Permanent | None:
        """None where it is ready."""
        notice, facts = job.notice, job.facts
        matter = facts.matter(notice)
        stale = self._stale(matter, job)
        if stale is not None:
            return stale
        lost = facts.lost.get((notice.person_id, notice.channel_name))
        if lost is not None:
            return Permanent(lost)
        channel = self._worker.switchboard.channel(notice.channel_name)
        if isinstance(channel, Fact):
            assert isinstance(channel, (Transient, Permanent))
            return channel
        if delivery.given_up(notice):
            job.channel = channel
            return Permanent(f"nobody knows whether one of {notice.attempts} attempts arrived")
        job.message = wording.message(matter, channel.forms)
        job.channel, job.seq = channel, matter.deal.seq if matter.deal else 0
        job.deals = {m.deal.id: m.deal.seq for m in matter.members if m.deal}
        address = address_of(notice.channel, matter.reader, self._desk.workspace)
        job.key = destinations.key_of(notice.channel_name, address)
        self.lanes.ready(job)
        return None

    def _stale(self, matter: Matter, job: Job) -> Verdict | None:
        notice = matter.notice
        reason = delivery.unwanted(notice, matter.about.get("news"), matter.deal, job.facts.people)
        if reason is None and notice.kind == "digest" and not matter.others:
            reason = "nothing is open any more"
        if reason is None and notice.kind == checkin.KIND:
            rules, zone = self._desk.workspace.pulse, self._desk.workspace.zone
            reason = checkin.unwanted(rules, notice.ordinal, zone, matter.reader, job.facts.now)
        if notice.kind == BUNDLE:
            reason = reason or self._emptied(matter)
        if reason is not None:
            return Verdict("cancelled", reason, doubts=notice.doubts)
        if notice.id in self._late[job.lease]:
            return Verdict("missed", "a later one about the same goes out instead", doubts=notice.doubts)
        return None

    def _emptied(self, matter: Matter) -> str | None:
        """Write down what a bundle does not say any more, and why; whether that is all of it."""
        if matter.left_out:
            with self._desk.writing() as conn:
                store.leave_out(conn, matter.left_out)
        return None if matter.members else "nothing in it is true any more"

    # --- sending, and after -----------------------------------------------------------------------------------

    def turn(self) -> None:
        """In one transaction mark what has come back, give back what is not to go and mark what goes out; then send."""
        finished, self._finished = self._finished, []
        back, self._back = self._back, []
        starts = self.lanes.startable()
        for _ in starts:
            crash_point("before_sending")
        deadline = monotonic() + self._worker.seconds
        settled, begun = self._patiently(lambda: self._written(finished, back, starts, deadline))
        for done in settled:
            self._count(done)
        for job in starts:
            if job in begun:
                self.lanes.go(job)
                self._worker.crew.send(job)
        self._refused([job for job in starts if job not in begun])
        self._worker.note_health()

    def _written(
        self, finished: Sequence[Finished], back: Sequence[Job], starts: Sequence[Job], deadline: float
    ) -> tuple[list[Settled], set[Job]]:
        with self._desk.writing() as conn:
            now = self._desk.now(conn)
            settled = settle(conn, finished, self._desk.workspace, now)
            if back:
                outbox.release(conn, {j.lease for j in back}, [j.notice.id for j in back])
            moved = store.moved_on(conn, {d for job in starts for d in job.deals.items()})
            free = [j for j in starts if moved.isdisjoint(j.deals.items()) and _has_turn(conn, j, now)]
            ids = sending.begin(conn, [_start(job) for job in free], now + self._worker.lease, now)
            begun = {job for job in free if job.notice.id in ids}
            threads = conversations.threads(conn, [j.notice for j in begun if j.channel and j.channel.threads])
            for job in begun:
                job.began, job.deadline = now, deadline
                if job.message is not None and job.notice.id in threads:
                    job.message = replace(job.message, thread_ref=threads[job.notice.id])
                crash_point("marking_sending")
        return settled, begun

    def _refused(self, jobs: Sequence[Job]) -> None:
        """What was not begun goes back, and all behind it, so that nothing overtakes it. Where the destination is not
        closed, the deal has moved on or somebody else has it: that is counted."""
        if not jobs:
            return
        with self._desk.reading() as conn:
            closed = set(destinations.closed(conn, self._desk.now(conn)))
        for job in jobs:
            name = job.notice.channel_name
            if name in closed:
                self._back += self.lanes.without_channel(name)
            elif job.key not in closed:
                self.counts["put_back"] += 1
            self._back += [job, *self.lanes.without_place(job.place)]

    def _collect(self) -> None:
        while (came := self._worker.crew.done()) is not None:
            self._back_from(*came)

    def _wait(self) -> None:
        came = self._worker.crew.done(LOOK_AGAIN)
        if came is not None:
            self._back_from(*came)
        for job in list(self.lanes.under_way):
            if monotonic() > job.deadline + OVERDUE:
                self._back_from(job, Unknown("the channel did not come back in time"))

    def _back_from(self, job: Job, outcome: delivery.Outcome) -> None:
        if self.lanes.done(job):
            self._finished.append(Finished(job, outcome))

    def _count(self, done: Settled) -> None:
        job, verdict = done.finished.job, done.verdict
        if isinstance(done.finished.result, Sent):
            crash_point("marked")
            self._worker.arrived(job)
        self.counts[verdict.status if verdict else "put_back"] += 1
        if verdict is None:
            return
        if verdict.status == "dead":
            self.dead.append((job.notice, verdict))
        if verdict.status != "sent":
            log.info("notice %s by %s: %s: %s", job.notice.id, job.notice.channel_name, verdict.status, verdict.reason)

    # --- leases -----------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """A slow channel must not cost the notices behind it their lease."""
        if monotonic() < self._renew_at:
            return
        self._renew_at = monotonic() + self._worker.lease.total_seconds() / 2
        with self._desk.writing() as conn:
            outbox.renew(conn, self.lanes.leases(), self._desk.now(conn) + self._worker.lease)

    def _let_go(self) -> None:
        jobs = [*self._back, *self.lanes.without_any()]
        if jobs:
            with self._desk.writing() as conn:
                outbox.release(conn, {j.lease for j in jobs}, [j.notice.id for j in jobs])

    def _patiently(self, write: Callable[[], T]) -> T:
        """A database that is away for a moment must not make what was sent be sent again, so the mark is tried as long
        as the lease lasts."""
        give_up = monotonic() + self._worker.lease.total_seconds() / 2
        while True:
            try:
                return write()
            except (OperationalError, InterfaceError):
                if monotonic() > give_up:
                    raise
                sleep(0.2)


def _has_turn(conn: Connection, job: Job, now: datetime) -> bool:
    """Where a destination takes one message at a time, whether it is ours."""
    rate = job.channel.rate if job.channel else 0.0
    return not rate or destinations.take(conn, job.key, now, now + timedelta(seconds=1 / rate))


def _start(job: Job) -> Start:
    """With a rate, the turn has been taken, which closes the destination to everybody else: it is not asked again."""
    name = job.notice.channel_name
    rated = bool(job.channel and job.channel.rate)
    return Start(
        job.notice.id,
        job.lease,
        job.seq,
        "" if rated and job.key == name else name,
        "" if rated else job.key,
    )
