"""What the stage report counts, as blocks: the key numbers, the bridge, the stages, and how deals ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from saveline.core.blocks import (
    Bar,
    Bars,
    Block,
    Bridge,
    Cell,
    Chart,
    Column,
    Drawing,
    Interval,
    Number,
    Numbers,
    Row,
    Section,
    Sentences,
    Step,
    Table,
    Tone,
)
from saveline.core.findings import stops
from saveline.core.intervals import Rate
from saveline.core.report import Amount, StageReport
from saveline.core.saying import Saying
from saveline.core.tongue import sentence

# --- the key numbers --------------------------------------------------------------------------------------------------


def numbers(report: StageReport, saying: Saying) -> Numbers:
    """The key numbers, in one row."""
    say, money, currency = saying.say, saying.money, saying.currency
    overdue, closed = sum(n for _, n in report.overdue_by_department), report.closed.deals
    saved = say("{saved} of {deals}", saved=report.saved, deals=closed) if closed else "–"
    at_risk, kept, deals = report.at_risk, report.kept.arr_cents, saying.deals(report.at_risk.deals).said
    return Numbers(
        (
            Number(
                "at_risk", say("ARR at risk"), money(at_risk.arr_cents), deals, at_risk.arr_cents, "money", currency
            ),
            Number("kept", say("Kept"), money(kept), _saves(report, saying), kept, "money", currency),
            Number("saved", say("Saved"), saved, _of_closed(report, saying), report.saved, "number", "deals"),
            Number("overdue", say("Tasks overdue"), str(overdue), _most_overdue(report, saying), overdue, unit="tasks"),
        )
    )


def _saves(report: StageReport, saying: Saying) -> str:
    """A save is kept once its watch is over; until then it is counted by itself."""
    kept = saying.counted("{n} save", "{n} saves", report.kept.deals)
    if not report.watched.deals:
        return kept
    watched = saying.money(report.watched.arr_cents)
    return saying.say("{kept}; {deals} watched, {value}", kept=kept, deals=report.watched.deals, value=watched)


def _of_closed(report: StageReport, saying: Saying) -> str:
    if not report.saved:
        return saying.say("of the deals closed")
    return saying.say("of the deals closed, {value}", value=saying.money(_to_keep(report)))


def _to_keep(report: StageReport) -> int:
    return sum(o.kept_cents for o in report.outcomes if o.saved)


def _most_overdue(report: StageReport, saying: Saying) -> str:
    if not report.overdue_by_department:
        return saying.say("none")
    department, tasks = report.overdue_by_department[0]
    return saying.say("{n} in {department}", n=tasks, department=saying.team(department))


# --- from before to now -----------------------------------------------------------------------------------------------


def bridge(report: StageReport, saying: Saying) -> Section:
    """From what was at risk before to what is now: opened is added, whatever was closed is taken off."""
    say = saying.say
    moves = _moves(report, saying)
    columns = (
        Column("step", say("Step"), place="name"),
        Column("deals", say("Deals"), "number", "deals", "aside"),
        Column("arr", say("ARR"), "money", saying.currency, "figure"),
    )
    first = Row("before", _sum(say("At risk before"), report.before, saying), strong=True)
    last = Row("now", _sum(say("At risk now"), report.at_risk, saying), strong=True)
    rows = (first, *(Row(key, _move(label, moved, saying)) for key, label, moved in moves), last)
    table = Table("bridge", say("What came in and what went out, deals and ARR"), columns, rows)
    title, finding = say("From what was at risk before to now"), _came_and_went(report, moves, saying)
    if report.before == report.at_risk == Amount() and all(moved == Amount() for _, _, moved in moves):
        return Section("bridge", title, (Sentences((say("Nothing was at risk, and nothing came in."),)), table))
    drawn = waterfall(table, saying, good={o.key for o in report.outcomes if o.saved})
    return Section("bridge", title, charted(drawn, finding, title, table, saying))


def _moves(report: StageReport, saying: Saying) -> list[tuple[str, str, Amount]]:
    """``(key, label, what it adds)`` of each step; what is closed adds less than nothing."""
    moves = [("corrected", saying.say("Corrected since"), report.corrected)] if report.corrected != Amount() else []
    moves.append(("opened", saying.say("Opened"), report.opened))
    if report.reopened != Amount():
        moves.append(("reopened", saying.say("Opened again"), report.reopened))
    moves += [(o.key, o.title, Amount() - o.closed) for o in report.outcomes]
    if report.merged != Amount():
        moves.append(("merged", saying.say("Merged and split"), Amount() - report.merged))
    return moves


def _sum(label: str, amount: Amount, saying: Saying) -> tuple[Cell, ...]:
    return Cell(label), saying.deals(amount.deals), saying.whole(amount.arr_cents)


def _move(label: str, moved: Amount, saying: Saying) -> tuple[Cell, ...]:
    return Cell(label), saying.deals(moved.deals, signed=True), saying.moved(moved.arr_cents)


def _came_and_went(report: StageReport, moves: Sequence[tuple[str, str, Amount]], saying: Saying) -> str:
    came = sum(m.arr_cents for _, _, m in moves if m.arr_cents > 0)
    went = -sum(m.arr_cents for _, _, m in moves if m.arr_cents < 0)
    return saying.say(
        "{came} came in and {went} went out: from {before} to {now}.",
        came=saying.money(came),
        went=saying.money(went),
        before=saying.money(report.before.arr_cents),
        now=saying.money(report.at_risk.arr_cents),
    )


# --- where they stand -------------------------------------------------------------------------------------------------


def stages(report: StageReport, saying: Saying) -> Section:
    """What stands in each stage at the end, what came in, how long it has been there, how much of it is late."""
    say, counted = saying.say, saying.counted
    columns = (
        Column("stage", say("Stage"), place="name"),
        Column("deals", say("Deals"), "number", "deals", "aside"),
        Column("arr", say("ARR"), "money", saying.currency, "figure"),
        Column("entered", say("Came in"), "number", "deals"),
        Column("median_days", say("Median time there"), "number", "days"),
        Column("late", say("Late"), "number", "deals", "aside"),
    )
    rows = tuple(
        Row(
            s.key,
            (
                Cell(s.title),
                saying.deals(s.here.deals),
                saying.amount(s.here.arr_cents),
                saying.number(s.entered, counted("{n} came in", "{n} came in", s.entered)),
                saying.days(s.median_days, sentence("there {days}")),
                saying.number(s.late, counted("{n} late", "{n} late", s.late), tone="bad"),
            ),
        )
        for s in report.stages
    )
    table = Table("stages", say("Deals and ARR in each stage at the end of the period"), columns, rows)
    title = say("Where they stand")
    if not report.at_risk.deals:
        return Section("stages", title, (Sentences((say("Nothing is at risk."),)), table), brief=True)
    drawn = charted(_pipeline(report, saying), _where(report, saying), title, table, saying)
    return Section("stages", title, drawn, brief=True)


def _pipeline(report: StageReport, saying: Saying) -> Bars:
    """ARR by stage with its deals; only where most are late stands out."""
    worst = max(report.stages, key=lambda s: s.late)
    return Bars(
        tuple(
            Bar(
                s.title,
                s.here.arr_cents / 100,
                saying.money(s.here.arr_cents) if s.here.deals else "–",
                _late(saying.deals(s.here.deals).said, s.late, saying) if s.here.deals else "",
                "bad" if s.late and s is worst else "",
            )
            for s in report.stages
        )
    )


def _late(deals: str, late: int, saying: Saying) -> str:
    if not late:
        return deals
    return saying.say("{deals}, {late}", deals=deals, late=saying.counted("{n} late", "{n} late", late))


def _where(report: StageReport, saying: Saying) -> str:
    late = max(report.stages, key=lambda s: s.late)
    if late.late:
        return stops(late, saying.tongue)
    most = max(report.stages, key=lambda s: s.here.arr_cents)
    arr, deals = saying.money(most.here.arr_cents), saying.deals(most.here.deals).said
    return saying.say("Most stands in {stage}: {arr} in {deals}.", stage=most.title, arr=arr, deals=deals)


# --- how they ended ---------------------------------------------------------------------------------------------------


def outcomes(report: StageReport, saying: Saying) -> Section:
    """How the deals that were closed in the period ended, and what is to be kept of those that were saved."""
    say, currency = saying.say, saying.currency
    columns = (
        Column("outcome", say("Outcome"), place="name"),
        Column("deals", say("Deals"), "number", "deals", "aside"),
        Column("arr", say("ARR"), "money", currency, "figure"),
        Column("kept", say("To keep"), "money", currency),
    )
    rows = tuple(
        Row(
            o.key,
            (
                Cell(o.title),
                saying.deals(o.closed.deals),
                saying.amount(o.closed.arr_cents),
                _kept(o.kept_cents, saying) if o.saved else Cell(""),
            ),
        )
        for o in report.outcomes
    )
    table = Table("outcomes", say("Deals and ARR by how they ended in the period"), columns, rows)
    title, ended = say("How deals ended"), any(o.closed.deals for o in report.outcomes)
    if not ended:
        return Section("outcomes", title, (Sentences((say("No deal was closed."),)), table))
    return Section("outcomes", title, charted(_endings(report, saying), _ended(report, saying), title, table, saying))


def _kept(cents: int, saying: Saying) -> Cell:
    """What is to be kept; nothing to read where that is nothing."""
    if not cents:
        return Cell("", 0)
    return saying.amount(cents, saying.say("{value} to keep", value=saying.money(cents)))


def _endings(report: StageReport, saying: Saying) -> Bars:
    return Bars(
        tuple(
            Bar(
                o.title,
                o.closed.arr_cents / 100,
                saying.money(o.closed.arr_cents) if o.closed.deals else "–",
                saying.deals(o.closed.deals).said if o.closed.deals else "",
                "good" if o.saved else "",
            )
            for o in report.outcomes
        )
    )


def _ended(report: StageReport, saying: Saying) -> str:
    say, closed, saved = saying.say, report.closed.deals, report.saved
    if not closed:
        return say("No deal was saved or lost.")
    value = saying.money(_to_keep(report))
    if closed == 1:
        return say("The one deal closed was saved: {value} to keep.", value=value) if saved else _lost_one(saying)
    if not saved:
        return say("None of the {deals} deals closed was saved.", deals=closed)
    return say("{saved} of {deals} deals closed were saved: {value} to keep.", saved=saved, deals=closed, value=value)


def _lost_one(saying: Saying) -> str:
    return saying.say("The one deal closed was not saved.")


# --- charts -----------------------------------------------------------------------------------------------------------


def charted(drawing: Drawing, finding: str, title: str, table: Table, saying: Saying) -> tuple[Block, ...]:
    """The chart of a table, with what is said to those who do not see it."""
    alt = saying.say("{title}: {finding} The table has the numbers.", title=title, finding=finding)
    return (Chart(table.key, finding, alt, drawing, table),)


def measured(label: str, rate: Rate, saying: Saying, tone: Tone = "") -> Interval:
    """A rate with its interval, of how many; it must have been worked out."""
    assert rate.share is not None
    assert rate.low is not None
    assert rate.high is not None
    return Interval(label, rate.share, rate.low, rate.high, saying.percent(rate.share), f"n = {rate.n}", tone)


def waterfall(table: Table, saying: Saying, *, good: Collection[str] = ()) -> Bridge:
    """The figures of a table one below the other: its strong rows are sums, the others are added; ``good`` are keys."""
    name, figure = ([c.place for c in table.columns].index(place) for place in ("name", "figure"))
    steps, at = list[Step](), 0
    for row in table.rows:
        label, cents = row.cells[name].text, int(row.cells[figure].value or 0)
        if row.strong:
            steps.append(Step(label, 0, cents / 100, saying.money(cents), total=True))
            at = cents
            continue
        text = f"{'+' if cents > 0 else ''}{saying.money(cents)}" if cents else "–"
        steps.append(Step(label, at / 100, (at + cents) / 100, text, tone="good" if row.key in good else ""))
        at += cents
    return Bridge(tuple(steps))
