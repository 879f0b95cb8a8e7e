"""The monthly question to our own people: asked once, answered by one press, and kept without who answered."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.digest import is_time
from saveline.core.checkin import KIND, SCALE, Round, month_of, round_of, told_with, wants
from saveline.core.facts import Fact, Person
from saveline.core.notices import Notice, channels_for
from saveline.core.people import People
from saveline.core.tongue import sentence
from saveline.store import checkin as store
from saveline.store import outbox, unsubscribed

Became: TypeAlias = Literal["counted", "before", "closed", "not_asked"]
SAID: Final[dict[Became, str]] = {
    "counted": sentence("Thank you, it is counted. It is kept without your name, so nobody can look it up."),
    "before": sentence(
        "You have answered this month, and that counts. Nothing was changed: your answer is kept without your name, "
        "so nobody can find it again, not to change it either."
    ),
    "closed": sentence("The question of this month is closed. Nothing was counted."),
    "not_asked": sentence("You were not asked this month. Nothing was counted."),
}
"""What whoever pressed is told."""


class State(Fact, frozen=True):
    """How the question of a month stands for somebody: ``became`` is None while they may answer."""

    asked: Round | None
    became: Became | None


def ask(desk: Desk) -> int:
    """Queue the question for everybody whose hour it is on their first working day of it; returns how many messages are
    new. Running it again changes nothing: who was asked in a month is not asked again in it, by no channel."""
    with desk.reading() as conn:
        now = desk.now(conn)
        month = month_of(now, desk.workspace.zone)
        asked = _round(desk, month)
        idle = asked is None or not asked.open_at(now)
        if idle and not store.any_before(conn, month):
            return 0
    with desk.writing() as conn:
        store.forget(conn, month)
        return 0 if idle else _ask(desk, conn, month)


def _ask(desk: Desk, conn: Connection, month: int) -> int:
    now, people = desk.now(conn), desk.people(conn)
    groups = told_with(may_be_asked(conn, people))
    hours = {i: desk.workspace.digest_hour_of(people.by_id[i]) for i in groups}
    due = {i: group for i, group in groups.items() if is_time(people.by_id[i], people, now, hours[i])}
    new = store.ask(conn, month, due)
    notices = [
        Notice(KIND, now, person_id, channel, ordinal=month)
        for person_id in sorted(new)
        for channel in channels_for(KIND, people.by_id[person_id], desk.workspace)
    ]
    return outbox.add(conn, 0, notices, now)


def may_be_asked(conn: Connection, people: People) -> list[Person]:
    """Everybody in people.yaml who is here and has not said no."""
    ended = unsubscribed.people(conn, KIND)
    return [p for p in people.by_id.values() if wants(p, ended)]


def stands(desk: Desk, conn: Connection, month: int, person_id: int) -> State:
    """Whether somebody may answer, or what stands in the way. ``month`` is the ordinal of the notice that asks."""
    asked = _round(desk, month)
    if asked is None or not asked.open_at(desk.now(conn)):
        return State(asked, "closed")
    done = store.answered(conn, month, person_id)
    return State(asked, "not_asked" if done is None else "before" if done else None)


def answer(desk: Desk, month: int, person_id: int, value: int) -> Became:
    """Count an answer from 1 to 5, once. Raises ValueError for any other.

    What is written is that they have answered, and an answer: nothing says that one belongs to the other. Nothing else
    is written, a memory of the press least of all.
    """
    if value not in SCALE:
        raise ValueError("an answer is a whole number from 1 to 5")
    with desk.writing() as conn:
        found = stands(desk, conn, month, person_id)
        if found.became is not None or found.asked is None:
            return found.became or "closed"
        department = store.take_turn(conn, month, person_id)
        if department is None:
            return "before"
        store.keep(conn, found.asked, department, value)
    return "counted"


def _round(desk: Desk, month: int) -> Round | None:
    """A month's asking; None where nobody is asked, or where ``month`` is none."""
    question = desk.workspace.pulse
    if question is None or not 1 <= month % 100 <= 12 or not 200_000 < month < 1_000_000:
        return None
    return round_of(question, month, desk.workspace.zone)
