"""The web server's process: uvicorn, without its own access log, which would print signed links."""

from __future__ import annotations

import logging
import signal
from typing import Final

import uvicorn

from saveline.runtime import Runtime
from saveline.web.app import create_app
from saveline.web.slack_socket import listening

GRACE_SECONDS: Final = 10


def main() -> int:
    """Serve at SAVELINE_WEB_HOST and SAVELINE_WEB_PORT until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it prints addresses, and some are keys
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server ends by them in good order, and raises them once more when it has: that is no end of ours.
        signal.signal(number, lambda _number, _frame: None)
    runtime = Runtime()
    try:
        with listening(runtime):
            uvicorn.Server(config(runtime)).run()
    finally:
        runtime.close()
    return 0


def config(runtime: Runtime) -> uvicorn.Config:
    settings = runtime.settings
    return uvicorn.Config(
        create_app(runtime),
        host=settings.web_host,
        port=settings.web_port,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=64_000,
    )
