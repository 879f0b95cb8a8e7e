"""Delivery: one worker process against servers on loopback, and Apprise's plain ``notify()`` with the same messages.

The gates are open (``rate=0``), so that what is measured is ours and not a service's limit. Notices are reminders of
open tasks of 200 people, put into the outbox as judged: what attention costs is measured where it is decided.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import perf_counter, process_time, sleep
from typing import Any, Final
from urllib.request import urlopen

import sqlalchemy as sa

from benchmarks.databases import Place
from benchmarks.w_saveline import accounts, workspace
from saveline.actions import wording
from saveline.actions.deals import Wanted, open_deals
from saveline.actions.delivery import Worker
from saveline.actions.desk import Desk
from saveline.core.delivery import Outcome, Queued, Sent
from saveline.notify import channels
from saveline.notify.channels.base import Plugin
from saveline.notify.message import Outgoing
from saveline.runtime import Runtime
from saveline.store import load, outbox
from saveline.store.rows import NOTICE

PEOPLE: Final = 200
SECONDS: Final = 0.05
"""How long a target takes to answer a post."""
HUNG: Final = 0
"""The person whose Slack never answers, where that is asked for."""
WARM: Final = 1_000_000
"""Ordinals from here on belong to what is sent before anything is measured."""


class Nowhere(Plugin):
    """Takes everything at once: what is left is our own cost."""

    protocol = "snowhere"
    forms = ("slack",)
    doubt = "looks"

    def deliver(self, message: Outgoing, *, deadline: float) -> Outcome:
        return Sent(message.id)


class Targets:
    """The servers, in a process of their own."""

    def __init__(self, mail: int, slack: int) -> None:
        self.mail, self.slack = mail, slack

    def counts(self) -> dict[str, int]:
        with urlopen(f"http://127.0.0.1:{self.slack}/count") as answer:
            found: dict[str, int] = json.load(answer)
            return found


@contextmanager
def targets() -> Iterator[Targets]:
    command = [sys.executable, "-m", "benchmarks.targets", str(SECONDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            mail, slack = map(int, server.stdout.readline().split())
            yield Targets(mail, slack)
        finally:
            assert server.stdin is not None
            server.stdin.close()


def run(place: Place, name: str, n: int) -> dict[str, Any]:
    """One scenario; raises AssertionError where a message is missing or came twice."""
    with targets() as found:
        desk = prepared(place, found)
        return {"name": name, "n": n, **_scenario(desk, found, name, n)}


def _scenario(desk: Desk, found: Targets, name: str, n: int) -> dict[str, Any]:
    match name:
        case "mails":
            return ours(desk, found, n, "email")
        case "posts" | "hung":
            return ours(desk, found, n, "slack", hung=name == "hung")
        case "outbox":
            return own_cost(desk, n)
        case "flat":
            return flat(desk, n)
        case "apprise-mails":
            return apprise_mails(desk, found, n)
    return apprise_posts(desk, found, n)


# --- what is sent -----------------------------------------------------------------------------------------------------


def prepared(place: Place, found: Targets) -> Desk:
    """A workspace of 200 people with a deal each, whose channels lead to ``found``; its outbox is empty."""
    channels.OURS = {**channels.OURS, "snowhere": Nowhere}  # type: ignore[misc]  # this process only
    settings = workspace(place, stepped=False)
    folder = settings.workspace
    _channels(folder, found)
    _people(folder)
    accounts(settings, PEOPLE)
    desk = Runtime(settings).desk()
    with desk.writing() as conn:
        wanted = [Wanted(a, ("risk",), 1) for a in load.accounts(conn, list(range(1, PEOPLE + 1)))]
        open_deals(desk, conn, wanted, desk.now(conn))
        conn.execute(sa.delete(NOTICE))
    return desk


def _channels(folder: Path, found: Targets) -> None:
    file = folder / "saveline.yaml"
    text = file.read_text()
    text = text.replace("json://127.0.0.1", f"sslack://xoxb-bench/?api=http://127.0.0.1:{found.slack}/api&rate=0")
    mail = f"smail://127.0.0.1:{found.mail}?from=saveline@bench.example"
    nowhere = '  nowhere: {url: "snowhere://x", reach: slack}\nnotices:'
    file.write_text(text.replace("smailbox://mailbox", mail).replace("notices:", nowhere))


def _people(folder: Path) -> None:
    manager = "department: customer_success, manager: manager@bench.example"
    lines = [
        f"  - {{email: csm{n}@bench.example, name: CSM {n}, {manager}, slack: {'UHUNG' if n == HUNG else f'U{n:03}'}}}"
        for n in range(PEOPLE)
    ]
    file = folder / "people.yaml"
    head = "".join(line for line in file.read_text().splitlines(keepends=True) if "csm" not in line.partition(",")[0])
    file.write_text(head + "\n".join(lines) + "\n")


def put(desk: Desk, n: int, channel: str, *, first: int = 1, hung: bool = False) -> None:
    """``n`` reminders, to each person in turn; those whose Slack hangs get theirs only where it is asked for."""
    with desk.writing() as conn:
        now = desk.now(conn)
        deals = [deal for deal, _ in load.deals(conn, list(range(1, PEOPLE + 1)))]
        holders = [d for d in deals if hung or channel == "email" or _name(desk, conn, d.owner_id) != f"CSM {HUNG}"]
        rows = [
            {
                "deal_id": (deal := holders[i % len(holders)]).id,
                "task_no": 1,
                "kind": "reminder",
                "ordinal": first + i,
                "person_id": deal.owner_id,
                "channel": channel,
                "at": now,
                "about": "{}",
                "not_before": now,
                "judged_at": now,
            }
            for i in range(n)
        ]
        conn.execute(sa.insert(NOTICE), rows)


def _name(desk: Desk, conn: Any, person_id: int | None) -> str:
    return desk.people(conn).name(person_id)


def claimed(desk: Desk, n: int) -> Sequence[Queued]:
    with desk.reading() as conn:
        ids = conn.execute(
            sa.select(NOTICE.c.id).where(NOTICE.c.ordinal < WARM).order_by(NOTICE.c.id).limit(n)
        ).scalars()
        return [outbox.notice(conn, i) for i in list(ids)]


def worded(desk: Desk, notices: Sequence[Queued], forms: tuple[Any, ...]) -> list[Outgoing]:
    found = []
    for start in range(0, len(notices), 100):
        part = notices[start : start + 100]
        with desk.reading() as conn:
            facts = wording.Facts(desk, conn, part)
        found += [wording.message(facts.matter(notice), forms) for notice in part]
    return found


# --- ours -------------------------------------------------------------------------------------------------------------


def ours(desk: Desk, found: Targets, n: int, channel: str, *, hung: bool = False) -> dict[str, Any]:
    """Everything a worker does, from the claim to the mark."""
    warm_up(desk, channel)
    before = found.counts()
    put(desk, n, channel, hung=hung)
    hanging = _hanging(n) if hung else 0
    with Worker(desk, "bench") as worker:
        started, cpu = perf_counter(), process_time()
        if hung:
            wall = _until_the_others_arrived(desk, worker, n - hanging)
        else:
            assert worker.deliver(most=n).counts == {"sent": n}
            wall = perf_counter() - started
        used = process_time() - cpu
    after = found.counts()
    arrived = after["mails" if channel == "email" else "posts"] - before["mails" if channel == "email" else "posts"]
    assert hung or (arrived == n and after["ids"] - before["ids"] == n), (before, after)
    return figures(n - hanging, wall, used)


def _hanging(n: int) -> int:
    return len(range(HUNG, n, PEOPLE))


def _until_the_others_arrived(desk: Desk, worker: Worker, n: int) -> float:
    """The pass goes on until the hung target's deadline; what counts is when all others had theirs. The hung ones that
    are left then are called off."""
    started = perf_counter()
    thread = Thread(target=worker.deliver)
    thread.start()
    wall = 0.0
    while not wall:
        sleep(0.02)
        with desk.reading() as conn:
            sent = conn.execute(
                sa.select(sa.func.count()).where(NOTICE.c.status == "sent", NOTICE.c.ordinal < WARM)
            ).scalar_one()
        if sent >= n:
            wall = perf_counter() - started
    with desk.writing() as conn:  # or the pass would try the hung ones until they are given up
        left = sa.update(NOTICE).where(NOTICE.c.status.in_(("queued", "sending", "unknown")))
        conn.execute(left.values(status="cancelled", lease=None, lease_until=None))
    thread.join()
    return wall


def warm_up(desk: Desk, channel: str) -> None:
    """Templates compiled, statements prepared."""
    put(desk, 2, channel, first=WARM)
    with Worker(desk, "warm") as worker:
        worker.deliver()


def own_cost(desk: Desk, n: int) -> dict[str, Any]:
    """Processor time of a notice whose channel takes it at once, less that of its words."""
    warm_up(desk, "nowhere")
    put(desk, n, "nowhere")
    notices = claimed(desk, n)
    cpu = process_time()
    worded(desk, notices, ("slack",))
    words = process_time() - cpu
    with Worker(desk, "bench") as worker:
        started, cpu = perf_counter(), process_time()
        assert worker.deliver(most=n).counts == {"sent": n}
        wall, used = perf_counter() - started, process_time() - cpu
    found = figures(n, wall, used)
    return {**found, "words_ms": round(1000 * words / n, 3), "own_ms": round(1000 * (used - words) / n, 3)}


def flat(desk: Desk, n: int) -> dict[str, Any]:
    """Memory after a tenth, and after all of them."""
    warm_up(desk, "nowhere")
    put(desk, n, "nowhere")
    sizes = []
    with Worker(desk, "bench") as worker:
        started, cpu = perf_counter(), process_time()
        for part in (n // 10, n - n // 10):
            left = part
            while left > 0:
                left -= sum(worker.deliver(most=min(left, 5_000)).counts.values())
            sizes.append(_resident_mb())
        wall, used = perf_counter() - started, process_time() - cpu
    return {**figures(n, wall, used), "after_a_tenth_mb": sizes[0], "after_all_mb": sizes[1]}


# --- Apprise's own ----------------------------------------------------------------------------------------------------


def apprise_mails(desk: Desk, found: Targets, n: int) -> dict[str, Any]:
    put(desk, n, "email")
    messages = worded(desk, claimed(desk, n), ("text", "html"))
    server = f"mailto://127.0.0.1:{found.mail}/?mode=insecure&from=saveline@bench.example&format=html"
    return _notified(n, [(f"{server}&to={m.to}", m.subject, m.html) for m in messages])


def apprise_posts(desk: Desk, found: Targets, n: int) -> dict[str, Any]:
    put(desk, n, "slack")
    messages = worded(desk, claimed(desk, n), ("slack",))
    server = f"json://127.0.0.1:{found.slack}/hook"
    return _notified(n, [(f"{server}/{m.to}", m.subject, m.slack) for m in messages])


def _notified(n: int, messages: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """One ``notify()`` a message, its reader's URL opened once; wording is not counted."""
    import apprise  # slow to load, and only this asks for it

    readers: dict[str, Any] = {}
    for url, _, _ in messages:
        if url not in readers:
            readers[url] = apprise.Apprise()
            assert readers[url].add(url)
            for service in readers[url]:
                service.request_rate_per_sec = 0
    started, cpu = perf_counter(), process_time()
    for url, title, body in messages:
        assert readers[url].notify(title=title, body=body)
    return figures(n, perf_counter() - started, process_time() - cpu)


def figures(n: int, wall: float, cpu: float) -> dict[str, Any]:
    return {
        "wall_s": round(wall, 2),
        "a_s": round(n / wall),
        "cpu_ms": round(1000 * cpu / n, 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1024 / 1024, 1)
