"""How our own people feel beside how their customers fare, as blocks."""

from __future__ import annotations

from typing import Final

from saveline.core.blocks import Cell, Column, Note, Row, Section, Sentences, Table
from saveline.core.pulse import TOGETHER, Link, Team
from saveline.core.report import StageReport
from saveline.core.saying import Saying
from saveline.core.tongue import sentence

WARNING: Final = sentence(
    "A correlation over departments: it does not say which causes which, or that either does. Only departments with "
    "five or more answers in a month are told of. Answers are kept without names."
)


def pulse(report: StageReport, saying: Saying) -> Section | None:
    """The departments of which enough people answered."""
    found = report.voice.pulse if report.voice else None
    if found is None or not (found.teams or found.few):
        return None
    say, title = saying.say, saying.say("How our own people feel")
    columns = (
        Column("department", say("Department"), place="name"),
        Column("answers", say("Answers"), "number", "answers", "aside"),
        Column("mean", say("This month"), "number", "points", "figure"),
        Column("year", say("The year"), "number", "points"),
        Column("accounts", say("Accounts with a deal"), "number", "accounts"),
        Column("kept", say("Still pay"), "number", "accounts"),
    )
    names = dict(found.names)
    rows = tuple(Row(t.department, _cells(t, names.get(t.department, t.department), saying)) for t in found.teams)
    table = Table("pulse", say("Answers from 1 to 5 to the monthly question, by department"), columns, rows)
    few = saying.counted("{n} department has fewer.", "{n} departments have fewer.", found.few) if found.few else ""
    note = Note(f"{say(WARNING)} {few}".rstrip())
    return Section("pulse", title, (Sentences((_linked(found.link, saying),)), table, note))


def _cells(team: Team, name: str, saying: Saying) -> tuple[Cell, ...]:
    together = team.department == TOGETHER  # no one department, so no deals are theirs
    none = Cell("–", None, saying.say("not counted"))
    return (
        Cell(saying.say("Small departments together") if together else name, team.department),
        saying.number(team.answers, saying.counted("{n} answer", "{n} answers", team.answers)),
        _mean(team.mean, sentence("{points} this month"), saying),
        _mean(team.year_mean, sentence("{points} in the year"), saying),
        none if together else saying.accounts(team.accounts),
        none if together else saying.number(team.kept, saying.counted("{n} still pays", "{n} still pay", team.kept)),
    )


def _mean(value: float | None, phrase: str, saying: Saying) -> Cell:
    if value is None:
        return Cell("–", None, saying.say("too few answers this month"))
    text = saying.tongue.figure(f"{value:.1f}")
    return Cell(text, round(value, 2), saying.say(phrase, points=text))


def _linked(link: Link, saying: Saying) -> str:
    if link.r is None or link.low is None or link.high is None:
        if not link.groups:
            return saying.say("No department has enough answers to tell whether this goes with how its customers fare.")
        return saying.counted(
            "Only {n} department has enough answers: too few to tell whether this goes with how customers fare.",
            "Only {n} departments have enough answers: too few to tell whether this goes with how customers fare.",
            link.groups,
        )
    r, low, high = (saying.tongue.figure(f"{value:.2f}") for value in (link.r, link.low, link.high))
    return saying.say(
        "How people feel and how many of their accounts stay: correlation {r} (95% interval {low} to {high}, {n} "
        "departments).",
        r=r, low=low, high=high, n=link.groups,
    )  # fmt: skip
