"""A seeded history of several hundred deals, made by the real engine and by people who do what luck lets them do."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any, Final

import sqlalchemy as sa

from saveline.actions import deals, joining, tasks
from saveline.actions.advance import advance
from saveline.actions.deals import Wanted, open_deals
from saveline.actions.tasks import TaskRef
from saveline.core.changes import Event
from saveline.core.decide.deals import Closing
from saveline.core.decide.joining import Merge
from saveline.core.errors import Refusal
from saveline.core.facts import Deal, Doer, Task
from saveline.store import load
from saveline.store.rows import DEAL
from tests.world import World

HOSTILE: Final = '=HYPERLINK("http://x.example")\t<&>"\x0b\x1f\ufffe ]]> ＝1+1 \U0001f600\r\nline two'
"""What somebody writes who means no good, or who pastes from anywhere."""
CAUSES: Final = ("champion_left", "service_failure", "price_pressure")
ENDINGS: Final = ("saved", "saved_smaller", "lost", "let_go")


class Lived:
    """``count`` deals over two months, the same each time for a seed. ``done`` counts what people did."""

    def __init__(self, world: World, count: int, seed: str) -> None:
        self.world, self.desk, self.luck = world, world.desk, Random(seed)
        self.done: Counter[str] = Counter()
        self.by = {who: world.by(who, "slack") for who in ("ana", "bob", "chris", "dora", "eli")}
        self.accounts = [self._account(i) for i in range(count)]
        self.others = [self._account(i) for i in range(count, count + count // 4)]
        for first in range(0, count, 30):
            self._open(self.accounts[first : first + 30])
            self._days(3)
        self._days(40)

    def _account(self, i: int) -> int:
        name = f"=cmd|' /C calc'!A{i} & <Söhne>" if i % 7 == 0 else f"Customer {i}"
        segment = self.luck.choice(("enterprise", "mid", "smb", None))
        return self.world.account(f"c{i}", name=name, arr=self.luck.randrange(5, 400) * 1_000, segment=segment)

    def _open(self, accounts: list[int]) -> None:
        with self.desk.writing() as conn:
            found = load.accounts(conn, accounts)
            wanted = [Wanted(a, tuple(self.luck.sample(CAUSES, self.luck.choice((1, 1, 2)))), 70) for a in found]
            open_deals(self.desk, conn, wanted, self.desk.now(conn), self.by["bob"])

    def _days(self, count: int) -> None:
        for _ in range(count):
            # The engine looks once a day: what fell due at night is written late.
            aside = timedelta(seconds=self.luck.randrange(-9_000, 9_000), microseconds=self.luck.randrange(10**6))
            self.world.clock.set(self.world.now + timedelta(days=1) + aside)
            while advance(self.desk).deals:
                pass
            turns = [i for i, closed in self._all() if self.luck.random() < (0.01 if closed else 0.16)]
            for deal_id in turns:
                self._act(self._deal(deal_id))

    def _all(self) -> list[tuple[int, bool]]:
        """The deals, and whether they are closed."""
        with self.desk.reading() as conn:
            rows = conn.execute(sa.select(DEAL.c.id, DEAL.c.state, DEAL.c.account_id).order_by(DEAL.c.id)).all()
        self.busy = {r.account_id for r in rows if r.state != "closed"}
        return [(r.id, r.state == "closed") for r in rows]

    def _deal(self, deal_id: int) -> Deal:
        with self.desk.reading() as conn:
            return load.deals(conn, [deal_id])[0][0]

    def _act(self, deal: Deal) -> None:
        do = self.luck.choices(("task", "end", "pause", "merge", "split", "say"), (70, 6, 5, 3, 8, 5))[0]
        if deal.closed:
            do = "again"
        elif deal.state == "paused":
            do = self.luck.choice(("resume", "say"))
        with suppress(Refusal):
            getattr(self, f"_{do}")(deal)
            self.done[do] += 1

    def _task(self, deal: Deal) -> None:
        open_ = [t for t in deal.tasks if t.state == "open"]
        task = self.luck.choice(open_ or list(deal.tasks[-1:]))
        by, ref = self._holder(task), TaskRef(deal.id, task.no)
        do = self.luck.choices(("done", "seen", "snooze", "wait", "answered", "help", "no"), (60, 15, 5, 6, 6, 2, 3))[0]
        until = self.world.now + timedelta(days=self.luck.randrange(1, 5))
        if do == "seen":
            tasks.mark_seen(self.desk, ref, by)
        elif do == "snooze":
            tasks.snooze(self.desk, ref, by, until=until, reason=HOSTILE)
        elif do == "wait":
            tasks.wait_for_customer(self.desk, ref, by, until=until, reason="they ask their lawyer")
        elif do == "answered":
            tasks.customer_answered(self.desk, ref, by)
        elif do == "help":
            tasks.ask_help(self.desk, ref, by, note=HOSTILE)
        elif do == "no":
            tasks.cannot_do(self.desk, ref, by, reason="nobody answers")
        else:
            outcome, answers = self._answers(task)
            tasks.complete_task(self.desk, ref, by, outcome=outcome, answers=answers)
        self.done[f"task {do}"] += 1

    def _holder(self, task: Task) -> Doer:
        known = {d.person_id: d for d in self.by.values()}
        return known.get(task.assignee_id or 0, self.by["eli" if task.department == "engineering" else "bob"])

    def _answers(self, task: Task) -> tuple[str | None, dict[str, Any]]:
        pick = self.luck.choice
        match task.plan:
            case "diagnosis":
                return None, {"root_cause": pick(("price", "product_gap", "relationship")), "summary": HOSTILE}
            case "open_tickets":
                return None, {"pattern": "slow answers", "product_change_needed": pick((True, False))}
            case "new_champion":
                return pick((("done", {"met": True}), ("nobody_wants_it", {"met": False})))
            case "offer":
                return pick(("approved", "refused")), {"discount": pick((5, 20))}
            case "decision":
                return pick(ENDINGS), {"reason": HOSTILE, "kept": 4_000, "evidence": "their mail"}
        return pick((None, None, "not_feasible")), {}

    def _end(self, deal: Deal) -> None:
        outcome = self.luck.choice(ENDINGS[2:])
        deals.close_deal(self.desk, deal.id, self.by["chris"], Closing(outcome, HOSTILE, evidence="their mail"))

    def _pause(self, deal: Deal) -> None:
        until = self.world.now + timedelta(days=self.luck.randrange(2, 20))
        deals.pause(self.desk, deal.id, self.by["ana"], until=until, reason="they are on holiday")

    def _resume(self, deal: Deal) -> None:
        deals.resume(self.desk, deal.id, self.by["ana"])

    def _again(self, deal: Deal) -> None:
        deals.open_deal(self.desk, deal.account_id, causes=("service_failure",), score=65, by=self.by["bob"])

    def _merge(self, deal: Deal) -> None:
        other = self.luck.choice([i for i, closed in self._all() if not closed and i != deal.id])
        joining.merge(self.desk, deal.id, other, self.by["ana"], Merge("one customer", self.luck.random() < 0.5))

    def _split(self, deal: Deal) -> None:
        self._all()
        account = self.luck.choice([a for a in self.others if a not in self.busy])
        joining.split(self.desk, deal.id, account, self.by["ana"], deal.causes[-1:])

    def _say(self, deal: Deal) -> None:
        tasks.comment(self.desk, TaskRef(deal.id, 1), self.by["bob"], body=HOSTILE)

    def histories(self) -> dict[int, list[Event]]:
        with self.desk.reading() as conn:
            return load.history(conn, [i for i, _ in self._all()])
