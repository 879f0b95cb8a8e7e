"""Versions of playbooks: a running deal finds the one it started with here, whatever the files say today."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Fact
from saveline.store.database import insert_into
from saveline.store.rows import table

VERSION: Final = table(models.PlaybookVersion)


class Version(Fact, frozen=True):
    """The text of a playbook and, as JSON, the policies of the settings that it used."""

    hash: str
    name: str
    text: str
    policies: str


_COLUMNS = [VERSION.c[f] for f in Version.__struct_fields__]


def version(conn: Connection, hash_: str) -> Version | None:
    row = conn.execute(sa.select(*_COLUMNS).where(VERSION.c.hash == hash_)).first()
    return Version(*row) if row else None


def hashes(conn: Connection, beginning: str) -> list[str]:
    """The stored versions whose hash begins like this."""
    if not beginning or not beginning.isalnum():
        return []
    return list(conn.execute(sa.select(VERSION.c.hash).where(VERSION.c.hash.startswith(beginning))).scalars())


def latest(conn: Connection, name: str) -> Version | None:
    """The version of playbook ``name`` that went live last."""
    row = conn.execute(sa.select(*_COLUMNS).where(VERSION.c.name == name).order_by(VERSION.c.seen_at.desc())).first()
    return Version(*row) if row else None


def remember(conn: Connection, found: Version, now: datetime) -> None:
    """Keep a version that is live, once, also where two processes meet it at the same moment."""
    row = {f: getattr(found, f) for f in Version.__struct_fields__} | {"seen_at": now}
    insert = insert_into(conn, VERSION)
    conn.execute(insert.on_conflict_do_nothing(), row)
