"""How support answered, as blocks: how long customers waited, what shares of cases went well, and saves beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saveline.core.beside import Beside, Came
from saveline.core.blocks import Block, Cell, Column, Note, Row, Section, Table
from saveline.core.certainty import FLOOR
from saveline.core.intervals import Rate
from saveline.core.report import StageReport
from saveline.core.saying import Saying
from saveline.core.support import Answered, Support, Wait
from saveline.core.tongue import sentence

MINUTES: Final = 60
COUNTED: Final = sentence(
    "Waits are counted when they end, by the clock: those of cases that still wait are not in them. What the source "
    "does not say is not shown."
)
TOGETHER: Final = sentence(
    "This is what happened together, not what brought it about (a correlation): who complains may still expect "
    "something of us, large accounts write more, and a bad time brings both."
)
WHOSE: Final[Mapping[Came, str]] = {
    "wrote": sentence("wrote to support"),
    "escalated": sentence("had a case that was escalated"),
    "complained": sentence("complained"),
}


def support(report: StageReport, saying: Saying) -> Section | None:
    """First response and resolution, and shares of cases, of twelve months and of the period; saves beside them."""
    found = report.work.support if report.work is not None else None
    if found is None:
        return None
    tables = [t for t in (_waits(found, saying), _shares(found, saying)) if t.rows]
    blocks: tuple[Block, ...] = (*tables, Note(saying.say(COUNTED))) if tables else ()
    if report.beside:
        blocks = (*blocks, _saves(report.beside, saying), Note(saying.say(TOGETHER)))
    return Section("support", saying.say("How support answered"), blocks) if blocks else None


def _waits(found: Support, saying: Saying) -> Table:
    say = saying.say
    columns = (
        Column("wait", say("Until"), place="name"),
        Column("median", say("Half within"), "number", "hours", "figure"),
        Column("ninety", say("Nine in ten within"), "number", "hours", "aside"),
        Column("cases", say("Cases"), "number", "cases"),
    )
    lines = (
        ("first_response_year", say("first response, twelve months"), found.year.first_response),
        ("first_response_period", say("first response, this period"), found.period.first_response),
        ("resolution_year", say("resolution, twelve months"), found.year.resolution),
        ("resolution_period", say("resolution, this period"), found.period.resolution),
    )
    rows = tuple(_wait(key, label, wait, saying) for key, label, wait in lines if wait.n)
    return Table("waits", say("How long customers waited"), columns, rows)


def _wait(key: str, label: str, wait: Wait, saying: Saying) -> Row:
    return Row(
        key,
        (
            Cell(label),
            _hours(wait.median_minutes, saying),
            _hours(wait.ninety_minutes, saying),
            saying.number(wait.n, saying.counted("{n} case", "{n} cases", wait.n)),
        ),
    )


def _hours(minutes: float | None, saying: Saying) -> Cell:
    if minutes is None:
        return Cell("")
    text = saying.say("{hours} h", hours=saying.tongue.figure(f"{minutes / MINUTES:,.1f}"))
    return Cell(text, round(minutes / MINUTES, 4))


def _shares(found: Support, saying: Saying) -> Table:
    say = saying.say
    columns = (
        Column("what", say("Cases"), place="name"),
        Column("year", say("In twelve months"), "number", "share", "figure"),
        Column("year_n", say("Of cases"), "number", "cases"),
        Column("period", say("In this period"), "number", "share", "aside"),
        Column("period_n", say("Of cases there"), "number", "cases"),
    )
    lines = (
        ("in_time", say("first response in time")),
        ("first_contact", say("resolved at the first contact")),
        ("escalated", say("escalated")),
        ("complaints", say("complaints")),
    )
    rows = (_share_row(key, label, found.year, found.period, saying) for key, label in lines)
    return Table("shares", say("Shares of cases"), columns, tuple(row for row in rows if row is not None))


def _share_row(key: str, label: str, year: Answered, period: Answered, saying: Saying) -> Row | None:
    """None where the source does not say it in the whole year."""
    long: Rate | None = getattr(year, key)
    short: Rate | None = getattr(period, key)
    if long is None or not long.n:
        return None
    short = short or Rate(0, 0)
    return Row(
        key,
        (
            Cell(label),
            _share(long, saying),
            saying.number(long.n, saying.counted("of {n} case", "of {n} cases", long.n)),
            _share(short, saying),
            saying.number(short.n, saying.say("of {n} in this period", n=short.n)),
        ),
    )


def _share(found: Rate, saying: Saying) -> Cell:
    if found.share is None or found.n < FLOOR:
        return Cell(saying.say("not enough cases"))
    return Cell(saying.percent(found.share), round(found.share, 4))


def _saves(lines: tuple[Beside, ...], saying: Saying) -> Table:
    say = saying.say
    columns = (
        Column("account", say("In the ninety days before, the account"), place="name"),
        Column("deals", say("Deals"), "number", "deals", "aside"),
        Column("rate", say("Saved of these"), "number", "share", "figure"),
        Column("other_deals", say("Other deals"), "number", "deals"),
        Column("others", say("Saved of the others"), "number", "share"),
    )
    caption = say("Save rate in twelve months, by what came to support before the deal was opened")
    return Table("beside", caption, columns, tuple(_saved(line, saying) for line in lines))


def _saved(line: Beside, saying: Saying) -> Row:
    counted, others = saying.counted, line.others
    return Row(
        line.came,
        (
            Cell(saying.say(WHOSE[line.came])),
            saying.number(line.rate.n, counted("{n} decided", "{n} decided", line.rate.n)),
            saying.rate(line.rate),
            saying.number(others.n, counted("{n} other decided", "{n} others decided", others.n)),
            saying.rate(others, sentence("all others {share}")),
        ),
    )
