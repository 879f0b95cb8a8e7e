"""`saveline up` as somebody runs it: a server, an engine, flows at work, and one Ctrl-C after which nothing is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from saveline.clock import system
from saveline.core.periods import month_before
from saveline.files import shipped
from saveline.notify.links import Links
from tests.flows.prefects import family, free_port, kill
from tests.servers import Mailserver, Slack
from tests.world import World

SECONDS = 150.0


class Up:
    """A running `saveline up` in a world's workspace."""

    def __init__(self, world: World, log: Path) -> None:
        self.port, self.web, self.log = free_port(), free_port(), log
        settings = world.settings
        shutil.copyfile(shipped.folder("prefect.yaml"), settings.workspace / "prefect.yaml")
        (settings.workspace / "inbox").mkdir()
        environment = {
            **os.environ,
            "SAVELINE_WORKSPACE": str(settings.workspace),
            "SAVELINE_DATABASE_URL": settings.database,
            "SAVELINE_CLOCK": str(settings.clock),
            "SAVELINE_WEB_PORT": str(self.web),
            "SAVELINE_URL": f"http://127.0.0.1:{self.web}",
            "PYTHONWARNINGS": "ignore",
        }
        command = [str(Path(sys.executable).with_name("saveline")), "up", "--port", str(self.port)]
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def wait_for(self, what: str, done: Callable[[], Any], seconds: float = SECONDS) -> None:
        until = monotonic() + seconds
        while not done():
            assert self.process.poll() is None, self.log.read_text()
            assert monotonic() < until, f"no {what}\n{self.log.read_text()}"
            sleep(0.2)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    def health(self) -> str | None:
        """What the web server says of it; None while it does not answer."""
        try:
            return str(httpx.get(f"{self.url}/healthz", timeout=10).json()["health"])
        except httpx.HTTPError:
            return None

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(f"http://127.0.0.1:{self.port}/api/{path}", json=body, timeout=30)
        return answer.json() if answer.is_success else []

    def artifacts(self, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("artifacts/filter", {"artifacts": {"key": {"any_": [key]}}})
        return found

    def start_flow(self, name: str, deployment: str = "default", **parameters: str) -> bool:
        found = httpx.get(f"http://127.0.0.1:{self.port}/api/deployments/name/{name}/{deployment}", timeout=30)
        body = {"parameters": parameters, "idempotency_key": f"{name} {deployment}"}
        return bool(found.is_success and self.ask(f"deployments/{found.json()['id']}/create_flow_run", body))


@pytest.fixture
def up(lite: World, mail: Mailserver, slack: Slack, tmp_path: Path) -> Iterator[Up]:
    running = Up(lite, tmp_path / "up.log")
    try:
        yield running
    finally:
        if running.process.poll() is None:
            kill(running.process)


def test_up_does_the_work_survives_a_killed_engine_and_leaves_nothing(
    up: Up, lite: World, slack: Slack, tmp_path: Path
) -> None:
    """Planted: ``Child.stop`` without the kill of its group, with an engine that ignores SIGTERM (it was left behind);
    a watch that does not start again (no reminder came)."""
    lite.open()
    up.wait_for("start", lambda: "Saveline is up" in up.log.read_text())
    up.wait_for("first notice", lambda: any(p.room == "UANA" for p in slack.posts))
    _a_task_done_from_its_link_leads_to_the_next(up, lite, slack)
    _a_file_is_imported_and_shown(up, lite)
    _the_report_is_a_page(up)

    engine = next(pid for pid in family(up.process.pid) if "flows.engine" in _command(pid))
    os.kill(engine, signal.SIGKILL)
    os.kill(next(pid for pid in family(up.process.pid) if "saveline.web" in _command(pid)), signal.SIGKILL)
    up.wait_for("pages from a new web server", lambda: up.health() is not None)
    before = len(slack.posts)
    due = next(t.clock.next_at for t in lite.deal().tasks if t.clock is not None)
    assert due is not None
    lite.clock.set(due)
    up.wait_for("notice from a new engine", lambda: len(slack.posts) > before)

    everything = family(up.process.pid)
    assert len(everything) >= 4
    os.kill(up.process.pid, signal.SIGINT)
    assert up.process.wait(60) == 0
    assert [pid for pid in everything if _command(pid)] == []
    assert up.log.read_text().strip().endswith("Everything has stopped.")


def _a_task_done_from_its_link_leads_to_the_next(up: Up, world: World, slack: Slack) -> None:
    before = len(slack.posts)
    keys = Links(up.url, [(world.settings.state / "key").read_text().strip()])
    page = keys.to_task(1, 1, world.person("ana"), world.now)
    answers = {"a.root_cause": "price", "a.summary": "They pay for seats nobody uses."}
    done = httpx.post(page, data={"do": "done", "once": "1", **answers}, follow_redirects=True, timeout=30)
    assert "is done, thanks to Ana Ruiz" in done.text
    up.wait_for("next task", lambda: len(slack.posts) > before)


def _a_file_is_imported_and_shown(up: Up, world: World) -> None:
    inbox = world.settings.workspace / "inbox"
    (inbox / "accounts.csv").write_text("key,name,arr,renewal\nblue,Blue Ltd,1200,2027-01-31\nred,Red,-5,2027-01-31\n")
    up.wait_for("import", lambda: list(inbox.glob("done/*/accounts.csv.rejected.csv")))
    with world.desk.reading() as conn:
        names = conn.exec_driver_sql("SELECT name FROM account ORDER BY name").scalars().all()
    assert "Blue Ltd" in names


def _the_report_is_a_page(up: Up) -> None:
    up.wait_for("run of the report", lambda: up.start_flow("stage_report", period="2026-W47"))
    up.wait_for("report", lambda: up.artifacts("stage-report-2026-w47"))
    page = up.artifacts("stage-report-2026-w47")[0]["data"]
    assert "## Where they stand" in page
    assert "| Triage |" in page
    month = month_before(system(), "Europe/Lisbon").key
    up.wait_for("run of the month's report", lambda: up.start_flow("stage_report", "monthly"))
    up.wait_for("the month's report", lambda: up.artifacts(f"stage-report-{month}"))


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""
