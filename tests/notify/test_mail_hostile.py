"""Mails that are no mails, or made to hurt: they are set aside, quickly, and harm nothing."""

from __future__ import annotations

import random
from contextlib import suppress
from time import monotonic

from saveline.actions.mail_in import handle, read_mail
from saveline.notify import imap, incoming, quotes
from saveline.notify.incoming import Unreadable
from tests.imapserver import Imapserver
from tests.notify.letters import answer, sent
from tests.servers import Mailserver
from tests.world import World

SECONDS = 20.0
"""Each is over in one on an idle machine; what grows with the square would take minutes."""
N = 60_000


def nested(depth: int) -> bytes:
    parts = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (i, i) for i in range(depth))
    return b"From: a@b.example\r\n" + parts + b"Content-Type: text/plain\r\n\r\ndone\r\n" * 10


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "zeros": b"\0" * 300_000,
    "no header": b"done\r\n",
    "only a colon": b":\r\n\r\n",
    "deep": nested(5_000),
    "not quite so deep": nested(11) + b"\n" * 60_000,
    "many parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 8_000,
    "unknown charset": b"From: a@b.example\r\nContent-Type: text/plain; charset=klingon-8\r\n\r\nQapla\xff\xfe\r\n",
    "charset that is no text": b"Content-Type: text/plain; charset=base64\r\n\r\ndone\r\n",
    "charset utf-7": b"Content-Type: text/plain; charset=utf-7\r\n\r\n+AGQ-one\r\n",
    "surrogates": b"From: a@b.example\r\n\r\n" + b"\xed\xa0\x80\xed\xb0\x80 done",
    "bad base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!" * 1_000,
    "quoted-printable of nothing": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 200_000,
    "uuencoded": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n" + b"M" * 100_000,
    "encoded words": b"From: " + b"=?utf-8?q?a?= " * 20_000 + b"<a@b.example>\r\n\r\ndone",
    "a long From": b"From: " + b"(" * 200_000 + b"\r\n\r\ndone",
    "long References": b"References: " + b"<notice-1.a@b> " * 18_000 + b"\r\n\r\ndone",
    "numbers that are none": b"In-Reply-To: <notice-" + b"9" * 5_000 + b".a@b>\r\n\r\ndone",
    "digits of another kind": "In-Reply-To: <notice-٣.aaaaaaaaaaaaaaaaaaaa@b>\r\n\r\ndone".encode(),
    "a report of nothing": b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x--",
    "a report in a report": b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n"
    b"Content-Type: message/delivery-status\r\n\r\n" + b"Action: failed\r\n\r\n" * 3_000,
    "no end of a header": b"Subject: " + b"a\r\n " * 80_000,
    "nul in From": b"From: ana\0@x.example\r\n\r\ndone",
    "html of brackets": b"Content-Type: text/html\r\n\r\n" + b"<" * 250_000,
    "html of bangs": b"Content-Type: text/html\r\n\r\n" + b"<!" * 120_000,
    "html of styles": b"Content-Type: text/html\r\n\r\n" + b"<style>" * 30_000,
    "html of comments": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 60_000,
}
TEXTS: dict[str, str] = {
    "on": "On " * (N // 3),
    "on in lines": "On a\n" * (N // 5),
    "quotes": "> " * (N // 2),
    "quoted lines": ">\n" * (N // 2),
    "empty lines": "\n" * N,
    "spaces": " " * N,
    "heads": "From:\n" * (N // 6),
    "a rule": "_" * N,
    "rules": "---\n" * (N // 4),
}


def test_hostile_mails_are_only_not_understood(lite: World) -> None:
    lite.open()
    before = lite.history()
    for name, raw in HOSTILE.items():
        began = monotonic()
        with suppress(Unreadable):
            assert len(incoming.read(raw[:20_000], "mx.x.example").marks) <= incoming.MOST_MARKS, name
        handled = handle(lite.desk, raw)
        assert monotonic() - began < SECONDS, name
        assert handled.what in ("unmatched", "automatic"), name
    assert lite.history() == before


def test_no_text_makes_the_search_for_quotes_slow() -> None:
    """Planted: the library that was tried first (mail-parser-reply) takes more than six seconds for 8,000 letters of
    “On On On”, and for as many empty lines."""
    for name, text in TEXTS.items():
        began = monotonic()
        quotes.answer_of(text)
        quotes.text_of_html(text)
        assert monotonic() - began < SECONDS / 5, name


def test_mails_that_are_cut_and_scrambled_at_random(lite: World, mail: Mailserver) -> None:
    """Whatever is left of a genuine answer, it is a comment, or nothing: never an error, and never somebody else's."""
    lite.open()
    genuine = answer(lite, sent(lite, mail, "ana", "diagnosis"), "It is the price.\n\nThey said so.")
    dice = random.Random(4)
    for _ in range(100):
        spoiled = bytearray(genuine)
        for _ in range(dice.choice((1, 3, 30))):
            spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
        cut = spoiled[: dice.randrange(len(spoiled))] if dice.random() < 0.3 else spoiled
        assert handle(lite.desk, bytes(cut)).what in ("comment", "unmatched", "automatic", "repeated", "answered")


def test_a_large_mail_is_read_as_far_as_its_text(lite: World, mail: Mailserver, inbox: Imapserver) -> None:
    """Two megabytes of a photograph below two words: the words count, and the rest never leaves the mailbox."""
    lite.open()
    letter = answer(lite, sent(lite, mail, "ana", "diagnosis"), "They signed.")
    head, _, body = letter.partition(b"\n\n")
    head = head.replace(b"Content-Type: text/plain", b"X-Was: text/plain", 1)
    photo = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + (b"A" * 76 + b"\n") * 27_000
    mixed = b"\nContent-Type: multipart/mixed; boundary=XX\n\n--XX\nContent-Type: text/plain\n\n"
    inbox.put(head + mixed + body + b"\n--XX\n" + photo + b"--XX--\n")
    with inbox.box() as box:
        assert sum(m.size_rfc822 for m in box.fetch(mark_seen=False)) > 2_000_000
    with imap.opened(inbox.url) as opened:
        assert len(opened.read(opened.uids()[0])) == incoming.LONGEST
    assert read_mail(lite.desk).counts == {"comment": 1}


def test_what_cannot_be_read_lies_in_the_folder_and_holds_nobody_up(
    lite: World, mail: Mailserver, inbox: Imapserver
) -> None:
    lite.open()
    inbox.put(nested(200))
    inbox.put(b"From: stranger@elsewhere.example\r\nSubject: hello\r\n\r\nCan you help me?\r\n")
    inbox.put(answer(lite, sent(lite, mail, "ana", "diagnosis"), "I am here."))
    done = read_mail(lite.desk)
    assert done.counts == {"unmatched": 2, "comment": 1}
    assert done.unmatched == ("it cannot be read: parts within parts within parts", "it answers no mail of ours")
    assert (inbox.mails(), inbox.mails(imap.UNMATCHED)) == (0, 2)
