"""Faults 4 and 17: what happens to the outbox after an outage, and when one of its notices cannot be worded."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from saveline.actions.delivery import Dead
from saveline.store.rows import TASK
from tests.faults.figures import measured
from tests.notify.looking import change, only_mail, put, row, rows, statuses
from tests.servers import Mailserver, Slack
from tests.world import World


@pytest.mark.parametrize("engine_ran", [False, True], ids=["everything was down", "only the worker was down"])
def test_down_for_three_days(on_both: World, mail: Mailserver, slack: Slack, engine_ran: bool) -> None:
    """Each task gets one message, the latest; what was missed is recorded as missed.

    Planted bugs, each tried by hand: comparing with notices of the same kind only; leaving out the comparison.
    """
    only_mail(on_both)
    on_both.open()
    on_both.open(on_both.account("globex", name="Globex"))
    back = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
    if engine_ran:
        on_both.at(back)
    else:
        on_both.jump(back)
    on_both.deliver()
    for deal in (1, 2):
        sent = rows(on_both, deal_id=deal, task_no=1, status="sent")
        assert [(r.kind, r.ordinal) for r in sent] == [("escalation", 2)]
        assert set(statuses(on_both, deal_id=deal, task_no=1)) == {"sent", "missed"}
        assert Counter(r.kind for r in rows(on_both, deal_id=deal, status="missed")) == {
            "assigned": 1,
            "reminder": 2,
            "escalation": 1,
        }
        assert statuses(on_both, deal_id=deal, kind="stage_entered") == ["sent"]
    assert Counter(m.to for m in mail.mails) == {"bob@x.example": 2, "ana@x.example": 2}
    on_both.pass_time(hours=5)
    on_both.deliver()
    assert statuses(on_both, deal_id=1, kind="escalation") == ["missed", "sent", "sent"]
    measured(4, on_both)


def test_all_notices_of_the_latest_moment_go_out(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    lite.pass_time(hours=3)
    lite.deliver()
    assert statuses(lite, kind="assigned") == ["sent", "sent"]  # late, by Slack and by mail, and nothing came after


def test_what_is_not_late_is_sent_whatever_comes_after(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    lite.pass_time(minutes=30)
    put(lite, 1, kind="reminder", task_no=1, person_id=lite.person("ana"))
    lite.deliver()
    assert statuses(lite, task_no=1) == ["sent", "sent"]


def test_two_people_who_lost_a_task_each_hear_of_it(lite: World, mail: Mailserver, slack: Slack) -> None:
    """Without a task, only a later one to the same reader says it all."""
    only_mail(lite)
    lite.open()
    for minutes, who in ((0, "ana"), (1, "chris"), (2, "ana")):
        about = {"news": "withdrawn", "stage": "triage", "n": minutes}
        put(lite, 1, lite.now + timedelta(minutes=minutes), kind="news", ordinal=50 + minutes, about=about,
            person_id=lite.person(who))  # fmt: skip
    lite.clock.set(lite.now + timedelta(hours=2))
    lite.deliver()
    assert [(r.status, r.ordinal) for r in rows(lite, kind="news")] == [("missed", 50), ("sent", 51), ("sent", 52)]


# --- poison -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("about", ["{", '{"news": "nonsense"}', "[]", '{"news": "outcome", "by": {}}'])
def test_a_poison_notice_is_set_aside_and_the_others_go_out(
    on_both: World, mail: Mailserver, slack: Slack, about: str
) -> None:
    """Planted bug, tried by hand: no ``except`` around the wording (the worker ends at the first one)."""
    only_mail(on_both)
    on_both.open()
    poison = put(on_both, 1, on_both.now - timedelta(minutes=1), kind="news", person_id=on_both.person("ana"))
    change(on_both, poison, about=about)
    assert on_both.deliver().counts == {"queued": 1, "sent": 2}
    found = row(on_both, id=poison)
    assert (found.attempts, found.status) == (1, "queued")
    assert found.error.startswith("it could not be worded: ")
    dead: list[Dead] = []
    for _ in range(10):
        on_both.clock.set(on_both.now + timedelta(minutes=6))
        dead += on_both.deliver().dead
    assert [d.id for d in dead] == [poison]
    assert row(on_both, id=poison).attempts == 8
    assert statuses(on_both, status="sent") == ["sent", "sent"]
    measured(17, on_both)


def test_a_deal_that_cannot_be_read_holds_up_only_its_own(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Planted bug, tried by hand: without reading one by one, the whole batch waits with it."""
    only_mail(on_both)
    for name in ("Acme", "Globex", "Initech"):
        on_both.open(on_both.account(name.lower(), name=name))
    with on_both.desk.writing() as conn:
        conn.execute(sa.update(TASK).where(TASK.c.deal_id == 2).values(answers="{"))
    assert on_both.deliver().counts == {"queued": 2, "sent": 4}
    assert {m.message["In-Reply-To"] is not None for m in mail.mails} == {True}
    assert not [m for m in mail.mails if "Globex" in m.subject]
    with on_both.desk.writing() as conn:
        conn.execute(sa.update(TASK).where(TASK.c.deal_id == 2).values(answers="{}"))
    on_both.clock.set(on_both.now + timedelta(seconds=5))
    assert on_both.deliver().counts == {"sent": 2}
