"""How deals move, as blocks: the funnel, what they are likely to come to, how long they stay, which are stuck."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from saveline.core.blocks import Block, Cell, Column, Intervals, Note, Row, Section, Sentences, Table
from saveline.core.certainty import FLOOR, Calibration, Learned, Quantile, ShareAt, StageForecast
from saveline.core.journeys import Variant
from saveline.core.pipeline import ForecastLine, FunnelStep, Outlook, Pipeline, StageTime
from saveline.core.report import StageReport
from saveline.core.report_sections import charted, measured
from saveline.core.saying import Saying
from saveline.core.tongue import sentence

MOST_WAYS: Final = 8
FUNNEL: Final = sentence(
    "Deals that came to a stage since {day}, each once. They went on if they came to a later stage or were saved; they "
    "stopped if they ended there in another way. Whoever is still there is in neither, nor is who was merged or whose "
    "risk cleared."
)
STAYED: Final = sentence(
    "Kaplan–Meier: a deal that is still in a stage counts for as long as it has been there, so slow deals are not left "
    "out because nobody knows yet how slow they are."
)
ENDED: Final = sentence(
    "Aalen–Johansen, of deals opened since {day}: those still open count for as long as they have been, and no deal "
    "that is lost still counts as one that may be saved."
)


# --- the funnel -------------------------------------------------------------------------------------------------------


def funnel(report: StageReport, saying: Saying) -> Section | None:
    """Which share of the deals that come to a stage goes on from there."""
    found = report.pipeline
    if found is None or not any(step.rate.share for step in found.funnel):
        return None
    say = saying.say
    columns = (
        Column("stage", say("Stage"), place="name"),
        Column("came", say("Came in"), "number", "deals"),
        Column("went_on", say("Went on"), "number", "deals"),
        Column("stopped", say("Stopped"), "number", "deals"),
        Column("here", say("Still there"), "number", "deals"),
        Column("rate", say("Went on, of those that left"), "number", "share", "figure"),
    )
    rows = tuple(Row(step.stage, _step(step, saying)) for step in found.funnel)
    table = Table("funnel", say("Deals by stage in twelve months"), columns, rows)
    title = say("How far deals come")
    note = Note(say(FUNNEL, day=saying.day_of(found.since)))
    bars = tuple(measured(step.title, step.rate, saying) for step in found.funnel if step.rate.share is not None)
    narrow = min((s for s in found.funnel if s.rate.share is not None), key=lambda s: s.rate.share or 0)
    return Section("funnel", title, (*charted(Intervals(bars), _narrowest(narrow, saying), title, table, saying), note))


def _step(step: FunnelStep, saying: Saying) -> tuple[Cell, ...]:
    counted = saying.counted
    return (
        Cell(step.title),
        saying.number(step.came, counted("{n} came in", "{n} came in", step.came)),
        saying.number(step.went_on, counted("{n} went on", "{n} went on", step.went_on)),
        saying.number(step.stopped, counted("{n} stopped", "{n} stopped", step.stopped)),
        saying.number(step.here, counted("{n} still there", "{n} still there", step.here)),
        saying.rate(step.rate),
    )


def _narrowest(step: FunnelStep, saying: Saying) -> str:
    return saying.say(
        "Fewest go on from {stage}: {share} of the {n} that left it.",
        stage=step.title,
        share=saying.percent(step.rate.share or 0),
        n=step.rate.n,
    )


# --- what it is likely to come to -------------------------------------------------------------------------------------


def outlook(report: StageReport, saying: Saying) -> Section | None:
    """What of the ARR at risk is likely to be saved, and how good such forecasts were."""
    if report.pipeline is None or not report.at_risk.deals:
        return None
    found, say = report.pipeline.outlook, saying.say
    if found.stated_cents is None and found.learned_cents is None:
        return None
    told = Sentences(tuple(_expected(found, report, saying)))
    return Section("outlook", say("What is likely to be saved"), (told, _chances(found, report, saying)))


def reliability(report: StageReport, saying: Saying) -> Section | None:
    """How good forecasts of each kind were, all in all and by stage."""
    if report.pipeline is None:
        return None
    found = report.pipeline.outlook
    if not found.stated.stages and not found.learned.stages:
        return None
    table = _reliability(found, saying)
    return Section(
        "reliability", saying.say("How good past forecasts were"), (Sentences(tuple(_past(found, saying))), table)
    )


def _expected(found: Outlook, report: StageReport, saying: Saying) -> list[str]:
    say, at_risk = saying.say, saying.money(report.at_risk.arr_cents)
    lines = []
    if found.learned_cents is not None:
        value = saying.money(found.learned_cents)
        lines.append(
            say("Of {arr} at risk, {value} is likely to be saved, as deals ended before.", arr=at_risk, value=value)
        )
    if found.stated_cents is not None:
        value = saying.money(found.stated_cents)
        lines.append(say("By the chances in the settings it is {value}.", value=value))
    return lines


def _chances(found: Outlook, report: StageReport, saying: Saying) -> Table:
    say, currency = saying.say, report.currency
    columns = (
        Column("stage", say("Stage"), place="name"),
        Column("arr", say("ARR"), "money", currency, "figure"),
        Column("stated", say("Chance stated"), "number", "share"),
        Column("stated_arr", say("Forecast"), "money", currency),
        Column("learned", say("Chance learned"), "number", "share"),
        Column("seen", say("Learned from"), "number", "deals"),
        Column("learned_arr", say("Forecast learned"), "money", currency),
    )
    total = Row(
        "all",
        (
            Cell(say("All")),
            saying.amount(report.at_risk.arr_cents),
            Cell(""),
            Cell("") if found.stated_cents is None else saying.amount(found.stated_cents),
            Cell(""),
            Cell(""),
            Cell("") if found.learned_cents is None else saying.amount(found.learned_cents),
        ),
        strong=True,
    )
    rows = (*(Row(line.stage, _chance(line, saying)) for line in found.lines), total)
    return Table("outlook", say("ARR at risk by stage, times the chance of a save"), columns, rows)


def _chance(line: ForecastLine, saying: Saying) -> tuple[Cell, ...]:
    learned = line.learned
    return (
        Cell(line.title),
        saying.amount(line.arr_cents),
        saying.share(line.stated, sentence("{share} stated")),
        Cell("") if line.stated is None else saying.amount(round(line.arr_cents * line.stated)),
        Cell("") if learned is None else Cell(_around(learned, saying), round(learned.chance, 6)),
        Cell("") if learned is None else saying.number(learned.seen.n, f"n = {learned.seen.n}"),
        Cell("") if learned is None else saying.amount(round(line.arr_cents * learned.chance)),
    )


def _around(learned: Learned, saying: Saying) -> str:
    return saying.say(
        "{share} ({low} to {high})",
        share=saying.percent(learned.chance),
        low=saying.percent(learned.low),
        high=saying.percent(learned.high),
    )


def _past(found: Outlook, saying: Saying) -> list[str]:
    """How good forecasts of each kind were, beside saying the same of every deal."""
    told = ((saying.say("the settings"), found.stated), (saying.say("what was learned"), found.learned))
    return [_score(by, past, saying) for by, past in told if past.brier is not None]


def _score(by: str, past: Calibration, saying: Saying) -> str:
    assert past.brier is not None
    assert past.uncertainty is not None
    brier, always = (saying.tongue.figure(f"{score:.3f}") for score in (past.brier, past.uncertainty))
    values = {"by": by, "brier": brier, "always": always, "n": past.n}
    if past.brier < past.uncertainty:
        return saying.say(
            "Past forecasts by {by}: Brier score {brier} over n = {n}; better than saying the same of every deal "
            "({always}).",
            **values,
        )
    return saying.say(
        "Past forecasts by {by}: Brier score {brier} over n = {n}; no better than saying the same of every deal "
        "({always}).",
        **values,
    )


def _reliability(found: Outlook, saying: Saying) -> Table:
    """By stage, the chance that was forecast against what happened."""
    say = saying.say
    columns = (
        Column("stage", say("Stage"), place="name"),
        Column("stated", say("Forecast by the settings"), "number", "share"),
        Column("learned", say("Forecast as learned"), "number", "share"),
        Column("happened", say("Were saved"), "number", "share", "figure"),
        Column("n", "n", "number", "deals"),
        Column("off", say("Outside the interval")),
    )
    stated, learned = ({line.stage: line for line in c.stages} for c in (found.stated, found.learned))
    titles = {line.stage: line.title for line in found.lines}
    rows = []
    for stage, title in titles.items():
        both = [line for line in (stated.get(stage), learned.get(stage)) if line is not None]
        if both:
            rows.append(Row(stage, (Cell(title), *_held(stated.get(stage), learned.get(stage), both[0], saying))))
    caption = say("Past forecasts by stage, and how many of those deals were saved")
    return Table("reliability", caption, columns, tuple(rows))


def _held(
    stated: StageForecast | None, learned: StageForecast | None, either: StageForecast, saying: Saying
) -> tuple[Cell, ...]:
    say = saying.say
    both = ((say("the settings"), stated), (say("what was learned"), learned))
    off = ", ".join(by for by, line in both if line is not None and line.off)
    return (
        saying.share(stated.forecast if stated else None),
        saying.share(learned.forecast if learned else None),
        saying.rate(either.happened),
        saying.number(either.happened.n, f"n = {either.happened.n}"),
        Cell(off),
    )


# --- how long ---------------------------------------------------------------------------------------------------------


def times(report: StageReport, saying: Saying) -> Section | None:
    """How long deals stay in a stage, and by when they have ended."""
    found = report.pipeline
    if found is None or not any(t.stay.still_here for t in found.times):
        return None
    say = saying.say
    columns = (
        Column("stage", say("Stage"), place="name"),
        Column("n", say("Deals"), "number", "deals", "aside"),
        Column("left", say("Left it"), "number", "deals"),
        Column("early", say("A quarter by"), "number", "days"),
        Column("median", say("Half by"), "number", "days", "figure"),
        Column("late", say("Three quarters by"), "number", "days"),
        Column("after_30", say("Still there after 30 days"), "number", "share"),
    )
    rows = tuple(Row(t.stage, _time(t, saying)) for t in found.times)
    blocks: list[Block] = [Table("times", say("Days in a stage, in twelve months"), columns, rows), Note(say(STAYED))]
    if any(e.shares for e in found.endings):
        blocks += [_endings(found, report, saying), Note(say(ENDED, day=saying.day_of(found.since)))]
    return Section("times", say("How long it takes"), tuple(blocks))


def _time(line: StageTime, saying: Saying) -> tuple[Cell, ...]:
    stay = line.stay
    after = next((s for s in stay.still_here if s.days == 30), None)
    return (
        Cell(line.title),
        saying.deals(stay.n),
        saying.number(stay.gone),
        _by(stay.early, sentence("a quarter left by {days}"), saying),
        _by(stay.median, sentence("half left by {days}"), saying, few=not stay.still_here),
        _by(stay.late, sentence("three quarters left by {days}"), saying),
        _at(after, saying),
    )


def _by(found: Quantile, phrase: str, saying: Saying, *, few: bool = False) -> Cell:
    """``12.5 d``; where so many have not left yet, that; with too few cases, that."""
    if found.days is None:
        return Cell(saying.say("not enough cases") if few else "–")
    return saying.days(round(found.days, 1), phrase)


def _at(found: ShareAt | None, saying: Saying) -> Cell:
    return saying.share(found.share if found else None, sentence("{share} still there after 30 days"))


def _endings(found: Pipeline, report: StageReport, saying: Saying) -> Table:
    say, days = saying.say, [s.days for s in found.endings[0].shares]
    places = [*("detail" for _ in days[:-1]), "figure"]
    columns = (
        Column("outcome", say("Outcome"), place="name"),
        Column("deals", say("Deals so far"), "number", "deals", "aside"),
        *(
            Column(f"after_{d:g}", say("After {days} days", days=f"{d:g}"), "number", "share", place)  # type: ignore[arg-type]
            for d, place in zip(days, places, strict=True)
        ),
    )
    titles = {o.key: o.title for o in report.outcomes}
    rows = tuple(
        Row(
            e.outcome,
            (Cell(titles.get(e.outcome, e.outcome)), saying.deals(e.k), *(saying.share(s.share) for s in e.shares)),
        )
        for e in found.endings
    )
    return Table("endings", say("Share of all deals that had ended so many days after they were opened"), columns, rows)


# --- what is stuck, and the ways --------------------------------------------------------------------------------------


def stuck(report: StageReport, saying: Saying) -> Section | None:
    """The open deals that have been in their stage for longer than three in four are, or too long for its clock."""
    if report.pipeline is None or not report.pipeline.stuck:
        return None
    found, say = report.pipeline, saying.say
    columns = (
        Column("account", say("Account"), place="name"),
        Column("arr", say("ARR"), "money", saying.currency, "figure"),
        Column("stage", say("Stage")),
        Column("days", say("Days there"), "number", "days"),
        Column("usual", say("Three in four are gone by"), "number", "days"),
        Column("late", say("Late"), place="aside"),
        Column("deal", say("Deal")),
    )
    rows = tuple(
        Row(
            str(s.deal_id),
            (
                Cell(s.account),
                saying.amount(s.arr_cents),
                Cell(s.stage),
                saying.days(round(s.days, 1), sentence("there {days}")),
                saying.days(round(s.usual, 1) if s.usual is not None else None, sentence("usual {days}")),
                Cell(say("late") if s.late else "", tone="bad" if s.late else ""),
                saying.deal(s.deal_id),
            ),
        )
        for s in found.stuck
    )
    more = saying.more(found.stuck_deals - len(found.stuck))
    table = Table("stuck", say("Open deals that stand still, most ARR first"), columns, rows, lists=True, more=more)
    return Section("stuck", say("What is stuck"), (table,))


def ways(report: StageReport, saying: Saying) -> Section | None:
    """The ways that deals took through the stages, the most usual first."""
    if report.pipeline is None or report.pipeline.journeys.deals < FLOOR:
        return None
    found, say = report.pipeline.journeys, saying.say
    columns = (
        Column("way", say("Way"), place="name"),
        Column("deals", say("Deals"), "number", "deals", "figure"),
        Column("median_days", say("Half took"), "number", "days"),
        Column("mean_days", say("Mean"), "number", "days"),
    )
    rows = tuple(
        Row(
            f"way_{i}",
            (
                Cell(_way(v, report)),
                saying.deals(v.deals),
                saying.days(_rounded(v.median_days), sentence("half took {days}")),
                saying.days(_rounded(v.mean_days), sentence("mean {days}")),
            ),
        )
        for i, v in enumerate(found.variants[:MOST_WAYS], 1)
    )
    left = len(found.variants) - len(rows)
    more = saying.counted("and {n} way more", "and {n} ways more", left) if left else ""
    said = say(
        "{deals} deals: {ended} ended, {open} open, {merged} merged; {again} of them were opened again.",
        deals=found.deals, ended=found.ended, open=found.open, merged=found.merged, again=found.reopened,
    )  # fmt: skip
    table = Table("ways", say("The ways deals took, and days from opening to the end"), columns, rows, more=more)
    return Section("ways", say("The ways deals took"), (Sentences((said,)), table))


def _way(variant: Variant, report: StageReport) -> str:
    """The way in the titles of its stages and of its end."""
    titles = {s.key: s.title for s in report.stages} | {o.key: o.title for o in report.outcomes}
    return replace(
        variant,
        walk=tuple((tuple(titles.get(s, s) for s in stages), titles.get(end, end)) for stages, end in variant.walk),
    ).title


def _rounded(days: float | None) -> float | None:
    return None if days is None else round(days, 1)
