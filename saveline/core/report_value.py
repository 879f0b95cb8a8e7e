"""What saves cost, as blocks: hours and concessions against the value kept, what was let go, and concessions."""

from __future__ import annotations

from typing import Final

from saveline.core.blocks import Bar, Bars, Cell, Column, Note, Row, Section, Table
from saveline.core.phrases import words_of
from saveline.core.report import StageReport
from saveline.core.report_sections import charted
from saveline.core.saying import Saying
from saveline.core.tongue import plural, sentence
from saveline.core.value import ConcessionLine, CostLine, Mean, Value

LET_GO: Final = sentence(
    "To let go is a decision. Such deals count as not saved in every rate of this report: no loss is hidden in them."
)
UNTOLD: Final = sentence(
    "Nobody says how many hours went into a deal: a question called “hours” in the form of a task would tell."
)
GIVEN: Final = sentence(
    "Without asking: given within the limit of whoever gave it. Percentages are not added up: the mean stands instead."
)


def cost(report: StageReport, saying: Saying) -> Section | None:
    """What the decided deals of twelve months took, and what is kept, by how they ended."""
    found = report.value
    if found is None or not found.deals:
        return None
    say, currency = saying.say, saying.currency
    columns = (
        Column("outcome", say("Outcome"), place="name"),
        Column("deals", say("Deals"), "number", "deals", "aside"),
        Column("arr", say("ARR"), "money", currency, "figure"),
        Column("kept", say("Kept"), "money", currency),
        Column("hours", say("Hours a deal"), "number", "hours"),
        Column("concessions", say("Concessions"), "number", "concessions"),
    )
    rows = tuple(Row(line.key, _cost(line, saying)) for line in found.lines)
    table = Table("cost", say("Deals decided in twelve months, what they took and what is kept"), columns, rows)
    bars = Bars(tuple(_bar(line, saying) for line in found.lines))
    title = say("What saves cost")
    notes = [_told(found, saying), *_let_go(found, saying)]
    return Section(
        "cost", title, (*charted(bars, _finding(found, saying), title, table, saying), Note(" ".join(notes)))
    )


def _cost(line: CostLine, saying: Saying) -> tuple[Cell, ...]:
    say, counted = saying.say, saying.counted
    kept = saying.money(line.kept_cents)
    given = counted("{n} concession", "{n} concessions", line.concessions)
    return (
        Cell(line.title),
        saying.deals(line.deals),
        saying.amount(line.arr_cents),
        saying.amount(line.kept_cents, say("{value} kept", value=kept)) if line.saved else Cell(""),
        _hours(line.hours, saying),
        saying.number(line.concessions, given),
    )


def _hours(hours: Mean, saying: Saying) -> Cell:
    """``12.5 (9.0 to 16.0), n = 14``; nothing where nobody told, and only of how many where they are too few."""
    if not hours.n:
        return Cell("")
    if hours.mean is None:
        return Cell(saying.say("not enough cases (n = {n})", n=hours.n))
    text = _number(hours.mean, saying)
    if hours.low is not None and hours.high is not None:
        low, high = _number(hours.low, saying), _number(hours.high, saying)
        text = saying.say("{mean} ({low} to {high})", mean=text, low=low, high=high)
    text = saying.say("{figure}, n = {n}", figure=text, n=hours.n)
    return Cell(text, round(hours.mean, 4), saying.say("{hours} hours", hours=text))


def _number(value: float, saying: Saying) -> str:
    return saying.tongue.figure(f"{value:,.1f}".removesuffix(".0"))


def _bar(line: CostLine, saying: Saying) -> Bar:
    deals = saying.deals(line.deals).said if line.deals else ""
    money = saying.money(line.arr_cents) if line.deals else "–"
    return Bar(line.title, line.arr_cents / 100, money, deals, "good" if line.saved else "")


def _finding(found: Value, saying: Saying) -> str:
    """What an hour keeps; where nobody tells hours, what is kept of what was decided."""
    kept = sum(line.kept_cents for line in found.lines)
    if found.hours.mean is None or not found.hours.total:
        arr = sum(line.arr_cents for line in found.lines)
        return saying.say("Of {arr} decided, {kept} is kept.", arr=saying.money(arr), kept=saying.money(kept))
    return saying.say(
        "{hours} hours went into {n} deals, of which {kept} is kept: {each} an hour.",
        hours=_number(found.hours.total, saying),
        n=found.hours.n,
        kept=saying.money(found.kept_there_cents),
        each=saying.money(round(found.kept_there_cents / found.hours.total)),
    )


def _told(found: Value, saying: Saying) -> str:
    """How many deals the hours are of."""
    if not found.hours.n:
        return saying.say(UNTOLD)
    return saying.say(
        "Hours are told of {n} of {deals} decided deals, and are those that people answered.",
        n=found.hours.n,
        deals=found.deals,
    )


def _let_go(found: Value, saying: Saying) -> list[str]:
    """What was let go, and what it would have taken at the mean of what was saved."""
    say, lines = saying.say, [line for line in found.lines if line.let_go]
    deals = sum(line.deals for line in lines)
    if not deals:
        return []
    arr = saying.money(sum(line.arr_cents for line in lines))
    forms = plural("{n} deal worth {arr} was let go.", "{n} deals worth {arr} were let go.")
    said = [saying.counted(*forms, deals, arr=arr)]
    hours, given = found.let_go_hours, found.saved_concessions
    if hours is not None:
        took = sentence("At the mean of those that were saved they would have taken {hours} hours.")
        said.append(say(took, hours=_number(hours, saying)))
    if given:
        said.append(say("A saved deal took {each} concessions in the mean.", each=_number(given, saying)))
    return [*said, say(LET_GO)]


# --- concessions ------------------------------------------------------------------------------------------------------


def concessions(report: StageReport, saying: Saying) -> Section | None:
    """What was granted in the period, against what people may grant by themselves."""
    if report.value is None or not report.value.concessions:
        return None
    say = saying.say
    columns = (
        Column("concession", say("Concession"), place="name"),
        Column("given", say("Given"), "number", "concessions", "figure"),
        Column("mean", say("In the mean"), "number"),
        Column("largest", say("The largest"), "number"),
        Column("total", say("In all"), "number"),
        Column("own", say("Without asking"), "number", "concessions"),
        Column("approved", say("Approved"), "number", "concessions", "aside"),
        Column("refused", say("Refused"), "number", "concessions", "aside"),
        Column("waiting", say("Waiting"), "number", "concessions"),
    )
    rows = tuple(Row(f"{c.concession}:{c.unit}", _concession(c, saying)) for c in report.value.concessions)
    table = Table("concessions", say("Concessions of the period, against what people may grant"), columns, rows)
    return Section("concessions", say("Concessions given"), (table, Note(say(GIVEN))))


def _concession(line: ConcessionLine, saying: Saying) -> tuple[Cell, ...]:
    counted, own = saying.counted, line.own
    return (
        Cell(words_of(line.concession)),
        saying.number(line.given, counted("{n} given", "{n} given", line.given)),
        _amount(line.total / line.given if line.given else None, line, saying, sentence("{amount} in the mean")),
        _amount(line.largest if line.given else None, line, saying, sentence("{amount} at most")),
        _amount(
            line.total if line.given and line.unit != "percent" else None, line, saying, sentence("{amount} in all")
        ),
        saying.number(own, counted("{n} without asking", "{n} without asking", own)),
        saying.number(line.approved, counted("{n} approved", "{n} approved", line.approved)),
        saying.number(line.refused, counted("{n} refused", "{n} refused", line.refused)),
        saying.number(line.waiting, counted("{n} waiting", "{n} waiting", line.waiting)),
    )


def _amount(amount: float | None, line: ConcessionLine, saying: Saying, phrase: str) -> Cell:
    """In what the concession is counted: percent, units of money, or a plain number."""
    if amount is None:
        return Cell("")
    if line.unit == "percent":
        text = saying.percent(amount / 100)
    elif line.unit == "money":
        text = saying.money(round(amount * 100))
    else:
        text = _number(amount, saying)
    return Cell(text, round(amount, 2), saying.say(phrase, amount=text))
