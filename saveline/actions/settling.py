"""Writing down what became of messages: the notice, its attempt, its destination, and another way to the reader."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.detours import other_ways
from saveline.actions.lanes import Job
from saveline.core import delivery
from saveline.core.delivery import Outcome, Sent, Transient, Verdict
from saveline.core.notices import Notice
from saveline.core.phrases import shortened
from saveline.core.workspace import Workspace
from saveline.notify.channels.base import redacted
from saveline.notify.message import cleaned
from saveline.store import conversations, destinations, outbox, sending
from saveline.store.sending import End

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Finished:
    """A job with what became of it: the outcome of an attempt, or a verdict where none was made."""

    job: Job
    result: Outcome | Verdict


@dataclass(slots=True)
class Settled:
    """What was written: ``verdict`` is None where the notice was somebody else's by then."""

    finished: Finished
    verdict: Verdict | None


def settle(conn: Connection, finished: Sequence[Finished], workspace: Workspace, now: datetime) -> list[Settled]:
    """Write it all, in the transaction of ``conn``."""
    meant = [_meant(conn, f, workspace, now) for f in finished]
    mine = sending.settle(conn, [end for end, _ in meant], now)
    for (end, others), f in zip(meant, finished, strict=True):
        n = f.job.notice
        if n.id in mine and end.verdict.status == "dead" and others:
            outbox.add(conn, n.deal_id, others, now)
    conversations.posted(conn, [(end.notice, end.verdict.ref or "") for end, _ in meant if end.notice.id in mine], now)
    _destinations(conn, finished, now)
    return [
        Settled(f, end.verdict if f.job.notice.id in mine else None)
        for (end, _), f in zip(meant, finished, strict=True)
    ]


def _meant(
    conn: Connection, finished: Finished, workspace: Workspace, now: datetime
) -> tuple[End, list[Notice] | None]:
    job, result = finished.job, finished.result
    notice = job.notice
    if isinstance(result, Verdict):
        return End(notice, job.lease, result), []
    doubt, secrets = (job.channel.doubt, job.channel.secrets) if job.channel else ("once", ())
    facts = job.facts
    others = [] if isinstance(result, Sent) else other_ways(conn, notice, facts.people, workspace, facts.lost)
    verdict = delivery.verdict(notice, result, now, doubt=doubt, last_resort=others == [])
    said = None if isinstance(result, Sent) else printable(result.reason, secrets, 500)
    ref = printable(verdict.ref, secrets, 200) if verdict.ref else None
    kept = replace(verdict, reason=printable(verdict.reason, secrets, 500), ref=ref)
    return End(notice, job.lease, kept, delivery.outcome_word(result), said, job.began is not None), others


def printable(text: str | None, secrets: Sequence[str], most: int) -> str | None:
    """Reasons come from servers and libraries: kept short, in one line, and without what must not be kept."""
    return shortened(" ".join(cleaned(redacted(text, secrets)).split()), most) if text else None


# --- destinations -----------------------------------------------------------------------------------------------------


def _destinations(conn: Connection, finished: Sequence[Finished], now: datetime) -> None:
    """Remember how it is with the places that messages went to. Successes are noted by the second, elsewhere."""
    resting: dict[str, datetime] = {}
    for f in finished:
        job, result = f.job, f.result
        if job.began is not None and job.channel is not None and job.channel.rate:
            resting[job.key] = now + timedelta(seconds=1 / job.channel.rate)
        if isinstance(result, Transient) and result.channel_wide:
            _channel_is_down(conn, job, result, now)
        elif job.began is not None and not isinstance(result, (Sent, Verdict)):
            _one_failed(conn, job, result, now)
    if resting:
        destinations.rest(conn, resting)


def _channel_is_down(conn: Connection, job: Job, result: Transient, now: datetime) -> None:
    name = job.notice.channel_name
    there = destinations.failed(conn, name, _said(job, result), now, began=job.began)
    pause = delivery.hold(there.failures, result.retry_after)
    destinations.close(conn, name, now + pause)
    log.warning("channel %s is left alone for %d s", name, pause.total_seconds())


def _one_failed(conn: Connection, job: Job, result: Outcome, now: datetime) -> None:
    destinations.failed(conn, job.key, _said(job, result), now, began=job.began)
    if isinstance(result, Transient) and result.retry_after is not None:
        destinations.close(conn, job.key, now + timedelta(seconds=result.retry_after))


def _said(job: Job, result: Outcome) -> str:
    secrets = job.channel.secrets if job.channel else ()
    return printable(getattr(result, "reason", ""), secrets, 500) or ""
