"""Servers the demo sends to, so that nobody else gets anything: a mail server that keeps what it takes as a Maildir, a
Slack that keeps what is posted, and the page on which both are read.

They are real servers at the other end of real connections. What they leave out is passing anything on.
"""

from __future__ import annotations

import json
import mailbox
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import unescape
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any, Final
from urllib.parse import parse_qsl

import uvicorn
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from saveline.core.errors import Missing
from saveline.core.facts import Fact
from saveline.files import shipped

MOST_SHOWN: Final = 300
START_SECONDS: Final = 20.0
_LINK: Final = re.compile(r"<(https?://[^|>\s]+)\|([^>]*)>")
_MARKS: Final = (
    (re.compile(r"\*([^*\n]+)\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w/])_([^_\n]+)_(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
    (re.compile(r"(?m)^&gt; (.*)$"), r"<q>\1</q>"),
)


class Post(Fact, frozen=True):
    """One message in Slack: to whom or where, its texts, the pages its buttons lead to, and the id that Saveline marked
    it with."""

    room: str
    texts: tuple[str, ...]
    metadata: Mapping[str, Any]
    ts: str
    links: tuple[tuple[str, str], ...] = ()


class SlackRoom:
    """What was posted. One file holds it, a line a post."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, Lock()
        self.posts: list[Post] = []

    def add(self, call: Mapping[str, Any]) -> Post:
        with self._lock:
            post = _post(call, f"{len(self.posts) + 1}.000000")
            self.posts.append(post)
            with self._file.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"room": post.room, "texts": post.texts}, ensure_ascii=False) + "\n")
        return post

    def change(self, call: Mapping[str, Any]) -> bool:
        """Whether there is such a post to be changed."""
        with self._lock:
            for i, post in enumerate(self.posts):
                if (post.room, post.ts) == (call["channel"], call["ts"]):
                    self.posts[i] = _post({"metadata": post.metadata, **call}, post.ts)
                    return True
        return False

    def history(self, room: str) -> list[dict[str, Any]]:
        return [{"ts": p.ts, "metadata": p.metadata} for p in reversed(self.posts) if p.room == room]


def _post(call: Mapping[str, Any], ts: str) -> Post:
    blocks = call.get("blocks") or ()
    texts = tuple(t for block in blocks for t in _texts(block)) or (str(call.get("text", "")),)
    links = tuple((e["text"]["text"], e["url"]) for block in blocks for e in block.get("elements") or () if "url" in e)
    return Post(str(call["channel"]), texts, call.get("metadata") or {}, ts, links)


def _texts(block: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(block.get("text"), dict):
        yield block["text"]["text"]
    for element in block.get("elements") or ():
        if isinstance(element.get("text"), str):
            yield element["text"]


@contextmanager
def standing_in(folder: Path, names: Mapping[str, str], *, mail_port: int, page_port: int) -> Iterator[None]:
    """Both servers and their page on 127.0.0.1. ``names`` are people by Slack id. Raises Missing for a taken port."""
    for port in (mail_port, page_port):
        _must_be_free(port)
    folder.mkdir(parents=True, exist_ok=True)
    mail = Controller(Mailbox(folder / "mailbox"), hostname="127.0.0.1", port=mail_port, server_hostname="localhost")
    mail.start()
    app = page(folder / "mailbox", SlackRoom(folder / "slack.jsonl"), names)
    config = uvicorn.Config(app, host="127.0.0.1", port=page_port, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, name="standins", daemon=True)
    thread.start()
    try:
        _await(server, thread, page_port)
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        mail.stop()


def _must_be_free(port: int) -> None:
    try:
        with socket.create_server(("127.0.0.1", port)):
            pass
    except OSError as error:
        raise Missing(f"The demo cannot have port {port}: {error.strerror}. Choose others with --port.") from None


def _await(server: uvicorn.Server, thread: Thread, port: int) -> None:
    until = monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or monotonic() > until:
            raise Missing(f"The demo's page of messages did not start on port {port}.")
        sleep(0.02)


# --- the Slack, and the page ------------------------------------------------------------------------------------------


def page(mails: Path, room: SlackRoom, names: Mapping[str, str]) -> FastAPI:
    """Slack's API as far as Saveline calls it under /api, and everything to read under /."""
    app = FastAPI(openapi_url=None)
    drawn = Environment(
        loader=FileSystemLoader(shipped.folder("templates") / "standins"), autoescape=True, undefined=StrictUndefined
    )
    drawn.filters["mrkdwn"] = _mrkdwn

    @app.api_route("/api/{method}", methods=["GET", "POST"])
    async def call(method: str, request: Request) -> JSONResponse:
        raw = await request.body()
        is_json = "json" in request.headers.get("content-type", "")
        given = json.loads(raw or b"{}") if is_json else {**request.query_params, **dict(parse_qsl(raw.decode()))}
        return JSONResponse(_answer(room, method, given))

    @app.get("/", response_class=HTMLResponse)
    def messages() -> str:
        posts = [(names.get(p.room, p.room), p) for p in reversed(room.posts)][:MOST_SHOWN]
        return drawn.get_template("messages.html").render(posts=posts, mails=_mails(mails))

    @app.get("/mail/{key}", response_class=HTMLResponse)
    def one(key: str) -> HTMLResponse:
        found = _read(mails / "new" / Path(key).name)
        return HTMLResponse(_html(found) if found else "There is no such mail.", 200 if found else 404)

    return app


def _answer(room: SlackRoom, method: str, call: Mapping[str, Any]) -> dict[str, Any]:
    if method == "chat.postMessage":
        return {"ok": True, "channel": call["channel"], "ts": room.add(call).ts}
    if method == "chat.update":
        found = room.change(call)
        return {"ok": True, "channel": call["channel"], "ts": call["ts"]} if found else _unknown("message_not_found")
    if method == "conversations.open":
        return {"ok": True, "channel": {"id": call["users"]}}
    if method == "conversations.history":
        return {"ok": True, "messages": room.history(str(call["channel"]))}
    if method == "conversations.list":
        rooms = {p.room for p in room.posts if p.room.startswith("#")}
        return {"ok": True, "channels": [{"id": r, "name": r[1:]} for r in sorted(rooms)]}
    return {"ok": True} if method == "auth.test" else _unknown("unknown_method")


def _unknown(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}


def _mrkdwn(text: str) -> Markup:
    """Slack's marks as a browser shows them. What is not escaped is markup, and of that only links are known."""
    shown = Markup()
    pieces = _LINK.split(text)
    for plain, url, label in zip(pieces[::3], [*pieces[1::3], ""], [*pieces[2::3], ""], strict=True):
        words = str(escape(unescape(plain)))
        for pattern, tag in _MARKS:
            words = pattern.sub(tag, words)
        shown += Markup(words.replace("\n", "<br>"))
        if url:
            shown += Markup('<a href="{}">{}</a>').format(unescape(url), unescape(label))
    return shown


def _mails(folder: Path) -> list[dict[str, str]]:
    """The newest mails, newest first."""
    found = mailbox.Maildir(folder, create=True)
    files = sorted((folder / "new").iterdir(), key=lambda p: p.stat().st_mtime_ns, reverse=True)
    found.close()
    read = ((p.name, _read(p)) for p in files[:MOST_SHOWN])
    return [
        {"key": key, "to": str(m["To"]), "subject": str(m["Subject"]), "at": str(m["Date"])} for key, m in read if m
    ]


def _read(file: Path) -> EmailMessage | None:
    if not file.is_file():
        return None
    return BytesParser(policy=policy.default).parsebytes(file.read_bytes())


def _html(message: EmailMessage) -> str:
    part = message.get_body(("html", "plain"))
    text = str(part.get_content()) if part else ""
    return text if part and part.get_content_type() == "text/html" else f"<pre>{escape(text)}</pre>"
