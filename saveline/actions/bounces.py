"""A mail that came back: its reader is marked, told by their next channel, and their manager hears of it.

A report counts only where it brings back the Message-ID of a mail of ours, which nobody else can make, and where it is
about the address to which that mail went. So nobody can silence somebody by writing to us.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.detours import other_ways
from saveline.actions.reachable import lost
from saveline.core.delivery import Queued
from saveline.core.facts import Person
from saveline.core.notices import Notice, channels_for
from saveline.core.people import People
from saveline.core.phrases import shortened
from saveline.notify.incoming import Report
from saveline.store import outbox, unreachable
from saveline.store.unreachable import Mark

LONGEST: Final = 300


def bounced(desk: Desk, conn: Connection, notice: Queued, report: Report, now: datetime) -> str | None:
    """What the report means for ``notice``, in words; None where it is about somebody else. A delay changes nothing:
    the mail server goes on trying. A mail that was given up is said in another way, and an address that does not do is
    marked."""
    people = desk.people(conn)
    person = people.by_id.get(notice.person_id)
    if person is None or person.email.casefold() not in report.addresses or not outbox.handed_over(conn, notice.id):
        return None
    words = shortened(report.words, LONGEST) or "the mail came back"
    if not report.failed:
        return f"notice {notice.id} to {person.email}: {report.action or 'no word'}: {words}"
    outbox.came_back(conn, notice.id, f"it came back: {words}")
    mark = Mark(person.id, notice.channel_name, person.email, now, words, notice.id)
    new = report.final and unreachable.mark(conn, mark)
    others = other_ways(conn, notice, people, desk.workspace, lost(desk, conn, people))
    outbox.add(conn, notice.deal_id, others or [], now)
    if new:
        _tell_manager(desk, conn, person, mark, people)
    return f"notice {notice.id} to {person.email} came back: {words}"


def _tell_manager(desk: Desk, conn: Connection, person: Person, mark: Mark, people: People) -> None:
    """Whoever is above them, or else who looks after Saveline here."""
    now, boss = mark.at, people.by_id.get(person.manager_id or 0)
    if boss is None or not boss.active:
        boss = desk.steward(people, now)
    if boss is None or boss.id == person.id:
        return
    about = {"news": "unreachable", "who": person.id, "address": mark.address, "reason": mark.reason}
    ordinal = mark.notice_id or 1
    news = [Notice("news", now, boss.id, c, 0, ordinal, about) for c in channels_for("news", boss, desk.workspace)]
    outbox.add(conn, 0, news, now)
