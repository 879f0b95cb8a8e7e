"""What people do with tasks: one function an intent, one transaction: load, decide, apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from msgspec.structs import replace

from saveline.actions.desk import Desk
from saveline.core.decide import tasks as decide
from saveline.core.decide.draft import Case, Decision, duty_after
from saveline.core.errors import Refusal, UnknownDeal
from saveline.core.facts import Doer, Fact
from saveline.core.people import Duty
from saveline.store import load
from saveline.store.apply import apply

Intent: TypeAlias = Callable[[Case, datetime], Decision]
"""What somebody wants, as a function of the facts and the moment. Raises a Refusal for what cannot be."""


class TaskRef(Fact, frozen=True):
    """A task as people write it: ``12.3`` is the third task of deal 12."""

    deal_id: int
    no: int

    def __str__(self) -> str:
        return f"{self.deal_id}.{self.no}"


def complete_task(
    desk: Desk, ref: TaskRef, by: Doer, *, outcome: str | None = None, answers: Mapping[str, Any] | None = None
) -> Decision:
    """Finish a task; see :func:`saveline.core.decide.tasks.complete_task`."""

    def intent(case: Case, now: datetime) -> Decision:
        return decide.complete_task(case, ref.no, by=by, at=now, outcome=outcome, answers=answers)

    return act(desk, ref.deal_id, intent)


def cannot_do(desk: Desk, ref: TaskRef, by: Doer, *, reason: str) -> Decision:
    return act(desk, ref.deal_id, lambda case, now: decide.cannot_do(case, ref.no, by=by, at=now, reason=reason))


def mark_seen(desk: Desk, ref: TaskRef, by: Doer) -> Decision:
    return act(desk, ref.deal_id, lambda case, now: decide.mark_seen(case, ref.no, by=by, at=now))


def snooze(desk: Desk, ref: TaskRef, by: Doer, *, until: datetime, reason: str) -> Decision:
    def intent(case: Case, now: datetime) -> Decision:
        return decide.snooze(case, ref.no, by=by, at=now, until=until, reason=reason)

    return act(desk, ref.deal_id, intent)


def wait_for_customer(desk: Desk, ref: TaskRef, by: Doer, *, until: datetime, reason: str) -> Decision:
    """Let the clock stand until the customer has answered; see the core's function of that name."""

    def intent(case: Case, now: datetime) -> Decision:
        return decide.wait_for_customer(case, ref.no, by=by, at=now, until=until, reason=reason)

    return act(desk, ref.deal_id, intent)


def customer_answered(desk: Desk, ref: TaskRef, by: Doer) -> Decision:
    return act(desk, ref.deal_id, lambda case, now: decide.customer_answered(case, ref.no, by=by, at=now))


def hand_over(desk: Desk, ref: TaskRef, by: Doer, *, to: int, note: str = "") -> Decision:
    return act(desk, ref.deal_id, lambda case, now: decide.hand_over(case, ref.no, by=by, at=now, to=to, note=note))


def claim_task(desk: Desk, ref: TaskRef, by: Doer) -> Decision:
    return act(desk, ref.deal_id, lambda case, now: decide.claim_task(case, ref.no, by=by, at=now))


def ask_help(desk: Desk, ref: TaskRef, by: Doer, *, note: str = "") -> Decision:
    return act(desk, ref.deal_id, lambda case, now: decide.ask_help(case, ref.no, by=by, at=now, note=note))


def comment(desk: Desk, ref: TaskRef, by: Doer, *, body: str) -> Decision:
    """Comment on a task, or with number 0 on the deal."""
    return act(desk, ref.deal_id, lambda case, now: decide.comment(case, ref.no, by=by, at=now, body=body))


def act(desk: Desk, deal_id: int, intent: Intent) -> Decision:
    """Load and lock the deal, decide, apply: one transaction. A refusal leaves everything as it was."""
    with desk.writing() as conn:
        now = desk.now(conn)
        decision = intent(desk.locked(conn, deal_id), now)
        apply(conn, [decision], now)
    return decision


def act_many(desk: Desk, intents: Sequence[tuple[int, Intent]]) -> list[Decision | Refusal]:
    """Many intents, each ``(deal, intent)``, in one transaction and a fixed number of statements.

    What is refused changes nothing and hinders none of the others; the answers are in the order of the intents.
    """
    answers: list[Decision | Refusal] = []
    with desk.writing() as conn:
        now = desk.now(conn)
        found = load.deals(conn, list(dict.fromkeys(deal_id for deal_id, _ in intents)), lock=True)
        people = desk.people(conn)
        duty = desk.duty(conn, people, desk.picks(conn, {deal.play_hash for deal, _ in found}))
        cases = {deal.id: desk.case(conn, people, deal, account, duty) for deal, account in found}
        made: dict[int, Decision] = {}
        for deal_id, intent in intents:
            answer = _answer(cases.get(deal_id), deal_id, duty, intent, now)
            if isinstance(answer, Decision):
                duty = duty_after(duty, answer)
                cases[deal_id] = replace(cases[deal_id], deal=answer.deal)
                made[deal_id] = made[deal_id].then(answer) if deal_id in made else answer
            answers.append(answer)
        apply(conn, list(made.values()), now)
    return answers


def _answer(case: Case | None, deal_id: int, duty: Duty, intent: Intent, now: datetime) -> Decision | Refusal:
    try:
        if case is None:
            raise UnknownDeal(deal_id)
        return intent(replace(case, duty=duty), now)
    except Refusal as refusal:
        return refusal
