"""A seeded history of deals over two years whose true rates are known, written as the engine would have written it.

Every deal is a list of real events in their order, folded into the rows that belong to it. How likely it is saved, how
long it stays in a stage and whether a save lasts is in :data:`TRUTH`; luck does the rest, the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection
from sqlmodel import UTCDateTime

import models
from saveline.core.changes import (
    Change,
    DealClosed,
    DealKept,
    DealLeft,
    DealMerged,
    DealOpened,
    DealReopened,
    Escalated,
    Event,
    Reminded,
    StageEntered,
    StageLate,
    TaskAssigned,
    TaskDone,
    TaskSeen,
    TaskStarted,
    encode,
    evolve,
)
from saveline.core.facts import Deal, Fact, Task
from saveline.core.records import Record
from saveline.store import remembered
from saveline.store.bulk import Many
from saveline.store.database import is_sqlite
from saveline.store.rows import (
    CAUSE,
    CLOCK_FIELDS,
    DEAL,
    DEAL_FIELDS,
    EVENT,
    NO_CLOCK,
    TASK,
    TASK_FIELDS,
    clock_values,
    deal_values,
    encode_json,
    table,
)

YEARS: Final = timedelta(days=730)
WATCH: Final = timedelta(days=90)
PLAYS: Final = ("champion-left", "price-pressure", "silent-account")
CAUSES: Final = ("champion_left", "price_pressure", "silent_account", "service_failure", "value_not_seen")
SEGMENTS: Final = ("enterprise", "mid", "smb")
DOORS: Final = ("slack", "email", "web")


class Truth(Fact, frozen=True):
    """What is true of every deal: the chance of a save by play and by segment (added up), the mean days in a stage by
    its place, the chance that a deal which will not be saved ends in a stage it comes to, that a save outlasts its
    watch, that a save is a smaller one, that one that was not saved was let go, and how often a deal that was not saved
    is opened again, and one is merged."""

    by_play: Mapping[str, float]
    by_segment: Mapping[str, float]
    days: tuple[float, ...]
    stops: float = 0.3
    lasts: float = 0.85
    smaller: float = 0.2
    let_go: float = 0.25
    again: float = 0.04
    merged: float = 0.03

    def chance(self, play: str, segment: str) -> float:
        return self.by_play[play] + self.by_segment[segment]


TRUTH: Final = Truth(
    {"champion-left": 0.55, "price-pressure": 0.45, "silent-account": 0.35},
    {"enterprise": 0.10, "mid": 0.0, "smb": -0.05},
    (2, 5, 9, 16, 12, 7),
)


class Setting(Fact, frozen=True):
    """Where it happens: the keys of the stages, the numbers of the people, and the moment after which nothing has."""

    stages: tuple[str, ...]
    people: tuple[int, ...]
    now: datetime


class Life(Fact, frozen=True):
    """One deal: the account's columns, its records, and the deal that they fold to."""

    account: Mapping[str, Any]
    records: tuple[Record, ...]
    deal: Deal


class _Liver:
    """Lives one deal, event by event; what would come after ``now`` does not happen."""

    def __init__(self, number: int, seed: str, setting: Setting) -> None:
        self.luck, self.setting, self.number = Random(f"{seed}:{number}"), setting, number
        self.events: list[Event] = []
        self.tasks = 0

    def live(self) -> Life:
        luck, setting = self.luck, self.setting
        start = setting.now - YEARS * luck.random()
        segment, play = luck.choices(SEGMENTS, (2, 3, 5))[0], luck.choice(PLAYS)
        arr = round(luck.lognormvariate(10.3, 1.0)) * 100
        causes = tuple(luck.sample(CAUSES, luck.choice((1, 1, 2))))
        owner = luck.choice(setting.people)
        self.record(start, DealOpened(play, _hash(play), owner, arr, start + timedelta(days=60), causes, 60))
        saved = luck.random() < TRUTH.chance(play, segment)
        at = self.walk(start, saved=saved)
        self.end(at, arr, saved=saved)
        if not saved and luck.random() < TRUTH.again:
            self.again(at + timedelta(days=5 + 30 * luck.random()), play, owner, arr)
        return self.finished(segment, arr)

    def walk(self, at: datetime, *, saved: bool) -> datetime:
        """Through the stages, to where it ends; the moment of that."""
        for i, stage in enumerate(self.setting.stages):
            days = self.luck.gammavariate(2, TRUTH.days[i] / 2)
            self.stay(stage, at, days)
            at += timedelta(days=days)
            if not saved and self.luck.random() < TRUTH.stops:
                return at
        return at

    def stay(self, stage: str, at: datetime, days: float) -> None:
        """In a stage: two tasks that somebody does, and one that is left over when it ends."""
        first = self.tasks + 1
        self.tasks += 2
        due = at + timedelta(days=1.3 * days)
        self.record(at, StageEntered(stage, (f"{stage}_call", f"{stage}_note"), due))
        for no in (first, first + 1):
            self.task(no, at, timedelta(days=days * (0.3 + 0.6 * self.luck.random())))
        self.events.sort(key=lambda e: (e.at, e.seq))
        if self.luck.random() < 0.1:
            self.record(at + timedelta(days=0.95 * days), StageLate())

    def task(self, no: int, at: datetime, took: timedelta) -> None:
        luck, person = self.luck, self.luck.choice(self.setting.people)
        due = at + took * (1.4 if luck.random() < 0.75 else 0.7)
        self.record(at, TaskStarted(f"Task {no}", due), no)
        self.record(at, TaskAssigned(person, link="owner"), no)
        if luck.random() < 0.6:
            self.record(at + took * 0.2, TaskSeen(), no, person)
        for ordinal in (1, 2):
            if luck.random() < 0.8:
                self.record(at + took * (0.3 + 0.3 * ordinal), Reminded(ordinal), no)
        if at + took > due:
            self.record(due, Escalated(0, 1, 1, person), no)
        self.record(at + took, TaskDone(), no, person, luck.choices(DOORS, (6, 3, 1))[0])

    def end(self, at: datetime, arr: int, *, saved: bool) -> None:
        luck = self.luck
        if luck.random() < TRUTH.merged:
            self.record(at, DealMerged(1, "the same customer"))
        elif not saved:
            self.record(at, DealClosed("let_go" if luck.random() < TRUTH.let_go else "lost", "They left", evidence="x"))
        else:
            smaller = luck.random() < TRUTH.smaller
            kept, until = round(arr * 0.7) if smaller else arr, at + WATCH
            self.record(at, DealClosed("saved_smaller" if smaller else "saved", "Signed", kept, watch_until=until))
            if luck.random() < TRUTH.lasts:
                self.record(until, DealKept())
            else:
                left = at + WATCH * luck.random()
                self.record(left, DealLeft(left.date()))

    def again(self, at: datetime, play: str, owner: int, arr: int) -> None:
        """It is opened again, and goes the whole way."""
        closed = self.events[-1].change
        if not isinstance(closed, DealClosed):
            return
        self.record(at, DealReopened(play, _hash(play), owner, at + timedelta(days=60), closed.outcome))
        self.end(self.walk(at, saved=True), arr, saved=True)

    def record(self, at: datetime, change: Change, no: int = 0, by: int | None = None, via: str = "engine") -> None:
        self.events.append(Event(len(self.events) + 1, at, change, no, by, via))

    def finished(self, segment: str, arr: int) -> Life:
        """What happened by now, in order and numbered; one in fifty was written hours or days later."""
        past = [e for e in sorted(self.events, key=lambda e: (e.at, e.seq)) if e.at < self.setting.now]
        events = [replace(e, seq=i) for i, e in enumerate(past, 1)]
        deal = evolve(Deal(id=self.number, account_id=self.number), events)
        account = {
            "id": self.number,
            "key": f"a{self.number}",
            "name": f"Account {self.number}",
            "segment": segment,
            "vertical": self.luck.choice(("finance", "retail", "software")),
            "region": self.luck.choice(("emea", "amer")),
            "arr_cents": arr,
        }
        return Life(account, self._written(events), deal)

    def _written(self, events: Sequence[Event]) -> tuple[Record, ...]:
        """Nothing is written before what came before it."""
        records, last = list[Record](), events[0].at
        for event in events:
            late = timedelta(hours=self.luck.choice((3, 20, 90))) if self.luck.random() < 0.02 else timedelta()
            last = min(max(last, event.at + late), self.setting.now)
            records.append(Record(event, max(0, round((last - event.at).total_seconds()))))
        return tuple(records)


def lives(deals: int, seed: str, setting: Setting) -> Iterator[Life]:
    return (_Liver(number, seed, setting).live() for number in range(1, deals + 1))


def _hash(play: str) -> str:
    return f"hash-of-{play}"


# --- into a database --------------------------------------------------------------------------------------------------

_INSERT_DEAL = Many.insert(DEAL, DEAL_FIELDS)
_INSERT_TASK = Many.insert(TASK, ("deal_id", *TASK_FIELDS, *CLOCK_FIELDS))
_INSERT_EVENT = Many.insert(EVENT, ("deal_id", "seq", "task_no", "at", "late_s", "kind", "by_id", "via", "data"))
_INSERT_CAUSE = Many.insert(CAUSE, ("deal_id", "cause", "place", "at"))
_BATCH: Final = 500


def write(conn: Connection, told: Iterator[Life], now: datetime) -> int:
    """Write them; returns how many events they have."""
    versions = [{"hash": _hash(p), "name": p, "text": "", "policies": "{}", "seen_at": now - YEARS} for p in PLAYS]
    conn.execute(sa.insert(table(models.PlaybookVersion)), versions)
    events, part = 0, list[Life]()
    for life in told:
        part.append(life)
        if len(part) == _BATCH:
            events += _write(conn, part, now)
            part = []
    events += _write(conn, part, now)
    remembered.keep_accounts(conn, now - YEARS - timedelta(days=1))
    return events


def _write(conn: Connection, part: Sequence[Life], now: datetime) -> int:
    if not part:
        return 0
    conn.execute(sa.insert(table(models.Account)), [dict(life.account) for life in part])
    soon = now + timedelta(days=1)
    deals = [life.deal if life.deal.closed else replace(life.deal, next_at=soon) for life in part]
    _INSERT_DEAL.run(conn, [deal_values(d) for d in deals])
    _INSERT_TASK.run(conn, [_task_row(d.id, t, soon) for d in deals for t in d.tasks])
    rows = [(life.deal.id, r) for life in part for r in life.records]
    _INSERT_EVENT.run(conn, [_event_row(i, r) for i, r in rows])
    opened = [(d.id, cause, place, d.opened_at) for d in deals for place, cause in enumerate(d.causes)]
    _INSERT_CAUSE.run(conn, opened)
    return len(rows)


def _task_row(deal_id: int, task: Task, soon: datetime) -> tuple[Any, ...]:
    clock = clock_values(replace(task.clock, next_at=soon)) if task.clock else NO_CLOCK
    return deal_id, *(getattr(task, f) for f in TASK_FIELDS[:-1]), encode_json(task.answers), *clock


def _event_row(deal_id: int, record: Record) -> tuple[Any, ...]:
    e = record.event
    return deal_id, e.seq, e.task_no, e.at, record.late_s, e.kind, e.by, e.via, encode(e.change)


def multiply(conn: Connection, deals: int, times: int) -> None:
    """The same deals again with other numbers, each time 37 minutes earlier, until there are ``times`` as many."""
    for k in range(1, times):
        for source, keys in _COPIED:
            columns = [c for c in source.columns if c.name != "id" or "id" in keys]
            values = [_later(conn, c, keys, deals * k, k) for c in columns]
            rows = sa.select(*values).where(source.c[keys[0]] <= deals)
            conn.execute(sa.insert(source).from_select([c.name for c in columns], rows, include_defaults=False))


_COPIED: Final[tuple[tuple[sa.Table, tuple[str, ...]], ...]] = (
    (table(models.Account), ("id",)),
    (table(models.AccountVersion), ("account_id",)),
    (DEAL, ("id", "account_id")),
    (CAUSE, ("deal_id",)),
    (TASK, ("deal_id",)),
    (EVENT, ("deal_id",)),
)
"""Tables, and which of their columns are numbers of deals or accounts."""


def _later(conn: Connection, column: sa.Column[Any], keys: tuple[str, ...], more: int, k: int) -> Any:
    if column.name in keys:
        return column + more
    if column.name in ("key", "name") and column.table.name == "account":
        return column + f"-{k}"
    if not isinstance(column.type, UTCDateTime):
        return column
    if is_sqlite(conn):
        return sa.func.strftime("%Y-%m-%d %H:%M:%f", column, f"-{37 * k} minutes") + "000"
    return column - timedelta(minutes=37 * k)
