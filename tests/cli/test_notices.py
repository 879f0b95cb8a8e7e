"""``saveline notices`` as it is typed: what was said to whom, why, what became of it, and putting it right.

Planted bugs that turn these red, each tried by hand: a resend that keeps the old number of attempts (dead again after
one); one that does not look whether the notice is wanted; a drop of what is being sent.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.terminal import Terminal
from tests.notify.looking import change, only_mail, row, rows
from tests.servers import Mailserver, Rule, Slack
from tests.world import World


@pytest.fixture
def terminal(
    lite: World, mail: Mailserver, slack: Slack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    only_mail(lite)
    lite.open()
    return Terminal(lite, monkeypatch, capsys)


def refused_for_good(world: World, mail: Mailserver) -> int:
    """The first mail is refused for good, the second arrives; returns the first's number."""
    mail.rules.append(Rule("rcpt", "550 5.1.1 no such user"))
    world.deliver()
    return int(row(world, status="dead").id)


def test_the_list_says_what_became_of_each(terminal: Terminal, lite: World, mail: Mailserver) -> None:
    assert "queued" in terminal.done("notices", "list")
    dead = refused_for_good(lite, mail)
    said = terminal.done("notices", "list")
    assert "550 5.1.1 no such user" in said
    assert "Ana Ruiz" in said
    assert [n["id"] for n in terminal.json("notices", "list", "--status", "dead")] == [dead]
    assert terminal.json("notices", "list", "--status", "sent", "--status", "dead", "--person", "bob") == []
    assert len(terminal.json("notices", "list", "--deal", "1", "--channel", "email")) == 2
    assert terminal.json("notices", "list", "--since", "2026-11-21") == []
    assert "no such notice" in terminal.done("notices", "list", "--deal", "7")
    [found] = terminal.json("notices", "list", "--status", "dead")
    assert (found["state"], found["to"], found["account"], found["tried"]) == ("dead", "Ana Ruiz", "Acme", 1)
    assert [a["reason"] for a in found["attempts"]] == ["550 5.1.1 no such user"]


def test_what_there_is_not_is_refused_with_what_there_is(terminal: Terminal) -> None:
    assert "Did you mean 'dead'?" in terminal.refused("notices", "list", "--status", "deed")
    assert "email" in terminal.refused("notices", "list", "--channel", "emial")
    assert "There is no notice 99" in terminal.refused("notices", "explain", "99")


def test_one_that_failed_is_told_from_one_that_waits(terminal: Terminal, lite: World, mail: Mailserver) -> None:
    mail.rules.append(Rule("rcpt", "450 4.2.1 mailbox busy"))
    lite.deliver()
    [found] = terminal.json("notices", "list", "--status", "failed")
    assert terminal.json("notices", "list", "--status", "queued") == []
    said = terminal.done("notices", "explain", str(found["id"]))
    assert "failed: it was not taken, and will be tried again" in said
    assert "1 attempt so far; the next Fri 20 Nov 2026 10:00:0" in said
    assert "transient: 450 4.2.1 mailbox busy, by test" in said


def test_explain_says_why_to_whom_by_what_and_what_came_of_it(terminal: Terminal, lite: World) -> None:
    lite.deliver()
    notice = row(lite, kind="assigned", channel="email").id
    said = terminal.done("notices", "explain", str(notice))
    for words in ("to Ana Ruiz", "You have this task because you are Acme's CSM", "By email", "What became of it"):
        assert words in said
    assert "at Fri 20 Nov 2026 10:00, by email" in said
    assert "1 attempt\n  Fri 20 Nov 2026 10:00:00  sent (taken), by test" in said
    found = terminal.json("notices", "explain", str(notice))
    assert (found["state"], found["attempts"][0]["outcome"]) == ("sent", "sent")
    assert [p["title"] for p in found["why"]["parts"]][:2] == ["To them", "By email"]


def test_a_dead_one_is_sent_again(terminal: Terminal, lite: World, mail: Mailserver) -> None:
    dead = refused_for_good(lite, mail)
    said = terminal.done("notices", "resend", str(dead), "--as", "bob")
    assert said.startswith(f"Notice {dead} is queued again. It goes by email with the next pass")
    assert row(lite, id=dead).attempts == 0
    lite.deliver()
    assert row(lite, id=dead).status == "sent"
    explained = terminal.done("notices", "explain", str(dead))
    assert "2 attempts" in explained
    assert "Bob Okafor sent it again; it was dead" in explained


def test_a_sent_one_only_if_it_is_asked_for(terminal: Terminal, lite: World, mail: Mailserver) -> None:
    lite.deliver()
    notice = str(row(lite, kind="assigned", channel="email").id)
    assert "was sent: say --again" in terminal.refused("notices", "resend", notice, "--as", "bob")
    assert "A second copy goes by email" in terminal.done("notices", "resend", notice, "--as", "bob", "--again")
    lite.deliver()
    assert len(mail.mails) == 3


def test_what_is_not_wanted_stays_where_it_is(terminal: Terminal, lite: World) -> None:
    lite.done("ana", "diagnosis", root_cause="price", summary="x")
    lite.deliver()
    notice = str(row(lite, kind="assigned", task_no=1).id)
    refused = terminal.refused("notices", "resend", notice, "--as", "bob")
    assert "would be cancelled at once: the task is closed: done" in refused
    assert row(lite, id=int(notice)).status == "cancelled"


def test_what_waits_is_dropped_with_a_reason(terminal: Terminal, lite: World, mail: Mailserver) -> None:
    first, second = (str(r.id) for r in rows(lite))
    assert "will not be sent" in terminal.done("notices", "drop", first, "--reason", "told by phone", "--as", "bob")
    lite.deliver()
    assert len(mail.mails) == 1
    assert row(lite, id=int(first)).error == "dropped by Bob Okafor: told by phone"
    assert "Bob Okafor dropped it: told by phone" in terminal.done("notices", "explain", first)
    status, out, err = terminal.type("notices", "drop", first, second, "99", "--reason", "x", "--as", "bob")
    assert status == 1
    assert out == ""
    assert "is cancelled: there is nothing to drop" in err
    assert "is sent: there is nothing to drop" in err
    assert "There is no notice 99" in err
    assert "3 notices of 3 as before" in err


def test_nobody_touches_what_a_worker_has_in_hand(terminal: Terminal, lite: World) -> None:
    notice = rows(lite)[0].id
    change(lite, notice, lease="w/1", lease_until=lite.now + timedelta(seconds=20), attempts=1)
    for words in (("resend", str(notice)), ("drop", str(notice), "--reason", "x")):
        assert "in the hands of a worker" in terminal.refused("notices", *words, "--as", "bob")
    change(lite, notice, status="sending")
    assert "is being sent just now" in terminal.refused("notices", "resend", str(notice), "--as", "bob")
    assert "is sending" in terminal.refused("notices", "drop", str(notice), "--reason", "x", "--as", "bob")


def test_several_at_once_as_json(terminal: Terminal, lite: World, mail: Mailserver) -> None:
    dead = refused_for_good(lite, mail)
    [done] = terminal.json("notices", "resend", str(dead), "--as", "bob")
    assert (done["notice"], done["done"]) == (dead, True)


def test_who_has_left_puts_nothing_right(terminal: Terminal, lite: World, mail: Mailserver) -> None:
    dead = refused_for_good(lite, mail)
    lite.setting("people.yaml", "name: Bob Okafor,", "name: Bob Okafor, active: false,")
    assert "is not among the people" in terminal.refused("notices", "resend", str(dead), "--as", "bob")
