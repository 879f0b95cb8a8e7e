"""A task's due moment as a calendar entry that moves with it: iCalendar (RFC 5545) in the words of iTIP (RFC 5546).

``METHOD:REQUEST`` from us to the holder, because calendars find an entry again only by the invitation that made it: a
later one with the same UID and a higher SEQUENCE moves it, a CANCEL takes it away. What is merely published stays as it
was. No answer is asked for. SEQUENCE is the number of the deal's last event: nothing else has to be kept, every worker
finds the same one, and whatever moves the due moment has made it grow.

The library's texts and zones are put together here: its components cost 14 ms an entry with its zone, the rest of a
mail costs a tenth of that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from icalendar import Timezone, vText

from saveline.core.facts import Task
from saveline.notify.matter import Matter

Method: TypeAlias = Literal["REQUEST", "CANCEL"]

LENGTH: Final = timedelta(minutes=30)
"""How long the entry is; it ends when the task is due."""
ORGANIZER: Final = "ORGANIZER:mailto:saveline@invalid"
"""Stands for whoever sends it, whom only the channel knows: see :func:`with_organizer`."""

_TO_HOLDERS: Final = frozenset({"assigned", "reminder", "decision_due"})
LONGEST_LINE: Final = 75
_END: Final = "\r\n"
_GAP: Final = "\n\n"
_METHOD = re.compile(r"^METHOD:([A-Z]+)\r?$", re.MULTILINE)


def invitation(matter: Matter, seen: Mapping[str, Any]) -> str:
    """The calendar that goes with a notice, without its organizer; '' where there is none. ``seen`` is its view."""
    task = matter.task
    method = _method(matter, task) if task is not None else None
    if method is None or task is None or matter.deal is None or matter.reader is None:
        return ""
    due = matter.local(task.clock.due_at if task.clock else task.closed_at or matter.notice.at)
    zone = due.tzinfo.key if isinstance(due.tzinfo, ZoneInfo) else ""
    page = next((a["url"].partition("?")[0] for a in seen["acts"] if a["url"]), "")
    lines = [
        f"UID:{_uid(matter, task)}",
        f"SEQUENCE:{matter.deal.seq}",
        f"DTSTAMP:{matter.now:%Y%m%dT%H%M%SZ}",
        _moment("DTSTART", due - LENGTH, zone),
        _moment("DTEND", due, zone),
        f"SUMMARY:{_text(seen['task']['title'])}",
        f"DESCRIPTION:{_text((seen['benefit'] + _GAP + page).strip())}",
        *([f"URL:{page}"] if page else []),
        ORGANIZER,
        _attendee(matter),
        f"STATUS:{'CANCELLED' if method == 'CANCEL' else 'CONFIRMED'}",
        # It is a deadline, not a meeting: whoever looks for a free hour finds one there.
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
    ]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Saveline//Saveline//EN", f"METHOD:{method}"]
    entry = [_folded(line) for line in ("BEGIN:VEVENT", *lines, "END:VEVENT")]
    zones = _zone(zone, due.year) if zone else ""
    return _END.join([*head, *([zones] if zones else []), *entry, "END:VCALENDAR", ""])


def method_of(calendar: str) -> str:
    found = _METHOD.search(calendar)
    return found[1] if found else "PUBLISH"


def with_organizer(calendar: str, name: str, address: str) -> str:
    """The calendar as an invitation of ``address``. Raises ValueError where the name holds a control character."""
    quoted = name.replace('"', "'")
    if not quoted.isprintable():
        raise ValueError("a control character in the organizer's name")
    return calendar.replace(ORGANIZER, _folded(f'ORGANIZER;CN="{quoted}":mailto:{address}'))


def _method(matter: Matter, task: Task) -> Method | None:
    """REQUEST to whoever has the open task, CANCEL to whoever had it: that it is closed, or somebody else's now."""
    reader, kind, news = matter.notice.person_id, matter.notice.kind, matter.about.get("news")
    if kind in _TO_HOLDERS or news == "no_answer":
        return "REQUEST" if task.clock is not None and task.assignee_id == reader else None
    if news == "reassigned" and task.assignee_id != reader:
        return "CANCEL"
    if news in ("outcome", "not_needed") and task.closed and task.assignee_id == reader:
        return "CANCEL"
    return None


def _uid(matter: Matter, task: Task) -> str:
    """One for each task, in this installation and no other."""
    deal = matter.deal
    assert deal is not None
    one = blake2b(f"{matter.workspace.company}|{deal.opened_at}".encode(), digest_size=6).hexdigest()
    return f"task-{deal.id}.{task.no}.{one}"


def _attendee(matter: Matter) -> str:
    reader = matter.reader
    assert reader is not None
    name = "".join(c for c in reader.name.replace('"', "'") if c.isprintable())
    return f'ATTENDEE;CN="{name}";ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{reader.email}'


def _moment(name: str, at: datetime, zone: str) -> str:
    return f"{name};TZID={zone}:{at:%Y%m%dT%H%M%S}" if zone else f"{name}:{at:%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    escaped: bytes = vText(text).to_ical()
    return escaped.decode()


def _folded(line: str) -> str:
    """At most 75 bytes a line, never through the middle of a letter."""
    if line.isascii():
        rest = (line[i : i + LONGEST_LINE - 1] for i in range(LONGEST_LINE, len(line), LONGEST_LINE - 1))
        return f"{_END} ".join((line[:LONGEST_LINE], *rest))
    pieces, piece, room = [], "", LONGEST_LINE
    for letter in line:
        size = len(letter.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", LONGEST_LINE - 1
        piece, room = piece + letter, room - size
    return f"{_END} ".join([*pieces, piece])


@lru_cache(maxsize=64)
def _zone(key: str, year: int) -> str:
    """The zone's rules from the year before to the year after, as the library writes them."""
    zone = Timezone.from_tzid(key, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    written: bytes = zone.to_ical()
    return written.decode().strip()
