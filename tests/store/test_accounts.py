"""Writing by natural key: only what differs, in a fixed number of statements, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection, Engine

import models
from saveline.store import accounts
from saveline.store.natural import Natural
from tests.world import World

AT = datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC)
SIGNAL = models.metadata.tables["signal"]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are run."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def signals(account_id: int, count: int, **changed: Any) -> list[dict[str, Any]]:
    row = {
        "account_id": account_id,
        "kind": "nps",
        "at": AT,
        "value": 0.1,
        "note": "",
        "source": "a.csv",
        "recorded_at": AT,
    }
    return [{**row, "source_key": f"k{i}", **changed} for i in range(count)]


def test_only_what_differs_is_written(on_both: World) -> None:
    acme = on_both.account()
    with on_both.desk.writing() as conn:
        first = accounts.SIGNALS.write(conn, signals(acme, 3))
        again = accounts.SIGNALS.write(conn, signals(acme, 3, source="b.csv"))
        moved = accounts.SIGNALS.write(conn, signals(acme, 2, at=AT + timedelta(microseconds=1)))
        rows = conn.execute(sa.select(SIGNAL).order_by(SIGNAL.c.id)).all()
    assert (len(first.added), len(first.changed), first.unchanged) == (3, 0, 0)
    assert (again.added, again.changed, again.unchanged) == ((), (), 3), "where a row came from first stays"
    assert moved.changed == ((acme, "nps", "k0"), (acme, "nps", "k1"))
    assert [(r.at - AT).microseconds for r in rows] == [1, 1, 0]
    assert {r.source for r in rows} == {"a.csv"}


@pytest.mark.parametrize("count", [3, 2000])
def test_as_many_statements_for_many_rows_as_for_few(on_both: World, count: int) -> None:
    """Planted: asking for each row by itself."""
    acme = on_both.account()
    with on_both.desk.writing() as conn, counted(on_both.runtime.engine) as seen:
        accounts.SIGNALS.write(conn, signals(acme, count))
        accounts.SIGNALS.write(conn, signals(acme, count, value=0.2))
        accounts.SIGNALS.write(conn, signals(acme, count, value=0.2))
    assert [s.split()[0] for s in seen] == ["SELECT", "INSERT", "SELECT", "INSERT", "UPDATE", "SELECT"]


def test_the_unique_key_finds_the_rows(lite: World) -> None:
    """Not a walk through the table: with millions of signals every batch would take a minute."""
    acme = lite.account()
    with lite.desk.writing() as conn, counted(lite.runtime.engine) as seen:
        accounts.SIGNALS.stored(conn, [(acme, "nps", "k")], ("value",))
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {seen[0]}", ("[]",)).all()
    assert any("(account_id=? AND kind=? AND source_key=?)" in str(row) for row in plan), plan


def write(conn: Connection, **row: Any) -> str:
    done = accounts.write_accounts(conn, [{"fields": {}, **row}])
    return "added" if done.added else "changed" if done.changed else "unchanged"


def account(conn: Connection) -> Any:
    return conn.execute(sa.select(models.metadata.tables["account"])).one()


def test_columns_that_are_not_given_keep_their_values(on_both: World) -> None:
    with on_both.desk.writing() as conn:
        assert write(conn, key="a", name="A", arr_cents=5, renewal=date(2027, 1, 2), fields={"plan": "gold"}) == "added"
        assert write(conn, key="a", health=70) == "changed"
        assert write(conn, key="a", fields={"trial_end": "2026-12-01"}) == "changed"
        assert write(conn, key="a", health=70, fields={"trial_end": "2026-12-01"}) == "unchanged"
        assert write(conn, key="a", renewal=date(2027, 1, 2)) == "unchanged"
        found = account(conn)
        assert (found.name, found.arr_cents, found.renewal, found.health) == ("A", 5, date(2027, 1, 2), 70)
        assert found.fields == '{"plan":"gold","trial_end":"2026-12-01"}'
        assert write(conn, key="a", renewal=None, fields={"plan": None}) == "changed"
        assert (account(conn).renewal, account(conn).fields) == (None, '{"trial_end":"2026-12-01"}')


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6, unique=True), st.lists(TEXTS, max_size=6))
def test_any_text_is_found_again(shared: World, keys: list[str], others: list[str]) -> None:
    """Law: what was written under a key is found under it and under no other, whatever letters it has."""
    acme = 1
    with shared.desk.writing() as conn:
        conn.execute(sa.delete(SIGNAL))
        rows = [{**signals(acme, 1)[0], "source_key": k, "note": k[::-1]} for k in keys]
        assert len(accounts.SIGNALS.write(conn, rows).added) == len(keys)
        found = accounts.SIGNALS.stored(conn, [(acme, "nps", k) for k in {*keys, *others}], ("note",))
        assert {key[2]: row["note"] for key, row in found.items()} == {k: k[::-1] for k in keys}
        assert accounts.SIGNALS.write(conn, rows).unchanged == len(keys)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world on SQLite for all the examples of a law: each of them clears what it writes."""
    folder = tmp_path_factory.mktemp("shared")
    built = World(folder / "workspace", f"sqlite:///{folder / 'saveline.db'}")
    built.account()
    yield built
    built.close()


def test_the_last_contact_is_the_last_that_has_been(on_both: World) -> None:
    acme, globex = on_both.account(), on_both.account("globex", name="Globex")
    touchpoints = Natural(models.metadata.tables["touchpoint"], ("account_id", "source_key"))
    row = {"account_id": acme, "how": "call", "recorded_at": AT}
    rows = [{**row, "source_key": str(d), "at": AT + timedelta(days=d)} for d in (-9, -3, 1)]
    with on_both.desk.writing() as conn:
        touchpoints.write(conn, rows)
        assert accounts.last_contacts(conn, [acme, globex], AT) == {acme: AT - timedelta(days=3)}


def test_watching_takes_as_many_queries_for_many_accounts_as_for_one(on_both: World) -> None:
    ids = [on_both.account(f"k{i}", name=f"K{i}") for i in range(30)]
    with on_both.desk.writing() as conn:
        accounts.SIGNALS.write(conn, [s for i in ids for s in signals(i, 4)])
    on_both.open(ids[3])
    with on_both.desk.reading() as conn, counted(on_both.runtime.engine) as seen:
        conn.execute(sa.select(1))
        seen.clear()
        one = list(accounts.watched(conn, ids[:1], AT))
        few = len(seen)
        all_ = {w.account.id: w for w in accounts.watched(conn, ids, AT)}
    assert len(seen) == 2 * few <= 12
    assert [s.value for s in one[0].signals] == [0.1] * 4
    assert {i for i, w in all_.items() if w.open_deal} == {ids[3]}
