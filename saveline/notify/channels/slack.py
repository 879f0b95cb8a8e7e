"""Slack: ``sslack://TOKEN/`` posts as a bot to people and rooms, ``sslackhook://T…/B…/X…`` by a webhook to one room.

A bot's posts have buttons, lie in one thread for each deal and conversation, and are changed when their task is. What
it says of a post, ``C0815/1700000000.000100``, is the conversation and the post in it.

A bot marks each post with our message's id. When nobody knows whether a post arrived, it looks for that mark in the
conversation and posts only if it is absent. A webhook cannot look: it posts once more, and says so. Nor can anything be
pressed in what it posts: there, signed links lead to pages.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from http.client import HTTPException
from time import monotonic, sleep
from typing import Any, Final
from urllib.error import URLError

from msgspec.structs import replace
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from saveline.core.delivery import Outcome, Permanent, Sent, Transient, Unknown
from saveline.core.phrases import shortened
from saveline.notify.channels.base import SECONDS, Misconfigured, OutOfTime, Plugin, host_of, left
from saveline.notify.channels.blocks import MOST_BLOCKS, Block, as_blocks, cut
from saveline.notify.channels.slack_http import KeptClient
from saveline.notify.channels.slack_pictures import Uploads
from saveline.notify.languages import tongue
from saveline.notify.message import REPEAT, Outgoing
from saveline.notify.render import escaped_for_slack

EVENT: Final = "saveline_notice"
PAGES: Final = 5
"""How many pages of 100 posts are searched for a post that may have arrived."""

# The library logs addresses and answers, and a webhook's address is a secret. A logger that is in no registry, so that
# nobody's logging configuration can wake it.
_SILENT = logging.Logger("saveline.slack", level=logging.CRITICAL + 1)
_CODE = re.compile(r"[a-z][a-z0-9_]*")

# Of Slack's error codes these pass by themselves; all others are answers that will not change.
_PASSING: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable"})
_DOUBTFUL: Final = frozenset({"fatal_error", "internal_error", "request_timeout"})
# What the bot as a whole cannot do; somebody may be putting it right.
_OF_THE_BOT: Final = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
)
# A post that is to be changed and cannot be: nobody reads it any more, or Slack keeps it as it is for good.
_SET_IN_STONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_archived"}
)
# What is wrong with the blocks of a post; with a picture among them, that may be it.
_OF_BLOCKS: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "file_not_found"})
AT_WORK: Final = 1.0
"""Seconds that Slack gets to look at a picture."""
# The thread's first post has been deleted: what belongs to it is said in the conversation.
_NO_THREAD: Final = frozenset({"thread_not_found", "cannot_reply_to_message", "message_not_found"})


class Sslack(Plugin):
    """Posts as a bot, with the chat:write scope; looking needs im:write, im:history and channels:history, a picture
    files:write."""

    service_name = "Saveline Slack bot"
    secure_protocol = "sslack"
    forms = ("slack",)
    doubt = "looks"
    usual_rate = 1.0  # what Slack allows in one conversation
    threads = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        token = host_of(self.parts)
        if not token:
            raise Misconfigured("no token: expected sslack://TOKEN/")
        self.secrets = (token,)
        self._client = KeptClient(token, logger=_SILENT, retry_handlers=[])
        if self.query.get("api"):
            self._client.base_url = self.query["api"].rstrip("/") + "/"
        self._uploads = Uploads(self._client)

    def deliver(self, message: Outgoing, *, deadline: float) -> Outcome:
        deadline = min(deadline, monotonic() + SECONDS)
        if message.changes:
            return self._change(message, deadline)
        if not message.to:
            return Permanent("there is no Slack member or room to send it to")
        if message.again:
            try:
                found = self._find(message, deadline)
            except TROUBLE as error:
                # Not knowing stays not knowing: posting now could be a repeat.
                return Unknown(f"whether it arrived could not be looked up: {_reason(error)}")
            if found:
                return Sent(found)
        image = self._uploads.block(message.pictures[0], deadline) if message.pictures else None
        # Slack may still be at work on a picture: it is shown to it once more, and then the post goes without.
        return self._post(message, deadline, (image, image) if image else ())

    def probe(self, deadline: float) -> str:
        """Asks Slack who the bot is."""
        try:
            self._call(self._client.auth_test, deadline)
        except TROUBLE as error:
            return _reason(error)
        return ""

    def close(self) -> None:
        self._client.close()

    def _post(self, message: Outgoing, deadline: float, images: tuple[Block, ...] = ()) -> Outcome:
        # What somebody has to act on is seen in the conversation too, and not only by who opens the thread.
        thread = message.thread_ref.rpartition("/")[2]
        aloud = {"thread_ts": thread, "reply_broadcast": bool(message.buttons)} if thread else {}
        try:
            answer = self._call(
                self._client.chat_postMessage,
                deadline,
                channel=message.to,
                metadata={"event_type": EVENT, "event_payload": {"id": message.id}},
                unfurl_links=False,
                unfurl_media=False,
                **_shown(message, images[:1]),
                **aloud,
            )
        except TROUBLE as error:
            if thread and _code_of(error) in _NO_THREAD:
                return self._post(replace(message, thread_ref=""), deadline, images)
            if images and _code_of(error) in _OF_BLOCKS:
                sleep(min(AT_WORK, max(0.0, deadline - monotonic() - AT_WORK)))
                return self._post(message, deadline, images[1:])
            return _outcome(error)
        if not answer.get("ts"):
            return Unknown("Slack did not say where it put the post")
        return Sent(f"{answer.get('channel') or message.to}/{answer['ts']}")

    def _change(self, message: Outgoing, deadline: float) -> Outcome:
        """Put the message in the place of the one that was sent before. Doing it twice is doing it once."""
        room, _, ts = message.changes.partition("/")
        try:
            self._call(self._client.chat_update, deadline, channel=room, ts=ts, **_shown(message))
        except TROUBLE as error:
            outcome = _outcome(error)
            gone = isinstance(outcome, Permanent) and _code_of(error) in _SET_IN_STONE
            return Sent(message.changes) if gone else outcome
        return Sent(message.changes)

    def _call(self, method: Callable[..., SlackResponse], deadline: float, **arguments: Any) -> Mapping[str, Any]:
        left(deadline)  # raises where there is nothing left
        self._client.until(deadline)
        data = method(**arguments).data
        return data if isinstance(data, dict) else {}

    # --- looking ----------------------------------------------------------------------------------------------

    def _find(self, message: Outgoing, deadline: float) -> str:
        """The post that carries our id, or '' where there is none. Raises what the library raises."""
        room = self._conversation(message.to, deadline)
        methods = [partial(self._client.conversations_history, channel=room, include_all_metadata=True)]
        if message.thread_ref:  # what is not said aloud is in the thread and nowhere else
            ts = message.thread_ref.rpartition("/")[2]
            replies = partial(self._client.conversations_replies, channel=room, ts=ts, include_all_metadata=True)
            methods.insert(0, replies)
        for method in methods:
            for post in self._pages(method, "messages", deadline):
                marked = post.get("metadata") or {}
                if marked.get("event_type") == EVENT and marked.get("event_payload", {}).get("id") == message.id:
                    return f"{room}/{post.get('ts', '')}"
        return ""

    def _conversation(self, to: str, deadline: float) -> str:
        """The id of the conversation behind a member's id, a room's name, or an id already."""
        if to.startswith(("U", "W")):
            opened = self._call(self._client.conversations_open, deadline, users=to)
            return str(opened.get("channel", {}).get("id", ""))
        if not to.startswith("#"):
            return to
        rooms = self._pages(partial(self._client.conversations_list, exclude_archived=True), "channels", deadline)
        return next((str(r["id"]) for r in rooms if r.get("name") == to[1:]), to)

    def _pages(self, method: Callable[..., SlackResponse], key: str, deadline: float) -> Iterator[dict[str, Any]]:
        cursor = ""
        for _ in range(PAGES):
            more = {"cursor": cursor} if cursor else {}
            page = self._call(method, deadline, limit=100, **more)
            yield from page.get(key, ())
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return


class Sslackhook(Plugin):
    """Posts to the one room of an incoming webhook; ``?api=`` is where hooks live, by default hooks.slack.com."""

    service_name = "Saveline Slack webhook"
    secure_protocol = "sslackhook"
    forms = ("slack",)
    doubt = "once"
    usual_rate = 1.0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        path = f"{host_of(self.parts)}{self.parts.path}".strip("/")
        if path.count("/") != 2:
            raise Misconfigured("expected sslackhook://T…/B…/X…, the three parts after …/services/")
        self.secrets = (path, path.rpartition("/")[2])
        api = self.query.get("api") or "https://hooks.slack.com/services"
        self._client = WebhookClient(f"{api.rstrip('/')}/{path}", logger=_SILENT, retry_handlers=[])

    def deliver(self, message: Outgoing, *, deadline: float) -> Outcome:
        marked = (
            replace(message, slack=f"_{tongue(message.language).say(REPEAT)}_\n\n{message.slack}")
            if message.again
            else message
        )
        try:
            self._client.timeout = left(min(deadline, monotonic() + SECONDS))  # type: ignore[assignment]  # as above
            answer = self._client.send(
                text=cut(escaped_for_slack(message.subject), 300),
                blocks=as_blocks(marked, pressed=False),
                unfurl_links=False,
                unfurl_media=False,
            )
        except TROUBLE as error:
            return _outcome(error)
        if answer.status_code == 200:
            taken = answer.body.strip() == "ok"
            return Sent("ok") if taken else Unknown(f"not an answer: {shortened(answer.body, 100)}")
        return _of_status(answer.status_code, shortened(answer.body, 100), answer.headers.get("Retry-After"))


# --- what a failure means ---------------------------------------------------------------------------------------------

TROUBLE: Final = (SlackClientError, OSError, HTTPException, ValueError)


def _shown(message: Outgoing, images: Sequence[Block] = ()) -> dict[str, Any]:
    """What is seen of it: a picture comes right below the headline, where there is room."""
    blocks = as_blocks(message, pressed=True)
    if len(blocks) < MOST_BLOCKS:
        blocks = [*blocks[:1], *images, *blocks[1:]]
    return {"text": cut(escaped_for_slack(message.subject), 300), "blocks": blocks}


def _outcome(error: Exception) -> Outcome:
    if isinstance(error, SlackApiError):
        return _of_answer(error)
    # urllib wraps what fails until the request is sent; what fails while it waits for the answer comes as it is.
    if isinstance(error, (URLError, OutOfTime)):
        return Transient(f"Slack cannot be reached: {_reason(error)}", channel_wide=True)
    return Unknown(f"Slack did not answer: {_reason(error)}")


def _of_answer(error: SlackApiError) -> Outcome:
    response: Any = error.response
    status: int = response["status"] if isinstance(response, dict) else response.status_code
    headers: Mapping[str, Any] = response["headers"] if isinstance(response, dict) else response.headers
    code = _code_of(error)
    if status != 200 or not code or code in _DOUBTFUL:
        return _of_status(status, code or "no JSON", _header(headers, "Retry-After"))
    if code in _PASSING:
        return Transient(code, _seconds(_header(headers, "Retry-After")), channel_wide=True)
    if code in _OF_THE_BOT:
        return Transient(f"Slack refuses the bot: {code}", channel_wide=True)
    return Permanent(f"Slack refuses it: {code}")


def _code_of(error: Exception) -> str:
    """Slack's word for what is wrong, or '' where it gave none."""
    response: Any = getattr(error, "response", None)
    body: Any = response["body"] if isinstance(response, dict) else getattr(response, "data", None)
    code = str(body.get("error", "")) if isinstance(body, dict) else ""
    # The library puts words of its own there when the answer is no JSON.
    return code if _CODE.fullmatch(code) else ""


def _of_status(status: int, text: str, retry_after: Any) -> Outcome:
    if status == 429:
        return Transient("Slack asks to wait", _seconds(retry_after) or 30.0, channel_wide=True)
    if 300 <= status < 400:
        return Transient(f"Slack points elsewhere: {status}", channel_wide=True)
    if 400 <= status < 500:
        return Permanent(f"Slack refuses it: {status} {text}")
    # 5xx, or a page where JSON was expected: Slack itself says that the post may have been made.
    return Unknown(f"Slack answered {status} {text}")


def _header(headers: Mapping[str, Any], name: str) -> Any:
    found: Callable[[str], Any] = headers.get
    value = found(name) or found(name.lower())
    return value[0] if isinstance(value, (list, tuple)) else value


def _seconds(text: Any) -> float | None:
    try:
        return max(0.0, float(text))
    except (TypeError, ValueError):
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        body: Any = error.response["body"] if isinstance(error.response, dict) else error.response.data
        return str(body.get("error", "no JSON")) if isinstance(body, dict) else "no JSON"
    cause = error.reason if isinstance(error, URLError) else error
    return shortened(str(cause), 120) or type(error).__name__
