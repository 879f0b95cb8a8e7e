"""Messages to look at: a sample of each kind in the workspace as it is."""

from __future__ import annotations

from msgspec.structs import replace

from saveline.actions import wording
from saveline.actions.desk import Desk
from saveline.core.errors import Missing
from saveline.core.facts import Person
from saveline.core.pressing import UPDATE
from saveline.notify.render import Form, Worded
from saveline.notify.samples import Samples


def of_kind(desk: Desk, kind: str, reader: Person | None, *, language: str = "", pictured: bool = False) -> Worded:
    """A sample to ``reader`` (the first person at work) by the workspace's default play. Raises Missing where there is
    nobody to read it, no play to decide it, or nothing that leads to it."""
    with desk.reading() as conn:
        people = desk.people(conn)
    reader = reader or next((p for p in people.by_id.values() if p.active), None)
    plays = [live.play for live in desk.plays.live]
    if reader is None or not plays:
        raise Missing("A sample needs a person in people.yaml and a play in playbooks/ that is in order.")
    samples = Samples(desk.workspace, people, plays, reader, desk.clock(), links=desk.links, language=language)
    try:
        matter = samples.of(kind)[0]
    except LookupError as none:
        raise Missing(f"Nothing in this workspace leads to {kind}.") from none
    forms: tuple[Form, ...] = ("slack",) if kind == UPDATE else wording.FORMS
    return wording.looked_at(replace(matter, wording=desk.wording), forms, pictured=pictured)
