"""Nobody is flooded: bundles, quiet hours, absences and the cap, as people meet them in their mailbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.actions import attention, own_link, tasks, wording
from saveline.actions.digest import queue_digests
from saveline.actions.unsubscribing import subscribe_again, unsubscribe
from saveline.store import bulk, outbox
from saveline.store.rows import NOTICE
from tests.notify.looking import change, only_mail, put, row, rows, statuses
from tests.servers import Mailserver, Reply, Slack
from tests.world import World

OFF = "attention: {cap: off, bundle_from: off}"
NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


def rules(world: World, **given: object) -> None:
    said = ", ".join(f"{k}: {v}" for k, v in {"cap": "off", "bundle_from": "off", **given}.items())
    world.setting("saveline.yaml", OFF, f"attention: {{{said}}}")


def three_deals(world: World, *more: str) -> None:
    for key in ("acme", "globex", "initech", *more):
        world.open(world.account(key, name=key.capitalize()))


def away(world: World, who: str, days: str) -> None:
    world.setting("people.yaml", f"email: {who}@x.example,", f"email: {who}@x.example, away: [{days}],")


def only_assigned(world: World) -> None:
    """Without what else is said when deals open."""
    with world.desk.writing() as conn:
        conn.execute(sa.delete(NOTICE).where(NOTICE.c.kind != "assigned"))


@contextmanager
def statements(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Everything that the database is asked meanwhile, by SQLAlchemy and by prebuilt statements."""
    ran: list[str] = []
    real = bulk._cursor

    def noted(conn: Connection, sql: str) -> AbstractContextManager[Any]:
        ran.append(sql)
        return real(conn, sql)

    def executed(_conn: Any, _cursor: Any, sql: str, *_more: Any) -> None:
        ran.append(sql)

    monkeypatch.setattr(bulk, "_cursor", noted)
    sa.event.listen(world.runtime.engine, "before_cursor_execute", executed)
    yield ran
    sa.event.remove(world.runtime.engine, "before_cursor_execute", executed)
    monkeypatch.setattr(bulk, "_cursor", real)


# --- bundles ----------------------------------------------------------------------------------------------------------


def test_three_tasks_at_once_are_one_message_in_each_channel(on_both: World, mail: Mailserver, slack: Slack) -> None:
    rules(on_both, bundle_from=3)
    three_deals(on_both)
    assert attention.judge(on_both.desk) == {"sent": 3, "bundled": 6, "bundles": 2}
    assert attention.judge(on_both.desk) == {}
    assert on_both.deliver().counts == {"sent": 5}
    [letter] = mail.mails
    assert letter.subject == "3 tasks (Acme, Globex and Initech)"
    for name in ("Acme", "Globex", "Initech"):
        assert f"Write the three-sentence diagnosis for {name}" in letter.text()
    assert [p.shown.count("diagnosis") for p in slack.to("UANA")].count(3) == 1
    assert Counter(statuses(on_both, kind="assigned")) == {"bundled": 6}
    for bundle in rows(on_both, kind="bundle"):
        assert len(rows(on_both, bundle_id=bundle.id)) == 3


def test_each_task_of_a_bundle_keeps_its_own_links(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    rules(lite, bundle_from=3)
    three_deals(lite)
    lite.deliver()
    [letter] = [m for m in mail.mails if m.subject.startswith("3 tasks")]
    links = lite.desk.links
    assert links is not None
    for member in rows(lite, kind="assigned"):
        page = links.link("task", member.id, member.person_id, member.at)
        assert f"<{page}>" in letter.text()
        assert f'href="{page}?do=done"' in letter.text("html")
        assert links.read("task", page.rpartition("/")[2], lite.now).notice_id == member.id


def test_what_is_no_longer_true_is_left_out_when_it_is_sent(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    rules(on_both, bundle_from=3)
    three_deals(on_both)
    only_assigned(on_both)
    attention.judge(on_both.desk)
    on_both.done("ana", "diagnosis", deal=2, root_cause="product_gap", summary="An export is missing.")
    on_both.deliver()
    [letter] = [m for m in mail.mails if m.subject.startswith("2 tasks")]
    assert "Globex" not in letter.text()
    gone = row(on_both, deal_id=2, kind="assigned", task_no=1)
    assert (gone.status, gone.error) == ("cancelled", "the task is closed: done")


def test_a_bundle_of_which_nothing_is_left_is_cancelled(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    rules(lite, bundle_from=3)
    three_deals(lite)
    only_assigned(lite)
    attention.judge(lite.desk)
    for deal in (1, 2, 3):
        lite.close_deal("bob", "let_go", deal=deal)
    with lite.desk.writing() as conn:
        conn.execute(sa.delete(NOTICE).where(NOTICE.c.kind.not_in(("assigned", "bundle"))))
    assert lite.deliver().counts == {"cancelled": 1}
    assert row(lite, kind="bundle").error == "nothing in it is true any more"
    assert Counter(statuses(lite, kind="assigned")) == {"cancelled": 3}


def test_a_task_that_is_done_between_wording_and_sending_is_not_told(
    on_both: World, mail: Mailserver, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: without ``moved_on`` the mail names a task that was done while it was worded."""
    only_mail(on_both)
    rules(on_both, bundle_from=3)
    three_deals(on_both)
    only_assigned(on_both)
    real = wording.message
    done: list[bool] = []

    def meanwhile(matter: object, forms: object) -> object:
        said = real(matter, forms)  # type: ignore[arg-type]
        if not done:
            done.append(True)
            on_both.done("ana", "diagnosis", deal=1, root_cause="product_gap", summary="An export is missing.")
        return said

    monkeypatch.setattr(wording, "message", meanwhile)
    on_both.deliver()
    [letter] = [m for m in mail.mails if m.subject.startswith("2 tasks")]
    assert "Acme" not in letter.text()


def test_a_bundle_that_slack_refuses_goes_by_mail(on_both: World, mail: Mailserver, slack: Slack) -> None:
    rules(on_both, bundle_from=3)
    three_deals(on_both)
    with on_both.desk.writing() as conn:
        conn.execute(sa.delete(NOTICE).where(sa.or_(NOTICE.c.kind != "assigned", NOTICE.c.channel != "slack")))
    slack.replies.append(Reply(body='{"ok": false, "error": "channel_not_found"}'))
    on_both.deliver()
    [letter] = mail.to("ana")
    assert letter.subject.startswith("3 tasks")
    assert "the channel “slack” did not take it" in letter.text()
    assert statuses(on_both, kind="bundle") == ["dead", "sent"]


def test_one_that_cannot_be_worded_does_not_keep_the_others_back(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    rules(lite, bundle_from=3)
    three_deals(lite, "umbrella")
    only_assigned(lite)
    attention.judge(lite.desk)
    poisoned = row(lite, deal_id=3, kind="assigned").id
    change(lite, poisoned, about="{")
    lite.deliver()
    assert [m.subject for m in mail.to("ana")] == ["3 tasks (Acme, Globex and Umbrella)"]
    alone = row(lite, id=poisoned)
    assert (alone.status, alone.attempts) == ("queued", 1)
    assert "could not be worded" in alone.error


def test_a_bundle(lite: World, letters: Callable[..., None]) -> None:
    rules(lite, bundle_from=3)
    three_deals(lite)
    tasks.hand_over(lite.desk, lite.ref("diagnosis", 2), lite.by("ana"), to=lite.person("bob"), note="I am in Porto.")
    tasks.hand_over(lite.desk, lite.ref("diagnosis", 2), lite.by("bob"), to=lite.person("ana"), note="So am I & Eli.")
    attention.judge(lite.desk)
    letters("bundle", "ana")


def test_a_judgement_is_as_many_statements_for_thirty_people_as_for_three(
    on_both: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: counting today's messages person by person."""
    rules(on_both, bundle_from=3, cap=5, quiet="19-8")
    counts = []
    for people, deals in ((3, 3), (5, 60)):
        for n in range(deals):
            for who in ("ana", "bob", "chris", "dora", "eli")[:people]:
                put(on_both, n + 1, kind="reminder", person_id=on_both.person(who), task_no=1, ordinal=deals)
        with on_both.desk.reading() as conn:
            on_both.desk.people(conn)  # read once, and again when they have changed
        with statements(on_both, monkeypatch) as ran:
            done = attention.judge(on_both.desk)
        assert {"bundled", "bundles"} <= set(done)
        counts.append(len(ran))
    assert counts[0] == counts[1] <= 16, counts


# --- quiet hours ------------------------------------------------------------------------------------------------------


def test_at_night_it_waits_for_the_morning_and_says_so(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    rules(on_both, quiet="19-8")
    on_both.clock.set(NIGHT)
    on_both.open()
    assert on_both.deliver().counts == {}
    waits = row(on_both, kind="assigned")
    assert (waits.status, waits.held_for, waits.judged_at) == ("queued", "quiet hours", None)
    assert waits.not_before == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    on_both.clock.set(waits.not_before)
    assert on_both.deliver().counts == {"sent": 2}
    assert all("It waited until your quiet hours were over." in " ".join(m.text().split()) for m in mail.mails)


def test_what_its_reader_has_just_asked_for_comes_at_night_and_by_itself(
    on_both: World, mail: Mailserver, slack: Slack
) -> None:
    """Planted: left out of what was asked for, the link came in the morning, to somebody who waited at the page."""
    only_mail(on_both)
    rules(on_both, quiet="19-8")
    on_both.clock.set(NIGHT)
    on_both.open()
    own_link.renew_link(on_both.desk, on_both.ref("diagnosis"), on_both.person("ana"))
    assert on_both.deliver().counts == {"sent": 1}
    assert [m.subject for m in mail.mails] == ["Your link to “Write the three-sentence diagnosis for Acme”"]


def test_their_own_quiet_hours_stand_above_everybodys(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    rules(lite, quiet="19-8")
    lite.setting("people.yaml", "email: ana@x.example,", 'email: ana@x.example, quiet: "off",')
    lite.clock.set(NIGHT)
    lite.open()
    assert lite.deliver().counts == {"sent": 2}


def test_what_is_urgent_comes_at_night_and_says_why(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    on_both.open()
    on_both.deliver()
    on_both.pass_time(hours=6)
    mail.mails.clear()
    on_both.setting("people.yaml", "email: bob@x.example,", "email: bob@x.example, quiet: 14-13,")
    assert on_both.deliver().counts == {"sent": 1}
    [letter] = mail.to("bob")
    assert "It comes in your quiet hours because it is urgent." in " ".join(letter.text().split())


def test_after_an_outage_in_the_night_nobody_is_woken(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """What was judged by day and could not be sent is judged again. Planted bug: without it, it comes at 22:00."""
    only_mail(on_both)
    rules(on_both, quiet="19-8")
    on_both.open()
    attention.judge(on_both.desk)
    on_both.clock.set(NIGHT)
    assert on_both.deliver().counts == {}
    assert {r.held_for for r in rows(on_both)} == {"quiet hours"}
    on_both.clock.set(NIGHT + timedelta(hours=10))
    assert on_both.deliver().counts == {"sent": 2}


# --- absences ---------------------------------------------------------------------------------------------------------


def test_what_came_during_an_absence_is_one_message_on_the_first_morning(
    on_both: World, mail: Mailserver, slack: Slack
) -> None:
    only_mail(on_both)
    three_deals(on_both)
    on_both.deliver()
    mail.mails.clear()
    away(on_both, "ana", "{from: 2026-11-23, to: 2026-11-27}")
    for n, day in enumerate((23, 24, 25, 26), start=1):
        put(
            on_both,
            min(n, 3),
            datetime(2026, 11, day, 11, 0, tzinfo=UTC),
            kind="stage_late",
            person_id=on_both.person("ana"),
            ordinal=n,
        )
    for day in range(23, 30):
        on_both.clock.set(datetime(2026, 11, day, 12, 0, tzinfo=UTC))
        assert on_both.deliver().counts == {}
    on_both.close_deal("bob", "let_go", deal=3)
    on_both.clock.set(datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    on_both.deliver()
    [letter] = [m for m in mail.to("ana") if "away" in m.subject]
    assert letter.subject.startswith("While you were away: 3 messages (")  # and that the third deal was let go
    assert Counter(statuses(on_both, kind="stage_late")) == {"bundled": 2, "cancelled": 3}


def test_back_again(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    lite.open(lite.account("globex", name="Globex & Söhne", arr=1_200_000))
    away(lite, "ana", "{from: 2026-11-20, to: 2026-11-20}")
    attention.judge(lite.desk)
    lite.clock.set(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    attention.judge(lite.desk)
    letters("bundle", "ana", "bundle_back_again")


# --- the cap ----------------------------------------------------------------------------------------------------------


def test_beyond_the_cap_the_rest_is_one_message_next_morning(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    rules(on_both, cap=5)
    three_deals(on_both, "umbrella", "hooli")
    assert on_both.deliver().counts == {"sent": 5}
    assert Counter(r.held_for for r in rows(on_both) if r.status == "queued") == {"the most messages of a day": 5}
    on_both.clock.set(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))  # a Saturday
    assert on_both.deliver().counts == {}
    on_both.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert on_both.deliver().counts == {"sent": 1}
    assert "On 20 Nov you had as many messages as one day brings. This is the rest, in one." in " ".join(
        mail.mails[-1].text().split()
    )


def test_the_rest_of_a_day(lite: World, letters: Callable[..., None]) -> None:
    only_mail(lite)
    rules(lite, cap=5)
    three_deals(lite, "umbrella", "hooli")
    attention.judge(lite.desk)
    lite.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    attention.judge(lite.desk)
    letters("bundle", "ana", "bundle_rest")


def test_in_a_busy_week_nothing_is_lost_and_nobody_is_flooded(lite: World, mail: Mailserver, slack: Slack) -> None:
    """Every two hours, with everything on. Planted bug: forgetting to judge what was held leaves it waiting."""
    only_mail(lite)
    rules(lite, quiet="19-8", cap=5, bundle_from=3)
    three_deals(lite)
    rng, start = Random(11), lite.now
    people = [lite.person(who) for who in ("ana", "bob", "chris")]
    for hour in range(0, 5 * 24, 2):
        lite.clock.set(start + timedelta(hours=hour))
        for n in range(rng.choice((0, 0, 0, 1, 2, 6)) if hour < 72 else 0):
            kind, task = rng.choice((("stage_late", 0), ("escalation", 1), ("stage_entered", 0)))
            person, ordinal = rng.choice(people), 100 * hour + n
            put(lite, rng.randint(1, 3), kind=kind, person_id=person, task_no=task, ordinal=ordinal)
        lite.deliver()
    found = {r.id: r for r in rows(lite)}
    for notice in found.values():
        ended = found[notice.bundle_id] if notice.status == "bundled" else notice
        assert ended.status == "sent" or (ended.status in ("missed", "cancelled") and ended.error), notice
    calm = [r for r in found.values() if r.status == "sent" and r.kind not in ("escalation", "bundle")]
    assert all(8 <= r.sent_at.hour <= 19 for r in calm)
    days = Counter((r.person_id, r.sent_at.date()) for r in calm)
    assert max(days.values()) <= 5
    assert len(mail.mails) < len(found) / 2


# --- wishes -----------------------------------------------------------------------------------------------------------


def test_a_digest_comes_at_their_own_hour(lite: World) -> None:
    lite.open()
    lite.setting("people.yaml", "email: ana@x.example,", "email: ana@x.example, digest: {hour: 11},")
    lite.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert queue_digests(lite.desk) == 0
    lite.clock.set(datetime(2026, 11, 23, 11, 0, tzinfo=UTC))
    assert queue_digests(lite.desk) == 1


def test_what_somebody_does_not_want_is_not_sent(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    on_both.open()
    on_both.deliver()
    on_both.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert queue_digests(on_both.desk) == 1
    ana = on_both.person("ana")
    assert unsubscribe(on_both.desk, ana, "digest") is True
    assert unsubscribe(on_both.desk, ana, "digest") is False
    on_both.deliver()
    assert (row(on_both, kind="digest").status, row(on_both, kind="digest").error) == (
        "cancelled",
        "they asked not to get it",
    )
    on_both.clock.set(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    assert queue_digests(on_both.desk) == 0
    assert subscribe_again(on_both.desk, ana, "digest") is True
    assert queue_digests(on_both.desk) == 1


def test_each_kind_comes_by_the_channel_they_want(lite: World) -> None:
    lite.setting(
        "people.yaml", "email: ana@x.example,", "email: ana@x.example, notices: {assigned: email, digest: off},"
    )
    lite.open()
    assert [t.channel for t in lite.told("ana", "assigned")] == ["email"]
    lite.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert queue_digests(lite.desk) == 0


def test_a_digest_can_be_ended_with_one_press(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    lite.open()
    lite.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    queue_digests(lite.desk)
    with lite.desk.reading() as conn:
        found = outbox.notice(conn, row(lite, kind="digest").id)
        matter = wording.Facts(lite.desk, conn, [found]).matter(found)
    assert wording.message(matter, ()).unsubscribe == matter.link("unsubscribe") != ""
    task = row(lite, kind="assigned")
    with lite.desk.reading() as conn:
        found = outbox.notice(conn, task.id)
        assert wording.message(wording.Facts(lite.desk, conn, [found]).matter(found), ()).unsubscribe == ""
