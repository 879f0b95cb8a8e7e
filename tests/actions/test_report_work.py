"""Who does the work, as the real engine has it and the report tells it, on both databases.

Planted bugs that turned these tests red: the history of a deal that rested not asked for, absences and hours as they
are now, and support cases as they are known now.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from saveline.actions import reports, tasks
from saveline.core.facts import Deal
from saveline.core.periods import parse
from saveline.core.support import Wait
from saveline.core.work import Attainment, Work
from tests.stories.test_afterwards import bring_in
from tests.world import World

ZONE = "Europe/Lisbon"
OPENED, NEXT = parse("2026-W47", ZONE), parse("2026-W48", ZONE)
"""The week whose Friday it is, and the one after."""


def work_in(world: World, week: str) -> Work:
    found = reports.build(world.desk, parse(week, ZONE)).work
    assert found is not None
    return found


def due(deal: Deal) -> datetime:
    return deal.tasks[0].running.due_at


def test_a_late_hand_over_is_told_of_who_had_the_time(on_both: World) -> None:
    """Ana has the diagnosis from Friday on and hands it to Eli, of Engineering, an hour before it is due."""
    on_both.open()
    on_both.at(due(on_both.deal()) - timedelta(hours=1))
    tasks.hand_over(on_both.desk, on_both.ref("diagnosis"), on_both.by("ana"), to=on_both.person("eli"))
    on_both.at(due(on_both.deal()) + timedelta(days=2))
    on_both.done("eli", "diagnosis", root_cause="price", summary="They pay for seats nobody uses.")
    found = work_in(on_both, NEXT.key)
    assert [(a.department, a.on_time, a.late, a.passed_on) for a in found.attainment if a.late] == [
        ("customer_success", 0, 1, 1)
    ]
    assert found.days.total == (on_both.now - NEXT.start).total_seconds(), "the days that have not come are not counted"
    assert {"customer_success", "engineering"} <= dict(found.days.us).keys()


def test_a_deal_that_rested_is_told_of_by_its_history(on_both: World) -> None:
    """Ana hands the task to Eli on Friday at 17:00, who is away from Monday on; then the engine stands still. Nothing
    is written of the deal in the week in which the task falls due, and Eli has had an hour of the time."""
    away = "manager: chris@x.example, away: [{from: 2026-11-23, to: 2026-11-27}], slack: UELI"
    on_both.setting("people.yaml", "manager: chris@x.example, slack: UELI", away)
    on_both.open()
    on_both.at(datetime(2026, 11, 20, 17, tzinfo=UTC))
    tasks.hand_over(on_both.desk, on_both.ref("diagnosis"), on_both.by("ana"), to=on_both.person("eli"))
    deal = on_both.deal()
    assert NEXT.start <= due(deal) < NEXT.end
    on_both.clock.set(NEXT.end)
    found = work_in(on_both, NEXT.key)
    assert [(a.department, a.late, a.passed_on) for a in found.attainment] == [("customer_success", 1, 1)]
    assert (found.days.us, found.days.off_hours) == ((), 7 * 86_400)


CASES = """account,key,opened_at,first_response_minutes
acme,t-1,2026-11-18T10:00Z,90
acme,t-2,2026-11-19T10:00Z,30
"""


def test_a_past_week_is_worked_out_as_it_was_whatever_has_become_known_since(on_both: World, tmp_path: Path) -> None:
    on_both.setting("saveline.yaml", "hours: mon-fri 9-13, 14-18", "hours: mon-fri 9-13, 14-18\nfirst_response: 1 hour")
    on_both.open()
    bring_in(on_both, tmp_path / "in", support_cases=CASES)
    on_both.at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    week, next_week = (msgspec.json.encode(reports.build(on_both.desk, p)) for p in (OPENED, NEXT))
    found = work_in(on_both, OPENED.key)
    assert found.support is not None
    assert found.support.period.first_response == Wait(2, 60, 84)
    assert found.support.period.in_time is not None
    assert found.support.period.in_time.k == 1
    assert found.days.ours > 0

    bring_in(on_both, tmp_path / "in", support_cases=CASES.replace(",90", ",10"))
    away = "manager: bob@x.example, capacity: 1, hours: mon-fri 9-10, away: [{from: 2026-11-16, to: 2026-11-30}],"
    on_both.setting("people.yaml", "manager: bob@x.example,", away)
    on_both.setting("saveline.yaml", "hours: mon-fri 9-13, 14-18\nfirst_response: 1 hour", "hours: mon-fri 8-9")
    new = "  - {email: new@x.example, name: New, department: finance, capacity: 9}\n"
    path = on_both.settings.workspace / "people.yaml"
    path.write_text(path.read_text() + new)
    on_both.at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    assert [msgspec.json.encode(reports.build(on_both.desk, p)) for p in (OPENED, NEXT)] == [week, next_week]
    later = work_in(on_both, "2026-W49")
    assert next(load for load in later.loads if load.department == "finance").places == 9


def test_nothing_has_happened_yet(on_both: World) -> None:
    found = work_in(on_both, OPENED.key)
    assert (found.attainment, found.rungs, found.days.total, found.support) == ((), (), 0, None)
    assert isinstance(found.settled, Attainment)
