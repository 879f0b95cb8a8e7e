"""Rows by their natural key: reading many at once, and writing only those that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection

from saveline.core.facts import Fact
from saveline.store.database import is_sqlite

Key: TypeAlias = tuple[Any, ...]
Row: TypeAlias = Mapping[str, Any]

RECORDED: Final = "recorded_at"
_KEYS: Final[sa.BindParameter[Any]] = sa.bindparam("keys")


class Written(Fact, frozen=True):
    """How many rows were new, different and the same, and the keys of the first two."""

    added: tuple[Key, ...] = ()
    changed: tuple[Key, ...] = ()
    unchanged: int = 0


class Natural:
    """A table whose rows are known by ``key``. ``once`` names columns that are written with a new row only.

    One with ``before`` says in ``recorded_at`` since when each row says what it says; what it said until then is kept
    in that table, of which the first column is the row's id.
    """

    def __init__(
        self, table: sa.Table, key: Sequence[str], once: Sequence[str] = (), before: sa.Table | None = None
    ) -> None:
        self.table, self.key, self._once, self._before = table, tuple(key), frozenset(once), before

    def stored(self, conn: Connection, keys: Sequence[Key], columns: Sequence[str]) -> dict[Key, Row]:
        """The rows with these keys, each as a mapping of its ``key`` and ``columns``. One query, however many keys."""
        among, join = self._wanted(conn)
        names = dict.fromkeys((*self.key, *columns))
        query = sa.select(*(self.table.c[n] for n in names)).select_from(among.join(self.table, join))
        found = conn.execute(query, self._parameters(conn, keys)).mappings()
        return {tuple(row[k] for k in self.key): dict(row) for row in found}

    def write(self, conn: Connection, rows: Sequence[Row]) -> Written:
        """Insert what is new and update what differs. The rows have the same columns, and no key twice."""
        if not rows:
            return Written()
        columns = [c for c in rows[0] if c not in self.key]
        compared = [c for c in columns if c not in self._once and (self._before is None or c != RECORDED)]
        keys = [tuple(row[k] for k in self.key) for row in rows]
        stored = self.stored(conn, keys, compared)
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in stored}
        changed = {
            key: row
            for key, row in zip(keys, rows, strict=True)
            if key in stored and any(row[c] != stored[key][c] for c in compared)
        }
        if new:
            conn.execute(sa.insert(self.table), list(new.values()))
        if changed and self._before is not None:
            self._keep(conn, self._before, list(changed), rows[0][RECORDED])
            compared.append(RECORDED)
        if changed:
            self._update(conn, compared, list(changed.values()))
        return Written(tuple(new), tuple(changed), len(rows) - len(new) - len(changed))

    def _keep(self, conn: Connection, before: sa.Table, keys: Sequence[Key], now: datetime) -> None:
        """Keep what these rows said until now; of one that is not older than that, nobody was told anything."""
        among, join = self._wanted(conn)
        (own,), same = before.primary_key.columns.keys()[:1], [c.name for c in self.table.columns if c.name in before.c]
        until = sa.bindparam("until", now, type_=before.c.until.type)
        said = (
            sa.select(self.table.c.id, until, *(self.table.c[c] for c in same))
            .select_from(among.join(self.table, join))
            .where(self.table.c[RECORDED] < until)
        )
        conn.execute(sa.insert(before).from_select([own, "until", *same], said), self._parameters(conn, keys))

    def _update(self, conn: Connection, columns: Sequence[str], rows: Sequence[Row]) -> None:
        statement = sa.update(self.table).values({c: sa.bindparam(f"new_{c}") for c in columns})
        for k in self.key:
            statement = statement.where(self.table.c[k] == sa.bindparam(f"key_{k}"))
        names = {f"new_{c}": c for c in columns} | {f"key_{k}": k for k in self.key}
        conn.execute(statement, [{n: row[c] for n, c in names.items()} for row in rows])

    def _wanted(self, conn: Connection) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
        """A list of keys as a table, and how ours joins it."""
        own = [self.table.c[k] for k in self.key]
        if is_sqlite(conn):
            listed = sa.func.json_each(_KEYS).table_valued("value", name="wanted")
            parts = [sa.func.json_extract(listed.c.value, sa.literal_column(f"'$[{i}]'")) for i in range(len(own))]
            return listed, sa.and_(*(c == part for c, part in zip(own, parts, strict=True)))
        arrays = [sa.cast(sa.bindparam(f"keys_{c.name}"), ARRAY(_plain_type(c))) for c in own]
        wanted = sa.func.unnest(*arrays).table_valued(*self.key, name="wanted").render_derived()
        return wanted, sa.and_(*(c == wanted.c[c.name] for c in own))

    def _parameters(self, conn: Connection, keys: Sequence[Key]) -> dict[str, Any]:
        if is_sqlite(conn):
            return {"keys": json.dumps(keys)}
        return {f"keys_{k}": [key[i] for key in keys] for i, k in enumerate(self.key)}


def _plain_type(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    return sa.BigInteger() if isinstance(column.type, sa.Integer) else sa.Text()
