"""What works, as blocks: save rates held against each other, what is kept per deal, saves that lasted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saveline.core.blocks import Cell, Column, Interval, Intervals, Note, Row, Section, Sentences, Table, Tone
from saveline.core.certainty import Comparison, MoneyMean
from saveline.core.differing import KINDS, called, differs
from saveline.core.report import StageReport
from saveline.core.report_sections import charted, measured
from saveline.core.saying import Saying
from saveline.core.tongue import plural, sentence
from saveline.core.works import Lasting, Line, Works, found

VERDICTS: Final[Mapping[str, str]] = {
    "better": sentence("better"),
    "worse": sentence("worse"),
    "no difference shown": sentence("no difference shown"),
    "not enough cases": sentence("not enough cases"),
}
COUNTED: Final = sentence(
    "Every deal decided since {since} counts for the play it was opened with, whatever then happened to it: let go, "
    "paused, given to others, opened again with another play. It counts once, as it last ended."
)
OTHERS: Final = sentence(
    "A deal counts for the first of its causes, and for the place where most of its tasks were finished: that is where "
    "the team works, not how the customer was reached."
)
LASTING: Final = sentence(
    "A save counts as lasting only when its watch is over and the account still pays; without a watch, while it pays. "
    "What is lost after all is counted against all of which it is known."
)


def points(share: float, saying: Saying) -> str:
    """``+12.5``: a difference of shares in points."""
    sign = "+" if share > 0 else "−" if share < 0 else ""
    return f"{sign}{saying.tongue.figure(f'{abs(100 * share):.1f}')}"


# --- save rates -------------------------------------------------------------------------------------------------------


def works(report: StageReport, saying: Saying) -> Section | None:
    """Save rates by play, drawn with their intervals. The whole of each comparison is in the table below."""
    if report.works is None:
        return None
    say, made = saying.say, report.works
    title, said = say("What works"), _shown(made, saying)
    columns = (
        Column("play", say("Play"), place="name"),
        Column("decided", say("Decided"), "number", "deals", "aside"),
        Column("rate", say("Save rate"), "number", "share", "figure"),
        Column("verdict", say("Against the others")),
    )
    rows = tuple(Row(line.name, _play_row(line, saying)) for line in made.of("play"))
    table = Table("works", say("Save rate by play in twelve months"), columns, rows)
    note = Note(f"{say(COUNTED, since=saying.day(made.since))} {_neither(made, saying)}")
    red = next(iter(found(made, ("worse",), dimension="play")), None)
    shown = (line for line in made.of("play") if line.comparison.rate.share is not None)
    bars = tuple(_bar(line, saying, "bad" if line is red else "") for line in shown)
    if not bars:
        return Section("works", title, (Sentences((said,)), table, note))
    drawn = charted(Intervals(bars, made.saved.share), said, title, table, saying)
    return Section("works", title, (*drawn, note), brief=True)


def _play_row(line: Line, saying: Saying) -> tuple[Cell, ...]:
    told = line.comparison
    return (
        Cell(called("play", line.name, saying.tongue)),
        saying.number(told.rate.n, saying.counted("{n} decided", "{n} decided", told.rate.n)),
        saying.rate(told.rate),
        Cell(saying.say(VERDICTS[told.verdict])),
    )


def compared(report: StageReport, saying: Saying) -> Section | None:
    """Every group that was held against the rest of its kind, where any was."""
    if report.works is None or not report.works.compared:
        return None
    say, doorless = saying.say, report.works.doorless
    columns = (
        Column("group", say("Group"), place="name"),
        Column("kind", say("Of")),
        Column("saved", say("Saved"), "number", "deals"),
        Column("decided", say("Decided"), "number", "deals", "aside"),
        Column("rate", say("Save rate"), "number", "share", "figure"),
        Column("rest", say("All others"), "number", "share"),
        Column("verdict", say("Against the others")),
        Column("findable", say("Would have been seen from"), "number", "share"),
    )
    rows = tuple(_rate_row(line, saying) for line in report.works.lines)
    caption = say("Save rate by play, cause, segment and where tasks are finished, in twelve months")
    notes = [say(OTHERS)]
    if doorless:
        forms = plural(
            "{n} deal of which no task was finished is in no place.",
            "{n} deals of which no task was finished are in no place.",
        )
        notes.append(saying.counted(*forms, doorless))
    blocks = (Table("compared", caption, columns, rows), Note(" ".join(notes)))
    return Section("compared", say("Everything that was compared"), blocks)


def _rate_row(line: Line, saying: Saying) -> Row:
    told, counted = line.comparison, saying.counted
    cells = (
        Cell(called(line.dimension, line.name, saying.tongue)),
        Cell(saying.say(KINDS[line.dimension])),
        saying.number(told.rate.k, saying.say("{n} saved", n=told.rate.k)),
        saying.number(told.rate.n, counted("{n} decided", "{n} decided", told.rate.n)),
        saying.rate(told.rate),
        saying.share(told.rest.share, sentence("all others {share}")),
        Cell(saying.say(VERDICTS[told.verdict])),
        _findable(told, saying),
    )
    return Row(f"{line.dimension}:{line.name}", cells)


def _findable(told: Comparison, saying: Saying) -> Cell:
    """How large a difference would have had to be to show; it stands where none did."""
    if told.verdict != "no difference shown":
        return Cell("")
    more, less = told.more_detectable, told.less_detectable
    if more is None and less is None:
        return Cell(saying.say("none at all"), phrase=saying.say("no difference could have been seen"))
    text = " / ".join(points(d, saying) for d in (more, less) if d is not None)
    said = saying.say("{points} points would have been seen", points=text)
    return Cell(saying.say("{points} points", points=text), None if more is None else round(more, 6), said)


def _bar(line: Line, saying: Saying, tone: Tone) -> Interval:
    """Better ones are green; of the worse ones only the surest is red."""
    name, better = called("play", line.name, saying.tongue), line.verdict == "better"
    return measured(name, line.comparison.rate, saying, "good" if better else tone)


def _shown(made: Works, saying: Saying) -> str:
    """What the chart of the plays says."""
    plays = found(made, dimension="play")
    if plays:
        return differs(plays[0], saying.tongue)
    if any(line.verdict == "no difference shown" for line in made.of("play")):
        return saying.say("No play is shown to be better or worse than the others.")
    return saying.say("There are not enough deals to hold plays against each other.")


def _neither(made: Works, saying: Saying) -> str:
    """The deals that are on neither side, each kind with its number."""
    counted = saying.counted
    open_ = counted("{n} deal is still open", "{n} deals are still open", made.open)
    merged = counted("{n} was merged into another", "{n} were merged into others", made.merged)
    cleared = counted("of {n} the risk cleared", "of {n} the risk cleared", made.cleared)
    return saying.say("On neither side: {open}, {merged}, {cleared}.", open=open_, merged=merged, cleared=cleared)


# --- money and time ---------------------------------------------------------------------------------------------------


def kept(report: StageReport, saying: Saying) -> Section | None:
    """The value kept per decided deal, of every group and of all."""
    if report.works is None or report.works.kept.mean is None:
        return None
    say, made, currency = saying.say, report.works, saying.currency
    columns = (
        Column("group", say("Group"), place="name"),
        Column("kind", say("Of")),
        Column("mean", say("Kept per deal"), "money", currency, "figure"),
        Column("low", say("At least"), "money", currency),
        Column("high", say("At most"), "money", currency),
        Column("total", say("Kept in all"), "money", currency),
        Column("decided", say("Decided"), "number", "deals", "aside"),
    )
    whole = Row("all", (Cell(say("All deals")), Cell(""), *_money(made.kept, saying)), strong=True)
    rows = (
        Row(
            f"{line.dimension}:{line.name}",
            (
                Cell(called(line.dimension, line.name, saying.tongue)),
                Cell(say(KINDS[line.dimension])),
                *_money(line.kept, saying),
            ),
        )
        for line in made.lines
    )
    table = Table("works_kept", say("Value kept per decided deal in twelve months"), columns, (*rows, whole))
    note = Note(
        say(
            "A deal that was not saved, or was lost after all, counts with nothing. At least and at most: 95% interval."
        )
    )
    return Section("works_kept", say("What is kept per deal"), (table, note))


def _money(kept: MoneyMean, saying: Saying) -> tuple[Cell, ...]:
    say = saying.say
    low, high = (_cents(c, saying) for c in (kept.low, kept.high))
    mean = Cell(say("not enough cases")) if kept.mean is None else saying.amount(round(kept.mean))
    return (
        mean,
        Cell(low.text, low.value, say("from {value}", value=low.text) if low.text else ""),
        Cell(high.text, high.value, say("to {value}", value=high.text) if high.text else ""),
        saying.amount(kept.total, say("{value} in all", value=saying.money(kept.total))),
        saying.number(kept.n, saying.counted("{n} decided", "{n} decided", kept.n)),
    )


def _cents(cents: float | None, saying: Saying) -> Cell:
    return Cell("") if cents is None else saying.amount(round(cents))


def lasting(report: StageReport, saying: Saying) -> Section | None:
    """How many saves lasted, by play and in all."""
    if report.works is None or not _saves(report.works.lasting):
        return None
    say, made = saying.say, report.works
    columns = (
        Column("play", say("Play"), place="name"),
        Column("rate", say("Lasted"), "number", "share", "figure"),
        Column("held", say("Lasting"), "number", "deals"),
        Column("lost", say("Lost after all"), "number", "deals", "aside"),
        Column("watched", say("Not known yet"), "number", "deals"),
    )
    rows = [
        Row(line.name, (Cell(called("play", line.name, saying.tongue)), *_lasted(line.lasting, saying)))
        for line in made.of("play")
        if _saves(line.lasting)
    ]
    whole = Row("all saves", (Cell(say("All saves")), *_lasted(made.lasting, saying)), strong=True)
    table = Table("lasting", say("What became of the saves of twelve months"), columns, (*rows, whole))
    return Section("lasting", say("Saves that lasted"), (table, Note(say(LASTING))))


def _saves(lasting: Lasting) -> int:
    return lasting.held + lasting.lost + lasting.watched


def _lasted(lasting: Lasting, saying: Saying) -> tuple[Cell, ...]:
    counted = saying.counted
    known = Cell("") if not lasting.rate.n else saying.rate(lasting.rate, sentence("{share} lasted"))
    return (
        known,
        saying.number(lasting.held, counted("{n} lasting", "{n} lasting", lasting.held)),
        saying.number(lasting.lost, counted("{n} lost after all", "{n} lost after all", lasting.lost)),
        saying.number(lasting.watched, counted("{n} not known yet", "{n} not known yet", lasting.watched)),
    )
