"""Who calls the API: by a token, or by a signature as Standard Webhooks write it.

A token has 256 random bits and is found by its SHA-256; a signature is compared in constant time. Nothing here raises
on what a stranger sends, but :class:`~saveline.web.problems.Refused`.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Final

from standardwebhooks.webhooks import Webhook

from saveline.actions.calls import Caller
from saveline.actions.desk import Desk
from saveline.actions.tokens import digest
from saveline.actions.webhooks import secrets_of
from saveline.core.workspace import WebhookSource
from saveline.store import tokens
from saveline.web.problems import Refused

TOLERANCE: Final = 300
"""Seconds that a signed call may be old, or early."""
LONGEST_ID: Final = 200
MOST_FAILURES: Final = 30
WITHIN: Final = 60.0
"""So many failed calls from one address within so many seconds: then it has to wait, unless its token is known."""
_MOST_ADDRESSES: Final = 10_000
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="saveline"'}


class Failures:
    """Failed calls by address, in the memory of this process: a stranger must not keep the database busy."""

    def __init__(self) -> None:
        self._at: dict[str, deque[float]] = {}
        self._known: dict[str, None] = {}
        self._lock = Lock()

    def wait(self, address: str) -> int:
        """Seconds that the address has to wait; 0 for none."""
        now = monotonic()
        with self._lock:
            times = self._at.get(address)
            while times and times[0] <= now - WITHIN:
                times.popleft()
            if not times or len(times) < MOST_FAILURES:
                return 0
            return max(1, round(times[0] + WITHIN - now))

    def add(self, address: str, token_digest: str = "") -> None:
        """Note a failure. Its token, should it have been good before, is so no more: it was revoked."""
        with self._lock:
            self._known.pop(token_digest, None)
            if address not in self._at and len(self._at) >= _MOST_ADDRESSES:
                self._at.pop(next(iter(self._at)))
            self._at.setdefault(address, deque(maxlen=MOST_FAILURES)).append(monotonic())

    def known(self, token_digest: str) -> bool:
        """Whether this token was good before: somebody else's failures behind the same address do not stop it."""
        with self._lock:
            return token_digest in self._known

    def remember(self, token_digest: str) -> None:
        with self._lock:
            if len(self._known) >= _MOST_ADDRESSES:
                self._known.clear()
            self._known[token_digest] = None


def bearer(desk: Desk, authorization: str, address: str, failures: Failures) -> Caller:
    """The caller whose token this is. Raises Refused with 401, and with 429 after too many of them."""
    word, _, token = authorization.partition(" ")
    known = digest(token.strip())
    _not_too_often(failures, address, known)
    found = None
    if word.lower() == "bearer" and token:
        with desk.reading() as conn:
            found = tokens.by_digest(conn, known)
    if found is None or found.revoked_at is not None or not hmac.compare_digest(found.digest, known):
        failures.add(address, known)
        raise Refused(401, "This token is not known, or was revoked." if token else _HOW, headers=CHALLENGE)
    failures.remember(known)
    return Caller(found.name, found.scopes, found)


_HOW: Final = "Say who calls: Authorization: Bearer TOKEN, or the three headers of a signed webhook."


def nobody(address: str, failures: Failures) -> Refused:
    """The refusal of a call that does not say who calls."""
    _not_too_often(failures, address, "")
    failures.add(address)
    return Refused(401, _HOW, headers=CHALLENGE)


def signed(desk: Desk, headers: Mapping[str, str], body: bytes, address: str, failures: Failures) -> tuple[Caller, str]:
    """The caller whose secret signed this body, and the id of the message. Raises Refused with 401 or 429."""
    _not_too_often(failures, address, "")
    message, at, given = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    wrong = _wrong(desk, message, at)
    source = None if wrong else _signer(desk.workspace.webhooks.values(), message, int(at), given, body)
    if source is None:
        failures.add(address)
        raise Refused(401, wrong or "No webhook of saveline.yaml has signed this.", headers=CHALLENGE)
    return Caller(f"webhook {source.name}", source.scopes), message


def _wrong(desk: Desk, message: str, at: str) -> str:
    if not 0 < len(message) <= LONGEST_ID or not message.isascii() or not message.isprintable():
        return f"webhook-id is the id of the message: 1 to {LONGEST_ID} plain characters."
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        return "webhook-timestamp is a number of seconds since 1970."
    with desk.reading() as conn:
        now = desk.now(conn)
    if abs(int(at) - now.timestamp()) > TOLERANCE:
        return f"webhook-timestamp is more than {TOLERANCE} seconds away from {now:%Y-%m-%dT%H:%M:%SZ}."
    return ""


def _signer(sources: Iterable[WebhookSource], message: str, at: int, given: str, body: bytes) -> WebhookSource | None:
    """The source one of whose secrets made one of the signatures. All are tried, so that time tells nothing."""
    offered = [s.encode("utf-8", "replace") for s in given.split(" ")[:10]]
    moment, found = datetime.fromtimestamp(at, UTC), None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    for source in sources:
        for secret in secrets_of(source):
            right = Webhook(secret).sign(message, moment, text).encode()
            if sum(hmac.compare_digest(right, s) for s in offered):
                found = source
    return found


def _not_too_often(failures: Failures, address: str, known: str) -> None:
    wait = failures.wait(address)
    if wait and not failures.known(known):
        raise Refused(429, f"Too many failed calls: try again in {wait} s.", headers={"Retry-After": str(wait)})
