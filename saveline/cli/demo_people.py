"""The people of the demo: seeded, mostly diligent, sometimes silent. They act through the same actions as everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from shlex import quote
from typing import Any, Final

from saveline.actions import checkin, tasks
from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef
from saveline.core.checkin import month_of
from saveline.core.errors import Refusal
from saveline.core.facts import DECISION, Deal, Doer, Person, Task
from saveline.core.play import Field, TaskPlan
from saveline.core.worktime import WorkCalendar
from saveline.store import boards, load

ACTS: Final = 0.12
"""The chance that somebody turns to a task of theirs within an hour: most are done on the second day."""
_DECIDES: Final = 0.4
"""A decision waits for the customer's answer."""
_FORGETFUL: Final = {"gus@northwind.example": 0.3, "sam@northwind.example": 0.25}
"""Who needs to be reminded, and how much less of an hour they give."""
_ENDS: Final = (("saved", 0.55), ("saved_smaller", 0.15), ("lost", 0.22), ("let_go", 0.08))
_MOODS: Final = (2, 3, 3, 4, 4, 4, 4, 5, 5)
"""What they answer to the question of the month, from 1, very bad, to 5."""
_REASONS: Final = {
    "saved": "they renewed once the agreed plan had held for a month",
    "saved_smaller": "they renewed with fewer seats",
    "lost": "a competitor had been chosen before we heard of it",
    "let_go": "they closed the business line that used it",
}


_TEXTS: Final = {
    "summary": (
        "The new head of operations never saw the tool work; half of the seats are idle.",
        "Two exports failed in the week in which their figures were due.",
    ),
    "metric": ("hours saved a week", "share of orders booked without a call", "days to close the month"),
    "name": ("Ines Faria", "Marek Dahl", "Tara Okoye"),
    "agreed_with": ("their head of operations", "their finance director"),
    "confirmed_by": ("their head of operations", "their finance director"),
    "figure": ("31 hours a week, up from 12", "86 per cent, up from 60"),
    "": ("Agreed with the customer by phone.", "They asked for it in writing, and have it now."),
}


class DemoPeople:
    """An hour of everybody's work at a time, in their own hours and not on their days off."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self._desk, self._random = desk, Random(seed)
        self._moods = Random(f"{seed} moods")

    def work(self) -> int:
        """Some see, some take, some finish what is on their list. Returns how many acts there were."""
        with self._desk.reading() as conn:
            now, people = self._desk.now(conn), self._desk.people(conn)
            lines = boards.open_tasks(conn)
            found = {d.id: d for d, _ in load.deals(conn, sorted({line.deal_id for line in lines}))}
        acted = 0
        for line in lines:
            who = line.assignee_id or self._claimer(people.members(line.department or ""))
            if who is None or people.at_work(who, now, []) != who or not _working(people.calendar(who), now):
                continue
            if self._random.random() < self._zeal(people.by_id[who], found[line.deal_id].task(line.no)):
                acted += self._act(found[line.deal_id], line.no, Doer(who, self._random.choice(("slack", "email"))))
        return acted

    def feel(self) -> int:
        """Some answer the question of the month, if it is open. Returns how many did."""
        with self._desk.reading() as conn:
            now, people = self._desk.now(conn), self._desk.people(conn)
            month = month_of(now, self._desk.workspace.zone)
            turned = [i for i in people.by_id if self._moods.random() < ACTS and _working(people.calendar(i), now)]
            asked = [i for i in turned if checkin.stands(self._desk, conn, month, i).became is None]
        return sum(checkin.answer(self._desk, month, i, self._moods.choice(_MOODS)) == "counted" for i in asked)

    def _zeal(self, person: Person, task: Task | None) -> float:
        waits = _DECIDES if task is not None and task.plan == DECISION else 1.0
        return ACTS * _FORGETFUL.get(person.email, 1.0) * waits

    def example(self) -> str:
        """The arguments that finish an open task that others wait for; nothing where there is none."""
        with self._desk.reading() as conn:
            lines, people = boards.open_tasks(conn), self._desk.people(conn)
            found = {d.id: d for d, _ in load.deals(conn, sorted({line.deal_id for line in lines}))}
            for line in lines:
                deal = found[line.deal_id]
                task = deal.task(line.no)
                plan = self._desk.play(conn, deal.play_hash).task(task.stage, task.plan) if task else None
                alone = sum(1 for t in deal.tasks if t.state == "open") == 1
                if plan and line.assignee_id and alone:
                    return self._command(f"{deal.id}.{line.no}", people.by_id[line.assignee_id].email, plan)
        return ""

    def _command(self, ref: str, who: str, plan: TaskPlan) -> str:
        outcome = f" --outcome {plan.outcomes[0]}" if len(plan.outcomes) > 1 else ""
        given = self._answers(plan, plan.outcomes[0])
        answers = "".join(f" -a {quote(f'{name}={_typed(value)}')}" for name, value in given.items())
        return f"task done {ref} --as {who}{outcome}{answers}"

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
            outcome = self._outcome(plan)
            tasks.complete_task(self._desk, ref, by, outcome=outcome, answers=self._answers(plan, outcome))

    def _outcome(self, plan: TaskPlan) -> str:
        """Mostly the first, which is the good one."""
        return plan.outcomes[0] if self._random.random() < 0.85 else self._random.choice(plan.outcomes)

    def _answers(self, plan: TaskPlan, outcome: str) -> dict[str, Any]:
        return {field.name: self._answer(field) for field in plan.asks(outcome)}

    def _answer(self, field: Field) -> Any:
        match field.kind:
            case "choice":
                return self._random.choice(field.choices)
            case "yes_no":
                return self._random.random() < 0.8
            case "date":
                with self._desk.reading() as conn:
                    return f"{self._desk.now(conn) + timedelta(days=self._random.randint(3, 21)):%Y-%m-%d}"
            case "text":
                return self._random.choice(_TEXTS.get(field.name, _TEXTS[""]))
        low, high = field.low or 0, field.high if field.high is not None else 100
        return round(low + (high - low) * self._random.random() / 2)

    def _drawn(self) -> str:
        draw = self._random.random()
        for outcome, share in _ENDS:
            draw -= share
            if draw < 0:
                return outcome
        return _ENDS[0][0]


def _working(calendar: WorkCalendar, now: datetime) -> bool:
    return any(start <= now < end for start, end in calendar.spans(calendar.local(now).date()))


def _typed(value: Any) -> str:
    """An answer as it is typed."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
