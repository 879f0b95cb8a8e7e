"""W(N) by Saveline: the real actions on a real workspace, its clock stepped an hour at a time."""

from __future__ import annotations

import multiprocessing
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from pydantic import SecretStr

import models
from benchmarks import workload
from benchmarks.databases import Place
from saveline.actions.advance import advance
from saveline.actions.deals import Wanted, open_deals
from saveline.actions.desk import Desk
from saveline.actions.tasks import Intent, act_many
from saveline.clock import Stepped
from saveline.core.changes import TaskStarted
from saveline.core.decide import deals, tasks
from saveline.core.decide.draft import Case, Decision
from saveline.core.facts import DECISION, Doer
from saveline.files import shipped
from saveline.runtime import Runtime
from saveline.settings import Settings
from saveline.store import load, schema
from saveline.store.rows import EVENT, NOTICE, table

BEGIN: Final = datetime(2026, 1, 5, tzinfo=UTC)
TICK: Final = 60
BATCH: Final = 500
_PLACE: Final = {name: i for i, (name, _, _) in enumerate(workload.TASKS)}

T = TypeVar("T")


def run(place: Place, n: int, workers: int = 1) -> dict[str, Any]:
    """Run W(n); returns the figures. Raises AssertionError when a change is missing."""
    settings = workspace(place)
    accounts(settings, n)
    with place.meter() as meter:
        if workers == 1:
            Run(settings, n, 0, 1).play()
        else:
            _in_parallel(settings, n, workers)
    figures = meter.figures(workload.expected(n), name="saveline", n=n, workers=workers)
    return figures | _check(settings, n) | {"bytes_a_change": round(place.bytes() / workload.expected(n))}


def _in_parallel(settings: Settings, n: int, workers: int) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(workers)
    processes = [context.Process(target=_worker, args=(settings, n, i, workers, barrier)) for i in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0


def _worker(settings: Settings, n: int, number: int, of: int, barrier: Barrier) -> None:
    Run(settings, n, number, of, barrier).play()


class Run:
    """One worker's part: it opens and finishes the deals that are its own, and fires whatever is due."""

    def __init__(self, settings: Settings, n: int, number: int, of: int, barrier: Barrier | None = None) -> None:
        assert settings.clock is not None
        self.clock = Stepped(settings.clock.with_suffix(f".{number}"))
        self.clock.set(BEGIN)
        self.desk = Runtime(settings.model_copy(update={"clock": settings.clock.with_suffix(f".{number}")})).desk()
        self.barrier = barrier
        self.opening: dict[int, list[int]] = defaultdict(list)
        self.endings: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self.left = {d: workload.SIZE for d in range(1, n + 1) if d % of == number}
        for deal in self.left:
            self.opening[_tick(workload.starts_at(deal))].append(deal)
        with self.desk.reading() as conn:
            self.by = Doer(self.desk.people(conn).by_email["csm0@bench.example"].id, "api")

    def play(self) -> None:
        """Hour by hour until every deal is closed. With several workers each waits for the others at each hour."""
        tick = 0
        while self.left or self.barrier:
            self.clock.set(BEGIN + timedelta(minutes=tick * TICK))
            self._open(self.opening.pop(tick, []))
            self._end(self.endings.pop(tick, []))
            if self._all_done():
                return
            advance(self.desk)
            if self.barrier:
                self.barrier.wait()
            tick += 1

    def _all_done(self) -> bool:
        """Alone: when nothing is left. Together: nobody may leave before the longest life is over."""
        return self.barrier is not None and self.clock() > BEGIN + timedelta(days=60)

    def _open(self, accounts: Sequence[int]) -> None:
        for batch in _batches(accounts, BATCH // 3):
            with self.desk.writing() as conn:
                now = self.desk.now(conn)
                wanted = [Wanted(a, ("risk",), 1) for a in load.accounts(conn, batch)]
                opened = open_deals(self.desk, conn, wanted, now)
            for deal in opened:
                self._plan(deal.id, deal.account_id, [(1, "triage")], now)

    def _end(self, ends: Sequence[tuple[int, int, int]]) -> None:
        for batch in _batches(ends, BATCH):
            closing: list[int] = []
            intents = [(deal, self._intent(deal, account, no, closing)) for deal, account, no in batch]
            intents += [(deal, partial(_close, by=self.by)) for deal in closing]
            account_of = {deal: account for deal, account, _ in batch}
            now = self.clock()
            for answer in act_many(self.desk, intents):
                assert isinstance(answer, Decision), answer
                deal_id = answer.deal.id
                started = [
                    (e.task_no, answer.deal.tasks[e.task_no - 1].plan)
                    for e in answer.events
                    if isinstance(e.change, TaskStarted)
                ]
                self._plan(deal_id, account_of[deal_id], [s for s in started if s[1] != DECISION], now)

    def _intent(self, deal: int, account: int, no: int, closing: list[int]) -> Intent:
        self.left[account] -= 1
        if not self.left[account]:
            del self.left[account]
            closing.append(deal)
        _, done = workload.ends_after(account, no - 1)
        return partial(_ended, no=no, by=self.by, outcome="done" if done else "expired")

    def _plan(self, deal: int, account: int, started: Sequence[tuple[int, str]], now: datetime) -> None:
        """When somebody will end the tasks that have just started: the same draw for the same account everywhere."""
        minute = int((now - BEGIN).total_seconds() // 60)
        for no, plan in started:
            after, _ = workload.ends_after(account, _PLACE[plan])
            self.endings[_tick(minute + after)].append((deal, account, no))


def _ended(case: Case, now: datetime, *, no: int, by: Doer, outcome: str) -> Decision:
    return tasks.complete_task(case, no, by=by, at=now, outcome=outcome)


def _close(case: Case, now: datetime, *, by: Doer) -> Decision:
    return deals.close_deal(case, deals.Closing("lost", "the end of W"), by=by, at=now)


def workspace(place: Place, *, stepped: bool = True) -> Settings:
    """The benchmark's own workspace on ``place``, its tables made; the clock is stepped, or this machine's."""
    folder = place.folder / "workspace"
    shutil.copytree(Path(__file__).parent / "workspace", folder)
    Stepped(folder / "clock").set(BEGIN)
    clock = folder / "clock" if stepped else None
    settings = Settings(workspace=folder, database_url=SecretStr(place.url), clock=clock)
    schema.upgrade(Runtime(settings).engine, shipped.folder("migrations"))
    return settings


def accounts(settings: Settings, n: int) -> None:
    """``n`` accounts, numbered from 1, each with one of fifty CSMs."""
    desk = Runtime(settings).desk()
    with desk.writing() as conn:
        csms = [p.id for p in desk.people(conn).by_id.values() if p.email.startswith("csm")]
        rows = [{"id": i, "key": f"a{i}", "name": f"Account {i}", "arr_cents": i % 1000 * 100} for i in range(1, n + 1)]
        conn.execute(sa.insert(table(models.Account)), rows)
        team = [{"account_id": i, "role": "csm", "person_id": csms[i % len(csms)]} for i in range(1, n + 1)]
        conn.execute(sa.insert(table(models.AccountRole)), team)


def _check(settings: Settings, n: int) -> dict[str, int]:
    """Each of W's changes must be there: by kind, as counted from the workload itself."""
    counts: dict[str, int] = defaultdict(int)
    for deal in range(1, n + 1):
        for task in range(workload.SIZE):
            for kind in workload.steps(deal, task):
                counts[kind] += 1
    desk: Desk = Runtime(settings).desk()
    with desk.reading() as conn:
        events = dict(conn.execute(sa.select(EVENT.c.kind, sa.func.count()).group_by(EVENT.c.kind)).tuples().all())
        notices = conn.execute(sa.select(sa.func.count()).select_from(NOTICE)).scalar_one()
    assert events["deal_opened"] == events["deal_closed"] == n, events
    # The decision is one task more than W has: asked for when the last of the twelve ends, done with the closing.
    assert events["task_started"] == counts["open"] + n, (events, counts)
    assert events["task_assigned"] == counts["assign"] + n, (events, counts)
    assert events["reminded"] == counts["remind1"] + counts["remind2"], (events, counts)
    assert events["escalated"] == counts["escalate1"] + counts["escalate2"], (events, counts)
    assert events["task_done"] == counts["done"] + counts["expire"] + n, (events, counts)
    return {"history_rows": sum(events.values()), "outbox_rows": notices}


def _tick(minute: int) -> int:
    return -(-minute // TICK)


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[i : i + size] for i in range(0, len(items), size))
