"""What a deal took, from the first answer to the report, on both databases; and said alike whatever comes later.

Planted bugs that turned these tests red: answers of after the close counted; the play that a deal runs by now asked for
what its tasks of then granted; a deal that goes on with another play counted for that.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from saveline.actions import deals, reports
from saveline.core.certainty import MoneyMean
from saveline.core.periods import parse
from saveline.core.report import StageReport
from saveline.core.value import ConcessionLine, CostLine, Mean
from tests.actions.attempts import refused
from tests.rhythms import PLAY, opened, with_rhythm
from tests.world import World

HOURS = ", discount: {", ", hours: {number: {min: 0}, optional: true}, discount: {"


@pytest.fixture
def rhythm(on_both: World) -> World:
    world = with_rhythm(on_both)
    assert HOURS[0] in PLAY
    world.setting("playbooks/rhythm.yaml", *HOURS)
    text = "          summary: {text: long}\n"
    world.setting("playbooks/champion-left.yaml", text, f"{text}          hours: {{number: {{min: 0}}}}\n")
    return world


def week(world: World, name: str = "2026-W48") -> StageReport:
    return reports.build(world.desk, parse(name, "Europe/Lisbon"))


def test_hours_and_concessions_of_a_deal_are_told_and_stay_told(rhythm: World) -> None:
    """Asked for 20 %, approved, and closed on Tuesday; in the week after the account is at risk again."""
    opened(rhythm)
    rhythm.at(datetime(2026, 11, 23, 10, tzinfo=UTC))
    rhythm.done("ana", "terms", sure=True, discount=20, hours=3.5)
    rhythm.done("dora", "approval", "approved")
    rhythm.at(datetime(2026, 11, 24, 10, tzinfo=UTC))
    rhythm.done("ana", "sign")
    rhythm.done("ana", "decision", "saved", reason="They stay.", kept=60_000)
    rhythm.at(datetime(2026, 11, 30, 10, tzinfo=UTC))
    report = week(rhythm)
    assert report.value is not None
    assert report.value.lines[0] == CostLine(
        "saved", "Saved", True, False, 1, 80_000_00, 60_000_00, Mean(1, 3.5), conceding=1, concessions=1
    )
    assert report.value.concessions == (
        ConcessionLine("discount", "percent", 1, 20.0, 20.0, approved=1, asked=1, refused=0, waiting=0),
    )
    assert report.works is not None
    assert [(line.name, line.comparison.rate.k) for line in report.works.of("play")] == [("rhythm", 1)]
    assert (report.works.lines[0].kept, report.works.doorless) == (MoneyMean(1, 60_000_00), 0)

    then = msgspec.json.encode(report)
    deals.open_deal(rhythm.desk, rhythm.deal().account_id, causes=["champion_left"], score=90)
    assert rhythm.deal().play == "champion-left"
    rhythm.at(datetime(2026, 12, 1, 10, tzinfo=UTC))
    rhythm.done("ana", "diagnosis", root_cause="price", summary="Again.", hours=2)
    assert msgspec.json.encode(week(rhythm)) == then
    rhythm.close_deal("chris", "lost", evidence="their mail")
    rhythm.at(datetime(2026, 12, 7, 10, tzinfo=UTC))
    later = week(rhythm, "2026-W49")
    assert later.works is not None
    assert [(line.name, line.comparison.rate.k) for line in later.works.of("play")] == [("rhythm", 0)]
    assert later.value is not None
    assert [(line.key, line.deals, line.hours.total) for line in later.value.lines if line.deals] == [("lost", 1, 5.5)]
    assert later.value.concessions == ()


def test_fewer_hours_than_none_are_refused(rhythm: World) -> None:
    opened(rhythm)
    assert "hours" in refused(rhythm, lambda: rhythm.done("ana", "terms", sure=True, hours=-1))
