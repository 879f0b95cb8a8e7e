"""Signed links: whoever holds one may look at what it names, and do what its purpose allows; nobody can make one.

The purpose is part of the signature, so that a link made for one thing cannot be used for another. Whether a link has
been used is kept elsewhere, by the ``jti`` inside: the text of a token is malleable, its last characters can differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from saveline.core.facts import Fact

Purpose: TypeAlias = Literal["task", "deal", "mine", "unsubscribe"]
VALID: Final = timedelta(days=45)
"""How long after its notice a link can be used: longer than most tasks take, shorter than forever."""
LONGEST: Final = 1_000
"""Characters of a token that are looked at; ours have a fifth."""


class Grant(Fact, frozen=True):
    """What a link names: a person's notice. ``jti`` is the link's own number, ``until`` seconds since 1970, UTC."""

    purpose: Purpose
    notice_id: int
    person_id: int
    jti: str
    until: int


class Forged(ValueError):
    """The token was not made by us, or for another purpose."""


class Expired(ValueError):
    """The token was ours, and its time is over."""


class Links:
    """Makes and reads links. ``keys`` are secret, the newest last: it signs, and all of them are accepted."""

    def __init__(self, url: str, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("links need at least one key, and no empty one")
        self.url = url.rstrip("/")
        self._keys = list(keys)

    def link(self, purpose: Purpose, notice_id: int, person_id: int, at: datetime) -> str:
        """The address of a page. ``at`` is the notice's moment: the same notice has the same link on every attempt."""
        until = int((at + VALID).timestamp())
        jti = sha256(f"{purpose}:{notice_id}:{person_id}".encode()).hexdigest()[:16]
        token = self._serializer(purpose).dumps([notice_id, person_id, jti, until])
        return f"{self.url}/{purpose}/{token}"

    def read(self, purpose: Purpose, token: str, now: datetime) -> Grant:
        """What the token names. Raises Forged, Expired; nothing else, whatever the text is."""
        try:
            if len(token) > LONGEST:
                raise Forged(purpose)
            data: Any = self._serializer(purpose).loads(token)
            grant = Grant(purpose, *msgspec.convert(data, tuple[int, int, str, int]))
        except (BadData, msgspec.ValidationError, UnicodeError) as error:
            raise Forged(purpose) from error
        if grant.until < now.timestamp():
            raise Expired(purpose)
        return grant

    def _serializer(self, purpose: Purpose) -> URLSafeSerializer:
        signing = {"key_derivation": "hmac", "digest_method": sha256}
        return URLSafeSerializer(self._keys, salt=f"saveline.{purpose}", signer_kwargs=signing)
