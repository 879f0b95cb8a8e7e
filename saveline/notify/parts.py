"""The pieces of a view that several kinds of message share: a deal's facts, a task, a question, a way to act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from saveline.core.facts import Task
from saveline.core.phrases import day, due, due_phrase, listed, moment, money, shortened, words_of
from saveline.core.play import Field
from saveline.notify.links import Purpose
from saveline.notify.matter import Matter

View: TypeAlias = dict[str, Any]
"""What a template prints. Everything in it is text, true or false, or lists and dicts of those."""

LONGEST_TITLE: Final = 300
LONGEST_NOTE: Final = 2_000


def deal_view(matter: Matter) -> View:
    """The account, what is at stake, why it is at risk and where the deal stands; nothing where there is no deal."""
    deal, account = matter.deal, matter.account
    if deal is None or account is None:
        return {}
    today, ws = matter.here.date(), matter.workspace
    renewal = f"{day(account.renewal, today)}, in {(account.renewal - today).days} days" if account.renewal else ""
    stage = ws.stage_title(deal.stage)
    arr = money(deal.arr_cents, ws.currency)
    facts = {
        "Account": f"{account.name}, {arr} a year",
        "Renewal": renewal if account.renewal and account.renewal > today else "",
        "At risk": listed(words_of(c) for c in deal.causes),
        "Stage": stage,
        "Owner": matter.people.name(deal.owner_id) if deal.owner_id not in (None, matter.notice.person_id) else "",
    }
    return {
        "account": account.name,
        "arr": arr,
        "stage": stage,
        "deal": str(deal.id),
        "facts": [{"label": label, "value": value, "late": False} for label, value in facts.items() if value],
    }


def task_view(matter: Matter, task: Task) -> View:
    """A task as a line of a list or the subject of a message. One that is closed has no due moment any more."""
    plan, here = matter.plan_of(task), matter.here
    at = matter.local(task.clock.due_at) if task.clock else None
    deal_id = matter.deal.id if matter.deal else 0
    return {
        "ref": f"{deal_id}.{task.no}",
        "title": shortened(task.title or words_of(task.plan), LONGEST_TITLE),
        "due": due(at, here) if at else "",
        "due_phrase": due_phrase(at, here) if at else "",
        "due_at": moment(at, here) if at else "",
        "late": at is not None and at < here,
        "holder": holder(matter, task),
        "why": plan.why if plan else "",
        "asks": [question(f) for f in plan.form] if plan else [],
        "outcomes": [words_of(o) for o in plan.outcomes] if plan and len(plan.outcomes) > 1 else [],
    }


def holder(matter: Matter, task: Task) -> str:
    if task.assignee_id is not None:
        return matter.people.name(task.assignee_id)
    return f"anybody in {matter.department(task.department)}" if task.department else "nobody"


def question(field: Field) -> str:
    """``root cause (product gap, price)``: what the form asks, with what can be answered."""
    words = ["yes or no"] if field.kind == "yes_no" else [words_of(c) for c in field.choices]
    choices = f" ({', '.join(words)})" if words else ""
    return f"{words_of(field.name)}{choices}{', if you know' if field.optional else ''}"


PAGES: Final[Mapping[str, Purpose]] = {"look": "deal", "mine": "mine"}
"""Which page a verb leads to; every other verb to that of the notice's task."""


def act(label: str, command: str, verb: str, button: str) -> View:
    """A way to act: ``verb`` is what a press means, ``button`` what stands on it. ``url`` is filled in by
    :func:`with_addresses`; where there is none, the command is shown after the label."""
    return {"label": label, "command": f"saveline {command}", "verb": verb, "button": button, "url": ""}


def with_addresses(matter: Matter, acts: Sequence[View]) -> list[View]:
    """The acts with the addresses of their pages, where they have none yet. One without a verb has only its command."""
    return [{**a, "url": a["url"] or _address(matter, a["verb"])} for a in acts]


def _address(matter: Matter, verb: str) -> str:
    if not verb:
        return ""
    page = matter.link(PAGES.get(verb, "task"))
    return page if not page or verb in PAGES else f"{page}?do={verb}"


def about_account(matter: Matter, title: str) -> str:
    """``title`` for a subject line: with the account in front where it does not name it."""
    name = matter.account.name if matter.account else ""
    return title if not name or name in title else f"{name}: {title}"
