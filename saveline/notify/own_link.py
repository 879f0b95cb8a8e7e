"""The link that somebody asked for, because they came by a message to a room or by a link that was too old."""

from __future__ import annotations

from saveline.core.phrases import shortened, task_name
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_TITLE, View, act, to_see


def your_link(matter: Matter) -> View:
    """To the task in question, where there is one, else to the deal."""
    deal, links, say = matter.deal, matter.links, matter.say
    assert deal is not None
    task = deal.task(int(matter.about.get("task", 0)))
    acts = [to_see(matter)]
    title = say("Your link to the deal with {account}", account=matter.of_account())
    if task is not None:
        name = shortened(task_name(task), LONGEST_TITLE)
        title = say("Your link to “{task}”", task=name)
        opens = act(say("To open it"), f"deal show {deal.id}", "open", say("Open the task"))
        url = links.to_task(deal.id, task.no, matter.notice.person_id, matter.notice.at) if links else ""
        acts.insert(0, {**opens, "url": url})
    return {
        "headline": title,
        "title": title,
        "opening": say("Your address was given on Saveline's page. If it was not you, there is nothing to do."),
        "acts": acts,
    }
