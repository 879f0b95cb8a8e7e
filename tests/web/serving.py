"""A real web server on loopback for a world, and how it is asked."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Thread
from time import monotonic, sleep

import httpx
import sqlalchemy as sa
import uvicorn
from sqlmodel import SQLModel

from saveline.notify.links import Purpose
from saveline.store.rows import NOTICE
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
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(15)


def link(world: World, who: str, purpose: Purpose = "task", task: str = "diagnosis", deal: int = 1) -> str:
    """The path of the link in the newest notice to ``who`` about a task; ``who`` may be a channel's room."""
    no = world.task(task, deal).no if task else 0
    to = world.person(who) if not who.startswith("slack:") else 0
    query = sa.select(NOTICE).where(NOTICE.c.person_id == to).order_by(NOTICE.c.id.desc())
    query = query.where(NOTICE.c.deal_id == deal, NOTICE.c.task_no == no) if task else query
    with world.desk.reading() as conn:
        notice = conn.execute(query).first()
    assert notice is not None, f"{who} has had no notice of {task}"
    return address(world, purpose, notice.id, to, notice.at)


def address(world: World, purpose: Purpose, notice_id: int, person_id: int, at: datetime) -> str:
    """The path of a link, without the server."""
    links = world.desk.links
    assert links is not None
    return links.link(purpose, notice_id, person_id, at).removeprefix(links.url)


def fields(page: str, do: str) -> dict[str, str]:
    """The hidden fields of a page's form, as a browser would send them."""
    found = re.search(rf'name="do" value="{do}">\s*<input type="hidden" name="once" value="([^"]*)"', page)
    assert found is not None, f"no form {do!r} on the page"
    return {"do": do, "once": found[1]}


def sent(client: httpx.Client, path: str, do: str, **given: str) -> httpx.Response:
    """Open a page and send one of its forms; ``a_NAME`` is the answer NAME. Redirects are not followed."""
    answers = {k.replace("a_", "a.", 1) if k.startswith("a_") else k: v for k, v in given.items()}
    return client.post(path, data=fields(client.get(path).text, do) | answers)


def everything(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the database: two of these are equal when nothing has changed."""
    found: dict[str, list[tuple[object, ...]]] = {}
    with world.desk.reading() as conn:
        for name, kept in SQLModel.metadata.tables.items():
            found[name] = sorted((tuple(row) for row in conn.execute(sa.select(kept))), key=repr)
    return found
