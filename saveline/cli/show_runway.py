"""How a runway is shown in a terminal: what is planned, and the last moment for each task and each decision."""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.text import Text

from saveline.cli import output
from saveline.core.people import People
from saveline.core.phrases import count
from saveline.core.play import Play
from saveline.core.runway import Runway, Slot, conditional
from saveline.core.swimlanes import Scale
from saveline.core.workspace import Workspace

NEVER = "none is early enough"


def show_runway(found: Runway, play: Play, people: People, workspace: Workspace, *, dated: bool = True) -> None:
    """Tasks that are left, decisions on the way, and the sum of it in words. Without ``dated`` in days from the
    opening."""
    zone, scale = people.calendar(None).local, Scale(people.calendar(None), found.at)

    def moment(at: datetime | None) -> str:
        if at is None:
            return NEVER
        return f"{zone(at):%a %-d %b %H:%M}" if dated else f"day {scale.place(at):g}"

    output.say("\nRunway", style="bold")
    rows = [
        (
            Text(slot.task, style="bold" if slot.critical else ""),
            "the path" if slot.critical else "if needed" if slot.maybe else "",
            moment(slot.starts),
            moment(slot.ends),
            "" if slot.spare else moment(slot.last),
            spare(slot),
        )
        for slot in found.slots
    ]
    if rows:
        output.table(("Task", "", "Begins", "Planned", "At the latest", "To spare"), rows)
        output.say("")
    decisions = [(f"leave {workspace.stage_title(e.stage)}", moment(e.at), moment(e.last)) for e in found.exits[:-1]]
    goal = "decide" if found.limited_by == "decision" else "renewal"
    decisions.append((goal, moment(found.ends), moment(found.limit)))
    output.table(("Decision", "Planned", "At the latest"), decisions)
    output.say("")
    said = found.words if dated else f"It needs {count(found.needs_days, 'day')} and has {found.has_days}."
    output.say(said, style="" if found.fits else "red")
    if told := conditional(found):
        output.say(told, style="dim")


def spare(slot: Slot) -> str:
    """How much later than planned a task can be done."""
    if slot.spare:
        return "nothing waits for it"
    if slot.slack is None:
        return ""
    late, size = slot.slack < timedelta(), abs(slot.slack)
    hours = round(size / timedelta(hours=1))
    told = count(size.days, "day") if size.days else count(hours, "hour") if hours else "nothing"
    return f"{told} too late" if late else told
