"""Signed links: whoever holds one may look at what it names, and do what its purpose allows; nobody can make one.

The purpose is part of the signature, so that a link made for one thing cannot be used for another. Whether a link has
been used is kept elsewhere, by the ``jti`` inside: the text of a token is malleable, its last characters can differ.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from itsdangerous.encoding import base64_encode

from saveline.core.facts import Fact

Purpose: TypeAlias = Literal["task", "deal", "mine", "unsubscribe", "pulse"]
VALID: Final = timedelta(days=45)
"""How long after its notice a link can be used: longer than most tasks take, shorter than forever."""
LONGEST: Final = 1_000
"""Characters of a token that are looked at; ours have a fifth."""


class Grant(Fact, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a link names: a person's notice, or where that is 0 a person's task. ``jti`` is the link's own number,
    ``until`` seconds since 1970, UTC."""

    purpose: Purpose
    notice_id: int
    person_id: int
    jti: str
    until: int
    deal_id: int = 0
    task_no: int = 0


class Forged(ValueError):
    """The token was not made by us, or for another purpose."""


class Expired(ValueError):
    """The token was ours, and its time is over. ``grant`` is what it named."""

    def __init__(self, grant: Grant) -> None:
        super().__init__(grant.purpose)
        self.grant = grant


class Links:
    """Makes and reads links. ``keys`` are secret, the newest last: it signs, and all of them are accepted."""

    def __init__(self, url: str, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("links need at least one key, and no empty one")
        self.url = url.rstrip("/")
        self._keys = list(keys)
        self._serializers: dict[Purpose, URLSafeSerializer] = {}

    def link(self, purpose: Purpose, notice_id: int, person_id: int, at: datetime) -> str:
        """The address of a page. ``at`` is the notice's moment: the same notice has the same link on every attempt."""
        jti = _number(f"{purpose}:{notice_id}:{person_id}")
        return self._signed(Grant(purpose, notice_id, person_id, jti, _until(at)))

    def to_task(self, deal_id: int, task_no: int, person_id: int, at: datetime) -> str:
        """The address of a person's page of a task, from a list of their tasks that was made ``at``."""
        until = _until(at)
        jti = _number(f"task:{deal_id}.{task_no}:{person_id}:{until}")
        return self._signed(Grant("task", 0, person_id, jti, until, deal_id, task_no))

    def read(self, purpose: Purpose, token: str, now: datetime) -> Grant:
        """What the token names. Raises Forged, Expired; nothing else, whatever the text is."""
        try:
            if len(token) > LONGEST:
                raise Forged(purpose)
            data: Any = self._serializer(purpose).loads(token)
            grant = msgspec.convert([purpose, *data], Grant)
        except (BadData, msgspec.ValidationError, UnicodeError, TypeError) as error:
            raise Forged(purpose) from error
        if grant.until < now.timestamp():
            raise Expired(grant)
        return grant

    def mark(self, notice_id: int) -> str:
        """20 letters and digits that are in the mail of a notice and nowhere else, so that an answer can show that it
        is one. They are the same on every attempt, also after a new key, and large letters count as small ones."""
        return _marked(self._keys[0], notice_id)

    def is_mark(self, notice_id: int, text: str) -> bool:
        """Whether ``text`` is the mark of that notice, by any of the keys."""
        given = text.lower().encode()
        return any(hmac.compare_digest(_marked(key, notice_id).encode(), given) for key in self._keys)

    def _signed(self, grant: Grant) -> str:
        data = [grant.notice_id, grant.person_id, grant.jti, grant.until]
        data += [grant.deal_id, grant.task_no] if grant.deal_id else []
        return f"{self.url}/{grant.purpose}/{self._serializer(grant.purpose).dumps(data)}"

    def _serializer(self, purpose: Purpose) -> URLSafeSerializer:
        found = self._serializers.get(purpose)
        if found is None:
            signing = {"key_derivation": "hmac", "digest_method": sha256}
            found = _Short(self._keys, salt=f"saveline.{purpose}", signer_kwargs=signing)
            self._serializers[purpose] = found
        return found


class _Short(URLSafeSerializer):
    """Does not try to compress what is too short to become shorter: that costs more than all else in a link."""

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(msgspec.json.encode(obj))


def _marked(key: str, notice_id: int) -> str:
    signed = hmac.digest(key.encode(), f"saveline.mail:{notice_id}".encode(), "sha256")
    return base64.b32encode(signed[:15]).decode().lower()[:20]


def _until(at: datetime) -> int:
    return int((at + VALID).timestamp())


def _number(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
