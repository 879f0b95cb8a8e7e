"""Whether a request is Slack's: signed by the secret we share, made just now, and seen for the first time.

The library's own check raises on a timestamp that is no number; this one never raises, whatever arrives.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import Final

LATEST: Final = 300
"""Seconds that a request may be old, or ahead of our clock."""
MOST: Final = 100_000
"""Signatures that are remembered: those of the last minutes of a very busy day."""


def genuine(secret: str, timestamp: str, signature: str, body: bytes, now: float) -> bool:
    """Whether ``signature`` is that of the raw ``body`` at ``timestamp``, and that is not too far from ``now``."""
    if not (secret and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > LATEST:
        return False
    made = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()
    return hmac.compare_digest(b"v0=" + made.encode(), signature.encode("utf-8", "replace"))


class Once:
    """Remembers the signatures of genuine requests for as long as they could be sent again."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def first(self, signature: str, now: float) -> bool:
        """Whether it is the first time. A request is good for :data:`LATEST` seconds on both sides of its timestamp."""
        with self._lock:
            while self._seen and (next(iter(self._seen.values())) < now - 2 * LATEST or len(self._seen) > MOST):
                self._seen.popitem(last=False)
            if signature in self._seen:
                return False
            self._seen[signature] = now
            return True
