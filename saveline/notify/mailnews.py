"""News about mail: an answer that did not do what it was meant to, and somebody whom mail does not reach."""

from __future__ import annotations

from saveline.core.phrases import possessive, shortened
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, act, task_view


def mail_answer(matter: Matter) -> View:
    """To somebody who answered a mail of ours: why that was not enough, and the way to the page where it is."""
    why = shortened(str(matter.about.get("why", "")), LONGEST_NOTE)
    deal, task = matter.deal, matter.task
    if deal is None:
        acts = [act("To see your tasks", "task list", "mine", "See your tasks")]
        kept = "What you wrote was not kept. Answer the mail about one task, or open it."
        return {"headline": "Your answer could not be taken", "opening": why, "lines": [kept], "acts": acts}
    look = act("To see where it stands", f"deal show {deal.id}", "look", "See the deal")
    ways = []
    if task is not None and not task.closed:
        ways.append(act("When it is done", f"task done {deal.id}.{task.no}", "done", "Finish it"))
    title = task_view(matter, task)["title"] if task is not None else matter.account.name if matter.account else ""
    return {
        "headline": f"Not finished by your answer: {title}",
        "opening": why,
        "lines": ["What you wrote is kept as a comment."],
        "acts": [*ways, look],
    }


def unreachable(matter: Matter) -> View:
    """To the manager of somebody whose mail came back."""
    person = matter.people.by_id.get(int(matter.about.get("who", 0)))
    name = person.name if person else "somebody"
    address = str(matter.about.get("address", ""))
    reason = shortened(str(matter.about.get("reason", "")), LONGEST_NOTE)
    others = [c.name for c in matter.workspace.channels.values() if c.reach == "slack" and person and person.slack_id]
    goes_on = (
        f"They are told by {others[0]} until then." if others else "Nothing else reaches them: tell them yourself."
    )
    stops = "Nothing more is sent there until people.yaml has another address."
    return {
        "headline": f"Mail does not reach {name}",
        "opening": f"A mail to {address} came back. {stops} {goes_on}",
        "lines": [f"What the mail server said: {reason}"] if reason else [],
        "benefit": f"No step of {possessive(name)} tasks is lost because of an address.",
        "acts": [act("When the address is right after all", f"people reachable {address}", "", "")],
    }
