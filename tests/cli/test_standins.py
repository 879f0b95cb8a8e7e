"""The demo's own servers: what is sent arrives there, can be read there, and can do nothing there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import httpx
import pytest

from saveline.cli.standins import standing_in
from saveline.core.delivery import Sent
from saveline.core.errors import Missing
from saveline.notify.channels import Channel, open_channel
from saveline.notify.message import Act, Outgoing
from tests.flows.prefects import free_port


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def page(tmp_path: Path, ports: tuple[int, int]) -> Iterator[str]:
    with standing_in(tmp_path, {"UANA": "Ana Ruiz"}, mail_port=ports[0], page_port=ports[1]):
        yield f"http://127.0.0.1:{ports[1]}"


def send(url: str, to: str, *, again: bool = False, folder: Path) -> None:
    channel: Channel = open_channel(url, folder=folder, to_persons=True)
    message = Outgoing(
        to,
        "Due <today>",
        "notice-1.abc",
        datetime(2026, 11, 20, 10, tzinfo=UTC),
        text="Plain.",
        html="<p>Rich.</p>",
        slack="*Bold* and `code` &lt;script&gt;alert(1)&lt;/script&gt;\n&gt; quoted",
        again=again,
    )
    try:
        assert isinstance(channel.deliver(message, deadline=monotonic() + 10), Sent)
    finally:
        channel.close()


def test_slack_is_kept_and_shown_and_found_again(page: str, tmp_path: Path) -> None:
    slack = f"sslack://xoxb-demo/?api={page}/api"
    send(slack, "UANA", folder=tmp_path)
    send(slack, "UANA", again=True, folder=tmp_path)
    shown = httpx.get(page).text
    assert shown.count("to Ana Ruiz") == 1, "the second looked, and found the first"
    assert "<strong>Bold</strong> and <code>code</code> &lt;script&gt;" in shown
    assert len((tmp_path / "slack.jsonl").read_text().splitlines()) == 1


def test_mail_is_kept_and_shown(page: str, tmp_path: Path, ports: tuple[int, int]) -> None:
    send(f"smail://127.0.0.1:{ports[0]}?from=s@x.example", "ana@x.example", folder=tmp_path)
    shown = httpx.get(page).text
    assert "Due &lt;today&gt;" in shown
    (file,) = (tmp_path / "mailbox" / "new").iterdir()
    assert "Rich." in httpx.get(f"{page}/mail/{file.name}").text
    assert httpx.get(f"{page}/mail/..%2F..%2Fslack.jsonl").status_code == 404


def test_a_taken_port_is_named(page: str, tmp_path: Path, ports: tuple[int, int]) -> None:
    with (
        pytest.raises(Missing, match=str(ports[0])),
        standing_in(tmp_path / "b", {}, mail_port=ports[0], page_port=free_port()),
    ):
        pass
    assert httpx.get(page).is_success


def test_buttons_and_links_lead_to_their_pages_and_data_never_does(page: str, tmp_path: Path) -> None:
    channel: Channel = open_channel(f"sslack://xoxb-demo/?api={page}/api", folder=tmp_path, to_persons=True)
    own = "http://127.0.0.1:8700/task/abc?do=done"
    data = "&lt;http://evil.example|a link&gt;"
    message = Outgoing(
        "UANA",
        "Due",
        "notice-2.abc",
        datetime(2026, 11, 20, 10, tzinfo=UTC),
        slack=f"*Bold*\n{data} <http://127.0.0.1:8700/mine/x|your tasks>\n\nsmall",
        acts=(Act("done", "Done", own),),
    )
    try:
        assert isinstance(channel.deliver(message, deadline=monotonic() + 10), Sent)
    finally:
        channel.close()
    shown = httpx.get(page).text
    assert f'href="{own}"' in shown
    assert '<a href="http://127.0.0.1:8700/mine/x">your tasks</a>' in shown
    assert 'href="http://evil.example' not in shown


def test_a_post_is_changed_in_its_place(page: str) -> None:
    posted = httpx.post(f"{page}/api/chat.postMessage", json={"channel": "UANA", "text": "open"}).json()
    call = {"channel": "UANA", "ts": posted["ts"], "text": "done by Ana"}
    assert httpx.post(f"{page}/api/chat.update", json=call).json()["ok"] is True
    shown = httpx.get(page).text
    assert "done by Ana" in shown
    assert "open" not in shown
    assert httpx.post(f"{page}/api/chat.update", json=call | {"ts": "9.9"}).json()["error"] == "message_not_found"
