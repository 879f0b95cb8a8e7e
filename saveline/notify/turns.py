"""News of deals that take another turn: an account leaves, a risk has gone, two deals become one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from saveline.core.facts import Task
from saveline.core.phrases import day, listed, possessive, shortened, words_of
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, act, task_view


def leaves(matter: Matter) -> View:
    """The account of an open deal leaves, or has left while the decision was being asked for."""
    on = date.fromisoformat(str(matter.about["left_on"]))
    when, today = day(on, matter.here.date()), matter.here.date()
    if on <= today:
        head, said = f"{_account(matter)} has left", f"It stopped paying on {on.day} {on:%b}. Say how the deal ends."
    else:
        head = f"{_account(matter)} leaves: {when}"
        said = "It still pays until then. A save cannot be recorded while this stands."
    return {"headline": head, "opening": said, "acts": _decide(matter)}


def stays(matter: Matter) -> View:
    said = "What was said of its leaving was taken back. The deal goes on."
    return {"headline": f"{_account(matter)} stays after all", "opening": said}


def risk_cleared(matter: Matter) -> View:
    score, level = matter.about.get("score"), matter.about.get("level")
    said = f"Its score is {score} now, below {level}. The decision is with you already: say how the deal ends."
    return {"headline": f"The risk of {_account(matter)} has cleared", "opening": said, "acts": _decide(matter)}


def cleared(matter: Matter) -> View:
    """The deal is closed because its risk went away: the one message to everybody with a part in it."""
    deal = matter.deal
    gone = _withdrawn(matter)
    what = f"{'These are' if len(gone) > 1 else 'This is'} no longer needed from you:" if gone else ""
    reason = shortened((deal.reason if deal else None) or "", LONGEST_NOTE)
    return {
        "headline": f"{_account(matter)}: the risk has cleared",
        "opening": f"The deal is closed: {reason}. {what}".strip(),
        "lines": gone,
        "acts": [_look(matter.notice.deal_id)],
    }


def merged(matter: Matter) -> View:
    """The deal goes on as part of another: to its owner and whoever had a task on it."""
    into, account = matter.about.get("into"), matter.about.get("account")
    gone = _withdrawn(matter)
    what = f"{'These are' if len(gone) > 1 else 'This is'} no longer needed from you:" if gone else ""
    return {
        "headline": f"{_account(matter)} is part of deal {into} now",
        "opening": f"Its causes go on there, with {account}. {what}".strip(),
        "lines": gone,
        "acts": [_look(into)],
    }


def joined(matter: Matter) -> View:
    """Another deal was merged into this one: to its owner."""
    other, deal = matter.about.get("account"), matter.deal
    causes = listed(words_of(c) for c in deal.causes) if deal else ""
    return {
        "headline": f"{other} is part of the deal with {_account(matter)} now",
        "opening": f"Deal {matter.about.get('from')} was merged into it. At risk because of {causes}.",
    }


def split(matter: Matter) -> View:
    causes = listed(words_of(str(c)) for c in matter.about.get("causes", ()))
    other, to = matter.about.get("account"), matter.about.get("to")
    said = f"It is deal {to} of {other} now, and what was observed of it so far counts there."
    return {"headline": f"{causes[:1].upper()}{causes[1:]} was not {possessive(_account(matter))}", "opening": said}


def _account(matter: Matter) -> str:
    return matter.account.name if matter.account else ""


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


def _decide(matter: Matter) -> list[View]:
    deal = matter.notice.deal_id
    return [act("To decide", f"deal close {deal}", "decide", "Decide"), _look(deal)]


def _look(deal: object) -> View:
    return act("To see all of it", f"deal show {deal}", "look", "See the deal")
