"""Facts → what a template prints: plain dicts in which everything is text already, in the reader's zone and words.

One function a kind of notice. Each gives a headline, an opening sentence, the task if there is one, the account's
facts, ways to act, why the reader got it and why it helps the customer; templates only arrange that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from saveline.core.facts import APPROVAL, DECISION, Task
from saveline.core.phrases import answer_words, count, listed, moment, shortened, words_of
from saveline.core.pressing import UPDATE
from saveline.notify import changed_plays, mailnews, own_link, reasons, stories, turns, updates
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, about_account, act, deal_view, task_view, with_addresses


def view(matter: Matter) -> View:
    """The finished view of a notice of any kind; a kind without a function of its own gets what all have in common."""
    seen = {**common(matter), **_KINDS.get(matter.notice.kind, _nothing)(matter)}
    return {**seen, "acts": with_addresses(matter, seen["acts"])}


def common(matter: Matter) -> View:
    """What every message has, and of a deal's every message: which account, how much, why at risk, where it stands."""
    reader, about = matter.reader, matter.about
    seen: View = {
        "kind": matter.notice.kind,
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
        "why_you": reasons.why(matter),
        "instead_of": str(about.get("instead_of", "")),
        "unsubscribe": "",
    }
    return {**seen, **deal_view(matter), **({"task": task_view(matter, matter.task)} if matter.task else {})}


# --- tasks ------------------------------------------------------------------------------------------------------------


def _of_task(matter: Matter) -> View:
    """What messages about one open task share."""
    task, deal = matter.task, matter.deal
    assert task is not None  # a notice of a task that is gone is not wanted, and never worded
    assert deal is not None
    shown = task_view(matter, task)
    base = deal_view(matter)
    rows = [f for f in base["facts"] if (f["label"], f["value"]) != ("Owner", shown["holder"])]
    rows.insert(0, {"label": "Due", "value": shown["due"], "late": shown["late"]})
    if task.assignee_id != matter.notice.person_id:
        rows.insert(1, {"label": "With", "value": shown["holder"], "late": False})
    return {
        "headline": shown["title"],
        "title": about_account(matter, shown["title"]),
        "facts": rows,
        "benefit": shown["why"] or (matter.play.benefit if matter.play else ""),
        "acts": _acts(task, shown["ref"]),
    }


def _acts(task: Task, ref: str) -> list[View]:
    if task.plan == DECISION:
        return _to_decide(ref.partition(".")[0])
    if task.plan == APPROVAL:
        refuse = act("To refuse it", f"task done {ref} --outcome refused -a reason=…", "refuse", "Refuse")
        return [act("To approve it", f"task done {ref} --outcome approved", "approve", "Approve"), refuse]
    if task.assignee_id is None:
        return [act("To take it", f"task claim {ref}", "claim", "I take it")]
    return [
        act("When it is done", f"task done {ref}", "done", "Done"),
        act("When you have read it", f"task seen {ref}", "seen", "I have read it"),
        act("If you cannot alone", f"task help {ref}", "help", "I need help"),
    ]


def _to_decide(deal: str) -> list[View]:
    return [
        act("To decide", f"deal close {deal}", "decide", "Decide"),
        act("To see all of it", f"deal show {deal}", "look", "See the deal"),
    ]


def _assigned(matter: Matter) -> View:
    seen, task = _of_task(matter), matter.task
    if task is not None and task.assignee_id is None:
        team = matter.department(task.department)
        return {**seen, "offered": team, "opening": f"Who in {team} takes this?"}
    before = matter.about.get("from")
    opening = _request(matter, task) if task is not None and task.plan == APPROVAL else ""
    if before is not None:
        name = matter.people.name(before)
        handed = _was_handed_over(matter)
        opening = f"{name} handed this over to you." if handed else f"This was with {name} and is yours now."
    return {**seen, "offered": "", "opening": opening}


def _request(matter: Matter, approval: Task) -> str:
    """What somebody wants to grant, and with which answers beside it."""
    request = approval.answers
    asker = matter.people.name(int(request.get("by", 0)))
    of = matter.deal.task(int(request.get("of", 0))) if matter.deal else None
    title = f" to finish “{of.title}”" if of else ""
    given = "; ".join(f"{words_of(k)}: {answer_words(v)}" for k, v in dict(request.get("answers", {})).items())
    return f"{asker} asks for it{title}: {given}."


def _was_handed_over(matter: Matter) -> bool:
    given = matter.assigned
    return given is not None and bool(given.why) and given.why[0].startswith("handed over by ")


def _reminder(matter: Matter) -> View:
    seen, task = _of_task(matter), matter.task
    assert task is not None
    shown = task_view(matter, task)
    if shown["late"]:
        opening = f"This was due {shown['due_at']} and is {shown['due']}."
    else:
        opening = f"This is {shown['due_phrase']}."
    return {**seen, "opening": opening}


def _escalation(matter: Matter) -> View:
    seen = _of_task(matter)
    decide = matter.about.get("do") == "decide"
    deal, no = matter.notice.deal_id, matter.notice.task_no
    give = act("To give it to somebody", f"task hand-over {deal}.{no}", "hand_over", "Hand it over")
    acts = [act("To see where it stands", f"deal show {deal}", "look", "See the deal"), give]
    if decide:
        acts.append(act("To let the account go", f"deal close {deal}", "close", "Let it go"))
    happened = reasons.happened(matter)
    return {
        **seen,
        "happened": happened,
        "opening": f"{happened}.",
        "asked": "asked" in matter.about,
        "decide": decide,
        "acts": acts,
    }


def _decision_due(matter: Matter) -> View:
    seen, deal = _of_task(matter), matter.deal
    assert deal is not None
    why = str(matter.about.get("why", "the decision date has come"))
    outcomes = [o.title for o in matter.workspace.outcomes]
    return {
        **seen,
        "opening": f"{why[:1].upper()}{why[1:]}.",
        "outcomes": outcomes,
        "benefit": matter.play.benefit if matter.play else "",
        "done": stories.done_lines(matter),
        "open": [task_view(matter, t) for t in deal.tasks if t.state == "open" and t.no != matter.notice.task_no],
        "acts": _to_decide(str(deal.id)),
    }


# --- deals ------------------------------------------------------------------------------------------------------------


def _stage_entered(matter: Matter) -> View:
    deal = matter.deal
    assert deal is not None
    stage, account = matter.workspace.stage_title(deal.stage), matter.account.name if matter.account else ""
    open_tasks = [task_view(matter, t) for t in (*deal.current(), deal.decision()) if t and t.state == "open"]
    return {
        "headline": f"{account} is at risk again" if _again(matter) else f"{account} is in {stage} now",
        "facts": [f for f in deal_view(matter)["facts"] if f["label"] != "Stage"],
        "opening": _again(matter) if open_tasks else "Nothing is open in it at the moment.",
        "open": open_tasks,
        "leave_by": moment(matter.local(deal.stage_due_at), matter.here) if deal.stage_due_at else "",
        "acts": [act("To see where it stands", f"deal show {deal.id}", "look", "See the deal")],
    }


def _again(matter: Matter) -> str:
    """Where the first stage is entered once more: that it had been closed."""
    deal = matter.deal
    if deal is None or deal.closed_before is None or deal.stage_at != deal.reopened_at:
        return ""
    closed = moment(matter.local(deal.closed_before), matter.here)
    return f"It had been closed {closed} and is at risk again: {listed(words_of(c) for c in deal.causes)}."


def _stage_late(matter: Matter) -> View:
    deal, account = matter.deal, matter.account
    assert deal is not None
    stage = matter.workspace.stage_title(str(matter.about.get("stage", deal.stage)))
    return {
        "headline": f"{account.name if account else ''} is in {stage} longer than planned",
        "opening": f"It was to leave {stage} by {moment(matter.local(matter.notice.at), matter.here)}.",
        "missing": [str(m) for m in matter.about.get("missing", ())],
        "acts": [act("To see where it stands", f"deal show {deal.id}", "look", "See the deal")],
    }


def _news(matter: Matter) -> View:
    told = _NEWS.get(str(matter.about.get("news")))
    if told is None:
        raise ValueError(f"news of an unknown sort: {matter.about.get('news')!r}")
    acts = [act("To see where it stands", f"deal show {matter.notice.deal_id}", "look", "See the deal")]
    seen = {"lines": [], "opening": "", "acts": acts, **told(matter)}
    return {"title": about_account(matter, seen["headline"]), **seen}


def _outcome(matter: Matter) -> View:
    task = matter.task
    assert task is not None
    title = task_view(matter, task)["title"]
    outcome = str(matter.about.get("outcome", task.outcome))
    by = matter.people.name(matter.about.get("by"))
    cannot = outcome == "cannot"
    said = f"{by} says that it cannot be done." if cannot else f"{by} closed it as “{words_of(outcome)}”."
    lines = [f"{words_of(name)}: {answer_words(value)}" for name, value in task.answers.items()]
    reason = f"Reason: {shortened(task.note, LONGEST_NOTE)}" if task.note else ""
    ended = "Cannot be done" if cannot else words_of(outcome).capitalize()
    return {
        "headline": title,
        "title": f"{ended}: {about_account(matter, title)}",
        "opening": said,
        "lines": [reason] if reason else lines,
    }


def _not_needed(matter: Matter) -> View:
    title = task_view(matter, matter.task)["title"] if matter.task else ""
    return {
        "headline": f"No longer needed: {title}",
        "opening": f"It is withdrawn because {matter.about.get('why', '')}.",
    }


def _followed(matter: Matter) -> View:
    """Several tasks went from one person to another, because somebody is away or has another part now."""
    deal, account = matter.deal, matter.account
    assert deal is not None
    tasks = [t for t in deal.tasks if t.no in matter.about.get("tasks", ()) and t.state == "open"]
    shown = [task_view(matter, t) for t in tasks]
    what, name = count(len(matter.about.get("tasks", ())), "task"), account.name if account else ""
    if "from" in matter.about:
        before = matter.people.name(matter.about["from"])
        return {
            "headline": f"{what} for {name} are yours now",
            "opening": f"{before} had them until now.",
            "lines": [f"{s['title']}: {s['due']} ({s['ref']})" for s in shown],
        }
    to = matter.people.name(matter.about.get("to"))
    verb = "is" if what.startswith("1 ") else "are"
    return {
        "headline": f"{what} for {name} {verb} with {to} now",
        "opening": f"You need not do anything more about {'it' if verb == 'is' else 'them'}.",
        "lines": [s["title"] for s in shown],
    }


def _owner(matter: Matter) -> View:
    name = matter.account.name if matter.account else ""
    if "from" in matter.about:
        before = matter.about["from"]
        had = f"{matter.people.name(before)} had it until now. " if before else ""
        opening = f"{had}You say in the end how it is decided."
        return {"headline": f"The deal with {name} is yours now", "opening": opening}
    to = matter.people.name(matter.about.get("to"))
    return {
        "headline": f"The deal with {name} belongs to {to} now",
        "opening": "You need not do anything more about it.",
    }


def _no_answer(matter: Matter) -> View:
    title = task_view(matter, matter.task)["title"] if matter.task else ""
    since = str(matter.about.get("since", ""))
    waited = f" since {moment(matter.local(datetime.fromisoformat(since)), matter.here)}" if since else ""
    return {
        "headline": f"No answer yet: {title}",
        "opening": f"You have waited for the customer{waited}. The days do not count as yours; from now on they do.",
    }


def _approval(matter: Matter) -> View:
    deal = matter.deal
    assert deal is not None
    of = deal.task(int(matter.about.get("no", 0)))
    title = task_view(matter, of)["title"] if of else ""
    if matter.about.get("outcome") == "approved":
        return {"headline": f"Approved: {title}", "opening": "What you asked for is approved, and your task is done."}
    reason = shortened(str(matter.about.get("reason", "")), LONGEST_NOTE)
    return {
        "headline": f"Not approved: {title}",
        "opening": "Your task is still open: finish it with less, or in another way.",
        "lines": [f"Reason: {reason}"] if reason else [],
    }


def _severity(matter: Matter) -> View:
    severity = matter.workspace.severity(str(matter.about.get("severity")))
    name = matter.account.name if matter.account else ""
    title = severity.title if severity else ""
    return {"headline": f"{name} is {title.lower()}", "opening": f"This deal counts as {title.lower()} now."}


def _override(matter: Matter) -> View:
    name = matter.account.name if matter.account else ""
    stage = matter.workspace.stage_title(str(matter.about.get("stage", "")))
    until = moment(matter.local(datetime.fromisoformat(str(matter.about.get("until")))), matter.here)
    by = matter.people.name(matter.about.get("by"))
    return {
        "headline": f"{by} overrides the gate of {stage} for {name}",
        "opening": f"Until {until} the deal may leave {stage} although its gate is shut. The stage report lists it.",
    }


def _reassigned(matter: Matter) -> View:
    title = task_view(matter, matter.task)["title"] if matter.task else ""
    to, by = matter.people.name(matter.about.get("to")), matter.about.get("by")
    how = f"{matter.people.name(by)} gave it to {to}." if by else f"It was escalated to {to}."
    return {"headline": f"{title}: {to} has it now", "opening": f"{how} You need not do anything more about it."}


def _withdrawn(matter: Matter) -> View:
    deal, stage = matter.deal, str(matter.about.get("stage", ""))
    assert deal is not None
    left = matter.workspace.stage_title(stage)
    gone = [
        task_view(matter, t)["title"]
        for t in deal.tasks
        if t.state == "withdrawn" and t.stage == stage and t.assignee_id == matter.notice.person_id
    ]
    account = matter.account.name if matter.account else ""
    what = "Your tasks there are" if len(gone) > 1 else "Your task there is"
    return {"headline": f"{account} has left {left}", "opening": f"{what} no longer needed.", "lines": gone}


def _empty_rung(matter: Matter) -> View:
    title = task_view(matter, matter.task)["title"] if matter.task else ""
    return {
        "headline": f"Nobody could be told: {title}",
        "opening": "An escalation came to nobody and the next step was taken at once. This is why:",
        "lines": list(dict.fromkeys(str(line) for line in matter.about.get("why", ()))),
        "benefit": "No step for this customer is lost because a name is missing in people.yaml or saveline.yaml.",
        "acts": [act("To find such gaps", "doctor", "", "")],
    }


def _too_late(matter: Matter) -> View:
    account, play = matter.account.name if matter.account else "", str(matter.about.get("play", ""))
    return {
        "headline": f"{account}: too little time for “{play}”",
        "title": f"{account}: too little time for “{play}”",
        "opening": str(matter.about.get("words", "")),
        "lines": ["Its tasks have begun as planned. Shorten them, drop some, or agree another date with the customer."],
        "acts": [act("To see what fits until when", f"deal show {matter.notice.deal_id}", "look", "See the deal")],
    }


def _nothing(_matter: Matter) -> View:
    return {}


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
    "mail_answer": mailnews.mail_answer,
    "unreachable": mailnews.unreachable,
    "play_changed": changed_plays.play_changed,
    "your_link": own_link.your_link,
    "leaves": turns.leaves,
    "stays": turns.stays,
    "risk_cleared": turns.risk_cleared,
    "cleared": turns.cleared,
    "merged": turns.merged,
    "joined": turns.joined,
    "split": turns.split,
}
_KINDS: Final[Mapping[str, Callable[[Matter], View]]] = {
    "assigned": _assigned,
    "reminder": _reminder,
    "escalation": _escalation,
    "decision_due": _decision_due,
    "stage_entered": _stage_entered,
    "stage_late": _stage_late,
    "news": _news,
    "saved": stories.saved,
    "lost": stories.lost,
    "digest": stories.digest,
    "stage_report": stories.stage_report,
    UPDATE: updates.updated,
}
