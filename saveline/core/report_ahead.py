"""What lies ahead, as blocks: renewals and what of them is at risk, and plays that no longer fit."""

from __future__ import annotations

from datetime import date

from saveline.core.ahead import Ahead
from saveline.core.blocks import Block, Cell, Column, Note, Row, Section, Table
from saveline.core.report import StageReport
from saveline.core.saying import Saying
from saveline.core.tongue import sentence


def renewals(report: StageReport, saying: Saying) -> Section | None:
    """The contracts that are up in the next three months, by month."""
    if report.ahead is None or not report.ahead.renewals:
        return None
    say, currency = saying.say, saying.currency
    columns = (
        Column("month", say("Month"), place="name"),
        Column("accounts", say("Accounts"), "number", "accounts", "aside"),
        Column("arr", say("ARR"), "money", currency, "figure"),
        Column("at_risk", say("At risk"), "number", "accounts"),
        Column("at_risk_arr", say("ARR at risk"), "money", currency),
    )
    rows = tuple(
        Row(
            r.month,
            (
                Cell(_month(r.month, saying), r.month),
                saying.accounts(r.accounts),
                saying.amount(r.arr_cents),
                saying.number(r.at_risk, saying.counted("{n} at risk", "{n} at risk", r.at_risk)),
                saying.amount(r.at_risk_cents, say("{arr} at risk", arr=saying.money(r.at_risk_cents))),
            ),
        )
        for r in report.ahead.renewals
    )
    caption = say("Contracts that are up by {day}", day=saying.day_of(report.ahead.until))
    return Section("renewals", say("Renewals ahead"), (Table("renewals", caption, columns, rows),))


def _month(key: str, saying: Saying) -> str:
    first = date.fromisoformat(f"{key}-01")
    return saying.say("{month} {year}", month=saying.tongue.month(first, long=True), year=first.year)


def tight(report: StageReport, saying: Saying) -> Section | None:
    """The deals for whose plan there is too little time."""
    if report.ahead is None or not report.ahead.tight:
        return None
    found, say = report.ahead, saying.say
    columns = (
        Column("account", say("Account"), place="name"),
        Column("arr", say("ARR"), "money", saying.currency, "figure"),
        Column("stage", say("Stage")),
        Column("needs", say("Its play needs"), "number", "days", "aside"),
        Column("has", say("There are"), "number", "days", "aside"),
        Column("until", say("Until")),
        Column("deal", say("Deal")),
    )
    words = {"renewal": say("the renewal"), "decision": say("the decision")}
    rows = tuple(
        Row(
            str(t.deal_id),
            (
                Cell(t.account),
                saying.amount(t.arr_cents),
                Cell(t.stage),
                saying.days(t.needs_days, sentence("needs {days}")),
                saying.days(t.has_days, sentence("has {days}")),
                Cell(words.get(t.limited_by, t.limited_by)),
                saying.deal(t.deal_id),
            ),
        )
        for t in found.tight
    )
    more = saying.more(found.tight_deals - len(found.tight))
    table = Table("tight", say("Open deals whose play is longer than the time that is left"), columns, rows, True, more)
    return Section("tight", say("Plays that no longer fit"), (table, *_looked_at(found, saying)))


def _looked_at(found: Ahead, saying: Saying) -> tuple[Block, ...]:
    if found.looked_at == found.running:
        return ()
    values = {"n": found.looked_at, "of": found.running}
    return (Note(saying.say("Looked at: the {n} of the most ARR among {of} deals that are decided soon.", **values)),)
