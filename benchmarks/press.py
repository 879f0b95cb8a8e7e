"""From the press of a button in Slack to the next person's notice, with the processes of ``saveline up``.

A local Slack and a local mail server stand at the other end. Ana presses Done at moments that have nothing to do with
the engine's seconds; the next task is Bob's, and what counts is when his notice is at the server. Then 5,000 mails are
queued, and what counts is how long a press waits for its answer while they are being sent.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import httpx

from saveline.core.notices import Notice
from saveline.files import shipped
from saveline.store import outbox
from tests.flows.prefects import free_port, kill
from tests.servers import TOKEN, Mailserver, Slack, mailserver, slack_server
from tests.web.slacking import Members
from tests.world import KEY, SIGNING, World, world

PRESSES: Final = 60
QUEUED: Final = 5_000
START_SECONDS: Final = 400.0
_PLAY: Final = """\
playbook: champion-left
title: Two hands
benefit: They hear from two people in a day.
applies: {causes: [champion_left]}
stages:
  triage:
    tasks:
      - {id: first, title: "Call {{ account.name }}", assign: csm, due: 1 business day after start}
      - {id: second, title: "Meet {{ account.name }}", after: [first], assign: sponsor, due: 2 days after start}
"""


@dataclass
class Town:
    """Everything that runs: the world, the servers at the other end, and members of Slack who press."""

    world: World
    slack: Slack
    mail: Mailserver
    members: Members


def measured(presses: int = PRESSES, queued: int = QUEUED, seed: int = 1) -> dict[str, Any]:
    """The figures, in milliseconds; raises where a press was lost."""
    luck = random.Random(seed)
    with _town(presses * 2) as town:
        followed = [_followed(town, i, luck) for i in range(presses)]
        answered = _answered(town, range(presses, presses * 2), queued)
    return {
        "to_slack": _figures([slack for slack, _ in followed]),
        "to_mail": _figures([mail for _, mail in followed]),
        "answered": _figures(answered),
    }


def main(presses: int = PRESSES, queued: int = QUEUED) -> None:
    """Print the figures."""
    found = measured(presses, queued)
    for name, what in (
        ("to_slack", "press to the next person's post at Slack"),
        ("to_mail", "press to the next person's mail at the server"),
        ("answered", f"press to its answer, {queued} notices being sent"),
    ):
        f = found[name]
        sys.stdout.write(
            f"{what}: p50 {f['p50']:.0f} ms, p95 {f['p95']:.0f} ms, longest {f['most']:.0f} ms, n {f['n']}\n"
        )


# --- what is measured -------------------------------------------------------------------------------------------------


def _followed(town: Town, deal: int, luck: random.Random) -> tuple[float, float]:
    """Ana presses Done; how long until Bob has it by Slack, and by mail."""
    sleep(luck.uniform(0.1, 1.6))
    began = _press(town, deal)
    arrived: dict[str, float] = {}
    wanted = f"Meet Account {deal:03}"
    while len(arrived) < 2:
        now = monotonic()
        if now > began + 60:
            raise TimeoutError(f"nothing came of the press for {wanted}")
        if "slack" not in arrived and any(wanted in p.text for p in town.slack.posts[-20:] if p.room == "UBOB"):
            arrived["slack"] = now - began
        if "mail" not in arrived and any(wanted in m.subject for m in town.mail.mails[-5:] if m.to.startswith("bob")):
            arrived["mail"] = now - began
        sleep(0.004)
    return arrived["slack"] * 1000, arrived["mail"] * 1000


def _answered(town: Town, deals: Sequence[int], queued: int) -> list[float]:
    """How long each press waits for its answer while the outbox is being emptied."""
    ana, now = town.world.person("ana"), town.world.now
    notices = [Notice("stage_entered", now, ana, "email", ordinal=1_000 + n) for n in range(queued)]
    with town.world.desk.writing() as conn:
        for i in range(0, queued, 500):
            outbox.add(conn, 1, notices[i : i + 500], now)
    before, took = len(town.mail.mails), []
    for deal in deals:
        began = _press(town, deal)
        took.append((monotonic() - began) * 1000)
        sleep(0.05)
    if len(town.mail.mails) - before >= queued:
        raise RuntimeError("the outbox was empty before the presses were over: queue more")
    return took


def _press(town: Town, deal: int) -> float:
    """Ana presses Done; returns when she began."""
    post = next(p for p in town.slack.posts if f"Call Account {deal:03}" in p.text and "Done" in p.buttons)
    began = monotonic()
    answer = town.members.press("UANA", post, "Done")
    if answer.status_code != 200:
        raise RuntimeError(f"Slack was answered {answer.status_code}")
    return began


def _figures(found: Sequence[float]) -> dict[str, float]:
    ordered = sorted(found)
    p95 = ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]
    return {"p50": statistics.median(ordered), "p95": p95, "most": ordered[-1], "n": len(ordered)}


# --- what runs --------------------------------------------------------------------------------------------------------


@contextmanager
def _town(deals: int) -> Iterator[Town]:
    """A world with a post for each of ``deals`` deals, and `saveline up` at work on it."""
    with tempfile.TemporaryDirectory(prefix="saveline-press-") as folder, mailserver() as mail, slack_server() as slack:
        servers = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail.port),
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_API": slack.api,
        }
        os.environ.update(servers)
        with world(Path(folder) / "workspace", f"sqlite:///{folder}/saveline.db") as built:
            _fill(built, deals)
            with _up(built, Path(folder) / "up.log") as url, httpx.Client(base_url=url, timeout=30) as web:
                _await("first posts", lambda: sum("Done" in p.buttons for p in list(slack.posts)) == deals)
                yield Town(built, slack, mail, Members(built, slack, web))


def _fill(built: World, deals: int) -> None:
    """A play of two tasks, and a deal of it for each account. Nobody's hours, cap or rate is in the way."""
    workspace = built.settings.workspace
    shutil.copyfile(shipped.folder("prefect.yaml"), workspace / "prefect.yaml")
    (workspace / "inbox").mkdir(exist_ok=True)
    (workspace / "playbooks" / "champion-left.yaml").write_text(_PLAY)
    for n in range(deals):
        key = f"account-{n:03}"
        built.open(built.account(key, name=f"Account {n:03}", team={"csm": "ana", "sponsor": "bob"}))


@contextmanager
def _up(built: World, log: Path) -> Iterator[str]:
    """`saveline up` in the world's workspace; gives the address of its web server."""
    settings, port, web = built.settings, free_port(), free_port()
    environment: Mapping[str, str] = {
        **os.environ,
        "SAVELINE_WORKSPACE": str(settings.workspace),
        "SAVELINE_DATABASE_URL": settings.database,
        "SAVELINE_CLOCK": str(settings.clock),
        "SAVELINE_WEB_PORT": str(web),
        "SAVELINE_URL": f"http://127.0.0.1:{web}",
        "SAVELINE_KEYS": KEY,
        "SLACK_SIGNING_SECRET": SIGNING,
        "PYTHONWARNINGS": "ignore",
    }
    command = [str(Path(sys.executable).with_name("saveline")), "up", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{web}"
        _await("web server", lambda: process.poll() is not None or _answers(url))
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            kill(process)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code in (200, 503)
    except httpx.HTTPError:
        return False


def _await(what: str, there: Callable[[], bool]) -> None:
    until = monotonic() + START_SECONDS
    while not there():
        if monotonic() > until:
            raise TimeoutError(f"no {what} in {START_SECONDS:.0f} s")
        sleep(0.1)
