"""People whom a channel does not reach any more, because something that was sent to them came back."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Fact
from saveline.store.rows import table

UNREACHABLE: Final = table(models.Unreachable)


class Lost(Fact, frozen=True):
    """By which channel and at which address somebody is not reached, and what was said about it."""

    person_id: int
    channel: str
    address: str
    reason: str


def everybody(conn: Connection) -> list[Lost]:
    """All of them; there are few, for somebody who cannot be reached is soon given another address."""
    columns = [UNREACHABLE.c[f] for f in Lost.__struct_fields__]
    return [Lost(*row) for row in conn.execute(sa.select(*columns))]
