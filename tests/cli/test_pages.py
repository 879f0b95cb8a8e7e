"""Serving the pages from a terminal, and what the doctor says of where links lead."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from saveline.actions.doctor import examine
from saveline.files import shipped
from saveline.store.database import is_sqlite
from tests.cli.terminal import Terminal
from tests.flows.prefects import free_port, kill
from tests.web.serving import address
from tests.world import KEY, World


def test_the_doctor_looks_at_where_links_lead(on_both: World) -> None:
    with on_both.desk.reading() as conn:
        shared = not is_sqlite(conn)

    def found(**settings: object) -> dict[str, str]:
        asked = on_both.settings.model_copy(update=settings)
        return {c.id: c.words for c in examine(asked, lambda: on_both.desk, shipped.folder("migrations"))}

    checks = found(keys=None, url="http://127.0.0.1:8700")
    assert ("no-keys" in checks) is shared, "on one machine a key of its own is enough"
    assert "Links lead to http://127.0.0.1:8700, which only this machine reaches" in checks["url-loopback"]
    checks = found()
    assert checks["pages"] == "Links lead to https://save.x.example"
    assert not {"no-keys", "url-loopback"} & set(checks)


def test_a_port_that_is_taken_is_refused(
    lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(lite, monkeypatch, capsys)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("SAVELINE_WEB_PORT", str(taken.getsockname()[1]))
        for command in ("web", "up"):
            said = terminal.refused(command)
            assert "Choose others with SAVELINE_WEB_HOST and SAVELINE_WEB_PORT" in said
            assert "Address already in use" in said


@pytest.fixture
def alone(lite: World, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`saveline web` in the world's workspace, and its port; what it prints goes to web.log."""
    port, settings = free_port(), lite.settings
    environment = {
        **os.environ,
        "SAVELINE_WORKSPACE": str(settings.workspace),
        "SAVELINE_DATABASE_URL": settings.database,
        "SAVELINE_CLOCK": str(settings.clock),
        "SAVELINE_KEYS": KEY,
        "SAVELINE_WEB_PORT": str(port),
    }
    command = [str(Path(sys.executable).with_name("saveline")), "web"]
    with (tmp_path / "web.log").open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process, port
    finally:
        if process.poll() is None:
            kill(process)


def test_the_pages_alone_say_where_they_are_end_in_order_and_log_no_link(
    lite: World, alone: tuple[subprocess.Popen[bytes], int], tmp_path: Path
) -> None:
    """Planted: uvicorn's own log of requests, which prints every link."""
    process, port = alone
    lite.open()
    page = f"http://127.0.0.1:{port}{address(lite, 'task', 2, lite.person('ana'), lite.now)}"
    until = monotonic() + 60
    while True:
        assert process.poll() is None, (tmp_path / "web.log").read_text()
        assert monotonic() < until
        try:
            answer = httpx.get(page, timeout=30)
            break
        except httpx.HTTPError:
            sleep(0.2)
    assert answer.status_code == 200
    assert httpx.get(f"{page}x", timeout=30).status_code == 401
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    log = (tmp_path / "web.log").read_text()
    assert f"served at http://127.0.0.1:{port}" in log
    assert "GET /task/{token:path} 200" in log
    assert page.rpartition("/")[2][:20] not in log
