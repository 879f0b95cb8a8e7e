"""How deals moved in the sample report: a year of some two hundred deals."""

from __future__ import annotations

from datetime import date

from saveline.core.ahead import Ahead, Renewals, TightLine
from saveline.core.certainty import (
    Calibration,
    Incidence,
    Learned,
    Quantile,
    ShareAt,
    StageForecast,
    Stay,
)
from saveline.core.intervals import rate
from saveline.core.journeys import Journeys, Variant
from saveline.core.pipeline import ForecastLine, FunnelStep, Outlook, Pipeline, StageTime, StuckLine

STAGES = (
    ("signal", "Signal", 2, 188, 0.3, (1.5, 2.5, 4)),
    ("triage", "Triage", 5, 640, 0.35, (2, 4.5, 8)),
    ("plan", "Plan agreed", 4, 771, 0.5, (4, 7.5, 12)),
    ("stabilise", "Stabilise", 6, 1430, 0.55, (7, 13, 22)),
    ("prove", "Prove value", 3, 420, 0.7, (6, 9.5, 17.5)),
    ("decide", "Renewal decision", 4, 760, 0.8, (3.5, 6, 9)),
)
CAME = (206, 190, 168, 151, 138, 127)
STOPPED = (11, 17, 13, 8, 9, 41)


def _funnel() -> tuple[FunnelStep, ...]:
    steps = []
    for (key, title, here, *_), came, stopped in zip(STAGES, CAME, STOPPED, strict=True):
        went = came - stopped - here
        steps.append(FunnelStep(key, title, came, went, stopped, here, rate(went, went + stopped)))
    return tuple(steps)


def _lines() -> tuple[ForecastLine, ...]:
    lines = []
    for (key, title, here, arr, stated, _), came in zip(STAGES, CAME, strict=True):
        seen = rate(82, came - here)
        assert seen.share is not None
        learned = Learned(key, seen, seen.share, seen.share - 0.07, seen.share + 0.07)
        lines.append(ForecastLine(key, title, here, arr * 100_000, stated, learned))
    return tuple(lines)


def _calibration(off: float, brier: float) -> Calibration:
    held = tuple(
        StageForecast(key, min(1.0, 82 / came + off), rate(round(82 * 0.6), round(came * 0.6)))
        for (key, *_), came in zip(STAGES, CAME, strict=True)
    )
    return Calibration(588, held, 0.5, brier, 0.01, 0.03, 0.25, 1 - brier / 0.25)


def _time(key: str, title: str, by: tuple[float, ...], came: int, here: int) -> StageTime:
    early, median, late = (Quantile(days, days * 0.9, days * 1.15) for days in by)
    after = tuple(ShareAt(days, 10, 0.5 ** (days / by[1]), 0.0, 1.0) for days in (7, 14, 30, 60))
    return StageTime(key, title, Stay(came, came - here, early, median, late, after))


def _ending(key: str, deals: int, last: float) -> Incidence:
    shares = ((30, 0.4), (60, 0.85), (90, 0.97), (180, 1.0))
    return Incidence(key, deals, tuple(ShareAt(days, 50, last * share, 0.0, 1.0) for days, share in shares))


WALK = ("signal", "triage", "plan", "stabilise", "prove", "decide")
JOURNEYS = Journeys(
    deals=206, ended=179, open=24, merged=3, reopened=5, took_in=3, split=1, median_days=41.5, mean_days=44.2,
    variants=(
        Variant(((WALK, "saved"),), 71, 47.9, 51.4),
        Variant(((WALK, "lost"),), 38, 50.2, 51.8),
        Variant(((WALK[:2], "lost"),), 17, 6.7, 7.8),
        Variant(((WALK[:4], ""),), 6, None, None),
    ),
)  # fmt: skip
PIPELINE = Pipeline(
    date(2025, 11, 23),
    _funnel(),
    Outlook(_lines(), 236_590_000, 261_300_000, _calibration(-0.12, 0.241), _calibration(0.01, 0.226)),
    tuple(_time(s[0], s[1], s[5], came, s[2]) for s, came in zip(STAGES, CAME, strict=True)),
    (
        _ending("saved", 66, 0.36),
        _ending("saved_smaller", 16, 0.09),
        _ending("lost", 71, 0.34),
        _ending("let_go", 26, 0.1),
    ),
    (
        StuckLine(12, "Umbra Bank", 77_100_000, "Renewal decision", 31.0, 9.0, late=True),
        StuckLine(19, "Hooli", 31_000_000, "Stabilise", 38.5, 22.0, late=False),
    ),
    2,
    108_100_000,
    JOURNEYS,
)
AHEAD = Ahead(
    date(2027, 2, 20),
    (
        Renewals("2026-11", 9, 410_000_00, 1, 93_000_00),
        Renewals("2026-12", 31, 2_240_000_00, 5, 771_000_00),
        Renewals("2027-01", 44, 3_020_000_00, 6, 940_000_00),
    ),
    14,
    14,
    (TightLine(18, "Willow Foods", 9_300_000, "Prove value", 24, 9, "renewal"),),
    1,
    9_300_000,
)
