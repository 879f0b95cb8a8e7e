"""Services that Apprise knows and we do not: what each is really given, at a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from saveline.core.delivery import Sent
from saveline.notify.channels import open_channel
from saveline.notify.channels.dress import Dressed, dressed
from saveline.notify.channels.plain import Plain
from saveline.notify.message import Act, Outgoing

PAGE = "https://save.x.example/task/WzMsMSwiODN.rVi42Hzoc_KrM2-PLpEGU"
EVIL = "@everyone <b>*Acme*</b> [free](http://evil.example) #1 <!channel>"
MESSAGE = Outgoing(
    to="ana@x.example",
    subject=f"Look after {EVIL}",
    id="notice-1.abc",
    at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    text=f"Look after {EVIL}\n\nAccount    Acme, $80k\n\nDone:\n<{PAGE}?do=done>\nI need help:\n<{PAGE}?do=help>\n",
    acts=(Act("done", "Done", f"{PAGE}?do=done"), Act("help", "I need help", f"{PAGE}?do=help")),
)
LONG = replace(MESSAGE, text="\n".join(f"Line {i} of what has to be said about it." for i in range(2_000)))


class _Service(BaseHTTPRequestHandler):
    """Takes everything, and keeps what it was given."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        kept: list[Any] = self.server.kept  # type: ignore[attr-defined]
        kept.append(json.loads(body) if body.startswith("{") else {k: v[0] for k, v in parse_qs(body).items()})
        answer = b'{"ok": true, "result": {"message_id": 1}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: Any) -> None: ...


@contextmanager
def service() -> Iterator[tuple[int, list[Any]]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    server.kept = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], server.kept  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def given(url: str, message: Outgoing, monkeypatch: pytest.MonkeyPatch, **elsewhere: str) -> Any:
    """What the service at ``url`` got; ``elsewhere`` are addresses of the plugin, which are fixed, to this machine."""
    with service() as (port, kept):
        channel = open_channel(
            url.format(port=port), folder=Path(), to_persons=False, internal=("127.0.0.1", "localhost")
        )
        assert isinstance(channel, Plain)
        for name, address in elsewhere.items():
            monkeypatch.setattr(channel._plugin, name, address.format(port=port))
        assert channel.deliver(message, deadline=monotonic() + 10) == Sent()
    assert len(kept) == 1, "one message is one message"
    return kept[0]


def test_a_webhook_gets_the_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    got = given("json://127.0.0.1:{port}/hook", MESSAGE, monkeypatch)
    assert got["title"] == MESSAGE.subject
    assert f"Done:\n<{PAGE}?do=done>" in got["message"]
    form = given("form://127.0.0.1:{port}/hook", MESSAGE, monkeypatch)
    assert form["message"].replace("\r\n", "\n") == got["message"]


def test_discord_calls_nobody_and_links_to_us_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the text as it is, in which @everyone calls everybody."""
    got = given("discord://4711/token-of-it", MESSAGE, monkeypatch, notify_url="http://127.0.0.1:{port}/discord")
    said = json.dumps(got, ensure_ascii=False)
    assert "@everyone" not in said
    assert "http://evil.example" not in said
    assert f"[Done]({PAGE}?do=done)" in got["content"]


def test_telegram_reads_html_in_which_nothing_of_ours_is_a_tag() -> None:
    words = words_for("tgram://123456789:abcdefg_hijklmnop/12315544/", MESSAGE)
    assert words.form == "html"
    assert "<b>" not in words.title + words.body
    assert f'<a href="{PAGE}?do=done">Done</a>' in words.body


def test_teams_gets_links_that_can_be_pressed() -> None:
    words = words_for("workflows://prod-1.westeurope.logic.azure.com:443/workflow/signature", MESSAGE)
    assert words.form == "markdown"
    assert f"[I need help]({PAGE}?do=help)" in words.body
    assert "\\*Acme\\*" in words.body


@pytest.mark.parametrize(
    ("url", "most"),
    [
        ("discord://4711/token-of-it", 2_000),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", 4_096),
        ("workflows://prod-1.westeurope.logic.azure.com:443/workflow/signature", 1_000),
        ("json://127.0.0.1/hook", 32_768),
    ],
)
def test_a_long_text_is_one_message_that_ends_with_where_the_rest_is(url: str, most: int) -> None:
    """Planted: no cut, which Discord refuses; a cut that forgets the title, which Telegram puts into the text."""
    words = words_for(url, LONG)
    counted = f"{words.title}\r\n{words.body}" if url.startswith(("discord", "tgram")) else words.body
    assert len(counted) <= most
    assert len(words.body) > most * 0.6
    assert PAGE in words.body.splitlines()[-1] or PAGE in words.body[-300:]
    assert "… open in Saveline" in words.body
    assert "?do=" not in words.body[-200:]


def test_the_link_speaks_the_readers_language() -> None:
    assert "… in Saveline öffnen" in words_for("discord://4711/token-of-it", replace(LONG, language="de")).body


def words_for(url: str, message: Outgoing) -> Dressed:
    """What the plugin at ``url`` would be given."""
    channel = open_channel(url, folder=Path(), to_persons=False, internal=("127.0.0.1",))
    assert isinstance(channel, Plain)
    return dressed(channel._plugin, message)
