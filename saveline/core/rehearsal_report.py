"""What a rehearsal found out: one value that tables, JSON and pictures all print."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from saveline.core.behaviour import Behaviour, Learned
from saveline.core.facts import Fact
from saveline.core.intervals import Rate, median, rate
from saveline.core.lives import all_works, decided, empty_rungs, messages, stays
from saveline.core.loads import Carried, Day, Loads, Share, Week
from saveline.core.people import People
from saveline.core.portfolio import House, Life
from saveline.core.ways import Way, ways

DATES: Final = 12
"""Days named with an empty rung; the others are counted."""


class Promise(Fact, frozen=True):
    """The decision dates of a play's deals.

    ``held``: somebody said how it ends by the due moment of the decision. ``ready``: the work was done before the date.
    """

    play: str
    deals: int
    held: Rate
    ready: Rate


class Stage(Fact, frozen=True):
    """The visits to a stage: how many took longer than its ``max``, and how long half of them took."""

    play: str
    stage: str
    visits: int
    late: Rate
    half_days: float | None


class Empty(Fact, frozen=True):
    """A rung that came to nobody: how often, on which days at first, and why."""

    play: str
    task: str
    rung: int
    times: int
    days: tuple[date, ...]
    why: str


class Rehearsed(Fact, frozen=True):
    """A rehearsal of ``deals``, from ``first`` to ``until``."""

    deals: int
    first: datetime
    until: datetime
    seed: str
    carried: tuple[Carried, ...]
    weeks: tuple[Week, ...]
    people: tuple[Share, ...]
    worst_days: tuple[Day, ...]
    promises: tuple[Promise, ...]
    stages: tuple[Stage, ...]
    empty: tuple[Empty, ...]
    ways: tuple[Way, ...]
    ends: tuple[tuple[str, int], ...]
    refused: tuple[tuple[str, int], ...]
    learned: tuple[Learned, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    on_first_day: int = 0

    @property
    def never(self) -> tuple[Way, ...]:
        """What was never done, although there was the chance or should have been one."""
        return tuple(way for way in self.ways if not way.taken)


def report(
    lives: Sequence[Life], house: House, seed: str, span: tuple[datetime, datetime], left_out: Sequence[tuple[str, int]]
) -> Rehearsed:
    first, until = span
    people, behaviour = house.people, house.behaviour
    loads = Loads(all_works(lives, people), people, behaviour, first, until)
    weeks = loads.weeks()
    told = [message for life in lives for message in messages(life)]
    titles = {d.key: d.name for d in house.workspace.departments}
    ends = Counter(_ended(life, house) for life in lives)
    return Rehearsed(
        deals=len(lives),
        first=first,
        until=until,
        seed=seed,
        carried=tuple(loads.carried(weeks, titles)),
        weeks=tuple(weeks),
        people=tuple(loads.shares(told)),
        worst_days=tuple(loads.worst_days(told)),
        promises=tuple(promises(lives)),
        stages=tuple(stages(lives)),
        empty=tuple(empty(lives, people)),
        ways=tuple(ways(lives)),
        ends=tuple(sorted(ends.items(), key=lambda e: (-e[1], e[0]))),
        refused=tuple(Counter(r.words for life in lives for r in life.refused).most_common(DATES)),
        learned=_used(behaviour, weeks),
        left_out=tuple(left_out),
        on_first_day=sum(loads.day(life.opening.at) == loads.day(first) for life in lives),
    )


def _ended(life: Life, house: House) -> str:
    outcome = house.workspace.outcome(life.deal.outcome or "")
    return outcome.title if outcome else "still running"


def _used(behaviour: Behaviour, weeks: Sequence[Week]) -> tuple[Learned, ...]:
    """What was learned, of departments only where they have any work here."""
    working = {week.department for week in weeks}
    return tuple(line for line in behaviour.learned if line.of in working or line.of not in behaviour.departments)


def promises(lives: Sequence[Life]) -> list[Promise]:
    """By play, and of all together last where there are several."""
    by: dict[str, list[Life]] = defaultdict(list)
    for life in lives:
        by[life.opening.play.name].append(life)
    found = [_promise(play, of) for play, of in sorted(by.items())]
    return [*found, _promise("all", lives)] if len(by) > 1 else found


def _promise(play: str, lives: Sequence[Life]) -> Promise:
    made = [decided(life) for life in lives]
    held = [d.held for d in made if d.held is not None]
    ready = [d.ready for d in made if d.ready is not None]
    return Promise(play, len(lives), rate(sum(held), len(held)), rate(sum(ready), len(ready)))


def stages(lives: Sequence[Life]) -> list[Stage]:
    found: dict[tuple[str, str], list[tuple[bool | None, float | None]]] = {}
    for life in lives:
        play = life.opening.play
        for stage in play.stages:
            found.setdefault((play.name, stage.key), [])
        for stay in stays(life):
            days = (stay.end - stay.start).total_seconds() / 86400 if stay.end else None
            found.setdefault((play.name, stay.stage), []).append((stay.late, days))
    lines = []
    for (play_name, stage_key), visits in found.items():
        late = [is_late for is_late, _ in visits if is_late is not None]
        half = median([days for _, days in visits if days is not None])
        lines.append(Stage(play_name, stage_key, len(visits), rate(sum(late), len(late)), half))
    return sorted(lines, key=lambda s: s.play)


def empty(lives: Sequence[Life], people: People) -> list[Empty]:
    """Those that came to nobody most often first."""
    days: dict[tuple[str, str, int], list[date]] = defaultdict(list)
    why: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
    for life in lives:
        for rung in empty_rungs(life, people):
            key = (rung.play, rung.plan, rung.rung)
            days[key].append(rung.day)
            why[key][rung.why] += 1
    lines = [
        Empty(*key, len(on), tuple(sorted(set(on))[:DATES]), why[key].most_common(1)[0][0]) for key, on in days.items()
    ]
    return sorted(lines, key=lambda e: (-e.times, e.play, e.task, e.rung))
