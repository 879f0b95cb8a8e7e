"""Judging under fire: killed in the middle, and by many workers at once."""

from __future__ import annotations

from collections import Counter
from time import monotonic, sleep

import pytest

from saveline.actions import attention
from tests.faults.rig import Site, stop
from tests.notify.looking import only_mail, put, rows
from tests.notify.test_attention import rules, three_deals
from tests.servers import Mailserver
from tests.world import World

CAP = 10
NOTICES = 60


def judge_once(site: Site) -> None:
    attention.judge(site.runtime().desk())


def judge_on(site: Site) -> None:
    """Judgement after judgement, until somebody kills it."""
    desk = site.runtime().desk()
    while True:
        attention.judge(desk, most=7)


@pytest.mark.parametrize("point", ["before_commit", "committed"])
def test_killed_while_it_judges_nothing_is_lost_or_said_twice(on_both: World, mail: Mailserver, point: str) -> None:
    """Planted bug: putting the bundle in and marking its members in two transactions leaves, killed in between, a
    bundle of which nothing is known any more, and its tasks are said twice."""
    only_mail(on_both)
    rules(on_both, bundle_from=3)
    three_deals(on_both)
    site = Site(on_both)
    assert site.run(judge_once, SAVELINE_TEST_FAULTS="1", CRASH_AT=point) == -9
    done = point == "committed"
    assert len(rows(on_both, kind="bundle")) == done
    assert {r.judged_at is not None for r in rows(on_both)} == {done}
    on_both.deliver()
    assert Counter((r.kind, r.status) for r in rows(on_both)) == {
        ("assigned", "bundled"): 3,
        ("bundle", "sent"): 1,
        ("stage_entered", "sent"): 3,
    }
    assert len(mail.mails) == 4


def test_many_workers_judge_as_one(on_both: World) -> None:
    """Four of them, while it goes on coming: never more than the cap, and each notice is judged once.

    Planted bug: without the lock on the reader two workers count the same messages, and too many go (PostgreSQL).
    """
    only_mail(on_both)
    rules(on_both, cap=CAP)
    ana = on_both.person("ana")
    deal = on_both.open()
    site = Site(on_both)
    workers = [site.start(judge_on) for _ in range(4)]
    try:
        for n in range(NOTICES):
            put(on_both, deal, kind="stage_late", person_id=ana, ordinal=100 + n)
        done_by = monotonic() + 120
        while any(r.judged_at is None and r.held_for is None for r in rows(on_both)):
            assert monotonic() < done_by, "it is never judged"
            sleep(0.05)
    finally:
        for worker in workers:
            stop(worker)
    judged = Counter((r.judged_at is not None, r.held_for) for r in rows(on_both))
    assert judged == {(True, None): CAP, (False, "the most messages of a day"): NOTICES + 2 - CAP}
