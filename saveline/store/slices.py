"""Which accounts belong to a slice, as was known at a moment, and by which words deals and accounts can be sliced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.slices import OF_ACCOUNT, UNKNOWN, Slice
from saveline.store.load import ACCOUNT
from saveline.store.rows import CAUSE, DEAL, table

VERSION: Final = table(models.AccountVersion)


def accounts(conn: Connection, wanted: Slice, known: datetime) -> frozenset[int]:
    """The ids of all that are of the slice, by its dimensions of accounts: by the last version up to the moment, else
    the first there is, else as it is now."""
    asked = {name: value for name, value in wanted.given.items() if name in OF_ACCOUNT}
    now = sa.select(ACCOUNT.c.id, *(ACCOUNT.c[name] for name in asked))
    found: dict[int, Sequence[Any]] = {row[0]: row[1:] for row in conn.execute(now)}
    versions = sa.select(VERSION.c.account_id, VERSION.c.at, *(VERSION.c[name] for name in asked))
    seen = set[int]()
    for account_id, at, *values in conn.execute(versions.order_by(VERSION.c.account_id, VERSION.c.at)):
        if at <= known or account_id not in seen:
            seen.add(account_id)
            found[account_id] = values
    wants = tuple(asked.values())
    return frozenset(i for i, values in found.items() if tuple(v or UNKNOWN for v in values) == wants)


def words(conn: Connection, dimension: str) -> list[str]:
    """What accounts or deals are known by, now or before: their segments, verticals, regions, causes or plays."""
    columns = {"cause": (CAUSE.c.cause,), "play": (DEAL.c.play,)}
    asked = columns.get(dimension) or (ACCOUNT.c[dimension], VERSION.c[dimension])
    found = {word for column in asked for word in conn.execute(sa.select(column).distinct()).scalars() if word}
    return sorted(found)
