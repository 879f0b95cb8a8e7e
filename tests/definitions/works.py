"""What works, and what saves cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from saveline.core.cases import Case
from saveline.core.value import Effort, told_hours
from saveline.core.works import Works
from saveline.evidence.value import value
from saveline.evidence.works import works
from tests.core.test_value import granting
from tests.definitions import Values, worked
from tests.evidence.deals import OUTCOMES, SPAN, ago, deal

ENDS = {"": None, "cleared": "no_risk"}


def _works(cases: list[Case], floor: int) -> Works:
    found = works(cases, OUTCOMES, SPAN, floor=floor)
    assert found is not None
    return found


@worked("Save rate of a play")
def of_a_play(given: Values) -> Values:
    deals = zip(given["opened_with"], given["then"], given["ended"], strict=True)
    cases = [
        deal(number, ENDS.get(ended, ended), play=then, opened_with=first)
        for number, (first, then, ended) in enumerate(deals)
    ]
    found = _works(cases, floor=1)
    line = next(line for line in found.of("play") if line.name == given["play"])
    told = line.comparison.rate
    return {
        "saved": told.k,
        "decided": told.n,
        "rate": told.share,
        "open": found.open,
        "neither": found.merged + found.cleared,
    }


@worked("Value kept per deal")
def kept_per_deal(given: Values) -> Values:
    deals = zip(given["ended"], given["kept"], given["left_after_all"], strict=True)
    cases = [
        deal(number, ended, kept=kept or None, watch_until=ago(0), left_at=ago(5) if left else None)
        for number, (ended, kept, left) in enumerate(deals)
    ]
    found = _works(cases, floor=10).kept
    return {"total": found.total, "mean": found.mean}


@worked("Saves that lasted")
def lasted(given: Values) -> Values:
    deals = zip(given["watched_days"], given["over"], given["left"], strict=True)
    cases = [deal(number, **_save(days, over=over, left=left)) for number, (days, over, left) in enumerate(deals)]
    found = _works(cases, floor=10).lasting
    return {"lasting": found.held, "lost": found.lost, "not_known": found.watched, "rate": found.rate.share}


def _save(days: int, *, over: bool, left: bool) -> dict[str, Any]:
    if not days:
        return {"left_on": (ago(10)).date() if left else None}
    until = ago(100) + timedelta(days=days)
    return {"watch_until": until, "kept_at": until if over else None, "left_at": ago(20) if left else None}


@worked("Hours a deal")
def hours_a_deal(given: Values) -> Values:
    efforts = {number: _effort(answers) for number, answers in enumerate(given["answers"])}
    cases = [deal(n, "saved" if kept else "lost", kept=kept or None) for n, kept in enumerate(given["kept"])]
    found = value(cases, OUTCOMES, SPAN, efforts=efforts)
    assert found is not None
    hours = found.hours
    return {
        "told": hours.n,
        "total": hours.total,
        "mean": hours.mean,
        "low": hours.low,
        "high": hours.high,
        "an_hour": found.kept_there_cents / hours.total,
    }


def _effort(answers: list[Any]) -> Effort:
    said = [h for a in answers for h in told_hours({"hours": float(a)})]
    return Effort(sum(said) if said else None)


@worked("What letting go saved")
def letting_go(given: Values) -> Values:
    saved = [deal(n, "saved", kept=1) for n in range(len(given["hours_of_saved"]))]
    gone = [deal(100 + n, "let_go") for n in range(given["let_go"])]
    efforts = {n: Effort(float(hours)) for n, hours in enumerate(given["hours_of_saved"])}
    found = value([*saved, *gone], OUTCOMES, SPAN, efforts=efforts)
    assert found is not None
    return {"hours": found.let_go_hours}


@worked("Concessions against limits")
def against_limits(given: Values) -> Values:
    (line,) = granting(given["given"], approved=given["approved"], refused=given["refused"])
    return {
        "given_in_all": line.given,
        "without_asking": line.own,
        "mean": line.total / line.given,
        "largest": line.largest,
    }
