"""Requests that are not Slack's, or not now: refused, and nothing has changed; requests that are, and hold nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saveline.actions import presses
from saveline.notify import slack_payloads
from saveline.store.rows import EVENT, NOTICE
from saveline.web import slack_door
from saveline.web.slack_signature import LATEST, Once, genuine
from tests.servers import Mailserver, Slack
from tests.web.serving import served
from tests.web.slacking import Members, headers, pressing
from tests.world import SIGNING, World

PATHS = ("/slack/interact", "/slack/command", "/slack/events")


@pytest.fixture
def members(lite: World, mail: Mailserver, slack: Slack) -> Iterator[Members]:
    with served(lite) as client:
        lite.open()
        lite.deliver()
        yield Members(lite, slack, client)


def press(members: Members) -> bytes:
    payload = pressing("UANA", members.slack.to("UANA")[1], "I have read it", "DUANA")
    return urlencode({"payload": json.dumps(payload)}).encode()


def state(world: World) -> tuple[int, int]:
    with world.desk.reading() as conn:
        counts = [conn.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in (EVENT, NOTICE)]
    return counts[0], counts[1]


def test_what_is_not_slacks_changes_nothing(members: Members) -> None:
    """Planted bugs, each found by one of these: no comparison of signatures, no limit of age on either side, a digest
    of the parsed form instead of the raw body, ``int()`` of the timestamp without a look."""
    body, now = press(members), members.world.now.timestamp()
    good = headers(body, now)
    stamp, signature = good["X-Slack-Request-Timestamp"], good["X-Slack-Signature"]
    forged: list[tuple[bytes, dict[Any, Any]]] = [
        (body, {}),
        (body, {"X-Slack-Request-Timestamp": stamp}),
        (body, {"X-Slack-Signature": signature}),
        (body, headers(body, now, "another secret")),
        (body, headers(body, now, "")),
        (body, {**good, "X-Slack-Signature": signature[:-1] + ("0" if signature[-1] != "0" else "1")}),
        (body, {**good, "X-Slack-Signature": signature[:20]}),
        (body, {**good, "X-Slack-Signature": signature.upper()}),
        (body, {**good, "X-Slack-Signature": signature.replace("v0", "v1")}),
        (body, {b"X-Slack-Request-Timestamp": stamp.encode(), b"X-Slack-Signature": "v0=ä€".encode()}),
        (body, {b"X-Slack-Request-Timestamp": "١٢٣٤٥٦٧٨٩٠".encode(), b"X-Slack-Signature": signature.encode()}),
        (body, {**good, "X-Slack-Request-Timestamp": "soon"}),
        (body, {**good, "X-Slack-Request-Timestamp": "1e9"}),
        (body, {**good, "X-Slack-Request-Timestamp": "9" * 400}),
        (body, {**good, "X-Slack-Request-Timestamp": f"-{stamp}"}),
        (body, headers(body, now - LATEST - 1)),
        (body, headers(body, now + LATEST + 1)),
        (body[:-1], good),
        (body + b"&a=b", good),
        (body.replace(b"UANA", b"UBOB"), good),
        (body.replace(b"%7B", b"%7b"), good),  # the same form, written in another way
        (b"", good),
        (b"\xff\xfe\x00", good),
    ]
    before = state(members.world)
    for path in PATHS:
        for content, signed in forged:
            answer = members.web.post(path, content=content, headers=signed)
            assert answer.status_code == 401, (path, signed)
        big = b"payload=" + b"x" * 10_000_000
        assert members.web.post(path, content=big, headers=headers(big, now)).status_code == 413
    assert state(members.world) == before
    assert members.web.post("/slack/interact", content=body, headers=good).status_code == 200, "none of that used it up"
    assert members.world.task("diagnosis").running.seen_at is not None


def test_a_request_that_is_sent_again_is_refused(members: Members) -> None:
    """Planted bug: forgetting what was seen."""
    body, now = press(members), members.world.now.timestamp()
    good = headers(body, now)
    first, second = (members.web.post("/slack/interact", content=body, headers=good) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 401)
    assert members.world.history().count("task_seen") == 1


def test_at_the_edge_of_five_minutes() -> None:
    signed = headers(b"x", 1_000_000)
    stamp, signature = signed["X-Slack-Request-Timestamp"], signed["X-Slack-Signature"]
    ages = [-LATEST - 1, -LATEST, 0, LATEST, LATEST + 1]
    assert [genuine(SIGNING, stamp, signature, b"x", 1_000_000 + age) for age in ages] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert not genuine("", stamp, headers(b"x", 1_000_000, "")["X-Slack-Signature"], b"x", 1_000_000)


@given(stamp=st.text(), signature=st.text(), body=st.binary())
def test_a_signature_is_never_a_reason_to_fall_over(stamp: str, signature: str, body: bytes) -> None:
    assert genuine(SIGNING, stamp, signature, body, 1_000_000.0) is False


def test_signatures_are_remembered_as_long_as_they_are_good_and_no_longer() -> None:
    once = Once()
    assert once.first("a", 0.0)
    assert not once.first("a", 2.0 * LATEST)
    assert once.first("b", 2.0 * LATEST + 1)
    assert once.first("a", 2.0 * LATEST + 1)


def test_without_a_secret_nothing_is_slacks(members: Members, lite: World) -> None:
    lite.runtime.settings = lite.runtime.settings.model_copy(update={"slack_signing_secret": None})
    body = press(members)
    for secret in ("", "None", SIGNING):
        signed = headers(body, members.world.now.timestamp(), secret)
        assert members.web.post("/slack/interact", content=body, headers=signed).status_code == 401


def test_slack_checks_the_address(members: Members) -> None:
    answer = members.json("/slack/events", {"type": "url_verification", "challenge": "a-word"})
    assert answer.json() == {"challenge": "a-word"}


NOTHING = [
    "",
    "{",
    "[]",
    "null",
    '"block_actions"',
    '{"type": "block_actions"}',
    '{"type": "block_actions", "user": {"id": "UANA"}, "actions": []}',
    '{"type": "block_actions", "user": {"id": "UANA"}, "actions": [{"action_id": "done:0", "value": "3"}]}',
    '{"type": "block_actions", "user": {"id": 7}, "actions": 7}',
    '{"type": "view_submission", "user": {"id": "UANA"}, "view": {"id": "V1", "private_metadata": "{}"}}',
    '{"type": "view_closed", "user": {"id": "UANA"}}',
    '{"type": "shortcut", "user": {"id": "UANA"}}',
    "[" * 5_000,
    '{"type": "block_actions", "user": {"id": "\\ud800"}, "actions": []}',
]


def test_what_holds_nothing_is_taken_and_nothing_happens(members: Members) -> None:
    before = state(members.world)
    for text in NOTHING:
        assert members.form("/slack/interact", {"payload": text}).status_code == 200
        assert members.post("/slack/events", text.encode(), "application/json").status_code == 200
    assert state(members.world) == before


def test_what_names_something_that_is_not_there_is_refused_in_words(members: Members) -> None:
    absent = [
        ("seen:0", "999", "There is no notice 999."),
        ("seen:0", "999999999999999", "There is no notice"),
        ("seen:0", "1.99", "There is no task 1.99."),
        ("seen:0", "99.1", "There is no deal 99."),
        ("snooze:0", "99.1", "There is no deal 99."),
        ("delete:0", "3", "another version"),
        ("done:0", "3 nonsense", "'nonsense' is not an outcome"),
    ]
    for i, (action_id, value, said) in enumerate(absent):
        payload = pressing("UANA", members.slack.to("UANA")[1], "I have read it", "DUANA")
        payload["actions"][0] |= {"action_id": action_id, "value": value}
        assert members.send(payload).status_code == 200
        assert said in members.told("UANA", i + 1)
    assert members.slack.views == []


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "user", "id", "actions", "view", "value", "state"]), inner)
        ),
        max_leaves=20,
    ),
    st.sampled_from(["block_actions", "view_submission", "event_callback"]),
)
def test_nothing_that_is_json_makes_the_reading_fall_over(value: Any, kind: str) -> None:
    payload = json.dumps({**value, "type": kind} if isinstance(value, dict) else value)
    slack_payloads.interaction(payload)
    slack_payloads.happened(payload)
    slack_payloads.form(payload.encode())


def test_what_takes_long_is_answered_in_time_and_done_all_the_same(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is held by somebody for as long as Slack waits. Planted bug: waiting for what comes of it."""
    monkeypatch.setattr(slack_door, "PATIENCE", 0.3)
    body = press(members)
    good = headers(body, members.world.now.timestamp())
    began = time.monotonic()
    with members.world.desk.writing():
        assert members.web.post("/slack/interact", content=body, headers=good).status_code == 200
        assert time.monotonic() - began < 1.5
        assert members.world.history().count("task_seen") == 0
    assert "was read by Ana Ruiz" in members.told("UANA")
    assert members.world.history().count("task_seen") == 1


def test_a_modal_that_takes_long_stays_open_and_is_sent_again(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    members.press("UANA", members.slack.to("UANA")[1], "Done")
    view = members.modal()
    monkeypatch.setattr(slack_door, "PATIENCE", 0.3)
    with members.world.desk.writing():
        answer = members.submit("UANA", view, root_cause="price", summary="Too dear.").json()
        assert answer == {"response_action": "errors", "errors": {"answer:root_cause": slack_door.BUSY}}
    members.wait(lambda: members.world.task("diagnosis").state == "done")
    monkeypatch.setattr(slack_door, "PATIENCE", 5.0)
    again = members.submit("UANA", view, root_cause="price", summary="Too dear still.").json()
    assert again == {"response_action": "clear"}
    assert members.world.task("diagnosis").answers["summary"] == "Too dear."


def test_a_bug_of_ours_is_said_and_no_5xx(
    members: Members, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(presses, "press_within", broken)
    assert members.press("UANA", members.slack.to("UANA")[1], "I have read it").status_code == 200
    assert members.told("UANA") == slack_door.BROKEN
    assert "planted" in caplog.text


def test_our_answers_are_as_httpx_reads_them(members: Members) -> None:
    answer: httpx.Response = members.command("UANA", "help")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
