"""A press of a button, a link that was followed, a reply, a call: acted on once, whichever door it came through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.slack_updates import queue_updates_of
from saveline.actions.tasks import TaskRef, act
from saveline.core.decide.draft import Case, Decision
from saveline.core.decide.intents import decide
from saveline.core.facts import Doer, Fact
from saveline.core.intents import (
    Answered,
    Cannot,
    Claim,
    Comment,
    Done,
    HandOver,
    Help,
    Intent,
    Seen,
    Snooze,
    Wait,
)
from saveline.store import inbound
from saveline.store.apply import apply


class Press(Fact, frozen=True):
    """Somebody wants something. ``source`` and ``key`` name this press among all: the same one is acted on once."""

    source: str
    key: str
    ref: TaskRef
    by: Doer
    intent: Intent


class Pressed(Fact, frozen=True):
    """What came of it, in a sentence for whoever pressed. ``repeated``: it was acted on before, nothing changed."""

    words: str
    repeated: bool = False
    decision: Decision | None = None


def press(desk: Desk, wanted: Press) -> Pressed:
    """Act on it, in one transaction with the memory of it. Raises a Refusal, which leaves everything as it was and the
    press unused: whoever forgot an answer may press again."""
    return press_of(desk, wanted.source, wanted.key, lambda _conn: wanted)


def press_of(desk: Desk, source: str, key: str, made: Callable[[Connection], Press]) -> Pressed:
    """The same where the transaction has to look who presses, and about what: ``made`` is asked only about a press that
    is new, and whatever it raises leaves everything as it was."""
    with desk.writing() as conn:
        now = desk.now(conn)
        before = inbound.remember(conn, source, key, now)
        if before is not None:
            return Pressed(before, repeated=True)
        pressed = press_within(desk, conn, made(conn), now)
        inbound.settle(conn, source, key, pressed.words)
    return pressed


def press_within(desk: Desk, conn: Connection, wanted: Press, now: datetime) -> Pressed:
    """The same within a transaction whose caller remembers it."""
    case = desk.locked(conn, wanted.ref.deal_id)
    decision = decide(case, wanted.ref.no, wanted.intent, by=wanted.by, at=now)
    apply(conn, [decision], now)
    queue_updates_of(desk, conn, wanted.ref.deal_id)
    return Pressed(said(case, wanted, decision), decision=decision)


def wish(desk: Desk, ref: TaskRef, by: Doer, intent: Intent) -> Decision:
    """The same by whoever does not press twice: a terminal. Raises a Refusal."""
    return act(desk, ref.deal_id, lambda case, now: decide(case, ref.no, intent, by=by, at=now))


def said(case: Case, wanted: Press, decision: Decision) -> str:
    """What happened, who did it and when, in a sentence: also what a second press is told."""
    task = decision.deal.task(wanted.ref.no)
    by, people = case.people.name(wanted.by.person_id), case.people
    at = decision.events[-1].at if decision.events else None
    calendar = people.calendar(wanted.by.person_id)
    when = f" ({calendar.local(at):%-d %b %H:%M})" if at else ""
    what = f"“{task.title}”" if task else f"The deal of {case.account.name}"
    if isinstance(wanted.intent, Done) and task is not None and not task.closed:
        return f"{what} is not done yet: somebody has to approve what was granted. It was sent to them for {by}{when}."
    return f"{what} {_verb(wanted.intent, case)} {by}{when}."


def _verb(intent: Intent, case: Case) -> str:
    match intent:
        case Done(outcome):
            return f"was closed as {outcome.replace('_', ' ')} by" if outcome else "is done, thanks to"
        case HandOver(to):
            return f"went to {case.people.name(to)}, given by"
        case _:
            return _VERBS[type(intent)]


_VERBS: Final[Mapping[type[Intent], str]] = {
    Cannot: "cannot be done, says",
    Seen: "was read by",
    Snooze: "was snoozed by",
    Wait: "waits for the customer, says",
    Answered: "goes on, the customer has answered, says",
    Help: "needs help, says",
    Claim: "was taken by",
    Comment: "has a comment of",
}
