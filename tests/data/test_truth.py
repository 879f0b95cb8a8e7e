"""A history whose true rates are known: every figure is computed once more, from the exported tables, by DuckDB.

The tables are those of a past week, as was known when it ended. Planted bugs that turned these tests red: a deal that
was opened again counted as two; a stay that began before the twelve months counted from its first day; a merged deal
counted as lost; a save under watch counted as kept; the last 120 days' forecasts looked back at.
"""

from __future__ import annotations

from datetime import timedelta

import lifelines
import pytest

from benchmarks.history import TRUTH
from saveline.core.report import Amount
from tests.data.seeded import Seeded

RANKS = "(VALUES ('signal', 0), ('triage', 1), ('plan_agreed', 2), ('stabilise', 3), ('prove_value', 4), ('decide', 5))"
YEAR = "(end_at() - INTERVAL 1 YEAR)"


def amount(known: Seeded, query: str) -> Amount:
    deals, cents = known.one(query)
    return Amount(deals, int(cents or 0))


# --- what is at risk --------------------------------------------------------------------------------------------------


def test_at_risk_before_opened_and_now(known: Seeded) -> None:
    report = known.report
    assert report.at_risk == amount(known, "SELECT count(*), sum(arr_cents) FROM deals WHERE closed_at IS NULL")
    opened = "SELECT count(*), sum(arr_cents) FROM deals WHERE opened_at >= start_at()"
    assert report.opened == amount(known, opened)
    steps = report.opened + report.reopened - report.closed - report.merged + report.corrected
    assert report.before + steps == report.at_risk
    cleared = known.one("SELECT count(*) FROM deals WHERE closed_at >= start_at() AND outcome <> 'merged'")
    assert report.closed.deals == cleared[0]


def test_each_stage(known: Seeded) -> None:
    here = {
        row[0]: row[1:]
        for row in known.ask(
            """SELECT stage, count(*), sum(arr_cents), median(epoch(end_at()) - epoch(stage_at)) / 86400,
                      count(*) FILTER (stage_late_at IS NOT NULL OR stage_due_at < end_at())
               FROM deals WHERE closed_at IS NULL GROUP BY stage"""
        )
    }
    entered = dict(
        known.ask(
            "SELECT stage, count(*) FROM events WHERE kind = 'stage_entered' AND happened_at >= start_at() GROUP BY 1"
        )
    )
    for line in known.report.stages:
        deals, cents, days, late = here.get(line.key, (0, 0, None, 0))
        assert (line.here, line.entered, line.late) == (Amount(deals, int(cents)), entered.get(line.key, 0), late)
        assert line.median_days == (None if days is None else pytest.approx(days, abs=0.06))


def test_each_outcome_and_what_became_of_saves(known: Seeded) -> None:
    ended = {
        row[0]: (Amount(row[1], int(row[2])), int(row[3] or 0))
        for row in known.ask(
            """SELECT outcome, count(*), sum(arr_cents), sum(kept_cents) FROM deals
               WHERE closed_at >= start_at() GROUP BY outcome"""
        )
    }
    for line in known.report.outcomes:
        assert (line.closed, line.kept_cents) == ended.get(line.key, (Amount(), 0))
    saves = "outcome IN ('saved', 'saved_smaller')"
    kept = f"SELECT count(*), sum(kept_cents) FROM deals WHERE {saves} AND kept_at >= start_at()"
    kept += " OR watch_until IS NULL AND kept_cents IS NOT NULL AND closed_at >= start_at()"
    watched = f"""SELECT count(*), sum(kept_cents) FROM deals
                  WHERE {saves} AND watch_until IS NOT NULL AND kept_at IS NULL AND left_at IS NULL"""
    left = f"SELECT count(*), sum(arr_cents) FROM deals WHERE {saves} AND left_at >= start_at()"
    report = known.report
    assert (report.kept, report.watched, report.lost_after_all) == tuple(
        amount(known, q) for q in (kept, watched, left)
    )


# --- how deals move ---------------------------------------------------------------------------------------------------

PASSAGES = f"""
    WITH way AS (
        SELECT deal_id, seq, kind, stage, happened_at AS since FROM events
        WHERE kind IN ('stage_entered', 'deal_closed', 'deal_merged')),
    passages AS (
        SELECT deal_id, stage, since, kind, lead(since) OVER (PARTITION BY deal_id ORDER BY seq) AS until FROM way),
    looked AS (SELECT * FROM deals WHERE closed_at IS NULL OR closed_at >= {YEAR}),
    stays AS (SELECT p.* FROM passages p JOIN looked USING (deal_id) WHERE kind = 'stage_entered'),
    first AS (SELECT deal_id, stage, min(since) AS since FROM stays GROUP BY ALL),
    decided AS (SELECT deal_id, closed_at, outcome IN ('saved', 'saved_smaller') AS saved FROM looked
                WHERE outcome IN ('saved', 'saved_smaller', 'lost', 'let_go'))
"""


def test_the_funnel(known: Seeded) -> None:
    """Of each deal and stage the first entry within the year decides what came after."""
    rows = known.ask(f"""{PASSAGES},
        ranks AS (SELECT col0 AS stage, col1 AS rank FROM {RANKS}),
        came AS (SELECT deal_id, s.stage, rank, min(since) AS since FROM stays s JOIN ranks r ON r.stage = s.stage
                 WHERE since >= {YEAR} GROUP BY ALL),
        fates AS (
            SELECT c.stage,
                coalesce(d.saved, false) OR EXISTS (
                    SELECT 1 FROM stays s JOIN ranks r ON r.stage = s.stage
                    WHERE s.deal_id = c.deal_id AND s.since > c.since AND r.rank > c.rank) AS went_on,
                d.deal_id IS NOT NULL AS decided, l.closed_at IS NULL AS here
            FROM came c JOIN looked l USING (deal_id) LEFT JOIN decided d USING (deal_id))
        SELECT stage, count(*), count(*) FILTER (went_on), count(*) FILTER (NOT went_on AND decided),
               count(*) FILTER (NOT went_on AND here) FROM fates GROUP BY stage""")
    found = {row[0]: row[1:] for row in rows}
    assert known.report.pipeline is not None
    for step in known.report.pipeline.funnel:
        assert (step.came, step.went_on, step.stopped, step.here) == found[step.stage], step.stage
        assert (step.rate.k, step.rate.n) == (step.went_on, step.went_on + step.stopped)


def test_what_is_likely_to_be_saved(known: Seeded) -> None:
    """The deals that a chance was learned from, and the sum that comes of the chances."""
    counts = "SELECT stage, count(*) FILTER (saved), count(*) FROM first JOIN decided USING (deal_id) GROUP BY stage"
    seen = {stage: (k, n) for stage, k, n in known.ask(f"{PASSAGES} {counts}")}
    assert known.report.pipeline is not None
    outlook, expected = known.report.pipeline.outlook, 0.0
    for line in outlook.lines:
        assert line.learned is not None
        assert (line.learned.seen.k, line.learned.seen.n) == seen[line.stage]
        assert line.learned.low < line.learned.chance < line.learned.high
        expected += line.arr_cents * line.learned.chance
    assert outlook.learned_cents == round(expected)
    n, base = known.one(f"""{PASSAGES} SELECT count(*), avg(saved::INT) FROM first JOIN decided USING (deal_id)
        WHERE since >= {YEAR} + INTERVAL 30 DAY AND since < end_at() - INTERVAL 120 DAY""")
    assert outlook.learned.n == n
    assert outlook.learned.base_rate == pytest.approx(base)
    n, brier = known.one(f"""{PASSAGES} SELECT count(*), avg((saved::INT - 0.6) ** 2)
        FROM first JOIN decided USING (deal_id) WHERE since >= {YEAR} AND since < end_at() - INTERVAL 120 DAY""")
    assert outlook.stated.n == n
    assert outlook.stated.brier == pytest.approx(brier)
    assert outlook.stated_cents == round(0.6 * known.report.at_risk.arr_cents)


def test_days_in_a_stage(known: Seeded) -> None:
    """Kaplan–Meier by lifelines, of stays that DuckDB makes of the events."""
    assert known.report.pipeline is not None
    for time in known.report.pipeline.times:
        spells = known.ask(f"""{PASSAGES} SELECT
            (epoch(coalesce(until, end_at())) - epoch(since)) / 86400 AS days, until IS NOT NULL AS gone,
            greatest(0, (epoch({YEAR}) - epoch(since)) / 86400) AS entry
            FROM stays WHERE stage = '{time.stage}' AND (until IS NULL OR until > {YEAR})""")
        days, gone, entry = zip(*spells, strict=True)
        assert (time.stay.n, time.stay.gone) == (len(spells), sum(gone))
        fitted = lifelines.KaplanMeierFitter().fit(days, gone, entry=entry)
        assert time.stay.median.days == pytest.approx(fitted.median_survival_time_, abs=1e-6)
        for share in time.stay.still_here:
            if share.share is not None:
                assert share.share == pytest.approx(fitted.predict(share.days), abs=1e-9)


def test_by_when_deals_have_ended(known: Seeded) -> None:
    """Aalen–Johansen, step by step as it is written in its definition."""
    rows = known.ask(f"""{PASSAGES} SELECT (epoch(coalesce(closed_at, end_at())) - epoch(opened_at)) / 86400,
        CASE WHEN outcome = 'merged' THEN NULL ELSE outcome END FROM looked WHERE opened_at >= {YEAR} ORDER BY 1""")
    assert known.report.pipeline is not None
    for ending in known.report.pipeline.endings:
        assert ending.k == sum(outcome == ending.outcome for _, outcome in rows)
        for share in (s for s in ending.shares if s.share is not None):
            free, reached, at_risk = 1.0, 0.0, len(rows)
            for days, outcome in rows:
                if days > share.days:
                    break
                if outcome is not None:
                    reached += free / at_risk if outcome == ending.outcome else 0.0
                    free *= 1 - 1 / at_risk
                at_risk -= 1
            assert share.share == pytest.approx(reached, abs=1e-9)


def test_what_is_stuck(known: Seeded) -> None:
    assert known.report.pipeline is not None
    late = {t.stage: t.stay.late.days for t in known.report.pipeline.times}
    rows = known.ask("""SELECT deal_id, arr_cents, stage, (epoch(end_at()) - epoch(stage_at)) / 86400,
        stage_late_at IS NOT NULL OR stage_due_at < end_at() FROM deals WHERE state = 'open'""")
    stuck = sorted((-arr, deal) for deal, arr, stage, days, is_late in rows if is_late or days > (late[stage] or 1e9))
    found = known.report.pipeline
    assert (found.stuck_deals, found.stuck_cents) == (len(stuck), -sum(arr for arr, _ in stuck))
    assert [s.deal_id for s in found.stuck] == [deal for _, deal in stuck[:10]]


def test_the_ways(known: Seeded) -> None:
    ways = known.ask(f"""{PASSAGES} SELECT way, count(*), median(days) FROM (
        SELECT deal_id, string_agg(activity, ' > ' ORDER BY events.seq) AS way,
               (epoch(any_value(closed_at)) - epoch(any_value(opened_at))) / 86400 AS days
        FROM events JOIN looked USING (deal_id) WHERE on_the_way GROUP BY deal_id) GROUP BY way""")
    assert known.report.pipeline is not None
    found = known.report.pipeline.journeys
    assert sorted(n for _, n, _ in ways) == sorted(v.deals for v in found.variants)
    by_way = {way: (n, days) for way, n, days in ways}
    for variant in found.variants:
        legs = ["deal opened" if i == 0 else "deal opened again" for i in range(len(variant.walk))]
        steps = [
            step
            for opened, (stages, ended) in zip(legs, variant.walk, strict=True)
            for step in (opened, *(f"stage: {s}" for s in stages), *([f"closed: {ended}"] if ended else ()))
        ]
        n, days = by_way[" > ".join(steps)]
        assert variant.deals == n
        assert variant.median_days == (None if days is None else pytest.approx(days))


# --- and the truth ----------------------------------------------------------------------------------------------------


def test_the_true_rates_are_within_their_intervals(known: Seeded) -> None:
    """How many deals go on from the last stage they all come to is known: who is to be saved goes through all."""
    assert known.report.pipeline is not None
    first = known.report.pipeline.funnel[0].rate
    plays, segments = TRUTH.by_play.values(), TRUTH.by_segment
    mean = (
        sum(plays) / len(TRUTH.by_play) + 0.2 * segments["enterprise"] + 0.3 * segments["mid"] + 0.5 * segments["smb"]
    )
    goes_on = mean + (1 - mean) * (1 - TRUTH.stops)
    assert first.low is not None
    assert first.high is not None
    assert first.low <= goes_on <= first.high
    assert known.period.end - known.period.start == timedelta(days=7)
