"""Members of Slack, as Slack's servers speak for them: signed requests to our endpoints, made from what was posted."""

from __future__ import annotations

import hmac
import itertools
import json
from collections.abc import Mapping
from hashlib import sha256
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.slack_server import Post, Slack, shown_texts
from tests.world import SIGNING, World

_numbers = itertools.count(1)


def headers(body: bytes, at: float, secret: str = SIGNING) -> dict[str, str]:
    """As Slack signs a request."""
    stamp = str(int(at))
    signature = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signature}"}


class Members:
    """Whoever clicks, types and opens their Home. Each returns what Slack was answered."""

    def __init__(self, world: World, slack: Slack, web: httpx.Client) -> None:
        self.world, self.slack, self.web = world, slack, web

    # --- what they do -----------------------------------------------------------------------------------------

    def press(self, user: str, post: Post, text: str) -> httpx.Response:
        """Press the button with that text; one in the menu behind the buttons too."""
        return self.send(pressing(user, post, text, self.slack.conversation(post.room)))

    def at_home(self, user: str, text: str, place: int = 0) -> httpx.Response:
        """Press the ``place``-th button with that text in one's Home."""
        found = [b for b in self.slack.homes[user]["blocks"] if b["type"] == "actions" and text in shown_texts(b)]
        return self.send(_actions(user, _chosen(found[place], text), {"type": "view"}))

    def submit(self, user: str, view: Mapping[str, Any], **answers: Any) -> httpx.Response:
        """Fill in the modal, each question by its name, and send it."""
        return self.send(submission(user, view, answers))

    def command(self, user: str, text: str = "") -> httpx.Response:
        typed = {"command": "/saveline", "text": text, "user_id": user, "channel_id": "C1"}
        return self.form("/slack/command", {**typed, "trigger_id": f"fresh.{next(_numbers)}"})

    def open_home(self, user: str) -> httpx.Response:
        event = {"type": "app_home_opened", "user": user, "tab": "home"}
        return self.json("/slack/events", {"type": "event_callback", "event": event})

    # --- as requests ------------------------------------------------------------------------------------------

    def send(self, payload: Mapping[str, Any]) -> httpx.Response:
        return self.form("/slack/interact", {"payload": json.dumps(payload)})

    def form(self, path: str, fields: Mapping[str, str]) -> httpx.Response:
        return self.post(path, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def json(self, path: str, value: Any) -> httpx.Response:
        return self.post(path, json.dumps(value).encode(), "application/json")

    def post(self, path: str, body: bytes, kind: str) -> httpx.Response:
        signed = headers(body, self.world.now.timestamp())
        return self.web.post(path, content=body, headers={**signed, "Content-Type": kind})

    # --- what they see ----------------------------------------------------------------------------------------

    def modal(self, count: int = 1) -> dict[str, Any]:
        """The last modal that was opened, once there are ``count`` of them."""
        self.wait(lambda: len(self.slack.views) >= count)
        return self.slack.views[-1]

    def told(self, user: str, count: int = 1) -> str:
        """What somebody was told last that nobody else saw, once it is the ``count``-th."""
        self.wait(lambda: len([e for e in self.slack.ephemerals if e["user"] == user]) >= count)
        return str([e for e in self.slack.ephemerals if e["user"] == user][-1]["text"])

    def wait(self, there: Any) -> None:
        until = monotonic() + 10
        while not there():
            assert monotonic() < until, (self.slack.calls, self.slack.ephemerals)
            sleep(0.01)


def pressing(user: str, post: Post, text: str, channel: str) -> dict[str, Any]:
    """The payload of a press in a post."""
    rows = [b for b in post.blocks if b["type"] == "actions"]
    at = {"type": "message", "channel_id": channel, "message_ts": post.ts}
    return _actions(user, _chosen(rows[0], text), at | ({"thread_ts": post.thread} if post.thread else {}))


def submission(user: str, view: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a modal that was filled in; a question may be named without what stands before the colon."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        name = block["block_id"].rpartition(":")[2]
        values[block["block_id"]] = {block["element"]["action_id"]: _given(block["element"], answers.get(name))}
    kept = {k: view[k] for k in ("id", "hash", "callback_id", "private_metadata")}
    return {
        "type": "view_submission",
        "user": {"id": user},
        "view": {**kept, "state": {"values": values}},
    }


def _actions(user: str, action: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": "T1"},
        "trigger_id": f"fresh.{number}",
        "container": container,
        "actions": [{**action, "action_ts": f"1700000000.{number:06d}"}],
    }


def _chosen(row: Mapping[str, Any], text: str) -> dict[str, Any]:
    for element in row["elements"]:
        if element["type"] == "button" and element["text"]["text"] == text:
            return dict(element)
        for option in element.get("options", ()):
            if option["text"]["text"] == text:
                return {"type": "overflow", "action_id": element["action_id"], "selected_option": option}
    raise AssertionError(f"no button {text!r} among {shown_texts(row)}")


def _given(element: Mapping[str, Any], answer: Any) -> dict[str, Any]:
    kind = element["type"]
    if answer is None:
        return {"type": kind, **({"selected_option": None} if "options" in element else {"value": None})}
    match kind:
        case "static_select" | "radio_buttons":
            option = next(o for o in element["options"] if answer in (o["text"]["text"], o["value"]))
            return {"type": kind, "selected_option": option}
        case "datetimepicker":
            return {"type": kind, "selected_date_time": answer}
        case "datepicker":
            return {"type": kind, "selected_date": answer}
        case "users_select":
            return {"type": kind, "selected_user": answer}
    return {"type": kind, "value": str(answer)}
