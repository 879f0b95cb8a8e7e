"""Fault 5: two schedulers and four workers at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from time import monotonic, sleep

from saveline.core.changes import Escalated
from saveline.store import load
from tests.faults.figures import measured
from tests.faults.rig import Site, advance_on, deliver_on, stop
from tests.notify.looking import rows
from tests.servers import Mailserver, Slack
from tests.world import World

DEALS = 75


def settled(world: World) -> bool:
    return not any(r.status in ("queued", "sending", "unknown") for r in rows(world))


def wait_for(world: World, total: int) -> None:
    done_by = monotonic() + 180
    while not (len(rows(world)) >= total and settled(world)):
        assert monotonic() < done_by, Counter(r.status for r in rows(world))
        sleep(0.1)


def test_two_schedulers_and_four_workers(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """300 notices and not one double; one escalation a rung.

    Planted bugs, each tried by hand: ``claim`` without ``lease_until <= now`` (some hundred doubles); ``mark_sending``
    without ``lease = mine`` together with it (more); reading due deals without locking them (PostgreSQL: refused by
    the deal's number, so this one stays green, and slow).
    """
    for n in range(DEALS):
        on_both.open(on_both.account(f"a{n}", name=f"Account {n}"))
    site = Site(on_both)
    processes = [site.start(deliver_on, f"w{n}", 40.0) for n in range(4)]
    processes += [site.start(advance_on, 5) for _ in range(2)]
    try:
        wait_for(on_both, 3 * DEALS)
        on_both.clock.set(on_both.now + timedelta(hours=5))
        wait_for(on_both, 4 * DEALS)
        sleep(0.5)  # whoever still had something to say twice would say it now
    finally:
        for process in processes:
            stop(process)
    assert Counter((r.kind, r.status) for r in rows(on_both)) == {
        ("stage_entered", "sent"): DEALS,
        ("assigned", "sent"): 2 * DEALS,
        ("escalation", "sent"): DEALS,
    }
    assert len(mail.mails) == len({m.id for m in mail.mails}) == DEALS
    assert len(slack.posts) == len({p.id for p in slack.posts}) == 3 * DEALS
    assert {r.attempts for r in rows(on_both)} == {1}
    measured(5, on_both)
    with on_both.desk.reading() as conn:
        histories = load.history(conn, list(range(1, DEALS + 1)))
    for history in histories.values():
        assert [e.change.rung for e in history if isinstance(e.change, Escalated)] == [0]
