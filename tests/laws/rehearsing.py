"""A rehearsal beside a life: the same deals, played by the core alone and lived by the engine with its database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from saveline.actions import deals, tasks
from saveline.actions.tasks import TaskRef
from saveline.core import rehearse as acts
from saveline.core.arrivals import Arrival, openings
from saveline.core.behaviour import Behaviour, Habits
from saveline.core.changes import Event, encode
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Case
from saveline.core.decide.due import on_due
from saveline.core.errors import Refusal
from saveline.core.facts import Account, Deal, Doer, Task
from saveline.core.luck import Luck
from saveline.core.notices import Notice
from saveline.core.portfolio import House, Life, Opening, play_all
from saveline.core.rehearse import Open, Rehearsal, Step
from saveline.store import load
from saveline.store.rows import EVENT, NOTICE, decode_json, encode_json
from tests.laws import generated
from tests.world import World

SCORE = 60
AT_HOME = Behaviour(everybody=Habits(days_away=0))
"""Nobody is away but those of people.yaml: a life would have to be told of every absence that is drawn."""


def lived(world: World, deal_id: int) -> str:
    """Everything that the engine wrote about a deal, as JSON: its events, then its notices."""
    with world.desk.reading() as conn:
        columns = [EVENT.c[c] for c in ("seq", "at", "kind", "task_no", "by_id", "via", "data")]
        told = [NOTICE.c[c] for c in ("kind", "at", "person_id", "channel", "task_no", "ordinal", "about")]
        events = conn.execute(sa.select(*columns).where(EVENT.c.deal_id == deal_id).order_by(EVENT.c.seq)).all()
        notices = conn.execute(sa.select(*told).where(NOTICE.c.deal_id == deal_id).order_by(NOTICE.c.id)).all()
    return _text([[*e[:6], json.loads(e[6])] for e in events], [[*n[:6], decode_json(n[6])] for n in notices])


def rehearsed(events: Iterable[Event], notices: Iterable[Notice]) -> str:
    """The same of a rehearsal."""
    return _text(
        [[e.seq, e.at, e.kind, e.task_no, e.by, e.via, json.loads(encode(e.change))] for e in events],
        [
            [n.kind, n.at, n.person_id, n.channel, n.task_no, n.ordinal, decode_json(encode_json(n.about))]
            for n in notices
        ],
    )


def _text(events: Sequence[Any], notices: Sequence[Any]) -> str:
    return json.dumps({"events": events, "notices": notices}, indent=1, default=str, sort_keys=True)


# --- a script that people follow --------------------------------------------------------------------------------------


def opening_of(world: World, account: Account, *causes: str, at: datetime | None = None) -> Opening:
    """How the account becomes a deal: with the play that it gets, and why."""
    arrival = Arrival(at or world.now, account, causes, SCORE, key=account.key)
    plays = [live.play for live in world.desk.plays.live]
    with world.desk.reading() as conn:
        people = world.desk.people(conn)
    return openings([arrival], plays, world.desk.workspace, people, None).openings[0]


def account(world: World, account_id: int) -> Account:
    with world.desk.reading() as conn:
        return load.accounts(conn, [account_id])[0]


def house(world: World, behaviour: Behaviour = AT_HOME) -> House:
    with world.desk.reading() as conn:
        return House(world.desk.workspace, world.desk.people(conn), behaviour)


class Double:
    """A rehearsal that follows the same script as :func:`tests.laws.playing.act`: it chooses as that does."""

    def __init__(self, world: World, opening: Opening) -> None:
        self.world, self.now = world, opening.at
        found = house(world)
        case = Case(found.workspace, found.people, opening.play, opening.account, Deal(0, opening.account.id))
        self.rehearsal = Rehearsal(case)
        self._take(Open(opening.causes, opening.score, opening.why), None)

    @property
    def deal(self) -> Deal:
        return self.rehearsal.case.deal

    def pass_time(self, span: timedelta) -> None:
        self.now += span
        self.rehearsal.run_to(self.now)

    def act(self, step: generated.Step) -> None:
        deal = on_due(self.rehearsal.case, self.now).deal
        open_tasks = [t for t in deal.tasks if t.state == "open"]
        on_deal = self._on_deal(step)
        if on_deal is not None:
            self._take(*on_deal)
        elif step.do != "wait" and open_tasks:
            self._on_task(open_tasks[step.pick % len(open_tasks)], step)

    def _on_deal(self, step: generated.Step) -> tuple[acts.Act, Doer] | None:
        """What is done with the deal as a whole, and by whom; None where the step is about a task."""
        stages, later = self.rehearsal.case.play.stages, self.now + timedelta(hours=step.pick * 9 + 1)
        possible: dict[str, acts.Act] = {
            "pause": acts.Pause(self.now + timedelta(days=step.pick + 1), "they are away"),
            "resume": acts.Resume(),
            "move": acts.Move(stages[step.pick % len(stages)].key, "a reason"),
            "grade": acts.Grade("critical" if step.flag else "normal", "so it is"),
            "override": acts.Override(later, "so it is"),
            "save": acts.Close(Closing("saved", "they stay", 100)),
            "let_go": acts.Close(Closing("let_go", "they want to")),
        }
        by = "chris" if step.do == "override" else step.person
        return (possible[step.do], self.world.by(by)) if step.do in possible else None

    def _on_task(self, task: Task, step: generated.Step) -> None:
        by, no = self.world.by(step.person, "slack"), task.no
        if task.plan == "decision" and step.do in ("done", "other"):
            answers = {"reason": "so it is", "kept": 100, "evidence": "a mail"}
            self._take(acts.Finish(no, "lost" if step.flag else "saved", answers), by)
            return
        until = self.now + timedelta(hours=step.pick * 9 + 1)
        possible: dict[str, acts.TaskAct] = {
            "done": acts.Finish(no, None, {"ok": step.flag}),
            "other": acts.Finish(no, "other", {"ok": step.flag}),
            "cannot": acts.Decline(no, "not possible"),
            "seen": acts.See(no),
            "snooze": acts.Snooze(no, until, "later"),
            "hand_over": acts.HandOver(no, self.world.person(step.person)),
            "claim": acts.Take(no),
            "help": acts.AskHelp(no, "please"),
            "customer": acts.Wait(no, until, "they think"),
            "answered": acts.Answered(no),
        }
        self._take(possible[step.do], by)

    def _take(self, act: acts.Act, by: Doer | None) -> None:
        self.rehearsal.take(Step(self.now, act, by))

    def text(self) -> str:
        timeline = self.rehearsal.timeline(self.now)
        return rehearsed(timeline.events, timeline.notices)


# --- people that luck draws -------------------------------------------------------------------------------------------


def portfolio(world: World, opened: Sequence[Opening], seed: str, days: int) -> tuple[Life, ...]:
    """The rehearsal of deals that share the world's people."""
    return play_all(house(world), opened, Luck(seed), opened[0].at + timedelta(days=days))


def live(world: World, lives: Sequence[Life], until: datetime) -> list[int]:
    """Lives through what people did in a rehearsal: every step by the doors of the engine. Returns the deals' ids."""
    ids: dict[int, int] = {}
    for _, place, step in sorted(_steps(lives), key=lambda s: s[0]):
        world.at(step.at)
        if isinstance(step.act, Open):
            account_id = lives[place].opening.account.id
            ids[place] = deals.open_deal(world.desk, account_id, causes=step.act.causes, score=step.act.score).id
        else:
            do(world, ids[place], step)
    world.at(until)
    return [ids[place] for place in range(len(lives))]


def _steps(lives: Sequence[Life]) -> Iterable[tuple[int, int, Step]]:
    """Every step with its turn, and the place of its deal."""
    for place, life in enumerate(lives):
        for turn, step in zip(life.turns, life.steps, strict=True):
            yield turn, place, step


def do(world: World, deal_id: int, step: Step) -> None:
    """The step by its door; what is refused is refused there as well."""
    by, act = step.by, step.act
    assert by is not None
    assert isinstance(act, acts.Finish | acts.Decline | acts.See | acts.Take | acts.AskHelp)
    assert isinstance(act.task, int)
    ref = TaskRef(deal_id, act.task)
    try:
        match act:
            case acts.Finish(_, outcome, answers):
                tasks.complete_task(world.desk, ref, by, outcome=outcome, answers=answers)
            case acts.Decline(_, reason):
                tasks.cannot_do(world.desk, ref, by, reason=reason)
            case acts.See():
                tasks.mark_seen(world.desk, ref, by)
            case acts.Take():
                tasks.claim_task(world.desk, ref, by)
            case acts.AskHelp(_, note):
                tasks.ask_help(world.desk, ref, by, note=note)
    except Refusal:
        pass
