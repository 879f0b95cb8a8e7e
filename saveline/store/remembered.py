"""What accounts, people and the workspace were called and worth at a moment: a row is added whenever that changes.

A report of a past week calls everything as it was called then, and counts what it was worth then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

import models
from saveline.core.facts import Absence, Account, Person
from saveline.core.workspace import Names
from saveline.store import directory
from saveline.store.bulk import Read
from saveline.store.database import insert_into
from saveline.store.load import ACCOUNT
from saveline.store.rows import table

NAMES: Final = table(models.NamesVersion)
PERSON_VERSION: Final = table(models.PersonVersion)
CHUNK: Final = 5_000

_names = msgspec.json.Decoder(Names)
_absences = msgspec.json.Decoder(tuple[Absence, ...])
_OF_PERSON: Final = ("name", "department", "zone", "country", "hours", "capacity", "active")
"""What is kept of somebody, beside their absences."""


class _Kept(NamedTuple):
    """A table, that of its versions, and the column by which these name its rows."""

    source: sa.Table
    versions: sa.Table
    key: str

    @property
    def columns(self) -> list[str]:
        return [c.name for c in self.versions.columns if c.name not in (self.key, "at")]


_ACCOUNTS: Final = _Kept(ACCOUNT, table(models.AccountVersion), "account_id")
_SUBSCRIPTIONS: Final = _Kept(table(models.Subscription), table(models.SubscriptionVersion), "subscription_id")
_DEPARTURES: Final = _Kept(table(models.Departure), table(models.DepartureVersion), "departure_id")
_SUPPORT: Final = _Kept(table(models.SupportCase), table(models.SupportCaseVersion), "support_case_id")
_IMPORTED: Final[Mapping[str, _Kept]] = {
    "accounts": _ACCOUNTS,
    "subscriptions": _SUBSCRIPTIONS,
    "departures": _DEPARTURES,
    "support_cases": _SUPPORT,
}
"""By the kind of row that an import brings."""


def keep_accounts(conn: Connection, now: datetime, ids: Collection[int] | None = None) -> None:
    """Keep what has changed of these accounts, or of all."""
    _keep(conn, _ACCOUNTS, now, ids)


def keep_people(conn: Connection, now: datetime) -> None:
    """Keep whose name, department, working hours, capacity or absences have changed."""
    old = {row[0]: row[2:] for row in conn.execute(_people_versions())}
    now_of = {p.id: (*(getattr(p, c) for c in _OF_PERSON), _absences_json(p)) for p in directory.persons(conn)}
    rows = [
        dict(zip(("person_id", "at", *_OF_PERSON, "absences"), (i, now, *known), strict=True))
        for i, known in now_of.items()
        if old.get(i) != known
    ]
    if rows:
        put = insert_into(conn, PERSON_VERSION)
        changed = {c: put.excluded[c] for c in (*_OF_PERSON, "absences")}
        conn.execute(put.on_conflict_do_update(index_elements=["person_id", "at"], set_=changed), rows)


def keep_imported(conn: Connection, now: datetime, kinds: Iterable[str]) -> None:
    """Keep what has changed of all rows of these kinds; those that have no versions change nothing here."""
    for kind in kinds:
        if kind == "people":
            keep_people(conn, now)
        elif kind in _IMPORTED:
            _keep(conn, _IMPORTED[kind], now, None)


def keep_names(conn: Connection, now: datetime, names: Names) -> None:
    """Keep what the workspace calls its stages and so on."""
    if last_names(conn) == names:
        return
    row = {"at": now, "value": msgspec.json.encode(names).decode()}
    put = insert_into(conn, NAMES).values(row)
    conn.execute(put.on_conflict_do_update(index_elements=["at"], set_={"value": put.excluded.value}))


def last_names(conn: Connection) -> Names | None:
    """What was kept last; None where nothing was."""
    last = conn.execute(sa.select(NAMES.c.value).order_by(NAMES.c.at.desc()).limit(1)).scalar()
    return _names.decode(last) if last is not None else None


def account_versions(conn: Connection, ids: Sequence[int]) -> Iterable[sa.Row[Any]]:
    """All versions of these accounts, by account and moment, as ``account_version`` has them."""
    return _rows(conn, _ACCOUNTS, ids)


_KNOWN: Final = tuple(_ACCOUNTS.columns)
_ACCOUNT_KNOWN = Read(
    sa.select(
        ACCOUNT.c.id,
        ACCOUNT.c.key,
        _ACCOUNTS.versions.c.at,
        *(
            sa.case((_ACCOUNTS.versions.c.at.is_(None), ACCOUNT.c[c]), else_=_ACCOUNTS.versions.c[c]).label(c)
            for c in _KNOWN
        ),
    )
    .outerjoin(_ACCOUNTS.versions, _ACCOUNTS.versions.c.account_id == ACCOUNT.c.id)
    .order_by(ACCOUNT.c.id, _ACCOUNTS.versions.c.at),
    ACCOUNT.c.id,
)


def known_accounts(conn: Connection, ids: Sequence[int], at: datetime) -> dict[int, Account]:
    """Accounts as they were known at a moment, with nothing but what versions are kept of: the last up to the moment,
    else the first there is, else as it is now."""
    rows: dict[int, Sequence[Any]] = {}
    for row in _ACCOUNT_KNOWN.rows(conn, ids):
        if row[0] not in rows or row[2] <= at:
            rows[row[0]] = row
    return {
        i: Account(i, key, name, segment, vertical, region, arr_cents, renewal, left_on=left_on)
        for i, key, _, name, segment, vertical, region, arr_cents, renewal, left_on in rows.values()
    }


def accounts_as_of(conn: Connection, accounts: Sequence[Account], at: datetime) -> list[Account]:
    """The same accounts, with what versions are kept of as it was known at a moment."""
    known = known_accounts(conn, [a.id for a in accounts], at)
    return [replace(a, **{c: getattr(known[a.id], c) for c in _KNOWN}) for a in accounts]


def people_as_of(conn: Connection, people: Sequence[Person], at: datetime) -> list[Person]:
    """The same people as they were known at a moment: the last version up to it, else the first there is. Whoever came
    later was not active then."""
    versions: dict[int, Any] = {}
    for row in conn.execute(_people_versions()):
        if row.person_id not in versions or row.at <= at:
            versions[row.person_id] = row
    return [_as_known(p, versions[p.id], at) if p.id in versions else p for p in people]


def names_as_of(conn: Connection, at: datetime) -> Names | None:
    """What the workspace called things at a moment; None where nothing is kept. How it counted them before that was
    kept is how it did first."""
    rows = conn.execute(sa.select(NAMES.c.at, NAMES.c.value).order_by(NAMES.c.at)).all()
    if not rows:
        return None
    found = _names.decode(next((row for row in reversed(rows) if row.at <= at), rows[0]).value)
    if found.counting is not None:
        return found
    first = next((n.counting for n in (_names.decode(row.value) for row in rows) if n.counting is not None), None)
    return replace(found, counting=first)


def _people_versions() -> sa.Select[Any]:
    """All versions of everybody, oldest first."""
    columns = ("person_id", "at", *_OF_PERSON, "absences")
    return sa.select(*(PERSON_VERSION.c[c] for c in columns)).order_by(PERSON_VERSION.c.at)


def _absences_json(person: Person) -> str:
    return msgspec.json.encode(person.absences).decode()


def _as_known(person: Person, row: Any, at: datetime) -> Person:
    known = {c: getattr(row, c) for c in _OF_PERSON}
    known["active"] = row.active and row.at <= at
    return replace(person, **known, absences=_absences.decode(row.absences))


def _keep(conn: Connection, kept: _Kept, now: datetime, ids: Collection[int] | None) -> None:
    source, old = kept.source, kept.versions
    key, same = old.c[kept.key], [old.c[c].is_not_distinct_from(source.c[c]) for c in kept.columns]
    newest = sa.select(sa.func.max(old.c.at)).where(key == source.c.id).correlate(source).scalar_subquery()
    unchanged = sa.exists().where(key == source.c.id, old.c.at == newest, *same)
    moment = sa.bindparam("now", now, type_=old.c.at.type)
    rows = sa.select(source.c.id, moment, *(source.c[c] for c in kept.columns)).where(~unchanged)
    if ids is not None:
        rows = rows.where(source.c.id.in_(ids))
    put = insert_into(conn, old).from_select([kept.key, "at", *kept.columns], rows, include_defaults=False)
    put = put.on_conflict_do_update(index_elements=[kept.key, "at"], set_={c: put.excluded[c] for c in kept.columns})
    conn.execute(put)


def _rows(conn: Connection, kept: _Kept, ids: Sequence[int]) -> Iterable[sa.Row[Any]]:
    """All versions of the rows with these ids, oldest first."""
    old = kept.versions
    columns = (old.c[kept.key], old.c.at, *(old.c[c] for c in kept.columns))
    return conn.execute(sa.select(*columns).where(old.c[kept.key].in_(ids)).order_by(old.c[kept.key], old.c.at))
