"""The people of the demo: seeded, mostly diligent, sometimes silent. They act through the same actions as everybody."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Final

from saveline.actions import tasks
from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef
from saveline.core.errors import Refusal
from saveline.core.facts import DECISION, Deal, Doer, Task
from saveline.core.play import Field, TaskPlan
from saveline.store import boards, load

ACTS: Final = 0.4
"""The chance that somebody turns to a task of theirs in half a day."""
_ENDS: Final = (("saved", 0.55), ("saved_smaller", 0.15), ("lost", 0.22), ("let_go", 0.08))
_REASONS: Final = {
    "saved": "they renewed once the agreed plan had held for a month",
    "saved_smaller": "they renewed with fewer seats",
    "lost": "a competitor had been chosen before we heard of it",
    "let_go": "they closed the business line that used it",
}


class DemoPeople:
    """Half a day of everybody's work at a time."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self._desk, self._random = desk, Random(seed)

    def work(self) -> int:
        """Some see, some take, some finish what is on their list. Returns how many acts there were."""
        with self._desk.reading() as conn:
            now, people = self._desk.now(conn), self._desk.people(conn)
            lines = boards.open_tasks(conn)
            found = {d.id: d for d, _ in load.deals(conn, sorted({line.deal_id for line in lines}))}
        acted = 0
        for line in lines:
            who = line.assignee_id or self._claimer(people.members(line.department or ""))
            if who is None or people.at_work(who, now, []) != who or self._random.random() > ACTS:
                continue
            acted += self._act(found[line.deal_id], line.no, Doer(who, self._random.choice(("slack", "email"))))
        return acted

    def _claimer(self, members: Sequence[Any]) -> int | None:
        return self._random.choice(members).id if members else None

    def _act(self, deal: Deal, no: int, by: Doer) -> int:
        task = deal.task(no)
        assert task is not None
        try:
            if task.assignee_id is None:
                tasks.claim_task(self._desk, TaskRef(deal.id, no), by)
            elif self._random.random() < 0.25:
                tasks.mark_seen(self._desk, TaskRef(deal.id, no), by)
            else:
                self._finish(deal, task, by)
        except Refusal:  # somebody else was faster, or a gate holds: people shrug and go on
            return 0
        return 1

    def _finish(self, deal: Deal, task: Task, by: Doer) -> None:
        ref = TaskRef(deal.id, task.no)
        if task.plan == DECISION:
            outcome = self._drawn()
            answers = {"reason": _REASONS[outcome], "evidence": "their mail to the account executive"}
            if outcome.startswith("saved"):
                share = 1.0 if outcome == "saved" else 0.6
                answers["kept"] = str(round(deal.arr_cents / 100 * share))
            tasks.complete_task(self._desk, ref, by, outcome=outcome, answers=answers)
            return
        with self._desk.reading() as conn:
            plan = self._desk.play(conn, deal.play_hash).task(task.stage, task.plan)
        if plan is not None and self._random.random() < 0.03:
            tasks.cannot_do(self._desk, ref, by, reason="the customer did not answer")
        elif plan is not None:
            tasks.complete_task(self._desk, ref, by, outcome=self._outcome(plan), answers=self._answers(plan))

    def _outcome(self, plan: TaskPlan) -> str:
        """Mostly the first, which is the good one."""
        return plan.outcomes[0] if self._random.random() < 0.85 else self._random.choice(plan.outcomes)

    def _answers(self, plan: TaskPlan) -> dict[str, Any]:
        return {field.name: self._answer(field) for field in plan.form}

    def _answer(self, field: Field) -> Any:
        match field.kind:
            case "choice":
                return self._random.choice(field.choices)
            case "yes_no":
                return self._random.random() < 0.8
            case "date":
                return "2026-12-15"
            case "text":
                return "as discussed with the customer"
        low, high = field.low or 0, field.high if field.high is not None else 100
        return round(low + (high - low) * self._random.random() / 2)

    def _drawn(self) -> str:
        draw = self._random.random()
        for outcome, share in _ENDS:
            draw -= share
            if draw < 0:
                return outcome
        return _ENDS[0][0]
