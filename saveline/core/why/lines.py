"""What a derivation is made of: parts with a title and lines, and the words that all of them share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Final

from saveline.core.facts import Fact
from saveline.core.worktime import Trace, WorkCalendar

INDENT: Final = "  "
_DAY = re.compile(r"^(?P<day>\w{3} \d{1,2} \w{3}): (?P<what>.+)$")
_WORK = re.compile(r"^\d+ (h|min|s)\b")


class Part(Fact, frozen=True):
    """One thing explained: ``Due``, ``With Ana Ruiz``. ``at`` is the moment it comes to, where it comes to one."""

    title: str
    lines: tuple[str, ...] = ()
    at: datetime | None = None


class Why(Fact, frozen=True):
    """The derivation of one task, deal or notice: ``about`` names it; moments are in ``zone`` where none is named."""

    about: str
    zone: str
    parts: tuple[Part, ...] = ()

    def printed(self) -> str:
        """As it is read in a terminal."""
        blocks = ["\n".join([p.title, *(f"{INDENT}{line}" for line in p.lines)]) for p in self.parts]
        return "\n\n".join([f"{self.about}\n{self.note}", *blocks]) + "\n"

    @property
    def note(self) -> str:
        return f"Moments are in {self.zone} where no other zone is named."


def read(calendar: WorkCalendar, at: datetime) -> str:
    """``Tue 6 Oct 2026 11:00`` on the wall of whoever's calendar it is."""
    local = calendar.local(at)
    return f"{local:%a %-d %b %Y %H:%M}" + (f":{local:%S}" if local.second else "")


def indented(lines: Iterable[str], depth: int = 1) -> list[str]:
    return [f"{INDENT * depth}{line}" for line in lines]


def folded(trace: Trace) -> list[str]:
    """The days of a trace, with three and more of the same in one line: ``Mon 2 Nov – Fri 6 Nov: 8 h a day``.

    Two days off in a row are one line already: that is a weekend.
    """
    return [line for what, run in groupby(trace, key=_what) for line in _run(what, list(run))]


def _what(line: str) -> str:
    """What a line says of its day; a line that is not of a day says itself."""
    found = _DAY.match(line)
    what = found["what"] if found else line
    return "working day" if what.startswith("working day ") else what


def _run(what: str, run: list[str]) -> Iterator[str]:
    first, last = _DAY.match(run[0]), _DAY.match(run[-1])
    work = bool(_WORK.match(what)) or what == "working day"
    if first is None or last is None or len(run) < (3 if work else 2):
        yield from run
        return
    if what == "working day":
        numbers = [line.rpartition(" ")[2] for line in (run[0], run[-1])]
        what = f"working days {'–'.join(numbers)}"
    elif work:
        what = f"{what} a day"
    yield f"{first['day']} – {last['day']}: {what}"
