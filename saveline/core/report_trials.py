"""Trials by lot, as blocks: the arms as they were assigned, what lies between them, and what that shows."""

from __future__ import annotations

from typing import Final

from saveline.core.blocks import Block, Cell, Column, Note, Row, Section, Table
from saveline.core.certainty import FLOOR, Arm
from saveline.core.report import StageReport
from saveline.core.report_works import VERDICTS, points
from saveline.core.saying import Saying
from saveline.core.tongue import plural, sentence
from saveline.core.works import Tried

BY_LOT: Final = sentence(
    "An account counts in the arm that the lot gave, whatever play it then got, and once: with the first deal that a "
    "lot was drawn for. The trial is told from its beginning on. Deals are held only against such as had the same "
    "chance of the new play."
)
FURTHER: Final = plural(
    "{n} further deal of an account that had one counts on no side.",
    "{n} further deals of accounts that had one count on no side.",
)
ALONE: Final = plural(
    "{n} deal that was drawn while there was only one arm counts on no side.",
    "{n} deals that were drawn while there was only one arm count on no side.",
)
TOO_SOON: Final = sentence(
    "Anything from the trial {name} before {day}: lots are still drawn, and whoever looks every week finds a "
    "difference by luck sooner or later."
)
TOO_FEW: Final = sentence(
    "Anything from the trial {name}: one of its arms has fewer than {floor} decided deals to hold against the other."
)
NOT_SHOWN: Final = sentence(
    "That {play} and {usual} do the same: in the trial {name}, {low} to {high} points between them are possible."
)
MORE: Final = sentence(
    "That {play} is the reason why {points} points more are saved than with {usual} ({low} to {high}): in the trial "
    "{name} lots were drawn, which leave no other."
)
FEWER: Final = sentence(
    "That {play} is the reason why {points} points fewer are saved than with {usual} ({low} to {high}): in the trial "
    "{name} lots were drawn, which leave no other."
)


def trials(report: StageReport, saying: Saying) -> Section | None:
    """Every trial of which a deal lived in the twelve months."""
    if report.works is None or not report.works.trials:
        return None
    made, say = report.works.trials, saying.say
    blocks: tuple[Block, ...] = (_arms(made, saying), _gaps(made, saying), Note(_note(made, saying)))
    return Section("trials", say("Trials by lot"), blocks)


def _key(tried: Tried) -> str:
    """One trial among all: of the same name there can be another, between other plays."""
    return f"{tried.name}:{tried.trial.new.name}:{tried.trial.usual.name}"


def _arms(made: tuple[Tried, ...], saying: Saying) -> Table:
    say = saying.say
    columns = (
        Column("play", say("Play"), place="name"),
        Column("trial", say("Trial")),
        Column("saved", say("Saved"), "number", "deals"),
        Column("decided", say("Decided"), "number", "deals", "aside"),
        Column("rate", say("Save rate"), "number", "share", "figure"),
        Column("other", say("Got another play"), "number", "deals"),
        Column("open", say("Not decided yet"), "number", "deals"),
        Column("neither", say("On neither side"), "number", "deals"),
    )
    rows = [
        Row(f"{_key(tried)}:{('new', 'usual')[at]}", _arm(tried, arm, at, saying))
        for tried in made
        for at, arm in enumerate((tried.trial.new, tried.trial.usual))
    ]
    return Table("trials", say("What was saved of the accounts that lots were drawn for"), columns, tuple(rows))


def _arm(tried: Tried, arm: Arm, at: int, saying: Saying) -> tuple[Cell, ...]:
    counted = saying.counted
    return (
        Cell(arm.name),
        Cell(tried.name),
        saying.number(arm.rate.k, saying.say("{n} saved", n=arm.rate.k)),
        saying.number(arm.rate.n, counted("{n} decided", "{n} decided", arm.rate.n)),
        saying.rate(arm.rate),
        saying.number(arm.other, counted("{n} got another play", "{n} got another play", arm.other)),
        saying.number(tried.open[at], counted("{n} not decided yet", "{n} not decided yet", tried.open[at])),
        saying.number(tried.neither[at], counted("{n} on neither side", "{n} on neither side", tried.neither[at])),
    )


def _gaps(made: tuple[Tried, ...], saying: Saying) -> Table:
    say = saying.say
    columns = (
        Column("trial", say("Trial"), place="name"),
        Column("difference", say("New less usual, in points"), "number", "share", "figure"),
        Column("low", say("At least"), "number", "share"),
        Column("high", say("At most"), "number", "share"),
        Column("verdict", say("The new play is")),
        Column("to", say("Lots are drawn up to")),
    )
    rows = tuple(Row(_key(tried), _gap(tried, saying)) for tried in made)
    return Table("trial_differences", say("The new play against the usual one, by lot"), columns, rows)


def _gap(tried: Tried, saying: Saying) -> tuple[Cell, ...]:
    gap, say = tried.trial.gap, saying.say
    to = Cell(saying.day_of(tried.to), phrase=say("lots are drawn up to {day}", day=saying.day_of(tried.to)))
    if gap is None:
        return Cell(tried.name), Cell(say("not enough cases")), Cell(""), Cell(""), Cell(""), to
    known = VERDICTS[tried.trial.verdict] if tried.over else sentence("not to be said before the end")
    return (
        Cell(tried.name),
        _points(gap.difference, sentence("{points} points between the arms"), saying),
        _points(gap.low, sentence("at least {points}"), saying),
        _points(gap.high, sentence("at most {points}"), saying),
        Cell(say(known)),
        to,
    )


def _points(share: float, phrase: str, saying: Saying) -> Cell:
    text = points(share, saying)
    return Cell(text, round(share, 6), saying.say(phrase, points=text))


def _note(made: tuple[Tried, ...], saying: Saying) -> str:
    said = [saying.say(BY_LOT)]
    for forms, n in ((FURTHER, sum(t.again for t in made)), (ALONE, sum(t.alone for t in made))):
        said += [saying.counted(*forms, n)] if n else []
    return " ".join(said)


# --- what may be concluded --------------------------------------------------------------------------------------------


def may(made: tuple[Tried, ...], saying: Saying) -> list[str]:
    """What trials show that are over."""
    shown = [t for t in made if t.over and t.trial.verdict in {"better", "worse"}]
    return [_said(MORE if t.trial.verdict == "better" else FEWER, t, saying) for t in shown]


def may_not(made: tuple[Tried, ...], saying: Saying) -> list[str]:
    """What they do not: those that go on, that are too small, and that show nothing."""
    said = []
    for tried in made:
        if tried.trial.gap is None:
            said.append(saying.say(TOO_FEW, name=tried.name, floor=FLOOR))
        elif not tried.over:
            said.append(saying.say(TOO_SOON, name=tried.name, day=saying.day_of(tried.to)))
        elif tried.trial.verdict == "no difference shown":
            said.append(_said(NOT_SHOWN, tried, saying))
    return said


def _said(text: str, tried: Tried, saying: Saying) -> str:
    gap, trial = tried.trial.gap, tried.trial
    assert gap is not None
    of_gap = {"low": points(gap.low, saying), "high": points(gap.high, saying)}
    much = saying.tongue.figure(f"{abs(100 * gap.difference):.1f}")
    return saying.say(text, play=trial.new.name, usual=trial.usual.name, name=tried.name, points=much, **of_gap)
