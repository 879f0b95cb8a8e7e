"""What customers say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from saveline.core.arr import Course
from saveline.core.bowtie import PAYS, Risked, bowtie
from saveline.core.surveys import Answer
from saveline.core.touchpoints import met
from saveline.evidence.surveys import csat, net
from tests.definitions import Values, worked


@worked("NPS and its interval")
def promoters(given: Values) -> Values:
    found = net(given["promoters"], given["passives"], given["detractors"])
    return {"nps": found.score, "low": found.low, "high": found.high}


@worked("CSAT and its interval")
def content(given: Values) -> Values:
    (line,) = csat({"period": [Answer(1, value) for value in given["answers"]]})
    return {"csat": line.rate.share, "low": line.rate.low, "high": line.rate.high}


@worked("Days since human contact")
def days_since(given: Values) -> Values:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    last = {n: at - timedelta(days=days, hours=5) for n, days in enumerate(given["days"])}
    found = met(range(len(last) + given["never"]), last, at)
    within = {"within_30": found.within_30, "within_90": found.within_90}
    return {"median": found.median_days, "never": found.never, **within}


@worked("The customers' journey of the year")
def journey(given: Values) -> Values:
    first, last = date(2025, 11, 22), date(2026, 11, 22)
    days = (date(2025, 1, 1), date(2026, 3, 1), date(2026, 6, 1))
    paid = zip(given["then"], given["between"], given["now"], strict=True)
    courses = {n: Course(days, steps) for n, steps in enumerate(paid)}
    made = bowtie(courses, [Risked(n, ended) for n, ended in enumerate(given["outcome"]) if ended], first, last)
    found = {"at_risk": made.at(1, "at_risk")[1], "saved": made.at(2, "saved")[1], "lost": made.at(2, "lost")[1]}
    return {**found, "paid_now": sum(made.at(3, key)[2] for key in PAYS)}
