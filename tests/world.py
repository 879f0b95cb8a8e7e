"""A whole installation for a test: its own workspace, database and stepped clock, spoken to like a story."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

import models
from saveline.actions import customers, deals, tasks
from saveline.actions.advance import Advanced, advance
from saveline.actions.delivery import Delivered, deliver
from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef
from saveline.clock import Stepped
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Decision
from saveline.core.facts import Account, Deal, Doer, Task
from saveline.files import shipped
from saveline.runtime import Runtime
from saveline.settings import Settings
from saveline.store import directory, load, remembered, schema
from saveline.store.rows import DEAL, NOTICE, decode_json, table

CAST = Path(__file__).parent / "cast"
KEY = "the-key-of-every-test"
SIGNING = "the-signing-secret-of-every-test"
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
"""Where stories begin: 20 November 2026, 10:00 in Lisbon."""


@dataclass(frozen=True)
class Told:
    """A notice as a story sees it."""

    at: datetime
    kind: str
    to: str
    task: str
    channel: str
    ordinal: int
    about: Mapping[str, Any]


class World:
    """People are named by the first part of their address, tasks by their id in the play."""

    def __init__(self, folder: Path, database_url: str, start: datetime = FRIDAY) -> None:
        shutil.copytree(CAST, folder, dirs_exist_ok=True)
        self.clock = Stepped(folder / "clock")
        self.clock.set(start)
        self.settings = Settings(
            workspace=folder,
            database_url=SecretStr(database_url),
            clock=folder / "clock",
            keys=SecretStr(KEY),
            url="https://save.x.example",
            slack_signing_secret=SecretStr(SIGNING),
        )
        self.runtime = Runtime(self.settings)
        if not sa.inspect(self.runtime.engine).has_table("alembic_version"):
            schema.upgrade(self.runtime.engine, shipped.folder("migrations"))

    @property
    def desk(self) -> Desk:
        return self.runtime.desk()

    @property
    def now(self) -> datetime:
        return self.clock()

    def close(self) -> None:
        self.runtime.close()

    # --- what happens ---------------------------------------------------------------------------------------------

    def account(
        self,
        key: str = "acme",
        *,
        name: str = "Acme",
        renewal: date | None = date(2027, 3, 20),
        arr: int = 80_000,
        team: Mapping[str, str] | None = None,
        **columns: Any,
    ) -> int:
        """A customer with a team, by default ana as CSM and chris as sponsor. Returns its id."""
        team = {"csm": "ana", "sponsor": "chris"} if team is None else team
        with self.desk.writing() as conn:
            row = {
                "key": key,
                "name": name,
                "arr_cents": arr * 100,
                "renewal": renewal,
                "segment": "enterprise",
                **columns,
            }
            account_id: int = conn.execute(
                sa.insert(table(models.Account)).returning(table(models.Account).c.id), row
            ).scalar_one()
            roles = [{"account_id": account_id, "role": r, "person_id": self.person(p)} for r, p in team.items()]
            if roles:
                conn.execute(sa.insert(table(models.AccountRole)), roles)
            remembered.keep_accounts(conn, self.now, [account_id])
        return account_id

    def open(self, account_id: int | None = None, *causes: str) -> int:
        """A deal on the account (by default a new Acme) for ``causes`` (by default that the champion left)."""
        found = self.account() if account_id is None else account_id
        return deals.open_deal(self.desk, found, causes=causes or ("champion_left",), score=60).id

    def at(self, moment: datetime) -> Advanced:
        """Go to ``moment`` as an engine that ticks often would: every due moment on the way is fired at its time."""
        done = Advanced()
        while True:
            due = self.next_at()
            self.clock.set(min(max(due, self.now), moment) if due is not None else moment)
            done += advance(self.desk)
            if self.now >= moment:
                return done

    def pass_time(self, **span: float) -> Advanced:
        return self.at(self.now + timedelta(**span))

    def jump(self, moment: datetime) -> Advanced:
        """Go to ``moment`` at once, as after an outage, and let the engine run once."""
        self.clock.set(moment)
        return advance(self.desk)

    def deliver(self) -> Delivered:
        """Send what is due, through the channels of the cast's settings: see the fixtures ``mail`` and ``slack``."""
        return deliver(self.desk, "test")

    def done(self, who: str, task: str, outcome: str | None = None, *, deal: int = 1, **answers: Any) -> Decision:
        return tasks.complete_task(self.desk, self.ref(task, deal), self.by(who), outcome=outcome, answers=answers)

    def close_deal(
        self,
        who: str,
        outcome: str,
        *,
        deal: int = 1,
        reason: str = "they said so",
        kept: int | None = None,
        evidence: str | None = None,
    ) -> Decision:
        closing = Closing(outcome, reason, None if kept is None else kept * 100, evidence)
        return deals.close_deal(self.desk, deal, self.by(who), closing)

    def leaves(self, who: str, on: date | None = None, *, account: int = 1, evidence: str = "their mail") -> None:
        """Somebody says that the account leaves on a day (today)."""
        customers.account_left(self.desk, account, self.by(who), on=on, evidence=evidence)

    def setting(self, file: str, old: str, new: str) -> None:
        """Change a file of the workspace: ``saveline.yaml``, ``people.yaml`` or a play."""
        path = self.settings.workspace / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new))

    # --- what can be seen -----------------------------------------------------------------------------------------

    def person(self, who: str) -> int:
        with self.desk.reading() as conn:
            return directory.ids_by_email(conn)[f"{who}@x.example"]

    def by(self, who: str, via: str = "cli") -> Doer:
        return Doer(self.person(who), via)

    def deal(self, deal_id: int = 1) -> Deal:
        return self.loaded(deal_id)[0]

    def loaded(self, deal_id: int = 1) -> tuple[Deal, Account]:
        with self.desk.reading() as conn:
            return load.deals(conn, [deal_id])[0]

    def task(self, plan: str, deal: int = 1) -> Task:
        found = self.deal(deal).latest(plan)
        assert found is not None, f"no task {plan}"
        return found

    def ref(self, plan: str, deal: int = 1) -> TaskRef:
        return TaskRef(deal, self.task(plan, deal).no)

    def next_at(self) -> datetime | None:
        with self.desk.reading() as conn:
            found: datetime | None = conn.execute(sa.select(sa.func.min(DEAL.c.next_at))).scalar()
            return found

    def told(self, who: str | None = None, kind: str | None = None) -> list[Told]:
        """The notices that were decided, in order: those to ``who``, those of ``kind``."""
        with self.desk.reading() as conn:
            rows = conn.execute(sa.select(NOTICE).order_by(NOTICE.c.id)).all()
            people = self.desk.people(conn)
            deals_ = {d.id: d for d, _ in load.deals(conn, sorted({r.deal_id for r in rows if r.deal_id}))}
        found = []
        for r in rows:
            task = deals_[r.deal_id].task(r.task_no) if r.deal_id else None
            to = people.by_id[r.person_id].email.split("@")[0] if r.person_id else r.channel
            found.append(Told(r.at, r.kind, to, task.plan if task else "", r.channel, r.ordinal, decode_json(r.about)))
        return [t for t in found if who in (None, t.to) and kind in (None, t.kind)]

    def history(self, deal_id: int = 1) -> list[str]:
        """The kinds of the deal's events, in order."""
        with self.desk.reading() as conn:
            return [e.kind for e in load.history(conn, [deal_id])[deal_id]]


@contextmanager
def world(folder: Path, database_url: str, start: datetime = FRIDAY) -> Iterator[World]:
    built = World(folder, database_url, start)
    try:
        yield built
    finally:
        built.close()
