"""News of deals that take another turn: an account leaves, a risk has gone, two deals become one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from saveline.core.facts import Task
from saveline.core.phrases import capitalised, date_of, shortened, words_of
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, task_view, to_decide, to_look
from saveline.notify.recalled import recalled


def leaves(matter: Matter) -> View:
    """The account of an open deal leaves, or has left while the decision was being asked for."""
    on, say, account = date.fromisoformat(str(matter.about["left_on"])), matter.say, matter.of_account()
    if on <= matter.here.date():
        head = say("{account} has left", account=account)
        said = say("It stopped paying on {day}. Say how the deal ends.", day=date_of(on, matter.tongue))
    else:
        head = say("{account} leaves: {when}", account=account, when=matter.day(on))
        said = say("It still pays until then. A save cannot be recorded while this stands.")
    return {"headline": head, "opening": said, "acts": to_decide(matter, matter.notice.deal_id)}


def stays(matter: Matter) -> View:
    said = matter.say("What was said of its leaving was taken back. The deal goes on.")
    return {"headline": matter.say("{account} stays after all", account=matter.of_account()), "opening": said}


def risk_cleared(matter: Matter) -> View:
    said = matter.say(
        "Its score is {score} now, below {level}. The decision is with you already: say how the deal ends.",
        score=matter.about.get("score"),
        level=matter.about.get("level"),
    )
    headline = matter.say("The risk of {account} has cleared", account=matter.of_account())
    return {"headline": headline, "opening": said, "acts": to_decide(matter, matter.notice.deal_id)}


def cleared(matter: Matter) -> View:
    """The deal is closed because its risk went away: the one message to everybody with a part in it."""
    deal = matter.deal
    gone = _withdrawn(matter)
    reason = recalled(shortened((deal.reason if deal else None) or "", LONGEST_NOTE), matter.tongue)
    closed = matter.say("The deal is closed: {reason}.", reason=reason)
    return {
        "headline": matter.say("{account}: the risk has cleared", account=matter.of_account()),
        "opening": f"{closed} {_no_longer(matter, gone)}".strip(),
        "lines": gone,
        "acts": [to_look(matter, matter.notice.deal_id)],
    }


def _no_longer(matter: Matter, gone: list[str]) -> str:
    if not gone:
        return ""
    if len(gone) > 1:
        return matter.say("These are no longer needed from you:")
    return matter.say("This is no longer needed from you:")


def merged(matter: Matter) -> View:
    """The deal goes on as part of another: to its owner and whoever had a task on it."""
    into, account = matter.about.get("into"), matter.about.get("account")
    gone = _withdrawn(matter)
    there = matter.say("Its causes go on there, with {account}.", account=account)
    return {
        "headline": matter.say("{account} is part of deal {deal} now", account=matter.of_account(), deal=into),
        "opening": f"{there} {_no_longer(matter, gone)}".strip(),
        "lines": gone,
        "acts": [to_look(matter, into)],
    }


def joined(matter: Matter) -> View:
    """Another deal was merged into this one: to its owner."""
    other, mine, say = matter.about.get("account"), matter.of_account(), matter.say
    said = say(
        "Deal {deal} was merged into it. At risk because of {causes}.",
        deal=matter.about.get("from"),
        causes=matter.causes(),
    )
    headline = say("{other} is part of the deal with {account} now", other=other, account=mine)
    return {"headline": headline, "opening": said}


def split(matter: Matter) -> View:
    causes = matter.listed(words_of(str(c)) for c in matter.about.get("causes", ()))
    said = matter.say(
        "It is deal {deal} of {account} now, and what was observed of it so far counts there.",
        deal=matter.about.get("to"),
        account=matter.about.get("account"),
    )
    cause, account = capitalised(causes), matter.of_account()
    return {"headline": matter.say("{causes} was not {account}'s", causes=cause, account=account), "opening": said}


def _withdrawn(matter: Matter) -> list[str]:
    return [task_view(matter, t)["title"] for t in _taken(matter)]


def _taken(matter: Matter) -> Iterable[Task]:
    """Tasks that the reader still had when the deal was closed."""
    deal, reader = matter.deal, matter.notice.person_id
    return [
        t
        for t in (deal.tasks if deal else ())
        if t.state == "withdrawn" and deal is not None and t.closed_at == deal.closed_at and t.assignee_id == reader
    ]
