"""A Slack on loopback: it speaks the methods that Saveline calls, keeps a ledger, and misbehaves when told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.slack_limits import faults, view_faults

TOKEN = "xoxb-1-test"
APP_TOKEN = "xapp-1-test"
SCOPES = (
    "chat:write,chat:write.public,commands,im:write,im:history,channels:read,channels:history,users:read,"
    "users:read.email,files:write"
)


@dataclass(frozen=True)
class Reply:
    """What Slack does once with a post: an HTTP answer, a long silence, or hanging up. ``posted``: it was made;
    ``room``: with the next post to that room, whatever is posted to others meanwhile."""

    status: int = 200
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    cut: bool = False
    posted: bool = False
    kind: str = "application/json"
    room: str = ""


@dataclass(frozen=True)
class Post:
    """A post as it is now. ``room`` is what it was addressed to, ``id`` our mark in its metadata; ``thread`` is the
    post it answers to, ``aloud`` whether the conversation sees it all the same."""

    room: str
    text: str
    blocks: list[dict[str, Any]]
    id: str
    ts: str
    thread: str = ""
    aloud: bool = False
    changed: bool = False

    @property
    def shown(self) -> str:
        """Everything a reader sees of it, without its buttons."""
        return "\n\n".join(text for b in self.blocks if b["type"] != "actions" for text in shown_texts(b))

    @property
    def buttons(self) -> list[str]:
        """What stands on its buttons; those in the menu behind them too."""
        return [text for b in self.blocks if b["type"] == "actions" for text in shown_texts(b)]


def shown_texts(part: Any) -> list[str]:
    """Every text in a block, in order."""
    if isinstance(part, list):
        return [text for each in part for text in shown_texts(each)]
    if not isinstance(part, dict):
        return []
    return [part["text"]] if isinstance(part.get("text"), str) else [t for v in part.values() for t in shown_texts(v)]


@dataclass
class Slack:
    """Speaks what Saveline calls of Slack's API, incoming webhooks, and plain JSON hooks.

    ``ephemerals`` are what only one person saw, ``views`` the modals that were opened, ``homes`` each person's Home.
    ``members`` are addresses of people, ``scopes`` what the bot may. ``files`` are what was uploaded: it is shown
    once it is complete, and ``looks_first`` posts with one are refused, as Slack does while it is at work on it.
    ``tokens_elsewhere`` came with uploads, where none belongs.
    """

    posts: list[Post] = field(default_factory=list)
    hooks: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    ephemerals: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    scopes: str = SCOPES
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks_first: int = 0
    tokens_elsewhere: list[str] = field(default_factory=list)
    socket_url: str = ""
    replies: deque[Reply] = field(default_factory=deque)
    look_replies: deque[Reply] = field(default_factory=deque)
    rooms: tuple[str, ...] = ("engineering", "saves")
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    def to(self, room: str) -> list[Post]:
        return [p for p in self.posts if p.room == room]

    def make(self, data: dict[str, Any]) -> dict[str, Any]:
        if faults(data.get("blocks", [])) or not self._shows(data.get("blocks", [])):
            return {"ok": False, "error": "invalid_blocks", "faults": faults(data.get("blocks", []))}
        with self.lock:
            ts = f"{1_700_000_000 + len(self.posts)}.000100"
            mark = (data.get("metadata") or {}).get("event_payload", {}).get("id", "")
            post = Post(data["channel"], data.get("text", ""), data.get("blocks", []), mark, ts)
            self.posts.append(replace(post, thread=data.get("thread_ts", ""), aloud=bool(data.get("reply_broadcast"))))
        return {"ok": True, "channel": self.conversation(data["channel"]), "ts": ts}

    def _shows(self, blocks: list[dict[str, Any]]) -> bool:
        """Whether every picture in the blocks can be shown already."""
        wanted = [b["slack_file"]["id"] for b in blocks if b["type"] == "image"]
        if wanted and self.looks_first:
            self.looks_first -= 1
            return False
        return all(self.files.get(file, {}).get("complete") for file in wanted)

    def upload(self, file: str, content: bytes) -> Reply:
        known = self.files.get(file)
        if known is None or len(content) != known["length"]:
            return Reply(400, "no such upload", kind="text/plain")
        known["content"] = content
        return Reply(200, f"OK - {len(content)}", kind="text/plain")

    def _file(self, method: str, data: dict[str, Any]) -> dict[str, Any]:
        if "files:write" not in self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": "files:write"}
        with self.lock:
            if method == "files.getUploadURLExternal":
                file = f"F{len(self.files) + 1}"
                self.files[file] = {"filename": data["filename"], "length": int(data["length"]), "complete": False}
                return {"ok": True, "upload_url": f"{self.url}/upload/v1/{file}", "file_id": file}
            for named in data["files"]:
                if "content" not in self.files.get(named["id"], {}):
                    return {"ok": False, "error": "file_not_found"}
                self.files[named["id"]]["complete"] = True
            return {"ok": True, "files": data["files"]}

    def change(self, data: dict[str, Any]) -> dict[str, Any]:
        if faults(data.get("blocks", [])):
            return {"ok": False, "error": "invalid_blocks", "faults": faults(data.get("blocks", []))}
        with self.lock:
            for i, post in enumerate(self.posts):
                if (self.conversation(post.room), post.ts) == (data["channel"], data["ts"]):
                    self.posts[i] = replace(post, text=data["text"], blocks=data["blocks"], changed=True)
                    return {"ok": True, "channel": data["channel"], "ts": data["ts"], "text": data["text"]}
        return {"ok": False, "error": "message_not_found"}

    def history(self, data: dict[str, Any], *, thread: str = "") -> dict[str, Any]:
        room = data["channel"]
        mine = [p for p in self.posts if self.conversation(p.room) == room]
        seen = [p for p in mine if (thread in (p.thread, p.ts) if thread else not p.thread or p.aloud)]
        shown = [self._message(p, str(data.get("include_all_metadata", "")).lower() in ("1", "true")) for p in seen]
        return {"ok": True, "messages": shown[::-1], "response_metadata": {"next_cursor": ""}}

    def conversation(self, room: str) -> str:
        """Posts to a member lie in a conversation with them, posts to #name in the room of that name."""
        if room.startswith("U"):
            return f"D{room}"
        return f"C{room[1:].upper()}" if room.startswith("#") else room

    @staticmethod
    def _message(post: Post, with_metadata: bool) -> dict[str, Any]:
        mark = {"event_type": "saveline_notice", "event_payload": {"id": post.id}}
        return {"ts": post.ts, "text": post.text, **({"metadata": mark} if with_metadata else {})}

    def answer(self, method: str, data: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "conversations.open":
                return {"ok": True, "channel": {"id": f"D{data['users']}"}}
            case "conversations.list":
                rooms = [{"id": self.conversation(f"#{name}"), "name": name} for name in self.rooms]
                return {"ok": True, "channels": rooms}
            case "conversations.history":
                return self.history(data)
            case "conversations.replies":
                return self.history(data, thread=data["ts"])
            case "chat.postMessage":
                return self.make(data)
            case "chat.update":
                return self.change(data)
            case "files.getUploadURLExternal" | "files.completeUploadExternal":
                return self._file(method, data)
            case _:
                return self._for_one(method, data)

    def _for_one(self, method: str, data: dict[str, Any]) -> dict[str, Any]:
        """What one person sees and nobody else."""
        with self.lock:
            match method:
                case "chat.postEphemeral":
                    if not data["channel"].startswith(("C", "D")) or data["channel"] == "CELSEWHERE":
                        return {"ok": False, "error": "channel_not_found"}
                    if found := faults(data.get("blocks", [])):
                        return {"ok": False, "error": "invalid_blocks", "faults": found}
                    self.ephemerals.append(data)
                    return {"ok": True, "message_ts": "1"}
                case "views.open" | "views.publish":
                    return self._view(method, data)
                case "users.info" if data["user"] in self.members:
                    profile = {"email": self.members[data["user"]]}
                    return {"ok": True, "user": {"id": data["user"], "profile": profile}}
                case "users.info":
                    return {"ok": False, "error": "user_not_found"}
                case "users.lookupByEmail":
                    found_id = next((i for i, email in self.members.items() if email == data["email"]), "")
                    known = {"ok": True, "user": {"id": found_id}}
                    return known if found_id else {"ok": False, "error": "users_not_found"}
        return {"ok": False, "error": "unknown_method"}

    def _view(self, method: str, data: dict[str, Any]) -> dict[str, Any]:
        if found := view_faults(data["view"]):
            return {"ok": False, "error": "invalid_arguments", "faults": found}
        if method == "views.publish":
            self.homes[data["user_id"]] = data["view"]
            return {"ok": True, "view": data["view"]}
        if not data["trigger_id"].startswith("fresh"):
            return {"ok": False, "error": "expired_trigger_id"}
        view = {**data["view"], "id": f"V{len(self.views) + 1}", "hash": "1", "trigger": data["trigger_id"]}
        self.views.append(view)
        return {"ok": True, "view": view}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    slack: Slack

    def log_message(self, *_: Any) -> None:
        """Tests print for themselves."""

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/upload/v1/"):
            self.slack.calls.append("upload")
            self.slack.tokens_elsewhere += [t for t in (self.headers.get("Authorization"),) if t]
            failing = self.slack.look_replies
            file = self.path.rpartition("/")[2]
            return self._send(failing.popleft() if failing else self.slack.upload(file, content))
        body = content.decode()
        is_json = "json" in self.headers.get("Content-Type", "")
        data = json.loads(body or "{}") if is_json else {k: _decoded(v[0]) for k, v in parse_qs(body).items()}
        path, _, query = self.path.partition("?")
        data |= {k: _decoded(v[0]) for k, v in parse_qs(query).items()}
        method = path.rpartition("/api/")[2] if "/api/" in path else ""
        self.slack.calls.append(method or self.path)
        looks = method.startswith("conversations.")
        posts = method in ("chat.postMessage", "chat.update", "")
        script = self.slack.look_replies if looks else self.slack.replies if posts else None
        reply = script.popleft() if script and script[0].room in ("", data.get("channel")) else None
        if method == "apps.connections.open":
            return self._send(Reply(body=self._socket()))
        if method and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send(Reply(body='{"ok": false, "error": "invalid_auth"}'))
        if method == "auth.test":
            scopes = (("x-oauth-scopes", self.slack.scopes),)
            return self._send(Reply(body='{"ok": true, "user": "saveline"}', headers=scopes))
        if reply is None or (reply.posted and not looks):
            made = self._made(method, data)
            reply = reply or Reply(body=made)
        return self._send(reply)

    def _socket(self) -> str:
        if self.headers.get("Authorization") != f"Bearer {APP_TOKEN}":
            return '{"ok": false, "error": "invalid_auth"}'
        known = {"ok": True, "url": self.slack.socket_url}
        return json.dumps(known if self.slack.socket_url else {"ok": False, "error": "internal_error"})

    def _made(self, method: str, data: dict[str, Any]) -> str:
        if method:
            return json.dumps(self.slack.answer(method, data))
        with self.slack.lock:
            self.slack.hooks.append({"path": self.path, **data})
        return "ok"

    def _send(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.seconds:
            self.slack.stopping.wait(reply.seconds)
        if reply.cut or self.slack.stopping.is_set():
            return
        content = reply.body.encode()
        self.send_response(reply.status)
        for name, value in (("Content-Type", reply.kind), ("Content-Length", str(len(content))), *reply.headers):
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, _request: Any, _address: Any) -> None:
        """A worker that was killed leaves its connection broken."""


@contextmanager
def slack_server() -> Iterator[Slack]:
    slack = Slack()
    handler = type("Handler", (_Handler,), {"slack": slack})
    server = _HTTPServer(("127.0.0.1", 0), handler)
    slack.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield slack
    finally:
        slack.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def _decoded(text: str) -> Any:
    """Slack takes blocks, views and metadata as JSON within a form."""
    return json.loads(text) if text[:1] in ("{", "[") else text
