"""Prebuilt statements for the hot path: written with SQLAlchemy, compiled once a dialect, run with plain tuples.

SQLAlchemy's own execution converts each value of each row by name and type, which costs several times what the
database does. Here a statement knows the order of its values and which of them are moments, and nothing else happens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import lru_cache
from itertools import compress
from operator import is_not, itemgetter
from typing import Any, Final, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import UTCDateTime

from saveline.store.database import is_sqlite

Row: TypeAlias = Sequence[Any]
Statement: TypeAlias = sa.Insert | sa.Update
Types: TypeAlias = Mapping[str, sa.types.TypeEngine[Any]]

_POSITIONAL: Final[Mapping[str, Dialect]] = {
    "sqlite": pysqlite.dialect(paramstyle="qmark"),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
}


# Remembered, because the same few moments occur again and again in a batch: its deals are due at the same time.
@lru_cache(maxsize=4096)
def to_sqlite(at: datetime) -> str:
    """A UTC moment as SQLAlchemy writes it into SQLite: text that sorts."""
    return at.isoformat(" ", "microseconds")[:26]


# Not remembered: the many moments that a report reads are nearly all different, and looking one up costs more than
# reading it.
def from_sqlite(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


class Many:
    """An INSERT or UPDATE for many rows, each a sequence of values in the order of ``names``.

    SQLite runs it once for each row. PostgreSQL gets all rows as one array a column, which costs it and its driver a
    fraction of as many statements.
    """

    def __init__(self, each: Statement, whole: Statement, types: Types) -> None:
        self._each, self._whole, self._names = each, whole, tuple(types)
        self._moments = {n for n, t in types.items() if isinstance(t, UTCDateTime)}
        self._ready: dict[tuple[str, bool], tuple[str, Callable[[Row], Row]]] = {}

    @classmethod
    def insert(cls, into: sa.Table, columns: Sequence[str]) -> Many:
        """An INSERT of ``columns``; the others take their defaults."""
        defaults = {c.name: c.default for c in into.columns if c.name not in columns}
        constants = {name: _literal(d.arg) for name, d in defaults.items() if isinstance(d, ScalarElementColumnDefault)}
        types = {c: into.c[c].type for c in columns}
        rows = sa.select(*_unnested(types).c, *constants.values())
        return cls(
            sa.insert(into).values({c: sa.bindparam(c) for c in columns} | constants),
            sa.insert(into).from_select([*columns, *constants], rows, include_defaults=False),
            types,
        )

    @classmethod
    def update(cls, table: sa.Table, columns: Sequence[str], key: Sequence[str], **constants: Any) -> Many:
        """An UPDATE of ``columns``, and of ``constants`` to the same in each row; a row's last values are its key."""
        types = {c: table.c[c].type for c in columns} | {f"key_{k}": table.c[k].type for k in key}
        rows, fixed = _unnested(types), {name: _literal(value) for name, value in constants.items()}
        each = sa.update(table).values({c: sa.bindparam(c) for c in columns} | fixed)
        whole = sa.update(table).values({c: rows.c[c] for c in columns} | fixed)
        for k in key:
            each = each.where(table.c[k] == sa.bindparam(f"key_{k}"))
            whole = whole.where(table.c[k] == rows.c[f"key_{k}"])
        return cls(each, whole, types)

    def run(self, conn: Connection, rows: Sequence[Row]) -> int:
        """Run it for ``rows``; returns how many rows of the table were touched."""
        if not rows:
            return 0
        whole = len(rows) > 1 and not is_sqlite(conn)
        sql, ordered = self._statement(conn.dialect.name, whole)
        with _cursor(conn, sql) as cursor:
            if whole:
                cursor.execute(sql, ordered([list(column) for column in zip(*rows, strict=True)]))
            elif len(rows) == 1:
                cursor.execute(sql, ordered(rows[0]))
            else:
                cursor.executemany(sql, list(map(ordered, rows)))
            return int(cursor.rowcount)

    def returned(self, conn: Connection, rows: Sequence[Row]) -> list[Row]:
        """Run a statement that ends with RETURNING; gives what it returns."""
        whole = len(rows) > 1 and not is_sqlite(conn)
        sql, ordered = self._statement(conn.dialect.name, whole)
        found: list[Row] = []
        with _cursor(conn, sql) as cursor:
            given = [[list(column) for column in zip(*rows, strict=True)]] if whole else rows
            for values in given:
                cursor.execute(sql, ordered(values))
                found += cursor.fetchall()
        return found

    def _statement(self, dialect: str, whole: bool) -> tuple[str, Callable[[Row], Row]]:
        found = self._ready.get((dialect, whole))
        if found is None:
            found = self._ready[dialect, whole] = self._compile(dialect, self._whole if whole else self._each)
        return found

    def _compile(self, dialect: str, statement: Statement) -> tuple[str, Callable[[Row], Row]]:
        compiled = statement.compile(dialect=_POSITIONAL[dialect])
        names = compiled.positiontup or ()
        places = [self._names.index(n) for n in names]
        # For a single one itemgetter gives the value itself, not a row of it.
        pick: Callable[[Row], Row] = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        texts = [i for i, n in enumerate(names) if n in self._moments]

        def as_text(row: Row) -> Row:
            values = list(pick(row))
            for i in texts:
                if values[i] is not None:
                    values[i] = to_sqlite(values[i])
            return values

        return str(compiled), as_text if texts and dialect == "sqlite" else pick


def _unnested(types: Types) -> sa.TableValuedAlias:
    """Rows out of one array a column."""
    arrays = (sa.bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items())
    columns = (sa.column(name, type_) for name, type_ in types.items())
    return sa.func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def given_rows(statement: Callable[[Any], Statement], types: Types) -> Many:
    """A statement of one's own for many rows: ``statement`` makes it from their values by name."""
    binds = {name: sa.bindparam(name, type_=type_) for name, type_ in types.items()}
    return Many(statement(binds), statement(_unnested(types).c), types)


def upsert(into: sa.Table, columns: Sequence[str], key: Sequence[str], *, keep: bool = False) -> Many:
    """An INSERT of ``columns``, or where the row of that ``key`` is there, an UPDATE of the others; with ``keep``
    nothing."""
    changed = [c for c in columns if c not in key]
    defaults = {c.name: c.default for c in into.columns if c.name not in columns}
    constants = {name: _literal(d.arg) for name, d in defaults.items() if isinstance(d, ScalarElementColumnDefault)}
    types = {c: into.c[c].type for c in columns}
    # PostgreSQL's ON CONFLICT is written in the same words on SQLite; the other way round does not compile.
    each = postgresql.insert(into).values({c: sa.bindparam(c) for c in columns} | constants)
    rows = sa.select(*_unnested(types).c, *constants.values())
    whole = postgresql.insert(into).from_select([*columns, *constants], rows, include_defaults=False)
    if keep:
        return Many(each.on_conflict_do_nothing(), whole.on_conflict_do_nothing(), types)
    return Many(
        each.on_conflict_do_update(index_elements=key, set_={c: each.excluded[c] for c in changed}),
        whole.on_conflict_do_update(index_elements=key, set_={c: whole.excluded[c] for c in changed}),
        types,
    )


class Changed:
    """An UPDATE of those of ``columns`` only that are other than before: a statement for each set of them that occurs.

    Most changes of a deal or task touch two or three of two dozen columns. ``constants`` are set whenever a row is.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], key: Sequence[str], **constants: Any) -> None:
        self._table, self._columns, self._key, self._constants = table, columns, key, constants
        self._updates: dict[tuple[bool, ...], Many] = {}

    def run(self, conn: Connection, rows: Iterable[tuple[Row, Row, Row]]) -> int:
        """Each row is ``(values before, values after, key)``; returns how many rows of the table were touched."""
        alike: dict[tuple[bool, ...], list[Row]] = {}
        for before, after, key in rows:
            # A value that has not been replaced is the same object. One that is merely equal is written again.
            changed = tuple(map(is_not, before, after))
            if not any(changed) and not self._constants:
                continue
            alike.setdefault(changed, []).append((*compress(after, changed), *key))
        return sum(self._update(changed).run(conn, values) for changed, values in alike.items())

    def _update(self, changed: tuple[bool, ...]) -> Many:
        if changed not in self._updates:
            columns = list(compress(self._columns, changed))
            self._updates[changed] = Many.update(self._table, columns, self._key, **self._constants)
        return self._updates[changed]


class Read:
    """A SELECT of the rows whose ``key`` is among given ids, as plain rows in the order of its columns."""

    def __init__(self, statement: sa.Select[Any], key: sa.ColumnElement[Any], *, lock: sa.Table | None = None) -> None:
        self._statement, self._key, self._lock = statement, key, lock
        self._converters, self._width = _converters(statement), len(statement.selected_columns)
        self._ready: dict[str, str] = {}

    def rows(self, conn: Connection, ids: Sequence[int]) -> Sequence[Row]:
        found = self._found(conn, ids)
        return _converted(found, self._converters) if is_sqlite(conn) else found

    def columns(self, conn: Connection, ids: Sequence[int]) -> Sequence[Sequence[Any]]:
        """The same column by column, for those who make values of many rows."""
        found = self._found(conn, ids)
        return _columns(found, self._converters if is_sqlite(conn) else ()) or [()] * self._width

    def _found(self, conn: Connection, ids: Sequence[int]) -> Sequence[Row]:
        dialect = conn.dialect.name
        if dialect not in self._ready:
            self._ready[dialect] = self._compile(dialect)
        given = msgspec.json.encode(ids).decode() if dialect == "sqlite" else list(ids)
        return _rows(conn, self._ready[dialect], (given,))

    def _compile(self, dialect: str) -> str:
        ids: sa.BindParameter[Any] = sa.bindparam("ids")
        among: sa.ColumnElement[bool]
        if dialect == "sqlite":
            among = self._key.in_(sa.select(sa.column("value")).select_from(sa.func.json_each(ids)))
        else:
            among = self._key == sa.any_(sa.cast(ids, ARRAY(sa.BigInteger)))
        statement = self._statement.where(among)
        if self._lock is not None:
            statement = statement.with_for_update(of=self._lock)
        return str(statement.compile(dialect=_POSITIONAL[dialect]))


def _literal(value: int | str | None) -> sa.ColumnElement[Any]:
    """A constant of ours as part of the statement: it need not be sent with each row."""
    if value is None:
        return sa.null()
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    return sa.literal_column(str(int(value)) if isinstance(value, int) else f"'{value}'")


class Ask:
    """A SELECT with named values, as plain rows in the order of its columns."""

    def __init__(self, statement: sa.Select[Any]) -> None:
        self._statement, self._converters = statement, _converters(statement)
        self._ready: dict[str, tuple[str, Sequence[tuple[str, Any]], Collection[str]]] = {}

    def rows(self, conn: Connection, **values: Any) -> Sequence[Row]:
        dialect = conn.dialect.name
        if dialect not in self._ready:
            self._ready[dialect] = self._compile(dialect)
        sql, names, texts = self._ready[dialect]
        given = [to_sqlite(values[n]) if n in texts else values.get(n, own) for n, own in names]
        found = _rows(conn, sql, given)
        return found if dialect != "sqlite" else _converted(found, self._converters)

    def _compile(self, dialect: str) -> tuple[str, Sequence[tuple[str, Any]], Collection[str]]:
        compiled = self._statement.compile(dialect=_POSITIONAL[dialect])
        moments = {n for n, bound in compiled.binds.items() if isinstance(bound.type, UTCDateTime)}
        names = [(n, compiled.binds[n].value) for n in compiled.positiontup or ()]
        return str(compiled), names, moments if dialect == "sqlite" else ()


def _converters(statement: sa.Select[Any]) -> Sequence[tuple[int, Callable[[str], Any]]]:
    """The places of columns that SQLite keeps as text, each with what makes a moment or a day of it."""
    columns = enumerate(statement.selected_columns)
    return [(i, _FROM_TEXT[type(c.type)]) for i, c in columns if type(c.type) in _FROM_TEXT]


def _converted(rows: Sequence[Row], converters: Sequence[tuple[int, Callable[[str], Any]]]) -> Sequence[Row]:
    """Column by column: a third of the time that it takes row by row."""
    return list(zip(*_columns(rows, converters), strict=True)) if converters else rows


def _columns(rows: Sequence[Row], converters: Sequence[tuple[int, Callable[[str], Any]]]) -> list[Sequence[Any]]:
    """Nothing where there are no rows."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for i, convert in converters if columns else ():
        columns[i] = [None if value is None else convert(value) for value in columns[i]]
    return columns


def _rows(conn: Connection, sql: str, values: Row) -> Sequence[Row]:
    with _cursor(conn, sql) as cursor:
        cursor.execute(sql, values)
        found: Sequence[Row] = cursor.fetchall()
        return found


@contextmanager
def _cursor(conn: Connection, sql: str) -> Iterator[Any]:
    """The driver's own cursor within the connection's transaction, and errors as SQLAlchemy raises them.

    SQLAlchemy's way to run a plain statement costs a tenth of a millisecond, and describes each column again each time:
    together more than all that SQLite does for a finished task.
    """
    if not conn.in_transaction():
        conn.begin()
    driver = conn.dialect.loaded_dbapi
    cursor = conn.connection.cursor()
    try:
        yield cursor
    except driver.Error as error:
        lost = conn.dialect.is_disconnect(error, conn.connection.dbapi_connection, cursor)
        if lost:
            conn.invalidate(error)
        raise DBAPIError.instance(
            sql, None, error, driver.Error, hide_parameters=True, connection_invalidated=lost, dialect=conn.dialect
        ) from error
    finally:
        with suppress(driver.Error):  # what has failed has been raised already
            cursor.close()


_FROM_TEXT: Final[Mapping[type[Any], Callable[[str], Any]]] = {UTCDateTime: from_sqlite, sa.Date: date.fromisoformat}
