"""Why somebody gets a message, in one sentence. It follows from how the engine found them, which the history keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from saveline.core import attention
from saveline.core.facts import APPROVAL, DECISION, Task
from saveline.core.people import Assignee, Chain, Lead, Link, Manager, Named, Owner, Pick, Role
from saveline.core.phrases import role
from saveline.core.tongue import sentence
from saveline.notify.matter import Matter
from saveline.notify.recalled import recalled, span


def why(matter: Matter) -> str:
    """One sentence, or empty where the message says it all."""
    known = _BY_KIND.get(matter.notice.kind)
    return known(matter) if known else ""


def why_now(matter: Matter) -> str:
    """Why it comes at this moment, where that is not when it was caused; empty else."""
    notice, reader, rules = matter.notice, matter.reader, matter.workspace.attention
    if reader is None or notice.kind == attention.BUNDLE:
        return ""
    match notice.held_for:
        case attention.AWAY:
            return matter.say("It came while you were away.")
        case attention.CAP:
            return matter.say("It waited because you had had as many messages that day as one day brings.")
        case attention.QUIET:
            return matter.say("It waited until your quiet hours were over.")
    hours = attention.reader(matter.people.calendar(reader.id), reader, matter.workspace)
    if attention.quiet_until(hours, matter.now) is None or attention.in_time(notice.at, hours, matter.now):
        return ""
    if notice.kind in rules.urgent:
        return matter.say("It comes in your quiet hours because it is urgent.")
    return matter.say("It comes in your quiet hours because afterwards it would be too late.")


# --- tasks ------------------------------------------------------------------------------------------------------------


def _holder(matter: Matter) -> str:
    task, because = matter.task, _found(matter)
    if task is not None and task.assignee_id is None:
        return _offered(matter, task)
    return matter.say("You have this task because {because}.", because=because) if because else ""


def _found(matter: Matter) -> str:
    """How the task came to the reader; empty where nobody knows."""
    task, given = matter.task, matter.assigned
    if task is None or given is None or task.assignee_id is None:
        return ""
    if task.plan == APPROVAL:
        return matter.say("saveline.yaml says that you may grant it")
    return _by_somebody(matter, given.why) or _because(matter, given.why, _chain(matter, task))


def _by_somebody(matter: Matter, why: Sequence[str]) -> str:
    """From lines that do not name a word of the play: a person gave it, a rung did, or it followed somebody."""
    first, last, say = why[0] if why else "", why[-1] if why else "", matter.say
    if first.startswith("handed over by "):
        return say("{name} handed it over to you", name=first.removeprefix("handed over by "))
    if first.startswith("escalated: "):
        rung = _rung_words(matter, first.removeprefix("escalated: "))
        return say("it was escalated to you: {rung}", rung=rung)
    if first.startswith("taken by "):
        return say("you took it")
    if last.endswith(" has it now"):
        return say("you stand in: {why}", why=recalled(first, matter.tongue))
    return say("it is yours, and you are there again") if last.endswith(" is there") else ""


def _rung_words(matter: Matter, rung: str) -> str:
    """A step of a ladder as the play writes it: ``unseen for 2 business days``, ``1 day after due``."""
    tongue, say = matter.tongue, matter.say
    for ending, text in _RUNGS.items():
        if rung.endswith(ending) and not rung.startswith("unseen for "):
            return say(text, span=span(rung.removesuffix(ending), tongue))
    if rung.startswith("unseen for "):
        return say("unseen for {span}", span=span(rung.removeprefix("unseen for "), tongue))
    return say("at due") if rung == "at due" else say("it is still open") if rung == "it is still open" else rung


_RUNGS: Final[Mapping[str, str]] = {
    " after due": sentence("{span} after due"),
    " before due": sentence("{span} before due"),
}


def _offered(matter: Matter, task: Task) -> str:
    department = matter.department(task.department)
    if matter.reader is None:
        return matter.say(
            "It is offered to everybody in {department}: the first to take it has it.", department=department
        )
    return matter.say(
        "You get this because it is offered to everybody in {department}: the first to take it has it.",
        department=department,
    )


def _chain(matter: Matter, task: Task) -> Sequence[Link]:
    """Every link by which the task can have found its holder."""
    plan = matter.plan
    own: Chain = matter.workspace.decision.assign if task.plan == DECISION else (plan.assign if plan else ())
    return (*own, Owner(), *matter.workspace.steward)


def _because(matter: Matter, why: Sequence[str], chain: Sequence[Link]) -> str:
    """From lines like ``csm: Ana Ruiz`` to “you are Acme's CSM”."""
    line, say = why[-1] if why else "", matter.say
    link = next((x for x in chain if line.startswith(f"{x}: ")), None)
    if link is None:
        return say("it was given to you")
    meant = _bearer(matter, link)
    if meant is not None and meant != matter.notice.person_id:
        away = recalled(why[-2], matter.tongue) if len(why) > 1 else ""
        away = away or say("{name} is away", name=matter.people.name(meant))
        return say("you stand in for {whom}: {why}", whom=_title(matter, link), why=away)
    if isinstance(link, Pick):
        department = matter.department(link.department)
        turn = say("it was your turn in {department}", department=department)
        return turn if link.how == "round_robin" else say("you had room in {department}", department=department)
    return _are(matter, link)


def _are(matter: Matter, link: Link) -> str:
    match link:
        case Owner():
            return matter.say("you own the deal with {account}", account=_account(matter))
        case Lead(department):
            led = matter.department(department or _task_department(matter))
            return matter.say("you lead {department}", department=led)
        case Named():
            return matter.say("you are named for it")
        case Role(name):
            return matter.say("you are {account}'s {role}", account=_account(matter), role=role(name))
        case Manager(of) if _bearer(matter, of):
            return matter.say("you are {name}'s manager", name=matter.first(_bearer(matter, of)))
        case _:
            return matter.say("you are {who}", who=_title(matter, link))


def _title(matter: Matter, link: Link) -> str:
    """Who the link means, as others would say it: “Acme's CSM”, “the lead of Finance”, “Ana's manager”."""
    say = matter.say
    match link:
        case Owner():
            return say("the deal's owner")
        case Role(name):
            return say("{account}'s {role}", account=_account(matter), role=role(name))
        case Lead(department):
            return say("the lead of {department}", department=matter.department(department or _task_department(matter)))
        case Assignee():
            return say("who has the task")
        case Manager(of):
            bearer = _bearer(matter, of)
            if bearer:
                return say("{name}'s manager", name=matter.first(bearer))
            return say("the manager of {whom}", whom=_title(matter, of))
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
    return matter.account.name if matter.account else matter.say("the account")


# --- escalations ------------------------------------------------------------------------------------------------------


def _escalated(matter: Matter) -> str:
    change = matter.escalated
    because = _because(matter, change.why, _rung_chain(matter)) if change else matter.say("you were named")
    return matter.say("You get this because {because}.", because=because)


def happened(matter: Matter) -> str:
    """What made the ladder climb, without a full stop: “Ana has not opened it for 4 business hours”."""
    task, rung, say = matter.task, str(matter.about.get("rung", "")), matter.say
    holder = matter.first(task.assignee_id) if task and task.assignee_id else None
    if "asked" in matter.about:
        return say("{name} asks for help", name=holder) if holder else say("Somebody asks for help")
    if rung.startswith("unseen for "):
        time = span(rung.removeprefix("unseen for "), matter.tongue)
        if holder:
            return say("{name} has not opened it for {span}", name=holder, span=time)
        team = matter.department(task.department if task else None)
        return say("Nobody in {department} has taken it for {span}", department=team, span=time)
    if rung == "at due":
        return say("It is due and still open")
    for ending, text in _STILL.items():
        if rung.endswith(ending):
            return say(text, span=span(rung.removesuffix(ending), matter.tongue))
    return say("It is still open {since}", since=span(rung, matter.tongue)) if rung else say("It is still open")


_STILL: Final[Mapping[str, str]] = {
    " after due": sentence("It is still open {span} after it was due"),
    " before due": sentence("It is still open {span} before it is due"),
}


def _rung_chain(matter: Matter) -> Sequence[Link]:
    plan = matter.plan
    policy = plan.policy if plan else matter.workspace.decision.policy
    return [link for rung in policy.escalate for link in rung.to]


# --- deals ------------------------------------------------------------------------------------------------------------


def _decision(matter: Matter) -> str:
    because = _found(matter)
    return matter.say("You are asked because {because}.", because=because) if because else ""


def _owner(matter: Matter) -> str:
    return _relation(matter) or matter.say("You get this because you own this deal.")


def _stage_late(matter: Matter) -> str:
    return _relation(matter) or matter.say("You get this because you are told when a stage takes too long.")


def _relation(matter: Matter) -> str:
    deal, reader = matter.deal, matter.reader
    if deal is None or reader is None:
        return ""
    if deal.owner_id == reader.id:
        return _own(matter)
    owner = matter.people.by_id.get(deal.owner_id or 0)
    if owner is not None and owner.manager_id == reader.id:
        return matter.say(
            "You get this because {owner} owns the deal with {account}, and you are {first}'s manager.",
            owner=owner.name,
            account=_account(matter),
            first=matter.first(owner.id),
        )
    return ""


def _own(matter: Matter) -> str:
    return matter.say("You get this because you own the deal with {account}.", account=_account(matter))


def _news(matter: Matter) -> str:
    news, say = str(matter.about.get("news")), matter.say
    if news in _NEWS:
        return say(_NEWS[news])
    taken = "from" in matter.about
    if news == "followed":
        yours = say("You get this because these tasks are yours now.")
        return yours if taken else say("You get this because you had these tasks.")
    if news == "owner":
        yours = say("You get this because you own this deal now.")
        return yours if taken else say("You get this because you owned this deal.")
    if news == "severity":
        return _circle(matter)
    if news == "cleared":
        return _story(matter)
    if news == "unreachable":
        return _above(matter)
    if news == "merged":
        return _relation(matter) or say("You get this because you had an open task there.")
    return _relation(matter) or say("You get this because the play names you for it.")


_NEWS: Final[Mapping[str, str]] = {
    "reassigned": sentence("You get this because you had this task."),
    "withdrawn": sentence("You get this because you had a task there."),
    "not_needed": sentence("You get this because you had this task."),
    "no_answer": sentence("You get this because you have this task."),
    "approval": sentence("You get this because you asked for it."),
    "play_changed": sentence("You get this because tasks or deals of yours are other than they were."),
    "your_link": sentence("You get this because it was asked for with your address."),
    "mail_answer": sentence("You get this because you answered a message of Saveline's."),
    "empty_rung": sentence("You get this because you look after Saveline here."),
}


def _above(matter: Matter) -> str:
    person, say = matter.people.by_id.get(int(matter.about.get("who", 0))), matter.say
    if person is not None and person.manager_id == matter.notice.person_id:
        because = say("you are {name}'s manager", name=matter.first(person.id))
        return say("You get this because {because}.", because=because)
    return say("You get this because you look after Saveline here.")


def _circle(matter: Matter) -> str:
    severity = matter.workspace.severity(str(matter.about.get("severity")))
    if severity is None:
        return matter.say("You get this because saveline.yaml names you for every deal this severe.")
    title = matter.tongue.inside(severity.title)
    return matter.say("You get this because saveline.yaml names you for every deal that is {severity}.", severity=title)


def _story(matter: Matter) -> str:
    deal, reader, say = matter.deal, matter.reader, matter.say
    if deal is None or reader is None:
        return ""
    done = [t for t in deal.tasks if t.state == "done" and t.closed_by == reader.id and t.plan != DECISION]
    if len(done) > 1:
        return matter.counted(
            "You get this because you helped: “{task}” and {n} more task.",
            "You get this because you helped: “{task}” and {n} more tasks.",
            len(done) - 1,
            task=done[0].title,
        )
    if done:
        return say("You get this because you helped: “{task}”.", task=done[0].title)
    if deal.owner_id == reader.id:
        return _own(matter)
    if any(t.closed_by == reader.id and t.plan == DECISION for t in deal.tasks):
        return say("You get this because you made the decision.")
    return say("You get this because you had an open task there.")


def _digest(matter: Matter) -> str:
    hour = f"{matter.workspace.digest_hour_of(matter.reader)}:00"
    return matter.say("You get this at {time} on your working days, as long as something is open with you.", time=hour)


def _bundle(matter: Matter) -> str:
    return matter.say("Why each of these comes to you stands beside it.")


def _pulse(matter: Matter) -> str:
    return matter.say("You get this once a month, as do your colleagues who have not said no.")


def _report(matter: Matter) -> str:
    match matter.about.get("why"):
        case "wish":
            return matter.say("You get this because people.yaml says that you want it.")
        case "sent":
            return matter.say("You get this because somebody sent it to you.")
    return matter.say("You get this because saveline.yaml names you under report_to.")


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
    "bundle": _bundle,
    "pulse": _pulse,
}
