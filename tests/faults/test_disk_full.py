"""Fault 8: the disk is full. What cannot be marked is not sent, nothing is damaged, and all goes on when there is room.

On SQLite by ``PRAGMA max_page_count``; on PostgreSQL no file of the server may grow, which it takes for a full disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from saveline.store import health
from saveline.store.rows import NOTICE
from tests.faults.clusters import cluster
from tests.faults.figures import measured
from tests.notify.looking import rows
from tests.servers import Mailserver, Slack
from tests.world import World, world

QUEUED: Final = 120
_FILLER: Final = "x" * 700
_LARGEST: Final = 17 * 2**20
"""PostgreSQL's own log has files of 16 MB, which must fit."""


def queue(world: World) -> None:
    """Notices that are due, and as many as fill the pages around them that nobody sends any more."""
    ana = world.person("ana")
    due = [_row(world, n, ana, "queued", ("email", "slack")[n % 2]) for n in range(QUEUED)]
    with world.desk.writing() as conn:
        conn.execute(sa.insert(NOTICE), due)


def _row(world: World, number: int, person: int, status: str, channel: str) -> dict[str, Any]:
    about = f'{{"said": "{_FILLER}"}}'  # all are of one size, so that no page has room for one of them
    row: dict[str, Any] = {"kind": "news", "at": world.now, "about": about, "not_before": world.now, "deal_id": 1}
    row |= {"status": status, "channel": channel, "person_id": person, "ordinal": 1000 + number, "attempts": 0}
    row["judged_at"] = world.now
    return row | ({"kind": "stage_entered"} if status == "queued" else {})


def _fill(world: World, first: int, count: int) -> None:
    with world.desk.writing() as conn:
        conn.execute(sa.insert(NOTICE), [_row(world, first + n, 0, "sent", "filler") for n in range(count)])


def _fill_up(world: World, first: int, *counts: int) -> None:
    """Until not one more row fits."""
    for count in counts:
        while True:
            try:
                _fill(world, first, count)
            except DBAPIError:
                break
            first += count


@contextmanager
def full_sqlite(world: World) -> Iterator[None]:
    """No page more than there are."""
    with world.desk.reading() as conn:
        pages = int(conn.exec_driver_sql("PRAGMA page_count").scalar_one()) + 50

    def limit(raw: Any, _entry: Any) -> None:
        raw.execute(f"PRAGMA max_page_count={pages}")

    engine = world.runtime.engine
    engine.dispose()  # what is opened from now on has the limit
    sa.event.listen(engine, "connect", limit)
    try:
        _fill_up(world, 100_000, 500, 50, 1)
        yield
    finally:
        sa.event.remove(engine, "connect", limit)
        engine.dispose()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_full_disk(database: str, tmp_path: Path, mail: Mailserver, slack: Slack) -> None:
    """0 sends while it is full; the database is whole; within ten seconds of there being room all are sent, once.

    Planted: sending before the mark ``sending`` was written.
    """
    if database == "sqlite":
        with world(tmp_path / "workspace", f"sqlite:///{tmp_path / 'saveline.db'}") as found:
            found.open()
            found.deliver()
            queue(found)
            _while_full(found, full_sqlite(found), mail, slack)
        return
    with cluster(tmp_path) as server, world(tmp_path / "workspace", server.url) as found:
        found.open()
        found.deliver()
        queue(found)
        _fill(found, 10_000_000, 18_000)
        with found.desk.reading() as conn:
            size = int(conn.exec_driver_sql("SELECT pg_relation_size('notice')").scalar_one())
        assert size < _LARGEST, "more filler than the limit"
        with server.full_disk(_LARGEST):
            _fill_up(found, 20_000_000, 500, 50, 1)
            server.vacuum()  # what was rolled back is room again
            _fill_up(found, 30_000_000, 1)
        _while_full(found, server.full_disk(_LARGEST), mail, slack)


def _while_full(found: World, full: Any, mail: Mailserver, slack: Slack) -> None:
    before, globex = len(mail.mails) + len(slack.posts), found.account("globex")
    with full:
        for _ in range(3):
            with pytest.raises(DBAPIError):
                found.deliver()
        assert len(mail.mails) + len(slack.posts) == before, "sent, and could not say so"
        with found.desk.reading() as conn:
            assert health.faults_of_file(conn) == []
    with found.desk.writing() as conn:
        conn.execute(sa.delete(NOTICE).where(NOTICE.c.channel == "filler"))
        assert health.faults_of_file(conn) == []
    room = monotonic()
    while not {r.status for r in rows(found)} <= {"sent"}:
        assert monotonic() - room < 30
        found.deliver()
        found.pass_time(seconds=1)
        sleep(0.05)
    ids = [m.id for m in mail.mails] + [p.id for p in slack.posts]
    assert len(ids) == len(set(ids)) == len(rows(found)) == before + QUEUED
    found.open(globex)
    measured(8, found, seconds=monotonic() - room)
