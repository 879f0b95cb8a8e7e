"""What customers answer when they are asked, and when somebody last met them, as blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from saveline.core.blocks import Block, Cell, Column, Interval, Intervals, Note, Row, Section, Sentences, Table
from saveline.core.phrases import words_of
from saveline.core.report import StageReport
from saveline.core.report_sections import charted
from saveline.core.saying import Saying
from saveline.core.surveys import PERIOD, NetLine, ShareLine, Surveys
from saveline.core.tongue import sentence
from saveline.core.touchpoints import Contacts, Met

COUNTED: Final = sentence(
    "Of each contact the last answer of a quarter or period counts; one without a contact counts by itself."
)


class _Line(NamedTuple):
    """A quarter or the period: ``figures`` are the estimate and its interval as they are printed, in points or percent,
    nothing for too few answers; ``shares`` are the same from 0 to 1."""

    key: str
    accounts: int
    n: int
    figures: tuple[float, float, float] | None
    shares: tuple[float, float, float]


class _Question(NamedTuple):
    """``whole`` is where the chart has its dashed line."""

    key: str
    title: str
    caption: str
    name: str
    unit: str
    whole: float | None


# --- NPS and CSAT -----------------------------------------------------------------------------------------------------


def nps(report: StageReport, saying: Saying) -> Section | None:
    """The net promoter score by quarter and in the period."""
    surveys, say = report.voice.surveys if report.voice else Surveys(), saying.say
    caption = say("NPS by quarter and in the period, from −100 to 100")
    question = _Question("nps", say("Would they recommend us"), caption, say("NPS"), "points", 0.5)
    return _asked(question, [_of_net(line) for line in surveys.nps], saying)


def csat(report: StageReport, saying: Saying) -> Section | None:
    """The share of answers of 4 and 5, by quarter and in the period."""
    surveys, say = report.voice.surveys if report.voice else Surveys(), saying.say
    caption = say("Answers of 4 and 5 of 5, by quarter and in the period")
    question = _Question("csat", say("How content they are"), caption, say("CSAT"), "percent", None)
    return _asked(question, [_of_share(line) for line in surveys.csat], saying)


def _of_net(line: NetLine) -> _Line:
    net = line.net
    if net.score is None or net.low is None or net.high is None:
        return _Line(line.key, line.accounts, net.n, None, (0, 0, 0))
    figures = net.score, net.low, net.high
    low, middle, high = ((points + 100) / 200 for points in (net.low, net.score, net.high))
    return _Line(line.key, line.accounts, net.n, figures, (middle, low, high))


def _of_share(line: ShareLine) -> _Line:
    rate = line.rate
    if rate.share is None or rate.low is None or rate.high is None:
        return _Line(line.key, line.accounts, rate.n, None, (0, 0, 0))
    shares = rate.share, rate.low, rate.high
    return _Line(line.key, line.accounts, rate.n, (100 * shares[0], 100 * shares[1], 100 * shares[2]), shares)


def _asked(question: _Question, lines: Sequence[_Line], saying: Saying) -> Section | None:
    if not any(line.n for line in lines):
        return None
    say = saying.say
    columns = (
        Column("quarter", say("Quarter"), place="name"),
        Column("answers", say("Answers"), "number", "answers", "aside"),
        Column("score", question.name, "number", question.unit, "figure"),
        Column("low", say("At least"), "number", question.unit),
        Column("high", say("At most"), "number", question.unit),
        Column("accounts", say("Accounts"), "number", "accounts"),
    )
    rows = tuple(Row(_row_key(line.key), _cells(line, question, saying)) for line in lines)
    table = Table(question.key, question.caption, columns, rows)
    marks = tuple(_mark(line, question, saying) for line in lines if line.figures)
    finding = _finding(question, lines, saying)
    blocks: tuple[Block, ...] = (Sentences((finding,)), table)
    if marks:
        blocks = charted(Intervals(marks, question.whole), finding, question.title, table, saying)
    return Section(question.key, question.title, (*blocks, Note(say(COUNTED))))


def _row_key(key: str) -> str:
    return key.lower().replace("-", "_")


def _label(line: _Line, saying: Saying) -> str:
    return saying.say("This period") if line.key == PERIOD else line.key.replace("-", " ")


def _cells(line: _Line, question: _Question, saying: Saying) -> tuple[Cell, ...]:
    answers = saying.counted("{n} answer", "{n} answers", line.n)
    ends = (sentence("at least {value}"), sentence("at most {value}"))
    figures: tuple[Cell, ...]
    if line.figures is None:
        figures = (Cell("–", None, saying.say("not enough answers")), Cell(""), Cell(""))
    else:
        said = [_said(value, question, saying) for value in line.figures]
        limits = (
            Cell(text, round(value, 2), saying.say(phrase, value=text))
            for text, value, phrase in zip(said[1:], line.figures[1:], ends, strict=True)
        )
        figures = (Cell(said[0], round(line.figures[0], 2)), *limits)
    return (
        Cell(_label(line, saying)),
        Cell(str(line.n), line.n, answers),
        *figures,
        saying.accounts(line.accounts),
    )


def _said(value: float, question: _Question, saying: Saying) -> str:
    if question.unit == "percent":
        return saying.say("{percent}%", percent=saying.tongue.figure(f"{value:.0f}"))
    whole = round(value)
    return f"{'+' if whole > 0 else '−' if whole < 0 else ''}{abs(whole)}"


def _mark(line: _Line, question: _Question, saying: Saying) -> Interval:
    assert line.figures is not None
    return Interval(_label(line, saying), *line.shares, _said(line.figures[0], question, saying), f"n = {line.n}")


def _finding(question: _Question, lines: Sequence[_Line], saying: Saying) -> str:
    """The last quarter beside the one before, as far as either can be told."""
    told = [line for line in lines if line.key != PERIOD and line.figures]
    if not told:
        return saying.say("Too few answers to tell the {name}.", name=question.name)
    last = told[-1]
    assert last.figures is not None
    value, low, high = (_said(figure, question, saying) for figure in last.figures)
    text = saying.say(
        "{name} is {value} in {quarter} (95% interval {low} to {high}, n = {n}).",
        name=question.name, value=value, quarter=_label(last, saying), low=low, high=high, n=last.n,
    )  # fmt: skip
    if len(told) < 2:
        return text
    before = told[-2]
    assert before.figures is not None
    then, quarter = _said(before.figures[0], question, saying), _label(before, saying)
    return f"{text} {saying.say('It was {value} in {quarter}.', value=then, quarter=quarter)}"


# --- touchpoints ------------------------------------------------------------------------------------------------------


def contact(report: StageReport, saying: Saying) -> Section | None:
    """Days since somebody met the customers, and how they were met in the period."""
    found = report.voice.contacts if report.voice else None
    if found is None or not (found.all.accounts or found.at_risk.accounts):
        return None
    title = saying.say("When somebody last met them")
    blocks: list[Block] = [Sentences((_met_finding(found, saying),)), _met_table(found, saying)]
    if found.by_how:
        blocks.append(_how_table(found, saying))
    return Section("contact", title, tuple(blocks))


def _met_table(found: Contacts, saying: Saying) -> Table:
    say = saying.say
    columns = (
        Column("accounts_of", say("Accounts"), place="name"),
        Column("accounts", say("Number"), "number", "accounts", "aside"),
        Column("median_days", say("Median days"), "number", "days", "figure"),
        Column("in_month", say("Within 30 days"), "number", "accounts"),
        Column("in_quarter", say("Within 90 days"), "number", "accounts"),
        Column("never", say("Never"), "number", "accounts"),
    )
    rows = (
        Row("at_risk", _met_cells(say("At risk"), found.at_risk, saying)),
        Row("all", _met_cells(say("All that pay"), found.all, saying)),
    )
    return Table("contact", say("Days since somebody met them, as far as anybody has"), columns, rows)


def _met_cells(label: str, met: Met, saying: Saying) -> tuple[Cell, ...]:
    shares = (
        (met.within_30, sentence("{n} within 30 days")),
        (met.within_90, sentence("{n} within 90 days")),
        (met.never, sentence("{n} never")),
    )
    return (
        Cell(label),
        saying.accounts(met.accounts),
        saying.days(met.median_days, sentence("{days} ago")),
        *(Cell(_of_all(n, met.accounts), n, saying.say(phrase, n=_of_all(n, met.accounts))) for n, phrase in shares),
    )


def _of_all(n: int, accounts: int) -> str:
    return f"{n} ({n / accounts:.0%})" if accounts else str(n)


def _how_table(found: Contacts, saying: Saying) -> Table:
    columns = (
        Column("how", saying.say("How"), place="name"),
        Column("touchpoints", saying.say("Touchpoints"), "number", "touchpoints", "figure"),
        Column("accounts", saying.say("Accounts"), "number", "accounts"),
    )
    rows = tuple(
        Row(
            how.how,
            (
                Cell(words_of(how.how), how.how),
                saying.number(how.touchpoints),
                saying.accounts(how.accounts),
            ),
        )
        for how in found.by_how
    )
    return Table("touchpoints", saying.say("How customers were met in the period"), columns, rows)


def _met_finding(found: Contacts, saying: Saying) -> str:
    risked = found.at_risk
    late = risked.accounts - risked.within_30
    if not risked.accounts:
        never = saying.accounts(found.all.never).said
        return saying.say("No account is at risk; {never} that pay nobody has ever met.", never=never)
    return saying.say(
        "Not met for more than 30 days: {late} of {accounts} at risk, {never} of them never.",
        accounts=saying.accounts(risked.accounts).said, late=late, never=risked.never,
    )  # fmt: skip
