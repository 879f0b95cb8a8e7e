"""Looking for what should have happened and did not, repairing what can be repaired, and saying the rest aloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core.facts import Fact
from saveline.core.phrases import count
from saveline.store import destinations, health

PATIENCE: Final = timedelta(minutes=5)
SILENCE: Final = timedelta(minutes=15)
FAILURES: Final = 5
"""Failures in a row after which a destination is said to fail."""


class Finding(Fact, frozen=True):
    """One thing that is not as it should be. ``id`` is stable; an ``urgent`` one turns health red."""

    id: str
    words: str
    urgent: bool = True


def audit(desk: Desk, *, repair: bool = True) -> tuple[Finding, ...]:
    """Everything the auditor finds now; nothing means healthy. With ``repair`` leases of workers that are
    gone are released."""
    with desk.writing() as conn:
        now = desk.now(conn)
        found = [*_engine(conn, now), *_outbox(conn, now, repair=repair), *_destinations(conn, now)]
        return (*found, *_aside(health.set_aside(conn)))


def _engine(conn: Connection, now: datetime) -> Iterator[Finding]:
    late, oldest = health.untaken(conn, now - PATIENCE)
    if late:
        words = f"{count(late, 'deal')} waited past their due moment, the oldest for {_minutes(now - (oldest or now))}"
        yield Finding("engine-late", words)


def _outbox(conn: Connection, now: datetime, *, repair: bool) -> Iterator[Finding]:
    stuck = health.stuck(conn, now - SILENCE)
    if stuck:
        by = ", ".join(f"{n} by {channel}" for channel, n in stuck.items())
        words = f"{count(sum(stuck.values()), 'notice')} waiting ({by}), and none was sent for {_minutes(SILENCE)}"
        yield Finding("queue-stuck", words)
    unjudged = health.unjudged(conn, now - SILENCE)
    if unjudged:
        words = f"{count(unjudged, 'notice')} due for {_minutes(SILENCE)}, and nobody has looked whether they may go"
        yield Finding("notices-unjudged", words)
    leases = health.past_their_lease(conn, now - PATIENCE)
    if leases:
        if repair:
            health.release_leases(conn, now - PATIENCE)
        yield Finding("leases-released", f"{count(leases, 'notice')} had a worker that never came back", urgent=False)
    dead = health.dead(conn, now - timedelta(days=1))
    if dead:
        words = f"{count(dead, 'notice')} could not be delivered in the last day: `saveline notices list --status dead`"
        yield Finding("notices-dead", words, urgent=False)


def _destinations(conn: Connection, now: datetime) -> Iterator[Finding]:
    """A channel that fails for long is urgent. A single room or mailbox is somebody's to put right."""
    for there in destinations.failing(conn, now - timedelta(hours=1), FAILURES):
        whole = ":" not in there.key
        what = f"the channel {there.key}" if whole else there.key
        last = f", the last arrived {_minutes(now - there.sent_at)} ago" if there.sent_at else ""
        words = f"{what} has failed {count(there.failures, 'time')} in a row{last}: {there.error}"
        yield Finding("channel-failing" if whole else "destination-failing", words, urgent=whole)


def _minutes(span: timedelta) -> str:
    return count(round(span / timedelta(minutes=1)), "minute")


def _aside(deals: Iterable[tuple[int, int, str]]) -> Iterable[Finding]:
    for deal_id, failures, error in deals:
        yield Finding("deal-set-aside", f"deal {deal_id} could not be decided ({count(failures, 'time')}): {error}")
