"""Another way to a reader whom a message did not reach."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from msgspec import DecodeError
from sqlalchemy.engine import Connection

from saveline.core import delivery
from saveline.core.delivery import Queued
from saveline.core.notices import Lost, Notice
from saveline.core.people import People
from saveline.core.workspace import Workspace
from saveline.store import outbox
from saveline.store.rows import decode_json

_ALIVE: Final = frozenset({"queued", "sending", "unknown", "sent"})


def other_ways(
    conn: Connection, notice: Queued, people: People, workspace: Workspace, lost: Lost
) -> list[Notice] | None:
    """By what else the reader could be told; None where another notice tells them the same already. Of a person's ways
    only the first is taken; those of a room's members belong together."""
    same = outbox.by_channel(conn, notice)
    if any(status in _ALIVE for channel, status in same.items() if channel != notice.channel):
        return None
    ways = list(delivery.detours(notice, _about(notice), people, workspace, lost))
    return [way for way in ways if way.channel not in same][:1] if notice.person_id else ways


def _about(notice: Queued) -> dict[str, object]:
    """What it says, or nothing where that is why it is dead."""
    with suppress(DecodeError):
        found: object = decode_json(notice.about)
        return found if isinstance(found, dict) else {}
    return {}
