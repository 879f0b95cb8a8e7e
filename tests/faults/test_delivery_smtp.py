"""Fault 10, the mail part: whatever a mail server does, the outcome says what is known, within the deadline.

Planted bugs that turn these red, each tried by hand: a mail that counts as handed over before its body was sent (a cut
within it is then taken for unknown); calling silence after the dot transient; a time-out for each read instead of one
deadline (dripping); a message id of each attempt's own (the resend).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic

import pytest
from msgspec.structs import replace

from saveline.core.delivery import Outcome, Permanent, Sent, Transient, Unknown
from saveline.notify.channels import smtp
from saveline.notify.channels.base import SECONDS
from saveline.notify.channels.smtp import Smail
from saveline.notify.message import Outgoing
from tests.faults.figures import measured
from tests.notify.looking import only_mail, row, rows
from tests.servers import Mailserver, Phase, Rule, mailserver
from tests.world import World

MESSAGE = Outgoing(
    "ana@x.example", "Hello", "notice-1.abc", datetime(2026, 11, 20, tzinfo=UTC), text="Hi\n", html="<p>Hi"
)
SHORT = 0.5


@pytest.fixture
def server() -> Iterator[Mailserver]:
    with mailserver() as found:
        yield found


def delivered(server: Mailserver, *, seconds: float = 5.0) -> Outcome:
    channel = Smail.open(f"smail://127.0.0.1:{server.port}?from=saveline@x.example")
    started = monotonic()
    try:
        outcome: Outcome = channel.deliver(MESSAGE, deadline=started + seconds)
    finally:
        channel.close()
    assert monotonic() - started < seconds + 0.4
    return outcome


def test_a_mail_that_is_taken(server: Mailserver) -> None:
    assert delivered(server) == Sent("taken")
    assert [m.id for m in server.mails] == ["<notice-1.abc@x.example>"]


@pytest.mark.parametrize("phase", ["connect", "ehlo", "mail", "rcpt", "data", "end"])
def test_421_is_the_channels_fault(server: Mailserver, phase: Phase) -> None:
    server.rules.append(Rule(phase, "421 4.3.2 shutting down"))
    if phase == "ehlo":
        server.rules.append(Rule("mail", "421 4.3.2 shutting down"))  # HELO is tried when EHLO is refused
    outcome = delivered(server)
    assert isinstance(outcome, Transient)
    assert outcome.channel_wide
    assert "421" in outcome.reason
    assert server.mails == []


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "end"])
@pytest.mark.parametrize("answer", ["450 4.2.1 busy", "451 4.3.0 try later", "452 4.2.2 full"])
def test_45x_is_tried_again(server: Mailserver, phase: Phase, answer: str) -> None:
    server.rules.append(Rule(phase, answer))
    assert delivered(server) == Transient(answer)
    assert server.mails == []


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "end"])
@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "552 5.3.4 too big", "554 5.7.1 no"])
def test_55x_is_for_good(server: Mailserver, phase: Phase, answer: str) -> None:
    server.rules.append(Rule(phase, answer))
    assert delivered(server) == Permanent(answer)
    assert server.mails == []


@pytest.mark.parametrize("phase", ["connect", "ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize("fault", ["cut", "silent", "drip"])
def test_before_the_final_dot_nothing_can_have_arrived(server: Mailserver, phase: Phase, fault: str) -> None:
    server.rules.append(
        Rule(
            phase,
            cut=fault == "cut",
            silent=fault == "silent",
            drip=0.1 if fault == "drip" else 0.0,
            answer="250 " * 99,
        )
        if fault == "drip"
        else Rule(phase, cut=fault == "cut", silent=fault == "silent")
    )
    outcome = delivered(server, seconds=SHORT)
    assert isinstance(outcome, Transient)
    assert outcome.channel_wide
    assert server.mails == []


@contextmanager
def stops_in_the_body(*, cut: bool) -> Iterator[tuple[int, Event]]:
    """A server that takes the first kilobytes of a mail and then hangs up, or reads no further.

    Gives its port, and what is set once it has read them.
    """
    reached, done = Event(), Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 here\r\n")
            for line in lines:
                if line.startswith(b"DATA"):
                    break
                connection.sendall(b"250 yes\r\n")
            connection.sendall(b"354 go on\r\n")
            lines.read(4096)
            reached.set()
            if not cut:
                done.wait(10)
            # Without a goodbye: what is still on its way is answered with a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], reached
        done.set()
        thread.join()


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "silent"])
def test_within_the_body_nothing_can_have_arrived(cut: bool) -> None:
    """The mail is larger than what fits into the buffers on the way, so that its sender notices before the dot."""
    large = replace(MESSAGE, html="<p>Hi" * 4_000_000)
    with stops_in_the_body(cut=cut) as (port, reached):
        channel = Smail.open(f"smail://127.0.0.1:{port}?from=saveline@x.example")
        outcome = channel.deliver(large, deadline=monotonic() + 10 * SHORT)
        channel.close()
    assert reached.is_set()
    assert isinstance(outcome, Transient)
    assert outcome.channel_wide


@pytest.mark.parametrize(
    "rule",
    [
        Rule("end", cut=True, accepts=True),
        Rule("end", silent=True, accepts=True),
        Rule("end", answer="250 " + "slowly " * 40, drip=0.1, accepts=True),
        Rule("end", seconds=5, accepts=True),
        Rule("end", answer="what?", accepts=True),
    ],
    ids=["cut", "silent", "dripping", "slow 250", "nonsense"],
)
def test_after_the_final_dot_silence_means_that_nobody_knows(server: Mailserver, rule: Rule) -> None:
    server.rules.append(rule)
    assert isinstance(delivered(server, seconds=SHORT), Unknown)
    assert len(server.mails) == 1


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    channel = Smail.open(f"smail://127.0.0.1:{port}?from=saveline@x.example")
    assert channel.deliver(MESSAGE, deadline=monotonic() + 5) == Transient(
        "127.0.0.1: Connection refused", channel_wide=True
    )


def test_no_message_takes_longer_than_the_limit(server: Mailserver, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SECONDS == 15
    monkeypatch.setattr(smtp, "SECONDS", SHORT)
    server.rules.append(Rule("mail", answer="250 " * 99, drip=0.05))
    started = monotonic()
    assert isinstance(delivered(server, seconds=60), Transient)
    assert monotonic() - started < 2


def test_a_kept_connection_that_the_server_closed_is_no_attempt(server: Mailserver) -> None:
    channel = Smail.open(f"smail://127.0.0.1:{server.port}?from=saveline@x.example")
    assert isinstance(channel.deliver(MESSAGE, deadline=monotonic() + 5), Sent)
    assert isinstance(channel.deliver(MESSAGE, deadline=monotonic() + 5), Sent)
    assert server.sessions == 1
    server.rules.append(Rule("mail", cut=True))
    assert isinstance(channel.deliver(MESSAGE, deadline=monotonic() + 5), Sent)
    assert (server.sessions, len(server.mails)) == (2, 3)
    channel.close()


@pytest.mark.parametrize(
    "rule", [Rule("end", cut=True, accepts=True), Rule("end", cut=True)], ids=["taken", "not taken"]
)
def test_the_resend_carries_the_same_id(on_both: World, mail: Mailserver, rule: Rule) -> None:
    only_mail(on_both)
    on_both.open()
    mail.rules.append(rule)
    assert on_both.deliver().counts == {"unknown": 1, "sent": 1}
    found = row(on_both, status="unknown")
    assert found.doubts == 1
    on_both.clock.set(found.not_before + timedelta(seconds=1))
    assert on_both.deliver().counts == {"sent": 1}
    assert {r.status for r in rows(on_both)} == {"sent"}
    assert len({m.id for m in mail.mails}) == 2
    assert len(mail.mails) == 2 + rule.accepts
    measured(10, on_both, doubles=int(rule.accepts))
