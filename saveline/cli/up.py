"""``saveline up``: everything on one machine, and one Ctrl-C that stops it all."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated, Final

import httpx
import typer

from saveline.actions.desk import Desk
from saveline.cli import door, output
from saveline.cli.children import Child, wait_until
from saveline.core.errors import Missing
from saveline.settings import Settings

WEB: Final = ("-m", "saveline.web")
START_SECONDS: Final = 120.0
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_LONGEST_PAUSE: Final = 30.0


def register(app: typer.Typer) -> None:
    app.command("up")(up)
    app.command("web")(web)


def up(
    port: Annotated[
        int | None, typer.Option(help="Prefect's port on 127.0.0.1; by default SAVELINE_PREFECT_PORT or 4200.")
    ] = None,
) -> None:
    """Start Prefect's server, the flows and the web pages, and keep them running until Ctrl-C."""
    desk = door.open_desk()
    settings = Settings()
    wanted = port or settings.prefect_port
    _warn(desk)
    output.say(f"Starting. Prefect's page will be at http://127.0.0.1:{wanted}; logs are in {settings.state / 'logs'}.")
    with running(settings, wanted) as children:
        output.say(f"Links lead to {settings.url}, which is served at {_served_at(settings)}.")
        output.say("Saveline is up. Ctrl-C stops everything.", style="bold")
        watch(*children)
    output.say("Everything has stopped.")


def web() -> None:
    """Serve the web pages alone, until Ctrl-C: where the flows run on another machine."""
    door.open_desk()
    settings = Settings()
    _must_be_free(settings)
    output.say(f"Links lead to {settings.url}, which is served at {_served_at(settings)}. Ctrl-C stops it.")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *WEB])


@contextmanager
def running(settings: Settings, port: int, meanwhile: Callable[[], None] | None = None) -> Iterator[tuple[Child, ...]]:
    """Prefect's server, the web server and the engine, started in this order and stopped in reverse; ``meanwhile`` is
    done while the servers start, and before the engine does.

    Raises Missing when a server does not start, or something else has its port.
    """
    environment = prefect_environment(settings, port)
    logs = settings.state / "logs"
    command = [str(Path(sys.executable).with_name("prefect")), "server", "start", "--host", "127.0.0.1", "--port"]
    server = Child("prefect", [*command, str(port)], environment, logs / "prefect.log")
    pages = Child("web", [sys.executable, *WEB], environment, logs / "web.log")
    engine = Child("engine", [sys.executable, "-m", "flows.engine"], environment, logs / "engine.log")
    if _healthy(port)():
        raise Missing(f"Something answers on port {port} already: is Saveline up? Choose another with --port.")
    _must_be_free(settings)
    with _interruptible():
        try:
            server.start()
            pages.start()
            if meanwhile is not None:
                meanwhile()
            if not wait_until(_healthy(port), server, START_SECONDS):
                raise Missing(f"Prefect's server did not start. Its log ends:\n{server.last_words()}")
            if not wait_until(_serves(settings), pages, START_SECONDS):
                raise Missing(f"The web server did not start. Its log ends:\n{pages.last_words()}")
            engine.start()
            yield server, pages, engine
        finally:
            for child in (engine, pages, server):
                child.stop()


def watch(*children: Child) -> None:
    """Until Ctrl-C: start again whatever has died, at once the first time, then with growing pauses."""
    pause, since = 0.0, monotonic()
    try:
        while True:
            sleep(1)
            for child in children:
                if not child.running:
                    output.complain(f"{child.name} ended; starting it again. Its log ends:\n{child.last_words(3)}")
                    sleep(pause)
                    child.start()
                    pause = 0.0 if monotonic() - since > 300 else min(_LONGEST_PAUSE, pause * 2 + 1)
                    since = monotonic()
    except KeyboardInterrupt:
        output.say("Stopping …")


def prefect_environment(settings: Settings, port: int) -> Mapping[str, str]:
    """Prefect kept to this workspace: its own home, no calls home, its history pruned by itself."""
    return {
        **os.environ,
        "SAVELINE_WORKSPACE": str(settings.workspace.resolve()),
        "SAVELINE_URL": settings.url,
        "SAVELINE_WEB_HOST": settings.web_host,
        "SAVELINE_WEB_PORT": str(settings.web_port),
        "PREFECT_HOME": str(settings.state / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "P7D",
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P7D",
        "PREFECT_LOGGING_LEVEL": os.environ.get("PREFECT_LOGGING_LEVEL", "WARNING"),
    }


def _healthy(port: int) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return ask


def _serves(settings: Settings) -> Callable[[], bool]:
    """Whether the web server answers, green or red."""

    def ask() -> bool:
        try:
            return httpx.get(f"{_served_at(settings)}/healthz", timeout=2).headers.get("content-type") is not None
        except httpx.HTTPError:
            return False

    return ask


def _served_at(settings: Settings) -> str:
    """Where the web server is reached from this machine."""
    host = _ANY.get(settings.web_host, settings.web_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web_port}"


def _must_be_free(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.web_host else socket.AF_INET
    try:
        with socket.create_server((settings.web_host, settings.web_port), family=family):
            pass
    except (OSError, OverflowError) as error:
        raise Missing(
            f"The web pages cannot be served at {settings.web_host}, port {settings.web_port}: {error}. "
            "Choose others with SAVELINE_WEB_HOST and SAVELINE_WEB_PORT."
        ) from None


def _warn(desk: Desk) -> None:
    """Problems of playbooks: they do not stop the rest."""
    for problem in desk.plays.problems:
        output.complain(str(problem))


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM stops it as Ctrl-C does, and Ctrl-C even where a shell had it ignored for a job in the background."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
