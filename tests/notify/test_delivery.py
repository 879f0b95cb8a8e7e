"""Stories of the outbox: what goes out, what does not any more, what is tried again, and which way round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from saveline.actions import tasks
from saveline.actions.delivery import Dead, Worker
from saveline.actions.digest import queue_digests
from saveline.actions.sending import Pass
from tests.notify.looking import only_mail, put, row, rows, statuses
from tests.servers import Mailserver, Reply, Rule, Slack
from tests.world import World

# --- what goes out ----------------------------------------------------------------------------------------------------


def test_a_new_task_arrives_by_slack_and_by_mail(on_both: World, mail: Mailserver, slack: Slack) -> None:
    on_both.open()
    assert on_both.deliver().counts == {"sent": 3}
    [letter] = mail.to("ana")
    assert letter.subject == "Write the three-sentence diagnosis for Acme, due Mon 23 Nov 18:00"
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert letter.message["From"] == "Saveline <saveline@x.example>"
    assert "https://save.x.example/task/" in letter.text()
    assert "They tell their story once" in letter.text("html")
    assert [p.text for p in slack.to("UANA")] == ["Acme is in Triage now", letter.subject]
    assert row(on_both, channel="email").sent_at == on_both.now
    assert row(on_both, channel="slack", kind="assigned").ref == f"DUANA/{slack.posts[1].ts}"
    assert on_both.deliver().counts == {}


def test_messages_about_one_deal_are_one_thread_and_each_has_an_id_of_its_own(
    lite: World, mail: Mailserver, slack: Slack
) -> None:
    only_mail(lite)
    lite.open()
    lite.open(lite.account("globex", name="Globex"))
    lite.deliver()
    lite.pass_time(days=1)
    lite.deliver()
    threads = {m.message["In-Reply-To"] for m in mail.mails if "Acme" in m.text()}
    assert len(threads) == 1
    assert threads == {m.message["References"] for m in mail.mails if "Acme" in m.text()}
    assert threads.isdisjoint({m.message["In-Reply-To"] for m in mail.mails if "Globex" in m.text()})
    assert len({m.id for m in mail.mails}) == len(mail.mails) == 6


def test_a_department_with_a_room_is_told_there(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    lite.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    lite.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    lite.deliver()
    [post] = slack.to("#engineering")
    assert "Who in Engineering takes this?" in post.shown
    assert "It is offered to everybody in Engineering: the first to take it has it." in post.shown


def test_the_oldest_goes_first(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    put(lite, kind="digest", person_id=lite.person("bob"), at=lite.now + timedelta(minutes=2))
    lite.clock.set(lite.now + timedelta(minutes=1))
    lite.open()
    lite.open(lite.account("globex", name="Globex", team={"csm": "bob"}))
    lite.clock.set(lite.now + timedelta(minutes=1))
    lite.deliver()
    assert [m.to.split("@")[0] for m in mail.mails] == ["ana", "ana", "bob", "bob", "bob"]
    assert mail.mails[-1].subject.startswith("Today: ")


def test_times_are_those_of_the_readers_zone(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    people = lite.settings.workspace / "people.yaml"
    people.write_text(people.read_text().replace("name: Bob Okafor,", "name: Bob Okafor, zone: Asia/Tokyo,"))
    lite.open()
    tasks.ask_help(lite.desk, lite.ref("diagnosis"), lite.by("ana"))
    lite.deliver()
    assert "Tue 24 Nov 03:00" in mail.to("bob")[0].text()  # 18:00 in Lisbon
    assert "Mon 23 Nov 18:00" in mail.to("ana")[1].text()


# --- what does not go out any more ------------------------------------------------------------------------------------


def test_nothing_is_sent_about_a_closed_task(on_both: World, mail: Mailserver, slack: Slack) -> None:
    on_both.open()
    on_both.done("ana", "diagnosis", root_cause="price", summary="x")
    on_both.deliver()
    task = rows(on_both, task_no=1)
    assert [r.status for r in task] == ["cancelled"] * len(task)
    assert task[0].error == "the task is closed: done"
    assert not [m for m in mail.mails if "diagnosis" in m.subject]


def test_when_a_deal_is_closed_only_its_end_is_told(on_both: World, mail: Mailserver, slack: Slack) -> None:
    on_both.open()
    on_both.close_deal("ana", "lost", reason="merged", evidence="their mail")
    on_both.deliver()
    assert statuses(on_both, kind="stage_entered") == ["cancelled"]
    assert statuses(on_both, kind="assigned") == ["cancelled", "cancelled"]
    assert [m.subject for m in mail.mails] == ["Acme: lost, $80k a year"]


def test_a_task_that_somebody_else_has_by_now(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    tasks.hand_over(lite.desk, lite.ref("diagnosis"), lite.by("ana"), to=lite.person("bob"))
    lite.deliver()
    assert row(lite, kind="assigned", who="ana").error == "Bob Okafor has the task now"
    assert row(lite, kind="assigned", who="bob").status == "sent"


def test_an_offer_that_was_taken(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    lite.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    lite.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    tasks.claim_task(lite.desk, lite.ref("fix"), lite.by("eli"))
    lite.deliver()
    assert row(lite, channel="slack:#engineering").error == "Eli Stern has the task now"


def test_somebody_who_has_left_is_not_written_to(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    people = lite.settings.workspace / "people.yaml"
    people.write_text(people.read_text().replace("name: Ana Ruiz,", "name: Ana Ruiz, active: false,"))
    lite.deliver()
    assert mail.mails == []
    assert {r.error for r in rows(lite, who="ana")} == {"Ana Ruiz has left"}


def test_a_deal_that_moves_on_while_its_message_is_worded(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Between the look and the send the task is done: the message must not go out as it was worded.

    Planted bug: leaving the deal's number out of ``mark_sending`` sends the stale mail.
    """
    only_mail(on_both)
    on_both.open()
    with Worker(on_both.desk, "slow") as worker:
        looked = worded(worker)
        on_both.done("ana", "diagnosis", root_cause="price", summary="x")
        looked.turn()
        assert looked.counts == {"put_back": 1}
        assert mail.mails == []
        looked.run()
    assert row(on_both, kind="assigned", task_no=1).status == "cancelled"
    assert "diagnosis" not in "".join(m.subject for m in mail.mails)


def test_a_lease_that_was_lost_changes_nothing(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """A worker that slept through its lease finds its notices taken: it sends none of them and marks none.

    Planted bug: leaving ``lease_until > now`` or ``lease = mine`` out of the statements sends each mail twice.
    """
    only_mail(on_both)
    on_both.open()
    with Worker(on_both.desk, "sleeper") as sleeper:
        looked, late = worded(sleeper), worded(sleeper)
        assert late.lanes.empty  # nobody takes what somebody has
        on_both.clock.set(on_both.now + timedelta(seconds=41))
        looked.turn()
        assert looked.counts == {"put_back": 1}  # its own lease has run out
        late = worded(sleeper)
        on_both.clock.set(on_both.now + timedelta(seconds=41))
        assert on_both.deliver().sent == 2
        late.turn()
        assert late.counts == {"put_back": 1}
    assert len(mail.mails) == 2


def worded(worker: Worker) -> Pass:
    """A pass that has claimed and worded all there is, and sent none of it."""
    found = Pass(worker, 20, 20)
    found.claim()
    while (job := found.lanes.next_to_word()) is not None:
        found.word(job)
    return found


# --- tried again ------------------------------------------------------------------------------------------------------


def test_a_passing_refusal_is_tried_again_after_growing_waits(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    on_both.open()
    notice = row(on_both, kind="stage_entered").id
    waits = []
    for _ in range(3):
        mail.rules.append(Rule("rcpt", "450 4.2.1 mailbox busy"))
        on_both.deliver()
        found = row(on_both, id=notice)
        assert (found.status, found.error) == ("queued", "450 4.2.1 mailbox busy")
        waits.append((found.not_before - on_both.now).total_seconds())
        on_both.clock.set(found.not_before)
    assert all(0.8 * 2**n <= wait <= 1.2 * 2**n for n, wait in enumerate(waits, start=1))
    on_both.deliver()
    assert (row(on_both, id=notice).status, row(on_both, id=notice).attempts) == ("sent", 4)


def test_a_later_notice_does_not_wait_for_one_that_is_tried_again(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    mail.rules.append(Rule("rcpt", "450 busy"))
    lite.deliver()
    assert statuses(lite, who="ana") == ["queued", "sent"]


def test_after_eight_attempts_it_is_dead(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    mail.rules.extend([Rule("mail", "451 not now")] * 40)
    dead: list[Dead] = []
    for _ in range(12):
        dead += lite.deliver().dead
        lite.clock.set(lite.now + timedelta(minutes=6))
    assert statuses(lite) == ["dead", "dead"]
    assert [d.reason for d in dead] == ["451 not now; given up after 8 attempts"] * 2
    assert {r.attempts for r in rows(lite)} == {8}


def test_slack_asks_to_wait_and_is_left_alone_so_long(on_both: World, mail: Mailserver, slack: Slack) -> None:
    on_both.open()
    slack.replies.append(Reply(429, '{"ok": false, "error": "ratelimited"}', (("Retry-After", "17"),)))
    with Worker(on_both.desk, "w") as worker:
        assert worker.deliver().counts == {"queued": 1, "sent": 1}  # the mail went out, the second post was not tried
        assert slack.calls == ["chat.postMessage"]
        on_both.clock.set(on_both.now + timedelta(seconds=16))
        assert worker.deliver().counts == {}
        on_both.clock.set(on_both.now + timedelta(seconds=1))
        assert worker.deliver().counts == {"sent": 2}


def test_a_missing_secret_is_named_and_everything_waits_for_it(
    lite: World, mail: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_mail(lite)
    monkeypatch.delenv("SMTP_PORT")
    lite.open()
    lite.deliver()
    found = rows(lite, status="queued")
    assert found[0].error == "the environment has no SMTP_PORT"
    assert [r.attempts for r in found] == [1, 0]
    monkeypatch.setenv("SMTP_PORT", str(mail.port))
    lite.clock.set(lite.now + timedelta(minutes=1))
    assert lite.deliver().sent == 2


def test_a_mail_server_that_is_down_for_a_day_costs_no_mail(lite: World, slack: Slack, mail: Mailserver) -> None:
    """Nobody can be reached in another way, so what waits is not given up after eight attempts, only after a day."""
    only_mail(lite)
    lite.open()
    first = lite.now
    mail.rules.extend([Rule("connect", "421 shutting down")] * 400)
    while lite.now < first + timedelta(hours=20):
        lite.deliver()
        lite.clock.set(lite.now + timedelta(minutes=20))
    assert statuses(lite, kind="assigned") == ["queued"]
    mail.rules.clear()
    lite.clock.set(lite.now + timedelta(hours=1))
    assert lite.deliver().sent == 2


# --- the other way round ----------------------------------------------------------------------------------------------


def test_what_slack_refuses_for_good_arrives_by_mail(on_both: World, mail: Mailserver, slack: Slack) -> None:
    on_both.open()
    on_both.deliver()
    on_both.pass_time(hours=6)
    slack.replies.append(Reply(body='{"ok": false, "error": "channel_not_found"}'))
    before = len(mail.mails)
    done = on_both.deliver()
    assert [(d.kind, d.channel, d.reason) for d in done.dead] == [
        ("escalation", "slack", "Slack refuses it: channel_not_found")
    ]
    assert done.counts == {"dead": 1, "sent": 1}
    [letter] = mail.mails[before:]
    assert letter.to == "bob@x.example"
    assert letter.subject.startswith("Escalation: Write the three-sentence diagnosis")
    assert "the channel “slack” did not take it" in letter.text()
    assert statuses(on_both, kind="escalation") == ["dead", "sent"]


def test_nobody_is_told_twice_by_a_detour(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """The task goes by Slack and by mail anyway: what Slack refuses is not mailed once more."""
    on_both.open()
    slack.replies.extend([Reply(body='{"ok": false, "error": "is_archived"}')] * 2)
    on_both.deliver()
    assert sorted(m.subject for m in mail.to("ana")) == [
        "Acme is in Triage now",
        "Write the three-sentence diagnosis for Acme, due Mon 23 Nov 18:00",
    ]


def test_a_room_that_is_gone_stands_for_its_people(on_both: World, mail: Mailserver, slack: Slack) -> None:
    on_both.open()
    on_both.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    on_both.deliver()
    on_both.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    slack.replies.append(Reply(body='{"ok": false, "error": "channel_not_found"}', room="#engineering"))
    on_both.deliver()
    assert "Who in Engineering takes this?" in slack.to("UELI")[0].shown
    assert row(on_both, channel="slack:#engineering").status == "dead"


def test_a_mail_that_is_refused_for_good_is_dead(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    mail.rules.append(Rule("rcpt", "550 5.1.1 no such user"))
    done = lite.deliver()
    assert [d.reason for d in done.dead] == ["550 5.1.1 no such user"]
    assert row(lite, status="dead").attempts == 1
    assert len(rows(lite)) == 2


def test_somebody_without_a_slack_id_is_reached_by_mail(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    people = lite.settings.workspace / "people.yaml"
    people.write_text(people.read_text().replace(", slack: UANA", ""))
    lite.deliver()
    assert slack.posts == []
    assert {m.subject for m in mail.to("ana")} >= {"Acme is in Triage now"}


# --- digests ----------------------------------------------------------------------------------------------------------


def test_a_digest_comes_on_working_mornings_to_those_with_something_open(
    on_both: World, mail: Mailserver, slack: Slack
) -> None:
    only_mail(on_both)
    on_both.open()
    on_both.deliver()
    on_both.clock.set(datetime(2026, 11, 21, 8, 30, tzinfo=UTC))  # a Saturday
    assert queue_digests(on_both.desk) == 0
    on_both.clock.set(datetime(2026, 11, 23, 7, 59, tzinfo=UTC))
    assert queue_digests(on_both.desk) == 0
    on_both.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert queue_digests(on_both.desk) == 1
    assert queue_digests(on_both.desk) == 0
    mail.mails.clear()
    on_both.deliver()
    assert [(m.to, m.subject) for m in mail.mails] == [("ana@x.example", "Today: 1 open task, 1 due today")]
    on_both.clock.set(datetime(2026, 11, 24, 10, 59, tzinfo=UTC))
    assert queue_digests(on_both.desk) == 1
    on_both.clock.set(datetime(2026, 11, 25, 11, 0, tzinfo=UTC))
    assert queue_digests(on_both.desk) == 0  # too late to plan the morning


def test_a_digest_of_nothing_is_not_sent(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    lite.deliver()
    lite.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert queue_digests(lite.desk) == 1
    lite.close_deal("ana", "let_go", reason="too small")
    lite.deliver()
    assert row(lite, kind="digest").error == "nothing is open any more"


def test_yesterdays_digest_is_missed_when_todays_is_there(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    lite.deliver()
    for day in (23, 24):
        lite.clock.set(datetime(2026, 11, day, 8, 0, tzinfo=UTC))
        queue_digests(lite.desk)
    lite.deliver()
    assert statuses(lite, kind="digest") == ["missed", "sent"]
