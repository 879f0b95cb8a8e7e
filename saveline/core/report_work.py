"""Who does the work, as blocks: promises kept, ladders, where the days went, load, helpers, and support."""

from __future__ import annotations

from typing import Final

from saveline.core.blocks import Block, Cell, Column, Note, Row, Section, Table
from saveline.core.findings import NO_DEPARTMENT
from saveline.core.intervals import Rate
from saveline.core.report import StageReport
from saveline.core.saying import Saying
from saveline.core.tongue import sentence
from saveline.core.work import Attainment, Load, Work

DAY: Final = 86_400
NONE: Final = "none"
"""The key of a line of no department."""

WHOSE: Final = sentence(
    "A task counts once: on time when it is done by its promised moment, late when its due moment passes. What the "
    "customer took, what was put off and pauses are nobody's time. A late task counts for the department that had it "
    "then, if that had had at least a quarter of the working time; else for the one that had had most of it."
)
WHERE: Final = sentence(
    "Every hour that a deal was open is in one line. Where several tasks were open, it is divided evenly among them; "
    "the customer's are those in which none of us could do anything."
)
WHOLE: Final = sentence(
    "The value kept of a deal stands beside everybody who took part in it, whole: these lines do not add up."
)


def attainment(report: StageReport, saying: Saying) -> Section | None:
    """Promises that were settled in the period, by the department that they count for."""
    found = report.work
    if found is None or not found.attainment:
        return None
    say = saying.say
    columns = (
        Column("department", say("Department"), place="name"),
        Column("kept", say("Kept"), "number", "share", "figure"),
        Column("on_time", say("On time"), "number", "tasks", "aside"),
        Column("late", say("Late"), "number", "tasks", "aside"),
        Column("passed_on", say("Passed on late"), "number", "tasks"),
        Column("postponed", say("Postponed"), "number", "tasks"),
    )
    rows = [_kept(a, _team(a.department, found, saying), saying) for a in found.attainment]
    rows.append(_kept(found.settled, Cell(say("All departments")), saying, "all"))
    table = Table("attainment", say("Tasks that were done, or became late, in the period"), columns, tuple(rows))
    note = Note(f"{_sure(found.settled.kept, saying)} {say(WHOSE)}")
    return Section("attainment", say("Promises kept"), (table, note))


def _kept(line: Attainment, name: Cell, saying: Saying, key: str = "") -> Row:
    say = saying.say
    return Row(
        key or line.department or NONE,
        (
            name,
            _share(line.kept, saying),
            saying.number(line.on_time, say("{n} on time", n=line.on_time)),
            saying.number(line.late, saying.counted("{n} late", "{n} late", line.late), tone="bad"),
            _some(line.passed_on, say("{n} passed on late", n=line.passed_on)),
            _some(line.postponed, say("{n} postponed", n=line.postponed)),
        ),
        strong=key == "all",
    )


def ladder(report: StageReport, saying: Saying) -> Section | None:
    """How far up the ladder it took until tasks were done."""
    found = report.work
    if found is None or not found.rungs:
        return None
    say = saying.say
    columns = (
        Column("rung", say("Ladder"), place="name"),
        Column("done", say("Done"), "number", "tasks", "figure"),
        Column("open", say("Still open"), "number", "tasks", "aside"),
        Column("otherwise", say("Ended otherwise"), "number", "tasks"),
    )
    rows = tuple(
        Row(
            f"rung_{r.rung}",
            (
                Cell(say("after rung {n}", n=r.rung) if r.rung else say("before the first rung")),
                saying.number(r.done, say("{n} done", n=r.done)),
                _some(r.open, say("{n} still open", n=r.open)),
                _some(r.otherwise, say("{n} ended otherwise", n=r.otherwise)),
            ),
        )
        for r in found.rungs
    )
    caption = say("Tasks that began in the period, by the highest rung that was climbed (n = {n})", n=found.began)
    return Section("ladder", say("How far up the ladder it took"), (Table("ladder", caption, columns, rows),))


def days(report: StageReport, saying: Saying) -> Section | None:
    """Where the days of the deals went."""
    found = report.work
    if found is None or not found.days.total:
        return None
    say, spent = saying.say, found.days
    columns = (
        Column("where", say("Where"), place="name"),
        Column("days", say("Days"), "number", "days", "figure"),
        Column("share", say("Share"), "number", "share", "aside"),
    )
    lines = [(key or NONE, _team(key, found, saying), n) for key, n in spent.us]
    lines += [
        ("customer", Cell(say("waiting for the customer")), spent.customer),
        ("put_off", Cell(say("put off until a day that was said")), spent.put_off),
        ("unasked", Cell(say("no task open")), spent.unasked),
        ("paused", Cell(say("paused")), spent.paused),
        ("off_hours", Cell(say("nights, weekends, days off")), spent.off_hours),
    ]
    rows = [_part(key, name, n, spent.total, saying) for key, name, n in lines if n]
    rows.append(_part("all", Cell(say("All together")), spent.total, spent.total, saying, strong=True))
    deals = saying.counted("{n} deal", "{n} deals", spent.deals)
    table = Table("days", say("Days in which {deals} were open in the period", deals=deals), columns, tuple(rows))
    worked = spent.ours + spent.customer
    note = say(WHERE)
    if worked:
        share = saying.percent(spent.customer / worked)
        waited = say("Of the working hours with a task open, {share} went by waiting for customers.", share=share)
        note = f"{waited} {note}"
    return Section("days", say("Where the days went"), (table, Note(note)))


def _part(key: str, name: Cell, seconds: int, of: int, saying: Saying, *, strong: bool = False) -> Row:
    n = seconds / DAY
    text = saying.tongue.figure(f"{n:,.1f}")
    return Row(
        key,
        (
            name,
            Cell(saying.say("{days} d", days=text), round(n, 4)),
            Cell(saying.percent(seconds / of), round(seconds / of, 4)),
        ),
        strong,
    )


def load(report: StageReport, saying: Saying) -> Section | None:
    """Open tasks against places, and who has more than they take on."""
    found = report.work
    if found is None:
        return None
    say = saying.say
    columns = (
        Column("department", say("Department"), place="name"),
        Column("open", say("Open tasks"), "number", "tasks", "figure"),
        Column("overdue", say("Overdue"), "number", "tasks", "aside"),
        Column("places", say("Places"), "number", "tasks"),
        Column("people", say("People there"), "number", "people"),
        Column("unstated", say("Of them without a capacity"), "number", "people"),
    )
    busy = [line for line in found.loads if line.open or line.places]
    if not busy:
        return None
    rows = tuple(_load(line, _team(line.department, found, saying), saying) for line in busy)
    caption = say("Open tasks at the end of the period, and how many those take on who are there")
    blocks: list[Block] = [Table("load", caption, columns, rows)]
    if found.over:
        blocks.append(_over(found, saying))
    return Section("load", say("Load and capacity"), tuple(blocks))


def _load(line: Load, name: Cell, saying: Saying) -> Row:
    say, counted = saying.say, saying.counted
    return Row(
        line.department or NONE,
        (
            name,
            saying.number(line.open, say("{n} open", n=line.open)),
            saying.number(line.overdue, say("{n} overdue", n=line.overdue), tone="bad"),
            _places(line, saying),
            saying.number(line.people, counted("{n} person there", "{n} people there", line.people)),
            _some(line.unstated, say("{n} without a capacity", n=line.unstated)),
        ),
    )  # fmt: skip


def _places(line: Load, saying: Saying) -> Cell:
    """What its people take on; in words where none of them says."""
    if line.people and line.people == line.unstated:
        return Cell(saying.say("not stated"), None, saying.say("capacity not stated"))
    return saying.number(line.places, saying.counted("{n} place", "{n} places", line.places))


def _over(found: Work, saying: Saying) -> Table:
    say = saying.say
    columns = (
        Column("person", say("Person"), place="name"),
        Column("department", say("Department")),
        Column("has", say("Has"), "number", "tasks", "figure"),
        Column("takes", say("Takes on"), "number", "tasks", "aside"),
    )
    rows = tuple(
        Row(
            f"person_{o.person_id}",
            (
                Cell(o.name),
                _team(o.department, found, saying),
                saying.number(o.open, say("{n} open", n=o.open)),
                saying.number(o.capacity, say("takes on {n}", n=o.capacity)),
            ),
        )
        for o in found.over
    )
    return Table("over", say("People who have more than they take on"), columns, rows, lists=True)


# --- helpers ----------------------------------------------------------------------------------------------------------


def helpers(report: StageReport, saying: Saying) -> Section | None:
    """Who took part in what was saved."""
    found = report.work
    if found is None or not found.credit.people:
        return None
    say, mine = saying.say, found.credit
    told = [say(WHOLE)]
    if mine.asked:
        told.insert(0, say("Help asked for: {asked}; given: {given}.",
                           asked=mine.asked, given=mine.answered))  # fmt: skip
    blocks = (_teams(found, saying), _people(found, saying), Note(" ".join(told)))
    return Section("helpers", say("Who had a part in what was saved"), blocks)


def _teams(found: Work, saying: Saying) -> Table:
    say, counted = saying.say, saying.counted
    columns = (
        Column("department", say("Department"), place="name"),
        Column("deals", say("Deals"), "number", "deals", "figure"),
        Column("people", say("People"), "number", "people"),
        Column("tasks", say("Tasks done"), "number", "tasks", "aside"),
        Column("kept", say("Kept in these deals"), "money", saying.currency),
    )
    rows = tuple(
        Row(
            t.department or NONE,
            (
                _team(t.department, found, saying),
                saying.deals(t.deals),
                saying.number(t.people, counted("{n} person", "{n} people", t.people)),
                saying.number(t.tasks, counted("{n} task done", "{n} tasks done", t.tasks)),
                saying.amount(t.kept_cents, say("{value} to keep", value=saying.money(t.kept_cents))),
            ),
        )
        for t in found.credit.teams
    )
    deals = counted("{n} deal", "{n} deals", found.credit.deals)
    return Table("teams", say("Departments that took part in {deals} saved in the period", deals=deals), columns, rows)


def _people(found: Work, saying: Saying) -> Table:
    say, counted = saying.say, saying.counted
    columns = (
        Column("person", say("Person"), place="name"),
        Column("department", say("Department")),
        Column("deals", say("Deals"), "number", "deals", "figure"),
        Column("owned", say("As owner"), "number", "deals"),
        Column("tasks", say("Tasks done"), "number", "tasks", "aside"),
        Column("helped", say("Helped"), "number", "times"),
        Column("approved", say("Approved"), "number", "times"),
        Column("kept", say("Kept in these deals"), "money", saying.currency),
    )
    rows = tuple(
        Row(
            f"person_{h.person_id}",
            (
                Cell(h.name),
                _team(h.department, found, saying),
                saying.deals(h.deals),
                _some(h.owned, say("{n} as owner", n=h.owned)),
                saying.number(h.tasks, counted("{n} task done", "{n} tasks done", h.tasks)),
                _some(h.helped, counted("helped once", "helped {n} times", h.helped)),
                _some(h.approved, counted("approved once", "approved {n} times", h.approved)),
                saying.amount(h.kept_cents, say("{value} to keep", value=saying.money(h.kept_cents))),
            ),
        )
        for h in found.credit.helpers
    )
    return Table("people", say("People who took part, in most deals first"), columns, rows, lists=True,
                 more=saying.more(found.credit.people - len(found.credit.helpers)))  # fmt: skip


def _some(n: int, phrase: str) -> Cell:
    """A count; nothing to read for none."""
    return Cell(str(n) if n else "", n, phrase)


# --- words ------------------------------------------------------------------------------------------------------------


def _team(key: str, found: Work, saying: Saying) -> Cell:
    """A department's title; its key is the value."""
    return Cell(found.departments.get(key, key) or saying.say(NO_DEPARTMENT), key or None)


def _share(kept: Rate, saying: Saying) -> Cell:
    """``91.4%``; in words where there are too few cases."""
    if kept.share is None:
        return Cell(saying.say("not enough cases"))
    return Cell(saying.percent(kept.share), round(kept.share, 4))


def _sure(kept: Rate, saying: Saying) -> str:
    if kept.share is None or kept.low is None or kept.high is None:
        return saying.say("Not enough tasks for a share (n = {n}).", n=kept.n)
    return saying.say(
        "{share} of the promises were kept (95% interval {low} to {high}, n = {n}).",
        share=saying.percent(kept.share),
        low=saying.percent(kept.low),
        high=saying.percent(kept.high),
        n=kept.n,
    )
