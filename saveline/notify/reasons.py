"""Why somebody gets a message, in one sentence. It follows from how the engine found them, which the history keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from saveline.core.facts import APPROVAL, DECISION, Task
from saveline.core.people import Assignee, Chain, Lead, Link, Manager, Named, Owner, Pick, Role
from saveline.core.phrases import count, possessive, role
from saveline.notify.matter import Matter


def why(matter: Matter) -> str:
    """One sentence, or empty where the message says it all."""
    known = _BY_KIND.get(matter.notice.kind)
    return known(matter) if known else ""


# --- tasks ------------------------------------------------------------------------------------------------------------


def _holder(matter: Matter) -> str:
    task, given = matter.task, matter.assigned
    if task is None or given is None:
        return ""
    if task.assignee_id is None:
        return _offered(matter, task)
    because = _by_somebody(given.why) or _because(matter, given.why, _chain(matter, task))
    if task.plan == APPROVAL:
        because = "saveline.yaml says that you may grant it"
    return f"You have this task because {because}."


def _by_somebody(why: Sequence[str]) -> str:
    """From lines that do not name a word of the play: a person gave it, a rung did, or it followed somebody."""
    first, last = (why[0], why[-1]) if why else ("", "")
    if first.startswith("handed over by "):
        return f"{first.removeprefix('handed over by ')} handed it over to you"
    if first.startswith("escalated: "):
        return f"it was escalated to you: {first.removeprefix('escalated: ')}"
    if first.startswith("taken by "):
        return "you took it"
    if last.endswith(" has it now"):
        return f"you stand in: {first}"
    return "it is yours, and you are there again" if last.endswith(" is there") else ""


def _offered(matter: Matter, task: Task) -> str:
    department = matter.department(task.department)
    if matter.reader is None:
        return f"It is offered to everybody in {department}: the first to take it has it."
    return f"You get this because it is offered to everybody in {department}: the first to take it has it."


def _chain(matter: Matter, task: Task) -> Sequence[Link]:
    """Every link by which the task can have found its holder."""
    plan = matter.plan
    own: Chain = matter.workspace.decision.assign if task.plan == DECISION else (plan.assign if plan else ())
    return (*own, Owner(), *matter.workspace.steward)


def _because(matter: Matter, why: Sequence[str], chain: Sequence[Link]) -> str:
    """From lines like ``csm: Ana Ruiz`` to “you are Acme's CSM”."""
    line = why[-1] if why else ""
    link = next((x for x in chain if line.startswith(f"{x}: ")), None)
    if link is None:
        return "it was given to you"
    meant = _bearer(matter, link)
    if meant is not None and meant != matter.notice.person_id:
        away = why[-2] if len(why) > 1 else f"{matter.people.name(meant)} is away"
        return f"you stand in for {_title(matter, link)}: {away}"
    if isinstance(link, Pick):
        department = matter.department(link.department)
        return f"it was your turn in {department}" if link.how == "round_robin" else f"you had room in {department}"
    return _are(matter, link)


def _are(matter: Matter, link: Link) -> str:
    match link:
        case Owner():
            return f"you own the deal with {_account(matter)}"
        case Lead(department):
            return f"you lead {matter.department(department or _task_department(matter))}"
        case Named():
            return "you are named for it"
        case _:
            return f"you are {_title(matter, link)}"


def _title(matter: Matter, link: Link) -> str:
    """Who the link means, as others would say it: “Acme's CSM”, “the lead of Finance”, “Ana's manager”."""
    match link:
        case Owner():
            return "the deal's owner"
        case Role(name):
            return f"{possessive(_account(matter))} {role(name)}"
        case Lead(department):
            return f"the lead of {matter.department(department or _task_department(matter))}"
        case Assignee():
            return "who has the task"
        case Manager(of):
            bearer = _bearer(matter, of)
            return f"{possessive(matter.first(bearer))} manager" if bearer else f"the manager of {_title(matter, of)}"
        case _:
            return matter.people.name(_bearer(matter, link))


def _bearer(matter: Matter, link: Link) -> int | None:
    """Whom the link names, at work or not; None where it is a choice or names nobody."""
    match link:
        case Owner():
            return matter.deal.owner_id if matter.deal else None
        case Role(name):
            return matter.account.team.get(name) if matter.account else None
        case Lead(department):
            team = matter.people.departments.get(department or _task_department(matter) or "")
            return team.lead_id if team else None
        case Assignee():
            return matter.task.assignee_id if matter.task else None
        case Named(email):
            person = matter.people.by_email.get(email.casefold())
            return person.id if person else None
        case Manager(of):
            report = matter.people.by_id.get(_bearer(matter, of) or 0)
            return report.manager_id if report else None
        case _:
            return None


def _task_department(matter: Matter) -> str | None:
    task, plan = matter.task, matter.plan
    holder = matter.people.by_id.get((task.assignee_id if task else None) or 0)
    named = (task.department if task else None) or (plan.department if plan else None)
    return named or (holder.department if holder else None)


def _account(matter: Matter) -> str:
    return matter.account.name if matter.account else "the account"


# --- escalations ------------------------------------------------------------------------------------------------------


def _escalated(matter: Matter) -> str:
    change = matter.escalated
    return f"You get this because {_because(matter, change.why, _rung_chain(matter)) if change else 'you were named'}."


def happened(matter: Matter) -> str:
    """What made the ladder climb, without a full stop: “Ana has not opened it for 4 business hours”."""
    task, rung = matter.task, str(matter.about.get("rung", ""))
    holder = matter.first(task.assignee_id) if task and task.assignee_id else None
    if "asked" in matter.about:
        return f"{holder or 'Somebody'} asks for help"
    if rung.startswith("unseen for "):
        span = rung.removeprefix("unseen for ")
        offered = f"Nobody in {matter.department(task.department if task else None)} has taken it for {span}"
        return f"{holder} has not opened it for {span}" if holder else offered
    if rung == "at due":
        return "It is due and still open"
    since = rung.replace(" after due", " after it was due").replace(" before due", " before it is due")
    return f"It is still open {since}" if since else "It is still open"


def _rung_chain(matter: Matter) -> Sequence[Link]:
    plan = matter.plan
    policy = plan.policy if plan else matter.workspace.decision.policy
    return [link for rung in policy.escalate for link in rung.to]


# --- deals ------------------------------------------------------------------------------------------------------------


def _decision(matter: Matter) -> str:
    return _holder(matter).replace("You have this task", "You are asked")


def _owner(matter: Matter) -> str:
    return _relation(matter) or "You get this because you own this deal."


def _stage_late(matter: Matter) -> str:
    return _relation(matter) or "You get this because you are told when a stage takes too long."


def _relation(matter: Matter) -> str:
    deal, reader = matter.deal, matter.reader
    if deal is None or reader is None:
        return ""
    if deal.owner_id == reader.id:
        return f"You get this because you own the deal with {_account(matter)}."
    owner = matter.people.by_id.get(deal.owner_id or 0)
    if owner is not None and owner.manager_id == reader.id:
        boss = f"you are {possessive(matter.first(owner.id))} manager"
        return f"You get this because {owner.name} owns the deal with {_account(matter)}, and {boss}."
    return ""


def _news(matter: Matter) -> str:
    known = {
        "reassigned": "You get this because you had this task.",
        "withdrawn": "You get this because you had a task there.",
        "not_needed": "You get this because you had this task.",
        "no_answer": "You get this because you have this task.",
        "approval": "You get this because you asked for it.",
        "followed": _followed(matter),
        "owner": "You get this because you own this deal now."
        if "from" in matter.about
        else "You get this because you owned this deal.",
        "severity": _circle(matter),
        "play_changed": "You get this because tasks or deals of yours are other than they were.",
        "empty_rung": "You get this because you look after Saveline here.",
        "mail_answer": "You get this because you answered a message of Saveline's.",
        "unreachable": _above(matter),
        "cleared": _story(matter),
        "your_link": "You get this because it was asked for with your address.",
        "merged": _relation(matter) or "You get this because you had an open task there.",
    }
    told = _relation(matter) or "You get this because the play names you for it."
    return known.get(str(matter.about.get("news")), told)


def _followed(matter: Matter) -> str:
    if "from" in matter.about:
        return "You get this because these tasks are yours now."
    return "You get this because you had these tasks."


def _above(matter: Matter) -> str:
    person = matter.people.by_id.get(int(matter.about.get("who", 0)))
    if person is not None and person.manager_id == matter.notice.person_id:
        return f"You get this because you are {possessive(matter.first(person.id))} manager."
    return "You get this because you look after Saveline here."


def _circle(matter: Matter) -> str:
    severity = matter.workspace.severity(str(matter.about.get("severity")))
    title = severity.title.lower() if severity else "this severe"
    return f"You get this because saveline.yaml names you for every deal that is {title}."


def _story(matter: Matter) -> str:
    deal, reader = matter.deal, matter.reader
    if deal is None or reader is None:
        return ""
    done = [t for t in deal.tasks if t.state == "done" and t.closed_by == reader.id and t.plan != DECISION]
    if done:
        more = f" and {count(len(done) - 1, 'more task')}" if len(done) > 1 else ""
        return f"You get this because you helped: “{done[0].title}”{more}."
    if deal.owner_id == reader.id:
        return f"You get this because you own the deal with {_account(matter)}."
    if any(t.closed_by == reader.id and t.plan == DECISION for t in deal.tasks):
        return "You get this because you made the decision."
    return "You get this because you had an open task there."


def _digest(matter: Matter) -> str:
    hour = matter.workspace.digest_hour
    return f"You get this at {hour}:00 on your working days, as long as something is open with you."


def _report(_matter: Matter) -> str:
    return "You get this because saveline.yaml names you under report_to."


_BY_KIND: Final[Mapping[str, Callable[[Matter], str]]] = {
    "assigned": _holder,
    "reminder": _holder,
    "escalation": _escalated,
    "decision_due": _decision,
    "stage_entered": _owner,
    "stage_late": _stage_late,
    "news": _news,
    "saved": _story,
    "lost": _story,
    "digest": _digest,
    "stage_report": _report,
}
