"""Facts → what a page prints: plain dicts of texts, in the reader's zone and words. Templates only arrange them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from saveline.core import changes
from saveline.core.changes import Change, Event
from saveline.core.chronicle import Chronicler
from saveline.core.decide.draft import Draft
from saveline.core.facts import APPROVAL, Person, Task
from saveline.core.phrases import (
    answer_words,
    asked_for,
    capitalised,
    day,
    due,
    listed,
    moment,
    money,
    quoted,
    task_name,
    words_of,
)
from saveline.web.visit import Scene

View: TypeAlias = dict[str, Any]
MOST_TOLD: Final = 300
"""So many events of a deal are on its page, the latest; who needs more has `saveline deal show`."""
_DOORS: Final[Mapping[str, str]] = {
    "cli": "the terminal",
    "slack": "Slack",
    "email": "e-mail",
    "web": "a link",
    "api": "the API",
}
_TONES: Final[Mapping[type[Change], tuple[str, str]]] = {
    changes.TaskDone: ("check", "good"),
    changes.DealKept: ("check", "good"),
    changes.Commented: ("comment", ""),
    changes.Escalated: ("warning", "bad"),
    changes.HelpAsked: ("warning", "bad"),
    changes.StageLate: ("warning", "bad"),
    changes.TaskCannot: ("warning", "bad"),
    changes.Reminded: ("clock", "warn"),
    changes.TaskSnoozed: ("clock", "warn"),
    changes.TaskWaits: ("clock", "warn"),
    changes.StageEntered: ("arrow", "accent"),
    changes.DealOpened: ("arrow", "accent"),
    changes.DealClosed: ("check", "accent"),
    changes.TaskAssigned: ("person", ""),
}
"""The sign beside an event, and its colour; what is not here is a dot."""


def page(company: str, reader: Person | None) -> View:
    """What every page has above it."""
    name = reader.name if reader else ""
    initials = "".join(word[0] for word in name.split()[:1] + name.split()[1:][-1:]).upper()
    return {"company": company, "reader": name, "initials": initials}


def task_page(scene: Scene) -> View:
    """One task: where it stands, what is known, what was said."""
    task, deal, name = scene.task, scene.deal, scene.case.people.name
    assert task is not None
    draft = Draft(scene.case)
    plan = draft.plan(task)
    return {
        **_head(scene),
        "title": draft.name_of(task),
        "why": plan.why if plan else scene.case.play.benefit,
        "request": asked_for(task.answers, deal, name) if task.plan == APPROVAL else "",
        "state": task_state(scene, task),
        "open": task.state == "open",
        "figures": [*_due(scene, task), *_figures(scene)],
        "facts": [{"label": "With", "value": holder(scene, task)}, *_facts(scene)],
        "answers": _answers(task),
        "note": task.note or "",
        "earlier": [_done(scene, t) for t in deal.of_this_life() if t.state == "done" and t.no != task.no],
        "comments": _comments(scene),
        "story": list(_story(scene, [e for e in scene.events if e.task_no == task.no])),
    }


def deal_page(scene: Scene) -> View:
    """One deal: its stages, its tasks, its story."""
    deal = scene.deal
    tasks = [_line(scene, t) for t in deal.of_this_life() if t.state not in ("skipped", "withdrawn")]
    told = scene.events[-MOST_TOLD:]
    return {
        **_head(scene),
        "title": scene.case.account.name,
        "state": deal_state(scene),
        "figures": _figures(scene),
        "facts": _facts(scene),
        "stages": _stages(scene),
        "tasks": tasks,
        "closed": sum(t["done"] for t in tasks),
        "untold": len(scene.events) - len(told),
        "story": list(_story(scene, told)),
    }


# --- pieces -----------------------------------------------------------------------------------------------------------


def _head(scene: Scene) -> View:
    stage = scene.case.workspace.stage_title(scene.deal.stage)
    return {"account": scene.case.account.name, "stage": stage}


def _figures(scene: Scene) -> list[View]:
    case, today = scene.case, scene.here.date()
    found = [_figure("At risk", money(case.deal.arr_cents, case.workspace.currency))]
    renewal = case.account.renewal
    if renewal is not None and renewal >= today:
        days = (renewal - today).days
        found.append(_figure("Renewal", f"{days} days" if days != 1 else "1 day", "warn" if days <= 30 else ""))
    if case.account.health is not None:
        found.append(_figure("Health", str(case.account.health)))
    return found


def _figure(label: str, value: str, tone: str = "") -> View:
    return {"label": label, "value": value, "tone": tone}


def _due(scene: Scene, task: Task) -> list[View]:
    if task.clock is None:
        return []
    at = scene.local(task.clock.due_at)
    late, soon = at < scene.here, (at.date() - scene.here.date()).days <= 1
    return [_figure("Due", due(at, scene.here), "bad" if late else "warn" if soon else "")]


def _facts(scene: Scene) -> list[View]:
    case, deal = scene.case, scene.deal
    severity = case.workspace.severity(deal.severity)
    rows = {
        "Account": case.account.name,
        "At risk because": listed(words_of(c) for c in deal.causes),
        "Severity": severity.title if severity else "",
        "Stage": case.workspace.stage_title(deal.stage),
        "Play": case.play.title,
        "Owner": case.people.name(deal.owner_id) if deal.owner_id else "nobody",
        "Renewal": day(case.account.renewal, scene.here.date()) if case.account.renewal else "",
        "Decision": moment(scene.local(deal.decide_at), scene.here) if deal.decide_at and not deal.closed else "",
    }
    return [{"label": label, "value": value} for label, value in rows.items() if value]


def holder(scene: Scene, task: Task) -> str:
    """Who has the task, or may take it."""
    people = scene.case.people
    if task.assignee_id is not None:
        return people.name(task.assignee_id)
    return f"anybody in {people.department(task.department)}" if task.department else "nobody yet"


def task_state(scene: Scene, task: Task) -> View:
    """In a word, with its colour, and in a sentence where a word does not say it."""
    name, here = scene.case.people.name, scene.here
    if task.closed:
        at = moment(scene.local(task.closed_at), here) if task.closed_at else "earlier"
        word = words_of(task.outcome) if task.outcome and task.state == "done" else _CLOSED[task.state]
        by = name(task.closed_by) if task.closed_by else "Saveline"
        tone = "good" if task.state == "done" else ""
        return {"word": word, "tone": tone, "words": f"Closed by {by}, {at}."}
    if task.clock is None:
        return {"word": "not started", "tone": "", "words": "It has not started yet: something else comes first."}
    clock = task.clock
    if clock.waits_since is not None:
        since = moment(scene.local(clock.waits_since), here)
        return {"word": "waits for the customer", "tone": "warn", "words": f"It has waited since {since}."}
    if clock.snoozed_until is not None and clock.snoozed_until > scene.visit.now:
        until = moment(scene.local(clock.snoozed_until), here)
        return {"word": "snoozed", "tone": "warn", "words": f"It sleeps until {until}."}
    if clock.seen_at is not None:
        return {"word": "open, read", "tone": "accent", "words": ""}
    return {"word": "open", "tone": "accent", "words": ""}


_CLOSED: Final = {
    "done": "done",
    "cannot": "cannot be done",
    "skipped": "not needed",
    "withdrawn": "no longer needed",
}


def deal_state(scene: Scene) -> View:
    """How the deal stands or ended."""
    deal, case = scene.deal, scene.case
    if deal.closed:
        outcome = case.workspace.outcome(deal.outcome or "")
        word = outcome.title if outcome else deal.ending
        kept = f", {money(deal.kept_cents, case.workspace.currency)} a year" if deal.kept_cents is not None else ""
        at = moment(scene.local(deal.closed_at), scene.here) if deal.closed_at else "earlier"
        tone = "good" if outcome and outcome.saved else "bad" if outcome and not outcome.cleared else ""
        return {"word": f"{word}{kept}", "tone": tone, "words": f"Closed {at}: {deal.reason or ''}".rstrip(": ")}
    if deal.state == "paused" and deal.paused_until is not None:
        return {
            "word": "paused",
            "tone": "warn",
            "words": f"Until {moment(scene.local(deal.paused_until), scene.here)}.",
        }
    return {"word": "open", "tone": "accent", "words": ""}


def _answers(task: Task) -> list[View]:
    if task.plan == APPROVAL:
        return []
    return [{"label": words_of(k).capitalize(), "value": answer_words(v)} for k, v in task.answers.items()]


def _done(scene: Scene, task: Task) -> View:
    at = moment(scene.local(task.closed_at), scene.here) if task.closed_at else ""
    by = scene.case.people.name(task.closed_by)
    return {"title": task_name(task), "by": by, "at": at, "answers": _answers(task)}


def _line(scene: Scene, task: Task) -> View:
    """A task in a list."""
    late = task.clock is not None and task.clock.due_at < scene.visit.now
    when = due(scene.local(task.clock.due_at), scene.here) if task.clock else ""
    state = task_state(scene, task)
    return {
        "no": f"{scene.deal.id}.{task.no}",
        "title": task.title or words_of(task.plan).capitalize(),
        "who": holder(scene, task) if task.state != "waiting" else "",
        "url": scene.page_of(task) if task.state == "open" else "",
        "done": task.closed,
        "chip": when or state["word"],
        "tone": "bad" if late else state["tone"] if task.closed else "",
    }


def _stages(scene: Scene) -> list[View]:
    keys = [s.key for s in scene.case.play.stages]
    here = keys.index(scene.deal.stage) if scene.deal.stage in keys else -1
    title = scene.case.workspace.stage_title
    return [
        {"title": title(key), "now": i == here and not scene.deal.closed, "past": i < here or scene.deal.closed}
        for i, key in enumerate(keys)
    ]


def _comments(scene: Scene) -> list[View]:
    return [
        {
            "by": scene.case.people.name(event.by),
            "at": moment(scene.local(event.at), scene.here),
            "body": event.change.body,
            "on": quoted(scene.deal, event.task_no) if event.task_no != scene.visit.task_no else "",
        }
        for event in reversed(scene.events)
        if isinstance(event.change, changes.Commented)
    ]


def _story(scene: Scene, events: Sequence[Event]) -> Iterator[View]:
    """Days, the latest first, each with what happened on it."""

    def named(no: int) -> str:
        return "the task" if no == scene.visit.task_no else quoted(scene.deal, no)

    teller = Chronicler(scene.case.people, scene.case.workspace, named)
    today: View | None = None
    for event in reversed([e for e in events if not isinstance(e.change, changes.RungPassed)]):
        at = scene.local(event.at)
        on = f"{at:%A} {at.day} {at:%B}" + ("" if at.year == scene.here.year else f" {at.year}")
        if today is None or today["day"] != on:
            if today is not None:
                yield today
            today = {"day": on, "events": []}
        today["events"].append(_told(scene, teller, event, at))
    if today is not None:
        yield today


def _told(scene: Scene, teller: Chronicler, event: Event, at: datetime) -> View:
    who = scene.case.people.name(event.by) if event.by else ""
    sign, tone = _TONES.get(type(event.change), ("dot", ""))
    words = teller.event(event).removeprefix(f"{who}: ")
    door = f" from {_DOORS[event.via]}" if who and event.via in _DOORS else ""
    return {
        "sign": sign,
        "tone": tone,
        "who": who,
        "words": words if who else capitalised(words),
        "door": door,
        "at": f"{at:%H:%M}",
    }
