"""How support answered, as blocks: how long customers waited, and what shares of cases went well."""

from __future__ import annotations

from typing import Final

from saveline.core.blocks import Cell, Column, Note, Row, Section, Table
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


def support(report: StageReport, saying: Saying) -> Section | None:
    """First response and resolution, and shares of cases, of twelve months and of the period."""
    found = report.work.support if report.work is not None else None
    if found is None:
        return None
    tables = [t for t in (_waits(found, saying), _shares(found, saying)) if t.rows]
    if not tables:
        return None
    return Section("support", saying.say("How support answered"), (*tables, Note(saying.say(COUNTED))))


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
    percent = saying.say("{percent}%", percent=saying.tongue.figure(f"{100 * found.share:.1f}"))
    return Cell(percent, round(found.share, 4))
