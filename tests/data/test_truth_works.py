"""What works and saves beside support, of the seeded history: DuckDB counts the exported tables, and the intervals and
the guard are worked out once more from its counts.

Planted bugs that turned these tests red: a deal counted for the play it went on with; a save that was lost after all
kept its value; an account that left and had no watch counted as held; p not adjusted for how many there are; deals of
which nothing was ever finished as a door of their own; what was said of a support case after the week had ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, sqrt
from typing import Any

import pytest
from statsmodels.stats.multitest import fdrcorrection
from statsmodels.stats.proportion import proportion_confint

from saveline.core.certainty import FLOOR
from saveline.core.intervals import Rate
from saveline.core.works import Works
from tests.data.seeded import Seeded

DECIDED = """
    WITH lived AS (SELECT * FROM deals WHERE closed_at IS NULL OR closed_at >= end_at() - INTERVAL 1 YEAR),
    opened AS (SELECT deal_id, arg_min(data::JSON ->> '$.play', seq) AS play FROM events
               WHERE kind = 'deal_opened' GROUP BY 1),
    doors AS (SELECT deal_id, via AS door FROM events WHERE kind = 'task_done' GROUP BY deal_id, via
              QUALIFY row_number() OVER (PARTITION BY deal_id ORDER BY count(*) DESC, via) = 1),
    wide AS (
        SELECT l.deal_id, l.closed_at, l.outcome, l.kept_cents, l.play AS runs_by, o.play, coalesce(d.door, '') AS door,
            coalesce(split_part(l.causes, ';', 1), '') AS cause, coalesce(a.segment, '') AS segment,
            CASE WHEN l.closed_at IS NULL THEN 'open' WHEN l.outcome IN ('saved', 'saved_smaller') THEN 'saved'
                 WHEN l.outcome IN ('lost', 'let_go') THEN 'not_saved' ELSE l.outcome END AS side,
            CASE WHEN l.left_at IS NOT NULL THEN 'lost' WHEN l.kept_at IS NOT NULL THEN 'held'
                 WHEN l.watch_until IS NOT NULL THEN 'watched'
                 WHEN a.left_on < end_at() AT TIME ZONE 'Europe/Lisbon' THEN 'lost' ELSE 'held' END AS fate
        FROM lived l JOIN opened o USING (deal_id) JOIN accounts a USING (account_id)
            LEFT JOIN doors d USING (deal_id)),
    decided AS (SELECT *, side = 'saved' AS saved, side = 'saved' AND fate = 'held' AS held,
                    side = 'saved' AND fate = 'lost' AS left_after, side = 'saved' AND fate = 'watched' AS watched
                FROM wide WHERE side IN ('saved', 'not_saved'))"""
COUNTS = """count(*) FILTER (saved), count(*), count(*) FILTER (held), count(*) FILTER (left_after),
    count(*) FILTER (watched), coalesce(sum(kept_cents) FILTER (held OR watched), 0)::BIGINT"""


def of(known: Seeded) -> Works:
    assert known.report.works is not None
    return known.report.works


def wilson(rate: Rate) -> None:
    if rate.n < FLOOR:
        assert (rate.share, rate.low, rate.high) == (None, None, None)
        return
    assert rate.share == pytest.approx(rate.k / rate.n)
    assert (rate.low, rate.high) == pytest.approx(proportion_confint(rate.k, rate.n, 0.05, "wilson"), abs=1e-9)


def test_all_of_it(known: Seeded) -> None:
    works = of(known)
    k, n, held, lost, watched, kept = known.one(f"{DECIDED} SELECT {COUNTS} FROM decided")
    assert (works.saved.k, works.saved.n) == (k, n)
    assert (works.lasting.held, works.lasting.lost, works.lasting.watched) == (held, lost, watched)
    assert (works.lasting.rate.k, works.lasting.rate.n) == (held, held + lost)
    assert (works.kept.n, works.kept.total) == (n, kept)
    assert works.kept.mean == pytest.approx(kept / n)
    sides = dict(known.ask(f"{DECIDED} SELECT side, count(*) FROM wide GROUP BY 1"))
    assert (works.open, works.merged, works.cleared) == tuple(sides[s] for s in ("open", "merged", "no_risk"))
    assert works.doorless == known.one(f"{DECIDED} SELECT count(*) FROM decided WHERE door = ''")[0] > 0
    wilson(works.saved)
    wilson(works.lasting.rate)


@pytest.mark.parametrize("dimension", ["play", "cause", "segment", "door"])
def test_each_group(known: Seeded, dimension: str) -> None:
    rows = known.ask(f"{DECIDED} SELECT {dimension}, {COUNTS} FROM decided WHERE door <> '' OR '{dimension}' <> 'door' "
                     f"GROUP BY 1 ORDER BY count(*) DESC, 1")  # fmt: skip
    still = dict(known.ask(f"{DECIDED} SELECT {dimension}, count(*) FROM wide WHERE side = 'open' GROUP BY 1"))
    lines = of(known).of(dimension)
    assert [line.name for line in lines] == [row[0] for row in rows]
    whole = sum(row[1] for row in rows), sum(row[2] for row in rows)
    for line, (name, k, n, held, lost, watched, kept) in zip(lines, rows, strict=True):
        shown, lasting = line.comparison, line.lasting
        assert (shown.rate.k, shown.rate.n) == (k, n)
        assert (shown.rest.k, shown.rest.n) == (whole[0] - k, whole[1] - n)
        assert (lasting.held, lasting.lost, lasting.watched) == (held, lost, watched)
        assert (lasting.rate.k, lasting.rate.n) == (held, held + lost)
        assert (line.kept.n, line.kept.total, line.open) == (n, kept, still.get(name, 0))
        for rate in (shown.rate, shown.rest, lasting.rate):
            wilson(rate)


def test_a_deal_counts_for_the_play_it_was_first_opened_with(known: Seeded) -> None:
    """There are deals that went on with another, and counted by that one the figures would be others."""
    went_on = known.ask(f"{DECIDED} SELECT play, runs_by, count(*) FROM decided WHERE play <> runs_by GROUP BY ALL")
    assert went_on
    by_last = dict(known.ask(f"{DECIDED} SELECT runs_by, count(*) FROM decided GROUP BY 1"))
    assert {line.name: line.comparison.rate.n for line in of(known).of("play")} != by_last


# --- how sure it is ---------------------------------------------------------------------------------------------------


def exact(k: int, n: int, j: int, m: int) -> float:
    """Fisher's two-sided p in whole numbers: all tables with these margins that are no likelier than this one."""

    def ways(x: int) -> int:
        return comb(n, x) * comb(m, k + j - x)

    tables = [ways(x) for x in range(max(0, k + j - m), min(n, k + j) + 1)]
    return float(Fraction(sum(w for w in tables if w <= ways(k)), sum(tables)))


def between(k: int, n: int, j: int, m: int) -> tuple[float, float]:
    """Newcombe's interval of a difference, from the two of Wilson as he writes it."""
    (l1, u1), (l2, u2) = (proportion_confint(a, b, 0.05, "wilson") for a, b in ((k, n), (j, m)))
    p, q = k / n, j / m
    return p - q - sqrt((p - l1) ** 2 + (u2 - q) ** 2), p - q + sqrt((u1 - p) ** 2 + (q - l2) ** 2)


def counted(known: Seeded) -> list[tuple[str, str, int, int, int, int]]:
    """Every group of every dimension with those of the rest of it."""
    rows: list[tuple[str, str, int, int, int, int]] = []
    for dimension in ("play", "cause", "segment", "door"):
        some = known.ask(f"{DECIDED} SELECT {dimension}, count(*) FILTER (saved), count(*) FROM decided "
                         f"WHERE '{dimension}' <> 'door' OR door <> '' GROUP BY 1")  # fmt: skip
        k, n = (sum(row[i] for row in some) for i in (1, 2))
        rows += [(dimension, name, a, b, k - a, n - b) for name, a, b in some]
    return rows


def test_one_guard_over_all_comparisons(known: Seeded) -> None:
    tested = [row for row in counted(known) if min(row[3], row[5]) >= FLOOR]
    ps = [exact(*row[2:]) for row in tested]
    guarded = stepped(ps)
    assert guarded == pytest.approx(list(fdrcorrection(ps)[1]))
    lines = {(line.dimension, line.name): line.comparison for line in of(known).lines}
    assert of(known).compared == len(tested) > FLOOR
    for (dimension, name, *four), p, adjusted in zip(tested, ps, guarded, strict=True):
        shown = lines[dimension, name]
        assert shown.gap is not None
        assert (shown.gap.p, shown.adjusted) == pytest.approx((p, adjusted), rel=1e-7)
        assert (shown.gap.low, shown.gap.high) == pytest.approx(between(*four), abs=1e-9)
        assert shown.gap.difference == pytest.approx(four[0] / four[1] - four[2] / four[3])
        better = "better" if shown.gap.difference > 0 else "worse"
        assert shown.verdict == (better if adjusted <= 0.05 else "no difference shown")


def stepped(ps: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg: each p times how many there are by its rank, and never more than one further up."""
    order, found, least = sorted(range(len(ps)), key=lambda i: -ps[i]), [0.0] * len(ps), 1.0
    for back, i in enumerate(order):
        least = min(least, ps[i] * len(ps) / (len(ps) - back))
        found[i] = least
    return found


def test_who_stood_out_a_quarter_ago(known: Seeded) -> None:
    found = []
    for dimension in ("play", "cause", "segment"):
        rows = known.ask(f"""{DECIDED} SELECT {dimension}, count(*) FILTER (early AND saved), count(*) FILTER (early),
            count(*) FILTER (NOT early AND saved), count(*) FILTER (NOT early)
            FROM (SELECT *, closed_at < end_at() - INTERVAL 91 DAY AS early FROM decided) GROUP BY 1 ORDER BY 1""")
        ranked: list[tuple[Any, ...]] = sorted((r[1] / r[2], *r) for r in rows if r[2] >= FLOOR)
        for best, (_, name, k, n, after_k, after_n) in ((False, ranked[0]), (True, ranked[-1])):
            if after_n >= FLOOR:
                found.append((dimension, name, best, k, n, after_k, after_n))
    made = [(s.dimension, s.name, s.best, s.rebound.first.k, s.rebound.first.n, s.rebound.next.k, s.rebound.next.n)
            for s in of(known).standouts]  # fmt: skip
    assert made == found
    assert found


# --- saves beside support ---------------------------------------------------------------------------------------------


def test_saves_beside_support(known: Seeded) -> None:
    """Whether the account came to support in the ninety days before, as it was known at the end."""
    rows = known.ask(f"""{DECIDED},
        cases AS (SELECT * FROM support_case_versions WHERE moment <= end_at()
                  QUALIFY row_number() OVER (PARTITION BY support_case_id ORDER BY moment DESC) = 1),
        came AS (SELECT d.deal_id, count(c.account_id) > 0 AS wrote, coalesce(bool_or(c.escalated), false) AS escalated,
                     coalesce(bool_or(c.complaint), false) AS complained
                 FROM deals d LEFT JOIN cases c ON c.account_id = d.account_id AND c.opened_at < d.opened_at
                     AND c.opened_at >= d.opened_at - INTERVAL 90 DAY GROUP BY 1)
        SELECT kind, count(*) FILTER (yes AND saved), count(*) FILTER (yes),
               count(*) FILTER (NOT yes AND saved), count(*) FILTER (NOT yes)
        FROM (UNPIVOT (SELECT saved, wrote, escalated, complained FROM decided JOIN came USING (deal_id))
              ON wrote, escalated, complained INTO NAME kind VALUE yes)
        GROUP BY kind ORDER BY CASE kind WHEN 'wrote' THEN 0 WHEN 'escalated' THEN 1 ELSE 2 END""")
    lines = known.report.beside
    assert lines is not None
    assert [(x.came, x.rate.k, x.rate.n, x.others.k, x.others.n) for x in lines] == rows
    assert len(rows) == 3
    for line in lines:
        wilson(line.rate)
        wilson(line.others)
