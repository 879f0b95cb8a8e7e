"""People answer our mails; what they write is done, once, and only if it is they who wrote it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import models
from saveline.actions.mail_in import MailRead, read_mail
from saveline.notify import imap, incoming
from saveline.notify.links import Links
from saveline.store.rows import decode_json, table
from tests.imapserver import PASSWORD, Imapserver
from tests.notify.letters import answer, empty, sent, with_mailbox
from tests.notify.looking import only_mail, rows
from tests.servers import Mailserver
from tests.world import World

EVENT = table(models.Event)


def comments(world_: World, deal: int = 1) -> list[str]:
    with world_.desk.reading() as conn:
        found = conn.execute(sa.select(EVENT.c.data).where(EVENT.c.kind == "commented").order_by(EVENT.c.id)).scalars()
        return [decode_json(data)["body"] for data in found]


def with_a_call(lite: World) -> None:
    """The play has a task that asks for nothing and can only be done."""
    call = """\
      - id: call
        title: Call {{ account.name }} today
        why: They hear from us before they hear from others.
        assign: [csm]
        due: 1 business day after start
"""
    lite.setting("playbooks/champion-left.yaml", "  stabilise:\n", f"{call}  stabilise:\n")
    lite.open()


def test_an_answer_becomes_a_comment(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    inbox.put(answer(lite, asked, "I call Gil on Monday.\n\nHe knows why they are silent.\n-- \nAna Ruiz\nCSM"))
    assert read_mail(lite.desk) == MailRead({"comment": 1})
    assert comments(lite) == ["I call Gil on Monday.\n\nHe knows why they are silent."]
    assert (inbox.mails(), inbox.mails(imap.DONE), inbox.mails(imap.UNMATCHED)) == (0, 1, 0)
    assert read_mail(lite.desk) == MailRead()


def test_done_in_the_first_line_finishes_a_task(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    """What stands below it is a comment; the mail is read with the time, name and door of whoever wrote it."""
    with_a_call(lite)
    inbox.put(answer(lite, sent(lite, mail, "ana", "Call Acme"), "Done.\n\nThey were glad that we called."))
    assert read_mail(lite.desk).counts == {"done": 1}
    task = lite.task("call")
    assert (task.state, task.closed_by) == ("done", lite.person("ana"))
    assert comments(lite) == ["They were glad that we called."]
    with lite.desk.reading() as conn:
        vias = conn.execute(sa.select(EVENT.c.via).where(EVENT.c.kind == "task_done")).scalars().all()
    assert vias == ["email"]


def test_done_where_answers_are_needed_is_a_comment_and_the_sender_gets_the_form(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    inbox.put(answer(lite, asked, "done\nIt is the price."))
    assert read_mail(lite.desk).counts == {"answered": 1}
    assert (lite.task("diagnosis").state, comments(lite)) == ("open", ["done\nIt is the price."])
    told = sent(lite, mail, "ana", "Not finished")
    assert "asks for answers, so one word is not enough" in " ".join(told.text().split())
    assert "/task/" in told.text()
    assert "?do=done>" in told.text()
    assert told.message["References"] == asked.message["References"]


def test_what_a_sender_is_told(lite: World, mail: Mailserver, inbox: Imapserver, letters: Callable[..., None]) -> None:
    lite.open()
    inbox.put(answer(lite, sent(lite, mail, "ana", "diagnosis"), "done"))
    read_mail(lite.desk)
    letters("news", "ana", "news_mail_answer", news="mail_answer")


def test_a_second_answer_within_the_hour_is_kept_and_told_nothing(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    """A machine that answers our answers with “done” gets one an hour.

    Planted: numbering the answers one after the other let two machines write to each other for as long as both ran.
    """
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    for n in range(5):
        inbox.put(answer(lite, asked, f"done\nfor the {n}. time"))
    assert read_mail(lite.desk).counts == {"answered": 5}
    assert (len(comments(lite)), len(rows(lite, kind="news", who="ana"))) == (5, 1)


def test_done_for_what_somebody_else_did_tells_who_did_it(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    with_a_call(lite)
    asked = sent(lite, mail, "ana", "Call Acme")
    lite.done("bob", "call")
    inbox.put(answer(lite, asked, "done"))
    assert read_mail(lite.desk).counts == {"answered": 1}
    told = sent(lite, mail, "ana", "Not finished")
    assert "Bob Okafor" in told.text()


def test_done_to_a_mail_about_the_deal_is_a_comment_on_the_deal(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    lite.open()
    inbox.put(answer(lite, sent(lite, mail, "ana", "Acme is in Triage"), "Good that we know."))
    inbox.put(answer(lite, sent(lite, mail, "ana", "Acme is in Triage"), "erledigt"))
    assert read_mail(lite.desk).counts == {"comment": 1, "answered": 1}
    assert comments(lite) == ["Good that we know.", "erledigt"]


def test_the_same_mail_twice_is_one_comment(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    """Servers deliver twice, with other headers in front; who writes the same words again writes another mail."""
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    once = answer(lite, asked, "I am on it.")
    inbox.put(once)
    inbox.put(b"Received: from somewhere else by here; Fri, 20 Nov 2026 10:00:01 +0000\r\n" + once)
    inbox.put(answer(lite, asked, "I am on it.", Message_ID="<another@mail.x.example>"))
    assert read_mail(lite.desk).counts == {"comment": 2, "repeated": 1}
    assert comments(lite) == ["I am on it."] * 2


def test_without_a_plus_the_thread_says_what_is_answered(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    lite.setting("saveline.yaml", "&plus=yes", "")
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    assert asked.message["Reply-To"] is None
    inbox.put(answer(lite, asked, "By In-Reply-To."))
    inbox.put(answer(lite, asked, "By References.", In_Reply_To=""))
    assert read_mail(lite.desk).counts == {"comment": 2}


def test_the_address_says_it_where_a_relay_has_renamed_our_mail(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    gone = {"In_Reply_To": "<0100-renamed@relay.example>", "References": "<0100-renamed@relay.example>"}
    inbox.put(answer(lite, asked, "Still about it.", To=str(asked.message["Reply-To"]).upper(), **gone))
    assert read_mail(lite.desk).counts == {"comment": 1}


def test_an_answer_of_html_alone_and_attachments_that_are_not_kept(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    page = "<style>p {color: red}</style><p>They said <b>yes</b> &amp; signed.</p>"
    quoted = '<div class="gmail_quote"><blockquote>Write the diagnosis</blockquote></div>'
    inbox.put(answer(lite, asked, "", html=page + quoted))
    letter = answer(lite, asked, "See the two files.").replace(
        b"Content-Type: text/plain",
        b"Content-Type: multipart/mixed; boundary=XX\n\n--XX\nContent-Type: text/plain",
        1,
    )
    file = b"--XX\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\n%PDF\n"
    inbox.put(letter + b"\n" + file + file + b"--XX--\n")
    assert read_mail(lite.desk).counts == {"comment": 2}
    assert comments(lite) == [
        "They said yes & signed.",
        "See the two files.\n\n(2 attachments were in the mail and not kept.)",
    ]


# --- who may ----------------------------------------------------------------------------------------------------------


def test_a_forged_sender_changes_nothing(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    """From is what anybody likes to write. Without the mark of a mail to that very person it says nothing.

    Planted: taking the notice's number without looking at its mark let anybody finish Ana's task.
    Planted: looking at the mark and not at From let whoever was shown the mail act as its reader.
    """
    with_a_call(lite)
    asked = sent(lite, mail, "ana", "Call Acme")
    number = asked.id.partition(".")[0].removeprefix("<notice-")
    guessed = f"<notice-{number}.{'a' * 20}@x.example>"
    strange = {"References": "", "To": "saveline@x.example"}
    inbox.put(answer(lite, asked, "done", In_Reply_To=guessed, **strange))
    inbox.put(answer(lite, asked, "done", In_Reply_To="", **strange))
    inbox.put(answer(lite, asked, "done", References="", In_Reply_To="", To=f"saveline+{number}.zzz@x.example"))
    inbox.put(answer(lite, asked, "done", sender="bob@x.example"))
    inbox.put(answer(lite, asked, "done", sender="mallory@evil.example"))
    inbox.put(answer(lite, asked, "done", sender="mallory@evil.example, ana@x.example"))
    inbox.put(answer(lite, asked, "done", sender='"ana@x.example" <mallory@evil.example>'))
    inbox.put(answer(lite, asked, "done", sender="ana@x.example <mallory@evil.example> <ana@x.example>"))
    inbox.put(answer(lite, asked, "done").replace(b"From: ", b"From: mallory@evil.example\nFrom: ", 1))
    before = lite.history()
    done = read_mail(lite.desk)
    assert (done.counts, lite.history(), lite.task("call").state) == ({"unmatched": 9}, before, "open")
    assert (inbox.mails(imap.UNMATCHED), inbox.mails(imap.DONE)) == (9, 0)
    assert len(rows(lite, kind="news")) == 0, "nobody is answered whose address may be anybody's"


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        ("mx.x.example; dmarc=pass header.from=x.example", True),
        ("mx.x.example; spf=pass smtp.mailfrom=ana@x.example; dkim=none", True),
        ("mx.x.example 1; dkim=pass (2048-bit key; unprotected) header.d=x.example", True),
        ("mx.x.example; dmarc=fail header.from=x.example; dkim=pass header.d=x.example", False),
        ("mx.x.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=a@evil.example", False),
        ("mx.x.example; dmarc=pass header.from=evil.example", False),
        ("mx.evil.example; dmarc=pass header.from=x.example", False),
        ("mx.x.example; none", False),
        ("", False),
    ],
)
def test_what_the_trusted_server_says_of_a_sender(said: str, believed: bool) -> None:
    """Whoever writes a mail may write such headers too: only the topmost of the server's name is the server's.

    Planted: reading all headers of that name believed the forged one below.
    """
    forged = "Authentication-Results: mx.x.example; dmarc=pass header.from=x.example\n"
    above = f"Authentication-Results: {said}\n" if said else ""
    below = forged if said.startswith("mx.x.example") else ""
    letter = incoming.read(f"{above}{below}From: Ana Ruiz <ana@x.example>\n\ndone\n".encode(), "mx.x.example")
    assert incoming.standing(letter) == ("passed" if believed else "failed")


def test_the_mail_server_is_asked_where_it_is_trusted(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    lite.setting("saveline.yaml", '/INBOX"}', '/INBOX", trust: mx.x.example}')
    with_a_call(lite)
    letter = answer(lite, sent(lite, mail, "ana", "Call Acme"), "done")
    inbox.put(letter)
    inbox.put(b"Authentication-Results: mx.x.example; dmarc=fail header.from=x.example\n" + letter)
    inbox.put(b"Authentication-Results: mx.x.example; dmarc=pass header.from=x.example\n" + letter)
    done = read_mail(lite.desk)
    assert done.counts == {"unmatched": 2, "done": 1}
    assert set(done.unmatched) == {"the mail server does not say that it is from Ana Ruiz"}


MACHINES: list[dict[str, str]] = [
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "auto-generated; owner=ana"},
    {"Precedence": "bulk"},
    {"Precedence": "auto_reply"},
    {"X_Autoreply": "yes"},
    {"List_Id": "<all.x.example>"},
    {"Return_Path": "<>"},
    {"Subject": "Automatic reply: Call Acme today"},
    {"Subject": "=?utf-8?q?Out_of_office=3A?= I am away"},
]


def test_a_machines_answer_is_never_acted_on(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    with_a_call(lite)
    asked = sent(lite, mail, "ana", "Call Acme")
    for header in MACHINES:
        inbox.put(answer(lite, asked, "done", **header))
    assert read_mail(lite.desk).counts == {"automatic": len(MACHINES)}
    assert (lite.task("call").state, comments(lite), inbox.mails(imap.DONE)) == ("open", [], len(MACHINES))


def test_our_own_mail_that_comes_back_to_us_is_not_read_as_an_answer(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    lite.open()
    for letter in mail.to("ana") or [sent(lite, mail, "ana")]:
        inbox.put(letter.raw)
    assert set(read_mail(lite.desk).counts) == {"automatic"}


def test_who_has_left_and_a_link_that_is_too_old(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    lite.clock.set(lite.now.replace(year=2027))
    inbox.put(answer(lite, asked, "a year later"))
    assert read_mail(lite.desk).counts == {"unmatched": 1}
    lite.clock.set(lite.now.replace(year=2026))
    lite.setting("people.yaml", "name: Ana Ruiz,", "name: Ana Ruiz, active: false,")
    inbox.put(answer(lite, asked, "I still read my mail"))
    assert read_mail(lite.desk).unmatched == ("Ana Ruiz has left",)


def test_a_new_key_does_not_end_a_conversation() -> None:
    old, both = Links("https://x.example", ["old"]), Links("https://x.example", ["old", "new"])
    assert both.mark(7) == old.mark(7), "a mail that is sent again has the Message-ID that it had"
    assert both.is_mark(7, old.mark(7))
    assert both.is_mark(7, old.mark(7).upper())
    assert not both.is_mark(8, old.mark(7))
    assert not Links("https://x.example", ["new"]).is_mark(7, old.mark(7))


# --- what can go wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["mail_acted", "mail_moved"])
def test_killed_between_acting_and_moving_the_mail(
    lite: World, mail: Mailserver, inbox: Imapserver, point: str
) -> None:
    """Planted: moving the mail before the transaction lost it; acting without its key made two comments."""
    lite.open()
    inbox.put(answer(lite, sent(lite, mail, "ana", "diagnosis"), "Once, please."))
    imports = "from saveline.runtime import Runtime; from saveline.actions.mail_in import read_mail"
    program = f"{imports}; read_mail(Runtime().desk())"
    settings = lite.settings
    env = {
        **os.environ,
        "SAVELINE_TEST_FAULTS": "1",
        "CRASH_AT": point,
        "SAVELINE_WORKSPACE": str(settings.workspace),
        "SAVELINE_DATABASE_URL": settings.database,
        "SAVELINE_CLOCK": str(settings.clock),
        "SAVELINE_KEYS": settings.keys.get_secret_value() if settings.keys else "",
    }
    died = subprocess.run([sys.executable, "-c", program], env=env, timeout=120, check=False, capture_output=True)
    assert died.returncode == -9, died.stderr.decode()
    assert comments(lite) == ["Once, please."]
    assert read_mail(lite.desk).counts == ({"repeated": 1} if point == "mail_acted" else {})
    assert (comments(lite), inbox.mails(), inbox.mails(imap.DONE)) == (["Once, please."], 0, 1)


def test_a_mailbox_that_does_not_answer_says_so_without_its_password(
    lite: World, inbox: Imapserver, tmp_path: Path
) -> None:
    lite.setting("saveline.yaml", PASSWORD, "wrong-word")
    with pytest.raises(imap.MailboxDown, match=r"(?i)authentication failed") as refused:
        read_mail(lite.desk)
    assert "wrong-word" not in str(refused.value)
    lite.setting("saveline.yaml", f":{inbox.port}/", ":1/")
    with pytest.raises(imap.MailboxDown, match="refused"):
        read_mail(lite.desk)
    lite.setting("saveline.yaml", "wrong-word", "${IMAP_PASSWORD}")
    with pytest.raises(imap.MailboxDown, match="the environment has no IMAP_PASSWORD"):
        read_mail(lite.desk)


def test_on_both_databases(on_both: World, mail: Mailserver, dovecot: Imapserver) -> None:
    only_mail(on_both)
    with_mailbox(on_both, dovecot.url)
    try:
        with_a_call(on_both)
        asked = sent(on_both, mail, "ana", "Call Acme")
        dovecot.put(answer(on_both, asked, "done\nand well"))
        dovecot.put(answer(on_both, asked, "done\nand well"))
        assert read_mail(on_both.desk).counts == {"done": 1, "repeated": 1}
        assert comments(on_both) == ["and well"]
    finally:
        empty(dovecot)
