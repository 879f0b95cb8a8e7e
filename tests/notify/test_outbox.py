"""Stories of the outbox's own books: every attempt kept, destinations that all workers respect, nobody overtaken.

Planted bugs that turn these red, each tried by hand: an attempt that is only written when it ends; ``take`` without its
WHERE (two posts in one second); ``begin`` without looking whether the destination is closed; many mails under way at
once; and, where a later message arrives before an earlier one, a claim without ``_TAKEN``, one without ``_UNJUDGED``,
and ``judge_again`` beside a claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
import sqlalchemy as sa

import models
from saveline.actions import attention
from saveline.actions.delivery import Worker
from saveline.clock import system
from saveline.store import attention as store
from saveline.store import destinations, outbox, sending
from saveline.store.destinations import Destination
from saveline.store.outbox import Lease, Shut
from saveline.store.rows import NOTICE, table
from tests.faults.figures import number_of
from tests.notify.looking import only_mail, put, row, rows, statuses
from tests.notify.test_delivery import worded
from tests.servers import Mailserver, Reply, Rule, Slack
from tests.world import World


def tell(world: World, who: str, number: int, channel: str, at: datetime | None = None) -> int:
    """One more message to somebody about deal 1; returns its id."""
    about = {"news": "withdrawn", "stage": "triage"}
    return put(world, 1, at, kind="news", ordinal=number, person_id=world.person(who), channel=channel, about=about)


# --- attempts ---------------------------------------------------------------------------------------------------------


def attempts(world: World, notice: int) -> list[sending.Attempt]:
    with world.desk.reading() as conn:
        return sending.attempts(conn, [notice])


def destination(world: World, key: str) -> Destination:
    with world.desk.reading() as conn:
        return {d.key: d for d in destinations.everything(conn)}.get(key, Destination(key))


def test_every_attempt_is_kept_with_what_was_said(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    on_both.open()
    on_both.deliver()
    notice = tell(on_both, "ana", 1, "email")
    for answer in ("450 4.2.1 mailbox busy", "451 4.3.0 try later"):
        mail.rules.append(Rule("rcpt", answer))
        on_both.deliver()
        on_both.clock.set(row(on_both, id=notice).not_before)
    on_both.deliver()
    kept = attempts(on_both, notice)
    assert [(a.outcome, a.reason) for a in kept] == [
        ("transient", "450 4.2.1 mailbox busy"),
        ("transient", "451 4.3.0 try later"),
        ("sent", None),
    ]
    assert row(on_both, id=notice).attempts == len(kept)
    assert [a.worker.partition("/")[0] for a in kept] == ["test"] * 3
    assert all(a.ended_at is not None and a.ended_at >= a.at for a in kept)
    assert kept[-1].ref == "taken"


def test_an_attempt_begins_before_the_message_leaves(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """One that has no outcome died with its worker, and the next says what became of it."""
    only_mail(on_both)
    on_both.open()
    on_both.deliver()
    notice = tell(on_both, "ana", 1, "email")
    with Worker(on_both.desk, "dies") as worker:
        looked = worded(worker)
        looked._patiently(lambda: looked._written([], [], looked.lanes.startable(), monotonic() + 15))
    assert row(on_both, id=notice).status == "sending"
    [begun] = attempts(on_both, notice)
    assert (begun.outcome, begun.ended_at) == ("", None)
    on_both.clock.set(on_both.now + timedelta(seconds=41))
    assert on_both.deliver().counts == {"sent": 1}
    assert [a.outcome for a in attempts(on_both, notice)] == ["", "sent"]
    assert row(on_both, id=notice).doubts == 1


def test_what_cannot_be_worded_has_its_attempts_too(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    notice = put(lite, 1, kind="news", about={"news": "nonsense"}, person_id=lite.person("ana"))
    lite.deliver()
    [kept] = attempts(lite, notice)
    assert (kept.outcome, kept.at) == ("transient", kept.ended_at)
    assert kept.reason is not None
    assert kept.reason.startswith("it could not be worded: ")


def test_what_is_not_wanted_any_more_was_never_tried(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    lite.done("ana", "diagnosis", root_cause="price", summary="x")
    lite.deliver()
    assert attempts(lite, row(lite, kind="assigned", task_no=1).id) == []


# --- destinations -----------------------------------------------------------------------------------------------------


def test_a_429_is_obeyed_by_every_worker(on_both: World, mail: Mailserver, slack: Slack) -> None:
    on_both.open()
    slack.replies.append(Reply(429, '{"ok": false, "error": "ratelimited"}', (("Retry-After", "17"),)))
    with Worker(on_both.desk, "a") as first, Worker(on_both.desk, "b") as second:
        assert first.deliver().counts == {"queued": 1, "sent": 1}
        assert destination(on_both, "slack").not_before == on_both.now + timedelta(seconds=17)
        on_both.clock.set(on_both.now + timedelta(seconds=16))
        assert second.deliver().counts == {}
        assert slack.calls == ["chat.postMessage"]
        on_both.clock.set(on_both.now + timedelta(seconds=1))
        assert second.deliver().counts == {"sent": 2}
    assert slack.posts[0].text == "Acme is in Triage now"  # the one that was put off is still the first


def test_what_one_worker_has_worded_does_not_go_to_a_place_that_another_found_closed(
    on_both: World, mail: Mailserver, slack: Slack
) -> None:
    on_both.open()
    with Worker(on_both.desk, "slow") as worker:
        looked = worded(worker)
        with on_both.desk.writing() as conn:
            destinations.failed(conn, "slack", "429", on_both.now)
            destinations.close(conn, "slack", on_both.now + timedelta(seconds=17))
        looked.run()
        assert looked.counts == {"sent": 1}
    assert slack.posts == []
    assert [r.lease for r in rows(on_both, channel="slack")] == [None, None]


def test_a_channel_that_is_down_is_left_alone_longer_each_time(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    on_both.open()
    pauses = []
    for _ in range(4):
        mail.rules.append(Rule("connect", "421 shutting down"))
        with Worker(on_both.desk, "each time another") as worker:
            worker.deliver()
        there = destination(on_both, "email")
        assert there.not_before is not None
        pauses.append((there.not_before - on_both.now).total_seconds())
        on_both.clock.set(on_both.now + timedelta(minutes=5))
    assert pauses == [2, 4, 8, 16]
    assert (destination(on_both, "email").failures, destination(on_both, "email").error) == (
        4,
        "127.0.0.1: 421 shutting down",
    )
    on_both.deliver()
    there = destination(on_both, "email")
    assert (there.failures, there.sent_at) == (0, on_both.now)
    assert there.failed_at is not None


def test_a_mailbox_that_refuses_is_not_the_channels_fault(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    mail.rules.append(Rule("rcpt", "550 5.1.1 no such user"))
    lite.deliver()
    assert destination(lite, "email").failures == 0
    box = destination(lite, "email:ana@x.example")
    assert box.error == "550 5.1.1 no such user"


def rated(world: World, rate: str) -> None:
    world.setting("saveline.yaml", "&rate=0", f"&rate={rate}")


def test_a_conversation_takes_one_message_a_second(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """By whichever worker asks; other conversations do not wait."""
    rated(on_both, "1")
    on_both.open()
    numbers = {tell(on_both, who, n, "slack"): n for who in ("ana", "bob") for n in range(3)}
    with Worker(on_both.desk, "a") as first, Worker(on_both.desk, "b") as second:
        seen = []
        for half in range(12):
            (first, second)[half % 2].deliver()
            seen.append((len(slack.to("UANA")), len(slack.to("UBOB"))))
            on_both.clock.set(on_both.now + timedelta(seconds=0.5))
    assert seen[:6] == [(1, 1), (1, 1), (2, 2), (2, 2), (3, 3), (3, 3)]
    assert seen[-1] == (5, 3)  # ana hears of her new deal and task as well
    for room in ("UANA", "UBOB"):
        ours = [numbers[i] for i in (int(p.id[7:].split(".")[0]) for p in slack.to(room)) if i in numbers]
        assert ours == [0, 1, 2]


def test_two_workers_keep_the_gap_by_the_real_clock(on_both: World, mail: Mailserver, slack: Slack) -> None:
    rated(on_both, "5")
    on_both.clock.set(system() - timedelta(minutes=1))
    on_both.open()
    for number in range(6):
        tell(on_both, "ana", number, "slack")
    arrived: list[float] = []
    made = slack.make

    def seen(data: dict[str, Any]) -> dict[str, Any]:
        arrived.append(monotonic())
        return made(data)

    slack.make = seen  # type: ignore[method-assign]
    with running(on_both, 2):
        wait_until(lambda: len(slack.posts) >= 8)
    gaps = [b - a for a, b in pairwise(arrived)]
    assert min(gaps) >= 0.19


@pytest.mark.parametrize("rate", ["fast", "-1", "1001", "%20"])
def test_a_rate_that_is_none_is_said_to_be_none(lite: World, mail: Mailserver, slack: Slack, rate: str) -> None:
    rated(lite, rate)
    lite.open()
    lite.deliver()
    said = [r.error for r in rows(lite, channel="slack") if r.error]
    assert len(said) == 1
    assert "expected messages a second to each room, from 0 (no limit) to 1000" in said[0]


# --- order, and many at once ------------------------------------------------------------------------------------------


@contextmanager
def running(world: World, workers: int, batch: int = 4) -> Iterator[None]:
    """Workers that deliver in threads, by the real clock, until the block ends. They claim few at a time, so that what
    one reader gets is claimed in parts."""
    stop: list[bool] = []

    def work(name: str) -> None:
        desk = world.runtime.desk()
        desk.clock = system
        with Worker(desk, name) as worker:
            while not stop:
                worker.deliver(batch=batch)
                sleep(0.01)

    threads = [Thread(target=work, args=(f"w{n}",)) for n in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.append(True)
        for thread in threads:
            thread.join(20)


def wait_until(there: Callable[[], bool], seconds: float = 60.0) -> None:
    until = monotonic() + seconds
    while not there():
        assert monotonic() < until, "it did not come about in time"
        sleep(0.01)


def test_nobody_is_overtaken_whoever_sends(on_both: World, mail: Mailserver, slack: Slack) -> None:
    on_both.clock.set(system() - timedelta(minutes=1))
    on_both.open()
    on_both.deliver()
    names = ("ana", "bob", "chris")
    numbers = {}
    for number in range(12):
        for who in names:
            for channel in ("email", "slack"):
                numbers[tell(on_both, who, number, channel)] = number
    before = len(mail.mails), len(slack.posts)
    with running(on_both, 3):
        wait_until(lambda: all(r.status == "sent" for r in rows(on_both) if r.error is None))

    def order(ids: list[str]) -> list[int]:
        return [numbers[int(i.removeprefix("<").removeprefix("notice-").split(".")[0])] for i in ids]

    for who in names:
        letters = order([m.id for m in mail.mails[before[0] :] if m.to.startswith(who)])
        posts = order([p.id for p in slack.posts[before[1] :] if p.room == f"U{who.upper()}"])
        assert letters == list(range(12)), who
        assert posts == (list(range(12)) if who != "chris" else [])


def two_for_ana(world: World) -> tuple[int, int]:
    """Two mails that are due; only the earlier one was judged so long ago that it is to be judged again."""
    only_mail(world)
    world.open()
    world.deliver()
    earlier, later = tell(world, "ana", 1, "email"), tell(world, "ana", 2, "email")
    with world.desk.writing() as conn:
        judged = sa.update(NOTICE).where(NOTICE.c.id.in_((earlier, later)))
        conn.execute(judged.values(judged_at=world.now - timedelta(minutes=20)))
        conn.execute(judged.where(NOTICE.c.id == later).values(judged_at=world.now))
    return earlier, later


def claimed(world: World) -> list[int]:
    with world.desk.writing() as conn:
        lease = Lease("w", world.now + timedelta(seconds=40))
        return [n.id for n in outbox.claim(conn, lease, world.now, 10, Shut())]


def test_what_is_judged_again_is_not_overtaken_meanwhile(on_both: World, mail: Mailserver) -> None:
    """One worker begins a pass, so what could not be sent for a while is to be judged again; another one, which had
    judged just before, claims. Found by the ledger run."""
    earlier, later = two_for_ana(on_both)
    assert attention.judge_again(on_both.desk) == 1
    assert claimed(on_both) == []
    on_both.deliver()
    assert [number_of(m.id) for m in mail.mails[-2:]] == [earlier, later]


def test_nor_while_that_is_being_written_down(on_both: World, mail: Mailserver) -> None:
    """The same in the middle of the transaction: a claim passes over rows that somebody else has locked."""
    two_for_ana(on_both)
    with ThreadPoolExecutor(1) as pool:
        with on_both.desk.writing() as conn:
            assert store.judge_again(conn, on_both.now, on_both.now - attention.STALE) == 1
            claims = pool.submit(claimed, on_both)
            sleep(0.3)
        assert claims.result(30) == []


def test_a_hung_conversation_slows_no_other(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.clock.set(system() - timedelta(minutes=1))
    lite.open()
    lite.deliver()
    slack.replies.append(Reply(seconds=25, posted=True, room="UANA"))
    hung = tell(lite, "ana", 99, "slack", lite.now - timedelta(minutes=1))
    for number in range(20):
        tell(lite, "bob", number, "slack")
        tell(lite, "chris", number, "email")
    with running(lite, 1, batch=100):
        wait_until(lambda: len(rows(lite, status="sent")) >= 43)
        assert row(lite, id=hung).status == "sending"


def test_one_mail_at_a_time(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    for number in range(4):
        tell(lite, ("ana", "bob")[number % 2], number, "email")
    with Worker(lite.desk, "w") as worker:
        looked = worded(worker)
        assert len(looked.lanes.startable()) == 1
        looked._let_go()
    assert set(statuses(lite)) == {"queued"}


# --- who is not reached any more --------------------------------------------------------------------------------------


def unreachable(world: World, who: str, channel: str, address: str) -> None:
    with world.desk.writing() as conn:
        conn.execute(
            sa.insert(table(models.Unreachable)),
            {
                "person_id": world.person(who),
                "channel": channel,
                "address": address,
                "at": world.now,
                "reason": "mail to ana@x.example came back: no such user",
            },
        )


def test_whom_a_channel_does_not_reach_is_told_by_the_next(on_both: World, mail: Mailserver, slack: Slack) -> None:
    unreachable(on_both, "ana", "email", "ana@x.example")
    notice = put(on_both, kind="digest", person_id=on_both.person("ana"), channel="email")
    on_both.open()
    on_both.deliver()
    assert mail.mails == []
    assert (row(on_both, id=notice).status, row(on_both, id=notice).error) == (
        "dead",
        "mail to ana@x.example came back: no such user",
    )
    assert row(on_both, kind="digest", channel="slack").status == "sent"


def test_another_address_may_do(lite: World, mail: Mailserver, slack: Slack) -> None:
    unreachable(lite, "ana", "email", "ana@old.example")
    lite.open()
    lite.deliver()
    assert len(mail.to("ana")) == 1


def test_a_lost_channel_is_no_detour(lite: World, mail: Mailserver, slack: Slack) -> None:
    unreachable(lite, "ana", "email", "ana@x.example")
    notice = put(lite, kind="digest", person_id=lite.person("ana"), channel="slack")
    lite.open()
    slack.replies.extend([Reply(body='{"ok": false, "error": "channel_not_found"}')] * 3)
    lite.deliver()
    assert row(lite, id=notice).status == "dead"
    assert [r.channel for r in rows(lite, kind="digest")] == ["slack"]
