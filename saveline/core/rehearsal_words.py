"""What a rehearsal found out, in plain sentences: can everybody carry it, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from saveline.core.loads import Carried
from saveline.core.rehearsal_report import Rehearsed


def sentences(found: Rehearsed, *, one: bool = False) -> list[str]:
    """The findings, the most important first. Of ``one`` account nobody asks whether a department can carry it."""
    if one:
        return [_scope(found), *_date(found), *_told(found)]
    return [_scope(found), *map(carrying, found.carried), *_promised(found), *_told(found), *_never(found)]


def _scope(found: Rehearsed) -> str:
    if not found.deals:
        return f"No deal opens between {day(found.first.date())} and {day(found.until.date())}."
    deals = "1 deal" if found.deals == 1 else f"{found.deals:,} deals"
    ends = ", ".join(f"{n:,} {what.lower()}" for what, n in found.ends)
    at_once = f", {found.on_first_day:,} of them on the first day" if found.on_first_day > 1 else ""
    span = f"from {day(found.first.date())} to {day(found.until.date())}"
    return f"{deals} {span}{at_once} (seed {found.seed}): {ends}."


def carrying(line: Carried) -> str:
    """``Finance can carry it: at most 7 tasks open at once (week of 2 Mar 2026), and its 2 people take on 20.``"""
    week = f"week of {day(line.monday)}" if line.monday else "no week"
    if not line.people:
        return f"{line.title} cannot carry it: nobody is there, and {tasks(line.open_most)} open at once."
    staff = f"its {line.people} people take" if line.people > 1 else "its only person takes"
    room = f"{staff} on {line.places} that week"
    if line.carries:
        most = f"at most {tasks(line.open_most)} open at once ({week}), and {room}"
        return f"{line.title} can carry it: {most}.{_waits(line)}"
    weeks = "1 week" if line.weeks_over == 1 else f"{line.weeks_over} weeks"
    return (
        f"{line.title} cannot carry it: in {weeks} of {line.weeks} more is open than it takes on; worst is the {week}, "
        f"with {tasks(line.open_most)} open while {room}.{_waits(line)}"
    )


def _waits(line: Carried) -> str:
    if line.wait_hours is None or line.late.share is None:
        return ""
    return (
        f" Half of its tasks are looked at within {line.wait_hours:.1f} working hours; "
        f"{line.late.share:.0%} of {line.late.n:,} are late."
    )


def _promised(found: Rehearsed) -> Iterator[str]:
    if not found.promises:
        return
    held = found.promises[-1].held
    if held.share is None:
        yield "No decision comes due in this time: give it more days with --days."
    else:
        yield f"The decision date holds for {held} of the deals whose decision came due."


def _date(found: Rehearsed) -> Iterator[str]:
    """Of one account: whether its decision date held."""
    for promise in found.promises:
        if promise.held.n:
            held = "holds" if promise.held.k else "does not hold"
            done = "is done before it" if promise.ready.k else "is not done before it"
            yield f"The decision date {held}" + (f", and the work {done}." if promise.ready.n else ".")


def _told(found: Rehearsed) -> Iterator[str]:
    if found.worst_days:
        worst = found.worst_days[0]
        yield f"The most messages anybody gets on one day are {worst.messages}: {worst.name}, on {day(worst.day)}."
    if found.empty:
        times = sum(e.times for e in found.empty)
        rungs = "1 rung of a ladder comes" if len(found.empty) == 1 else f"{len(found.empty)} rungs of ladders come"
        yield f"{rungs} to nobody, {times:,} {'time' if times == 1 else 'times'} in all."


def _never(found: Rehearsed) -> Iterator[str]:
    if found.never:
        yield f"{len(found.never)} of the {len(found.ways)} ways through the plays are never taken."


def tasks(number: int) -> str:
    return f"{number:,} task" if number == 1 else f"{number:,} tasks"


def day(found: date | None) -> str:
    return f"{found:%-d %b %Y}" if found else ""


def assumed(found: Rehearsed) -> list[str]:
    """What the figures rest on: measured habits, and capacities that nobody has written down."""
    lines = [f"{line.of}: {line.what}, from {line.n:,} cases of your history" for line in found.learned]
    without = [c for c in found.carried if c.assumed]
    if without:
        who = ", ".join(f"{c.assumed} of {c.people} in {c.department}" for c in without)
        lines.append(
            f"no capacity stands in people.yaml for {who}: rehearsal.at_once of saveline.yaml is taken instead"
        )
    return lines
