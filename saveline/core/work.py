"""Who does the work: promises kept by department, ladders climbed, where the days went, load, credit, and support."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from saveline.core.certainty import FLOOR
from saveline.core.changes import Event
from saveline.core.credit import Credit, credit
from saveline.core.elapsed import Elapsed, elapsed
from saveline.core.facts import Deal, Fact
from saveline.core.intervals import Rate, rate
from saveline.core.people import People
from saveline.core.periods import Period
from saveline.core.promises import Promise, answers_for, promises
from saveline.core.stories import Story
from saveline.core.support import Support
from saveline.core.workspace import Workspace


class Attainment(Fact, frozen=True):
    """Promises of one department that were settled in the period; ``""`` is nobody's.

    ``kept`` are those on time among those on time or late; the postponed are in neither. ``passed_on`` of the late ones
    were with somebody else when they were closed, or are so now. A share that too few stand behind is None.
    """

    department: str
    on_time: int
    postponed: int
    late: int
    passed_on: int
    kept: Rate


class Rung(Fact, frozen=True):
    """Tasks that began in the period and took ``rung`` rungs of their ladder up to its end: how many were done, are
    still open, or ended otherwise. 0 is before the first."""

    rung: int
    done: int
    open: int
    otherwise: int


class Load(Fact, frozen=True):
    """A department at the end of the period: tasks that are ``open`` in deals that are not paused, and of those
    ``overdue``; ``places`` is how many its people who are there take on, ``unstated`` how many people do not say."""

    department: str
    open: int
    overdue: int
    places: int
    people: int
    unstated: int


class Over(Fact, frozen=True):
    """Somebody who has more open tasks than they take on."""

    person_id: int
    name: str
    department: str
    open: int
    capacity: int


class Work(Fact, frozen=True):
    """Departments are their keys, ``""`` where there is none; ``departments`` are their titles as they were. The
    promises of all together are ``settled``, and the tasks that ``began`` are those of all ``rungs``."""

    departments: Mapping[str, str]
    settled: Attainment
    attainment: tuple[Attainment, ...]
    rungs: tuple[Rung, ...]
    days: Elapsed
    loads: tuple[Load, ...]
    over: tuple[Over, ...]
    credit: Credit
    support: Support | None = None

    @property
    def began(self) -> int:
        return sum(r.done + r.open + r.otherwise for r in self.rungs)


def work(
    told: Sequence[Story],
    workspace: Workspace,
    people: People,
    period: Period,
    *,
    more: Mapping[int, Sequence[Event]],
    support: Support | None = None,
) -> Work:
    """Of the deals of ``period``. ``more`` are histories of deals that rested, as ``promises.unsure`` asks for."""
    found = promises(told, people, period.start, period.end, more)
    lines = _attainment(found, people, period)
    total = Counter({name: sum(getattr(line, name) for line in lines) for name in _COUNTS})
    saved = {o.key for o in workspace.outcomes if o.saved}
    spent = elapsed(told, people, period.start, period.end)
    return Work(
        {key: people.department(key) for key in people.departments},
        _attained("", total),
        lines,
        rungs_of(found, period),
        spent,
        _loads(told, workspace, people, period.end),
        _over(told, people),
        credit((s for s in told if _was_saved(s, saved, period)), people),
        support,
    )


_COUNTS = ("on_time", "postponed", "late", "passed_on")


def _was_saved(story: Story, saved: frozenset[str] | set[str], period: Period) -> bool:
    deal = story.now
    return deal.outcome in saved and deal.closed_at is not None and deal.closed_at >= period.start


def _attainment(found: Iterable[Promise], people: People, period: Period) -> tuple[Attainment, ...]:
    """By department, those with most promises first."""
    counts: dict[str, Counter[str]] = {}
    for promise in found:
        kept, at = promise.kept, promise.settled_at
        if kept is None or at is None or not period.start <= at < period.end:
            continue
        department = answers_for(promise, people)
        mine = counts.setdefault(department, Counter())
        mine[kept] += 1
        mine["passed_on"] += (
            kept == "late" and promise.stints[-1:] != () and promise.stints[-1].department != department
        )
    lines = [_attained(key, mine) for key, mine in counts.items()]
    return tuple(sorted(lines, key=lambda a: (-(a.on_time + a.postponed + a.late), a.department)))


def _attained(department: str, counts: Counter[str]) -> Attainment:
    on_time, late = counts["on_time"], counts["late"]
    n = on_time + late
    kept = rate(on_time, n) if n >= FLOOR else Rate(on_time, n)
    return Attainment(department, on_time, counts["postponed"], late, counts["passed_on"], kept)


def rungs_of(found: Iterable[Promise], period: Period) -> tuple[Rung, ...]:
    """From 0 to the highest that was climbed; nothing where no task began."""
    counts = Counter((p.rung, p.ended) for p in found if period.start <= p.started_at < period.end)
    top = max((rung for rung, _ in counts), default=-1)
    return tuple(
        Rung(rung, counts[rung, "done"], counts[rung, ""], counts[rung, "cannot"] + counts[rung, "withdrawn"])
        for rung in range(top + 1)
    )


# --- load -------------------------------------------------------------------------------------------------------------


def _running(told: Iterable[Story]) -> Iterable[Deal]:
    """The deals that are open and not paused at the end."""
    return (s.now for s in told if s.now.state == "open")


def _loads(told: Sequence[Story], workspace: Workspace, people: People, end: datetime) -> tuple[Load, ...]:
    """Every department that has tasks or people, in the order of the settings; what nobody has comes last."""
    tasks, overdue = Counter[str](), Counter[str]()
    for deal in _running(told):
        for task in deal.tasks:
            if task.clock is not None:
                holder = people.by_id.get(task.assignee_id or 0)
                key = task.department or (holder.department if holder else None) or ""
                tasks[key] += 1
                overdue[key] += task.clock.due_at < end
    keys = [d.key for d in workspace.departments]
    keys += sorted(tasks.keys() - set(keys) - {""}) + ([""] if tasks[""] else [])
    return tuple(_load(key, tasks[key], overdue[key], people, end) for key in keys if tasks[key] or people.members(key))


def _load(key: str, tasks: int, overdue: int, people: People, end: datetime) -> Load:
    active = [p for p in people.members(key) if p.active]
    there = [p for p in active if not _away(people, p.id, end)]
    places = sum(p.capacity or 0 for p in there)
    return Load(
        key, tasks, overdue, places, len(there), sum(p.capacity is None for p in there)
    )  # fmt: skip


def _away(people: People, person_id: int, at: datetime) -> bool:
    day = people.calendar(person_id).local(at).date()
    return any(absence.covers(day) for absence in people.by_id[person_id].absences)


def _over(told: Sequence[Story], people: People) -> tuple[Over, ...]:
    """The furthest over first."""
    held = Counter(t.assignee_id for d in _running(told) for t in d.tasks if t.clock is not None)
    found = []
    for person_id, n in held.items():
        person = people.by_id.get(person_id or 0)
        if person is not None and person.capacity is not None and n > person.capacity:
            found.append(Over(person.id, person.name, person.department or "", n, person.capacity))
    return tuple(sorted(found, key=lambda o: (o.capacity - o.open, o.person_id)))
