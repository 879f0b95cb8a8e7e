"""Two versions of a play on the same accounts and with the same luck: what differs, and how sure that is.

Every account is its own pair, so that what happens to it in both versions falls out of the difference. The interval is
a paired t interval over the accounts; with several runs an account counts once, with its mean over the runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from saveline.core.changes import DealClosed, Escalated
from saveline.core.facts import Fact
from saveline.core.intervals import Difference, difference
from saveline.core.lives import decided, messages, wait_hours, works
from saveline.core.loads import Carried
from saveline.core.people import People
from saveline.core.portfolio import Life
from saveline.core.rehearsal_report import Rehearsed

Figures: TypeAlias = Mapping[str, float]
SHARES: Final = ("decision date holds", "work is done before it", "saved")
"""Figures that are shares of deals; the others are numbers a deal."""


class Both(Fact, frozen=True):
    """A department in both versions."""

    department: str
    title: str
    before: Carried | None
    after: Carried | None


class Versus(Fact, frozen=True):
    """``before`` and ``after`` name the versions. ``only_one`` deals were opened in one of them only."""

    before: str
    after: str
    differences: tuple[tuple[str, Difference], ...]
    departments: tuple[Both, ...]
    only_one: int = 0
    method: str = "paired t interval of 95 % over the accounts"


def figures(life: Life, people: People, saved: frozenset[str]) -> dict[str, float]:
    """What one deal came to; a figure that cannot be told yet is left out."""
    made, done = decided(life), list(works(life, people))
    closed = next((e.at for e in life.events if isinstance(e.change, DealClosed)), None)
    late = [w for w in done if w.late(life.until)]
    found = {
        "tasks": float(len(done)),
        "late tasks": float(len(late)),
        "escalations": float(sum(isinstance(e.change, Escalated) for e in life.events)),
        "messages": float(sum(1 for _ in messages(life))),
    }
    if done:
        found["working hours until a task is looked at"] = sum(wait_hours(w, people) for w in done) / len(done)
    if made.held is not None:
        found["decision date holds"] = float(made.held)
    if made.ready is not None:
        found["work is done before it"] = float(made.ready)
    if closed is not None:
        found["days until it ends"] = _days(life.opening.at, closed)
        found["saved"] = float(life.deal.outcome in saved)
    return found


def _days(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 86400


class Pairs:
    """Collects what each account came to in each version, run by run."""

    def __init__(self, saved: Iterable[str]) -> None:
        self._saved = frozenset(saved)
        self._before: dict[str, list[Figures]] = defaultdict(list)
        self._after: dict[str, list[Figures]] = defaultdict(list)

    def add(self, before: Sequence[Life], after: Sequence[Life], was: People, now: People) -> None:
        for lives, people, into in ((before, was, self._before), (after, now, self._after)):
            for life in lives:
                into[life.opening.key].append(figures(life, people, self._saved))

    def versus(self, names: tuple[str, str], before: Rehearsed, after: Rehearsed) -> Versus:
        keys = sorted(self._before.keys() & self._after.keys())
        lines: list[tuple[str, Difference]] = []
        for name in _ORDER:
            was, now = self._mean(self._before, name), self._mean(self._after, name)
            both = [key for key in keys if key in was and key in now]
            if both:
                lines.append((name, difference([was[k] for k in both], [now[k] for k in both])))
        alone = len(self._before.keys() ^ self._after.keys())
        return Versus(*names, tuple(lines), tuple(_departments(before, after)), alone)

    def _mean(self, found: Mapping[str, Sequence[Figures]], name: str) -> dict[str, float]:
        """The figure of every account that has it, over all runs."""
        values = {key: [f[name] for f in of if name in f] for key, of in found.items()}
        return {key: sum(of) / len(of) for key, of in values.items() if of}


_ORDER: Final = (
    *SHARES,
    "days until it ends",
    "tasks",
    "late tasks",
    "working hours until a task is looked at",
    "escalations",
    "messages",
)


def _departments(before: Rehearsed, after: Rehearsed) -> Iterable[Both]:
    was, now = ({c.department: c for c in r.carried} for r in (before, after))
    for department in sorted(was.keys() | now.keys()):
        one = was.get(department) or now[department]
        yield Both(department, one.title, was.get(department), now.get(department))


Shown: TypeAlias = Callable[[float], str]


def shown(name: str) -> Shown:
    """How a figure is written: shares in percent, everything else with one decimal."""
    return (lambda value: f"{value:.0%}") if name in SHARES else (lambda value: f"{value:.1f}")


def signed(name: str, value: float | None) -> str:
    """A difference with its sign; one between shares in points."""
    if value is None:
        return ""
    return f"{value * 100:+.1f} points" if name in SHARES else f"{value:+.2f}"


def sentences(found: Versus) -> list[str]:
    """What is certain about the difference, or that nothing is."""
    clear = [(name, d) for name, d in found.differences if d.clear]
    lines = [
        f"{found.after} against {found.before}: {name} {shown(name)(d.after)} instead of {shown(name)(d.before)}, "
        f"{signed(name, d.mean)} ({signed(name, d.low)} to {signed(name, d.high)}, n = {d.n:,})."
        for name, d in clear
    ]
    if not clear:
        lines = [f"Nothing tells {found.after} from {found.before}: every interval of a difference has 0 within it."]
    return lines + [line for both in found.departments if (line := _moved(both))]


def _moved(both: Both) -> str:
    before, after = both.before, both.after
    if before is None or after is None:
        return f"{both.title} has work in {'the second' if before is None else 'the first'} version only."
    if before.carries == after.carries:
        return ""
    most = f"at most {after.open_most} tasks open, instead of {before.open_most}"
    return f"{both.title} can carry it now: {most}." if after.carries else f"{both.title} cannot carry it now: {most}."
