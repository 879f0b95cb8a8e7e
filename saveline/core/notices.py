"""Who is told what by which channel. A notice is decided here, kept in the outbox, and worded when it is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from saveline.core.facts import Department, Fact, Person
from saveline.core.workspace import Channel, Workspace


class Notice(Fact, frozen=True, omit_defaults=True):
    """One message to one person (or one room) by one channel.

    With the deal it is unique by ``task_no``, ``kind``, ``ordinal``, ``person_id`` and ``channel``: reminder 2 of a
    task exists once, however often it is decided. ``channel`` is a channel's name, with ``:address`` for a room of it.
    ``at`` is the moment it is about, ``about`` the little that the wording cannot find in the database.
    """

    kind: str
    at: datetime
    person_id: int = 0
    channel: str = "email"
    task_no: int = 0
    ordinal: int = 1
    about: Mapping[str, Any] = {}


Lost: TypeAlias = Collection[tuple[int, str]]
"""Persons with the channels that do not reach them any more, because something sent to them came back."""


REFUSABLE: Final = ("digest", "stage_report", "pulse")
"""Kinds that a reader may ask not to get. What concerns their own tasks is not among them."""


def channels_for(kind: str, person: Person, workspace: Workspace, lost: Lost = frozenset()) -> tuple[str, ...]:
    """The channels by which ``person`` gets a notice of ``kind``: their own wish, where its channel still reaches them,
    else as the settings say. Never none, for everybody has an e-mail address, except of what they do not want."""
    wish = person.prefers.get(kind)
    if wish == "off" and kind in REFUSABLE:
        return ()
    if wish is not None and wish in workspace.channels and _reaches(workspace.channels[wish], person, lost):
        return (wish,)
    rule = workspace.notices.get(kind)
    names = rule.channels if rule else ()
    reached = [n for n in names if n in workspace.channels and _reaches(workspace.channels[n], person, lost)]
    if not reached:
        return (next(fallback(person, workspace, lost=lost), "email"),)
    return tuple(reached) if rule and rule.every else (reached[0],)


def fallback(person: Person, workspace: Workspace, after: str | None = None, lost: Lost = frozenset()) -> Iterator[str]:
    """All channels that reach ``person``, in the order of the settings; with ``after``, those that come after it."""
    names = list(workspace.channels)
    start = names.index(after) + 1 if after in names else 0
    return (n for n in names[start:] if _reaches(workspace.channels[n], person, lost))


def _reaches(channel: Channel, person: Person, lost: Lost) -> bool:
    return bool(_address(channel, person)) and (person.id, channel.name) not in lost


def _address(channel: Channel, person: Person) -> str:
    return {"email": person.email, "slack": person.slack_id or ""}.get(channel.reach, "")


def address_of(channel: str, person: Person | None, workspace: Workspace) -> str:
    """Where a notice by ``channel`` goes: the address of a room, as in ``slack:#engineering``, or the person's own.
    Empty where they have none, and for a channel that is one room."""
    name, _, room = channel.partition(":")
    known = workspace.channels.get(name)
    return room or (_address(known, person) if known and person else "")


def hour_number(at: datetime) -> int:
    """The hour of ``at``, counted from 1970: as the ordinal of a notice it lets one an hour through."""
    return int(at.timestamp()) // 3600


def rooms_for(department: Department | None) -> tuple[str, ...]:
    """The channel of a department, where it has one."""
    return (department.channel,) if department and department.channel else ()
