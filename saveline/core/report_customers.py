"""What customers pay, as blocks: what is kept of the revenue of a year ago, why accounts left, and cohorts."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from saveline.core.blocks import Block, Cell, Column, Note, Row, Section, Table
from saveline.core.customers import Customers
from saveline.core.intervals import Rate
from saveline.core.phrases import words_of
from saveline.core.report import StageReport
from saveline.core.report_sections import charted, waterfall
from saveline.core.retention import NOT_SAID, Amount, Cohort, Retention
from saveline.core.saying import Saying
from saveline.core.tongue import sentence

MEANT: Final = sentence(
    "GRR: what is left of the ARR of the first day, growth left out. NRR: the same with growth. New accounts are in "
    "neither; one that came back counts as new."
)


def retained(report: StageReport, saying: Saying) -> Section | None:
    """What is kept of the ARR of a year ago, and what the period has changed of it."""
    if report.customers is None:
        return None
    say, found = saying.say, report.customers
    title = say("What customers pay")
    table = _bridge_table(found, saying)
    blocks = list[Block](charted(waterfall(table, saying), _kept(found.year, saying), title, table, saying))
    blocks += [Note(f"{_logos(found.year.logos, saying)} {say(MEANT)}")]
    if found.corrected_cents:
        corrected = saying.moved(found.corrected_cents).text
        blocks.append(Note(say("Since the report before, {arr} of the start has been corrected.", arr=corrected)))
    return Section("retained", title, tuple(blocks))


def departed(report: StageReport, saying: Saying) -> Section | None:
    """Why accounts left, within the year."""
    if report.customers is None or not report.customers.year.reasons:
        return None
    say, currency = saying.say, saying.currency
    columns = (
        Column("reason", say("Reason"), place="name"),
        Column("departures", say("Departures"), "number", "departures", "aside"),
        Column("paid", say("Paid the day before"), "money", currency, "figure"),
        Column("accounts", say("Gone altogether"), "number", "accounts"),
        Column("churned", say("Of a year ago"), "money", currency),
    )
    rows = tuple(
        Row(
            r.reason or "not_said",
            (
                Cell(words_of(r.reason) if r.reason != NOT_SAID else say("not said"), r.reason),
                saying.number(
                    r.departed.accounts, saying.counted("{n} departure", "{n} departures", r.departed.accounts)
                ),
                saying.amount(r.departed.arr_cents),
                _accounts(r.churned.accounts, sentence("{accounts} gone"), saying),
                saying.amount(r.churned.arr_cents),
            ),
        )
        for r in report.customers.year.reasons
    )
    table = Table("departed", say("Departures of the last twelve months by the reason given"), columns, rows)
    return Section("departed", say("Why accounts left"), (table,))


def cohorts(report: StageReport, saying: Saying) -> Section | None:
    """By the quarter in which accounts began to pay, what is left of them."""
    if report.customers is None or not report.customers.cohorts:
        return None
    say, currency = saying.say, saying.currency
    columns = (
        Column("quarter", say("Began in"), place="name"),
        Column("accounts", say("Accounts then"), "number", "accounts"),
        Column("left", say("Accounts now"), "number", "accounts", "aside"),
        Column("logos", say("Still there"), "number", "share", "figure"),
        Column("arr", say("ARR then"), "money", currency),
        Column("arr_now", say("ARR now"), "money", currency),
    )
    rows = tuple(Row(c.quarter, _cohort(c, saying)) for c in report.customers.cohorts)
    table = Table("cohorts", say("Accounts by the quarter in which they began to pay, and now"), columns, rows)
    return Section("cohorts", say("What is left of each quarter's new accounts"), (table,))


def _cohort(cohort: Cohort, saying: Saying) -> tuple[Cell, ...]:
    began, now = cohort.began, cohort.accounts[-1]
    return (
        Cell(cohort.quarter.replace("-", " ")),
        _accounts(began, sentence("{accounts} then"), saying),
        _accounts(now, sentence("{accounts} now"), saying),
        saying.share(now / began),
        saying.amount(cohort.arr_cents[0]),
        saying.amount(cohort.arr_cents[-1]),
    )


# --- the bridge -------------------------------------------------------------------------------------------------------


def _moves(found: Retention, saying: Saying) -> tuple[tuple[str, str, Amount], ...]:
    """``(key, label, what it adds)``; the ARR of what shrank or left is less than nothing."""
    say = saying.say
    return (
        ("churn", say("Left"), _less(found.churn)),
        ("contraction", say("Pay less"), _less(found.contraction)),
        ("expansion", say("Pay more"), found.expansion),
        ("new", say("New or back"), found.new),
    )


def _less(amount: Amount) -> Amount:
    return Amount(amount.accounts, -amount.arr_cents)


def _bridge_table(found: Customers, saying: Saying) -> Table:
    """The year and the period beside each other."""
    year, period, say, currency = found.year, found.period, saying.say, saying.currency
    columns = (
        Column("step", say("Step"), place="name"),
        Column("accounts", say("Accounts"), "number", "accounts", "aside"),
        Column("year", say("In twelve months"), "money", currency, "figure"),
        Column("period", say("In this period"), "money", currency),
    )
    sums = {"start": (say("At the start"), year.start, period.start), "end": (say("At the end"), year.end, period.end)}
    first, last = (
        Row(
            key,
            (
                Cell(label),
                _accounts(y.accounts, "", saying),
                saying.whole(y.arr_cents),
                _within(saying.whole(p.arr_cents), saying),
            ),
            strong=True,
        )
        for key, (label, y, p) in sums.items()
    )
    moves = zip(_moves(year, saying), _moves(period, saying), strict=True)
    steps = (
        Row(
            key,
            (
                Cell(label),
                _accounts(y.accounts, "", saying),
                saying.moved(y.arr_cents),
                _within(saying.moved(p.arr_cents), saying),
            ),
        )
        for (key, label, y), (_, _, p) in moves
    )
    return Table("retained", say("ARR from a year ago to now, and within the period"), columns, (first, *steps, last))


def _within(cell: Cell, saying: Saying) -> Cell:
    """A figure of the period, told apart from that of the year where there are no columns."""
    return replace(cell, phrase=saying.say("{arr} in this period", arr=cell.text))


# --- words ------------------------------------------------------------------------------------------------------------


def _kept(year: Retention, saying: Saying) -> str:
    assert year.grr is not None  # somebody paid a year ago
    assert year.nrr is not None
    return saying.say(
        "Of {arr} a year ago {grr} is kept, with growth {nrr}.",
        arr=saying.money(year.start.arr_cents),
        grr=saying.percent(year.grr),
        nrr=saying.percent(year.nrr),
    )


def _logos(logos: Rate, saying: Saying) -> str:
    assert logos.share is not None  # as above
    assert logos.low is not None
    assert logos.high is not None
    return saying.say(
        "{share} of the accounts of a year ago still pay (95% interval {low} to {high}, n = {n}).",
        share=saying.percent(logos.share),
        low=saying.percent(logos.low),
        high=saying.percent(logos.high),
        n=logos.n,
    )


def _accounts(n: int, phrase: str, saying: Saying) -> Cell:
    cell = saying.accounts(n)
    return replace(cell, phrase=saying.say(phrase, accounts=cell.said)) if phrase else cell
