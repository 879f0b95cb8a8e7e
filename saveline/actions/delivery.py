"""Sending the outbox: claim a few notices, look at each again, word it, send it, write down what came of it.

A notice that was decided is never lost, arrives at least once, and can arrive twice only if a worker dies or stalls
between the sending and the mark. Each worker has one message in flight.

Order: of what is due the oldest goes first. A notice that waits for another attempt does not hold back later ones to
the same person: each message says all it has to say, a text that nobody's mailbox takes would silence its reader, and
what a wait has made stale is found by the look before sending. A channel that is down as a whole is left alone for a
while, and all its notices with it, so there the order holds.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from time import monotonic, sleep
from types import TracebackType
from typing import Final
from uuid import uuid4

from msgspec import DecodeError
from msgspec.structs import replace
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from saveline.actions import attention, wording
from saveline.actions.desk import Desk
from saveline.actions.switchboard import Switchboard
from saveline.core import delivery
from saveline.core.delivery import Outcome, Permanent, Queued, Sent, Transient, Verdict
from saveline.core.facts import Fact
from saveline.core.notices import Notice
from saveline.core.phrases import shortened
from saveline.faults import crash_point
from saveline.notify.channels import Channel
from saveline.notify.channels.base import SECONDS, redacted
from saveline.notify.matter import Matter
from saveline.notify.message import Outgoing, cleaned
from saveline.store import outbox
from saveline.store.outbox import Lease
from saveline.store.rows import decode_json

log = logging.getLogger(__name__)

BATCH: Final = 20
MOST: Final = 10_000
LEASE: Final = timedelta(seconds=40)
"""How long a claimed notice is nobody else's; a message gets less than half of it."""


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
        self.switchboard = Switchboard(desk)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.switchboard.close()

    def deliver(self, *, most: int = MOST, batch: int = BATCH) -> Delivered:
        """Send what is due, at most ``most`` notices."""
        done, left = Delivered(), most
        while left > 0:
            attention.judge(self.desk)
            claimed, lease = self._claim(min(batch, left))
            if not claimed:
                break
            left -= len(claimed)
            try:
                crash_point("claimed")
                done += self._handle(claimed, lease)
            finally:
                with suppress(SQLAlchemyError), self.desk.writing() as conn:
                    outbox.release(conn, lease)
        return done

    def _claim(self, most: int) -> tuple[list[Queued], Lease]:
        with self.desk.writing() as conn:
            now = self.desk.now(conn)
            lease = Lease(f"{self.name}/{uuid4().hex[:12]}", now + self.lease)
            return outbox.claim(conn, lease, now, most, self.switchboard.held(now)), lease

    def _handle(self, claimed: Sequence[Queued], lease: Lease) -> Delivered:
        pass_, done = _Pass(self, claimed, lease), Delivered()
        for notice in claimed:
            if notice.channel_name in self.switchboard.held(pass_.facts.now):
                continue  # found out within this batch; given back at its end
            pass_.keep_lease()
            verdict = pass_.handle(notice)
            dead = (_dead(notice, verdict),) if verdict and verdict.status == "dead" else ()
            done += Delivered({verdict.status if verdict else "put_back": 1}, dead)
        return done


class _Pass:
    """One batch under one lease."""

    def __init__(self, worker: Worker, claimed: Sequence[Queued], lease: Lease) -> None:
        self._worker, self._desk, self._lease = worker, worker.desk, lease
        self._renew_at = monotonic() + worker.lease.total_seconds() / 2
        with self._desk.reading() as conn:
            self.facts = wording.Facts(self._desk, conn, claimed)
            late = self.facts.now - self._desk.workspace.late_after.calendar()
            self._superseded = outbox.superseded(conn, [n.id for n in claimed if n.at < late])

    def keep_lease(self) -> None:
        """A slow channel must not cost the notices behind it their lease."""
        if monotonic() < self._renew_at:
            return
        with self._desk.writing() as conn:
            outbox.renew(conn, self._until(conn))
        self._renew_at = monotonic() + self._worker.lease.total_seconds() / 2

    def _until(self, conn: Connection) -> Lease:
        return Lease(self._lease.name, self._desk.now(conn) + self._worker.lease)

    def handle(self, notice: Queued) -> Verdict | None:
        """What became of it; None where it was put back because the deal moved on, or where somebody else has it."""
        try:
            matter = self.facts.matter(notice)
            stale = self._stale(matter)
            if stale is not None:
                return self._mark(notice, stale)
            channel = self._worker.switchboard.channel(notice.channel_name)
            if isinstance(channel, Fact):
                return self._conclude(notice, channel)
            message = wording.message(matter, channel.forms)
        except SQLAlchemyError:
            raise
        except Exception as error:  # a poison notice must not stop the others: it has used an attempt, and is kept
            log.exception("notice %s could not be worded", notice.id)
            return self._conclude(notice, Transient(f"it could not be worded: {type(error).__name__}: {error}"))
        return self._send(notice, channel, message, matter.deal.seq if matter.deal else 0)

    # --- before -----------------------------------------------------------------------------------------------

    def _stale(self, matter: Matter) -> Verdict | None:
        notice = matter.notice
        reason = delivery.unwanted(notice, matter.about.get("news"), matter.deal, self.facts.people)
        if reason is None and notice.kind == "digest" and not matter.others:
            reason = "nothing is open any more"
        if reason is not None:
            return Verdict("cancelled", reason, doubts=notice.doubts)
        if notice.id in self._superseded:
            return Verdict("missed", "a later one about the same goes out instead", doubts=notice.doubts)
        return None

    # --- the sending ------------------------------------------------------------------------------------------

    def _send(self, notice: Queued, channel: Channel, message: Outgoing, seq: int) -> Verdict | None:
        crash_point("before_sending")
        if delivery.given_up(notice):
            return self._conclude(notice, Permanent(f"nobody knows whether one of {notice.attempts} attempts arrived"))
        deadline = monotonic() + self._worker.seconds
        with self._desk.writing() as conn:
            if not outbox.mark_sending(conn, notice, self._until(conn), self._desk.now(conn), seq):
                outbox.release(conn, self._lease, notice.id)
                return None
            crash_point("marking_sending")
        crash_point("before_send")
        outcome = self._worker.switchboard.send(channel, message, deadline)
        crash_point("after_send")
        verdict = self._conclude(notice, outcome, channel)
        crash_point("marked")
        return verdict

    # --- and after --------------------------------------------------------------------------------------------

    def _conclude(self, notice: Queued, outcome: Outcome, channel: Channel | None = None) -> Verdict | None:
        """Write down what the attempt means. A database that is away for a moment must not make a sent one be sent
        again, so the mark is tried as long as the lease lasts."""
        give_up = monotonic() + self._worker.lease.total_seconds() / 2
        while True:
            try:
                return self._write(notice, outcome, channel)
            except OperationalError:
                if monotonic() > give_up:
                    raise
                sleep(0.2)

    def _write(self, notice: Queued, outcome: Outcome, channel: Channel | None) -> Verdict | None:
        doubt, secrets = (channel.doubt, channel.secrets) if channel else ("once", ())
        with self._desk.writing() as conn:
            now = self._desk.now(conn)
            others = [] if isinstance(outcome, Sent) else self._other_ways(conn, notice)
            meant = delivery.verdict(notice, outcome, now, doubt=doubt, last_resort=others == [])
            verdict = _printable(meant, secrets)
            written = outbox.mark(conn, notice, self._lease, verdict, now)
            if written and verdict.status == "dead" and others:
                outbox.add(conn, notice.deal_id, others if not notice.person_id else others[:1], now)
        if channel is not None or isinstance(outcome, Transient):
            self._worker.switchboard.heed(notice.channel_name, outcome, now)
        if verdict.status != "sent":
            log.info("notice %s by %s: %s: %s", notice.id, notice.channel_name, verdict.status, verdict.reason)
        return verdict if written else None

    def _other_ways(self, conn: Connection, notice: Queued) -> list[Notice] | None:
        """By what else the reader could be told; None where another notice tells them the same already."""
        same = outbox.by_channel(conn, notice)
        if any(status in _ALIVE for channel, status in same.items() if channel != notice.channel):
            return None
        ways = delivery.detours(notice, _about(notice), self.facts.people, self._desk.workspace)
        return [way for way in ways if way.channel not in same or not notice.person_id]

    def _mark(self, notice: Queued, verdict: Verdict) -> Verdict | None:
        with self._desk.writing() as conn:
            written = outbox.mark(conn, notice, self._lease, verdict, self._desk.now(conn))
        return verdict if written else None


def _about(notice: Queued) -> dict[str, object]:
    """What it says, or nothing where that is why it is dead."""
    with suppress(DecodeError):
        found: object = decode_json(notice.about)
        return found if isinstance(found, dict) else {}
    return {}


_ALIVE: Final = frozenset({"queued", "sending", "unknown", "sent"})


def _printable(verdict: Verdict, secrets: Sequence[str]) -> Verdict:
    """Reasons come from servers and libraries: kept short, in one line, and without what must not be kept."""
    reason = shortened(" ".join(cleaned(redacted(verdict.reason, secrets)).split()), 500) if verdict.reason else None
    ref = shortened(cleaned(redacted(verdict.ref, secrets)), 200) if verdict.ref else None
    return replace(verdict, reason=reason, ref=ref)


def _dead(notice: Queued, verdict: Verdict) -> Dead:
    n = notice
    return Dead(n.id, n.kind, n.deal_id, n.task_no, n.person_id, n.channel, verdict.reason or "")
