"""News about mail: an answer that did not do what it was meant to, and somebody whom mail does not reach."""

from __future__ import annotations

from saveline.core.phrases import shortened
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_NOTE, View, act, task_view, to_see
from saveline.notify.recalled import all_recalled


def mail_answer(matter: Matter) -> View:
    """To somebody who answered a mail of ours: why that was not enough, and the way to the page where it is."""
    why, say = shortened(all_recalled(str(matter.about.get("why", "")), matter.tongue), LONGEST_NOTE), matter.say
    deal, task = matter.deal, matter.task
    if deal is None:
        acts = [act(say("To see your tasks"), "task list", "mine", say("See your tasks"))]
        kept = say("What you wrote was not kept. Answer the mail about one task, or open it.")
        return {"headline": say("Your answer could not be taken"), "opening": why, "lines": [kept], "acts": acts}
    ways = []
    if task is not None and not task.closed:
        ways.append(act(say("When it is done"), f"task done {deal.id}.{task.no}", "done", say("Finish it")))
    title = task_view(matter, task)["title"] if task is not None else matter.of_account()
    return {
        "headline": say("Not finished by your answer: {task}", task=title),
        "opening": why,
        "lines": [say("What you wrote is kept as a comment.")],
        "acts": [*ways, to_see(matter)],
    }


def unreachable(matter: Matter) -> View:
    """To the manager of somebody whose mail came back."""
    person, say = matter.people.by_id.get(int(matter.about.get("who", 0))), matter.say
    name = person.name if person else say("somebody")
    address = str(matter.about.get("address", ""))
    reason = shortened(str(matter.about.get("reason", "")), LONGEST_NOTE)
    others = [c.name for c in matter.workspace.channels.values() if c.reach == "slack" and person and person.slack_id]
    goes_on = say("Nothing else reaches them: tell them yourself.")
    if others:
        goes_on = say("They are told by {channel} until then.", channel=others[0])
    came_back = say("A mail to {address} came back.", address=address)
    stops = say("Nothing more is sent there until people.yaml has another address.")
    right = say("When the address is right after all")
    return {
        "headline": say("Mail does not reach {name}", name=name),
        "opening": f"{came_back} {stops} {goes_on}",
        "lines": [say("What the mail server said: {reason}", reason=reason)] if reason else [],
        "benefit": say("No step of {name}'s tasks is lost because of an address.", name=name),
        "acts": [act(right, f"people reachable {address}", "", "")],
    }
