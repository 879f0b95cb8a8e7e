"""The seeded history of benchmarks.history in a database, its report, and its tables as another tool reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import sqlalchemy as sa
from msgspec.structs import replace

import models
from benchmarks import history
from benchmarks.history import PLAYS, Life
from saveline.actions import reports
from saveline.actions.exporting import write_tables
from saveline.core.changes import (
    Change,
    DealClosed,
    DealKept,
    DealLeft,
    DealMerged,
    DealReopened,
    Event,
    TaskCannot,
    TaskDone,
    evolve,
)
from saveline.core.dataset import TABLES
from saveline.core.facts import Deal
from saveline.core.periods import Period, parse
from saveline.core.report import StageReport
from saveline.store.rows import table
from tests import databases
from tests.data import spoken
from tests.world import world

NOW: Final = datetime(2026, 11, 23, 6, tzinfo=UTC)
WEEK: Final = "2026-W32"
"""A past one, so that much has happened since that the report must not know of."""
CHANCES: Final = re.compile(r"(stage: \w+, title: [\w ]+)}")
CLEARED: Final = "  no_risk: {title: No risk any more, cleared: true}\n"
RENAMED: Final = {"at": "moment", "on": "day"}
"""Words of SQL."""
LIMITS: Final = "concessions: {discount: [{by: owner, up_to: 10}], credit: [{by: owner, up_to: 900}]}\n\n"
CONCEDES: Final = "price-pressure"
"""The play that is stored whole: its last task may give a discount and a credit."""
FORM: Final = (
    "form: {discount: {percent: {min: 0, max: 50}, limit: discount}, credit: {money: {min: 0}, limit: credit}}"
)


class Seeded:
    """``report`` is Saveline's; :meth:`ask` is DuckDB's answer, from nothing but the exported files."""

    def __init__(
        self, report: StageReport, period: Period, folder: Path, lives: Sequence[Life], rows: Mapping[str, list[Any]]
    ) -> None:
        self.report, self.period, self.lives, self.rows = report, period, lives, rows
        self._duck = duckdb.connect()
        self._duck.execute("SET TimeZone = 'UTC'")
        for name in TABLES:
            self._duck.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder / name}.parquet')")
        for name, some in rows.items():
            found = pa.Table.from_pylist(some)
            self._duck.register(name, found.rename_columns([RENAMED.get(c, c) for c in found.column_names]))
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
        text = CHANCES.sub(r"\1, probability: 0.6}", settings.read_text())
        settings.write_text(text.replace("outcomes:\n", f"{LIMITS}outcomes:\n{CLEARED}"))
        desk = built.desk
        stages = tuple(s.key for s in desk.workspace.stages)
        setting = history.Setting(stages, tuple(built.person(p) for p in people), NOW)
        period = parse(WEEK, desk.workspace.zone)
        lives = [varied(life, period.end) for life in history.lives(deals, "known", setting)]
        with desk.writing() as conn:
            history.write(conn, iter(lives), NOW)
            conn.execute(sa.update(VERSION).where(VERSION.c.name == CONCEDES).values(text=_play(stages)))
            rows = spoken.say(conn, [life.deal.id for life in lives], period.end)
        write_tables(desk, folder / "tables", "parquet", as_of=period.end)
        yield Seeded(reports.build(desk, period), period, folder / "tables", lives, rows)


VERSION: Final = table(models.PlaybookVersion)


def _play(stages: Sequence[str]) -> str:
    """With the tasks that the history has in each stage."""
    lines = [
        f"playbook: {CONCEDES}",
        "title: Price",
        "benefit: One offer",
        "applies: {causes: [price_pressure]}",
        "stages:",
    ]
    for stage in stages:
        lines += [f"  {stage}:", "    tasks:"]
        for task in (f"{stage}_call", f"{stage}_note"):
            asks = f", {FORM}" if task == f"{stages[-1]}_note" else ""
            lines.append(f"      - {{id: {task}, title: Do it, assign: owner, due: 2 business days after start{asks}}}")
    return "\n".join((*lines, ""))


# --- what the history has not -----------------------------------------------------------------------------------------


def varied(life: Life, end: datetime) -> Life:
    """A deal as it was lived, with more ways to be counted, and saved just where it was: of many that were merged the
    risk went away instead, what is opened again goes on with another play, some saves have no watch, of some deals no
    task is ever done, some accounts leave, and of some nobody knows the segment. ``end`` is that of the reported week.
    """
    number = life.deal.id
    account = {**life.account, "left_on": None, "renewal": spoken.renews(number, end)}
    records = list(life.records)
    if number % 11 == 0:
        left = [r.event.change.left_on for r in records if isinstance(r.event.change, DealLeft)]
        account["left_on"] = left[-1] if left else None
        records = [r for r in records if not isinstance(r.event.change, DealKept | DealLeft)]
    elif number % 13 == 0:
        account["left_on"] = spoken.leaves(number, end)
    if number % 17 == 0:
        account["segment"] = None
    events = [replace(r.event, seq=seq, change=_other(r.event, number)) for seq, r in enumerate(records, 1)]
    told = tuple(replace(r, event=event) for r, event in zip(records, events, strict=True))
    return Life(account, told, _deal(number, events))


def _other(event: Event, number: int) -> Change:
    match event.change:
        case DealMerged() if number % 2:
            return DealClosed("no_risk", "It went away")
        case DealReopened(play=play) as again:
            other = PLAYS[(PLAYS.index(play) + 1) % len(PLAYS)]
            return replace(again, play=other, play_hash=f"hash-of-{other}")
        case DealClosed(watch_until=until) as closed:
            reason = Random(f"why:{number}").choice(spoken.TEXTS)
            return replace(closed, reason=reason, watch_until=None if number % 11 == 0 else until)
        case TaskDone() if number % 29 == 0:
            return TaskCannot(spoken.TEXTS[number % 5])
        case TaskDone() as done:
            return replace(done, answers=_answers(Random(f"answers:{number}:{event.task_no}"), event.task_no))
    return event.change


def _answers(luck: Random, no: int) -> dict[str, Any]:
    """To some tasks hours, or what cannot be hours; to the first ones what the matter was; to the last of all stages
    what was conceded, where the play knows of that."""
    found = dict[str, Any]()
    if luck.random() < 0.3:
        found["hours"] = luck.choice((0, 0.25, 1, 2.5, 6, -1, True, "3"))
    if no in {1, 3} and luck.random() < 0.5:
        found["root_cause"] = luck.choice(spoken.REASONS)
    if no == 2 and luck.random() < 0.3:
        found["summary"] = luck.choice(spoken.TEXTS)
    if no == 12:
        found |= {"discount": luck.choice((0, 5, 12.5, 20)), "credit": luck.choice((0, 0, 100, 250.75))}
    return found


def _deal(number: int, events: Iterable[Event]) -> Deal:
    return evolve(Deal(id=number, account_id=number), events)
