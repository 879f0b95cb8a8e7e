"""``saveline demo``: the main job on a sample portfolio, eight weeks in a minute, and then live.

A workspace of its own, SQLite, Prefect's own server, a mail server and a Slack that stand in for real ones. The eight
weeks up to this minute are played with a stepped clock, by the actions that the flows call; then the flows themselves
take over, by the real clock, until Ctrl-C.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated, Final

import httpx
import sqlalchemy as sa
import typer
from pydantic import SecretStr
from rich.progress import BarColumn, Progress, TextColumn

from saveline import clock as clocks
from saveline.actions import checkin, reports
from saveline.actions.advance import advance
from saveline.actions.delivery import Worker
from saveline.actions.desk import Desk
from saveline.actions.inbox import read_inbox
from saveline.actions.wording import report_markdown
from saveline.cli import output, pipeline
from saveline.cli.demo_people import DemoPeople
from saveline.cli.show_deal import show_deal
from saveline.cli.up import running, watch
from saveline.clock import Stepped
from saveline.core import periods
from saveline.core.errors import Missing
from saveline.core.phrases import count
from saveline.files import shipped
from saveline.files.sample import AS_OF, WAVES, arrive, holidays, make_sample
from saveline.runtime import Runtime
from saveline.settings import Settings
from saveline.store import schema
from saveline.store.rows import DEAL, NOTICE

WEEKS: Final = 8
REPORT_SECONDS: Final = 90.0
_MARK: Final = ".made-by-saveline-demo"


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Option(help="Where; it is made anew each time.")] = Path(".demo"),
    port: Annotated[
        int, typer.Option(help="Prefect's port on 127.0.0.1; the three below it are the demo's own servers'.")
    ] = 4299,
    seed: Annotated[int, typer.Option(help="The people's luck.")] = 7,
    stay: Annotated[bool, typer.Option(help="Keep the flows running until Ctrl-C, or leave at once.")] = True,
) -> None:
    """Play eight weeks of a sample portfolio, show what came of them, and keep the flows running until Ctrl-C."""
    from saveline.cli.standins import standing_in  # a web framework, which no other command needs

    began = monotonic()
    run = _Demo(folder, port, seed)
    with standing_in(run.settings.state, run.names, mail_port=port - 1, page_port=port - 2):
        output.say(f"A workspace with a sample portfolio is in {folder}. Starting Prefect's server; eight weeks pass …")
        with running(run.settings, port, meanwhile=run.play) as children:
            run.report()
            run.show()
            output.say(f"\nThat took {monotonic() - began:.0f} seconds. ", style="bold")
            run.directions()
            if stay:
                output.say("\nThe flows are running now, by the real clock. Ctrl-C stops everything.", style="bold")
                watch(*children)
    run.runtime.close()
    output.say("Everything has stopped.")


class _Demo:
    """One run of the demo."""

    def __init__(self, folder: Path, port: int, seed: int) -> None:
        self.folder, self.port, self.seed = folder, port, seed
        self.now = clocks.system()
        self.begin = _begin(self.now.date())
        self.names = _sample(folder, self.begin, port)
        self._arrived = 0
        state = folder.resolve() / ".saveline"
        url = SecretStr(f"sqlite:///{state / 'saveline.db'}")
        self.settings = Settings(
            workspace=folder,
            database_url=url,
            clock=None,
            url=f"http://127.0.0.1:{port - 3}",
            web_host="127.0.0.1",
            web_port=port - 3,
        )
        self._stepped = self.settings.model_copy(update={"clock": state / "clock"})
        state.mkdir()
        self.runtime = Runtime(self.settings)
        schema.upgrade(self.runtime.engine, shipped.folder("migrations"))

    # --- the eight weeks --------------------------------------------------------------------------------------

    def play(self) -> None:
        """From the first Friday to this minute: hour by hour what arrives, what is due, and what people do."""
        assert self._stepped.clock is not None
        clock = Stepped(self._stepped.clock)
        moments = list(self._moments())
        clock.set(moments[0])
        runtime = Runtime(self._stepped)
        desk = runtime.desk()
        people = DemoPeople(desk, self.seed)
        output.say(f"On holiday: {'; '.join(holidays(self.begin))}. Others answer, or forget.")
        bar = Progress(TextColumn("{task.description}"), BarColumn(), console=output.err, transient=True)
        with Worker(desk, "demo") as worker, bar:
            line = bar.add_task("", total=len(moments))
            for moment in moments:
                clock.set(moment)
                self._import(desk, moment)
                advance(desk)
                checkin.ask(desk)
                people.work()
                people.feel()
                worker.deliver()
                bar.update(line, advance=1, description=f"{moment:%a %-d %b}")
        runtime.close()
        self._stepped.clock.unlink()

    def _import(self, desk: Desk, moment: datetime) -> None:
        """Each week the next part of the portfolio arrives in the inbox."""
        if self._arrived == WAVES or moment < self._first() + timedelta(weeks=self._arrived):
            return
        arrive(self.folder, self._arrived, self.begin)
        self._arrived += 1
        for read in read_inbox(desk, self.folder).reads:
            if read.result is None:
                raise Missing(f"The sample portfolio could not be read: {read.refused}")
            new, opened = read.result.counts["accounts"].added, len(read.result.opened)
            output.say(f"{moment:%-d %b}: {count(new, 'account')} imported, {count(opened, 'deal')} opened.")

    def _moments(self) -> Iterator[datetime]:
        moment = self._first()
        while moment < self.now:
            yield moment
            moment += timedelta(hours=1)
        yield self.now

    def _first(self) -> datetime:
        return datetime(self.begin.year, self.begin.month, self.begin.day, 9, tzinfo=UTC)

    # --- what came of them ------------------------------------------------------------------------------------

    def report(self) -> None:
        """Ask Prefect for a run of the stage report of last week, as its page would, and wait for it."""
        desk = self.runtime.desk()
        week = periods.week_before(self.now, desk.workspace.zone)
        _wait("a run of the stage report", lambda: _run_flow(self.port, "stage_report/default", {"period": week.key}))
        _wait("the stage report", lambda: _kept(desk, week))

    def show(self) -> None:
        """The board, a deal's history, the report."""
        desk = self.runtime.desk()
        output.say("\nThe board", style="bold")
        pipeline.show_board(desk)
        output.say("")
        show_deal(desk, _telling(desk), as_json=False)
        with desk.reading() as conn:
            report = reports.kept(conn, reports.key_of(periods.week_before(self.now, desk.workspace.zone)))
        if report is not None:
            output.say("")
            output.page(report_markdown(reports.page_of(desk, report)))

    def directions(self) -> None:
        """Where everything is, and what to try."""
        desk = self.runtime.desk()
        with desk.reading() as conn:
            kinds = sa.select(NOTICE.c.kind, sa.func.count()).where(NOTICE.c.status == "sent").group_by(NOTICE.c.kind)
            sent = Counter(dict(conn.execute(kinds).tuples().all()))
        output.say("Sent: " + ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in sent.most_common()) + ".")
        at = f"http://127.0.0.1:{self.port - 2}"
        rows = [
            ("Slack and mail, to read and act", at),
            ("The same as files", f"{self.folder}/.saveline/slack.jsonl, {self.folder}/.saveline/mailbox/new"),
            ("Prefect's page", f"http://127.0.0.1:{self.port}"),
            ("The report, in Prefect", f"http://127.0.0.1:{self.port}/artifacts"),
        ]
        output.table(("", ""), rows)
        example = DemoPeople(desk, self.seed).example()
        if example:
            output.say(
                "\nTry it: open a message and finish its task by a button; the next notice comes within five seconds."
            )
            output.say("Or in another terminal:")
            command = "saveline" if shutil.which("saveline") else str(Path(sys.argv[0]).resolve())
            output.say(f"  cd {self.folder.resolve()}\n  {command} task list\n  {command} {example}")


def _sample(folder: Path, begin: date, port: int) -> dict[str, str]:
    """A fresh workspace; only one that an earlier demo made is replaced."""
    if folder.exists():
        if not (folder / _MARK).exists():
            raise Missing(f"{folder} exists and was not made by the demo. Name another with --folder.")
        shutil.rmtree(folder)
    channels = {
        "slack": {"url": f"sslack://xoxb-demo/?api=http://127.0.0.1:{port - 2}/api&rate=0", "reach": "slack"},
        "email": {"url": f"smail://127.0.0.1:{port - 1}?from=saveline@northwind.example", "reach": "email"},
    }
    names = make_sample(folder, channels, begin)
    (folder / _MARK).write_text("Made by `saveline demo`; it is deleted when the demo runs again.\n")
    return names


def _begin(today: date) -> date:
    """The Friday at least eight weeks ago: whole weeks from the portfolio's own day."""
    past = (today - timedelta(weeks=WEEKS) - AS_OF).days
    return AS_OF + timedelta(days=past // 7 * 7)


def _wait(what: str, done: Callable[[], bool]) -> None:
    until = monotonic() + REPORT_SECONDS
    while not done():
        if monotonic() > until:
            raise Missing(f"Waited {REPORT_SECONDS:.0f} seconds for {what} in vain; the logs are in .saveline/logs.")
        sleep(0.2)


def _run_flow(port: int, name: str, parameters: dict[str, str]) -> bool:
    """Ask Prefect for a run of a deployment, as its page would. False where the server has none yet, or is too busy."""
    api = f"http://127.0.0.1:{port}/api/deployments"
    found = httpx.get(f"{api}/name/{name}", timeout=20)
    if not found.is_success:
        return False
    body = {"parameters": parameters, "idempotency_key": f"demo {name} {parameters}"}
    return httpx.post(f"{api}/{found.json()['id']}/create_flow_run", json=body, timeout=20).is_success


def _kept(desk: Desk, week: periods.Period) -> bool:
    with desk.reading() as conn:
        return reports.kept(conn, reports.key_of(week)) is not None


def _telling(desk: Desk) -> int:
    """The saved deal with the longest history; any deal where none was saved."""
    with desk.reading() as conn:
        saved = sa.case((DEAL.c.outcome.like("saved%"), 0), else_=1)
        return int(conn.execute(sa.select(DEAL.c.id).order_by(saved, DEAL.c.seq.desc()).limit(1)).scalar_one())
