"""The pieces of a view that several kinds of message share: a deal's facts, a task, a question, a way to act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeAlias

from saveline.core.facts import APPROVAL, DECISION, Task
from saveline.core.phrases import due, due_phrase, moment, shortened, task_name, words_of
from saveline.core.play import Field
from saveline.notify.links import Purpose
from saveline.notify.matter import Matter
from saveline.notify.recalled import recalled

View: TypeAlias = dict[str, Any]
"""What a template prints. Everything in it is text, true or false, or lists and dicts of those."""

LONGEST_TITLE: Final = 300
LONGEST_NOTE: Final = 2_000


def deal_view(matter: Matter) -> View:
    """The account, what is at stake, why it is at risk and where the deal stands; nothing where there is no deal."""
    deal, account, say = matter.deal, matter.account, matter.say
    if deal is None or account is None:
        return {}
    stage, arr = matter.workspace.stage_title(deal.stage), matter.money(deal.arr_cents)
    facts = [
        fact("account", say("Account"), say("{account}, {arr} a year", account=account.name, arr=arr)),
        fact("renewal", say("Renewal"), _renewal(matter, account.renewal)),
        fact("risk", say("At risk"), matter.causes()),
        fact("stage", say("Stage"), stage),
    ]
    if deal.owner_id not in (None, matter.notice.person_id):
        facts.append(fact("owner", say("Owner"), matter.people.name(deal.owner_id)))
    return {
        "account": account.name,
        "arr": arr,
        "stage": stage,
        "deal": str(deal.id),
        "facts": [f for f in facts if f["value"]],
    }


def fact(name: str, label: str, value: str, *, late: bool = False) -> View:
    """A line of the facts. ``name`` is the same in every language, ``label`` what the reader sees."""
    return {"name": name, "label": label, "value": value, "late": late}


def _renewal(matter: Matter, on: date | None) -> str:
    if on is None or on <= matter.here.date():
        return ""
    ahead = (on - matter.here.date()).days
    return matter.counted("{day}, in {n} day", "{day}, in {n} days", ahead, day=matter.day(on))


def task_view(matter: Matter, task: Task) -> View:
    """A task as a line of a list or the subject of a message. One that is closed has no due moment any more."""
    plan, here, tongue = matter.plan_of(task), matter.here, matter.tongue
    at = matter.local(task.clock.due_at) if task.clock else None
    deal_id = matter.deal.id if matter.deal else 0
    return {
        "ref": f"{deal_id}.{task.no}",
        "title": shortened(title_of(matter, task), LONGEST_TITLE),
        "due": due(at, here, tongue) if at else "",
        "due_phrase": due_phrase(at, here, tongue) if at else "",
        "due_at": moment(at, here, tongue) if at else "",
        "late": at is not None and at < here,
        "holder": holder(matter, task),
        "why": recalled(plan.why, tongue) if plan and task.plan == APPROVAL else plan.why if plan else "",
        "asks": [question(matter, f) for f in plan.form] if plan else [],
        "outcomes": [words_of(o) for o in plan.outcomes] if plan and len(plan.outcomes) > 1 else [],
    }


def title_of(matter: Matter, task: Task) -> str:
    """What the play calls it; the titles of decisions and approvals are the engine's own words."""
    name = task_name(task)
    return recalled(name, matter.tongue) if task.plan in (DECISION, APPROVAL) else name


def holder(matter: Matter, task: Task) -> str:
    if task.assignee_id is not None:
        return matter.people.name(task.assignee_id)
    if task.department:
        return matter.say("anybody in {department}", department=matter.department(task.department))
    return matter.say("nobody")


def question(matter: Matter, field: Field) -> str:
    """``root cause (product gap, price)``: what the form asks, with what can be answered."""
    words = [matter.say("yes or no")] if field.kind == "yes_no" else [words_of(c) for c in field.choices]
    choices = f" ({', '.join(words)})" if words else ""
    asked = f"{words_of(field.name)}{choices}"
    return matter.say("{question}, if you know", question=asked) if field.optional else asked


PAGES: Final[Mapping[str, Purpose]] = {"look": "deal", "mine": "mine"}
"""Which page a verb leads to; every other verb to that of the notice's task."""


def act(label: str, command: str, verb: str, button: str) -> View:
    """A way to act: ``verb`` is what a press means, ``button`` what stands on it. ``url`` is filled in by
    :func:`with_addresses`; where there is none, the command is shown after the label."""
    return {"label": label, "command": f"saveline {command}", "verb": verb, "button": button, "url": ""}


def with_addresses(matter: Matter, acts: Sequence[View]) -> list[View]:
    """The acts with the addresses of their pages, where they have none yet. One without a verb has only its command."""
    pages: dict[Purpose, str] = {}
    return [{**a, "url": a["url"] or _address(matter, a["verb"], pages)} for a in acts]


def _address(matter: Matter, verb: str, pages: dict[Purpose, str]) -> str:
    """``pages`` are the links that were made already: most acts of a message lead to one page."""
    if not verb:
        return ""
    purpose = PAGES.get(verb, "task")
    page = pages[purpose] = pages.get(purpose) or matter.link(purpose)
    return page if not page or verb in PAGES else f"{page}?do={verb}"


def about_account(matter: Matter, title: str) -> str:
    """``title`` for a subject line: with the account in front where it does not name it."""
    name = matter.account.name if matter.account else ""
    return title if not name or name in title else f"{name}: {title}"


def to_look(matter: Matter, deal: object) -> View:
    return act(matter.say("To see all of it"), f"deal show {deal}", "look", matter.say("See the deal"))


def to_see(matter: Matter) -> View:
    stands = matter.say("To see where it stands")
    return act(stands, f"deal show {matter.notice.deal_id}", "look", matter.say("See the deal"))


def to_decide(matter: Matter, deal: object) -> list[View]:
    decide = act(matter.say("To decide"), f"deal close {deal}", "decide", matter.say("Decide"))
    return [decide, to_look(matter, deal)]
