"""The link that somebody asked for, because they came by a message to a room or by a link that was too old."""

from __future__ import annotations

from saveline.core.phrases import shortened, words_of
from saveline.notify.matter import Matter
from saveline.notify.parts import LONGEST_TITLE, View, act


def your_link(matter: Matter) -> View:
    """To the task in question, where there is one, else to the deal."""
    deal, links = matter.deal, matter.links
    assert deal is not None
    task = deal.task(int(matter.about.get("task", 0)))
    name = matter.account.name if matter.account else ""
    acts = [act("To see where it stands", f"deal show {deal.id}", "look", "See the deal")]
    title = f"the deal with {name}"
    if task is not None:
        title = f"“{shortened(task.title or words_of(task.plan), LONGEST_TITLE)}”"
        opens = act("To open it", f"deal show {deal.id}", "open", "Open the task")
        url = links.to_task(deal.id, task.no, matter.notice.person_id, matter.notice.at) if links else ""
        acts.insert(0, {**opens, "url": url})
    return {
        "headline": f"Your link to {title}",
        "title": f"Your link to {title}",
        "opening": "Your address was given on Saveline's page. If it was not you, there is nothing to do.",
        "acts": acts,
    }
