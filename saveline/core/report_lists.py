"""What the stage report names, as blocks: delayed losses, gates overridden, what must be decided, what is overdue."""

from __future__ import annotations

from typing import Final

from saveline.core.blocks import Cell, Column, Row, Section, Sentences, Table
from saveline.core.corrections import in_words
from saveline.core.findings import NOBODY
from saveline.core.phrases import due
from saveline.core.report import MOST_LISTED, StageReport
from saveline.core.saying import Saying
from saveline.core.tongue import sentence

MOST_DECISIONS: Final = 10


def corrected(report: StageReport, saying: Saying) -> Section | None:
    """What happened before the period and was written in it: the report of its own time could not know it."""
    if not report.corrections:
        return None
    lines = [in_words(line, saying.day, saying.tongue) for line in report.corrections[:MOST_LISTED]]
    more = saying.more(len(report.corrections) - MOST_LISTED)
    told = Sentences((*lines, more) if more else tuple(lines))
    return Section("corrections", saying.say("Known too late for the report before"), (told,))


def delayed(report: StageReport, saying: Saying) -> Section | None:
    """What was saved and is lost after all."""
    if not report.delayed:
        return None
    say, currency = saying.say, saying.currency
    columns = (
        Column("account", say("Account"), place="name"),
        Column("arr", say("ARR"), "money", currency, "figure"),
        Column("saved", say("Saved"), "date"),
        Column("kept", say("To keep"), "money", currency),
        Column("leaves", say("Leaves"), "date", place="aside"),
        Column("deal", say("Deal")),
    )
    rows = tuple(
        Row(
            str(d.deal_id),
            (
                Cell(d.account),
                saying.amount(d.arr_cents),
                saying.date(d.saved_at, sentence("saved {day}")),
                saying.amount(d.kept_cents, say("{value} to keep", value=saying.money(d.kept_cents))),
                saying.date(d.left_on, sentence("leaves {day}"), tone="bad"),
                saying.deal(d.deal_id),
            ),
        )
        for d in report.delayed
    )
    more = saying.more(report.lost_after_all.deals - len(report.delayed))
    table = Table("delayed", say("Accounts whose save did not hold"), columns, rows, lists=True, more=more)
    return Section("delayed", say("What was saved and is lost after all"), (table,), brief=True)


def overridden(report: StageReport, saying: Saying) -> Section | None:
    """The gates that somebody overrode, by name and with the reason."""
    if not report.overridden:
        return None
    say = saying.say
    columns = (
        Column("account", say("Account"), place="name"),
        Column("stage", say("Stage")),
        Column("reason", say("Reason")),
        Column("by", say("By"), place="figure"),
        Column("day", say("Day"), "date", place="aside"),
        Column("until", say("Until"), "date", place="aside"),
        Column("deal", say("Deal")),
    )
    rows = tuple(
        Row(
            f"{o.deal_id}#{i}",
            (
                Cell(o.account),
                Cell(o.stage),
                Cell(o.reason, phrase=f"“{o.reason}”"),
                Cell(o.by, phrase=say("by {name}", name=o.by)),
                saying.date(o.at),
                saying.date(o.until, sentence("until {day}")),
                saying.deal(o.deal_id),
            ),
        )
        for i, o in enumerate(report.overridden, 1)
    )
    table = Table(
        "overridden", say("Stages left, or that could be, although the gate was shut"), columns, rows, lists=True
    )
    return Section("overridden", say("Gates that were overridden"), (table,), brief=True)


def decisions(report: StageReport, saying: Saying) -> Section | None:
    """What must be decided in the days ahead, or should have been."""
    if not report.decisions:
        return None
    say = saying.say
    columns = (
        Column("account", say("Account"), place="name"),
        Column("arr", say("ARR"), "money", saying.currency, "figure"),
        Column("stage", say("Stage")),
        Column("owner", say("Owner")),
        Column("by", say("Decide by"), "date", place="aside"),
        Column("deal", say("Deal")),
    )
    rows = tuple(
        Row(
            str(d.deal_id),
            (
                Cell(d.account),
                saying.amount(d.arr_cents),
                Cell(d.stage),
                Cell(d.owner),
                _decide(saying.date(d.decide_at, sentence("by {day}")), d.decide_at < report.period.end, saying),
                saying.deal(d.deal_id),
            ),
        )
        for d in report.decisions[:MOST_DECISIONS]
    )
    more = saying.more(len(report.decisions) - MOST_DECISIONS)
    table = Table("decisions", say("Deals by the day of their decision"), columns, rows, lists=True, more=more)
    return Section("decisions", say("What must be decided"), (table,), brief=True)


def _decide(day: Cell, late: bool, saying: Saying) -> Cell:
    """The day; where it has passed, in words as well as in red."""
    if not late:
        return day
    return Cell(saying.say("{day} (late)", day=day.text), day.value, tone="bad")


def overdue(report: StageReport, saying: Saying) -> Section | None:
    """The overdue tasks, those of the most ARR first."""
    if not report.overdue:
        return None
    say, end = saying.say, report.period.end.astimezone(saying.zone)
    columns = (
        Column("task", say("Task"), place="name"),
        Column("account", say("Account")),
        Column("arr", say("ARR"), "money", saying.currency),
        Column("with", say("With")),
        Column("due", say("Due"), "date", place="figure"),
        Column("ref", say("Number")),
    )
    rows = tuple(
        Row(
            f"{o.deal_id}.{o.task_no}",
            (
                Cell(o.task),
                Cell(o.account),
                saying.amount(o.arr_cents),
                Cell(say("nobody") if o.assignee == NOBODY else o.assignee),
                Cell(due(o.due_at.astimezone(saying.zone), end, saying.tongue), o.due_at.isoformat(), tone="bad"),
                Cell(f"{o.deal_id}.{o.task_no}"),
            ),
        )
        for o in report.overdue
    )
    total = sum(n for _, n in report.overdue_by_department)
    more = saying.more(total - len(report.overdue))
    table = Table("overdue", say("Tasks past their due moment, most ARR first"), columns, rows, lists=True, more=more)
    return Section("overdue", say("What is overdue"), (table,))
