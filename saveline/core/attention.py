"""Whether a notice goes now, waits for a better moment, or is said together with others.

Nobody is flooded, and nothing is lost by it: every notice goes, waits until a stated moment for a stated reason, or
is said in a bundle. What is urgent goes at once, at night too. What would be too late afterwards is not held longer
than it is of use: it goes at the last working moment before, or at once.

Decided for one reader at a time, from all that waits for them at the same moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from saveline.core.facts import Fact, Person
from saveline.core.workspace import Attention, Workspace
from saveline.core.worktime import HORIZON_DAYS, WorkCalendar, before, first_opening, next_opening

Held: TypeAlias = Literal["quiet hours", "an absence", "the most messages of a day"]
"""What a notice waits for to be over, in words that stand in ``notice.held_for``."""
QUIET: Final[Held] = "quiet hours"
AWAY: Final[Held] = "an absence"
CAP: Final[Held] = "the most messages of a day"

BUNDLE: Final = "bundle"
ALONE: Final = frozenset({BUNDLE, "digest", "stage_report", "decision_due", "pulse"})
"""Kinds that are never said together with others: each says much itself, or must not be overlooked."""
OF_TASKS: Final = frozenset({"assigned", "reminder", "escalation"})
ASKED_FOR: Final = ("your_link", "mail_answer")
"""News that answers something its reader has just done."""
TOO_LATE_AFTER_DUE: Final = frozenset({"assigned", "reminder", "decision_due"})

GRACE: Final = timedelta(minutes=10)
"""What came before quiet hours began may still go so long after: it has only waited for us."""
TIME_LEFT: Final = timedelta(hours=1)
"""So much working time before its task is due a notice is held no longer."""
MOST_IN_A_BUNDLE: Final = 100

OFF: Final = "off"
_OUTSIDE: Final = "outside hours"
_SPAN = re.compile(r"^(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?$")


class Quiet(Fact, frozen=True):
    """Hours without messages: from minute ``start`` of a day to minute ``end`` of that day or, where that is not
    later, of the next; with ``outside`` everything outside of working hours."""

    start: int = 0
    end: int = 0
    outside: bool = False


def parse_quiet(text: str) -> Quiet | None:
    """``19-8``, ``19:30-7`` or ``outside hours``; ``off`` gives None. Raises ValueError with what was expected."""
    words = " ".join(text.lower().split())
    if words == OFF:
        return None
    if words == _OUTSIDE:
        return Quiet(outside=True)
    match = _SPAN.match(words)
    hours = [int(h or 0) for h in match.groups()] if match else [25, 0, 25, 0]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if max(start, end) > 1440 or max(hours[1], hours[3]) > 59 or start % 1440 == end % 1440:
        raise ValueError(f"hours of the day like 19-8, '{_OUTSIDE}', or off")
    return Quiet(start, end)


class Waiting(Fact, frozen=True):
    """A notice that is to be judged. ``due_at`` is the due moment of its task, ``at`` the moment it is about; one that
    was ``asked`` for answers its reader, who is there."""

    id: int
    kind: str
    channel: str
    at: datetime
    deal_id: int = 0
    task_no: int = 0
    due_at: datetime | None = None
    held_for: str | None = None
    asked: bool = False


class Reader(Fact, frozen=True):
    """Who gets it: their hours, how many messages they have got today or are about to get, and when what was beyond the
    cap comes, where something is."""

    calendar: WorkCalendar
    quiet: Quiet | None = None
    digest_hour: int = 8
    today: int = 0
    rest_at: datetime | None = None


def reader(calendar: WorkCalendar, person: Person, workspace: Workspace) -> Reader:
    """The person's own hours, where they have some, else everybody's."""
    quiet = _quiet(person.quiet or workspace.attention.quiet or OFF)
    return Reader(calendar, quiet, workspace.digest_hour_of(person))


_quiet = lru_cache(maxsize=1024)(parse_quiet)


class Hold(Fact, frozen=True):
    id: int
    until: datetime
    why: Held


class Bundle(Fact, frozen=True):
    """Notices that are said in one; ``why`` is what they waited for, where they did."""

    ids: tuple[int, ...]
    channel: str
    at: datetime
    why: Held | None = None


class Judgement(Fact, frozen=True):
    """What becomes of every notice that was asked about: each stands in exactly one of these."""

    go: tuple[int, ...] = ()
    holds: tuple[Hold, ...] = ()
    bundles: tuple[Bundle, ...] = ()


def judge(waiting: Iterable[Waiting], reader: Reader, rules: Attention, now: datetime) -> Judgement:
    """What becomes of ``waiting``, all that waits for ``reader`` at ``now``."""
    holds: list[Hold] = []
    going: list[_Going] = []
    for notice in waiting:
        found = _looked_at(notice, reader, rules, now)
        if isinstance(found, Hold):
            holds.append(found)
        else:
            going.append(found)
    return _within_cap(_messages(going, rules), holds, reader, rules, now)


# --- each for itself --------------------------------------------------------------------------------------------------


class _Going(Fact, frozen=True):
    """One that need not wait. ``must``: nothing may hold it, because it is urgent or would be too late."""

    notice: Waiting
    must: bool


def _looked_at(notice: Waiting, reader: Reader, rules: Attention, now: datetime) -> _Going | Hold:
    if notice.asked or notice.kind in rules.urgent:
        return _Going(notice, must=True)
    until, why = opened(reader, rules, now)
    if why == QUIET and in_time(notice.at, reader, now):
        why = None
    if why is None and reader.rest_at is not None and reader.rest_at > now and notice.kind not in ALONE:
        until, why = reader.rest_at, CAP  # what came earlier waits for that moment: nothing overtakes it
    if why is None:
        return _Going(notice, must=False)
    return _held(notice, reader, now, until, why)


def in_time(at: datetime, reader: Reader, now: datetime) -> bool:
    """Whether what is about ``at`` came before the quiet hours at ``now`` had begun, and only waited for us."""
    return now - at <= GRACE and quiet_until(reader, at) is None


def _held(notice: Waiting, reader: Reader, now: datetime, until: datetime, why: Held) -> _Going | Hold:
    """Held until then, or as long as it is of use."""
    due = notice.due_at if notice.kind in TOO_LATE_AFTER_DUE else None
    if due is not None and due > now:
        until = min(until, before(reader.calendar, due, TIME_LEFT))
    return Hold(notice.id, until, why) if until > now else _Going(notice, must=True)


def opened(reader: Reader, rules: Attention, now: datetime) -> tuple[datetime, Held | None]:
    """The first moment from ``now`` at which ``reader`` is there and has no quiet hours; and what is over then."""
    at, why = now, None
    for _ in range(HORIZON_DAYS):
        back = away_until(reader.calendar, at) if rules.catch_up else None
        until = back or quiet_until(reader, at)
        if until is None:
            break
        why = AWAY if back is not None else why or QUIET
        at = until
    return at, why


def away_until(calendar: WorkCalendar, at: datetime) -> datetime | None:
    """The first working moment after the absence in which ``at`` lies, or None where it lies in none.

    The weekend after an absence belongs to it: they are not back before they work again.
    """
    day = calendar.local(at).date()
    for absence in calendar.absences:
        if absence.first <= day:
            back = first_opening(calendar, absence.back)
            if at < back and (absence.covers(day) or not _worked(calendar, absence.back, day)):
                return back
    return None


def _worked(calendar: WorkCalendar, first: date, last: date) -> bool:
    """Whether there was a working day in ``[first, last)``."""
    return any(calendar.spans(first + timedelta(days=n)) for n in range(min((last - first).days, HORIZON_DAYS)))


def quiet_until(reader: Reader, at: datetime) -> datetime | None:
    """When the quiet hours end in which ``at`` lies; None where it lies in none. Their first moment is none of them:
    a task that is due when the day ends is reminded of then."""
    quiet, calendar = reader.quiet, reader.calendar
    if quiet is None:
        return None
    if quiet.outside:
        opening = next_opening(calendar, at)
        return opening if opening > at else None
    day = calendar.local(at).date()
    for n in (-1, 0):
        begins = day + timedelta(days=n)
        ends = begins if quiet.end > quiet.start else begins + timedelta(days=1)
        start, end = min(_walls(calendar, begins, quiet.start)), max(_walls(calendar, ends, quiet.end))
        if start < at < end:
            return end
    return None


def _walls(calendar: WorkCalendar, day: date, minute: int) -> tuple[datetime, datetime]:
    """Both moments that a wall time means in the night in which clocks change; else twice the same one."""
    day, minute = day + timedelta(days=minute // 1440), minute % 1440
    wall = datetime.combine(day, time(minute // 60, minute % 60), calendar.zone)
    return wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)


def next_morning(reader: Reader, now: datetime) -> datetime:
    """The hour of the digest on their next working day."""
    calendar, today = reader.calendar, reader.calendar.local(now).date()
    days = (today + timedelta(days=n) for n in range(1, HORIZON_DAYS))
    day = next((d for d in days if calendar.spans(d)), today + timedelta(days=1))
    return calendar.wall(day, reader.digest_hour * 60)


def start_of_day(reader: Reader, now: datetime) -> datetime:
    """Since when messages count as today's."""
    return reader.calendar.wall(reader.calendar.local(now).date(), 0)


# --- together ---------------------------------------------------------------------------------------------------------


def _messages(going: Sequence[_Going], rules: Attention) -> list[list[_Going]]:
    """The messages that they make, in order: each a single notice, or those of a bundle."""
    alone = [g for g in going if _alone(g)]
    by_channel: dict[str, list[_Going]] = {}
    for one in going:
        if not _alone(one):
            by_channel.setdefault(one.notice.channel, []).append(one)
    return _in_order([*([g] for g in alone), *(m for group in by_channel.values() for m in _of_channel(group, rules))])


def _alone(going: _Going) -> bool:
    return going.notice.asked or going.notice.kind in ALONE


def _of_channel(group: list[_Going], rules: Attention) -> list[list[_Going]]:
    """After a wait everything goes in one. Without one it is the tasks: so many of them at once are one message."""
    waited = {g.notice.held_for for g in group} - {None}
    least = 2 if waited & {AWAY, CAP} else rules.bundle_from
    together = [g for g in group if waited or g.notice.kind in OF_TASKS]
    if least is None or _matters(together) < least:
        return [[g] for g in group]
    return [*_bundles(together), *([g] for g in group if g not in together)]


def _matters(group: Sequence[_Going]) -> int:
    """Of how many things they speak: two messages about one task are one thing."""
    return len({(n.deal_id, n.task_no) if n.task_no else (n.id,) for n in (g.notice for g in group)})


def _bundles(group: list[_Going]) -> list[list[_Going]]:
    group = sorted(group, key=_order)
    return [group[i : i + MOST_IN_A_BUNDLE] for i in range(0, len(group), MOST_IN_A_BUNDLE)]


def _order(going: _Going) -> tuple[datetime, int]:
    return going.notice.at, going.notice.id


def _in_order(messages: list[list[_Going]]) -> list[list[_Going]]:
    return sorted(messages, key=lambda m: min(map(_order, m)))


# --- within the cap ---------------------------------------------------------------------------------------------------


def _within_cap(
    messages: list[list[_Going]], holds: list[Hold], reader: Reader, rules: Attention, now: datetime
) -> Judgement:
    """As many as are left for today, and those that nothing may hold; the rest waits for the next morning.

    A bundle in which something must go takes the rest of it along: that costs its reader no further message.
    """
    left = max(0, rules.cap - reader.today) if rules.cap is not None else len(messages)
    go: list[list[_Going]] = []
    for message in messages:
        if left > 0 or any(g.must for g in message):
            go.append(message)
            left -= 1
            continue
        until = opened(reader, rules, next_morning(reader, now))[0]
        kept = [_held(g.notice, reader, now, until, CAP) for g in message]
        holds += [k for k in kept if isinstance(k, Hold)]
        pressing = [k for k in kept if isinstance(k, _Going)]
        go += _of_channel(pressing, rules) if pressing else []
    singles = tuple(m[0].notice.id for m in go if len(m) == 1)
    return Judgement(singles, tuple(holds), tuple(_bundle(m) for m in go if len(m) > 1))


def _bundle(message: Sequence[_Going]) -> Bundle:
    notices = [g.notice for g in message]
    waited = {n.held_for for n in notices}
    why: Held | None = next((w for w in (AWAY, CAP, QUIET) if w in waited), None)
    return Bundle(tuple(n.id for n in notices), notices[0].channel, notices[0].at, why)
