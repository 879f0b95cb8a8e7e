"""The ledger run: thousands of notices, workers that are killed, a database that is restarted, a Slack that asks to
wait for an hour, tasks that are closed meanwhile. Then what the servers accepted is compared with what was decided.

The clock is stepped forty times as fast as it runs, so that hours fit into minutes; leases are as much longer.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import sqlalchemy as sa

from saveline.actions import tasks
from saveline.actions.tasks import TaskRef
from saveline.core.facts import Fact
from saveline.store.rows import NOTICE, TASK
from saveline.store.sending import ATTEMPT
from tests.faults.clusters import Cluster, cluster
from tests.faults.figures import number_of
from tests.faults.outages import Script, crowd, fill, patient
from tests.faults.rig import Site, deliver_on, stop
from tests.servers import Mailserver, Reply, Slack
from tests.world import World, world

SPEED: Final = 40
LEASE: Final = 30.0 * SPEED
_TICK: Final = 0.05
_SAME_MOMENT: Final = timedelta(seconds=0.5 * SPEED)
"""A statement may wait for another's lock so long after it has read the clock."""
_ANSWERS: Final = {"root_cause": "relationship", "summary": "They have no time for us."}


class Plan(Fact, frozen=True):
    """How much of everything; ``hours`` is how long notices go on falling due, ``busy`` how long Slack says 429."""

    database: str
    notices: int = 10_000
    readers: int = 100
    deals: int = 100
    closed: int = 40
    workers: int = 3
    kills: int = 30
    hours: float = 2.0
    busy: float = 1.0
    seed: int = 1


class Books(Fact, frozen=True):
    """What was found when the books were closed. ``elsewhere`` are those that were given up in their channel and went
    by the reader's next one; ``restarts`` is 0 on SQLite, where there is nothing to restart."""

    plan: Plan
    notices: int
    arrived: int
    elsewhere: int
    cancelled: int
    missed: int
    lost: int
    doubles: int
    out_of_order: int
    about_closed: int
    kills: int
    restarts: int
    refused: int
    seconds: float


def run(plan: Plan, folder: Path, mail: Mailserver, slack: Slack) -> Books:
    """The whole run, on a database of its own."""
    with _installed(plan, folder) as (found, server):
        return _Run(plan, found, server, mail, slack).play()


@contextmanager
def _installed(plan: Plan, folder: Path) -> Iterator[tuple[World, Cluster | None]]:
    if plan.database == "sqlite":
        with world(folder / "workspace", f"sqlite:///{folder / 'saveline.db'}") as found:
            yield found, None
        return
    with cluster(folder) as server, world(folder / "workspace", server.url) as found:
        yield found, server


class _Run:
    def __init__(self, plan: Plan, found: World, server: Cluster | None, mail: Mailserver, slack: Slack) -> None:
        self.plan, self.world, self.server, self.mail, self.slack = plan, found, server, mail, slack
        self.chance = random.Random(plan.seed)
        self.began, self.refused, self.restarts = found.now, 0, 0

    def play(self) -> Books:
        self._prepare()
        site, started = Site(self.world), monotonic()
        workers = [site.start(deliver_on, f"w{n}", LEASE) for n in range(self.plan.workers)]
        try:
            kills = self._until_the_end(site, workers)
            self._until_settled()
        finally:
            for worker in workers:
                stop(worker)
        return self._books(kills, monotonic() - started)

    def _prepare(self) -> None:
        plan, found = self.plan, self.world
        patient(found)
        readers = crowd(found, plan.readers)
        for n in range(plan.deals):
            team = {"csm": f"c{n % plan.readers:03}", "sponsor": "chris"}
            found.open(found.account(f"a{n}", name=f"Account {n}", team=team))
        with found.desk.writing() as conn:  # the opening's own are no part of the plan
            conn.execute(sa.delete(NOTICE))
        fill(found, [self._notice(n, readers) for n in range(plan.notices)])
        busy = (self.began + timedelta(hours=plan.hours / 4), self.began + timedelta(hours=plan.hours / 4 + plan.busy))
        self.slack.replies = Script(lambda: self._busy(*busy))

    def _notice(self, number: int, readers: list[int]) -> dict[str, Any]:
        """Every other one is about the task of somebody's deal, the rest about nobody's."""
        deal = number // 4 % self.plan.deals
        values: dict[str, Any] = {"ordinal": 100 + number, "channel": ("email", "slack")[number % 2]}
        values["at"] = self.began + number / self.plan.notices * timedelta(hours=self.plan.hours)
        if number % 4 < 2:
            return values | {"deal_id": deal + 1, "person_id": readers[number // 4 % len(readers)]}
        holder = readers[deal % len(readers)]
        return values | {"deal_id": deal + 1, "kind": "reminder", "task_no": 1, "person_id": holder}

    def _busy(self, first: datetime, last: datetime) -> Reply | None:
        if not first <= self.world.now < last:
            return None
        self.refused += 1
        return Reply(429, '{"ok": false, "error": "ratelimited"}', (("Retry-After", "300"),))

    # --- while it runs ----------------------------------------------------------------------------------------

    def _until_the_end(self, site: Site, workers: list[ForkServerProcess]) -> int:
        """Steps the clock, and does what the plan holds ready for each moment. Returns the number of kills."""
        plan = self.plan
        real = plan.hours * 3600 / SPEED
        kills = sorted(self.chance.uniform(0, real) for _ in range(plan.kills))
        closes = sorted((self.chance.uniform(0, real), n + 1) for n in range(plan.closed))
        restart = [real / 2] if self.server else []
        started, done = monotonic(), 0
        while (passed := monotonic() - started) < real or kills:
            self._step()
            if kills and passed >= kills[0]:
                kills.pop(0)
                victim = self.chance.randrange(plan.workers)
                stop(workers[victim])
                workers[victim] = site.start(deliver_on, f"w{victim}", LEASE)
                done += 1
            if closes and passed >= closes[0][0]:
                self._close(closes.pop(0)[1])
            if restart and passed >= restart[0]:
                restart.clear()
                self._restart()
        return done

    def _step(self) -> None:
        sleep(_TICK)
        self.world.clock.set(self.world.now + timedelta(seconds=_TICK * SPEED))

    def _close(self, deal: int) -> None:
        """Its holder does the task."""
        holder = self.world.by(f"c{(deal - 1) % self.plan.readers:03}")
        tasks.complete_task(self.world.desk, TaskRef(deal, 1), holder, answers=_ANSWERS)

    def _restart(self) -> None:
        assert self.server is not None
        self.server.restart("immediate")
        self.world.runtime.engine.dispose()
        self.restarts += 1

    def _until_settled(self) -> None:
        until = monotonic() + 300
        waiting = sa.select(sa.func.count()).where(NOTICE.c.status.in_(("queued", "sending", "unknown")))
        while monotonic() < until:
            for _ in range(10):
                self._step()
            with self.world.desk.reading() as conn:
                if not conn.execute(waiting).scalar_one():
                    return

    # --- the books --------------------------------------------------------------------------------------------

    def _books(self, kills: int, seconds: float) -> Books:
        with self.world.desk.reading() as conn:
            # Nothing else is counted: what a done task causes, and posts that are changed after it.
            wanted = sa.select(NOTICE).where(NOTICE.c.ordinal >= 100, NOTICE.c.kind.in_(("stage_late", "reminder")))
            told: dict[int, Any] = {r.id: r for r in conn.execute(wanted)}
        mails, posts = [number_of(m.id) for m in self.mail.mails], [number_of(p.id) for p in self.slack.posts]
        rows = {i: r for i, r in told.items() if not _is_detour(r)}
        by = {(r.deal_id, r.ordinal): r.id for r in told.values() if _is_detour(r)}
        times = Counter(n for n in (*mails, *posts) if n in told)
        elsewhere = {i for i, r in rows.items() if r.status == "dead" and times[by.get((r.deal_id, r.ordinal), 0)]}
        excused = {i for i, r in rows.items() if r.status in ("cancelled", "missed") and r.error}
        lost = rows.keys() - times.keys() - excused - elsewhere
        overtaken = [*_overtaken(mails, rows), *_overtaken(posts, rows)]
        self._tell("lost", sorted(lost), rows)
        self._tell("overtaken", [n for pair in overtaken for n in pair], rows)
        return Books(
            plan=self.plan,
            notices=len(rows),
            arrived=len(rows.keys() & times.keys()),
            elsewhere=len(elsewhere),
            cancelled=sum(r.status == "cancelled" for r in rows.values()),
            missed=sum(r.status == "missed" for r in rows.values()),
            lost=len(lost),
            doubles=sum(n - 1 for n in times.values()),
            out_of_order=len(overtaken),
            about_closed=self._about_closed(rows),
            kills=kills,
            restarts=self.restarts,
            refused=self.refused,
            seconds=seconds,
        )

    def _tell(self, what: str, numbers: Sequence[int], rows: Mapping[int, Any]) -> None:
        """Print what is known of notices with which something is wrong, for whoever looks for the cause."""
        for number in numbers:
            row = rows[number]
            with self.world.desk.reading() as conn:
                tries = conn.execute(sa.select(ATTEMPT).where(ATTEMPT.c.notice_id == number).order_by(ATTEMPT.c.id))
                lines = [f"  {a.at:%H:%M:%S} {a.worker} {a.outcome or '-'} {a.reason or ''}\n" for a in tries]
            where = f"{row.channel}, due {row.at:%H:%M:%S}, {row.status}: {row.error or ''}"
            sys.stdout.write(f"{what}: notice {number}, reader {row.person_id}, {where}\n{''.join(lines)}")

    def _about_closed(self, rows: Mapping[int, Any]) -> int:
        """Attempts about a task that began after somebody had closed it."""
        with self.world.desk.reading() as conn:
            ended = dict(conn.execute(sa.select(TASK.c.deal_id, TASK.c.closed_at).where(TASK.c.no == 1)).tuples().all())
            begun = conn.execute(sa.select(ATTEMPT.c.notice_id, ATTEMPT.c.at)).all()
        about = [(rows[a.notice_id].deal_id, a.at) for a in begun if a.notice_id in rows and rows[a.notice_id].task_no]
        return sum(ended[deal] is not None and at > ended[deal] + _SAME_MOMENT for deal, at in about)


def _is_detour(row: Any) -> bool:
    """Whether it says what had been given up in another channel: then its reader gets it late, and out of order."""
    return "instead_of" in row.about


def _overtaken(arrivals: list[int], rows: Mapping[int, Any]) -> list[tuple[int, int]]:
    """Neighbours in what one reader got (a repeat left out) of which the later one was due before."""
    by_reader: dict[tuple[int, str], list[int]] = defaultdict(list)
    for number in dict.fromkeys(arrivals):
        if number in rows:
            by_reader[rows[number].person_id, rows[number].channel].append(number)
    due: Callable[[int], Any] = lambda n: (rows[n].at, n)  # noqa: E731
    return [(a, b) for got in by_reader.values() for a, b in pairwise(got) if due(a) > due(b)]


def table(found: list[Books]) -> str:
    """The books, for people."""
    columns = (
        *("database", "notices", "arrived", "by another way", "cancelled", "missed", "lost", "doubles", "out of order"),
        *("about a closed task", "kills", "restarts", "429s", "seconds"),
    )
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for b in found:
        cells = (b.plan.database, b.notices, b.arrived, b.elsewhere, b.cancelled, b.missed, b.lost)
        more = (b.doubles, b.out_of_order, b.about_closed, b.kills, b.restarts, b.refused, round(b.seconds))
        lines.append("| " + " | ".join(f"{c:,}" if isinstance(c, int) else str(c) for c in (*cells, *more)) + " |")
    return "\n".join(lines)
