"""What a change of a play means for the deals that run by it, as people read it: a preview, and one summary a person.

A preview and the result are the same values, decided by the same function; :func:`differences` compares them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from saveline.core.facts import AHEAD, Deal, Fact, Task

What: TypeAlias = Literal["came", "waits", "skipped", "went", "moved", "due", "title"]
WHATS: Final[Mapping[What, str]] = {
    "came": "added",
    "waits": "added, not begun",
    "skipped": "added, not needed",
    "went": "withdrawn",
    "moved": "moved",
    "due": "due",
    "title": "renamed",
}
"""What can become of a task, in the words of a table."""


class TaskEffect(Fact, frozen=True, omit_defaults=True):
    """What becomes of one task. ``person_id`` has it, or had it; else it is offered to ``department``, or nobody's."""

    what: What
    no: int
    task: str
    title: str = ""
    person_id: int | None = None
    department: str | None = None
    due_at: datetime | None = None
    due_before: datetime | None = None
    why: str = ""


class DealEffect(Fact, frozen=True):
    """What changes of the deal itself: its decision date, its stage's clock, or the stage it stands in."""

    what: Literal["decision", "clock", "stage"]
    words: str


class Effect(Fact, frozen=True, omit_defaults=True):
    """What becomes of one deal. With ``refused`` it keeps the version it has, and these are the reasons.

    ``seq`` is the number of the deal's last event when this was decided, ``more`` what changes of the deal itself,
    which its owner (``owner_id``) is told.
    """

    deal: int
    account: str
    stage: str
    before: str
    after: str
    seq: int
    owner_id: int | None = None
    tasks: tuple[TaskEffect, ...] = ()
    more: tuple[DealEffect, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether nobody would notice."""
        return not (self.tasks or self.more or self.refused)

    def told(self) -> tuple[int, ...]:
        """The people whose tasks came, went or changed, and the owner of a deal that changed itself."""
        people = [t.person_id for t in self.tasks] + ([self.owner_id] if self.more else [])
        return tuple(dict.fromkeys(p for p in people if p is not None))


class Preview(Fact, frozen=True):
    """What a change of play ``play`` to version ``version`` means for every deal that was looked at.

    ``pinned`` are deals that were left out because somebody decided that they keep their version.
    """

    play: str
    version: str
    at: datetime
    deals: tuple[Effect, ...] = ()
    pinned: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """The same for two previews exactly when they say the same."""
        said = [self.play, self.version, *(_said(e) for e in self.deals)]
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]

    @property
    def can(self) -> tuple[Effect, ...]:
        return tuple(e for e in self.deals if not e.refused)

    @property
    def cannot(self) -> tuple[Effect, ...]:
        return tuple(e for e in self.deals if e.refused)


class Difference(Fact, frozen=True):
    """A deal that came out otherwise than its preview said, and how."""

    deal: int
    account: str
    expected: str
    happened: str


def effect_of(before: Deal, after: Deal, whys: Mapping[int, str]) -> tuple[TaskEffect, ...]:
    """What became of the tasks between two states of a deal. ``whys`` are reasons by the number of the task."""
    found = []
    for task in after.tasks:
        effect = _task_effect(before.task(task.no), task, whys.get(task.no, ""))
        if effect is not None:
            found.append(effect)
    return tuple(found)


def _task_effect(was: Task | None, now: Task, why: str) -> TaskEffect | None:
    what = _what(was, now, why)
    if what is None:
        return None
    holder = now if now.state == "open" or was is None else was
    busy = holder.state == "open"
    return TaskEffect(
        what=what,
        no=now.no,
        task=now.plan,
        title=now.title or (was.title if was else ""),
        person_id=holder.assignee_id if busy else None,
        department=holder.department if busy else None,
        due_at=now.clock.due_at if now.clock else None,
        due_before=was.clock.due_at
        if was and was.clock and now.clock and was.clock.due_at != now.clock.due_at
        else None,
        why=why or (now.note or "" if now.closed and (was is None or not was.closed) else ""),
    )


def _what(was: Task | None, now: Task, why: str) -> What | None:
    if was is None or was.state != now.state:
        came: dict[str, What] = {"open": "came", "waiting": "waits", "skipped": "skipped", "withdrawn": "went"}
        return came.get(now.state)
    if (was.stage, was.visit == AHEAD) != (now.stage, now.visit == AHEAD):
        return "moved"
    if now.clock is not None and was.clock is not None and (why or was.clock.due_at != now.clock.due_at):
        return "due"
    return "title" if (was.title, was.plan) != (now.title, now.plan) else None


# --- preview and result -----------------------------------------------------------------------------------------------


def _said(effect: Effect) -> Effect:
    """Without what passes by itself: when it was looked at, and moments that count from then."""
    tasks = tuple(replace(t, due_at=None) if t.what == "came" else t for t in effect.tasks)
    return replace(effect, seq=0, tasks=tasks)


def differences(expected: Preview, happened: Iterable[Effect]) -> tuple[Difference, ...]:
    """The deals that came out otherwise than the preview said, those of which it did not speak among them."""
    by_deal = {e.deal: e for e in expected.deals}
    found = []
    for effect in happened:
        was = by_deal.get(effect.deal)
        if was is None:
            found.append(Difference(effect.deal, effect.account, "not in the preview", in_short(effect)))
        elif _said(was) != _said(effect):
            found.append(Difference(effect.deal, effect.account, in_short(was), in_short(effect)))
    return tuple(found)


def in_short(effect: Effect) -> str:
    """``2 added, 1 withdrawn``, or why it was refused."""
    if effect.refused:
        return f"refused: {'; '.join(effect.refused)}"
    counts = {word: sum(1 for t in effect.tasks if t.what == what) for what, word in WHATS.items()}
    parts = [f"{n} {word}" for word, n in counts.items() if n]
    return ", ".join([*parts, *(m.words for m in effect.more)]) or "nothing that anybody would notice"


# --- one summary a person ---------------------------------------------------------------------------------------------


class Line(Fact, frozen=True, omit_defaults=True):
    """One thing that a summary says: what became of one task of the play on some accounts, or of the deals themselves.

    ``title`` and ``due_at`` are those on the first of ``accounts``.
    """

    what: str
    task: str
    title: str
    accounts: tuple[str, ...]
    due_at: datetime | None = None


class Summary(Fact, frozen=True):
    """What the whole change means for one person, or for a department to which tasks are offered; the tasks that come
    in front."""

    person_id: int | None
    department: str | None
    lines: tuple[Line, ...]

    def number(self, *whats: str) -> int:
        """On how many accounts any of ``whats`` happened to a task of theirs."""
        return sum(len(line.accounts) for line in self.lines if line.what in whats)


_Who: TypeAlias = tuple[int | None, str | None]
_ORDER: Final = (*WHATS, "stage", "decision", "clock")


def summaries(effects: Iterable[Effect]) -> tuple[Summary, ...]:
    """One for everybody who has, or had, a task that came, went or changed, and for owners of deals that changed."""
    found: dict[_Who, dict[tuple[str, str], Line]] = {}
    for effect in effects:
        if effect.refused:
            continue
        for task in effect.tasks:
            who = (task.person_id, None if task.person_id is not None else task.department)
            line = Line(task.what, task.task, task.title, (effect.account,), task.due_at)
            _add(found, who, line)
        for more in effect.more:
            _add(found, (effect.owner_id, None), Line(more.what, "", more.words, (effect.account,)))
    return tuple(
        Summary(*who, tuple(sorted(lines.values(), key=lambda line: _ORDER.index(line.what))))
        for who, lines in found.items()
    )


def _add(found: dict[_Who, dict[tuple[str, str], Line]], who: _Who, line: Line) -> None:
    if who == (None, None):
        return
    lines = found.setdefault(who, {})
    first = lines.setdefault((line.what, line.task), line)
    if first is not line:
        lines[line.what, line.task] = replace(first, accounts=(*first.accounts, *line.accounts))
