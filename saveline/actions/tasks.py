"""What people do with tasks: one function an intent, one transaction: load, decide, apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from saveline.actions.desk import Desk
from saveline.core.decide import tasks as decide
from saveline.core.decide.draft import Case, Decision
from saveline.core.facts import Fact
from saveline.store.apply import apply


class TaskRef(Fact, frozen=True):
    """A task as people write it: ``12.3`` is the third task of deal 12."""

    deal_id: int
    no: int

    def __str__(self) -> str:
        return f"{self.deal_id}.{self.no}"


class Doer(Fact, frozen=True):
    """Who acts, and through which door: cli, web, slack, email, api."""

    person_id: int
    via: str = "cli"


def complete_task(
    desk: Desk, ref: TaskRef, doer: Doer, *, outcome: str | None = None, answers: Mapping[str, Any] | None = None
) -> Decision:
    """Finish a task; see :func:`saveline.core.decide.tasks.complete_task`."""
    return act(
        desk,
        ref.deal_id,
        lambda case, now: decide.complete_task(
            case, ref.no, by=doer.person_id, via=doer.via, at=now, outcome=outcome, answers=answers
        ),
    )


def cannot_do(desk: Desk, ref: TaskRef, doer: Doer, *, reason: str) -> Decision:
    return act(
        desk,
        ref.deal_id,
        lambda case, now: decide.cannot_do(case, ref.no, by=doer.person_id, via=doer.via, at=now, reason=reason),
    )


def mark_seen(desk: Desk, ref: TaskRef, doer: Doer) -> Decision:
    return act(
        desk, ref.deal_id, lambda case, now: decide.mark_seen(case, ref.no, by=doer.person_id, via=doer.via, at=now)
    )


def snooze(desk: Desk, ref: TaskRef, doer: Doer, *, until: datetime, reason: str) -> Decision:
    return act(
        desk,
        ref.deal_id,
        lambda case, now: decide.snooze(
            case, ref.no, by=doer.person_id, via=doer.via, at=now, until=until, reason=reason
        ),
    )


def hand_over(desk: Desk, ref: TaskRef, doer: Doer, *, to: int, note: str = "") -> Decision:
    return act(
        desk,
        ref.deal_id,
        lambda case, now: decide.hand_over(case, ref.no, by=doer.person_id, via=doer.via, at=now, to=to, note=note),
    )


def claim_task(desk: Desk, ref: TaskRef, doer: Doer) -> Decision:
    return act(
        desk, ref.deal_id, lambda case, now: decide.claim_task(case, ref.no, by=doer.person_id, via=doer.via, at=now)
    )


def ask_help(desk: Desk, ref: TaskRef, doer: Doer, *, note: str = "") -> Decision:
    return act(
        desk,
        ref.deal_id,
        lambda case, now: decide.ask_help(case, ref.no, by=doer.person_id, via=doer.via, at=now, note=note),
    )


def comment(desk: Desk, ref: TaskRef, doer: Doer, *, body: str) -> Decision:
    """Comment on a task, or with number 0 on the deal."""
    return act(
        desk,
        ref.deal_id,
        lambda case, now: decide.comment(case, ref.no, by=doer.person_id, via=doer.via, at=now, body=body),
    )


def act(desk: Desk, deal_id: int, intent: Callable[[Case, datetime], Decision]) -> Decision:
    """Load and lock the deal, decide, apply: one transaction. A refusal leaves everything as it was."""
    with desk.writing() as conn:
        now = desk.now(conn)
        decision = intent(desk.locked(conn, deal_id), now)
        apply(conn, [decision], now)
    return decision
