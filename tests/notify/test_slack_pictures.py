"""The report's picture in Slack: in the post itself, and no reason for a notice not to arrive, or to arrive twice.

Planted bugs that turned these tests red: an upload that fails and takes the post with it, a post that is refused for
its picture and not made without, the token sent to the address of the upload, and pictures asked for again without the
scope.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from msgspec.structs import replace

from saveline.actions import reports
from saveline.core import periods
from saveline.core.delivery import Outcome, Sent, Unknown
from saveline.notify.channels import slack as channel
from saveline.notify.channels.slack import Sslack
from saveline.notify.message import Outgoing, Picture
from tests.notify.test_slack import MESSAGE
from tests.servers import TOKEN, Reply, Slack, slack_server
from tests.world import World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PICTURED = replace(MESSAGE, pictures=(Picture("stages.2026-W47.en@saveline", "Where they stand", "Bars.", PNG),))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    monkeypatch.setattr(channel, "AT_WORK", 0.01)
    with slack_server() as found:
        yield found


def bot(server: Slack) -> Sslack:
    made: Sslack = Sslack.open(f"sslack://{TOKEN}/?api={server.api}")
    return made


def deliver(by: Sslack, message: Outgoing = PICTURED) -> Outcome:
    outcome: Outcome = by.deliver(message, deadline=monotonic() + 5)
    return outcome


def images(server: Slack, post: int = -1) -> list[dict[str, Any]]:
    return [b for b in server.posts[post].blocks if b["type"] == "image"]


def test_it_is_shown_below_the_headline(server: Slack) -> None:
    assert isinstance(deliver(bot(server)), Sent)
    assert [b["type"] for b in server.posts[0].blocks][:3] == ["header", "image", "section"]
    assert images(server) == [
        {
            "type": "image",
            "slack_file": {"id": "F1"},
            "alt_text": "Bars.",
            "title": {"type": "plain_text", "text": "Where they stand", "emoji": True},
        }
    ]
    assert (server.files["F1"]["content"], server.files["F1"]["filename"]) == (PNG, "stages.2026-W47.en.png")
    assert server.calls == ["files.getUploadURLExternal", "upload", "files.completeUploadExternal", "chat.postMessage"]
    assert server.tokens_elsewhere == []


@pytest.mark.parametrize(
    "reply",
    [Reply(500), Reply(cut=True), Reply(302, headers=(("Location", "http://x.example/"),))],
    ids=["500", "hangs up", "elsewhere"],
)
def test_an_upload_that_fails_costs_the_picture_and_nothing_else(server: Slack, reply: Reply) -> None:
    server.look_replies.append(reply)
    assert isinstance(deliver(bot(server)), Sent)
    assert (len(server.posts), images(server)) == (1, [])


def test_without_the_scope_it_is_asked_for_once(server: Slack) -> None:
    server.scopes = "chat:write"
    by = bot(server)
    assert all(isinstance(deliver(by), Sent) for _ in range(2))
    assert server.calls == ["files.getUploadURLExternal", "chat.postMessage", "chat.postMessage"]


@pytest.mark.parametrize(("looks", "shown"), [(1, 1), (9, 0)])
def test_slack_is_given_a_moment_for_it_and_then_it_goes_without(server: Slack, looks: int, shown: int) -> None:
    server.looks_first = looks
    assert isinstance(deliver(bot(server)), Sent)
    assert (len(server.posts), len(images(server))) == (1, shown)


def test_what_is_wrong_with_the_post_itself_stays_wrong(server: Slack) -> None:
    """A post that may have been made is not made again for its picture's sake: that is looked up."""
    server.replies.append(Reply(500, posted=True))
    by = bot(server)
    assert isinstance(deliver(by), Unknown)
    assert isinstance(deliver(by, replace(PICTURED, again=True)), Sent)
    assert len(server.posts) == 1


def test_the_report_is_posted_with_its_pipeline(lite: World, slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    lite.setting("people.yaml", "department: leadership}", "department: leadership, slack: UCHRIS}")
    lite.open(lite.account(arr=80_000))
    lite.pass_time(days=10)
    reports.publish(lite.desk, periods.parse("2026-W47", lite.desk.workspace.zone))
    lite.deliver()
    post = next(p for p in slack.to("UCHRIS") if "at risk" in p.text)
    (image,) = [b for b in post.blocks if b["type"] == "image"]
    assert image["alt_text"].startswith("Where they stand: ")
    assert slack.files[image["slack_file"]["id"]]["content"].startswith(b"\x89PNG")
