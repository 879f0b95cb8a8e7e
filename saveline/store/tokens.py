"""Tokens of systems that may call us: found by their digest, for the token itself is kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Fact
from saveline.store.rows import table

TOKEN: Final = table(models.ApiToken)
USED_EVERY: Final = timedelta(minutes=1)
"""How exactly it is kept when a token was last used: a call must not cost a write for that alone."""

_COLUMNS: Final = (
    TOKEN.c.id,
    TOKEN.c.name,
    TOKEN.c.scopes,
    TOKEN.c.created_at,
    TOKEN.c.used_at,
    TOKEN.c.revoked_at,
    TOKEN.c.digest,
)


class Token(Fact, frozen=True):
    """A token as it is kept. ``scopes`` are what it may be used for."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    digest: str = ""


def add(conn: Connection, name: str, digest: str, scopes: Sequence[str], now: datetime) -> None:
    conn.execute(sa.insert(TOKEN).values(name=name, digest=digest, scopes=" ".join(scopes), created_at=now))


def all_tokens(conn: Connection) -> list[Token]:
    """Every token there ever was, the oldest first."""
    return [_token(row) for row in conn.execute(sa.select(*_COLUMNS).order_by(TOKEN.c.id))]


def by_digest(conn: Connection, digest: str) -> Token | None:
    row = conn.execute(sa.select(*_COLUMNS).where(TOKEN.c.digest == digest)).first()
    return _token(row) if row is not None else None


def revoke(conn: Connection, token_id: int, now: datetime) -> None:
    conn.execute(sa.update(TOKEN).where(TOKEN.c.id == token_id, TOKEN.c.revoked_at.is_(None)).values(revoked_at=now))


def used(conn: Connection, token: Token, now: datetime) -> None:
    """Remember that it was used, unless that is remembered of the last minute already."""
    if token.used_at is None or now - token.used_at >= USED_EVERY:
        conn.execute(sa.update(TOKEN).where(TOKEN.c.id == token.id).values(used_at=now))


def _token(row: Any) -> Token:
    return Token(row.id, row.name, tuple(row.scopes.split()), row.created_at, row.used_at, row.revoked_at, row.digest)
