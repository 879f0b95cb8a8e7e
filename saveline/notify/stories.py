"""Messages that tell of more than one task: how an account was saved or lost, and what is open with somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from shlex import quote
from typing import Final

from saveline.core.blocks import Chart, Page, plain
from saveline.core.facts import DECISION, Account, Deal, Task
from saveline.core.phrases import answer, capitalised, date_of, dated, due, shortened, words_of
from saveline.core.report import StageReport
from saveline.core.report_slice import slice_words
from saveline.core.report_words import report_page
from saveline.core.slices import slice_of
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, act, task_view, to_look

MOST_HELPERS: Final = 5
MOST_LINES: Final = 25
# --- how it ended -----------------------------------------------------------------------------------------------------


def saved(matter: Matter) -> View:
    """The bell: who did what, what made the difference, what is kept."""
    deal, say = _ended(matter), matter.say
    kept, was = matter.money(deal.kept_cents or 0), matter.money(deal.arr_cents)
    value = say("{value} a year kept", value=kept)
    if (deal.kept_cents or 0) < deal.arr_cents:
        value = say("{value} of {whole} a year kept", value=kept, whole=was)
    difference = _ending(say("What made the difference"), deal.reason)
    return {
        **_story(matter, value),
        "endings": [difference, *_counts_from(matter, deal)],
        "benefit_label": say("What {account} has from it", account=matter.of_account()),
    }


def _ending(label: str, value: str | None) -> View:
    return {"label": label, "value": shortened(value or "", LONGEST_NOTE)}


def _counts_from(matter: Matter, deal: Deal) -> list[View]:
    """A save that is watched is not kept yet."""
    if deal.watch_until is None:
        return []
    until = dated(matter.local(deal.watch_until).date(), matter.tongue)
    pays = matter.say("{day}, if they still pay then.", day=until)
    return [_ending(matter.say("When it counts as kept"), pays)]


def lost(matter: Matter) -> View:
    """The same for a deal that was not saved: what was done and why it ended. Nobody is named for the end."""
    deal, say = _ended(matter), matter.say
    if matter.about.get("news") == "delayed_loss":
        return _lost_after_all(matter, deal)
    endings = [_ending(say("Why"), deal.reason)]
    if deal.evidence:
        endings.append(_ending(say("Evidence"), deal.evidence))
    return {
        **_story(matter, say("{value} a year", value=matter.money(deal.arr_cents))),
        "endings": endings,
        "benefit": say("Knowing why it ended helps the next customer who is at risk for the same reason."),
    }


def _lost_after_all(matter: Matter, deal: Deal) -> View:
    """A delayed loss: it had been saved, and the account leaves while the save is watched."""
    account, say = matter.of_account(), matter.say
    endings = [_ending(say("What had made the difference"), deal.reason)]
    if evidence := str(matter.about.get("evidence", "")):
        endings.append(_ending(say("Evidence"), evidence))
    return {
        **_story(matter, say("{value} a year", value=matter.money(deal.arr_cents))),
        "headline": say("{account}: lost after all", account=account),
        "span": _left_after(matter, deal),
        "endings": endings,
        "withdrawn": [],
        "benefit": say("Knowing which saves do not hold helps the next customer more than an early cheer."),
    }


def _left_after(matter: Matter, deal: Deal) -> str:
    left, account, say = date.fromisoformat(str(matter.about["left_on"])), matter.of_account(), matter.say
    closed = matter.local(deal.closed_at).date() if deal.closed_at else left
    until = matter.local(deal.watch_until).date() if deal.watch_until else left
    saved = say(
        "It was saved on {closed}, with {kept} a year, and was to be counted as kept from {until}.",
        closed=date_of(closed, matter.tongue),
        kept=matter.money(deal.kept_cents or 0),
        until=date_of(until, matter.tongue),
    )
    day = date_of(left, matter.tongue)
    gone = say("{account} left on {day}.", account=account, day=day)
    going = say("{account} leaves on {day}.", account=account, day=day)
    return f"{going if left > matter.here.date() else gone} {saved}"


def _story(matter: Matter, value: str) -> View:
    deal, outcome = _ended(matter), matter.workspace.outcome(_ended(matter).outcome or "")
    title = matter.tongue.inside(outcome.title) if outcome else words_of(deal.ending or "closed")
    return {
        "headline": f"{matter.of_account()}: {title}",
        "opening": "",
        "value": value,
        "span": _span(matter, deal),
        "helpers": helpers(matter),
        "thanks": _thanks(matter) if not matter.notice.person_id else [],
        "withdrawn": [task_view(matter, t)["title"] for t in _withdrawn_from_reader(matter, deal)],
        "benefit_label": matter.say("Why this is shared"),
        "acts": [to_look(matter, deal.id)],
    }


def _ended(matter: Matter) -> Deal:
    if matter.deal is None or matter.deal.closed_at is None:
        raise ValueError("the story of a deal that is not closed")
    return matter.deal


def _span(matter: Matter, deal: Deal) -> str:
    """“At risk for 12 days, 20 Nov to 2 Dec: champion left.”"""
    if deal.opened_at is None or deal.closed_at is None:
        return ""
    first, last = matter.local(deal.began_at or deal.opened_at).date(), matter.local(deal.closed_at).date()
    days, tongue, causes = (last - first).days, matter.tongue, matter.causes()
    if not days:
        return matter.say("At risk on {day}: {causes}.", day=date_of(last, tongue), causes=causes)
    return matter.counted(
        "At risk for {n} day, {first} to {last}: {causes}.",
        "At risk for {n} days, {first} to {last}: {causes}.",
        days,
        first=date_of(first, tongue),
        last=date_of(last, tongue) if first.year == last.year else dated(last, tongue),
        causes=causes,
    )


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
        names = matter.listed(matter.people.name(p) for p in rest)
        lines.append({"name": shortened(names, 200), "team": "", "did": matter.say("further tasks")})
    return lines


def _helper(matter: Matter, person_id: int, tasks: list[Task]) -> View:
    person = matter.people.by_id.get(person_id)
    titles = [task_view(matter, t)["title"] for t in tasks]
    did, more = "; ".join(titles[:2]), len(titles) - 2
    if more > 0:
        did = matter.counted("{tasks}; and {n} more task", "{tasks}; and {n} more tasks", more, tasks=did)
    return {
        "name": matter.people.name(person_id),
        "team": matter.department(person.department) if person else "",
        "did": did,
    }


def _thanks(matter: Matter) -> list[str]:
    """In a room: every department that helped, with everybody in it who did: “Engineering (Eli Stern)”."""
    done = [t.closed_by for t in (matter.deal.tasks if matter.deal else ()) if t.state == "done"]
    teams: dict[str, list[str]] = {}
    for person_id in dict.fromkeys(p for p in done if p is not None):
        person = matter.people.by_id.get(person_id)
        team = matter.department(person.department) if person and person.department else ""
        teams.setdefault(team, []).append(matter.people.name(person_id))
    named = {team: matter.listed(names) for team, names in teams.items()}
    return [f"{team} ({names})" if team else names for team, names in named.items()]


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
            "on": matter.day(matter.local(t.closed_at).date()) if t.closed_at else "",
            "answers": [answer(k, v, matter.tongue) for k, v in t.answers.items()],
        }
        for t in (matter.deal.tasks if matter.deal else ())
        if t.state == "done" and t.plan != DECISION
    ][:MOST_LINES]


# --- what is open -----------------------------------------------------------------------------------------------------


def digest(matter: Matter) -> View:
    """The reader's open tasks, what is due first in front, and the deals they own."""
    reader, say = matter.notice.person_id, matter.say
    mine = [(d, a, t) for d, a in matter.others for t in d.tasks if t.state == "open" and t.assignee_id == reader]
    mine.sort(key=lambda found: (found[2].running.due_at, found[0].id, found[2].no))
    late = sum(1 for _, _, t in mine if t.running.due_at < matter.now)
    today = sum(1 for _, _, t in mine if _due_today(matter, t))
    owned = [(d, a) for d, a in matter.others if d.owner_id == reader and not d.closed]
    owned.sort(key=lambda found: (-found[0].arr_cents, found[0].id))
    return {
        "headline": _headline(matter, len(mine), late, today, len(owned)),
        "tasks": [_line(matter, d, a, t) for d, a, t in mine[:MOST_LINES]],
        "more_tasks": max(0, len(mine) - MOST_LINES),
        "deals": [_deal_line(matter, d, a) for d, a in owned[:MOST_LINES]],
        "more_deals": max(0, len(owned) - MOST_LINES),
        "acts": [act(say("To see it as it is now"), "task list", "mine", say("See it as it is now"))],
        "date": _long_date(matter),
    }


def stage_report(matter: Matter) -> View:
    """The report as it was kept; its first finding is the headline, and so the subject."""
    report = matter.report
    assert report is not None  # it is kept before its notices are queued
    page = report_page(report, matter.workspace.zone, matter.tongue)
    shown, wanted = plain(page), slice_of(report.slice)
    headline = shown["findings"][0].rstrip(".")
    options = "".join(f" --{name} {quote(value)}" for name, value in wanted.given.items())
    return {
        "headline": f"{_of_slice(report, matter)}: {headline}" if report.slice else headline,
        "report": shown,
        "pictures": {chart.key: f"cid:{cid(page, chart)}" for _, chart in page.charts},
        "acts": [act(matter.say("All of it, as text"), f"report --period {report.period.key}{options}", "", "")],
        "benefit": shown["reading"],
        "benefit_label": matter.say("How to read it"),
    }


def _of_slice(report: StageReport, matter: Matter) -> str:
    """``Segment enterprise, owner Ana Ruiz``."""
    return capitalised(slice_words(report.slice, matter.tongue))


def cid(page: Page, chart: Chart) -> str:
    """What a mail's HTML calls the picture of a chart: no other chart of any report is called so."""
    return f"{chart.key}.{page.key}.{page.language}@saveline"


def _headline(matter: Matter, tasks: int, late: int, today: int, deals: int) -> str:
    if not tasks:
        if not deals:
            return matter.say("Nothing is open")
        return matter.counted("{n} deal of yours is open", "{n} deals of yours are open", deals)
    parts = [matter.counted("{n} open task", "{n} open tasks", tasks)]
    parts += [matter.counted("{n} late", "{n} late", late)] if late else []
    parts += [matter.counted("{n} due today", "{n} due today", today)] if today else []
    return ", ".join(parts)


def _long_date(matter: Matter) -> str:
    on, tongue = matter.here.date(), matter.tongue
    day, month = tongue.weekday(on, long=True), tongue.month(on, long=True)
    return matter.say("{weekday} {day} {month}", weekday=day, day=on.day, month=month)


def _due_today(matter: Matter, task: Task) -> bool:
    at = task.running.due_at
    return at >= matter.now and matter.local(at).date() == matter.here.date()


def _line(matter: Matter, deal: Deal, account: Account, task: Task) -> View:
    at, links, notice = matter.local(task.running.due_at), matter.links, matter.notice
    return {
        "ref": f"{deal.id}.{task.no}",
        "url": links.to_task(deal.id, task.no, notice.person_id, notice.at) if links else "",
        "title": shortened(task.title, 200),
        "account": account.name,
        "arr": matter.money(deal.arr_cents),
        "due": due(at, matter.here, matter.tongue),
        "late": at < matter.here,
    }


def _deal_line(matter: Matter, deal: Deal, account: Account) -> View:
    decide = matter.local(deal.decide_at).date() if deal.decide_at else None
    tasks = sum(1 for t in deal.tasks if t.state == "open")
    return {
        "ref": str(deal.id),
        "account": account.name,
        "arr": matter.money(deal.arr_cents),
        "stage": matter.workspace.stage_title(deal.stage) if deal.state == "open" else matter.say("Paused"),
        "open": matter.counted("{n} open task", "{n} open tasks", tasks),
        "decide": matter.day(decide) if decide else "",
    }
