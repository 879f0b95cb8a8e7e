"""The seeded history of benchmarks.history in a database, its report, and its tables as another tool reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from benchmarks import history
from saveline.actions import reports
from saveline.actions.exporting import write_tables
from saveline.core.dataset import TABLES
from saveline.core.periods import Period, parse
from saveline.core.report import StageReport
from saveline.core.workspace import Workspace
from tests import databases
from tests.world import world

NOW: Final = datetime(2026, 11, 23, 6, tzinfo=UTC)
WEEK: Final = "2026-W32"
"""A past one, so that much has happened since that the report must not know of."""
CHANCES: Final = re.compile(r"(stage: \w+, title: [\w ]+)}")


class Seeded:
    """``report`` is Saveline's; :meth:`ask` is DuckDB's answer, from nothing but the exported files."""

    def __init__(self, report: StageReport, period: Period, workspace: Workspace, folder: Path) -> None:
        self.report, self.period, self.workspace = report, period, workspace
        self._duck = duckdb.connect()
        self._duck.execute("SET TimeZone = 'UTC'")
        for name in TABLES:
            self._duck.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder / name}.parquet')")
        self._duck.execute(f"CREATE MACRO start_at() AS TIMESTAMPTZ '{period.start.isoformat()}'")
        self._duck.execute(f"CREATE MACRO end_at() AS TIMESTAMPTZ '{period.end.isoformat()}'")

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self._duck.execute(query).fetchall()

    def one(self, query: str) -> tuple[Any, ...]:
        (row,) = self.ask(query)
        return row


@contextmanager
def seeded(folder: Path, deals: int, people: Sequence[str] = ("ana", "bob", "dora", "eli")) -> Iterator[Seeded]:
    with world(folder / "workspace", databases.sqlite(folder / "saveline.db")) as built:
        built.clock.set(NOW)
        settings = folder / "workspace" / "saveline.yaml"
        settings.write_text(CHANCES.sub(r"\1, probability: 0.6}", settings.read_text()))
        desk = built.desk
        stages = tuple(s.key for s in desk.workspace.stages)
        setting = history.Setting(stages, tuple(built.person(p) for p in people), NOW)
        with desk.writing() as conn:
            history.write(conn, history.lives(deals, "known", setting), NOW)
        period = parse(WEEK, desk.workspace.zone)
        write_tables(desk, folder / "tables", "parquet", as_of=period.end)
        yield Seeded(reports.build(desk, period), period, desk.workspace, folder / "tables")
