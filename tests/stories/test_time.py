"""Time as people count it, from the moment a task begins to the line that says why it is due when it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from saveline.actions import deals, tasks, why
from saveline.actions.tasks import TaskRef
from tests.casting import away, people, play
from tests.world import World

Golden = Callable[[str, str], None]
FRIDAY_AT_FOUR = datetime(2026, 10, 2, 15, 0, tzinfo=UTC)
"""Friday 2 October 2026, 16:00 in Lisbon's summer. The Monday after it is Republic Day there."""
CALL = {"id": "call", "title": "Call {{ account.name }}", "assign": "csm", "due": "4 business hours after start"}


def local(at: datetime, zone: str = "Europe/Lisbon") -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %H:%M}"


def due_lines(world: World, no: int = 1) -> tuple[str, ...]:
    """Why task ``no`` is due when it is."""
    found = why.task(world.desk, TaskRef(1, no))
    return next(p.lines for p in found.parts if p.title == "Due")


@pytest.mark.parametrize(
    ("hours", "due"), [("mon-fri 9-13, 14-18", "Tue 6 Oct 11:00"), ("mon-fri 9-17", "Tue 6 Oct 12:00")]
)
def test_four_business_hours_from_friday_at_four(on_both: World, golden: Golden, hours: str, due: str) -> None:
    """The weekend, a public holiday and lunch are no work, and each day is named.

    Planted, each red: a calendar without its country; a trace without the days on
    which nobody works.
    """
    world = on_both
    world.clock.set(FRIDAY_AT_FOUR)
    people(world, ana={"hours": hours})
    play(world, CALL)
    world.open()
    at = world.task("call").running.due_at
    assert local(at) == due
    derived = why.task(world.desk, TaskRef(1, 1))
    assert [p.at for p in derived.parts if p.title == "Due"] == [at]
    golden(f"why/friday-at-four-{hours.removeprefix('mon-fri ').replace(', ', '-and-')}.txt", derived.printed())


def test_the_same_moment_is_another_for_whoever_is_elsewhere(lite: World) -> None:
    """Ana's task of the same Friday in Kathmandu, where it is 20:45: nothing of the day is left, and Monday is no
    holiday there."""
    lite.clock.set(FRIDAY_AT_FOUR)
    people(lite, ana={"hours": "mon-fri 9-17", "zone": "Asia/Kathmandu", "country": "NP"})
    play(lite, CALL)
    lite.open()
    assert local(lite.task("call").running.due_at, "Asia/Kathmandu") == "Mon 5 Oct 13:00"
    assert due_lines(lite) == (
        "4 business hours after start, in Ana Ruiz's time (Asia/Kathmandu, Mon–Fri 9–17, holidays of NP)",
        "start: Fri 2 Oct 2026 20:45",
        "Sat 3 Oct – Sun 4 Oct: not a working day",
        "Mon 5 Oct: 4 h",
        "due: Mon 5 Oct 2026 13:00, Asia/Kathmandu",
    )


def test_a_sleep_and_a_pause_move_it_by_the_hours_that_passed(lite: World, golden: Golden) -> None:
    """Both are counted in Ana's hours, on top of each other, and the promise to the customer stays what it was.

    Planted: ``clock_after`` by calendar time; a derivation that took the pause for the sleep.
    """
    lite.clock.set(FRIDAY_AT_FOUR)
    people(lite, ana=away("2026-10-08", "2026-10-08"))
    play(lite, CALL)
    lite.open()
    tasks.snooze(
        lite.desk, TaskRef(1, 1), lite.by("ana"), until=_lisbon("2026-10-06 10:00"), reason="she is on a train"
    )
    lite.at(_lisbon("2026-10-06 11:30"))
    deals.pause(lite.desk, 1, lite.by("bob"), until=_lisbon("2026-10-09 09:30"), reason="their system is down")
    lite.at(_lisbon("2026-10-09 09:30"))
    assert local(lite.task("call").running.due_at) == "Fri 9 Oct 12:00"
    assert local(lite.task("call").running.promised_at) == "Tue 6 Oct 11:00"
    golden("why/slept-and-paused.txt", why.task(lite.desk, TaskRef(1, 1)).printed())


def test_when_hours_change_the_derivation_says_so(lite: World) -> None:
    """A due moment that was computed stays; what today's hours would give is said beside it, and no wrong sum."""
    lite.clock.set(FRIDAY_AT_FOUR)
    play(lite, CALL)
    lite.open()
    people(lite, ana={"hours": "mon-fri 9-17"})
    assert due_lines(lite)[2:] == (
        "computed then as Tue 6 Oct 2026 11:00; hours, days away, dates or the play have changed since: "
        "today it would be Tue 6 Oct 2026 12:00",
        "due: Tue 6 Oct 2026 11:00, Europe/Lisbon",
    )


def test_thirty_days_before_a_renewal_on_a_weekend(lite: World) -> None:
    play(lite, {"id": "call", "assign": "csm", "due": "30 days before renewal"})
    lite.open(lite.account(renewal=date(2027, 3, 16)))  # thirty days before it is a Sunday
    assert due_lines(lite)[1:] == (
        "renewal: Tue 16 Mar 2027",
        "30 calendar days earlier: Sun 14 Feb 2027",
        "Sun 14 Feb – Sat 13 Feb: not a working day",
        "end of business: Fri 12 Feb 18:00",
        "due: Fri 12 Feb 2027 18:00, Europe/Lisbon",
    )


def test_a_task_that_counts_from_a_date_the_account_does_not_have(lite: World) -> None:
    play(lite, {"id": "call", "assign": "csm", "due": "10 days before renewal"}, decide="20 business days after opened")
    lite.open(lite.account(renewal=None))
    assert "there is no renewal yet to count from: 2 business days after start instead" in due_lines(lite)


def _lisbon(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo("Europe/Lisbon")).astimezone(UTC)
