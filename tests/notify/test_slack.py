"""Slack's answers and what they mean, and that a post which may have arrived is looked for before it is made again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from msgspec.structs import replace

from saveline.core.delivery import Outcome, Permanent, Sent, Transient, Unknown
from saveline.notify.channels.blocks import as_blocks, cut
from saveline.notify.channels.slack import Sslack, Sslackhook
from saveline.notify.message import CUT, REPEAT, Act, Button, Outgoing
from tests.notify.looking import row, rows
from tests.servers import TOKEN, Mailserver, Reply, Slack, slack_server
from tests.slack_limits import faults
from tests.slack_server import shown_texts
from tests.world import World

AT = datetime(2026, 11, 20, tzinfo=UTC)
MESSAGE = Outgoing("UANA", "Hello <!channel> & all", "notice-1.abc", AT, slack="*Hello*\n\nA text\n\nWhy you get this")
REFUSALS = [
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "msg_too_long",
    "no_text",
    "restricted_action",
    "user_not_found",
    "invalid_blocks",
    "cannot_dm_bot",
    "messages_tab_disabled",
    "duplicate_channel_not_found",
    "as_user_not_supported",
]


@pytest.fixture
def server() -> Iterator[Slack]:
    with slack_server() as found:
        yield found


def bot(server: Slack, message: Outgoing = MESSAGE, *, token: str = TOKEN, seconds: float = 5.0) -> Outcome:
    channel = Sslack.open(f"sslack://{token}/?api={server.api}")
    outcome: Outcome = channel.deliver(message, deadline=monotonic() + seconds)
    return outcome


def hook(server: Slack, message: Outgoing = MESSAGE, *, seconds: float = 5.0) -> Outcome:
    channel = Sslackhook.open(f"sslackhook://T000/B000/secretXyz?api={server.url}/services")
    outcome: Outcome = channel.deliver(message, deadline=monotonic() + seconds)
    return outcome


def error(code: str) -> str:
    return f'{{"ok": false, "error": "{code}"}}'


# --- the bot ----------------------------------------------------------------------------------------------------------


def test_a_post_is_marked_with_our_id_and_its_text_cannot_call_a_channel(server: Slack) -> None:
    assert bot(server) == Sent("DUANA/1700000000.000100")
    [post] = server.posts
    assert (post.id, post.text) == ("notice-1.abc", "Hello &lt;!channel&gt; &amp; all")
    assert [b["type"] for b in post.blocks] == ["header", "section", "context"]
    assert post.shown == "Hello\n\nA text\n\nWhy you get this"


def test_one_call_is_one_post_whatever_happens(server: Slack) -> None:
    """The library would post again by itself when a connection drops."""
    server.replies.append(Reply(cut=True, posted=True))
    assert isinstance(bot(server), Unknown)
    assert server.calls == ["chat.postMessage"]


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_for_good(server: Slack, code: str) -> None:
    server.replies.append(Reply(body=error(code)))
    assert bot(server) == Permanent(f"Slack refuses it: {code}")


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "missing_scope"])
def test_a_bot_that_may_not_is_the_channels_fault(server: Slack, code: str) -> None:
    server.replies.append(Reply(body=error(code)))
    assert bot(server) == Transient(f"Slack refuses the bot: {code}", channel_wide=True)
    assert bot(server, token="xoxb-wrong") == Transient("Slack refuses the bot: invalid_auth", channel_wide=True)


def test_it_waits_as_long_as_slack_asks(server: Slack) -> None:
    server.replies.append(Reply(429, error("ratelimited"), (("Retry-After", "17"),)))
    outcome = bot(server)
    assert isinstance(outcome, Transient)
    assert (outcome.retry_after, outcome.channel_wide) == (17.0, True)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, "oops", kind="text/plain"),
        Reply(503, error("service_unavailable")),
        Reply(200, "<html>maintenance</html>", kind="text/html"),
        Reply(200, error("internal_error")),
        Reply(200, error("fatal_error")),
        Reply(200, '{"ok": true}'),
        Reply(cut=True),
        Reply(seconds=5),
    ],
    ids=["500", "503", "HTML", "internal_error", "fatal_error", "no ts", "cut", "hang"],
)
def test_without_a_clear_answer_nobody_knows(server: Slack, reply: Reply) -> None:
    server.replies.append(reply)
    assert isinstance(bot(server, seconds=0.5), Unknown)


def test_a_slack_that_is_not_there_was_not_posted_to() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    channel = Sslack.open(f"sslack://{TOKEN}/?api=http://127.0.0.1:{port}/api")
    outcome = channel.deliver(MESSAGE, deadline=monotonic() + 5)
    assert isinstance(outcome, Transient)
    assert outcome.channel_wide


@pytest.mark.parametrize("to", ["UANA", "#engineering", "C0815"])
def test_a_post_that_is_there_is_not_made_again(server: Slack, to: str) -> None:
    message = replace(MESSAGE, to=to)
    first = bot(server, message)
    for n in range(3):
        bot(server, replace(message, id=f"other-{n}"))
    assert bot(server, replace(message, again=True)) == first
    assert len(server.posts) == 4


def test_an_answer_in_a_thread_that_is_there_is_not_made_again(server: Slack) -> None:
    """Planted bug: looking in the conversation only finds nothing of what lies in a thread, and posts it twice."""
    first = bot(server)
    assert isinstance(first, Sent)
    quiet = replace(MESSAGE, id="answer", thread_ref=first.ref)
    answered = bot(server, quiet)
    assert bot(server, replace(quiet, again=True)) == answered
    assert [p.thread for p in server.posts] == ["", "1700000000.000100"]


# --- threads and changes ----------------------------------------------------------------------------------------------


def test_what_has_buttons_is_said_aloud_in_its_thread(server: Slack) -> None:
    bot(server)
    bot(server, replace(MESSAGE, id="2", thread_ref="DUANA/1700000000.000100"))
    bot(server, replace(MESSAGE, id="3", thread_ref="DUANA/1700000000.000100", buttons=(Button("done", "Done"),)))
    assert [(p.thread, p.aloud) for p in server.posts] == [
        ("", False),
        ("1700000000.000100", False),
        ("1700000000.000100", True),
    ]


def test_where_the_thread_has_been_deleted_it_is_said_without(server: Slack) -> None:
    server.replies.append(Reply(body=error("thread_not_found")))
    assert isinstance(bot(server, replace(MESSAGE, thread_ref="DUANA/1.2")), Sent)
    assert [p.thread for p in server.posts] == [""]


def test_a_post_is_changed_and_a_second_time_is_no_harm(server: Slack) -> None:
    first = bot(server, replace(MESSAGE, buttons=(Button("done", "Done"),), notice_id=7))
    assert isinstance(first, Sent)
    assert server.posts[0].buttons == ["Done"]
    later = replace(MESSAGE, changes=first.ref, slack="*Hello*\n\nDone by Bob\n\nAcme")
    assert bot(server, later) == bot(server, replace(later, again=True)) == first
    [post] = server.posts
    assert (post.shown, post.buttons, post.changed) == ("Hello\n\nDone by Bob\n\nAcme", [], True)


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed", "is_archived"])
def test_a_post_that_cannot_be_changed_any_more_is_left_as_it_is(server: Slack, code: str) -> None:
    server.replies.append(Reply(body=error(code)))
    assert bot(server, replace(MESSAGE, changes="C1/1.2")) == Sent("C1/1.2")
    server.replies.append(Reply(body=error("ratelimited"), headers=(("Retry-After", "9"),)))
    assert isinstance(bot(server, replace(MESSAGE, changes="C1/1.2")), Transient)


@pytest.mark.parametrize("to", ["UANA", "#engineering", "C0815"])
def test_a_post_that_is_absent_is_made(server: Slack, to: str) -> None:
    bot(server, replace(MESSAGE, to=to, id="another"))
    assert isinstance(bot(server, replace(MESSAGE, to=to, again=True)), Sent)
    assert [p.id for p in server.posts] == ["another", "notice-1.abc"]


@pytest.mark.parametrize("reply", [Reply(500, "oops"), Reply(body=error("missing_scope")), Reply(cut=True)])
def test_where_looking_fails_nothing_is_posted(server: Slack, reply: Reply) -> None:
    server.look_replies.append(reply)
    assert isinstance(bot(server, replace(MESSAGE, again=True)), Unknown)
    assert server.posts == []


@pytest.mark.parametrize(
    "reply", [Reply(500, "oops", posted=True), Reply(cut=True, posted=True), Reply(200, "<html>", posted=True)]
)
def test_no_double_when_it_was_posted(on_both: World, mail: Mailserver, slack: Slack, reply: Reply) -> None:
    """Planted bug: sending without looking posts it twice."""
    on_both.open()
    slack.replies.append(reply)
    assert on_both.deliver().counts == {"unknown": 1, "sent": 2}
    on_both.clock.set(on_both.now + timedelta(seconds=3))
    assert on_both.deliver().counts == {"sent": 1}
    assert len(slack.posts) == 2
    assert row(on_both, kind="stage_entered").ref == f"DUANA/{slack.posts[0].ts}"


def test_where_nobody_can_tell_the_reader_is_told_by_mail_in_the_end(
    lite: World, mail: Mailserver, slack: Slack
) -> None:
    lite.open()
    slack.replies.extend([Reply(500)] * 2)
    slack.look_replies.extend([Reply(body=error("missing_scope"))] * 100)
    for _ in range(10):
        lite.deliver()
        lite.clock.set(lite.now + timedelta(minutes=5))
    first = rows(lite, kind="stage_entered")
    assert [r.status for r in first] == ["dead", "sent"]
    assert first[0].error.endswith("it may have arrived")
    assert slack.posts == []


# --- the webhook ------------------------------------------------------------------------------------------------------


def test_a_webhook_posts_to_its_room(server: Slack) -> None:
    assert hook(server) == Sent("ok")
    [made] = server.hooks
    assert made["path"] == "/services/T000/B000/secretXyz"
    assert made["blocks"][0]["text"]["text"] == "Hello"


def test_a_webhook_says_that_it_may_be_a_repeat(server: Slack) -> None:
    hook(server, replace(MESSAGE, again=True))
    assert server.hooks[0]["blocks"][0]["text"]["text"] == f"_{REPEAT}_"


@pytest.mark.parametrize(
    ("reply", "meant"),
    [
        (Reply(400, "invalid_payload", kind="text/plain"), Permanent),
        (Reply(403, "action_prohibited", kind="text/plain"), Permanent),
        (Reply(404, "channel_not_found", kind="text/plain"), Permanent),
        (Reply(410, "channel_is_archived", kind="text/plain"), Permanent),
        (Reply(429, "", (("Retry-After", "3"),)), Transient),
        (Reply(500, "", kind="text/plain"), Unknown),
        (Reply(200, "<html>", kind="text/html"), Unknown),
        (Reply(cut=True), Unknown),
        (Reply(seconds=5), Unknown),
    ],
)
def test_what_a_webhooks_answer_means(server: Slack, reply: Reply, meant: type[Any]) -> None:
    server.replies.append(reply)
    assert isinstance(hook(server, seconds=0.5), meant)


# --- blocks -----------------------------------------------------------------------------------------------------------


def of(text: str, *acts: Act, buttons: tuple[Button, ...] = ()) -> list[dict[str, Any]]:
    """The blocks of a message, which Slack would take."""
    blocks = as_blocks(replace(MESSAGE, slack=text, acts=acts, buttons=buttons, notice_id=7), pressed=True)
    assert faults(blocks) == []
    return blocks


def test_blocks_keep_within_slacks_limits() -> None:
    page = Act("look", "See the deal", "https://save.x.example/deal/token")
    many = "*Many*\n\n" + "\n\n".join(f"paragraph {n}" for n in range(80)) + "\n\nsmall print"
    blocks = of(many, page)
    assert len(blocks) == 50
    assert blocks[-3]["text"]["text"] == f"<{page.url}|{CUT}>"
    assert blocks[-1]["elements"][0]["text"] == "small print"
    long = of("&amp;" * 5_000 + "\n\n" + "x" * 9_000 + "\n\n" + "y" * 9_000 + "\n\nsmall print")
    assert [b["text"]["text"][-6:] for b in long[:2]] == ["&amp;…", "veline"]
    huge = of("*Huge*\n\n" + "\n\n".join("x" * 2_900 for _ in range(9)) + "\n\n" + "s" * 4_000)
    assert huge[-2]["text"]["text"] == CUT


def test_what_is_long_is_cut_and_said_whole_below() -> None:
    title = "Ask " + "again " * 45
    head, said, *_ = of(f"*{title.strip()} &lt;!here&gt;*\n\ntext\n\nsmall")
    assert head["text"]["text"].endswith("…")
    assert said["text"]["text"] == f"*{title.strip()} &lt;!here&gt;*"
    [row] = [b for b in of("*x*\n\nsmall", buttons=(Button("done", "y" * 200, "z" * 100),)) if b["type"] == "actions"]
    assert (len(row["elements"][0]["text"]["text"]), row["elements"][0]["value"]) == (75, f"7 {'z' * 100}")


def test_a_button_names_the_notice_and_carries_no_right() -> None:
    buttons = (
        Button("done", "Done", style="primary"),
        Button("done", "Refuse", "refused"),
        Button("wait", "Wait", rare=True),
    )
    [row] = [
        b
        for b in of("*x*\n\nsmall", Act("done", "Done", "https://s/task/t?do=done"), buttons=buttons)
        if b["type"] == "actions"
    ]
    done, refuse, more, page = row["elements"]
    assert (done["value"], refuse["value"]) == ("7", "7 refused")
    assert more["options"][0]["value"] == "wait 7"
    assert (page["text"]["text"], page["url"]) == ("Open in Saveline", "https://s/task/t")


def test_where_nothing_can_be_pressed_every_way_is_a_link() -> None:
    message = replace(MESSAGE, acts=(Act("done", "Done", "https://s/1"), Act("seen", "<Seen>", "https://s/2")))
    texts = [t for b in as_blocks(message, pressed=False) for t in shown_texts(b)]
    assert "<https://s/1|Done> · <https://s/2|&lt;Seen&gt;>" in texts


def test_a_cut_never_goes_through_an_escaped_character() -> None:
    for most in range(3, 40):
        shown = cut("a&lt;b&gt;c&amp;" * 5, most)
        assert len(shown) <= most
        rest = shown.rstrip("…").replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
        assert "&" not in rest
