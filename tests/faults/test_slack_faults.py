"""Fault 11: whatever Slack answers. A wait that it asks for is kept by every worker; what may have been posted is not
posted again; what it refuses for good is told by another channel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Final

import pytest

from saveline.actions.delivery import Worker
from saveline.runtime import Runtime
from tests.faults.figures import measured, number_of
from tests.faults.outages import fill
from tests.notify.looking import row, rows, statuses
from tests.servers import Mailserver, Reply, Slack
from tests.world import World


@contextmanager
def workers(world: World, number: int, *, lease: float = 40.0) -> Iterator[list[Worker]]:
    """As on so many machines: each with a connection and a memory of its own."""
    with ExitStack() as stack:
        found = []
        for n in range(number):
            runtime = Runtime(world.settings)
            stack.callback(runtime.close)
            made = Worker(runtime.desk(), f"w{n}", lease=timedelta(seconds=lease))
            found.append(stack.enter_context(made))
        yield found


def to_ana(world: World, number: int, channel: str, *, first: int = 100) -> None:
    fill(world, [{"ordinal": first + n, "person_id": world.person("ana"), "channel": channel} for n in range(number)])


def test_a_wait_that_slack_asks_for_is_kept_by_every_worker(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """429 with Retry-After 17: for 17 seconds no worker posts, the mails go on, and then all go out in their order.

    Planted: a wait that only the worker remembers that was asked; ``Retry-After`` left out.
    """
    on_both.open()
    on_both.deliver()
    told, mails = len(slack.posts), len(mail.mails)
    to_ana(on_both, 6, "slack")
    slack.replies.append(Reply(429, '{"ok": false, "error": "ratelimited"}', (("Retry-After", "17"),)))
    asked = on_both.now
    with workers(on_both, 3) as all_:
        for number, seconds in enumerate((0, 1, 8, 16, 16.9)):
            on_both.clock.set(asked + timedelta(seconds=seconds))
            to_ana(on_both, 1, "email", first=200 + number)
            for worker in all_:
                worker.deliver()
            assert len(slack.posts) == told, f"posted after {seconds} s"
            assert len(mail.mails) == mails + number + 1, "the mails wait for Slack"
        on_both.clock.set(asked + timedelta(seconds=17.1))
        for worker in all_:
            worker.deliver()
    assert len(slack.calls) == len(slack.posts) + 1, "asked more than once"
    assert len(slack.posts) == told + 6
    sent = {r.id: r.ordinal for r in rows(on_both, status="sent", channel="slack")}
    assert [sent[number_of(p.id)] for p in slack.posts[told:]] == list(range(100, 106))
    assert {r.attempts for r in rows(on_both, channel="slack") if r.ordinal > 100} == {1}
    measured(11, on_both, seconds=0.1)


TROUBLE: Final = {
    "500": Reply(500, '{"ok": false, "error": "internal_error"}'),
    "503": Reply(503, "upstream connect error", kind="text/plain"),
    "a page": Reply(200, "<html>We are busy</html>", kind="text/html"),
    "hangs up": Reply(cut=True),
    "silent": Reply(seconds=1.5),
    "fatal_error": Reply(200, '{"ok": false, "error": "fatal_error"}'),
}


@pytest.mark.parametrize("posted", [True, False], ids=["posted", "not posted"])
@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_may_have_been_posted_is_there_once(
    on_both: World, mail: Mailserver, slack: Slack, trouble: str, posted: bool
) -> None:
    """Whether it was posted or not, in the end it is there once, and nobody is told by mail instead.

    Planted: not looking before posting again; looking, and posting nothing where it is absent.
    """
    on_both.open()
    on_both.deliver()
    told, mails = len(slack.posts), len(mail.mails)
    to_ana(on_both, 1, "slack")
    fault = TROUBLE[trouble]
    slack.replies.append(
        Reply(fault.status, fault.body, seconds=fault.seconds, cut=fault.cut, posted=posted, kind=fault.kind)
    )
    with workers(on_both, 2, lease=2.0 if fault.seconds else 40.0) as (one, other):
        one.deliver()
        assert row(on_both, ordinal=100).status == "unknown"
        on_both.clock.set(on_both.now + timedelta(seconds=45))
        other.deliver()
    assert row(on_both, ordinal=100).status == "sent"
    assert len(slack.posts) == told + 1
    assert len(mail.mails) == mails
    measured(11, on_both)


FOR_GOOD: Final = (
    *("channel_not_found", "not_in_channel", "is_archived", "msg_too_long", "no_text", "invalid_blocks"),
    *("restricted_action", "cannot_dm_bot", "user_not_found", "invalid_arguments", "messages_tab_disabled"),
    "user_disabled",
)


def test_what_slack_refuses_for_good_goes_by_mail_at_once(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Twelve codes: one attempt each, dead, and a mail to the same reader within the minute.

    Planted: a refusal for good that is tried again; a dead notice without another way.
    """
    on_both.open()
    on_both.deliver()
    assert len(FOR_GOOD) == 12
    for number, code in enumerate(FOR_GOOD):
        calls, mails = len(slack.calls), len(mail.mails)
        slack.replies.append(Reply(200, f'{{"ok": false, "error": "{code}"}}'))
        to_ana(on_both, 1, "slack", first=100 + number)
        on_both.deliver()
        on_both.clock.set(on_both.now + timedelta(seconds=59))
        on_both.deliver()
        dead = row(on_both, ordinal=100 + number, channel="slack")
        assert (dead.status, dead.attempts) == ("dead", 1), code
        assert code in dead.error
        assert len(slack.calls) == calls + 1, code
        assert statuses(on_both, ordinal=100 + number, channel="email") == ["sent"], code
        assert len(mail.mails) == mails + 1, code
        assert mail.mails[-1].to == "ana@x.example"
    measured(11, on_both, runs=len(FOR_GOOD))
