"""How a deal is shown in a terminal."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.why import told
from saveline.cli import output
from saveline.cli.show_runway import show_runway
from saveline.core.changes import CauseAdded, DealOpened, DealReopened, Event
from saveline.core.chronicle import Chronicler
from saveline.core.errors import Invalid, UnknownDeal
from saveline.core.facts import Account, Deal, Task
from saveline.core.people import Duty, People
from saveline.core.phrases import due, money, quoted, words_of
from saveline.core.play import Play
from saveline.core.runway import Runway, with_last_moments
from saveline.core.why.deal import deal_brief
from saveline.store import load


def show_deal(desk: Desk, deal_id: int, *, as_json: bool) -> None:
    """Where it stands, why, its tasks, its history. Raises UnknownDeal."""
    with desk.reading() as conn:
        found = load.deals(conn, [deal_id])
        if not found:
            raise UnknownDeal(deal_id)
        events = load.history(conn, [deal_id])[deal_id]
        people, now = desk.people(conn), desk.now(conn)
        why = _derived(desk, conn, deal_id)
        ahead = _ahead(desk, conn, *found[0], people, now)
    deal, account = found[0]
    if as_json:
        lines = {f"{deal_id}.{no}": of_task for no, of_task in why}
        left = ahead[1] if ahead else None
        causes = [{"cause": cause, "at": at, "note": note} for cause, at, note in _causes(deal, events)]
        seen = {"deal": deal, "account": account, "causes": causes, "history": events, "why": lines, "runway": left}
        output.emit_json(seen)
        return
    _head(desk, deal, account, people)
    _why(deal, events, people)
    _tasks(deal, people, now)
    for no, of_task in why:
        output.say(f"\nWhy {deal_id}.{no}", style="bold")
        for line in of_task:
            output.say(f"  {line}")
    if ahead is not None:
        play, left = ahead
        show_runway(left, play, people, desk.workspace)
    _history(desk, deal, events, people)


def _derived(desk: Desk, conn: Connection, deal_id: int) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Why each open task is whose and due when; nothing where the deal's version of its play cannot be compiled."""
    with suppress(Invalid):
        return deal_brief(*told(desk, conn, deal_id))
    return ()


def _ahead(
    desk: Desk, conn: Connection, deal: Deal, account: Account, people: People, now: datetime
) -> tuple[Play, Runway] | None:
    """What is left of the plan of an open deal; nothing where its play cannot be read any more."""
    if deal.closed:
        return None
    try:
        case = desk.case(conn, people, deal, account, Duty())
    except Invalid:
        return None
    return case.play, with_last_moments(case, now)


def _head(desk: Desk, deal: Deal, account: Account, people: People) -> None:
    ws, at = desk.workspace, people.calendar(None).local
    output.say(f"Deal {deal.id}  {account.name}", style="bold")
    rows = [
        ("At risk", money(deal.arr_cents, ws.currency)),
        ("Stage", _standing(desk, deal)),
        ("Severity", severity.title if (severity := ws.severity(deal.severity)) else ""),
        ("Owner", people.name(deal.owner_id) if deal.owner_id else "nobody"),
        ("Play", deal.play),
        ("Renewal", f"{account.renewal:%-d %b %Y}" if account.renewal else "unknown"),
        ("Decision", f"{at(deal.decide_at):%-d %b %Y %H:%M}" if deal.decide_at else ""),
    ]
    if deal.override_until is not None:
        rows.append(("Gate", f"overridden until {at(deal.override_until):%-d %b %Y %H:%M}"))
    if deal.next_at is not None:
        rows.append(("Next", f"{at(deal.next_at):%a %-d %b %Y %H:%M}"))
    output.table(("", ""), [row for row in rows if row[1]])


def _standing(desk: Desk, deal: Deal) -> str:
    if deal.closed:
        outcome = desk.workspace.outcome(deal.outcome or "")
        kept = f", {money(deal.kept_cents, desk.workspace.currency)} a year" if deal.kept_cents is not None else ""
        reason = f": {deal.reason}" if deal.reason else ""
        return f"{outcome.title if outcome else deal.ending}{kept}{reason}{_save(desk, deal)}"
    title = desk.workspace.stage_title(deal.stage)
    return f"{title}, paused" if deal.state == "paused" else title


def _save(desk: Desk, deal: Deal) -> str:
    """What became of a save that is, or was, watched."""
    if deal.left_at is not None:
        return "; lost after all"
    if deal.kept_at is not None:
        return "; kept"
    if deal.watch_until is None:
        return ""
    return f"; watched until {deal.watch_until.astimezone(ZoneInfo(desk.workspace.zone)):%-d %b %Y}"


def _why(deal: Deal, events: list[Event], people: People) -> None:
    """Why it is a deal and why it runs this play: as it was recorded when it opened, or opened again."""
    output.say("\nCauses", style="bold")
    at = people.calendar(None).local
    rows = [(words_of(cause), f"{at(moment):%-d %b %Y}", note) for cause, moment, note in _causes(deal, events)]
    output.table(("", "Since", ""), rows)
    opened = [(*e.change.why, *e.change.owner_why) for e in events if isinstance(e.change, DealOpened | DealReopened)]
    if opened and opened[-1]:
        output.say("\nWhy", style="bold")
        for line in opened[-1]:
            output.say(f"  {line}")


def _causes(deal: Deal, events: list[Event]) -> list[tuple[str, datetime, str]]:
    """Each cause that the deal has, since when, and what speaks for it where that is known."""
    found: dict[str, tuple[str, datetime, str]] = {}
    for event in events:
        match event.change:
            case DealOpened(causes=causes):
                found |= {cause: (cause, event.at, "") for cause in causes}
            case CauseAdded(cause=cause, note=note):
                found[cause] = (cause, event.at, note)
    return [found[cause] for cause in deal.causes if cause in found]


def _tasks(deal: Deal, people: People, now: datetime) -> None:
    output.say("\nTasks", style="bold")
    at = people.calendar(None).local
    rows = []
    for task in deal.tasks:
        when = (
            due(at(task.clock.due_at), at(now))
            if task.clock
            else f"{at(task.closed_at):%-d %b}"
            if task.closed_at
            else f"from {due(at(task.starts_at), at(now))}"
            if task.starts_at
            else ""
        )
        rows.append((f"{deal.id}.{task.no}", task.title or task.plan, _holder(task, people), _state(task), when))
    output.table(("Task", "What", "Who", "State", "Due or closed"), rows)


def _holder(task: Task, people: People) -> str:
    if task.assignee_id is not None:
        return people.name(task.assignee_id)
    return f"offered to {task.department}" if task.department else ""


def _state(task: Task) -> str:
    if task.state == "done" and task.outcome not in (None, "done"):
        return f"done: {task.outcome}"
    if task.clock is not None and task.clock.waits_since is not None:
        return "waits for the customer"
    if task.state == "open" and task.clock is not None and task.clock.seen_at is not None:
        return "open, seen"
    return task.state


def _history(desk: Desk, deal: Deal, events: list[Event], people: People) -> None:
    output.say("\nHistory", style="bold")
    teller = Chronicler(people, desk.workspace, lambda no: quoted(deal, no))
    output.table(("", ""), [(teller.moment(e.at), teller.event(e)) for e in events])
