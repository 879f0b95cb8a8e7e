"""What notices led to: how many were followed by something that their reader did, and how many by nothing.

A notice was followed when its reader did something with its task (without a task: on its deal, without a deal:
anything) before they were told something else about it. Of what goes to a room, anybody's doing counts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from saveline.core.facts import Fact

ANYBODY: Final = 0
WHOLE: Final = 0
_Subject: TypeAlias = tuple[int, int | None, int | None]
"""Of a person: what they did with a task of a deal; on a deal as a whole; anything."""


class Said(Fact, frozen=True):
    """A notice that was sent, by itself or in a bundle. ``person_id`` is 0 where it went to a room."""

    kind: str
    channel: str
    person_id: int
    deal_id: int
    task_no: int
    ordinal: int
    at: datetime


class Doing(Fact, frozen=True):
    """Something that a person did."""

    person_id: int
    deal_id: int
    task_no: int
    at: datetime


class Effect(Fact, frozen=True):
    """One kind by one channel: how many were sent, and how many were followed."""

    kind: str
    channel: str
    sent: int
    followed: int

    @property
    def nothing(self) -> int:
        """How many led to nothing."""
        return self.sent - self.followed


def effects(said: Iterable[Said], doings: Iterable[Doing]) -> tuple[Effect, ...]:
    """What came of ``said``, kind by kind and channel by channel, those that led to nothing most often first."""
    done = _Done(doings)
    by_subject: dict[_Subject, list[Said]] = {}
    for one in said:
        by_subject.setdefault(_subject(one), []).append(one)
    counted: dict[tuple[str, str], list[int]] = {}
    for subject, told in by_subject.items():
        told.sort(key=lambda s: s.at)
        for i, one in enumerate(told):
            line = counted.setdefault((one.kind, one.channel.partition(":")[0]), [0, 0])
            line[0] += 1
            line[1] += _followed(done.after(subject, one.at), _next(told, i))
    found = [Effect(kind, channel, *line) for (kind, channel), line in counted.items()]
    return tuple(sorted(found, key=lambda e: (-e.nothing, e.kind, e.channel)))


def _followed(done: datetime | None, until: datetime | None) -> bool:
    return done is not None and (until is None or done <= until)


def _next(told: Sequence[Said], i: int) -> datetime | None:
    """When something else was said of the same; the same notice by another channel is nothing else."""
    one = told[i]
    others = (o.at for o in told[i + 1 :] if (o.kind, o.ordinal) != (one.kind, one.ordinal))
    return next(others, None)


def _subject(one: Said) -> _Subject:
    if not one.deal_id:
        return one.person_id, None, None
    return one.person_id, one.deal_id, one.task_no or None


class _Done:
    """When people did something, by what it can be an answer to."""

    def __init__(self, doings: Iterable[Doing]) -> None:
        self._moments: dict[_Subject, list[datetime]] = {}
        for doing in doings:
            for person in (doing.person_id, ANYBODY):
                for subject in ((None, None), (doing.deal_id, None), (doing.deal_id, doing.task_no)):
                    self._moments.setdefault((person, *subject), []).append(doing.at)
        for moments in self._moments.values():
            moments.sort()

    def after(self, subject: _Subject, at: datetime) -> datetime | None:
        """When something was first done about ``subject`` after ``at``. What is done with a deal as a whole, like
        closing it, answers what was said of its tasks."""
        person, deal, task = subject
        ways = [subject] if task is None else [subject, (person, deal, WHOLE)]
        found = [m[i] for m in map(self._of, ways) if (i := bisect_right(m, at)) < len(m)]
        return min(found, default=None)

    def _of(self, subject: _Subject) -> Sequence[datetime]:
        return self._moments.get(subject, ())
