"""The real thing: Prefect's server, `prefect deploy --all`, and a worker in another directory that is killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from saveline.files import shipped
from tests.flows.prefects import Prefect, kill, prefect_server
from tests.notify.looking import rows
from tests.servers import Mailserver, Slack
from tests.world import World

FLOWS = {"advance", "deliver", "mail", "intake", "digest", "stage_report", "audit", "housekeeping"}
SECONDS = 240.0


def wait_for(what: str, done: Callable[[], bool], logs: Path) -> None:
    until = monotonic() + SECONDS
    while not done():
        assert monotonic() < until, f"no {what}\n{(logs / 'worker.log').read_text()[-4000:]}"
        sleep(0.5)


@pytest.fixture(params=["sqlite", "postgresql"])
def server_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """Where Prefect's server keeps its own things: its own SQLite, or a PostgreSQL that has pg_trgm."""
    if request.param == "sqlite":
        yield None
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))  # the package warns without one
    if sys.version_info >= (3, 14):
        pytest.skip("the PostgreSQL with pg_trgm has no wheel for this Python")
    from pgserver.postgres_server import get_server  # here, because it warns when imported without the line above

    with tempfile.TemporaryDirectory(prefix="saveline-prefect-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        finally:
            server.cleanup()


@pytest.mark.fault(slow_on="postgresql", first=True)
def test_a_reminder_due_while_the_worker_is_dead_comes_once(
    server_database: str | None, lite: World, mail: Mailserver, slack: Slack, tmp_path: Path
) -> None:
    """The story of every installation: deployed, scheduled, run by a worker elsewhere; the worker dies and comes back.

    Planted bug: ``on_due`` that leaves a reminder out when it is more than a minute late (none came);
    ``uq_notice_once`` and the deal's number both left out, with two shifts at once (two came).
    """
    shutil.copyfile(shipped.folder("prefect.yaml"), lite.settings.workspace / "prefect.yaml")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lite.open()
    with prefect_server(tmp_path / "prefect", server_database) as prefect:
        prefect.run("work-pool", "create", "saveline", "--type", "process", cwd=lite.settings.workspace)
        prefect.run("--no-prompt", "deploy", "--all", cwd=lite.settings.workspace)
        assert {f for f in FLOWS if prefect.runs(f)} >= {"advance", "deliver"}, "nothing was scheduled"
        worker = _worker(prefect, lite, elsewhere)
        wait_for("first notice", lambda: any(p.room == "UANA" for p in slack.posts), prefect.folder)
        wait_for(
            "scheduled run that completed",
            lambda: any(r["state_type"] == "COMPLETED" and r["auto_scheduled"] for r in prefect.runs("advance")),
            prefect.folder,
        )
        kill(worker)
        before = len(slack.posts)
        due = lite.deal().tasks[0].running.next_at
        assert due is not None
        lite.clock.set(due + timedelta(minutes=30))
        sleep(5)
        assert len(slack.posts) == before, "somebody still works"
        _worker(prefect, lite, elsewhere)
        wait_for("reminder", lambda: len(slack.posts) > before, prefect.folder)
        sleep(8)  # whoever would say it twice has had the time
    said = [(r.kind, r.status, r.attempts) for r in rows(lite) if r.at == due]
    assert said in ([("reminder", "sent", 1)], [("escalation", "sent", 1)])
    assert len(slack.posts) == before + 1


def _worker(prefect: Prefect, world: World, folder: Path) -> subprocess.Popen[bytes]:
    settings = world.settings
    environment = {
        "SAVELINE_WORKSPACE": str(settings.workspace),
        "SAVELINE_DATABASE_URL": settings.database,
        "SAVELINE_CLOCK": str(settings.clock),
    }
    return prefect.start("worker", "worker", "start", "--pool", "saveline", cwd=folder, environment=environment)
