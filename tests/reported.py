"""A week with something of everything, as a report: what forms of it are tried and looked at with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from saveline.core import retention as retained
from saveline.core.blocks import Page
from saveline.core.bowtie import Bowtie, Danger, Way
from saveline.core.customers import Customers
from saveline.core.findings import findings
from saveline.core.intervals import rate
from saveline.core.overrides import OverrideLine
from saveline.core.periods import parse
from saveline.core.product_changes import Change
from saveline.core.pulse import Link, Pulse, Team
from saveline.core.report import (
    Amount,
    DecisionLine,
    DelayedLine,
    OutcomeLine,
    OverdueLine,
    StageLine,
    StageReport,
)
from saveline.core.report_words import report_page
from saveline.core.retention import Cohort, Reason, Retention
from saveline.core.root_causes import Pair, Verified
from saveline.core.surveys import Answer, Surveys
from saveline.core.themes import Heard, ThemeLine
from saveline.core.touchpoints import Contacts, How, Met
from saveline.core.voice import Voice
from saveline.evidence.surveys import csat, nps
from saveline.notify.languages import tongue
from tests.reported_pipeline import AHEAD, PIPELINE
from tests.reported_work import BESIDE, WORK
from tests.reported_works import VALUE, WORKS

ZONE = "Europe/Lisbon"
WEEK = parse("2026-W47", ZONE)
HOSTILE = '=HYPERLINK("http://x.example") <b>#link("x")[y]</b> *a* _b_ \\ $ @c'
"""A name that is a formula, markup of three kinds and nothing of them."""


def nov(day: float) -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day - 1)


def thousands(deals: int, arr: int) -> Amount:
    return Amount(deals, arr * 100_000)


STAGES = (
    StageLine("signal", "Signal", thousands(2, 188), 2, 1.5, 0),
    StageLine("triage", "Triage", thousands(5, 640), 3, 2.5, 0),
    StageLine("plan", "Plan agreed", thousands(4, 771), 2, 6.0, 1),
    StageLine("stabilise", "Stabilise", thousands(6, 1430), 1, 14.5, 4),
    StageLine("prove", "Prove value", thousands(3, 420), 0, 21.0, 1),
    StageLine("decide", "Renewal decision", thousands(4, 760), 1, 9.0, 0),
)
OUTCOMES = (
    OutcomeLine("saved", "Saved", True, thousands(2, 512), 51_200_000),
    OutcomeLine("saved_smaller", "Saved smaller", True, thousands(1, 210), 15_200_000),
    OutcomeLine("lost", "Lost", False, thousands(1, 97), 0),
    OutcomeLine("let_go", "Let go", False, thousands(1, 47), 0),
)
DECISIONS = (
    DecisionLine(12, "Umbra Bank", 77_100_000, "Renewal decision", "Ana Ruiz", nov(21)),
    DecisionLine(18, "Willow Foods", 9_300_000, "Prove value", "Bob Lund", nov(27)),
    DecisionLine(19, "Hooli", 31_000_000, "Stabilise", "Ana Ruiz", nov(34)),
)
PAPER = "We have their word on paper; the annex follows on Monday."
OVERRIDDEN = (OverrideLine(19, "Hooli", "Triage", "Chris Moreau", PAPER, nov(20), nov(25)),)


def _overdue(name: str) -> tuple[OverdueLine, ...]:
    return (
        OverdueLine(12, "Umbra Bank", 77_100_000, "Credit note approval", 1, "Dora Weiss", "Finance", nov(19.5)),
        OverdueLine(14, "Sable Foods & Söhne", 18_800_000, "Confirm the terms", 2, "Ana Ruiz", "Success", nov(16.4)),
        OverdueLine(15, "Lumen Media", 16_000_000, "Weekly health check", 1, "Ana Ruiz", "Success", nov(17.4)),
        OverdueLine(17, name, 12_400_000, "Root-cause review with Support", 3, "Eli Stern", "Engineering", nov(20.3)),
    )


def paid(accounts: int, arr: int) -> retained.Amount:
    return retained.Amount(accounts, arr * 100_000)


REASONS = (
    Reason("price", paid(14, 790), paid(11, 610)),
    Reason("product_gap", paid(9, 520), paid(8, 500)),
    Reason("", churned=paid(8, 490)),
)
YEAR = Retention(
    date(2025, 11, 22), date(2026, 11, 22), paid(412, 28_400), paid(61, 4100), paid(96, 3300), paid(31, 900),
    paid(27, 1600), paid(446, 33_300), 25_900 / 28_400, 29_200 / 28_400, rate(385, 412), REASONS,
)  # fmt: skip
LAST_WEEK = Retention(
    date(2026, 11, 15), date(2026, 11, 22), paid(445, 33_310), paid(2, 61), paid(3, 40), paid(1, 14), paid(1, 97),
    paid(446, 33_300), 33_199 / 33_310, 33_239 / 33_310, rate(444, 445), (Reason("price", paid(1, 97), paid(1, 97)),),
)  # fmt: skip
COHORTS = (
    Cohort("2026-Q2", 15, (15, 15, 14), (98_000_000, 101_500_000, 97_000_000)),
    Cohort("2026-Q3", 18, (18, 18), (121_000_000, 121_000_000)),
)
CUSTOMERS = Customers(LAST_WEEK, -1_200_000, YEAR, COHORTS)


def answers(promoters: int, passives: int, detractors: int) -> list[Answer]:
    given = [9] * promoters + [8] * passives + [3] * detractors
    return [Answer(n, value) for n, value in enumerate(given)]


def content(k: int, n: int) -> list[Answer]:
    return [Answer(i, 5 if i < k else 2) for i in range(n)]


def _way(began: str, ended: Danger, pays: str, counted: tuple[int, int, int]) -> Way:
    accounts, base, now = counted
    return Way(began, ended, pays, accounts, base * 100_000, now * 100_000)


WAYS = (
    _way("there", "safe", "more", (84, 8100, 11_200)),
    _way("there", "safe", "same", (240, 12_900, 12_900)),
    _way("there", "safe", "less", (14, 700, 560)),
    _way("there", "safe", "left", (9, 420, 0)),
    _way("there", "cleared", "same", (4, 380, 380)),
    _way("there", "saved", "more", (12, 900, 1100)),
    _way("there", "saved", "same", (20, 2000, 2000)),
    _way("there", "saved", "less", (11, 900, 600)),
    _way("there", "saved", "left", (2, 140, 0)),
    _way("there", "open", "same", (22, 1900, 1900)),
    _way("there", "lost", "less", (6, 260, 160)),
    _way("there", "lost", "left", (14, 900, 0)),
    _way("began", "safe", "same", (57, 3890, 3890)),
    _way("began", "open", "same", (2, 210, 210)),
)
VOICE = Voice(
    Surveys(
        nps({"2026-Q1": answers(22, 14, 12), "2026-Q2": answers(25, 12, 14), "2026-Q3": answers(31, 15, 10),
             "2026-Q4": answers(24, 9, 7), "period": answers(4, 1, 1)}),
        csat({"2026-Q1": answers(0, 0, 0), "2026-Q2": content(61, 74), "2026-Q3": content(70, 81),
              "2026-Q4": content(44, 59), "period": content(5, 8)}),
    ),
    Contacts(
        Met(446, 201, 377, 12, 34.0), Met(24, 15, 21, 1, 18.5), (How("call", 61, 48), How("visit", 9, 9)),
    ),
    Bowtie(date(2025, 11, 22), date(2026, 11, 22), WAYS, 1),
    Heard(
        (ThemeLine("price", 61, 84, 512_000_000), ThemeLine("support", 48, 75, 390_000_000),
         ThemeLine("missing_features", 22, 31, 175_000_000)), 640, 471,
    ),
    Verified(
        (Pair("value_not_seen", "product_gap", rate(14, 31), 118_000_000),
         Pair("value_not_seen", "not_adopted", rate(17, 31), 96_000_000),
         Pair("price_pressure", "value_not_seen", rate(9, 16), 71_000_000),
         Pair("price_pressure", "price", rate(7, 16), 52_000_000)),
        (Pair("product_gap", "features", rate(8, 11), 44_000_000),
         Pair("product_gap", "budget", rate(3, 11), 9_000_000)),
        7, 5,
    ),
    (Change("done", 9, 102_000_000, 8), Change("cannot", 4, 31_000_000, 1), Change("open", 3, 40_000_000, 0)),
    Pulse((Team("support", 6, 3.5, 3.8, 40, 36), Team("finance", 5, 3.2, 3.4, 12, 11)), 2, Link(2),
          (("support", "Support"), ("finance", "Finance"))),
)  # fmt: skip


def report(name: str = HOSTILE) -> StageReport:
    """23 deals before, 5 opened, 1 opened again, 5 closed: 24 now. ``name`` is that of one account."""
    made = StageReport(
        "Northwind Software", "USD", WEEK, thousands(23, 4380), thousands(5, 615), thousands(24, 4209), STAGES,
        OUTCOMES, _overdue(name), (("Finance", 11), ("Success", 9), ("Engineering", 4)), DECISIONS,
        reopened=thousands(1, 80), kept=thousands(3, 664), watched=thousands(2, 310), lost_after_all=thousands(1, 140),
        delayed=(DelayedLine(7, "Initech", 14_000_000, 12_600_000, nov(-60), date(2026, 11, 18)),),
        overridden=OVERRIDDEN, customers=CUSTOMERS, voice=VOICE, work=WORK, pipeline=PIPELINE, ahead=AHEAD,
        works=WORKS, value=VALUE, beside=BESIDE,
    )  # fmt: skip
    return replace(made, findings=findings(made))


def page(language: str = "en") -> Page:
    return report_page(report(), ZONE, tongue(language))
