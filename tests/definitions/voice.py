"""What customers say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from saveline.core.arr import Course
from saveline.core.bowtie import PAYS, Risked, bowtie
from saveline.core.product_changes import Work, changes, fate
from saveline.core.root_causes import Opened, verified
from saveline.core.surveys import Answer
from saveline.core.themes import heard
from saveline.core.touchpoints import met
from saveline.evidence.correlation import link
from saveline.evidence.surveys import csat, net
from saveline.files.themes import shipped_themes
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


@worked("Themes and what they cost")
def themes(given: Values) -> Values:
    arr = dict(enumerate(given["arr"], 1))
    found = heard(((who, text) for who, text in given["texts"]), shipped_themes(), arr)
    line = next(line for line in found.themes if line.theme == given["theme"])
    return {"accounts": line.accounts, "mentions": line.mentions, "arr_cents": line.arr_cents}


@worked("Causes stated and causes found")
def causes(given: Values) -> Values:
    deals = (Opened(given["stated"], found or None, None, 0, closed=True) for found in given["found"])
    pair = next(pair for pair in verified(deals).found if pair.found == given["pair"])
    return {"k": pair.rate.k, "n": pair.rate.n, "low": pair.rate.low, "high": pair.rate.high}


@worked("Product changes asked for and done")
def product(given: Values) -> Values:
    asked = datetime(2026, 11, 2, tzinfo=UTC)
    later = asked + timedelta(days=3)
    ends = ((later, "done", outcome) if outcome else (None, "open", None) for outcome in given["ended"])
    fates = [fate(asked, [Work("engineering", asked, *end)], ["engineering"]) for end in ends]
    found = {c.fate: c for c in changes((f, cents, False) for f, cents in zip(fates, given["arr"], strict=True))}
    counts = {what: found[what].deals for what in ("done", "cannot", "open")}
    return {**counts, "done_arr": found["done"].arr_cents}


@worked("How our own people feel")
def pulse(given: Values) -> Values:
    found = link([(float(x), float(y)) for x, y in zip(given["mean"], given["kept"], strict=True)])
    return {"r": found.r, "low": found.low, "high": found.high}
