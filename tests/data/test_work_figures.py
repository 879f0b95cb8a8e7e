"""Who does the work, of two months that were lived through: DuckDB works the same out of the exported tables.

It knows nothing of how the report counts: tasks by their columns, rungs and openings by the events. Planted bugs that
turned these tests red: tasks of withdrawn promises counted as on time, a rung counted that came to nobody, and the
time of a deal that was merged counted on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from saveline.actions import reports
from saveline.actions.exporting import write_tables
from saveline.core.periods import Period
from saveline.core.promises import promised
from saveline.core.work import Work
from tests import databases
from tests.data.lived import Lived
from tests.data.test_tables import asked
from tests.world import world

DEALS = 40


class Asked:
    """What was lived, as tables, and stretches of it as the report tells them, known up to now."""

    def __init__(self, lived: Lived, folder: Path) -> None:
        lived.world.clock.set(lived.world.now + timedelta(minutes=1))  # what happened last is before the end
        self.lived, self.folder, self.now = lived, folder, lived.world.now
        write_tables(lived.desk, folder, "parquet")
        first = min(e.at for events in lived.histories().values() for e in events)
        middle = first + (self.now - first) / 2
        edges = [(first, self.now), (first, middle), (middle, self.now), (middle, middle + timedelta(days=7))]
        self.periods = [Period(f"p{i}", "", start, end, self.now) for i, (start, end) in enumerate(edges)]

    def work(self, period: Period) -> Work:
        found = reports.build(self.lived.desk, period).work
        assert found is not None
        return found

    def rows(self, query: str, period: Period) -> list[tuple[Any, ...]]:
        """``start`` and ``until`` stand for the period's in the query."""
        for word, at in (("$start", period.start), ("$until", period.end)):
            query = query.replace(word, f"TIMESTAMPTZ '{at.isoformat()}'")
        return asked(self.folder, "parquet", query)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("lived")
    with world(folder / "workspace", databases.sqlite(folder / "saveline.db")) as built:
        yield Asked(Lived(built, DEALS, "work"), folder)


ON_TIME = """SELECT coalesce(t.department, p.department, ''), count(*)::BIGINT
FROM {tasks} t LEFT JOIN {people} p ON p.person_id = t.assignee_id
WHERE state IN ('done', 'cannot') AND closed_at <= promised_at AND closed_at >= $start AND closed_at < $until
GROUP BY ALL"""


def test_on_time(tables: Asked) -> None:
    for period in tables.periods:
        made = {a.department: a.on_time for a in tables.work(period).attainment if a.on_time}
        assert made == dict(tables.rows(ON_TIME, period))
        assert made


STOPPED = ("task_snoozed", "task_waits", "task_goes_on", "deal_paused", "deal_migrated")
LATE = f"""SELECT deal_id, task_no, coalesce(closed_at, $until) > promised_at FROM {{tasks}} t
WHERE promised_at IS NOT NULL AND NOT EXISTS (FROM {{events}} e WHERE e.deal_id = t.deal_id AND e.kind IN {STOPPED})
ORDER BY ALL"""


def test_late_is_what_passed_its_promise_where_nothing_stood_still(tables: Asked) -> None:
    wanted = [(deal_id, no, late) for deal_id, no, late in tables.rows(LATE, tables.periods[0])]
    with tables.lived.desk.reading() as conn:
        people = tables.lived.desk.people(conn)
    deals = {deal_id for deal_id, _, _ in wanted}
    made = []
    for deal_id, events in sorted(tables.lived.histories().items()):
        numbers = sorted({e.task_no for e in events if e.kind == "task_started"})
        if deal_id in deals:
            kept = [p.kept == "late" for p in promised(events, people, tables.now)]
            made += [(deal_id, no, late) for no, late in zip(numbers, kept, strict=True)]
    assert made == wanted
    assert {late for _, _, late in made} == {True, False}


RUNGS = """SELECT coalesce(r.rungs, 0), t.state, count(*)::BIGINT FROM {tasks} t LEFT JOIN (
  SELECT deal_id, task_no, max((data::JSON ->> '$.rung')::BIGINT) + 1 AS rungs FROM {events} WHERE kind = 'escalated'
  GROUP BY ALL) r USING (deal_id, task_no)
WHERE t.started_at >= $start AND t.started_at < $until GROUP BY ALL"""


def test_rungs(tables: Asked) -> None:
    """Of what began in the last stretch and in all, as it stands now."""
    for period in (tables.periods[0], tables.periods[2]):
        counts = Counter[tuple[int, str]]()
        for rung, state, n in tables.rows(RUNGS, period):
            counts[rung, {"done": "done", "open": "open"}.get(state, "otherwise")] += n
        made = {(r.rung, name): getattr(r, name) for r in tables.work(period).rungs
                for name in ("done", "open", "otherwise")}  # fmt: skip
        assert {k: n for k, n in made.items() if n} == counts


OPEN = """WITH lives AS (
  SELECT deal_id, happened_at AS since, (SELECT min(c.happened_at) FROM {events} c WHERE c.deal_id = o.deal_id
    AND c.seq > o.seq AND c.kind IN ('deal_closed', 'deal_merged')) AS closed
  FROM {events} o WHERE kind IN ('deal_opened', 'deal_reopened'))
SELECT count(DISTINCT deal_id)::BIGINT,
  sum(epoch(least(coalesce(closed, $until), $until)) - epoch(greatest(since, $start)))
FROM lives WHERE since < $until AND coalesce(closed, $until) > $start"""


def test_the_days_add_up_to_those_that_deals_were_open(tables: Asked) -> None:
    """To a second for each time that something was opened or closed."""
    for period in tables.periods:
        spent = tables.work(period).days
        ((deals, seconds),) = tables.rows(OPEN, period)
        assert spent.deals == deals
        assert abs(spent.total - seconds) <= 4 * deals
        assert spent.ours > 0


SAVED = """SELECT t.closed_by, count(*)::BIGINT, count(DISTINCT t.deal_id)::BIGINT
FROM {tasks} t JOIN {deals} d USING (deal_id)
WHERE d.outcome IN ('saved', 'saved_smaller') AND d.closed_at >= $start AND d.closed_at < $until
  AND t.state = 'done' AND t.plan <> 'approval' AND t.task_no > d.earlier AND t.closed_by IS NOT NULL GROUP BY ALL"""
KEPT = """SELECT count(*)::BIGINT, coalesce(sum(kept_cents), 0)::BIGINT FROM {deals}
WHERE outcome IN ('saved', 'saved_smaller') AND closed_at >= $start AND closed_at < $until"""


def test_who_had_a_part(tables: Asked) -> None:
    for period in (tables.periods[0], tables.periods[2]):
        credit = tables.work(period).credit
        assert [(credit.deals, credit.kept_cents)] == tables.rows(KEPT, period)
        made = {h.person_id: h.tasks for h in credit.helpers if h.tasks}
        assert made == {person: n for person, n, _ in tables.rows(SAVED, period)}
    assert credit.deals
