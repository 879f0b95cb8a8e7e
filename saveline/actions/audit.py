"""Looking for what should have happened and did not, repairing what can be repaired, and saying the rest aloud."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from saveline.actions.desk import Desk
from saveline.core.facts import Fact
from saveline.core.phrases import count
from saveline.store import health

PATIENCE: Final = timedelta(minutes=5)
SILENCE: Final = timedelta(minutes=15)


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
        late, oldest = health.untaken(conn, now - PATIENCE)
        aside = health.set_aside(conn)
        leases = health.past_their_lease(conn, now - PATIENCE)
        stuck = health.stuck(conn, now - SILENCE)
        dead = health.dead(conn, now - timedelta(days=1))
        if leases and repair:
            health.release_leases(conn, now - PATIENCE)
    found = [
        late
        and Finding(
            "engine-late", f"{count(late, 'deal')} waited past their due moment, the oldest {_since(now, oldest)}"
        ),
        stuck
        and Finding("queue-stuck", f"{count(stuck, 'notice')} waiting, and none was sent {_since(now, now - SILENCE)}"),
        leases
        and Finding("leases-released", f"{count(leases, 'notice')} had a worker that never came back", urgent=False),
        dead
        and Finding("notices-dead", f"{count(dead, 'notice')} could not be delivered in the last day", urgent=False),
    ]
    return (*(f for f in found if f), *_aside(aside))


def _since(now: datetime, at: datetime | None) -> str:
    return f"for {round((now - (at or now)) / timedelta(minutes=1))} minutes"


def _aside(deals: Iterable[tuple[int, int, str]]) -> Iterable[Finding]:
    for deal_id, failures, error in deals:
        yield Finding("deal-set-aside", f"deal {deal_id} could not be decided ({count(failures, 'time')}): {error}")
