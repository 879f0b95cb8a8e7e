"""Tokens for systems: made once, shown once, and taken back at any time."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Final

from saveline.actions.desk import Desk
from saveline.core.errors import Missing, Refusal, UnknownWord, did_you_mean
from saveline.core.scopes import SCOPES
from saveline.store import tokens
from saveline.store.tokens import Token

PREFIX: Final = "saveline_"
"""Before every token, so that people and scanners of repositories know what they have found."""
_BYTES: Final = 32
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


class TokenExists(Refusal):
    def __init__(self, name: str, revoked: bool) -> None:
        state = "was revoked, and its name stays with it" if revoked else "is in use"
        super().__init__(f"There is a token {name!r} already: it {state}. Choose another name, like {name}-2.")


class UnknownToken(Refusal):
    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no token {name!r}.{did_you_mean(name, known)}")


def create(desk: Desk, name: str, scopes: Sequence[str]) -> str:
    """A new token for the system called ``name``; nobody can ever read it again. Raises a Refusal."""
    if not _NAME.fullmatch(name):
        raise Missing(f"{name!r} is no name for a token: small letters, digits, '.', '-' and '_', like helpdesk.")
    for scope in scopes:
        if scope not in SCOPES:
            raise UnknownWord("a scope", scope, SCOPES)
    if not scopes:
        raise Missing(f"Say what the token is for: --scope, one of {', '.join(SCOPES)}, as often as there are.")
    made = PREFIX + secrets.token_urlsafe(_BYTES)
    with desk.writing() as conn:
        for known in tokens.all_tokens(conn):
            if known.name == name:
                raise TokenExists(name, known.revoked_at is not None)
        tokens.add(conn, name, digest(made), [s for s in SCOPES if s in scopes], desk.now(conn))
    return made


def revoke(desk: Desk, name: str) -> Token:
    """Take a token back: from the next call on it is worth nothing. Doing it twice does it once."""
    with desk.writing() as conn:
        known = {t.name: t for t in tokens.all_tokens(conn)}
        if name not in known:
            raise UnknownToken(name, list(known))
        tokens.revoke(conn, known[name].id, desk.now(conn))
        return {t.name: t for t in tokens.all_tokens(conn)}[name]


def listed(desk: Desk) -> list[Token]:
    """Every token, the revoked ones too, the oldest first."""
    with desk.reading() as conn:
        return tokens.all_tokens(conn)


def digest(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain SHA-256 of it cannot be searched through."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
