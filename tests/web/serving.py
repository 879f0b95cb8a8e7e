"""A real web server on loopback for a world, and how it is asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep

import httpx
import uvicorn

from saveline.web.serving import config
from tests.world import World


@contextmanager
def served(world: World) -> Iterator[httpx.Client]:
    """The world's application behind uvicorn; gives a client of it that follows no redirects."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        server = uvicorn.Server(config(world.runtime))
        thread = Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        until = monotonic() + 20
        while not server.started and monotonic() < until:
            sleep(0.01)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(15)
