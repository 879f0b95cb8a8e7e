"""Messages that tell of more than one task: how an account was saved or lost, and what is open with somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from saveline.core.facts import DECISION, Account, Deal, Task
from saveline.core.phrases import answer_words, count, day, due, listed, money, shortened, words_of
from saveline.core.report_words import report_view
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, act, task_view

MOST_HELPERS: Final = 5
MOST_LINES: Final = 25
READING: Final = (
    "Every figure is counted from the history of the deals up to the end of the period, with ARR as it stood when a "
    "deal was opened; the same week always gives the same report."
)


# --- how it ended -----------------------------------------------------------------------------------------------------


def saved(matter: Matter) -> View:
    """The bell: who did what, what made the difference, what is kept."""
    deal, currency = _ended(matter), matter.workspace.currency
    kept, was = money(deal.kept_cents or 0, currency), money(deal.arr_cents, currency)
    smaller = (deal.kept_cents or 0) < deal.arr_cents
    value = f"{kept} of {was} a year kept" if smaller else f"{kept} a year kept"
    difference = {"label": "What made the difference", "value": shortened(deal.reason or "", LONGEST_NOTE)}
    return {**_story(matter, value), "endings": [difference, *_counts_from(matter, deal)]}


def _counts_from(matter: Matter, deal: Deal) -> list[View]:
    """A save that is watched is not kept yet."""
    if deal.watch_until is None:
        return []
    until = matter.local(deal.watch_until).date()
    return [{"label": "When it counts as kept", "value": f"{_date(until)} {until.year}, if they still pay then."}]


def lost(matter: Matter) -> View:
    """The same for a deal that was not saved: what was done and why it ended. Nobody is named for the end."""
    deal = _ended(matter)
    if matter.about.get("news") == "delayed_loss":
        return _lost_after_all(matter, deal)
    endings = [{"label": "Why", "value": shortened(deal.reason or "", LONGEST_NOTE)}]
    if deal.evidence:
        endings.append({"label": "Evidence", "value": shortened(deal.evidence, LONGEST_NOTE)})
    return {
        **_story(matter, f"{money(deal.arr_cents, matter.workspace.currency)} a year"),
        "endings": endings,
        "benefit": "Knowing why it ended helps the next customer who is at risk for the same reason.",
    }


def _lost_after_all(matter: Matter, deal: Deal) -> View:
    """A delayed loss: it had been saved, and the account leaves while the save is watched."""
    account, currency = matter.account.name if matter.account else "", matter.workspace.currency
    left = date.fromisoformat(str(matter.about["left_on"]))
    closed = matter.local(deal.closed_at).date() if deal.closed_at else left
    until = matter.local(deal.watch_until).date() if deal.watch_until else left
    kept = money(deal.kept_cents or 0, currency)
    saved = f"It was saved on {_date(closed)}, with {kept} a year, and was to be counted as kept from {_date(until)}."
    leaves = "leaves" if left > matter.here.date() else "left"
    endings = [{"label": "What had made the difference", "value": shortened(deal.reason or "", LONGEST_NOTE)}]
    if evidence := str(matter.about.get("evidence", "")):
        endings.append({"label": "Evidence", "value": shortened(evidence, LONGEST_NOTE)})
    return {
        **_story(matter, f"{money(deal.arr_cents, currency)} a year"),
        "headline": f"{account}: lost after all",
        "span": f"{account} {leaves} on {_date(left)}. {saved}",
        "endings": endings,
        "withdrawn": [],
        "benefit": "Knowing which saves do not hold helps the next customer more than an early cheer.",
    }


def _story(matter: Matter, value: str) -> View:
    deal, outcome = _ended(matter), matter.workspace.outcome(_ended(matter).outcome or "")
    title = outcome.title.lower() if outcome else words_of(deal.ending or "closed")
    return {
        "headline": f"{matter.account.name if matter.account else ''}: {title}",
        "opening": "",
        "value": value,
        "span": _span(matter, deal),
        "helpers": helpers(matter),
        "withdrawn": [task_view(matter, t)["title"] for t in _withdrawn_from_reader(matter, deal)],
        "acts": [act("To see all of it", f"deal show {deal.id}", "look", "See the deal")],
    }


def _ended(matter: Matter) -> Deal:
    if matter.deal is None or matter.deal.closed_at is None:
        raise ValueError("the story of a deal that is not closed")
    return matter.deal


def _span(matter: Matter, deal: Deal) -> str:
    """“At risk because the champion left, for 12 days: 20 Nov to 2 Dec.”"""
    causes = listed(words_of(c) for c in deal.causes)
    if deal.opened_at is None or deal.closed_at is None:
        return ""
    first, last = matter.local(deal.began_at or deal.opened_at).date(), matter.local(deal.closed_at).date()
    days = (last - first).days
    year = f" {last.year}" if first.year != last.year else ""
    when = f"for {count(days, 'day')}, {_date(first)} to {_date(last)}{year}" if days else f"on {_date(last)}"
    return f"At risk {when}: {causes}."


def _date(on: Any) -> str:
    return f"{on.day} {on:%b}"


def helpers(matter: Matter) -> list[View]:
    """Who did what, in the order of their first task; beyond five people the rest are counted."""
    done: dict[int, list[Task]] = {}
    for task in matter.deal.tasks if matter.deal else ():
        if task.state == "done" and task.plan != DECISION and task.closed_by is not None:
            done.setdefault(task.closed_by, []).append(task)
    everybody = list(done)
    told = everybody if len(everybody) <= MOST_HELPERS else everybody[: MOST_HELPERS - 1]
    lines = [_helper(matter, person_id, done[person_id]) for person_id in told]
    rest = everybody[len(told) :]
    if rest:
        names = listed(matter.people.name(p) for p in rest)
        lines.append({"name": shortened(names, 200), "team": "", "did": "further tasks"})
    return lines


def _helper(matter: Matter, person_id: int, tasks: list[Task]) -> View:
    person = matter.people.by_id.get(person_id)
    titles = [task_view(matter, t)["title"] for t in tasks]
    more = f"; and {count(len(titles) - 2, 'more task')}" if len(titles) > 2 else ""
    return {
        "name": matter.people.name(person_id),
        "team": matter.department(person.department) if person else "",
        "did": "; ".join(titles[:2]) + more,
    }


def _withdrawn_from_reader(matter: Matter, deal: Deal) -> Iterable[Task]:
    """Tasks the reader still had when the deal was closed: they hear of it here and nowhere else."""
    reader = matter.notice.person_id
    return [
        t for t in deal.tasks if t.state == "withdrawn" and t.closed_at == deal.closed_at and t.assignee_id == reader
    ]


def done_lines(matter: Matter) -> list[View]:
    """Every finished task with who did it and what they answered: what a decision rests on."""
    return [
        {
            "title": task_view(matter, t)["title"],
            "by": matter.people.name(t.closed_by),
            "on": day(matter.local(t.closed_at).date(), matter.here.date()) if t.closed_at else "",
            "answers": [f"{words_of(k)}: {answer_words(v)}" for k, v in t.answers.items()],
        }
        for t in (matter.deal.tasks if matter.deal else ())
        if t.state == "done" and t.plan != DECISION
    ][:MOST_LINES]


# --- what is open -----------------------------------------------------------------------------------------------------


def digest(matter: Matter) -> View:
    """The reader's open tasks, what is due first in front, and the deals they own."""
    reader = matter.notice.person_id
    mine = [(d, a, t) for d, a in matter.others for t in d.tasks if t.state == "open" and t.assignee_id == reader]
    mine.sort(key=lambda found: (found[2].running.due_at, found[0].id, found[2].no))
    late = sum(1 for _, _, t in mine if t.running.due_at < matter.now)
    today = sum(1 for _, _, t in mine if _due_today(matter, t))
    owned = [(d, a) for d, a in matter.others if d.owner_id == reader and not d.closed]
    owned.sort(key=lambda found: (-found[0].arr_cents, found[0].id))
    return {
        "headline": _headline(len(mine), late, today, len(owned)),
        "tasks": [_line(matter, d, a, t) for d, a, t in mine[:MOST_LINES]],
        "more_tasks": max(0, len(mine) - MOST_LINES),
        "deals": [_deal_line(matter, d, a) for d, a in owned[:MOST_LINES]],
        "more_deals": max(0, len(owned) - MOST_LINES),
        "acts": [act("To see it as it is now", "task list", "mine", "See it as it is now")],
        "date": f"{matter.here:%A} {matter.here.day} {matter.here:%B}",
    }


def stage_report(matter: Matter) -> View:
    """The report as it was kept; its first finding is the headline, and so the subject."""
    report = matter.report
    assert report is not None  # it is kept before its notices are queued
    shown = report_view(report, matter.workspace.zone)
    return {
        "headline": shown["findings"][0].rstrip("."),
        "report": shown,
        "acts": [act("All of it, as text", f"report --period {report.period.key}", "", "")],
        "benefit": READING,
    }


def _headline(tasks: int, late: int, today: int, deals: int) -> str:
    if not tasks:
        return f"{count(deals, 'deal')} of yours {'is' if deals == 1 else 'are'} open" if deals else "Nothing is open"
    parts = [f"{late} late"] if late else []
    parts += [f"{today} due today"] if today else []
    return ", ".join([count(tasks, "open task"), *parts])


def _due_today(matter: Matter, task: Task) -> bool:
    at = task.running.due_at
    return at >= matter.now and matter.local(at).date() == matter.here.date()


def _line(matter: Matter, deal: Deal, account: Account, task: Task) -> View:
    at, page = matter.local(task.running.due_at), matter.link("mine")
    return {
        "ref": f"{deal.id}.{task.no}",
        "url": f"{page}?task={deal.id}.{task.no}" if page else "",
        "title": shortened(task.title, 200),
        "account": account.name,
        "arr": money(deal.arr_cents, matter.workspace.currency),
        "due": due(at, matter.here),
        "late": at < matter.here,
    }


def _deal_line(matter: Matter, deal: Deal, account: Account) -> View:
    decide = matter.local(deal.decide_at).date() if deal.decide_at else None
    return {
        "ref": str(deal.id),
        "account": account.name,
        "arr": money(deal.arr_cents, matter.workspace.currency),
        "stage": matter.workspace.stage_title(deal.stage) if deal.state == "open" else "Paused",
        "open": count(sum(1 for t in deal.tasks if t.state == "open"), "open task"),
        "decide": day(decide, matter.here.date()) if decide else "",
    }
