"""History as plain tables: another tool computes from them what Saveline says, and they fold to the same deals.

Planted bugs that turned these tests red: a task's clock forgotten when it is closed, the first "seen" overwritten by
the second, a cut by when things happened and not by when they were written, a text of a change left in without
``texts``, a cell of a CSV written as it came, and accounts as they are now in tables of last week.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from saveline.actions.exporting import write_tables
from saveline.core.cells import formula
from saveline.core.changes import Event, TaskStarted, decode, evolve
from saveline.core.dataset import TABLES, Shown
from saveline.core.facts import Deal
from saveline.core.withheld import deal_without_texts
from saveline.files.datatables import Form
from saveline.store import load, remembered
from saveline.store.load import ACCOUNT
from saveline.store.rows import DEAL
from tests import databases
from tests.data.lived import HOSTILE, Lived
from tests.world import World, world

ALL = Shown(people=True, texts=True)
DEALS = 40


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("lived")
    with world(folder / "workspace", databases.sqlite(folder / "saveline.db")) as built:
        yield Lived(built, DEALS, "tables")


def asked(folder: Path, form: Form, query: str) -> list[tuple[Any, ...]]:
    """What DuckDB answers, from nothing but the files."""
    read = {name: f"read_{form}('{folder / name}.{form}')" for name in TABLES}
    if form == "csv":  # every cell is a text to begin with, as for any other reader of a CSV
        read = {name: call.replace(")", ", all_varchar = true, header = true)") for name, call in read.items()}
    with duckdb.connect() as conn:
        conn.execute("SET TimeZone = 'UTC'")
        return conn.execute(query.format(**read)).fetchall()


def deals_of(lived: Lived) -> dict[int, Deal]:
    """The deals as they stand in the database."""
    with lived.desk.reading() as conn:
        ids = list(conn.execute(sa.select(DEAL.c.id)).scalars())
        return {deal.id: deal for deal, _ in load.deals(conn, ids)}


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_duckdb_counts_what_is_there(lived: Lived, tmp_path: Path, form: Form) -> None:
    """Deals by state and outcome with their ARR, tasks by state and lateness, events by kind: as the database says."""
    done = write_tables(lived.desk, tmp_path, form)
    deals, histories = deals_of(lived), lived.histories()
    assert (done.deals, done.events) == (len(deals), sum(map(len, histories.values())))

    by_end = "SELECT state, outcome, count(*), sum(arr_cents::BIGINT)::BIGINT FROM {deals} GROUP BY ALL"
    counts = Counter((d.state, d.outcome) for d in deals.values())
    worth = Counter[tuple[str, str | None]]()
    for d in deals.values():
        worth[d.state, d.outcome] += d.arr_cents
    assert {(s, o): (n, arr) for s, o, n, arr in asked(tmp_path, form, by_end)} == {
        end: (counts[end], worth[end]) for end in counts
    }
    kinds = dict(asked(tmp_path, form, "SELECT kind, count(*) FROM {events} GROUP BY ALL"))
    assert kinds == Counter(e.kind for events in histories.values() for e in events)
    behind = "count(*) FILTER (closed_at::TIMESTAMPTZ > promised_at::TIMESTAMPTZ)"
    late = f"SELECT state, count(*), {behind} FROM {{tasks}} GROUP BY ALL"
    assert {state: (n, passed) for state, n, passed in asked(tmp_path, form, late)} == tasks_of(histories, deals)
    seen = asked(tmp_path, form, "SELECT deal_id::BIGINT, task_no::BIGINT, first_seen_at::TIMESTAMPTZ FROM {tasks}")
    assert {(i, no): at.astimezone(UTC) for i, no, at in seen if at is not None} == first_seen(histories)


def first_seen(histories: Mapping[int, list[Event]]) -> dict[tuple[int, int], datetime]:
    """By task when somebody said first that they have read it."""
    found: dict[tuple[int, int], datetime] = {}
    for deal_id, events in histories.items():
        for event in events:
            if event.kind == "task_seen":
                found.setdefault((deal_id, event.task_no), event.at)
    assert sum(e.kind == "task_seen" for events in histories.values() for e in events) > len(found)
    return found


def tasks_of(histories: Mapping[int, list[Event]], deals: Mapping[int, Deal]) -> dict[str, tuple[int, int]]:
    """By state how many tasks there are, and how many were closed after they had first been due: from the events."""
    promised: dict[tuple[int, int], datetime] = {}
    for deal_id, events in histories.items():
        starts = [(e.task_no, e.change) for e in events if isinstance(e.change, TaskStarted)]
        promised.update(((deal_id, no), change.due_at) for no, change in starts)
    found: dict[str, tuple[int, int]] = {}
    for deal in deals.values():
        for task in deal.tasks:
            count, behind = found.get(task.state, (0, 0))
            due = promised.get((deal.id, task.no))
            is_late = task.closed_at is not None and due is not None and task.closed_at > due
            found[task.state] = (count + 1, behind + is_late)
    return found


def test_the_events_fold_to_the_deals(lived: Lived, tmp_path: Path) -> None:
    """The law: what was exported, decoded and folded, is what the database holds."""
    write_tables(lived.desk, tmp_path, "parquet", shown=ALL)
    deals = deals_of(lived)
    for deal_id, deal in folded(tmp_path).items():
        kept = deals[deal_id]
        assert deal == evolve(Deal(id=deal_id, account_id=kept.account_id), lived.histories()[deal_id])
        assert (deal.state, deal.outcome, deal.arr_cents, deal.stage) == (
            kept.state,
            kept.outcome,
            kept.arr_cents,
            kept.stage,
        )


def folded(folder: Path) -> dict[int, Deal]:
    columns = "deal_id, account_id, seq, happened_at, kind, data, task_no, by_id, via"
    rows = asked(folder, "parquet", f"SELECT {columns} FROM {{events}} ORDER BY deal_id, seq")
    found: dict[int, Deal] = {}
    for deal_id, account_id, seq, at, kind, data, task_no, by, via in rows:
        event = Event(seq, at.astimezone(UTC), decode(kind, data), task_no, by, via)
        found[deal_id] = evolve(found.get(deal_id, Deal(id=deal_id, account_id=account_id)), [event])
    return found


def test_without_texts_and_names_nothing_of_them_leaves(lived: Lived, tmp_path: Path) -> None:
    """And yet the events fold to the same deals but for their texts."""
    write_tables(lived.desk, tmp_path / "less", "parquet")
    write_tables(lived.desk, tmp_path / "less", "csv")
    write_tables(lived.desk, tmp_path / "all", "parquet", shown=ALL)
    less, everything = folded(tmp_path / "less"), folded(tmp_path / "all")
    # A reason that is empty counts as none where deals are merged.
    untold = {i: replace(deal_without_texts(d), reason=None) for i, d in everything.items()}
    assert {i: replace(d, reason=None) for i, d in less.items()} == untold
    text = "".join(path.read_text() for path in (tmp_path / "less").glob("*.csv"))
    for secret in ("HYPERLINK", "lawyer", "Ana Ruiz", "ana@x.example", "least_loaded", "holiday"):
        assert secret not in text, secret
    words = "SELECT string_agg(name || email) FROM {people}"
    assert "Ana Ruizana@x.example" in asked(tmp_path / "all", "parquet", words)[0][0]
    assert (HOSTILE.strip(),) in asked(tmp_path / "all", "parquet", "SELECT reason FROM {deals}")


def test_a_spreadsheet_finds_no_formula(lived: Lived, tmp_path: Path) -> None:
    write_tables(lived.desk, tmp_path, "csv", shown=ALL)
    for name in TABLES:
        with (tmp_path / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
        assert rows[0] == [c.name for c in TABLES[name]]
        assert {len(row) for row in rows} == {len(TABLES[name])}
        assert not [cell for row in rows for cell in row if formula(cell)]
    dangerous = "SELECT count(*) FROM {accounts} WHERE name LIKE '''=cmd%'"
    assert asked(tmp_path, "csv", dangerous) == [(len(range(0, DEALS + DEALS // 4, 7)),)]


def test_tables_as_of_a_moment_hold_what_was_known_then(lite: World, tmp_path: Path) -> None:
    """The engine stands still over Saturday and catches up on Monday: what happened meanwhile was not known before."""
    lite.open()
    sunday = lite.now + timedelta(days=5)
    lite.jump(lite.now + timedelta(days=6))
    lite.close_deal("chris", "let_go")

    def counted(at: datetime) -> tuple[int, list[tuple[Any, ...]]]:
        done = write_tables(lite.desk, tmp_path, "parquet", as_of=at)
        return done.events, asked(tmp_path, "parquet", "SELECT state, outcome FROM {deals}")

    early, late = counted(sunday), counted(lite.now + timedelta(seconds=1))
    assert early == (4, [("open", None)])
    assert late == (len(lite.history()), [("closed", "let_go")])
    assert counted(datetime(2026, 11, 20, 9, tzinfo=UTC)) == (0, [])
    moment = "'2026-11-25 10:00:00+00'"
    ages = f"SELECT count(*) FROM {{events}} WHERE happened_at < {moment} AND recorded_at > {moment}"
    assert asked(tmp_path, "parquet", ages) == [(0,)]
    write_tables(lite.desk, tmp_path, "parquet")
    assert asked(tmp_path, "parquet", ages)[0][0] > 0


def test_accounts_are_told_as_they_were_known(on_both: World, tmp_path: Path) -> None:
    """What it was worth last week is in the tables as of last week, and both are in the one of versions."""
    account = on_both.account(arr=80_000)
    week = on_both.now + timedelta(days=7)
    for at, arr in ((on_both.now, 8_000_000), (week, 5_000_000)):
        with on_both.desk.writing() as conn:
            conn.execute(sa.update(ACCOUNT).values(arr_cents=arr))
            remembered.keep_accounts(conn, at)
    worth, versions = "SELECT account_id, arr_cents FROM {accounts}", "SELECT arr_cents FROM {account_versions}"
    write_tables(on_both.desk, tmp_path, "parquet", as_of=week - timedelta(hours=1))
    assert asked(tmp_path, "parquet", worth) == [(account, 8_000_000)]
    assert asked(tmp_path, "parquet", versions) == [(8_000_000,)]
    write_tables(on_both.desk, tmp_path, "parquet")
    assert asked(tmp_path, "parquet", worth) == [(account, 5_000_000)]
    assert asked(tmp_path, "parquet", versions) == [(8_000_000,), (5_000_000,)]
