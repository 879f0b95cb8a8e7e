"""Databases that have every table already: migrated once a process, copied for each test."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import psycopg

from saveline.files import shipped
from saveline.store import database, schema


def sqlite(path: Path) -> str:
    """The URL of a new SQLite database at ``path``."""
    path.write_bytes(_file())
    return f"sqlite:///{path}"


@cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saveline.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


def migrate(url: str) -> None:
    engine = database.connect(url)
    try:
        schema.upgrade(engine, shipped.folder("migrations"))
    finally:
        engine.dispose()


def url_of(server: str, name: str) -> str:
    """The URL for SQLAlchemy of a database of the server with this URL of its maintenance database."""
    return server.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")


def make(server: str, name: str, template: str = "template1") -> None:
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


def drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def careless(server: str) -> None:
    """Do not wait for the disk: where a server is to crash, the test starts one of its own."""
    with psycopg.connect(server, autocommit=True) as conn:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            conn.execute(f"ALTER SYSTEM SET {setting} = off")
        conn.execute("SELECT pg_reload_conf()")
