"""The secrets with which other systems sign their calls: of the environment, never of a file."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from saveline.core.workspace import WebhookSource
from saveline.settings import expand

SHORTEST: Final = 24
"""Bytes of a secret, as the standard says."""
PREFIX: Final = "whsec_"


def secrets_of(source: WebhookSource) -> list[str]:
    """The secrets of a source that can be used. One that is missing or too short lets nobody in: see :func:`faults`."""
    return [given for secret in source.secrets if (given := _value(secret)) is not None and not _fault(given)]


def faults(source: WebhookSource) -> list[str]:
    """What is wrong with the secrets of a source, for the doctor; never the secret."""
    found = []
    for secret in source.secrets:
        given = _value(secret)
        wrong = f"the environment has no {secret[2:-1]}" if given is None else _fault(given)
        if wrong:
            found.append(wrong if given is None else f"{secret[2:-1]} {wrong}")
    return found


def _value(secret: str) -> str | None:
    try:
        return expand(secret).strip()
    except KeyError:
        return None


def _fault(given: str) -> str:
    try:
        size = len(base64.b64decode(given.removeprefix(PREFIX) + "==", validate=False))
    except (binascii.Error, ValueError):
        size = 0
    if not given.startswith(PREFIX) or size < SHORTEST:
        return f"is no secret of a webhook: expected {PREFIX} and at least {SHORTEST} bytes in base64"
    return ""
