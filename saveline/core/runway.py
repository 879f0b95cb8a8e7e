"""Does the plan fit the time that is left? Forward from now, and back from the decision date.

Forward, every task starts as early as it can and is finished when it is due: what ends last is where the plan ends.
Backward, each task and each exit of a stage has the last moment at which it can be done so that what follows from it,
done when due, still fits. Optional and repeating tasks hold nobody up unless another one waits for them. A task with
a condition counts as if the condition held, because nobody knows better beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from math import ceil, floor
from typing import Final

from msgspec.structs import replace

from saveline.core.choose import Choice
from saveline.core.course import Course, Item
from saveline.core.decide.draft import Case
from saveline.core.facts import Account, Fact, TaskState
from saveline.core.moments import Anchor, Moment, resolve
from saveline.core.phrases import count, listed, words_of
from saveline.core.play import Play
from saveline.core.workspace import Workspace
from saveline.core.worktime import Trace, WorkCalendar, before, end_of_business, next_opening

DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
FAR: Final = timedelta(days=800)
"""How far back a last moment is looked for. Where there is none in that time, no moment is early enough."""


class Slot(Fact, frozen=True):
    """A task on the plan: it begins at ``starts`` and is finished at ``ends``.

    ``last`` is the last moment at which it can be done so that what follows still fits, for tasks that hold something
    up. ``maybe`` says that it has a condition, ``spare`` that no stage waits for it, directly or by way of others.
    """

    task: str
    stage: str
    starts: datetime
    ends: datetime
    state: TaskState = "waiting"
    holder: int | None = None
    after: tuple[str, ...] = ()
    maybe: bool = False
    spare: bool = False
    critical: bool = False
    last: datetime | None = None

    @property
    def slack(self) -> timedelta | None:
        """How much later than planned it can be done; less than nothing when that moment comes before the plan's."""
        return self.last - self.ends if self.last is not None else None


class Exit(Fact, frozen=True):
    """A decision on the way: a stage is left. ``last`` is the last moment for it, None where none is early enough."""

    stage: str
    at: datetime
    last: datetime | None = None


class Runway(Fact, frozen=True):
    """A plan and the time for it, from ``at`` to ``limit``; ``ends`` is when all of it is done.

    ``path`` names the tasks that set the length, in order. When it does not fit, ``too_long`` is the longest of them,
    and ``breaks`` the first that is finished only after ``limit``. ``limited_by`` is ``decision`` or ``renewal``.
    """

    play: str
    at: datetime
    ends: datetime
    limit: datetime
    limited_by: str
    slots: tuple[Slot, ...] = ()
    exits: tuple[Exit, ...] = ()
    path: tuple[str, ...] = ()
    too_long: str | None = None
    breaks: str | None = None
    words: str = ""

    @property
    def fits(self) -> bool:
        return self.ends <= self.limit

    @property
    def needs_days(self) -> int:
        return ceil((self.ends - self.at) / DAY)

    @property
    def has_days(self) -> int:
        """The days that are there: rounded so that they are fewer than it needs just where it does not fit."""
        left = (self.limit - self.at) / DAY
        return max(0, ceil(left) if self.fits else floor(left))

    def slot(self, task: str) -> Slot | None:
        return next((s for s in self.slots if s.task == task), None)


def runway(case: Case, at: datetime) -> Runway:
    """Whether the play of ``case`` fits: of a deal that runs, what is left of it; else of one opened at ``at``."""
    return _runway(case, Course(case, at))


def glance(case: Case, at: datetime) -> Runway:
    """Only whether it fits, and by how much: without tasks, path and words, which nobody asks for where it does."""
    return _bare(case, Course(case, at))


def with_last_moments(case: Case, at: datetime) -> Runway:
    """The same with the last moment for each task and each exit, which takes some hundred times the work."""
    course = Course(case, at)
    found = _runway(case, course)
    slots = tuple(_with_last(course, s, found.limit) for s in found.slots)
    return replace(found, slots=slots, exits=tuple(_exits(course, found.limit)))


def decision_at(
    play: Play,
    workspace: Workspace,
    account: Account,
    calendar: WorkCalendar,
    at: datetime,
    trace: Trace | None = None,
) -> datetime:
    """The decision date of a deal opened at ``at``: the play's, or without a renewal the workspace's; at least a
    business day away."""
    moment = play.decide
    anchor: datetime | date | None = {"opened": at, "renewal": account.renewal}.get(moment.anchor.kind)
    if anchor is None:
        instead = Moment(Anchor("opened"), workspace.decide_without_renewal, 1)
        if trace is not None:
            trace.append(f"the account has no {moment.anchor} date: {instead} instead")
        moment, anchor = instead, at
    found = resolve(moment, anchor, calendar, trace)
    earliest = end_of_business(calendar, calendar.local(at).date() + DAY)
    if found < earliest and trace is not None:
        trace.append("that is too near: the close of the next working day instead")
    return max(found, earliest)


def least_days(case: Case, at: datetime, most: int = 730) -> int | None:
    """The fewest days until renewal with which the play fits when it is opened at ``at``; None where none do."""
    today = case.people.calendar(None).local(at).date()

    def fits(days: int) -> bool:
        account = replace(case.account, renewal=today + timedelta(days=days))
        return glance(replace(case, account=account), at).fits

    if not fits(most):
        return None
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def in_time(choice: Choice, plays: Mapping[str, Play], ahead: Callable[[Play], Runway]) -> Choice:
    """The chosen play, or the first of its short forms that fits the runway; where none does, the shortest.

    ``ahead`` looks at a play for the account. A circle of short forms is gone round once.
    """
    play, tried, lines = choice.play, dict[str, Runway](), list[str]()
    while play is not None and play.name not in tried:
        found = tried[play.name] = ahead(play)
        if found.fits:
            return _taken(choice, play, lines)
        play = plays.get(play.short or "")
        if play is not None and play.name not in tried:
            lines.append(f"{_lacks(found)}: its short form {play.name} is looked at")
    if not tried:
        return choice
    shortest = min(tried.values(), key=lambda r: r.ends)
    lines.append(f"{_lacks(found)}" + (f": of these, {shortest.play} is the shortest" if len(tried) > 1 else ""))
    chosen = choice.play if choice.play and choice.play.name == shortest.play else plays[shortest.play]
    return _taken(choice, chosen, lines)


def _taken(choice: Choice, play: Play, lines: list[str]) -> Choice:
    if lines and lines[-1].endswith(f"{play.name} is looked at"):
        lines[-1] = lines[-1].removesuffix("looked at") + "taken"
    head, others = choice.why[:1], choice.why[1:]
    kept = (line for line in others if not line.startswith(f"{play.name}: "))
    return replace(choice, play=play, why=(*head, *lines, *kept))


def _lacks(found: Runway) -> str:
    goal = "its decision date" if found.limited_by == "decision" else "the renewal"
    left = f"{found.has_days} are left" if found.has_days != 1 else "1 is left"
    return f"{found.play} needs {count(found.needs_days, 'day')}, {left} until {goal}"


def _bare(case: Case, course: Course) -> Runway:
    limit, by = _limit(case, course)
    return Runway(case.play.name, course.at, course.laid.end, limit, by)


def _runway(case: Case, course: Course) -> Runway:
    bare, path = _bare(case, course), course.path()
    longest = None if bare.fits else max(path, key=lambda i: _length(course, i), default=None)
    breaks = next((i for i in path if course.laid.ends[i.id] > bare.limit), None)
    found = replace(
        bare,
        slots=tuple(_slot(course, item, path) for items in course.items for item in items),
        path=tuple(i.id for i in path),
        too_long=longest.id if longest else None,
        breaks=breaks.id if breaks else None,
    )
    return replace(found, words=_words(found, case, longest))


def _limit(case: Case, course: Course) -> tuple[datetime, str]:
    """By when all has to be done: the decision date, or the day of the renewal where that comes before."""
    deal, calendar = case.deal, case.people.calendar(course.owner_id)
    asked = deal.decision()
    limit = deal.decide_at or decision_at(case.play, case.workspace, case.account, calendar, course.at)
    if asked is not None and asked.clock is not None:
        limit = asked.clock.due_at
    renewal = calendar.wall(case.account.renewal, 0) if case.account.renewal else limit
    return (renewal, "renewal") if renewal < limit else (limit, "decision")


def _slot(course: Course, item: Item, path: tuple[Item, ...]) -> Slot:
    plan = item.plan
    return Slot(
        task=item.id,
        stage=plan.stage,
        starts=item.begun or course.laid.starts[item.id],
        ends=course.laid.ends[item.id],
        state="open" if item.due is not None else "waiting",
        holder=item.holder if item.due is not None else course.holders[item.id],
        after=tuple(a for a in plan.after if a in course.by_id),
        maybe=plan.condition is not None and item.due is None,
        spare=item.id not in course.awaited,
        critical=item in path,
    )


def _length(course: Course, item: Item) -> timedelta:
    """How much time of the plan is the task's: of one that is open, what is left."""
    return course.laid.ends[item.id] - course.laid.starts.get(item.id, course.at)


def _with_last(course: Course, slot: Slot, limit: datetime) -> Slot:
    if slot.spare:
        return slot
    calendar = course.case.people.calendar(slot.holder)
    last = _latest(lambda t: course.end_through(slot.task, t) <= limit, slot.ends, limit)
    return replace(slot, last=_in_hours(calendar, last, slot.ends))


def _exits(course: Course, limit: datetime) -> list[Exit]:
    calendar = course.case.people.calendar(course.owner_id)
    found = []
    for number, stage in enumerate(course.stages):
        at = course.laid.exits[number]
        last = _latest(partial(_fits_from, course, number + 1, limit), at, limit)
        found.append(Exit(stage.key, at, _in_hours(calendar, last, at)))
    return found


def _fits_from(course: Course, stage: int, limit: datetime, at: datetime) -> bool:
    return course.end_from(stage, at) <= limit


def _in_hours(calendar: WorkCalendar, last: datetime | None, planned: datetime) -> datetime | None:
    """Nobody works until midnight: the close before it says the same, but never less than what is planned."""
    if last is None:
        return None
    closed = last if next_opening(calendar, last) == last else before(calendar, last, timedelta())
    return max(closed, planned) if last >= planned else closed


def _latest(fits: Callable[[datetime], bool], planned: datetime, limit: datetime) -> datetime | None:
    """The last minute that fits, from the planned one on where that fits, else before it; None where none does."""
    low, high = (planned, max(planned, limit)) if fits(planned) else (planned - FAR, planned)
    if not fits(low):
        return None
    if fits(high):
        return high
    minutes = int((high - low) / MINUTE)
    known, tried = 0, minutes
    while tried - known > 1:
        middle = (known + tried) // 2
        known, tried = (middle, tried) if fits(low + middle * MINUTE) else (known, middle)
    return low + known * MINUTE


def _words(found: Runway, case: Case, longest: Item | None) -> str:
    local = case.people.calendar(None).local
    ends, limit, now = local(found.ends), local(found.limit), local(found.at)
    hours = ends.date() == limit.date()

    def day(at: datetime) -> str:
        year = f" {at.year}" if at.year != now.year else ""
        return f"{at.day} {at:%b}{year}" + (f" {at:%H:%M}" if hours else "")

    goal = f"the decision is due {day(limit)}" if found.limited_by == "decision" else f"the renewal is {day(limit)}"
    if not found.path:
        return f"Nothing of the plan is left to do; {goal}."
    if longest is None:
        spare = count((limit.date() - ends.date()).days, "day")
        return f"The plan needs until {day(ends)}; {goal}" + (f": {spare} to spare." if not hours else ".")
    told = f"The plan needs until {day(ends)}; {goal}. “{words_of(longest.id)}” ({_span(longest)}) makes it too long."
    if found.breaks is not None and found.breaks != longest.id:
        told += f" “{words_of(found.breaks)}” is the first that comes too late."
    return told


def _span(item: Item) -> str:
    due = item.plan.due
    return str(due.duration) if due.anchor.kind == "start" and due.direction > 0 else f"due {due}"


def conditional(found: Runway) -> str:
    """Which tasks were counted although nobody knows yet whether they are needed; empty where there are none."""
    maybe = [s.task for s in found.slots if s.maybe]
    return f"Counted as if their conditions held: {listed(words_of(t) for t in maybe)}." if maybe else ""
