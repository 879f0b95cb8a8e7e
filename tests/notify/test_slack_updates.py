"""Posts with buttons: one thread a deal and conversation, and posts that say what became of their task."""

from __future__ import annotations

from datetime import timedelta

from saveline.actions import tasks
from saveline.actions.slack_updates import queue_updates
from tests.notify.looking import put, row, rows, statuses
from tests.servers import Mailserver, Reply, Slack
from tests.world import World


def test_a_deal_is_one_thread_in_each_conversation(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Planted bug: looking up the thread when a batch is read puts the first two messages side by side."""
    on_both.open()
    on_both.open(on_both.account("globex", name="Globex"))
    on_both.deliver()
    on_both.pass_time(days=1, hours=3)  # bob hears of what ana has not looked at
    on_both.deliver()
    for deal in (1, 2):
        of_deal = [r.ref for r in rows(on_both, deal_id=deal, status="sent") if "/" in (r.ref or "")]
        posts = {p.ts: p for p in slack.posts}
        mine = [posts[ref.partition("/")[2]] for ref in of_deal]
        for to in ("UANA", "UBOB"):
            first, *others = [p for p in mine if p.room == to]
            assert first.thread == ""
            assert {p.thread for p in others} <= {first.ts}
    assert [p.aloud for p in slack.to("UANA")][:2] == [False, True]


def test_what_was_done_elsewhere_loses_its_buttons(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Planted bugs: a sweep that asks for notices to holders only leaves bob's buttons; one that forgets to take
    ``live`` back looks at the post for ever."""
    on_both.open()
    on_both.deliver()
    on_both.pass_time(hours=5)
    on_both.deliver()
    asked, told = slack.to("UANA")[1], slack.to("UBOB")[0]
    assert "Done" in asked.buttons
    assert "Hand over" in told.buttons
    on_both.done("bob", "diagnosis", root_cause="price", summary="They pay too much.")
    on_both.deliver()
    changed = [p for p in slack.posts if p.changed]
    assert [p.ts for p in changed] == [asked.ts, told.ts]
    for post in changed:
        assert post.buttons == ["See the deal"]
        assert "✓ Done by Bob Okafor, today 15:00." in post.shown
    assert queue_updates(on_both.desk) == 0
    assert slack.calls.count("chat.update") == 2
    assert not any(r.live for r in rows(on_both, task_no=1)), "nothing of it is looked at again"


def test_what_was_handed_over_says_who_has_it(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    lite.deliver()
    tasks.hand_over(lite.desk, lite.ref("diagnosis"), lite.by("ana"), to=lite.person("bob"))
    lite.deliver()
    [post] = [p for p in slack.to("UANA") if p.changed]
    assert "→ Ana Ruiz gave it to Bob Okafor, today 10:00." in post.shown
    assert "Done" in slack.to("UBOB")[-1].buttons


def test_what_a_room_was_offered_says_who_took_it(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    lite.pass_time(hours=1)
    lite.done("ana", "diagnosis", root_cause="product_gap", summary="No export.")
    lite.done("ana", "open_tickets", pattern="export", product_change_needed=True)
    lite.deliver()
    [offered] = slack.to("#engineering")
    assert offered.buttons == ["I take it", "Comment", "Open in Saveline"]
    tasks.claim_task(lite.desk, lite.ref("fix"), lite.by("eli"))
    lite.deliver()
    [taken] = slack.to("#engineering")
    assert "→ Eli Stern took it, today 11:00." in taken.shown
    assert taken.buttons == ["See the deal"]


def test_a_closed_deal_takes_all_its_buttons_along(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    lite.deliver()
    lite.close_deal("bob", "lost", reason="They bought a rival.", evidence="their mail")
    lite.deliver()
    [post] = [p for p in slack.to("UANA") if p.changed]
    assert "– No longer needed" in post.shown


def test_a_change_is_tried_again_like_any_notice(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Planted bug: a change that is sent at once, beside the outbox, is lost with the connection."""
    on_both.open()
    on_both.deliver()
    tasks.cannot_do(on_both.desk, on_both.ref("diagnosis"), on_both.by("ana"), reason="Nobody <!here> knows.")
    slack.replies.extend([Reply(500), Reply(cut=True)])
    for _ in range(6):
        on_both.clock.set(on_both.now + timedelta(seconds=20))
        on_both.deliver()
    assert statuses(on_both, kind="update") == ["sent"]
    [post] = [p for p in slack.to("UANA") if p.changed]
    assert "✗ It cannot be done, says Ana Ruiz, today 10:00." in post.shown
    assert "&gt; Nobody" not in post.shown
    assert "> Nobody &lt;!here&gt; knows." in post.shown


def claimed_later(world: World) -> int:
    """Eli takes what was offered, five minutes after a mail about it was queued; returns the mail's notice."""
    world.open()
    world.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    world.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    world.deliver()
    no, chris = world.task("fix").no, world.person("chris")
    mail = put(world, 1, kind="escalation", task_no=no, person_id=chris, channel="email")
    world.clock.set(world.now + timedelta(minutes=5))
    tasks.claim_task(world.desk, world.ref("fix"), world.by("eli"))
    assert queue_updates(world.desk) == 1
    return mail


def test_a_change_makes_no_mail_before_it_stale(lite: World, mail: Mailserver, slack: Slack) -> None:
    """Planted bug: a change counts as a later word about the task, so after an outage the mail is never sent."""
    waiting = claimed_later(lite)
    lite.clock.set(lite.now + timedelta(hours=3))
    lite.deliver()
    assert row(lite, id=waiting).status == "sent"


def test_a_change_that_waited_is_made_whatever_came_after_it(lite: World, mail: Mailserver, slack: Slack) -> None:
    """Planted bug: after an outage the change is dropped for a later message about the task, and the buttons stay."""
    claimed_later(lite)
    lite.clock.set(lite.now + timedelta(minutes=5))
    put(lite, 1, kind="reminder", task_no=lite.task("fix").no, person_id=lite.person("eli"), channel="email")
    lite.clock.set(lite.now + timedelta(hours=3))
    lite.deliver()
    assert statuses(lite, kind="update") == ["sent"]


def test_a_change_that_is_refused_for_good_goes_by_no_other_way(lite: World, mail: Mailserver, slack: Slack) -> None:
    lite.open()
    lite.deliver()
    lite.done("ana", "diagnosis", root_cause="price", summary="They pay too much.")
    before = len(mail.mails)
    queue_updates(lite.desk)
    slack.replies.extend([Reply(body='{"ok": false, "error": "invalid_blocks"}')] * 9)
    lite.deliver()
    assert statuses(lite, kind="update", channel="slack") == ["dead"]
    assert [m for m in mail.mails[before:] if "Done by" in m.text()] == []
    assert {r.channel for r in rows(lite, kind="update")} == {"slack"}
