"""Fault 3: kill -9 while the engine or a person changes something.

What was being written is there whole or not at all; doing it again gives what it would have given at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import pytest
import sqlalchemy as sa

import models
from saveline.core.errors import Refusal
from saveline.files import shipped
from saveline.store import directory, health, schema
from tests.faults.doings import DOINGS, Doing, commenting, do, firing, importing, migrate
from tests.faults.figures import measured
from tests.faults.rig import Site
from tests.laws.playing import empty
from tests.world import World

FACTS: Final = (
    models.Account,
    models.AccountRole,
    models.Signal,
    models.Deal,
    models.DealCause,
    models.Task,
    models.Event,
    models.Notice,
    models.Comment,
    models.Person,
)
Rows: TypeAlias = dict[str, list[dict[str, Any]]]


def everything(world: World) -> Rows:
    """All facts, by table. An id that the database gave out is replaced by what it stands for: a transaction that was
    killed has used it up."""
    found: Rows = {}
    people = {i: email for email, i in _ids(world).items()}
    with world.desk.reading() as conn:
        for table in (models.metadata.tables[str(m.__tablename__)] for m in FACTS):
            found[table.name] = [dict(row._mapping) for row in conn.execute(sa.select(table))]
    accounts = {row["id"]: row["key"] for row in found["account"]}
    names = {
        "account_id": accounts,
        "deal_id": {row["id"]: f"deal of {accounts[row['account_id']]}" for row in found["deal"]},
        **dict.fromkeys(("person_id", "owner_id", "assignee_id", "closed_by", "by_id", "manager_id"), people),
    }
    for rows in found.values():
        for row in rows:
            row.pop("id", None)
            row.update({column: ids.get(row[column]) for column, ids in names.items() if column in row})
        rows.sort(key=repr)
    return found


def _ids(world: World) -> dict[str, int]:
    with world.desk.reading() as conn:
        return directory.ids_by_email(conn)


# --- the tests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOINGS)
def test_killed_at_each_point_of_writing(on_both: World, name: str) -> None:
    """After a kill before the commit the facts are those from before; after the commit, those of the whole step. Done
    again, and three days later, they are what they are without a kill.

    Planted, each tried by hand: notices in a transaction of their own, after the deal's; SQLite connections without
    their BEGIN; an import that commits its rows before it judges them.
    """
    doing, site = DOINGS[name], Site(on_both)
    before, step, end = _undisturbed(on_both, doing)
    new = [e["kind"] for e in step["event"] if e not in before["event"]]
    assert set(doing.kinds) <= set(new), new
    for point in doing.points:
        subject = _prepared(on_both, doing)
        assert everything(on_both) == before
        assert site.run(do, doing.work, subject, SAVELINE_TEST_FAULTS="1", CRASH_AT=point) == -9, point
        _assert_same(on_both, step if point == "committed" else before, point)
        if point != "committed" or doing.work is not commenting:
            _again(on_both, doing, subject, refused=point == "committed")
        _assert_same(on_both, step, point)
        on_both.pass_time(days=3)
        _assert_same(on_both, end, point)
    measured(3, on_both, runs=len(doing.points))


def _undisturbed(world: World, doing: Doing) -> tuple[Rows, Rows, Rows]:
    """The facts before, after, and three days after. Done once for nothing: from then on Fay has been seen before."""
    for _ in range(2):
        subject = _prepared(world, doing)
        before = everything(world)
        doing.work(world.desk, subject)
        step = everything(world)
        world.pass_time(days=3)
    return before, step, everything(world)


def _prepared(world: World, doing: Doing) -> int:
    empty(world)
    return doing.prepare(world)


def _again(world: World, doing: Doing, subject: int, *, refused: bool) -> None:
    """Once more, by hand or by the next pass. What is done already is refused, or finds nothing to do."""
    if refused and doing.work not in (firing, importing):
        with pytest.raises(Refusal):
            doing.work(world.desk, subject)
    else:
        doing.work(world.desk, subject)


def _assert_same(world: World, wanted: Rows, point: str) -> None:
    found = everything(world)
    for table, rows in wanted.items():
        if table == "person" and point in ("people_file_written", "before_commit"):
            continue  # people.yaml is the truth: what an import wrote there reaches the directory from there
        assert found[table] == rows, (point, table)
    with world.desk.reading() as conn:
        assert all(agrees for _, agrees in health.disagreeing(conn, 0, 100)), point


def _tables(world: World) -> Sequence[str]:
    return sorted(sa.inspect(world.runtime.engine).get_table_names())


def test_killed_while_migrating(on_both: World) -> None:
    """A migration is there whole or not at all.

    Planted, tried by hand: ``upgrade`` on a connection that commits each statement.
    """
    site, folder, whole = Site(on_both), shipped.folder("migrations"), _tables(on_both)
    schema.downgrade(on_both.runtime.engine, folder, "base")
    none = _tables(on_both)
    assert site.run(migrate, SAVELINE_TEST_FAULTS="1", CRASH_AT="before_commit") == -9
    assert _tables(on_both) == none
    assert site.run(migrate, SAVELINE_TEST_FAULTS="1", CRASH_AT="committed") == -9
    assert _tables(on_both) == whole
    assert site.run(migrate) == 0
    current, newest = schema.behind(on_both.runtime.engine, folder)
    assert current == newest
    measured(3, on_both, runs=2)
