"""Cost and value, what customers pay, and renewals ahead, of the seeded history: DuckDB adds them up once more.

Deals and answers are from the exported tables, ARR from their versions of accounts and, since contracts are not
exported, from the rows that were seeded. Planted bugs that turned these tests red: yes as an answer counted
as an hour; a discount of nothing counted as a concession; who has left before it counted as up for renewal; what was
known later counted as known; cohorts of accounts without contracts.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from saveline.core.certainty import FLOOR
from saveline.core.customers import Customers
from saveline.core.retention import Retention
from saveline.core.support import Answered
from saveline.core.value import Mean, Value
from tests.data.seeded import Seeded

LISBON = ZoneInfo("Europe/Lisbon")
SPENT = """
    WITH told AS (
        SELECT t.deal_id, t.plan, t.answers::JSON AS said, d.play
        FROM tasks t JOIN deals d USING (deal_id) WHERE t.state = 'done' AND t.closed_at <= d.closed_at),
    hours AS (SELECT deal_id, sum((said ->> '$.hours')::DOUBLE) AS hours FROM told
              WHERE json_type(said, '$.hours') IN ('UBIGINT', 'BIGINT', 'DOUBLE') AND (said ->> '$.hours')::DOUBLE >= 0
              GROUP BY 1),
    gave AS (SELECT deal_id, count(*) FILTER ((said ->> '$.discount')::DOUBLE > 0)
                + count(*) FILTER ((said ->> '$.credit')::DOUBLE > 0) AS times
             FROM told WHERE play = 'price-pressure' AND plan = 'decide_note' GROUP BY 1),
    wide AS (
        SELECT d.*, h.hours, coalesce(g.times, 0) AS times, d.outcome IN ('saved', 'saved_smaller') AS saved,
            CASE WHEN d.left_at IS NOT NULL THEN 0
                 WHEN d.watch_until IS NULL AND a.left_on < end_at() AT TIME ZONE 'Europe/Lisbon' THEN 0
                 ELSE coalesce(d.kept_cents, 0) END AS still
        FROM deals d JOIN accounts a USING (account_id)
            LEFT JOIN hours h USING (deal_id) LEFT JOIN gave g USING (deal_id)
        WHERE d.closed_at >= end_at() - INTERVAL 1 YEAR AND d.outcome NOT IN ('merged', 'no_risk'))"""


def of(known: Seeded) -> Value:
    assert known.report.value is not None
    return known.report.value


def same(mean: Mean, row: tuple[Any, ...]) -> None:
    n, total = row
    assert mean.n == n
    assert mean.total == pytest.approx(total or 0)
    assert mean.mean == (pytest.approx(total / n) if n >= FLOOR else None)


def test_each_outcome(known: Seeded) -> None:
    rows = known.ask(f"""{SPENT} SELECT outcome, count(*), sum(arr_cents)::BIGINT, sum(still)::BIGINT, count(hours),
        sum(hours), count(*) FILTER (times > 0), sum(times)::BIGINT FROM wide GROUP BY 1""")
    ended = {row[0]: row[1:] for row in rows}
    lines = of(known).lines
    assert {line.key for line in lines} == set(ended)
    for line in lines:
        deals, arr, kept, n, total, conceding, times = ended[line.key]
        assert (line.deals, line.arr_cents, line.kept_cents) == (deals, arr, kept if line.saved else 0)
        same(line.hours, (n, total))
        assert (line.conceding, line.concessions) == (conceding, times)
    assert sum(line.concessions for line in lines) > 0


def test_all_hours(known: Seeded) -> None:
    value = of(known)
    same(value.hours, known.one(f"{SPENT} SELECT count(hours), sum(hours) FROM wide"))
    same(value.saved_hours, known.one(f"{SPENT} SELECT count(hours), sum(hours) FROM wide WHERE saved"))
    there = known.one(f"{SPENT} SELECT sum(still)::BIGINT FROM wide WHERE saved AND hours IS NOT NULL")
    assert value.kept_there_cents == there[0]
    ended = known.one(f"{SPENT} SELECT count(*) FILTER (outcome = 'let_go') FROM wide")
    assert value.saved_hours.mean is not None
    assert value.let_go_hours == pytest.approx(value.saved_hours.mean * ended[0])


def test_concessions_of_the_week(known: Seeded) -> None:
    rows = known.ask("""
        WITH said AS (
            SELECT data::JSON -> '$.answers' AS said FROM events e JOIN deals d USING (deal_id)
            JOIN tasks t ON t.deal_id = e.deal_id AND t.task_no = e.task_no
            WHERE e.kind = 'task_done' AND e.happened_at >= start_at() AND d.play = 'price-pressure'
              AND t.plan = 'decide_note'),
        gave AS (SELECT 'credit' AS what, (said ->> '$.credit')::DOUBLE AS much FROM said
                 UNION ALL SELECT 'discount', (said ->> '$.discount')::DOUBLE FROM said)
        SELECT what, count(*), sum(much), max(much) FROM gave WHERE much > 0 GROUP BY 1 ORDER BY 1""")
    made = [(c.concession, c.given, c.total, c.largest) for c in of(known).concessions]
    assert made == [(what, n, round(total, 2), most) for what, n, total, most in rows]
    assert made


# --- renewals ---------------------------------------------------------------------------------------------------------


def test_renewals_ahead(known: Seeded) -> None:
    rows = known.ask("""
        WITH up AS (SELECT *, account_id IN (SELECT account_id FROM deals WHERE closed_at IS NULL) AS risky
                    FROM accounts WHERE renewal >= (end_at() AT TIME ZONE 'Europe/Lisbon')::DATE
                      AND renewal < (end_at() AT TIME ZONE 'Europe/Lisbon')::DATE + 90
                      AND (left_on IS NULL OR left_on > renewal))
        SELECT strftime(renewal, '%Y-%m'), count(*), sum(arr_cents)::BIGINT, count(*) FILTER (risky),
               coalesce(sum(arr_cents) FILTER (risky), 0)::BIGINT FROM up GROUP BY 1 ORDER BY 1""")
    assert known.report.ahead is not None
    made = [(r.month, r.accounts, r.arr_cents, r.at_risk, r.at_risk_cents) for r in known.report.ahead.renewals]
    assert made == rows
    assert len(made) >= 3
    assert any(row[3] for row in rows)


# --- what customers pay -----------------------------------------------------------------------------------------------


def day_of(at: datetime) -> date:
    return at.astimezone(LISBON).date() - timedelta(days=1)


def paid(day: date, moment: datetime) -> str:
    """A query for what each account paid at the end of a day, as it was known at a moment."""
    return f"""(
        WITH contracts AS (
            SELECT * FROM subscription_versions WHERE moment <= '{moment.isoformat()}'
            QUALIFY row_number() OVER (PARTITION BY subscription_id ORDER BY moment DESC) = 1),
        said AS (
            SELECT account_id, last(left_on ORDER BY known_from) AS gone, arg_max(arr_cents, known_from) FILTER (
                (known_from AT TIME ZONE 'Europe/Lisbon')::DATE <= '{day}') AS cents
            FROM account_versions WHERE known_from <= '{moment.isoformat()}' GROUP BY 1)
        SELECT account_id, sum(arr_cents) FILTER (
            starts_on <= '{day}' AND (ends_on IS NULL OR ends_on > '{day}'))::BIGINT AS cents FROM contracts GROUP BY 1
        UNION ALL
        SELECT account_id, CASE WHEN gone <= '{day}' THEN NULL ELSE cents END FROM said
        WHERE account_id NOT IN (SELECT account_id FROM contracts))"""


def of_customers(known: Seeded) -> Customers:
    assert known.report.customers is not None
    return known.report.customers


def test_gross_and_net_retention(known: Seeded) -> None:
    customers, last = of_customers(known), day_of(known.period.end)
    for found, first in (
        (customers.period, day_of(known.period.start)),
        (customers.year, last.replace(year=last.year - 1)),
    ):
        assert (found.first, found.last) == (first, last)
        _retained(known, found)
    (before,) = known.one(f"SELECT sum(cents)::BIGINT FROM {paid(customers.period.first, known.period.start)}")
    assert customers.corrected_cents == customers.period.start.arr_cents - before != 0


def _retained(known: Seeded, found: Retention) -> None:
    rows = known.ask(f"""
        WITH pairs AS (SELECT coalesce(a.cents, 0) AS was, coalesce(b.cents, 0) AS now, b.cents - a.cents AS more
            FROM {paid(found.first, known.period.end)} a
            FULL JOIN {paid(found.last, known.period.end)} b USING (account_id))
        SELECT count(*) FILTER (was > 0), sum(was), count(*) FILTER (now > 0), sum(now),
            count(*) FILTER (was = 0 AND now > 0), sum(now) FILTER (was = 0),
            count(*) FILTER (was > 0 AND now > was), sum(now - was) FILTER (was > 0 AND now > was),
            count(*) FILTER (now > 0 AND now < was), sum(was - now) FILTER (now > 0 AND now < was),
            count(*) FILTER (was > 0 AND now = 0), sum(was) FILTER (now = 0),
            sum(least(was, now)) / sum(was), sum(now) FILTER (was > 0) / sum(was) FROM pairs""")
    steps = (found.start, found.end, found.new, found.expansion, found.contraction, found.churn)
    amounts = [x for step in steps for x in (step.accounts, step.arr_cents)]
    assert amounts == [int(x or 0) for x in rows[0][:12]]
    assert (found.grr, found.nrr) == pytest.approx(rows[0][12:])
    assert (found.logos.k, found.logos.n) == (found.start.accounts - found.churn.accounts, found.start.accounts)
    assert found.contraction.accounts > 0


def test_why_accounts_left(known: Seeded) -> None:
    """Departures with what was paid on the day before, and those that pay nothing any more by what they said last."""
    year, known_at = of_customers(known).year, known.period.end.isoformat()
    left = known.ask(f"""SELECT account_id, day, reason FROM departure_versions WHERE moment <= '{known_at}'
        QUALIFY row_number() OVER (PARTITION BY departure_id ORDER BY moment DESC) = 1""")
    said: dict[str, list[int]] = {}
    for account_id, on, reason in left:
        if year.first < on <= year.last:
            of_day = paid(on - timedelta(days=1), known.period.end)
            (cents,) = known.one(f"SELECT cents FROM {of_day} WHERE account_id = {account_id}")
            said.setdefault(reason, []).append(cents or 0)
    made = {r.reason: (r.departed.accounts, r.departed.arr_cents) for r in year.reasons if r.departed.accounts}
    assert made == {reason: (len(some), sum(some)) for reason, some in said.items()}
    assert made
    gone = known.ask(f"""SELECT account_id, a.cents FROM {paid(year.first, known.period.end)} a
        JOIN {paid(year.last, known.period.end)} b USING (account_id) WHERE a.cents > 0 AND coalesce(b.cents, 0) = 0""")
    reasons = {account_id: reason for account_id, on, reason in left if year.first < on <= year.last}
    churned: dict[str, list[int]] = {}
    for account_id, cents in gone:
        churned.setdefault(reasons.get(account_id, ""), []).append(cents)
    made = {r.reason: (r.churned.accounts, r.churned.arr_cents) for r in year.reasons if r.churned.accounts}
    assert made == {reason: (len(some), sum(some)) for reason, some in churned.items()}


def test_cohorts(known: Seeded) -> None:
    last = day_of(known.period.end)
    rows = known.ask(f"""
        WITH contracts AS (
            SELECT * FROM subscription_versions WHERE moment <= end_at()
            QUALIFY row_number() OVER (PARTITION BY subscription_id ORDER BY moment DESC) = 1),
        began AS (SELECT account_id, date_trunc('quarter', min(starts_on)) AS quarter FROM contracts
                  GROUP BY 1 HAVING min(starts_on) <= '{last}'),
        ends AS (SELECT least((range + INTERVAL 3 MONTH)::DATE - 1, DATE '{last}') AS day
                 FROM range(TIMESTAMP '2023-01-01', TIMESTAMP '{last}', INTERVAL 3 MONTH)),
        paid AS (SELECT account_id, day, sum(arr_cents) AS cents FROM ends JOIN contracts
                 ON starts_on <= day AND (ends_on IS NULL OR ends_on > day) GROUP BY ALL)
        SELECT strftime(quarter, '%Y-Q') || quarter(quarter), day, count(DISTINCT b.account_id),
            count(p.account_id), coalesce(sum(cents), 0)::BIGINT
        FROM began b JOIN ends ON day >= quarter LEFT JOIN paid p USING (account_id, day)
        GROUP BY quarter, day ORDER BY quarter, day""")
    cohorts = of_customers(known).cohorts
    assert len(cohorts) == 8
    for cohort in cohorts:
        mine = [row for row in rows if row[0] == cohort.quarter]
        assert cohort.began == mine[0][2]
        assert list(cohort.accounts) == [row[3] for row in mine]
        assert list(cohort.arr_cents) == [row[4] for row in mine]


# --- how support answered ---------------------------------------------------------------------------------------------


def test_how_support_answered(known: Seeded) -> None:
    work = known.report.work
    assert work is not None
    assert work.support is not None
    for found, since in ((work.support.period, "start_at()"), (work.support.year, "end_at() - INTERVAL 1 YEAR")):
        _answered(known, found, since)


def _answered(known: Seeded, found: Answered, since: str) -> None:
    row = known.one(f"""
        WITH cases AS (SELECT * FROM support_case_versions WHERE moment <= end_at()
                       QUALIFY row_number() OVER (PARTITION BY support_case_id ORDER BY moment DESC) = 1),
        wide AS (SELECT *, opened_at >= {since} AND opened_at < end_at() AS opened,
            first_response_at >= {since} AND first_response_at < end_at() AS answered,
            resolved_at >= {since} AND resolved_at < end_at() AS resolved,
            (epoch(first_response_at) - epoch(opened_at)) / 60 AS waited,
            (epoch(resolved_at) - epoch(opened_at)) / 60 AS took,
            CASE WHEN contacts IS NULL AND reopened IS NULL THEN NULL
                 ELSE coalesce(contacts, 1) <= 1 AND NOT coalesce(reopened, false) END AS at_once FROM cases)
        SELECT count(*) FILTER (opened), count(*) FILTER (answered), count(*) FILTER (resolved),
            count(*) FILTER (resolved AND at_once), count(at_once) FILTER (resolved),
            count(*) FILTER (opened AND escalated), count(escalated) FILTER (opened),
            count(*) FILTER (opened AND complaint), count(complaint) FILTER (opened),
            count(satisfaction) FILTER (resolved), quantile_cont(waited, 0.5) FILTER (answered),
            quantile_cont(waited, 0.9) FILTER (answered), quantile_cont(took, 0.5) FILTER (resolved),
            quantile_cont(took, 0.9) FILTER (resolved), avg(satisfaction) FILTER (resolved) FROM wide""")
    shares = [found.first_contact, found.escalated, found.complaints]
    counts = [x for share in shares if share is not None for x in (share.k, share.n)]
    assert (found.opened, found.first_response.n, found.resolution.n, *counts, found.rated) == row[:10]
    waits = [x for wait in (found.first_response, found.resolution) for x in (wait.median_minutes, wait.ninety_minutes)]
    assert (*waits, found.satisfaction) == pytest.approx(row[10:], abs=1e-4)
