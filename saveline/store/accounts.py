"""Accounts and what is observed about them: written by natural key, and read for judging their risk."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Account, Fact, Signal
from saveline.store import load
from saveline.store.bulk import Read
from saveline.store.lineage import LastDeal, last_deals
from saveline.store.load import ACCOUNT, ROLE
from saveline.store.natural import Key, Natural, Row, Written
from saveline.store.rows import CAUSE, decode_json, encode_json, table

CONTACT: Final = table(models.Contact)
SIGNAL: Final = table(models.Signal)
TOUCHPOINT: Final = table(models.Touchpoint)
IMPORT_RUN: Final = table(models.ImportRun)

ACCOUNTS: Final = Natural(ACCOUNT, ("key",))
ROLES: Final = Natural(ROLE, ("account_id", "role"))
CONTACTS: Final = Natural(CONTACT, ("account_id", "email"))
TOUCHPOINTS: Final = Natural(TOUCHPOINT, ("account_id", "source_key"), before=table(models.TouchpointBefore))
SIGNALS: Final = Natural(
    SIGNAL, ("account_id", "kind", "source_key"), once=("source",), before=table(models.SignalBefore)
)

_SIGNALS = Read(
    sa.select(SIGNAL.c.account_id, SIGNAL.c.kind, SIGNAL.c.at, SIGNAL.c.value, SIGNAL.c.note, SIGNAL.c.id),
    SIGNAL.c.account_id,
)
_SPLIT_OFF = Read(
    sa.select(CAUSE.c.deal_id, CAUSE.c.cause, CAUSE.c.at).where(CAUSE.c.place < sa.literal_column("0")), CAUSE.c.deal_id
)


class Watched(Fact, frozen=True):
    """An account with all that its risk is judged by, and its last deal; ``split_off`` are causes that it lost."""

    account: Account
    signals: tuple[Signal, ...]
    deal: LastDeal | None = None
    split_off: Mapping[str, datetime] = {}

    @property
    def closed_at(self) -> datetime | None:
        """When its last deal ended; of one that is open again, when that had been closed."""
        return self.deal.closed_at if self.deal else None

    @property
    def open_deal(self) -> int | None:
        return self.deal.id if self.deal and self.deal.open else None


def ids_by_key(conn: Connection, among: Collection[str] | None = None) -> dict[str, int]:
    """Natural key → id of every account, or of those ``among`` these that there are."""
    if among is not None:
        return {key[0]: row["id"] for key, row in ACCOUNTS.stored(conn, [(k,) for k in among], ("id",)).items()}
    return {key: id_ for key, id_ in conn.execute(sa.select(ACCOUNT.c.key, ACCOUNT.c.id))}  # noqa: C416 - a result has keys(), which dict() would take for a mapping's


def contact_ids(conn: Connection, keys: Sequence[Key]) -> dict[Key, int]:
    """``(account's id, e-mail)`` → id of those contacts that there are."""
    return {key: row["id"] for key, row in CONTACTS.stored(conn, keys, ("id",)).items()}


def write_accounts(conn: Connection, rows: Sequence[Row]) -> Written:
    """Write accounts. ``fields`` is a dict of the user's own columns: those it does not name keep their values."""
    stored = ACCOUNTS.stored(conn, [(row["key"],) for row in rows], ("fields",))
    return ACCOUNTS.write(conn, [{**row, "fields": _merged(stored.get((row["key"],)), row["fields"])} for row in rows])


def _merged(stored: Row | None, given: Mapping[str, Any]) -> str:
    before: dict[str, Any] = decode_json(stored["fields"]) if stored is not None else {}
    after = {name: value for name, value in {**before, **given}.items() if value is not None}
    return stored["fields"] if stored is not None and after == before else encode_json(after)


def watched(conn: Connection, ids: Sequence[int], now: datetime) -> Iterator[Watched]:
    """Accounts with their signals, the latest human contact, and their deals. A fixed number of queries for all."""
    signals: dict[int, list[Signal]] = {}
    for account_id, kind, at, value, note, signal_id in _SIGNALS.rows(conn, ids):
        signals.setdefault(account_id, []).append(Signal(kind, at, value, note, signal_id))
    contacts = last_contacts(conn, ids, now)
    last = last_deals(conn, ids)
    split: dict[int, dict[str, datetime]] = {}
    for deal_id, cause, at in _SPLIT_OFF.rows(conn, sorted({d.id for d in last.values()})):
        split.setdefault(deal_id, {})[cause] = at
    for account in load.accounts(conn, ids):
        found = replace(account, last_contact=contacts.get(account.id))
        deal = last.get(account.id)
        yield Watched(found, tuple(signals.get(account.id, ())), deal, split.get(deal.id, {}) if deal else {})


def last_contacts(conn: Connection, ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    """When somebody last met each account, up to ``now``."""
    query = (
        sa.select(TOUCHPOINT.c.account_id, sa.func.max(TOUCHPOINT.c.at))
        .where(TOUCHPOINT.c.account_id.in_(ids), TOUCHPOINT.c.at <= now)
        .group_by(TOUCHPOINT.c.account_id)
    )
    return {account_id: at for account_id, at in conn.execute(query)}  # noqa: C416 - as above


def record_run(conn: Connection, run: Mapping[str, Any]) -> None:
    """Keep what an import did."""
    conn.execute(sa.insert(IMPORT_RUN), dict(run))
