"""Why somebody got a message, and by that channel."""

from __future__ import annotations

from saveline.core.delivery import Queued
from saveline.core.people import People
from saveline.core.phrases import words_of
from saveline.core.why.lines import Part, Why, read
from saveline.core.workspace import Workspace


def why_notice(notice: Queued, workspace: Workspace, people: People, reason: str) -> Why:
    """``reason`` is the sentence that the message itself gives, empty where it says it all."""
    to = people.name(notice.person_id) if notice.person_id else notice.room or notice.channel
    calendar = people.calendar(notice.person_id or None)
    task = f" of task {notice.deal_id}.{notice.task_no}" if notice.task_no else ""
    deal = f" of deal {notice.deal_id}" if notice.deal_id and not notice.task_no else ""
    kind = words_of(notice.kind)
    moment = f"its moment: {read(calendar, notice.at)}, {calendar.zone.key}"
    about = f"Notice {notice.id}  {kind}{task}{deal}, to {to}"
    return Why(
        about,
        workspace.zone,
        (Part("To them", (reason or "the message says it itself", moment)), _by(notice, workspace)),
    )


def _by(notice: Queued, workspace: Workspace) -> Part:
    rule = workspace.notices.get(notice.kind)
    if notice.person_id == 0:
        lines = ["it goes to a room, the channel of a department or of everybody"]
    elif rule is None or notice.channel_name not in rule.channels:
        lines = ["no channel that the settings name for it reaches them: it goes by the first that does"]
    else:
        how = "all" if rule.every else "the first"
        lines = [f"the settings say for {words_of(notice.kind)}: {how} of {', '.join(rule.channels)} that reaches them"]
    return Part(f"By {notice.channel_name}", tuple(lines))
