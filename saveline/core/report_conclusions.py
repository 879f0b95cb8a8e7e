"""What may be concluded from the comparisons of a report and what may not, in sentences made from its numbers."""

from __future__ import annotations

from typing import Final

from saveline.core import report_trials as by_lot
from saveline.core.blocks import Block, Cell, Column, Note, Row, Section, Sentences, Table
from saveline.core.certainty import FLOOR
from saveline.core.differing import KINDS, called, differs
from saveline.core.report import StageReport
from saveline.core.report_works import points
from saveline.core.saying import Saying
from saveline.core.tongue import plural, sentence
from saveline.core.works import Line, Standout, Works, found

MOST: Final = 5
"""Findings that are said one by one."""
BETTER_ANYHOW: Final = sentence(
    "Whoever is worst does better next time, and whoever is best does worse, whatever was done: the extreme was partly "
    "luck. “By luck” is the part of the change since {day} that was to be expected of that alone."
)
NO_REASON: Final = sentence(
    "That a play, a segment or a place is the reason: nobody drew lots. Plays are made for accounts, and some accounts "
    "are easier to keep."
)


ELSE_NO_REASON: Final = sentence(
    "That a play, a segment or a place is the reason, but for what a trial shows: nobody else drew lots. Plays are "
    "made for accounts, and some accounts are easier to keep."
)


def concluded(report: StageReport, saying: Saying) -> Section | None:
    """First what may be concluded, then what may not."""
    if report.works is None:
        return None
    say = saying.say
    may = [say("May be concluded: {what}", what=line) for line in _may(report.works, saying)]
    may_not = [say("May not be concluded: {what}", what=line) for line in _may_not(report.works, saying)]
    blocks: tuple[Block, ...] = (Sentences(tuple(may)), Sentences(tuple(may_not)))
    return Section("concluded", say("What may be concluded, and what may not"), blocks)


def _may(made: Works, saying: Saying) -> list[str]:
    lines = found(made)
    said = [*by_lot.may(made.trials, saying), *(differs(line, saying.tongue) for line in lines[:MOST])]
    if len(lines) > MOST:
        forms = plural("{n} more difference is in the tables.", "{n} more differences are in the tables.")
        said.append(saying.counted(*forms, len(lines) - MOST))
    if not made.compared:
        said.append(saying.say("Nothing: no two sides have {floor} decided deals each.", floor=FLOOR))
    elif not lines:
        said.append(saying.say("No play, cause, segment or place is shown to differ from the others of its kind."))
    return said


def _may_not(made: Works, saying: Saying) -> list[str]:
    say, counted = saying.say, saying.counted
    said = [say(ELSE_NO_REASON if made.trials else NO_REASON), *by_lot.may_not(made.trials, saying)]
    quiet = [line for line in made.lines if line.verdict == "no difference shown"]
    if quiet:
        said.append(_alike(max(quiet, key=lambda line: line.comparison.rate.n), saying))
    if found(made):
        said.append(
            say(
                "That each difference is real: {n} comparisons were made, and of what they find up to one in twenty is "
                "luck (Benjamini–Hochberg).",
                n=made.compared,
            )
        )
    few = sum(line.verdict == "not enough cases" for line in made.lines)
    if few:
        forms = plural(
            "Anything about {n} group: it or the others of its kind have fewer than {floor} decided deals.",
            "Anything about {n} groups: they or the others of their kind have fewer than {floor} decided deals.",
        )
        said.append(counted(*forms, few, floor=FLOOR))
    if made.open:
        forms = plural("How {n} deal that is still open will end.", "How {n} deals that are still open will end.")
        said.append(counted(*forms, made.open))
    if made.lasting.watched:
        forms = plural("That {n} save under watch will last.", "That {n} saves under watch will last.")
        said.append(counted(*forms, made.lasting.watched))
    return said


def _alike(line: Line, saying: Saying) -> str:
    """That nothing was shown does not say that nothing is there: the largest group says how much could be."""
    told, kind = line.comparison, saying.say(KINDS[line.dimension])
    group = called(line.dimension, line.name, saying.tongue)
    found = " / ".join(points(d, saying) for d in (told.more_detectable, told.less_detectable) if d is not None)
    if not found:
        return saying.say(
            "That {kind} {group} is like the others: no difference could have been seen.", kind=kind, group=group
        )
    return saying.say(
        "That {kind} {group} is like the others: with {n} deals a difference under {points} points would often not "
        "have been seen.",
        kind=kind,
        group=group,
        n=told.rate.n,
        points=found,
    )


# --- fallback ---------------------------------------------------------------------------------------------------------


def fallback(report: StageReport, saying: Saying) -> Section | None:
    """The groups that stood out until a quarter ago, and how much of what became of them is luck running out."""
    if report.works is None or not report.works.standouts:
        return None
    say = saying.say
    columns = (
        Column("group", say("Group"), place="name"),
        Column("kind", say("Of")),
        Column("stood_out", say("It was the")),
        Column("first", say("Save rate then"), "number", "share"),
        Column("expected", say("Expected unchanged"), "number", "share"),
        Column("next", say("Save rate since"), "number", "share", "figure"),
        Column("by_luck", say("By luck"), "number", "share"),
        Column("beyond", say("Beyond luck")),
    )
    rows = tuple(_stood_out(s, saying) for s in report.works.standouts)
    table = Table(
        "fallback",
        say("The best and the worst before {day}, and since", day=saying.day(report.works.quarter)),
        columns,
        rows,
    )
    note = Note(say(BETTER_ANYHOW, day=saying.day(report.works.quarter)))
    return Section("fallback", say("Who stood out, and what became of it"), (table, note))


def _stood_out(standout: Standout, saying: Saying) -> Row:
    say, back = saying.say, standout.rebound
    low, high = saying.percent(back.low), saying.percent(back.high)
    beyond = say("yes") if back.beyond_chance else say("no: luck alone gives {low} to {high}", low=low, high=high)
    cells = (
        Cell(called(standout.dimension, standout.name, saying.tongue)),
        Cell(say(KINDS[standout.dimension])),
        Cell(say("best") if standout.best else say("worst")),
        saying.share(back.first.share, sentence("then {share}")),
        saying.share(back.expected, sentence("expected {share}")),
        saying.rate(back.next, sentence("since then {share}")),
        saying.share(back.by_chance, sentence("{share} of the change by luck")),
        Cell(beyond, phrase=say("beyond luck: {answer}", answer=beyond)),
    )
    return Row(f"{standout.dimension}:{'best' if standout.best else 'worst'}", cells)
