"""What members of Slack see by themselves: their tasks, a deal, what is at risk today. Reading only."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.slack_doing import Stranger, member
from saveline.core.chronicle import Chronicler
from saveline.core.decide.draft import Draft
from saveline.core.errors import Invalid, UnknownAccount
from saveline.core.facts import Account, Deal, Fact, Person, Task
from saveline.core.people import Duty, People
from saveline.core.phrases import count, day, due, listed, money, quoted, words_of
from saveline.notify import slack_pages as pages
from saveline.notify.buttons import for_task
from saveline.notify.channels.blocks import Block, section
from saveline.notify.message import Button
from saveline.notify.slack_pages import DealCard, DealLine, TaskCard
from saveline.notify.slack_payloads import Asked
from saveline.store import boards, load

MOST_EVENTS: Final = 5


class Answer(Fact, frozen=True):
    """What a command is answered; only whoever typed it sees it."""

    blocks: list[Block]


def home(desk: Desk, user: str) -> Block | Stranger:
    """A member's Home."""
    with desk.reading() as conn:
        people = desk.people(conn)
        person = member(people, user)
        if person is None or not person.active:
            return Stranger(user)
        now = desk.now(conn)
        cards = _tasks(desk, conn, people, person, now, pages.MOST_AT_HOME)
    return pages.home(cards, desk.workspace.company, _page(desk, person, now))


def asked(desk: Desk, question: Asked) -> Answer | Stranger:
    """``/saveline``: nothing is the person's tasks, ``risk`` what is at risk, ``deal 12`` or a name one deal."""
    with desk.reading() as conn:
        people, now = desk.people(conn), desk.now(conn)
        person = member(people, question.user)
        if person is None or not person.active:
            return Stranger(question.user)
        words = " ".join(question.text.split())
        match words.casefold():
            case "" | "tasks" | "my tasks":
                cards = _tasks(desk, conn, people, person, now, pages.MOST_IN_ANSWER)
                return Answer(pages.my_tasks(cards, _page(desk, person, now)))
            case "help" | "?":
                return Answer([section(pages.HELP)])
            case "risk":
                return Answer(_risk(desk, conn, people, person, now))
            case _:
                return Answer(_deal(desk, conn, people, person, now, words))


def _page(desk: Desk, person: Person, now: datetime) -> str:
    return desk.links.link("mine", 0, person.id, now) if desk.links else ""


# --- tasks ------------------------------------------------------------------------------------------------------------


def _tasks(desk: Desk, conn: Connection, people: People, person: Person, now: datetime, most: int) -> list[TaskCard]:
    """Everything open with the person or offered to their department; buttons for those that are shown."""
    lines = boards.open_tasks(conn, person.id, person.department)
    found = load.deals(conn, list(dict.fromkeys(line.deal_id for line in lines[:most])))
    deals = {deal.id: (deal, account) for deal, account in found}
    local = people.calendar(person.id).local
    cards = []
    for line in lines:
        deal, account = deals.get(line.deal_id, (None, None))
        task = deal.task(line.no) if deal else None
        cards.append(
            TaskCard(
                about=f"{line.deal_id}.{line.no}",
                title=line.title,
                account=line.account,
                arr=money(line.arr_cents, desk.workspace.currency),
                due=due(local(line.due_at), local(now)),
                late=line.due_at < now,
                offered=people.department(line.department) if line.assignee_id is None else "",
                buttons=_buttons(desk, conn, people, deal, account, task) if deal and account and task else (),
            )
        )
    return cards


def _buttons(
    desk: Desk, conn: Connection, people: People, deal: Deal, account: Account, task: Task
) -> tuple[Button, ...]:
    """What can be pressed; of a play that cannot be read any more what every task has."""
    plan = None
    with suppress(Invalid):
        plan = Draft(desk.case(conn, people, deal, account, Duty())).plan(task)
    return for_task(task, deal, plan)


# --- deals ------------------------------------------------------------------------------------------------------------


def _risk(desk: Desk, conn: Connection, people: People, person: Person, now: datetime) -> list[Block]:
    cards = boards.cards(conn, now)
    local, currency = people.calendar(person.id).local, desk.workspace.currency
    lines = [
        DealLine(
            id=card.deal_id,
            account=card.account,
            arr=f"{money(card.arr_cents, currency)} a year",
            stage="Paused" if card.state == "paused" else desk.workspace.stage_title(card.stage),
            owner=people.name(card.owner_id) if card.owner_id else "nobody",
            tasks=_open(card, local(card.next_due_at) if card.next_due_at else None, local(now)),
            late=bool(card.late_tasks),
        )
        for card in cards
    ]
    return pages.at_risk(lines, money(sum(card.arr_cents for card in cards), currency))


def _open(card: boards.Card, next_due: datetime | None, here: datetime) -> str:
    if not card.open_tasks or next_due is None:
        return "nothing open"
    late = f", {card.late_tasks} late" if card.late_tasks else f", next {due(next_due, here)}"
    return f"{count(card.open_tasks, 'open task')}{late}"


def _deal(desk: Desk, conn: Connection, people: People, person: Person, now: datetime, words: str) -> list[Block]:
    first, _, rest = words.partition(" ")
    wanted = rest if first.casefold() == "deal" and rest else words
    found = boards.find_deal(conn, wanted)
    if found is None:
        known = boards.account_names(conn)
        return [section(_escaped(f"{UnknownAccount(wanted, known)} `/saveline help` shows what can be asked."))]
    deal, account = load.deals(conn, [found])[0]
    local, here = people.calendar(person.id).local, people.calendar(person.id).local(now)
    teller = Chronicler(people, desk.workspace, lambda no: quoted(deal, no))
    events = load.history(conn, [deal.id])[deal.id][-MOST_EVENTS:]
    card = DealCard(
        title=f"{account.name}: deal {deal.id}",
        facts=[(label, value) for label, value in _facts(desk, deal, account, people, here) if value],
        tasks=[
            f"{t.title} ({deal.id}.{t.no}): {_holder(people, t)}, {due(local(t.clock.due_at), here)}"
            for t in deal.tasks
            if t.state == "open" and t.clock is not None
        ],
        history=[f"{teller.moment(e.at)}: {teller.event(e)}" for e in reversed(events)],
    )
    return pages.deal(card)


def _facts(desk: Desk, deal: Deal, account: Account, people: People, here: datetime) -> list[tuple[str, str]]:
    ws = desk.workspace
    outcome = ws.outcome(deal.outcome or "")
    ended = outcome.title if outcome else deal.ending
    stage = ended if deal.closed else f"{ws.stage_title(deal.stage)}{', paused' if deal.state == 'paused' else ''}"
    decide = deal.decide_at.astimezone(here.tzinfo).date() if deal.decide_at and not deal.closed else None
    return [
        ("At risk", f"{money(deal.arr_cents, ws.currency)} a year"),
        ("Stage", stage),
        ("Owner", people.name(deal.owner_id) if deal.owner_id else "nobody"),
        ("Because", listed(words_of(c) for c in deal.causes)),
        ("Renewal", day(account.renewal, here.date()) if account.renewal else ""),
        ("Decision", day(decide, here.date()) if decide else ""),
    ]


def _holder(people: People, task: Task) -> str:
    if task.assignee_id is not None:
        return people.name(task.assignee_id)
    return f"offered to {people.department(task.department) or 'nobody'}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
