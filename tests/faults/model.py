"""A model of the outbox and of a task's life: what two workers, a person, the engine and time can do to them.

Two workers go through the real statements one at a time, in any order, and may die, sleep or come back between any two
of them. After each step the oracles look: nobody was given what somebody else holds, nobody sends without a live lease,
a mark that comes too late changes nothing, nothing is lost, nothing arrives more often than its doubts allow, and of
one reader's messages none overtakes another.

There is one rule, ``step``, so that hypothesis spends its steps on what happens and not on choosing among rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from saveline.actions import tasks
from saveline.actions.advance import advance
from saveline.actions.tasks import TaskRef
from saveline.core.delivery import Permanent, Queued, Sent, Transient, Unknown, outcome_word, verdict
from saveline.core.errors import Refusal
from saveline.core.facts import Deal
from saveline.store import health, outbox, sending
from saveline.store.load import deals as load_deals
from saveline.store.outbox import Lease, Shut
from saveline.store.rows import NOTICE
from saveline.store.sending import End, Start
from tests.laws.playing import empty
from tests.world import World

LEASE: Final = timedelta(seconds=40)
READERS: Final = ("ana", "bob", "eli")
_LIVE: Final = ("queued", "sending", "unknown")


class Store:
    """The statements under test. A test that plants a bug puts another module in its place."""

    def __init__(self, outbox_: Any = outbox, sending_: Any = sending, health_: Any = health) -> None:
        self.outbox, self.sending, self.health = outbox_, sending_, health_


@dataclass
class Held:
    """A notice that a worker believes to be its own. ``seq`` is that of the deal when it was worded, ``begun`` whether
    it was allowed to send, ``arrived`` whether it did."""

    notice: Queued
    lease: Lease
    seq: int
    begun: bool = False
    arrived: bool = False


@dataclass
class Hand:
    """One worker: what it has claimed and not let go of."""

    name: str
    held: list[Held] = field(default_factory=list)


Move: TypeAlias = Callable[["Model", Hand, int], None]


class Model(RuleBasedStateMachine):
    """``world`` and ``store`` are set by the test, on a subclass."""

    world: World
    store: Store

    def __init__(self) -> None:
        super().__init__()
        empty(self.world)
        self.deal_id = self.world.open()
        with self.world.desk.writing() as conn:  # the opening's own are no part of this
            conn.execute(sa.delete(NOTICE))
        self.hands = (Hand("one"), Hand("two"))
        self.owner: dict[int, tuple[str, datetime]] = {}
        self.added: list[int] = []
        self.arrivals: Counter[int] = Counter()
        self.doubtful: Counter[int] = Counter()
        self.claims = 0

    @rule(move=st.sampled_from(sorted(range(26))), worker=st.integers(0, 1), pick=st.integers(0, 11))
    def step(self, move: int, worker: int, pick: int) -> None:
        MOVES[move % len(MOVES)](self, self.hands[worker], pick)
        self.look()

    # --- oracles ----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """What must be true after every step."""
        with self.world.desk.reading() as conn:
            found = {r.id: r for r in conn.execute(sa.select(NOTICE).where(NOTICE.c.id.in_(self.added)))}
        assert set(found) == set(self.added), "a notice is gone"
        for id_, row in found.items():
            assert row.status != "sent" or self.arrivals[id_], f"{id_} is marked as sent and never was"
            allowed = 1 + self.doubtful[id_]
            assert self.arrivals[id_] <= allowed, f"{id_} arrived {self.arrivals[id_]} times, {allowed} at most"

    def owns(self, hand: Hand, id_: int) -> bool:
        """Whether by the book the notice is this worker's now."""
        owner, until = self.owner.get(id_, ("", self.world.now))
        return owner in {h.lease.name for h in hand.held} and until > self.world.now

    def row(self, id_: int) -> Any:
        with self.world.desk.reading() as conn:
            return conn.execute(sa.select(NOTICE).where(NOTICE.c.id == id_)).one()

    def deal(self) -> Deal:
        with self.world.desk.reading() as conn:
            return load_deals(conn, [self.deal_id])[0][0]


# --- what a worker does -----------------------------------------------------------------------------------------------


def claim(model: Model, hand: Hand, pick: int) -> None:
    """Oracles: only what is due and nobody's; of a reader's notices the oldest, and none whose neighbour is held."""
    world, now = model.world, model.world.now
    model.claims += 1
    lease = Lease(f"{hand.name}/{model.claims}", now + LEASE)
    with world.desk.reading() as conn:
        before = conn.execute(sa.select(NOTICE).order_by(NOTICE.c.not_before, NOTICE.c.id)).all()
    with world.desk.writing() as conn:
        found = model.store.outbox.claim(conn, lease, now, 1 + pick % 3, Shut())
    seq, held_places = model.deal().seq, set()
    for row in before:
        if row.id in model.owner and model.owner[row.id][1] > now:
            held_places.add((row.person_id, row.channel))
    for notice in found:
        was = next(r for r in before if r.id == notice.id)
        owner, until = model.owner.get(notice.id, ("", now))
        assert until <= now, f"{hand.name} was given {notice.id}, which {owner} holds until {until}"
        assert was.not_before <= now, "it is not due"
        assert was.status in _LIVE, f"it is {was.status} already"
        assert (was.person_id, was.channel) not in held_places, "an older one to the same reader is under way"
        older = [r for r in before if (r.person_id, r.channel) == (was.person_id, was.channel) and _first(r, was)]
        missing = [r.id for r in older if r.id not in {n.id for n in found} and r.not_before <= now]
        assert not missing, f"{notice.id} overtakes {missing}"
        if was.status == "sending":
            model.doubtful[notice.id] += 1
            assert notice.in_doubt, "it may have arrived, and nobody will look"
        model.owner[notice.id] = (lease.name, lease.until)
        hand.held.append(Held(notice, lease, seq))


def _first(row: Any, other: Any) -> bool:
    return row.status in _LIVE and (row.not_before, row.id) < (other.not_before, other.id)


def begin(model: Model, hand: Hand, pick: int) -> None:
    """Oracle: only under a live lease of one's own, and only while the deal is where it was."""
    held = _chosen([h for h in hand.held if not h.begun], pick)
    if held is None:
        return
    world, now, id_ = model.world, model.world.now, held.notice.id
    mine = model.owner.get(id_) == (held.lease.name, model.owner.get(id_, ("", now))[1]) and model.owner[id_][1] > now
    start = Start(id_, held.lease.name, held.seq, held.notice.channel_name, held.notice.channel_name)
    until = now + LEASE
    with world.desk.writing() as conn:
        allowed = id_ in model.store.sending.begin(conn, [start], until, now)
    assert not allowed or mine, f"{hand.name} may send {id_} without a live lease"
    assert not allowed or model.deal().seq == held.seq, "the deal has moved on since it was worded"
    if allowed:
        held.begun = True
        model.owner[id_] = (held.lease.name, until)
    else:
        with world.desk.writing() as conn:
            model.store.outbox.release(conn, [held.lease.name], [id_])
        _let_go(model, hand, held)


def send(model: Model, hand: Hand, pick: int) -> None:
    """It arrives. A worker keeps a deadline of less than half its lease, so this never happens after it."""
    held = _chosen([h for h in hand.held if h.begun and not h.arrived], pick)
    if held is not None and model.owner[held.notice.id][1] - model.world.now > LEASE / 2:
        held.arrived = True
        model.arrivals[held.notice.id] += 1


def settle(model: Model, hand: Hand, pick: int) -> None:
    """Oracle: where it is somebody else's by now nothing changes, and the worker is told."""
    held = _chosen([h for h in hand.held if h.begun], pick)
    if held is None:
        return
    world, now, id_ = model.world, model.world.now, held.notice.id
    outcome = Sent("there") if held.arrived else (Transient("busy"), Permanent("no"), Unknown("silence"))[pick % 3]
    meant = verdict(held.notice, outcome, now, doubt="same_id", last_resort=True)
    mine, before = model.owner.get(id_, ("", now))[0] == held.lease.name, model.row(id_)
    with world.desk.writing() as conn:
        ours = model.store.sending.settle(
            conn, [End(held.notice, held.lease.name, meant, outcome_word(outcome), None, True)], now
        )
    assert (id_ in ours) == mine, f"{hand.name} marked {id_}, which it {'has' if mine else 'has not'}"
    if not mine:
        assert model.row(id_) == before, "a mark that came too late changed the row"
    else:
        assert model.row(id_).lease is None, "it is settled, and somebody still holds it"
    if isinstance(outcome, Unknown):
        model.doubtful[id_] += 1
    _let_go(model, hand, held)


def give_back(model: Model, hand: Hand, _: int) -> None:
    """What was claimed and not begun. Oracle: what is being sent stays in doubt until it is settled."""
    with model.world.desk.writing() as conn:
        model.store.outbox.release(conn, [h.lease.name for h in hand.held])
    for held in list(hand.held):
        mine = model.owner.get(held.notice.id, ("",))[0] == held.lease.name
        if held.begun and mine:
            assert model.row(held.notice.id).status == "sending"
            assert model.row(held.notice.id).lease == held.lease.name, "given up while it was being sent"
        if not held.begun:
            _let_go(model, hand, held)


def renew(model: Model, hand: Hand, _: int) -> None:
    """Oracle: nothing but one's own is kept for longer."""
    names, until = {h.lease.name for h in hand.held}, model.world.now + LEASE
    with model.world.desk.writing() as conn:
        model.store.outbox.renew(conn, names, until)
    with model.world.desk.reading() as conn:
        others = conn.execute(sa.select(NOTICE.c.lease, NOTICE.c.lease_until).where(NOTICE.c.lease.is_not(None))).all()
    for lease, lease_until in others:
        if lease not in names:
            assert (lease, lease_until) in model.owner.values(), f"{hand.name} kept what {lease} holds"
    for id_, (owner, _until) in list(model.owner.items()):
        if owner in names:
            model.owner[id_] = (owner, until)


def die(_: Model, hand: Hand, __: int) -> None:
    """kill -9: it forgets everything; the rows stay as they are until their lease is over."""
    hand.held.clear()


def _let_go(model: Model, hand: Hand, held: Held) -> None:
    hand.held.remove(held)
    if model.owner.get(held.notice.id, ("",))[0] == held.lease.name:
        del model.owner[held.notice.id]


def _chosen(held: list[Held], pick: int) -> Held | None:
    return held[pick % len(held)] if held else None


# --- what others do ---------------------------------------------------------------------------------------------------


def add(model: Model, _: Hand, pick: int) -> None:
    world = model.world
    values = {"deal_id": model.deal_id, "kind": "stage_entered", "ordinal": 100 + len(model.added), "at": world.now}
    values |= {"person_id": world.person(READERS[pick % 3]), "channel": ("email", "slack")[pick % 2], "about": "{}"}
    values |= {"not_before": world.now, "judged_at": world.now}
    with world.desk.writing() as conn:
        model.added.append(conn.execute(sa.insert(NOTICE).returning(NOTICE.c.id), values).scalar_one())


def wait(model: Model, _: Hand, pick: int) -> None:
    """A moment, or longer than a lease."""
    model.world.clock.set(model.world.now + timedelta(seconds=(1, 5, 15, 25, 41, 130)[pick % 6]))


def audit(model: Model, _: Hand, __: int) -> None:
    """The auditor frees what is past its lease. Oracle: nothing else."""
    now = model.world.now
    with model.world.desk.writing() as conn:
        model.store.health.release_leases(conn, now)
    with model.world.desk.reading() as conn:
        free = set(conn.execute(sa.select(NOTICE.c.id).where(NOTICE.c.lease.is_(None))).scalars())
    for id_, (owner, until) in list(model.owner.items()):
        if id_ in free:
            assert until <= now, f"the auditor took {id_} from {owner}"
            del model.owner[id_]


def act(model: Model, _: Hand, pick: int) -> None:
    """Somebody does something about a task. Oracle: one that is closed stays so, and says who closed it."""
    world, before = model.world, model.deal()
    task = before.tasks[pick % len(before.tasks)]
    ref, by = TaskRef(model.deal_id, task.no), world.by(("ana", "bob", "chris")[pick % 3])
    answers = {"root_cause": "price", "summary": "They pay for seats that nobody uses.", "met": True}
    answers = {k: v for k, v in answers.items() if (k == "met") == (task.plan == "new_champion")}
    moves: tuple[Callable[[], object], ...] = (
        lambda: tasks.mark_seen(world.desk, ref, by),
        lambda: tasks.complete_task(world.desk, ref, by, answers=answers),
        lambda: tasks.hand_over(world.desk, ref, by, to=world.person("bob"), note="please"),
        lambda: tasks.snooze(world.desk, ref, by, until=world.now + timedelta(hours=3), reason="later"),
    )
    try:
        moves[pick % 4]()
    except Refusal:
        assert model.deal() == before, "refused, and something changed"
        return
    assert not task.closed, f"{task.plan} was closed, and somebody could act on it"
    _whole(model)


def tick(model: Model, _: Hand, pick: int) -> None:
    """The engine fires what is due, some hours later. Oracle: history folds to what is stored; each moment once."""
    world = model.world
    world.clock.set(world.now + timedelta(minutes=(1, 30, 240)[pick % 3]))
    advance(world.desk)
    assert advance(world.desk).events == {}, "the same moment twice"
    _whole(model)
    with world.desk.writing() as conn:  # what the engine says is no part of this outbox: two would mix what is counted
        conn.execute(sa.delete(NOTICE).where(NOTICE.c.id.not_in(model.added)))


def _whole(model: Model) -> None:
    deal = model.deal()
    assert deal.closed or deal.next_at is not None, "a deal that nothing will ever wake"
    with model.world.desk.reading() as conn:
        assert all(agrees for _, agrees in health.disagreeing(conn, 0, 10)), "its history says something else"
    for task in deal.tasks:
        assert task.clock is None or not task.closed, "a closed task has a clock"


MOVES: Final[tuple[Move, ...]] = (
    *(add, add, add, claim, claim, claim, claim, begin, begin, begin, begin, send, send, send),
    *(settle, settle, settle, wait, wait, wait, die, give_back, renew, audit, act, tick),
)
assert len(MOVES) == 26
