"""How sure a figure is."""

from __future__ import annotations

from saveline.core.certainty import Gap
from saveline.evidence import money
from saveline.evidence.calibration import Forecast, calibrate
from saveline.evidence.comparisons import FALSE_ALARMS, guard
from saveline.evidence.gaps import detectable, gaps
from saveline.evidence.incidence import Course, incidence
from saveline.evidence.learned import Visit, by_stage
from saveline.evidence.rates import rate
from saveline.evidence.rebound import rebound
from saveline.evidence.survival import Spell, stay
from saveline.evidence.trials import Assigned, intention_to_treat
from tests.definitions import Values, worked


@worked("Save rate and its interval")
def save_rate(given: Values) -> Values:
    found = rate(given["saved"], given["decided"])
    return {"rate": found.share, "low": found.low, "high": found.high}


@worked("Mean and total of money, with their interval")
def money_kept(given: Values) -> Values:
    found = money.mean(given["cents"])
    return {"total": found.total, "mean": found.mean, "low": found.low, "high": found.high}


def _told(gap: Gap | None) -> Values:
    assert gap is not None
    return {"difference": gap.difference, "low": gap.low, "high": gap.high, "p": gap.p}


@worked("Better or worse than the rest")
def against_the_rest(given: Values) -> Values:
    return _told(gaps([(given["saved"], given["of"], given["rest_saved"], given["rest_of"])])[0])


@worked("The guard against looking often")
def guarded(given: Values) -> Values:
    return {"adjusted": guard([float(p) for p in given["p"]])}


@worked("What could have been found")
def could_have(given: Values) -> Values:
    alpha = FALSE_ALARMS / given["comparisons"]
    more, less = detectable(float(given["rest_rate"]), given["deals"], given["rest_of"], alpha=alpha)
    return {"more": more, "less": less}


@worked("Holdout or staggered start")
def holdout(given: Values) -> Values:
    deals = [
        Assigned(arm, arm, number < given[f"{arm}_saved"])
        for arm in ("new", "usual")
        for number in range(given[f"{arm}_of"])
    ]
    return _told(intention_to_treat(deals, new="new", usual="usual").gap)


@worked("Difference over several shares")
def staggered(given: Values) -> Values:
    counted = [zip(given["shares"], given[f"{arm}_saved"], given[f"{arm}_of"], strict=True) for arm in ("new", "usual")]
    deals = [
        Assigned(arm, arm, number < saved, share)
        for arm, lines in zip(("new", "usual"), counted, strict=True)
        for share, saved, of in lines
        for number in range(of)
    ]
    return _told(intention_to_treat(deals, new="new", usual="usual").gap)


@worked("Fallback after standing out")
def fallback(given: Values) -> Values:
    groups = list(zip(given["saved"], given["of"], strict=True))
    found = rebound(groups, given["picked"], (given["next_saved"], given["next_of"]))
    assert found is not None
    return {
        "first": found.first.share,
        "expected": found.expected,
        "next": found.next.share,
        "by_chance": found.by_chance,
    }


@worked("Time in a stage")
def time_in_a_stage(given: Values) -> Values:
    left = [Spell(days, True) for days in given["left_after"]]
    there = [Spell(days, False) for days in given["still_there_after"]]
    found = stay(left + there, [given["days"]])
    (share,) = found.still_here
    return {"median": found.median.days, "share": share.share, "low": share.low, "high": share.high}


@worked("Saved, lost and let go by day")
def by_day(given: Values) -> Values:
    outcomes = ("saved", "lost", "let_go")
    deals = [Course(days, name) for name in outcomes for days in given[f"{name}_after"]]
    found = incidence([*deals, *(Course(days, None) for days in given["open_after"])], outcomes, [given["days"]])
    saved, lost, let_go = (line.shares[0] for line in found)
    return {
        "saved": saved.share,
        "saved_low": saved.low,
        "saved_high": saved.high,
        "lost": lost.share,
        "let_go": let_go.share,
    }


@worked("How good the forecast was")
def forecast(given: Values) -> Values:
    pairs = zip(given["chances"], given["saved"], strict=True)
    found = calibrate([Forecast("any", float(chance), saved) for chance, saved in pairs], ["any"])
    names = ("brier", "reliability", "resolution", "uncertainty", "skill")
    return {name: getattr(found, name) for name in names}


@worked("Chance of a save learned from history")
def learned(given: Values) -> Values:
    counts = zip(given["stages"], given["saved"], given["of"], strict=True)
    visits = [Visit(stage, 5, at < saved) for stage, saved, of in counts for at in range(of)]
    line = next(line for line in by_stage(visits, given["stages"]) if line.stage == given["stage"])
    return {"seen": line.seen.share, "chance": line.chance, "low": line.low, "high": line.high}
