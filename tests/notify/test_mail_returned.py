"""Mail that comes back: its reader is marked and told in another way, their manager hears of it, nobody is silenced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from saveline.actions import reachable
from saveline.actions.mail_in import read_mail
from saveline.notify import imap
from saveline.store import directory, unreachable
from tests.cli.terminal import Terminal
from tests.imapserver import Imapserver
from tests.notify.letters import answer, returned, sent
from tests.notify.looking import row, rows
from tests.servers import TOKEN, Mail, Mailserver
from tests.world import World


def marked(lite: World) -> list[tuple[int, str, str]]:
    with lite.desk.reading() as conn:
        return [(m.person_id, m.channel, m.address) for m in unreachable.everybody(conn)]


def number(mail: Mail) -> int:
    return int(mail.id.partition(".")[0].removeprefix("<notice-"))


def with_slack(lite: World) -> None:
    """Everything goes by mail first; Slack is there for those who have an id."""
    settings = lite.settings.workspace / "saveline.yaml"
    channel = '  slack: {url: "sslack://${SLACK_BOT_TOKEN}/?api=${SLACK_API}", reach: slack}\n'
    settings.write_text(settings.read_text().replace("notices:\n", f"{channel}notices:\n", 1))


def test_a_mail_for_nobody_goes_by_the_next_channel_and_the_manager_is_told(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    lite.open()
    lost = sent(lite, mail, "ana", "diagnosis")
    with_slack(lite)
    inbox.put(returned(lost))
    assert read_mail(lite.desk).counts == {"bounce": 1}
    assert marked(lite) == [(lite.person("ana"), "email", "ana@x.example")]
    gone = row(lite, id=number(lost))
    assert (gone.status, gone.error) == ("dead", "it came back: 5.1.1 550 5.1.1 <ana@x.example>: user unknown")
    assert [r.channel for r in rows(lite, kind="assigned", who="ana", status="queued")] == ["slack"]
    told = sent(lite, mail, "bob", "Mail does not reach")
    text = " ".join(told.text().split())
    assert "Mail does not reach Ana Ruiz" in text
    assert "They are told by slack until then." in text
    assert "saveline people reachable ana@x.example" in text
    assert "You get this because you are Ana's manager." in text


def test_what_a_manager_is_told(lite: World, mail: Mailserver, inbox: Imapserver, letters: Callable[..., None]) -> None:
    lite.open()
    inbox.put(returned(sent(lite, mail, "ana", "diagnosis")))
    read_mail(lite.desk)
    letters("news", "bob", "news_unreachable", news="unreachable")


def test_the_second_mail_that_comes_back_is_no_second_news(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    lite.open()
    lite.deliver()
    first, second = mail.to("ana")[:2]
    for _ in range(2):
        inbox.put(returned(first))
    inbox.put(returned(second))
    assert read_mail(lite.desk).counts == {"bounce": 2, "repeated": 1}
    assert len(rows(lite, kind="news", who="bob")) == 1


def test_a_delay_is_only_written_down(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    lite.open()
    late = sent(lite, mail, "ana", "diagnosis")
    inbox.put(returned(late, action="delayed", status="4.4.1"))
    assert read_mail(lite.desk).counts == {"delayed": 1}
    assert (marked(lite), row(lite, id=number(late)).status) == ([], "sent")
    assert (rows(lite, kind="news"), inbox.mails(imap.DONE)) == ([], 1)


def test_a_mail_that_was_given_up_goes_another_way_and_the_address_stays(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    lite.open()
    expired = sent(lite, mail, "ana", "diagnosis")
    with_slack(lite)
    inbox.put(returned(expired, status="4.4.7"))
    assert read_mail(lite.desk).counts == {"bounce": 1}
    assert (marked(lite), row(lite, id=number(expired)).status, rows(lite, kind="news")) == ([], "dead", [])
    assert [r.channel for r in rows(lite, kind="assigned", who="ana", status="queued")] == ["slack"]


@pytest.mark.parametrize("how", ["invented id", "another reader", "another mark", "no id", "said to have arrived"])
def test_a_forged_report_silences_nobody(lite: World, mail: Mailserver, inbox: Imapserver, how: str) -> None:
    """Only a mail that really went to that address counts.

    Planted: taking the address from the report alone let one mail from anywhere keep the steward from all news.
    """
    lite.open()
    ours = sent(lite, mail, "ana", "diagnosis")
    bobs = f"<notice-{number(ours)}.{'b' * 20}@x.example>"
    forged = {
        "invented id": returned(ours, message_id="<12345@elsewhere.example>"),
        "another reader": returned(ours, recipient="bob@x.example"),
        "another mark": returned(ours, message_id=bobs),
        "no id": returned(ours, message_id=" "),
        "said to have arrived": returned(ours, action="delivered", status="2.0.0"),
    }
    inbox.put(forged[how])
    counts = read_mail(lite.desk).counts
    assert counts == ({"automatic": 1} if how == "said to have arrived" else {"unmatched": 1})
    assert (marked(lite), row(lite, id=number(ours)).status, rows(lite, kind="news")) == ([], "sent", [])


def test_a_report_about_what_was_never_sent(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    """A mark is known to whoever holds the keys; a notice that still waits has not come back all the same."""
    lite.open()
    ours = sent(lite, mail, "ana", "diagnosis")
    waiting = rows(lite, kind="assigned", who="ana")[0].id
    lite.pass_time(hours=6)
    later = rows(lite, kind="escalation", who="bob", status="queued")[0].id
    links = lite.desk.links
    assert links is not None
    inbox.put(returned(ours, recipient="bob@x.example", message_id=f"<notice-{later}.{links.mark(later)}@x.example>"))
    assert read_mail(lite.desk).counts == {"unmatched": 1}
    assert (marked(lite), row(lite, id=waiting).status) == ([], "sent")


def test_an_answer_shows_that_the_address_is_right_again(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    inbox.put(returned(asked))
    inbox.put(answer(lite, asked, "I read this, my mailbox was only full."))
    assert read_mail(lite.desk).counts == {"bounce": 1, "comment": 1}
    assert marked(lite) == []


def test_another_address_is_tried(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    """The mark names the address that does not do; the next one is marked in its place."""
    lite.open()
    inbox.put(returned(sent(lite, mail, "ana", "diagnosis")))
    read_mail(lite.desk)
    with lite.desk.writing() as conn:
        mark = unreachable.everybody(conn)[0]
        again = unreachable.Mark(mark.person_id, "email", "ana.ruiz@x.example", lite.now, "full", None)
        assert not unreachable.mark(conn, mark)
        assert unreachable.mark(conn, again)
    assert marked(lite) == [(mark.person_id, "email", "ana.ruiz@x.example")]


def test_marks_on_both_databases(on_both: World) -> None:
    on_both.open()
    mark = unreachable.Mark(on_both.person("ana"), "email", "ana@x.example", on_both.now, "unknown", 1)
    with on_both.desk.writing() as conn:
        assert [unreachable.mark(conn, mark), unreachable.mark(conn, mark)] == [True, False]
        assert unreachable.everybody(conn) == [mark]
        assert [unreachable.reached(conn, mark.person_id, "slack"), unreachable.reached(conn, mark.person_id)] == [0, 1]
        assert unreachable.everybody(conn) == []


# --- at the terminal --------------------------------------------------------------------------------------------------


def test_people_and_the_doctor_say_who_is_not_reached(
    lite: World,
    mail: Mailserver,
    inbox: Imapserver,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal(lite, monkeypatch, capsys)
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    lite.open()
    inbox.put(returned(sent(lite, mail, "ana", "diagnosis")))
    inbox.put(b"From: stranger@elsewhere.example\r\nSubject: hello\r\n\r\nCan you help me?\r\n")
    read_mail(lite.desk)
    ana = next(p for p in terminal.json("people") if p["email"] == "ana@x.example")
    assert (ana["channels"], [x["address"] for x in ana["lost"]]) == ([], ["ana@x.example"])
    assert "user unknown" in terminal.done("people")
    status, said, _ = terminal.type("doctor")
    assert "person-unreachable" in said, status
    assert "1 mail could not be matched" in said
    assert "The mailbox for answers is ready" in said
    assert terminal.done("people", "reachable", "ana") == "Ana Ruiz gets mail at ana@x.example again.\n"
    assert terminal.done("people", "reachable", "ana") == "Nothing came back from Ana Ruiz.\n"
    assert [p["lost"] for p in terminal.json("people") if p["lost"]] == []
    assert "There is nobody called 'mallory'" in terminal.refused("people", "reachable", "mallory")
    lite.setting("saveline.yaml", f":{inbox.port}/", ":1/")
    assert "replies-unreachable" in terminal.type("doctor")[1]


def test_another_address_in_the_file_ends_the_mark(
    lite: World, mail: Mailserver, inbox: Imapserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lite.open()
    inbox.put(returned(sent(lite, mail, "ana", "diagnosis")))
    read_mail(lite.desk)
    assert [p.name for p in reachable.everybody(lite.desk) if p.lost] == ["Ana Ruiz"]
    with lite.desk.writing() as conn:
        person = sa.update(directory.PERSON).where(directory.PERSON.c.email == "ana@x.example")
        conn.execute(person.values(email="ana.ruiz@x.example"))
        directory.set_revision(conn, "people", directory.revision(conn, "people") + 1)
    assert [p.name for p in reachable.everybody(lite.desk) if p.lost] == []
