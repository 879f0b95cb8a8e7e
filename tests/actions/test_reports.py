"""The stage report of a world that lived: from the history in the database, published once, kept as it was.

Planted bugs that turned these tests red: a deal closed in the week left out of the query, the history not cut at the
end of the week, and a second publication that queues its notices again.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from saveline.actions import reports
from saveline.core.periods import parse
from saveline.core.report import Amount, StageReport
from tests.notify.looking import rows
from tests.world import World

WEEK, NEXT = (parse(f"2026-W{n}", "Europe/Lisbon") for n in (47, 48))
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


def lived(world: World) -> None:
    """Friday 20 November: Acme and Globex become deals, Globex is let go at once, Acme is diagnosed on Saturday."""
    world.open(world.account(arr=80_000))
    world.open(world.account("globex", name="Globex", arr=12_000))
    world.pass_time(hours=1)
    world.close_deal("ana", "let_go", deal=2, reason="bought by a competitor")
    world.at(datetime(2026, 11, 21, 12, tzinfo=UTC))
    world.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    world.at(MONDAY)


def kept(world: World) -> StageReport | None:
    with world.desk.reading() as conn:
        return reports.kept(conn, "stage_report:2026-W47")


def test_the_figures_of_a_week_that_was_lived(on_both: World) -> None:
    """Nothing before, 92 thousand opened, 12 let go, 80 at risk: Acme, in Stabilise since Saturday noon, 1.5 days."""
    lived(on_both)
    report = reports.build(on_both.desk, WEEK)
    assert (report.before, report.opened) == (Amount(), Amount(2, 92_000_00))
    assert [(o.key, o.closed) for o in report.outcomes if o.closed.deals] == [("let_go", Amount(1, 12_000_00))]
    assert report.at_risk == Amount(1, 80_000_00)
    assert [(s.key, s.here.deals, s.entered, s.median_days) for s in report.stages if s.entered] == [
        ("triage", 0, 2, None),
        ("stabilise", 1, 1, 1.5),
    ]
    assert reports.build(on_both.desk, NEXT).before == report.at_risk


def test_the_report_of_a_past_week_does_not_change(on_both: World) -> None:
    lived(on_both)
    report = reports.build(on_both.desk, WEEK)
    on_both.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    on_both.close_deal("ana", "lost", evidence="her mail")
    on_both.open(on_both.account("initech", name="Initech"))
    assert reports.build(on_both.desk, WEEK) == report
    following = reports.build(on_both.desk, NEXT)
    assert (following.before, following.closed.deals, following.opened.deals) == (report.at_risk, 1, 1)


def test_it_is_published_once_and_kept_as_it_was(on_both: World) -> None:
    lived(on_both)
    assert kept(on_both) is None
    report, queued = reports.publish(on_both.desk, WEEK)
    assert (queued, kept(on_both)) == (1, report)  # chris, by his only channel
    again, more = reports.publish(on_both.desk, WEEK)
    assert (again, more, kept(on_both)) == (report, 0, report)
    assert [(r.kind, r.person_id, r.deal_id) for r in rows(on_both, kind="stage_report")] == [
        ("stage_report", on_both.person("chris"), 0)
    ]
    assert reports.publish(on_both.desk, NEXT)[1] == 1
    with on_both.desk.reading() as conn:
        keys = conn.execute(sa.text("SELECT key FROM report ORDER BY key")).scalars().all()
    assert keys == ["stage_report:2026-W47", "stage_report:2026-W48"]


def test_building_writes_nothing(lite: World) -> None:
    lived(lite)
    before = len(rows(lite))
    reports.build(lite.desk, WEEK)
    assert (len(rows(lite)), kept(lite)) == (before, None)
