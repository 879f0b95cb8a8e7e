"""Facts → what a template prints: plain dicts in which everything is text already, in the reader's zone and words.

One function a kind of notice. Each gives a headline, an opening sentence, the task if there is one, the account's
facts, ways to act, why the reader got it and why it helps the customer; templates only arrange that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from saveline.core.checkin import KIND
from saveline.core.facts import APPROVAL, DECISION, Task
from saveline.core.notices import REFUSABLE
from saveline.core.phrases import asked_for, capitalised, shortened
from saveline.core.pressing import UPDATE
from saveline.notify import checkin, news, reasons, stories, together, updates
from saveline.notify.matter import Matter
from saveline.notify.parts import (
    LONGEST_NOTE,
    View,
    about_account,
    act,
    deal_view,
    fact,
    task_view,
    to_decide,
    to_see,
    with_addresses,
)
from saveline.notify.recalled import recalled


def view(matter: Matter) -> View:
    """The finished view of a notice of any kind; a kind without a function of its own gets what all have in common."""
    shared = common(matter)
    seen = {**shared, **_KINDS.get(matter.notice.kind, _nothing)(matter, shared)}
    return {**seen, "acts": with_addresses(matter, seen["acts"])}


def common(matter: Matter) -> View:
    """What every message has, and of a deal's every message: which account, how much, why at risk, where it stands."""
    reader, about = matter.reader, matter.about
    seen: View = {
        "kind": matter.notice.kind,
        "language": matter.tongue.code,
        "company": matter.workspace.company,
        "reader": reader.name if reader else "",
        "headline": "",
        "opening": "",
        "note": shortened(str(about.get("note") or about.get("asked") or ""), LONGEST_NOTE),
        "task": None,
        "account": "",
        "facts": [],
        "acts": [],
        "benefit": matter.play.benefit if matter.play else "",
        "benefit_label": _why_it_helps(matter),
        "why_you": " ".join(filter(None, (reasons.why(matter), reasons.why_now(matter)))),
        "instead_of": str(about.get("instead_of", "")),
        "unsubscribe": matter.link("unsubscribe") if matter.reader and matter.notice.kind in REFUSABLE else "",
    }
    return {**seen, **deal_view(matter), **({"task": task_view(matter, matter.task)} if matter.task else {})}


def _why_it_helps(matter: Matter) -> str:
    account = matter.of_account()
    return matter.say("Why this helps {account}", account=account) if account else matter.say("Why this helps")


# --- tasks ------------------------------------------------------------------------------------------------------------


def _of_task(matter: Matter, shared: View) -> View:
    """What messages about one open task share."""
    task, shown, say = matter.task, shared["task"], matter.say
    assert task is not None  # a notice of a task that is gone is not wanted, and never worded
    rows = [f for f in shared["facts"] if (f["name"], f["value"]) != ("owner", shown["holder"])]
    rows.insert(0, fact("due", say("Due"), shown["due"], late=shown["late"]))
    if task.assignee_id != matter.notice.person_id:
        rows.insert(1, fact("with", say("With"), shown["holder"]))
    return {
        "headline": shown["title"],
        "title": about_account(matter, shown["title"]),
        "facts": rows,
        "benefit": shown["why"] or (matter.play.benefit if matter.play else ""),
        "acts": _acts(matter, task, shown["ref"]),
    }


def _acts(matter: Matter, task: Task, ref: str) -> list[View]:
    say = matter.say
    if task.plan == DECISION:
        return to_decide(matter, ref.partition(".")[0])
    if task.plan == APPROVAL:
        refusing = f"task done {ref} --outcome refused -a reason=…"
        return [
            act(say("To approve it"), f"task done {ref} --outcome approved", "approve", say("Approve")),
            act(say("To refuse it"), refusing, "refuse", say("Refuse")),
        ]
    if task.assignee_id is None:
        return [act(say("To take it"), f"task claim {ref}", "claim", say("I take it"))]
    return [
        act(say("When it is done"), f"task done {ref}", "done", say("Done")),
        act(say("When you have read it"), f"task seen {ref}", "seen", say("I have read it")),
        act(say("If you cannot alone"), f"task help {ref}", "help", say("I need help")),
    ]


def _assigned(matter: Matter, shared: View) -> View:
    seen, task = _of_task(matter, shared), matter.task
    if task is not None and task.assignee_id is None:
        team = matter.department(task.department)
        return {**seen, "offered": team, "opening": matter.say("Who in {department} takes this?", department=team)}
    before = matter.about.get("from")
    opening = ""
    if task is not None and task.plan == APPROVAL:
        opening = asked_for(task.answers, matter.deal, matter.people.name, matter.tongue)
    if before is not None:
        name, handed = matter.people.name(before), _was_handed_over(matter)
        yours = matter.say("This was with {name} and is yours now.", name=name)
        opening = matter.say("{name} handed this over to you.", name=name) if handed else yours
    return {**seen, "offered": "", "opening": opening}


def _was_handed_over(matter: Matter) -> bool:
    given = matter.assigned
    return given is not None and bool(given.why) and given.why[0].startswith("handed over by ")


def _reminder(matter: Matter, shared: View) -> View:
    seen, shown = _of_task(matter, shared), shared["task"]
    if shown["late"]:
        opening = matter.say("This was due {when} and is {late}.", when=shown["due_at"], late=shown["due"])
    else:
        opening = matter.say("This is {due}.", due=shown["due_phrase"])
    return {**seen, "opening": opening}


def _escalation(matter: Matter, shared: View) -> View:
    seen, say = _of_task(matter, shared), matter.say
    decide = matter.about.get("do") == "decide"
    deal, no = matter.notice.deal_id, matter.notice.task_no
    give = act(say("To give it to somebody"), f"task hand-over {deal}.{no}", "hand_over", say("Hand it over"))
    acts = [to_see(matter), give]
    if decide:
        acts.append(act(say("To let the account go"), f"deal close {deal}", "close", say("Let it go")))
    happened = reasons.happened(matter)
    return {
        **seen,
        "happened": happened,
        "opening": f"{happened}.",
        "asked": "asked" in matter.about,
        "decide": decide,
        "acts": acts,
    }


def _decision_due(matter: Matter, shared: View) -> View:
    seen, deal = _of_task(matter, shared), matter.deal
    assert deal is not None
    why = recalled(str(matter.about.get("why", "the decision date has come")), matter.tongue)
    outcomes = [o.title for o in matter.workspace.outcomes]
    return {
        **seen,
        "opening": f"{capitalised(why)}.",
        "outcomes": outcomes,
        "benefit": matter.play.benefit if matter.play else "",
        "done": stories.done_lines(matter),
        "open": [task_view(matter, t) for t in deal.tasks if t.state == "open" and t.no != matter.notice.task_no],
        "acts": to_decide(matter, deal.id),
    }


# --- deals ------------------------------------------------------------------------------------------------------------


def _stage_entered(matter: Matter, shared: View) -> View:
    deal, account, say = matter.deal, matter.of_account(), matter.say
    assert deal is not None
    again, stage = _again(matter), matter.workspace.stage_title(deal.stage)
    open_tasks = [task_view(matter, t) for t in (*deal.current(), deal.decision()) if t and t.state == "open"]
    here = say("{account} is in {stage} now", account=account, stage=stage)
    return {
        "headline": say("{account} is at risk again", account=account) if again else here,
        "facts": [f for f in shared["facts"] if f["name"] != "stage"],
        "opening": again if open_tasks else say("Nothing is open in it at the moment."),
        "open": open_tasks,
        "leave_by": matter.moment(deal.stage_due_at) if deal.stage_due_at else "",
        "acts": [to_see(matter)],
    }


def _again(matter: Matter) -> str:
    """Where the first stage is entered once more: that it had been closed."""
    deal = matter.deal
    if deal is None or deal.closed_before is None or deal.stage_at != deal.reopened_at:
        return ""
    when = matter.moment(deal.closed_before)
    return matter.say("It had been closed {when} and is at risk again: {causes}.", when=when, causes=matter.causes())


def _stage_late(matter: Matter, _shared: View) -> View:
    deal, say = matter.deal, matter.say
    assert deal is not None
    stage = matter.workspace.stage_title(str(matter.about.get("stage", deal.stage)))
    until = matter.moment(matter.notice.at)
    return {
        "headline": say("{account} is in {stage} longer than planned", account=matter.of_account(), stage=stage),
        "opening": say("It was to leave {stage} by {when}.", stage=stage, when=until),
        "missing": [recalled(str(m), matter.tongue) for m in matter.about.get("missing", ())],
        "acts": [to_see(matter)],
    }


def _bundle(matter: Matter, _shared: View) -> View:
    return together.bundle(matter, view)


def _nothing(_matter: Matter, _shared: View) -> View:
    return {}


def _told_by(words: Callable[[Matter], View]) -> Callable[[Matter, View], View]:
    """A kind that needs nothing of what all messages share."""
    return lambda matter, _shared: words(matter)


_KINDS: Final[Mapping[str, Callable[[Matter, View], View]]] = {
    "assigned": _assigned,
    "reminder": _reminder,
    "escalation": _escalation,
    "decision_due": _decision_due,
    "stage_entered": _stage_entered,
    "stage_late": _stage_late,
    "news": _told_by(news.news),
    "saved": _told_by(stories.saved),
    "lost": _told_by(stories.lost),
    "digest": _told_by(stories.digest),
    "stage_report": _told_by(stories.stage_report),
    UPDATE: _told_by(updates.updated),
    "bundle": _bundle,
    KIND: _told_by(checkin.checkin),
}
