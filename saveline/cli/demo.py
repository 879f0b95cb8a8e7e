"""``saveline demo``: the main job on real flows, six weeks in two minutes.

A workspace of its own, the sample portfolio in its inbox, Prefect's server, the engine, SQLite and a local mailbox: all
as `saveline up` runs them. Only the clock is stepped, and the people are played.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import httpx
import sqlalchemy as sa
import typer
from pydantic import SecretStr
from rich.progress import Progress

from saveline.actions import reports
from saveline.actions.desk import Desk
from saveline.cli import output
from saveline.cli.demo_people import DemoPeople
from saveline.cli.up import running
from saveline.clock import Stepped
from saveline.core import periods
from saveline.core.errors import Missing
from saveline.core.phrases import count, money
from saveline.files import inbox, shipped
from saveline.files.starter import make_workspace, portfolio
from saveline.runtime import Runtime
from saveline.settings import Settings
from saveline.store import boards, load, schema
from saveline.store.rows import DEAL, NOTICE

BEGIN: Final = date(2026, 11, 20)
HOURS: Final = (9, 15)
SETTLE_SECONDS: Final = 60.0
_MARK: Final = ".made-by-saveline-demo"


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Option(help="Where; it is made anew each time.")] = Path(".demo"),
    days: Annotated[int, typer.Option(min=1, max=200, help="Working days to play.")] = 30,
    port: Annotated[int, typer.Option(help="Prefect's port on 127.0.0.1.")] = 4299,
    seed: Annotated[int, typer.Option(help="The people's luck.")] = 7,
) -> None:
    """Play six weeks of a sample portfolio through real flows, and show the board, the report and the mailbox."""
    settings, clock = _workspace(folder)
    os.environ["SAVELINE_CLOCK"] = str(settings.clock)
    runtime = Runtime(settings)
    desk = runtime.desk()
    output.say(
        f"A workspace is in {folder}, with {count(len(portfolio()), 'file')} of a sample portfolio in its inbox."
    )
    output.say("Starting Prefect's server and the engine; this takes a moment …")
    began = monotonic()
    with running(settings, port):
        _wait("the engine reads the inbox", lambda: _deals(desk) > 0)
        output.say(f"{count(_deals(desk), 'account')} at risk became deals. Now {days} working days pass.")
        _play(desk, clock, days, DemoPeople(desk, seed))
        week = periods.week_before(clock(), desk.workspace.zone)
        _run_flow(port, "stage_report/default", {"period": week.key})
        _wait("the stage report", lambda: _kept(desk, week))
        _settle(desk)
    _show(desk, folder, week, monotonic() - began)
    runtime.close()


def _workspace(folder: Path) -> tuple[Settings, Stepped]:
    """A fresh workspace; only one that an earlier demo made is replaced."""
    if folder.exists():
        if not (folder / _MARK).exists():
            raise Missing(f"{folder} exists and was not made by the demo. Name another with --folder.")
        shutil.rmtree(folder)
    make_workspace(folder)
    (folder / _MARK).write_text("Made by `saveline demo`; it is deleted when the demo runs again.\n")
    for file in portfolio():
        shutil.copyfile(file, folder / inbox.FOLDER / file.name)
    url = f"sqlite:///{folder.resolve() / '.saveline' / 'saveline.db'}"
    settings = Settings(workspace=folder, database_url=SecretStr(url), clock=folder.resolve() / "clock")
    assert settings.clock is not None
    settings.state.mkdir()
    clock = Stepped(settings.clock)
    clock.set(_at(BEGIN, HOURS[0]))
    runtime = Runtime(settings)
    schema.upgrade(runtime.engine, shipped.folder("migrations"))
    runtime.close()
    return settings, clock


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Europe/Lisbon")).astimezone(UTC)


def _play(desk: Desk, clock: Stepped, days: int, people: DemoPeople) -> None:
    """Twice a working day: the engine does what is due, then people do some of their work."""
    _settle(desk)
    with Progress(console=output.err, transient=True) as progress:
        task = progress.add_task("", total=days * len(HOURS))
        for moment in _half_days(days):
            clock.set(moment)
            _settle(desk)
            people.work()
            progress.update(task, advance=1, description=f"{moment:%a %-d %b}")
    _settle(desk)


def _half_days(days: int) -> Iterator[datetime]:
    day = BEGIN
    for _ in range(days):
        day += timedelta(days=3 if day.weekday() == 4 else 1)
        for hour in HOURS:
            yield _at(day, hour)


def _settle(desk: Desk) -> None:
    """Until the engine has nothing left to do at this moment."""
    _wait("the engine", lambda: not _busy(desk))


def _busy(desk: Desk) -> bool:
    with desk.reading() as conn:
        now = desk.now(conn)
        due = sa.select(DEAL.c.id).where(DEAL.c.state != "closed", DEAL.c.next_at <= now)
        waiting = sa.select(NOTICE.c.id).where(NOTICE.c.status.in_(("queued", "sending")), NOTICE.c.not_before <= now)
        return any(conn.execute(q.limit(1)).first() is not None for q in (due, waiting))


def _wait(what: str, done: Callable[[], bool], seconds: float = SETTLE_SECONDS) -> None:
    until = monotonic() + seconds
    while not done():
        if monotonic() > until:
            raise Missing(f"Waited {seconds:.0f} seconds for {what} in vain; the logs are in .saveline/logs.")
        sleep(0.1)


def _deals(desk: Desk) -> int:
    with desk.reading() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(DEAL)).scalar_one())


def _kept(desk: Desk, week: periods.Period) -> bool:
    with desk.reading() as conn:
        return reports.kept(conn, reports.key_of(week)) is not None


def _run_flow(port: int, name: str, parameters: dict[str, str]) -> None:
    """Ask Prefect for a run of a deployment, as its page would."""
    api = f"http://127.0.0.1:{port}/api/deployments"
    deployment = httpx.get(f"{api}/name/{name}", timeout=20).raise_for_status().json()["id"]
    httpx.post(f"{api}/{deployment}/create_flow_run", json={"parameters": parameters}, timeout=20).raise_for_status()


def _show(desk: Desk, folder: Path, week: periods.Period, seconds: float) -> None:
    with desk.reading() as conn:
        report = reports.kept(conn, reports.key_of(week))
        cards = boards.cards(conn, desk.now(conn))
        sent = Counter(
            dict(
                conn.execute(
                    sa.select(NOTICE.c.kind, sa.func.count()).where(NOTICE.c.status == "sent").group_by(NOTICE.c.kind)
                )
                .tuples()
                .all()
            )
        )
        ids = list(conn.execute(sa.select(DEAL.c.id)).scalars())
        closed = Counter(d.outcome for d, _ in load.deals(conn, ids) if d.closed)
    if report is not None:
        output.say("")
        output.out.print(reports.markdown(report, desk.workspace.zone), markup=False)
    ends = ", ".join(f"{n} {outcome}" for outcome, n in sorted(closed.items(), key=str)) or "none closed"
    worth = money(sum(c.arr_cents for c in cards), desk.workspace.currency)
    output.say(f"{count(len(ids), 'deal')}: {ends}, {len(cards)} open worth {worth}.", style="bold")
    output.say("Mail: " + ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in sent.most_common()) + ".")
    output.say(f"It took {seconds:.0f} seconds. Look around:")
    for line in (
        f"  cd {folder} && export SAVELINE_CLOCK=$PWD/clock",
        "  saveline board            the pipeline",
        "  saveline deal show 1      one deal: why, tasks, history",
        "  ls .saveline/mailbox/new  every mail that was sent, as a file a mail program opens",
    ):
        output.say(line)
