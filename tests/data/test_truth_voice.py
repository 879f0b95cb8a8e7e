"""What customers say, of the seeded history: DuckDB counts the seeded rows, which no export has, as they were known.

Planted bugs that turned these tests red: the first answer of a contact kept, not the last; 90 days not
within 90; what was corrected since counted beside what corrected it; who has left worth nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from math import sqrt

import pytest
from statsmodels.stats.proportion import proportion_confint

from saveline.core.changes import Change, DealClosed, DealMerged, TaskCannot, TaskDone
from saveline.core.surveys import Net
from saveline.core.touchpoints import Met
from saveline.core.voice import Voice
from saveline.files.themes import shipped_themes
from tests.data.seeded import Seeded
from tests.data.test_truth_value import LISBON, day_of, paid

ANSWERS = """
    WITH told AS (
        SELECT id, account_id, kind, moment, value, contact FROM signals WHERE recorded_at <= end_at()
        UNION ALL SELECT signal_id, account_id, kind, moment, value, contact FROM signals_before
        WHERE recorded_at <= end_at() AND until > end_at()),
    windows AS (
        SELECT strftime(local, '%Y-Q') || quarter(local) AS name, * EXCLUDE local
        FROM (SELECT moment AT TIME ZONE 'Europe/Lisbon' AS local, * FROM told) WHERE moment < end_at()
        UNION ALL SELECT 'period', * FROM told WHERE moment >= start_at() AND moment < end_at()),
    given AS (SELECT * FROM windows
              WHERE kind = 'nps' AND value BETWEEN 0 AND 10 OR kind = 'csat' AND value BETWEEN 1 AND 5),
    counted AS (SELECT * FROM given QUALIFY contact IS NULL
                OR row_number() OVER (PARTITION BY name, kind, account_id, contact
                                      ORDER BY moment DESC, id DESC) = 1)"""
QUARTERS = ["2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3", "period"]


def of(known: Seeded) -> Voice:
    assert known.report.voice is not None
    return known.report.voice


def test_net_promoters(known: Seeded) -> None:
    given = dict(known.ask(f"{ANSWERS} SELECT name, count(*) FROM given WHERE kind = 'nps' GROUP BY 1"))
    rows = known.ask(f"""{ANSWERS} SELECT name, count(DISTINCT account_id), count(*) FILTER (value >= 9),
        count(*) FILTER (value >= 7 AND value < 9), count(*) FILTER (value < 7)
        FROM counted WHERE kind = 'nps' GROUP BY 1""")
    found = {row[0]: row[1:] for row in rows}
    lines = of(known).surveys.nps
    assert [line.key for line in lines] == QUARTERS
    for line in lines:
        assert (line.given, line.accounts) == (given.get(line.key, 0), found.get(line.key, (0,))[0])
        assert (line.net.promoters, line.net.passives, line.net.detractors) == found.get(line.key, (0,) * 4)[1:]
        scored(line.net)
    assert lines[2].given > lines[2].net.n > 20


def scored(net: Net) -> None:
    """The adjusted Wald interval, by the mean and variance of the answers -1, 0 and 1 themselves."""
    if net.n < 10:
        assert net.score is None
        return
    assert net.score == pytest.approx(100 * (net.promoters - net.detractors) / net.n)
    ones = [1] * net.promoters + [0] * net.passives + [-1] * net.detractors
    n, total, squares = net.n + 3, sum(ones), sum(x * x for x in ones) + 1.5
    half = 1.959964 * sqrt((squares / n - (total / n) ** 2) / n)
    assert (net.low, net.high) == pytest.approx((100 * (total / n - half), 100 * (total / n + half)), abs=1e-3)


def test_content_customers(known: Seeded) -> None:
    given = dict(known.ask(f"{ANSWERS} SELECT name, count(*) FROM given WHERE kind = 'csat' GROUP BY 1"))
    rows = known.ask(f"""{ANSWERS} SELECT name, count(DISTINCT account_id), count(*) FILTER (value >= 4), count(*)
        FROM counted WHERE kind = 'csat' GROUP BY 1""")
    found = {row[0]: row[1:] for row in rows}
    for line in of(known).surveys.csat:
        assert (line.given, line.accounts, line.rate.k, line.rate.n) == (
            given.get(line.key, 0),
            *found.get(line.key, (0, 0, 0)),
        )
        if line.rate.n >= 10:
            expected = proportion_confint(line.rate.k, line.rate.n, 0.05, "wilson")
            assert (line.rate.low, line.rate.high) == pytest.approx(expected)


# --- human contact ----------------------------------------------------------------------------------------------------

MET = """
    WITH met AS (
        SELECT account_id, moment, how FROM touchpoints WHERE recorded_at <= end_at() AND moment < end_at()
        UNION ALL SELECT account_id, moment, how FROM touchpoints_before
        WHERE recorded_at <= end_at() AND until > end_at() AND moment < end_at())"""


def test_days_since_somebody_met_them(known: Seeded) -> None:
    contacts = of(known).contacts
    assert contacts is not None
    paying = f"SELECT account_id FROM {paid(day_of(known.period.end), known.period.end)} WHERE cents > 0"
    for met, whom in (
        (contacts.all, paying),
        (contacts.at_risk, "SELECT account_id FROM deals WHERE closed_at IS NULL"),
    ):
        row = known.one(f"""{MET}, last AS (SELECT account_id,
                floor((epoch(end_at()) - epoch(max(moment))) / 86400) AS days FROM met GROUP BY 1)
            SELECT count(*), count(*) FILTER (days <= 30), count(*) FILTER (days <= 90), count(*) FILTER (days IS NULL),
                median(days) FROM (SELECT DISTINCT account_id FROM ({whom})) LEFT JOIN last USING (account_id)""")
        assert met == Met(*row)
        assert 0 < met.never < met.accounts


def test_how_they_were_met(known: Seeded) -> None:
    contacts = of(known).contacts
    assert contacts is not None
    rows = known.ask(f"""{MET} SELECT how, count(*), count(DISTINCT account_id) FROM met WHERE moment >= start_at()
        GROUP BY 1 ORDER BY 2 DESC, 1""")
    assert [(h.how, h.touchpoints, h.accounts) for h in contacts.by_how] == rows
    assert len(rows) == 3


# --- what they talk about, and why ------------------------------------------------------------------------------------


def year(known: Seeded) -> tuple[datetime, datetime]:
    end = known.period.end
    local = end.astimezone(LISBON)
    return local.replace(year=local.year - 1), end


def written(known: Seeded) -> Iterator[tuple[int, str]]:
    """All texts of the year, as they were known."""
    start, end = year(known)
    before = [row for row in known.rows["signals_before"] if row["until"] > end]
    for row in (*known.rows["signals"], *before):
        if row["recorded_at"] <= end and start <= row["at"] < end and row["note"]:
            yield row["account_id"], row["note"]
    for life in known.lives:
        for record in life.records:
            if start <= record.event.at < end and record.recorded_at <= end:
                yield from ((life.deal.account_id, text) for text in texts(record.event.change))
    yield from ((account_id, note) for account_id, _, _, note in departed(known) if note)


def texts(change: Change) -> list[str]:
    """Answers, why it cannot be done, and why a deal ended. That two are of one customer is no text of theirs."""
    match change:
        case TaskCannot(reason=reason) | DealClosed(reason=reason) | DealMerged(reason=reason):
            return [reason]
        case TaskDone(answers=answers):
            return [x for x in (answers.get("summary"), answers.get("hours")) if isinstance(x, str)]
    return []


def departed(known: Seeded) -> list[tuple[int, date, str, str]]:
    """Who left in the year, in the order of days."""
    start, end = year(known)
    rows = known.ask(f"""SELECT * EXCLUDE moment FROM (
            SELECT account_id, day, reason, note, moment FROM departure_versions WHERE moment <= end_at()
            QUALIFY row_number() OVER (PARTITION BY departure_id ORDER BY moment DESC) = 1)
        WHERE day > '{start.date() - timedelta(days=1)}' AND day < '{end.astimezone(LISBON).date()}' ORDER BY 2, 3""")
    return [(account_id, on, reason, note) for account_id, on, reason, note in rows]


def test_themes_and_what_they_are_worth(known: Seeded) -> None:
    themes = {
        name: re.compile("|".join(map(pattern, words)), re.IGNORECASE) for name, words in shipped_themes().items()
    }
    mentions: dict[str, int] = defaultdict(int)
    whose: dict[str, set[int]] = defaultdict(set)
    texts = silent = 0
    for account_id, text in written(known):
        found = [name for name, words in themes.items() if words.search(text)]
        texts, silent = texts + 1, silent + (not found)
        for name in found:
            mentions[name] += 1
            whose[name].add(account_id)
    heard = of(known).heard
    assert heard is not None
    assert (heard.texts, heard.silent) == (texts, silent)
    assert {t.theme: (t.accounts, t.mentions) for t in heard.themes} == {
        t: (len(whose[t]), n) for t, n in mentions.items()
    }
    assert len(heard.themes) > 3
    worth = worths(known)
    for line in heard.themes:
        assert line.arr_cents == sum(worth.get(i, 0) for i in whose[line.theme]), line.theme


def pattern(word: str) -> str:
    return r"\b" + re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\W+") + r"\b"


def worths(known: Seeded) -> dict[int, int]:
    """What each account pays, or paid on the last day on which it paid anything."""
    last = day_of(known.period.end)
    return dict(
        known.ask(f"""
        WITH contracts AS (
            SELECT * FROM subscription_versions WHERE moment <= end_at()
            QUALIFY row_number() OVER (PARTITION BY subscription_id ORDER BY moment DESC) = 1),
        until AS (SELECT account_id, max(least(coalesce(ends_on - 1, DATE '{last}'), DATE '{last}')) AS day
                  FROM contracts WHERE starts_on <= '{last}' GROUP BY 1),
        said AS (SELECT *, last(left_on) OVER (PARTITION BY account_id ORDER BY known_from
                     ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS gone FROM account_versions)
        SELECT account_id, sum(arr_cents)::BIGINT FROM contracts JOIN until USING (account_id)
        WHERE starts_on <= day AND (ends_on IS NULL OR ends_on > day) GROUP BY 1
        UNION ALL
        SELECT account_id, arg_max(arr_cents, known_from) FROM said
        WHERE account_id NOT IN (SELECT account_id FROM contracts)
          AND (gone IS NULL OR gone > '{last}' OR (known_from AT TIME ZONE 'Europe/Lisbon')::DATE < gone) GROUP BY 1""")
    )


def test_causes_as_stated_and_as_found(known: Seeded) -> None:
    start, end = year(known)
    said = [
        {"deal_id": life.deal.id, "at": r.event.at, "found": cause}
        for life in known.lives
        for r in life.records
        if isinstance(r.event.change, TaskDone) and start <= r.event.at < end and r.recorded_at <= end
        and (cause := r.event.change.answers.get("root_cause"))
    ]  # fmt: skip
    found = {row["deal_id"]: row["found"] for row in sorted(said, key=lambda row: row["at"])}
    reasons = {account_id: reason for account_id, _, reason, _ in departed(known)}
    pairs: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    unknown = 0
    for deal_id, account_id, stated, arr, closed in known.ask("""SELECT deal_id, account_id, split_part(causes, ';', 1),
            arr_cents, closed_at IS NOT NULL FROM deals
            WHERE closed_at IS NULL OR closed_at >= end_at() - INTERVAL 1 YEAR"""):
        cause = found.get(deal_id)
        unknown += closed and cause is None
        if cause:
            pairs["stated", stated, cause].append(arr)
            if account_id in reasons:
                pairs["given", cause, reasons[account_id]].append(arr)
    verified = of(known).verified
    assert verified is not None
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for (kind, first, _), some in pairs.items():
        totals[kind, first] += len(some)
    made = {("stated", p.stated, p.found): (p.rate.k, p.rate.n, p.arr_cents) for p in verified.found}
    made |= {("given", p.stated, p.found): (p.rate.k, p.rate.n, p.arr_cents) for p in verified.given}
    assert made == {
        key: (len(some), totals[key[:2]], sum(some)) for key, some in pairs.items() if totals[key[:2]] >= 10
    }
    assert verified.few == sum(n for n in totals.values() if n < 10)
    assert verified.unknown == unknown
    assert verified.found


def test_the_year_is_the_one_of_the_calendar(known: Seeded) -> None:
    start, end = year(known)
    assert end - start == timedelta(days=365)
