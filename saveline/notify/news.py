"""News of a deal and its tasks: what others did, and what the reader need not do any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from saveline.core.phrases import answer, shortened, words_of
from saveline.notify import changed_plays, mailnews, own_link, turns
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, about_account, act, task_view, to_see
from saveline.notify.recalled import all_recalled, recalled


def news(matter: Matter) -> View:
    """Raises ValueError for news of a sort that is not known."""
    told = _NEWS.get(str(matter.about.get("news")))
    if told is None:
        raise ValueError(f"news of an unknown sort: {matter.about.get('news')!r}")
    seen = {"lines": [], "opening": "", "acts": [to_see(matter)], **told(matter)}
    return {"title": about_account(matter, seen["headline"]), **seen}


def _title(matter: Matter) -> str:
    return task_view(matter, matter.task)["title"] if matter.task else ""


def _outcome(matter: Matter) -> View:
    task, say = matter.task, matter.say
    assert task is not None
    title, outcome = _title(matter), str(matter.about.get("outcome", task.outcome))
    by, cannot = matter.people.name(matter.about.get("by")), outcome == "cannot"
    closed = say("{name} closed it as “{outcome}”.", name=by, outcome=words_of(outcome))
    lines = [answer(name, value, matter.tongue) for name, value in task.answers.items()]
    ended = say("Cannot be done") if cannot else words_of(outcome).capitalize()
    return {
        "headline": title,
        "title": f"{ended}: {about_account(matter, title)}",
        "opening": say("{name} says that it cannot be done.", name=by) if cannot else closed,
        "lines": [_reason(matter, task.note)] if task.note else lines,
    }


def _reason(matter: Matter, note: str) -> str:
    return matter.say("Reason: {reason}", reason=shortened(note, LONGEST_NOTE))


def _not_needed(matter: Matter) -> View:
    why = recalled(str(matter.about.get("why", "")), matter.tongue)
    return {
        "headline": matter.say("No longer needed: {task}", task=_title(matter)),
        "opening": matter.say("It is withdrawn because {why}.", why=why),
    }


def _followed(matter: Matter) -> View:
    """Several tasks went from one person to another, because somebody is away or has another part now."""
    deal, say, n = matter.deal, matter.say, len(matter.about.get("tasks", ()))
    assert deal is not None
    tasks = [t for t in deal.tasks if t.no in matter.about.get("tasks", ()) and t.state == "open"]
    shown = [task_view(matter, t) for t in tasks]
    account = matter.of_account()
    if "from" in matter.about:
        before = matter.people.name(matter.about["from"])
        it, them = say("{name} had it until now.", name=before), say("{name} had them until now.", name=before)
        return {
            "headline": matter.counted(
                "{n} task for {account} is yours now", "{n} tasks for {account} are yours now", n, account=account
            ),
            "opening": it if n == 1 else them,
            "lines": [f"{s['title']}: {s['due']} ({s['ref']})" for s in shown],
        }
    to = matter.people.name(matter.about.get("to"))
    return {
        "headline": matter.counted(
            "{n} task for {account} is with {name} now",
            "{n} tasks for {account} are with {name} now",
            n,
            account=account,
            name=to,
        ),
        "opening": _no_more(matter) if n == 1 else say("You need not do anything more about them."),
        "lines": [s["title"] for s in shown],
    }


def _no_more(matter: Matter) -> str:
    return matter.say("You need not do anything more about it.")


def _owner(matter: Matter) -> View:
    account, say = matter.of_account(), matter.say
    if "from" in matter.about:
        before, opening = matter.about["from"], say("You say in the end how it is decided.")
        had = say("{name} had it until now.", name=matter.people.name(before)) if before else ""
        headline = say("The deal with {account} is yours now", account=account)
        return {"headline": headline, "opening": f"{had} {opening}".strip()}
    to = matter.people.name(matter.about.get("to"))
    headline = say("The deal with {account} belongs to {name} now", account=account, name=to)
    return {"headline": headline, "opening": _no_more(matter)}


def _no_answer(matter: Matter) -> View:
    since, say = str(matter.about.get("since", "")), matter.say
    waited = say("You have waited for the customer.")
    if since:
        when = matter.moment(datetime.fromisoformat(since))
        waited = say("You have waited for the customer since {when}.", when=when)
    counts = say("The days do not count as yours; from now on they do.")
    return {"headline": say("No answer yet: {task}", task=_title(matter)), "opening": f"{waited} {counts}"}


def _approval(matter: Matter) -> View:
    deal, say = matter.deal, matter.say
    assert deal is not None
    of = deal.task(int(matter.about.get("no", 0)))
    title = task_view(matter, of)["title"] if of else ""
    if matter.about.get("outcome") == "approved":
        opening = say("What you asked for is approved, and your task is done.")
        return {"headline": say("Approved: {task}", task=title), "opening": opening}
    reason = str(matter.about.get("reason", ""))
    return {
        "headline": say("Not approved: {task}", task=title),
        "opening": say("Your task is still open: finish it with less, or in another way."),
        "lines": [_reason(matter, reason)] if reason else [],
    }


def _severity(matter: Matter) -> View:
    severity, say = matter.workspace.severity(str(matter.about.get("severity"))), matter.say
    title = matter.tongue.inside(severity.title) if severity else ""
    headline = say("{account} is {severity}", account=matter.of_account(), severity=title)
    return {"headline": headline, "opening": say("This deal counts as {severity} now.", severity=title)}


def _override(matter: Matter) -> View:
    say, stage = matter.say, matter.workspace.stage_title(str(matter.about.get("stage", "")))
    until = matter.moment(datetime.fromisoformat(str(matter.about.get("until"))))
    by = matter.people.name(matter.about.get("by"))
    said = say("Until {until} the deal may leave {stage} although its gate is shut.", until=until, stage=stage)
    account = matter.of_account()
    return {
        "headline": say("{name} overrides the gate of {stage} for {account}", name=by, stage=stage, account=account),
        "opening": f"{said} {say('The stage report lists it.')}",
    }


def _reassigned(matter: Matter) -> View:
    say = matter.say
    to, by = matter.people.name(matter.about.get("to")), matter.about.get("by")
    how = say("It was escalated to {name}.", name=to)
    if by:
        how = say("{giver} gave it to {name}.", giver=matter.people.name(by), name=to)
    headline = say("{task}: {name} has it now", task=_title(matter), name=to)
    return {"headline": headline, "opening": f"{how} {_no_more(matter)}"}


def _withdrawn(matter: Matter) -> View:
    deal, stage, say = matter.deal, str(matter.about.get("stage", "")), matter.say
    assert deal is not None
    left = matter.workspace.stage_title(stage)
    gone = [
        task_view(matter, t)["title"]
        for t in deal.tasks
        if t.state == "withdrawn" and t.stage == stage and t.assignee_id == matter.notice.person_id
    ]
    several = say("Your tasks there are no longer needed.")
    return {
        "headline": say("{account} has left {stage}", account=matter.of_account(), stage=left),
        "opening": several if len(gone) > 1 else say("Your task there is no longer needed."),
        "lines": gone,
    }


def _empty_rung(matter: Matter) -> View:
    say, why = matter.say, [str(line) for line in matter.about.get("why", ())]
    return {
        "headline": say("Nobody could be told: {task}", task=_title(matter)),
        "opening": say("An escalation came to nobody and the next step was taken at once. This is why:"),
        "lines": [recalled(line, matter.tongue) for line in dict.fromkeys(why)],
        "benefit": say("No step for this customer is lost because a name is missing in people.yaml or saveline.yaml."),
        "acts": [act(say("To find such gaps"), "doctor", "", "")],
    }


def _too_late(matter: Matter) -> View:
    say, deal = matter.say, matter.notice.deal_id
    head = say(
        "{account}: too little time for “{play}”", account=matter.of_account(), play=matter.about.get("play", "")
    )
    begun = say("Its tasks have begun as planned. Shorten them, drop some, or agree another date with the customer.")
    return {
        "headline": head,
        "title": head,
        "opening": all_recalled(str(matter.about.get("words", "")), matter.tongue),
        "lines": [begun],
        "acts": [act(say("To see what fits until when"), f"deal show {deal}", "look", say("See the deal"))],
    }


_NEWS: Final[Mapping[str, Callable[[Matter], View]]] = {
    "outcome": _outcome,
    "reassigned": _reassigned,
    "withdrawn": _withdrawn,
    "empty_rung": _empty_rung,
    "not_needed": _not_needed,
    "followed": _followed,
    "owner": _owner,
    "no_answer": _no_answer,
    "approval": _approval,
    "severity": _severity,
    "override": _override,
    "too_late": _too_late,
    "play_changed": changed_plays.play_changed,
    "your_link": own_link.your_link,
    "mail_answer": mailnews.mail_answer,
    "unreachable": mailnews.unreachable,
    "leaves": turns.leaves,
    "stays": turns.stays,
    "risk_cleared": turns.risk_cleared,
    "cleared": turns.cleared,
    "merged": turns.merged,
    "joined": turns.joined,
    "split": turns.split,
}
